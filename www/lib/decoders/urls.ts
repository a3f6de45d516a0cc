/**
 * The decoders' files, by address: literals, relative to the package's root, as those of the builds
 * (`builds/urls.ts`).
 */
import type { DecoderSources } from '../api/options.js';
import { isModule, resolveSource } from '../builds/urls.js';
import { DECODERS } from './decoders.js';
import type { DecoderName } from './decoders.js';

/** Where the package has them. Fetched when the first image comes that needs them. */
const decoderUrls: Readonly<Partial<Record<DecoderName, URL>>> = isModule
  ? {
      avif: new URL('./wasm/decoders/avif.wasm', import.meta.url),
      extra: new URL('./wasm/decoders/extra.wasm', import.meta.url),
      heic: new URL('./wasm/decoders/heic.wasm', import.meta.url),
      jxl: new URL('./wasm/decoders/jxl.wasm', import.meta.url),
    }
  : {};

/**
 * Where the decoders are: absolute addresses, or the bytes that were given. What is nowhere is left
 * out: images that need it are `unsupported`.
 *
 * @internal
 */
export function resolveDecoders(
  sources: DecoderSources = {},
): Partial<Record<DecoderName, string | Uint8Array<ArrayBuffer>>> {
  const resolved: Partial<Record<DecoderName, string | Uint8Array<ArrayBuffer>>> = {};
  for (const name of DECODERS) {
    const source = sources[name] ?? decoderUrls[name];
    if (source !== undefined) resolved[name] = resolveSource(source, `decoders.${name}`);
  }
  return resolved;
}
