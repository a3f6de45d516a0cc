/**
 * The decoders' files, by address: literals, relative to the package's root, as those of the builds
 * (`builds/urls.ts`).
 */
import { absolute } from '../api/arguments.js';
import { isArrayBuffer, isUint8Array } from '../api/brands.js';
import { DetectorError } from '../api/errors.js';
import type { DecoderSources } from '../api/options.js';
import { Deadline, tooSlow } from '../network/deadline.js';
import { refused, request, unreachable } from '../network/request.js';
import { DECODERS } from './decoders.js';
import type { DecoderName } from './decoders.js';

/** Bundlers leave it empty in scripts that are no modules: see `builds/urls.ts`. */
const isModule = (import.meta.url as string | undefined) !== undefined;

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
    if (source === undefined) continue;
    if (isArrayBuffer(source)) resolved[name] = new Uint8Array(source);
    // WebAssembly takes no shared memory.
    else if (isUint8Array(source)) resolved[name] = new Uint8Array(source);
    else resolved[name] = absolute(source, `decoders.${name}`);
  }
  return resolved;
}

/**
 * The bytes of all decoders, for `createDetector({ decoders })` where nothing can be fetched any
 * more: a frame without a network, say.
 *
 * @throws {DetectorError} `network`
 */
export async function fetchDecoders(): Promise<
  Partial<Record<DecoderName, Uint8Array<ArrayBuffer>>>
> {
  const bytes: Partial<Record<DecoderName, Uint8Array<ArrayBuffer>>> = {};
  await Promise.all(
    DECODERS.map(async (name) => {
      const address = resolveDecoders()[name];
      if (typeof address !== 'string') return;
      const deadline = new Deadline();
      try {
        const init: RequestInit = { credentials: 'same-origin', signal: deadline.signal };
        const response = await request(address, init);
        if (!response.ok) throw refused('A decoder', address, response);
        bytes[name] = new Uint8Array(await response.arrayBuffer());
      } catch (error) {
        if (error instanceof DetectorError) throw error;
        throw deadline.passed ? tooSlow('A decoder') : unreachable('A decoder', address, error);
      } finally {
        deadline.end();
      }
    }),
  );
  return bytes;
}
