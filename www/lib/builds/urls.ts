/**
 * The files of the package, by address. All are literals and relative to the package's root:
 * bundlers that follow `new URL(…, import.meta.url)` emit them, and for the others `worker.js`,
 * `wasm` and `models` are copied beside the bundle.
 */
import { DetectorError } from './errors.js';
import type { CoreName } from './options.js';

// Bundlers leave it empty in scripts that are no modules, and do not say so.
if ((import.meta.url as string | undefined) === undefined) {
  throw new DetectorError(
    'unsupported',
    'clipsight must be bundled as an ES module (with esbuild: --format=esm): it finds its files by import.meta.url.',
  );
}

/** The worker, in one file that imports nothing: it may be run from a copy or a `blob:` URL. */
export const workerUrl: URL = new URL('./worker.js', import.meta.url);

/** The program's builds. @internal */
export const coreUrls: Readonly<Record<CoreName, URL>> = {
  gpu: new URL('./wasm/gpu/clipsight_bg.wasm', import.meta.url),
  cpu: new URL('./wasm/cpu/clipsight_bg.wasm', import.meta.url),
  'cpu-words': new URL('./wasm/cpu-words/clipsight_bg.wasm', import.meta.url),
  'cpu-plain': new URL('./wasm/cpu-plain/clipsight_bg.wasm', import.meta.url),
};
