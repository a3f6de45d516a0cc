import type { PageAnswer } from '../content/in-page.js';
import { api } from '../shared/api.js';
import { CheckError } from '../shared/errors.js';
import { CAPTURE_PAUSE_MS, MAX_IMAGE_SIDE, MIN_GRADED_SIDE } from '../shared/limits.js';

/**
 * Cuts an image out of the visible tab; what surrounds it is dropped at once. Needs `activeTab`,
 * i.e. a gesture on this tab.
 *
 * @throws {CheckError} `not-visible`
 */
export async function capture(windowId: number, { place, viewport }: PageAnswer): Promise<Blob> {
  if (place === undefined) throw new CheckError('not-visible');
  const take = (): Promise<string> => api.tabs.captureVisibleTab(windowId, { format: 'png' });
  const address = await take()
    // Chrome takes two pictures of a tab a second and refuses the third.
    .catch(async () => {
      await new Promise((resolve) => {
        setTimeout(resolve, CAPTURE_PAUSE_MS);
      });
      return take();
    })
    .catch((error: unknown) => {
      throw new CheckError('not-visible', '', { cause: error });
    });
  const tab = await createImageBitmap(fromData(address));
  try {
    // Screens have more pixels than the page's CSS speaks of.
    const scale = tab.width / viewport.width;
    const left = Math.max(Math.round(place.x * scale), 0);
    const top = Math.max(Math.round(place.y * scale), 0);
    const width = Math.min(Math.round(place.width * scale), tab.width - left, MAX_IMAGE_SIDE);
    const height = Math.min(Math.round(place.height * scale), tab.height - top, MAX_IMAGE_SIDE);
    // The detector would abstain.
    if (!(width >= MIN_GRADED_SIDE && height >= MIN_GRADED_SIDE))
      throw new CheckError('not-visible');
    const canvas = new OffscreenCanvas(width, height);
    canvas.getContext('2d')?.drawImage(tab, left, top, width, height, 0, 0, width, height);
    return await canvas.convertToBlob({ type: 'image/png' });
  } finally {
    tab.close();
  }
}

/**
 * The bytes of a base64 `data:` address, as FileReader and captureVisibleTab write them: the policy
 * lets nothing fetch those.
 *
 * @throws {CheckError} `empty`
 */
export function fromData(address: string): Blob {
  const comma = address.indexOf(',');
  if (!address.startsWith('data:') || !address.slice(0, comma).endsWith(';base64'))
    throw new CheckError('empty');
  const text = atob(address.slice(comma + 1));
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at);
  return new Blob([bytes]);
}
