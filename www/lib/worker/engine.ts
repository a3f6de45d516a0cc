import { DetectorError } from '../errors.js';
import { MAX_IMAGE_BYTES, MAX_MANIFEST_BYTES } from '../limits.js';
import { chooseDevice, watchDevices } from './device.js';
import { download } from './download.js';
import type { Calls, LoadedInfo } from '../rpc.js';
import type { Analysis, LoadProgress } from '../types.js';
import type { Core, Model, ModelLoader } from '../wasm/interface.js';

/** What the engine tells while it works. */
export interface EngineEvents {
  readonly device: (device: 'webgpu' | 'cpu') => void;
  readonly progress: (progress: LoadProgress) => void;
  /** The GPU was lost, at whatever moment. */
  readonly lost: (message: string) => void;
}

/** A model on a device. */
export class Engine {
  readonly info: LoadedInfo;
  readonly #model: Model;

  private constructor(model: Model, info: LoadedInfo) {
    this.#model = model;
    this.info = info;
  }

  /** Opens the device, loads the model onto it, and compares a known input's logit with the stored one. */
  static async load(params: Calls['load']['params'], events: EngineEvents): Promise<Engine> {
    const kind = params.core === undefined ? await chooseDevice(params.device) : 'cpu';
    events.device(kind);
    if (kind === 'webgpu') watchDevices(events.lost);

    let loadedBytes = 0;
    let totalBytes = 0;
    const report = (phase: LoadProgress['phase']): void => {
      events.progress({ phase, loadedBytes, totalBytes });
    };
    report('core');
    const [core, manifest] = await Promise.all([
      loadCore(kind, params.core),
      download(params.manifest, MAX_MANIFEST_BYTES),
    ]);
    const device = await core.openDevice();
    const loader = new core.ModelLoader(manifest, device);
    // The getter copies the list out of WebAssembly.
    const { shards } = loader;
    totalBytes = shards.reduce((sum, { bytes }) => sum + bytes, 0);
    report('weights');
    await pushShards(loader, shards, params, (bytes) => {
      loadedBytes += bytes;
      report('weights');
    });
    const model = await loader.finish();

    report('self-test');
    const test = await model.selfTest();
    if (!test.passed) {
      throw new DetectorError(
        kind === 'webgpu' ? 'device-lost' : 'internal',
        `The self-test failed on the ${kind === 'webgpu' ? 'GPU' : 'CPU'}: a known input gave the logit ` +
          `${test.logit.toFixed(4)} instead of ${test.expected.toFixed(4)} (tolerance ${test.tolerance.toPrecision(2)}).`,
      );
    }
    report('done');
    const { modelId, weightsSha256, calibrationId, views } = model.info;
    const { adapter } = device;
    const weightsBytes = totalBytes;
    const info = { modelId, weightsSha256, weightsBytes, calibrationId, views, device: kind, adapter };
    return new Engine(model, { ...info, core: core.compiledModule() });
  }

  /** Analyses one image. */
  async analyze({ input, views }: Calls['analyze']['params']): Promise<Analysis> {
    const bytes = input instanceof Blob ? await readBlob(input) : input;
    return this.#model.analyze(bytes, views === undefined ? {} : { views });
  }
}

/**
 * Whether this module is valid, i.e. whether there are relaxed dot products:
 * `(module (func (result v128) (i32x4.relaxed_dot_i8x16_i7x16_add_s (i32x4.splat (i32.const 0)) ...)))`.
 */
const RELAXED_SIMD = new Uint8Array([
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b, 0x03, 0x02, 0x01, 0x00,
  0x0a, 0x13, 0x01, 0x11, 0x00, 0x41, 0x00, 0xfd, 0x11, 0x41, 0x00, 0xfd, 0x11, 0x41, 0x00, 0xfd, 0x11, 0xfd, 0x93,
  0x02, 0x0b,
]);

async function loadCore(kind: 'webgpu' | 'cpu', compiled: WebAssembly.Module | undefined): Promise<Core> {
  try {
    // Literals, so that bundlers see all files and fetch none before it is asked for.
    let core: Core;
    if (kind === 'webgpu') core = await import('../wasm/gpu/clipsight.js');
    else if (WebAssembly.validate(RELAXED_SIMD)) core = await import('../wasm/cpu/clipsight.js');
    else core = await import('../wasm/cpu-plain/clipsight.js');
    await (compiled === undefined ? core.default() : core.default({ module_or_path: compiled }));
    return core;
  } catch (error) {
    // A panic in the start function is no matter of the connection.
    if (error instanceof WebAssembly.RuntimeError) throw error;
    if (error instanceof WebAssembly.CompileError) {
      throw new DetectorError(
        'unsupported',
        'The program cannot be compiled here. It arrived damaged, or this browser is too old: WebAssembly SIMD is needed.',
        { cause: error },
      );
    }
    throw new DetectorError(
      'network',
      `The program itself could not be fetched. Check the connection and try again. (${String(error)})`,
      { cause: error },
    );
  }
}

/** One shard is pushed while the next is on its way; never more than two are in memory. */
async function pushShards(
  loader: ModelLoader,
  shards: ModelLoader['shards'],
  { manifest, files }: Pick<Calls['load']['params'], 'manifest' | 'files'>,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const fetchShard = (index: number): Promise<Uint8Array> | undefined => {
    const shard = shards[index];
    if (shard === undefined) return undefined;
    const named = Object.hasOwn(files, shard.file) ? files[shard.file] : undefined;
    const bytes = download(named ?? new URL(shard.file, manifest).href, shard.bytes, onBytes);
    // Awaited one turn later; until then its failure is nobody's unhandled rejection.
    bytes.catch(() => undefined);
    return bytes;
  };
  let next = fetchShard(0);
  for (let index = 0; next !== undefined; index += 1) {
    const bytes = await next;
    next = fetchShard(index + 1);
    loader.pushShard(index, bytes);
  }
}

async function readBlob(blob: Blob): Promise<Uint8Array> {
  if (blob.size > MAX_IMAGE_BYTES) throw new DetectorError('limit', 'The file is too large.');
  try {
    return new Uint8Array(await blob.arrayBuffer());
  } catch (error) {
    throw new DetectorError('decode', 'The file could not be read. It may have been moved, changed or deleted.', {
      cause: error,
    });
  }
}
