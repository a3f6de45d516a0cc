import { MAX_BUILD_BYTES } from '../api/limits.js';
import type { DecoderName } from '../decoders/decoders.js';
import { resolveDecoders } from '../decoders/urls.js';
import { download } from './download.js';

/**
 * The bytes of all decoders, for `createDetector({ decoders })` where nothing can be fetched any
 * more: a frame without a network, say.
 *
 * @throws {DetectorError} `network`
 */
export async function fetchDecoders(): Promise<
  Partial<Record<DecoderName, Uint8Array<ArrayBuffer>>>
> {
  const fetched = Object.entries(resolveDecoders()).map(async ([name, source]) => {
    const bytes =
      typeof source === 'string'
        ? await download(source, { limit: MAX_BUILD_BYTES, what: 'A decoder' })
        : source;
    return [name, bytes] as const;
  });
  return Object.fromEntries(await Promise.all(fetched));
}
