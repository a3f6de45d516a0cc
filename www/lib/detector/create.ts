import {
  checkCache,
  checkDevice,
  checkLimits,
  checkOptions,
  isModelFiles,
} from '../api/arguments.js';
import { DetectorError, throwIfAborted } from '../api/errors.js';
import type { Detector } from '../api/detector.js';
import type { DetectorOptions, ModelFiles } from '../api/options.js';
import { resolveBuilds } from '../builds/urls.js';
import { resolveDecoders } from '../decoders/urls.js';
import { resolveModel } from '../model/addresses.js';
import { referencesOf } from '../model/source.js';
import type { Calls } from '../worker/rpc.js';
import { ModelDetector } from './model-detector.js';
import { opener } from './opener.js';

/**
 * Loads a model into a worker of its own, on the best device there is.
 *
 * ```ts
 * const detector = await createDetector({
 *   onProgress: ({ loadedBytes, totalBytes }) => bar(loadedBytes / totalBytes),
 * });
 * const { model } = await detector.analyze(file);
 * console.log(model.status === 'scored' ? model.grade : `cannot tell: ${model.reason}`);
 * await detector.dispose();
 * ```
 *
 * @throws {DetectorError} `network`, `weights-corrupt`, `no-gpu` (only with `device: 'webgpu'`),
 * `aborted`, `argument`, `unsupported`, `internal`
 */
export async function createDetector(options: DetectorOptions = {}): Promise<Detector> {
  checkOptions(options);
  const limits = checkLimits(options.limits);
  const detector = new ModelDetector({
    open: opener(options.worker ?? 'auto'),
    load: loadParams(options),
    // Without a worker there is one thread to compute on.
    alone: options.worker === false,
    references: referencesAt(options),
    insists: options.device === 'webgpu',
    limits,
  });
  throwIfAborted(options.signal);
  await detector.start(options.onProgress, options.signal);
  return detector;
}

function loadParams(options: DetectorOptions): Calls['load']['params'] {
  const { model } = options;
  if (isModelFiles(model)) return filesParams(model, options);
  const device = checkDevice(options.device ?? 'auto');
  return {
    model: resolveModel(model, checkCache(options.cache)),
    builds: resolveBuilds(options.wasm),
    decoders: resolveDecoders(options.decoders),
    device,
  };
}

/** Where the model's labelled rows are, if that is known. */
function referencesAt({ model }: DetectorOptions): string | undefined {
  return isModelFiles(model) ? model.references : referencesOf(resolveModel(model, 'none'));
}

/** What is in the files, and where the decoders of rarer images are: nothing else is fetched. */
function filesParams(files: ModelFiles, options: DetectorOptions): Calls['load']['params'] {
  const device = checkDevice(options.device ?? files.device);
  const { manifest, shards, cache, cores: builds } = files;
  if (device === 'webgpu' && builds.gpu === undefined) {
    throw new DetectorError(
      'argument',
      'The files were fetched for the CPU: fetch them with device: "webgpu".',
    );
  }
  // "auto" with files for the CPU: the only program that is there.
  return {
    model: { manifest, shards, cache },
    builds,
    decoders: resolveDecoders(options.decoders),
    device: builds.gpu === undefined ? 'cpu' : device,
  };
}
