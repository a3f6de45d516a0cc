import { compileBuild } from '../builds/compile.js';
import type { DecoderSource } from './decoders.js';

/**
 * Compiles a decoder, or what else is fetched only when it is needed. What somebody put into Cache
 * Storage under its address is taken from there: a page that has cut itself off the network gets it
 * in no other way.
 *
 * @param what - what it is called in messages
 * @throws {DetectorError} `network`, `unsupported`
 */
export async function compileDecoder(
  source: DecoderSource,
  what = 'The decoder for this kind of image',
): Promise<WebAssembly.Module> {
  const kept = typeof source === 'string' ? await keptAt(source) : undefined;
  return compileBuild(kept ?? source, undefined, what);
}

async function keptAt(address: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const { caches } = globalThis as { readonly caches?: CacheStorage };
  try {
    const response = await caches?.match(address);
    return response?.ok === true ? new Uint8Array(await response.arrayBuffer()) : undefined;
  } catch {
    // Private windows, frames without an origin.
    return undefined;
  }
}
