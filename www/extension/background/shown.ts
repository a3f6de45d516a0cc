/** Whether bytes are the image that a page shows. */
import type { ShownSize } from '../shared/requests.js';

/** What is wrong with bytes: the browser cannot show them, or they are another image. */
export type Difference = 'unreadable' | 'other';

/**
 * Compares bytes with what the page shows. Servers answer the extension, which sends no cookies,
 * with login pages, placeholders and copies of another size, all under the image's address.
 *
 * @param shown - what the page says of its image; undefined: nothing is known
 */
export async function differenceTo(
  image: Blob,
  shown: ShownSize | undefined,
): Promise<Difference | undefined> {
  if (shown === undefined || shown.width === 0 || shown.height === 0) return undefined;
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(image);
  } catch {
    return 'unreadable';
  }
  const { width, height } = bitmap;
  bitmap.close();
  return isShown({ width, height }, shown) ? undefined : 'other';
}

/**
 * Exactly the same size; where the page chose among several files, the browser gives the size
 * divided by what the page says of the file's density: then the same proportions, to a pixel, and
 * no small stand-in.
 */
export function isShown(
  { width, height }: { readonly width: number; readonly height: number },
  shown: ShownSize,
): boolean {
  if (shown.exact) return width === shown.width && height === shown.height;
  const difference = Math.abs(width * shown.height - height * shown.width);
  const pixel = Math.max(width, height, shown.width, shown.height);
  return difference <= pixel && 2 * width >= shown.width;
}
