/**
 * The decoders' files, by address: literals, relative to the package's root, as those of the builds
 * (`builds/urls.ts`).
 */
import type { DecodedFormat } from './decoders.js';

/** Where the package has them. Fetched when the first file of the format comes. */
export const decoderUrls: Readonly<Record<DecodedFormat, URL>> = {
  avif: new URL('./wasm/decoders/avif.wasm', import.meta.url),
  heif: new URL('./wasm/decoders/heic.wasm', import.meta.url),
  jxl: new URL('./wasm/decoders/jxl.wasm', import.meta.url),
};
