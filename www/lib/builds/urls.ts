/**
 * The files of the package, by address. All are literals and relative to the package's root:
 * bundlers that follow `new URL(…, import.meta.url)` emit them, and for the others `worker.js`,
 * `wasm` and `models` are copied beside the bundle.
 */
import { DetectorError } from '../api/errors.js';
import { absolute } from '../api/arguments.js';
import type { BuildName, BuildSources } from '../api/options.js';

// Bundlers leave it empty in scripts that are no modules, and do not say so.
if ((import.meta.url as string | undefined) === undefined) {
  throw new DetectorError(
    'unsupported',
    'clipsight must be bundled as an ES module (with esbuild: --format=esm): it finds its ' +
      'files by import.meta.url.',
  );
}

/** The worker, in one file that imports nothing: it may be run from a copy or a `blob:` URL. */
export const workerUrl: URL = new URL('./worker.js', import.meta.url);

/** The WebAssembly builds. */
const buildUrls: Readonly<Record<BuildName, URL>> = {
  gpu: new URL('./wasm/gpu/clipsight_bg.wasm', import.meta.url),
  cpu: new URL('./wasm/cpu/clipsight_bg.wasm', import.meta.url),
  'cpu-i16': new URL('./wasm/cpu-i16/clipsight_bg.wasm', import.meta.url),
  'cpu-simd128': new URL('./wasm/cpu-simd128/clipsight_bg.wasm', import.meta.url),
};

/**
 * Where the WebAssembly builds are: absolute addresses, or the bytes that were given.
 *
 * @internal
 */
export function resolveBuilds(
  sources: BuildSources = {},
): Record<BuildName, string | Uint8Array<ArrayBuffer>> {
  const resolve = (name: BuildName): string | Uint8Array<ArrayBuffer> => {
    const source = sources[name] ?? buildUrls[name];
    if (source instanceof ArrayBuffer) return new Uint8Array(source);
    if (source instanceof Uint8Array) return ownBytes(source);
    return absolute(source, `wasm["${name}"]`);
  };
  return {
    gpu: resolve('gpu'),
    cpu: resolve('cpu'),
    'cpu-i16': resolve('cpu-i16'),
    'cpu-simd128': resolve('cpu-simd128'),
  };
}

/** WebAssembly takes no shared memory. */
function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer
    ? (bytes as Uint8Array<ArrayBuffer>)
    : new Uint8Array(bytes);
}
