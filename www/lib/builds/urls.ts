/**
 * The files of the package, by address. All are literals and relative to the package's root:
 * bundlers that follow `new URL(…, import.meta.url)` emit them, and for the others `worker.js`,
 * `wasm` and `models` are copied beside the bundle.
 */
import { absolute } from '../api/arguments.js';
import { isArrayBuffer, isUint8Array } from '../api/brands.js';
import { DetectorError } from '../api/errors.js';
import type { BuildName, BuildSources } from '../api/options.js';

/**
 * Bundlers leave it empty in scripts that are no modules, and do not say so. Such a bundle can be
 * loaded, on a server say, and used by who says where the files are.
 */
export const isModule = (import.meta.url as string | undefined) !== undefined;

/** The worker, in one file that imports nothing: it may be run from a copy or a `blob:` URL. */
export const workerUrl: URL = isModule
  ? new URL('./worker.js', import.meta.url)
  : new URL('about:blank#clipsight-worker');

/**
 * The address of the package's own worker.
 *
 * @throws {DetectorError} `unsupported`
 * @internal
 */
export function ownWorkerUrl(): URL {
  if (!isModule) throw notLocated('worker');
  // Bundlers may put an address in its place that is relative to the page.
  return new URL(absolute(workerUrl, 'worker'));
}

/** The WebAssembly builds. */
const buildUrls: Readonly<Partial<Record<BuildName, URL>>> = isModule
  ? {
      gpu: new URL('./wasm/gpu/clipsight_bg.wasm', import.meta.url),
      cpu: new URL('./wasm/cpu/clipsight_bg.wasm', import.meta.url),
      'cpu-i16': new URL('./wasm/cpu-i16/clipsight_bg.wasm', import.meta.url),
      'cpu-simd128': new URL('./wasm/cpu-simd128/clipsight_bg.wasm', import.meta.url),
    }
  : {};

/**
 * What is said where the package does not know its own address.
 *
 * @param option - what says it in its place
 * @internal
 */
export function notLocated(option: 'worker' | 'wasm' | 'model', cause?: unknown): DetectorError {
  return new DetectorError(
    'unsupported',
    'clipsight finds its files by import.meta.url, which this bundle has left empty: bundle it ' +
      'as an ES module (with esbuild: --format=esm), or say with the option ' +
      `"${option}" where they are.`,
    { cause },
  );
}

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
    if (source === undefined) throw notLocated('wasm');
    return resolveSource(source, `wasm["${name}"]`);
  };
  return {
    gpu: resolve('gpu'),
    cpu: resolve('cpu'),
    'cpu-i16': resolve('cpu-i16'),
    'cpu-simd128': resolve('cpu-simd128'),
  };
}

/**
 * Where a WebAssembly file is: an absolute address, or the bytes that were given.
 *
 * @param option - what gave it, for messages
 * @internal
 */
export function resolveSource(
  source: string | URL | ArrayBuffer | Uint8Array,
  option: string,
): string | Uint8Array<ArrayBuffer> {
  if (isArrayBuffer(source)) return new Uint8Array(source);
  if (isUint8Array(source)) return ownBytes(source);
  return absolute(source, option);
}

/** WebAssembly takes no shared memory. */
function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return isArrayBuffer(bytes.buffer) ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
}
