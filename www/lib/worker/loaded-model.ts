import type { Analysis } from '../api/analysis.generated.js';
import { isBlob } from '../api/brands.js';
import { DetectorError } from '../api/errors.js';
import { SPARE_PAGES } from '../api/limits.js';
import type { BuildName, ImageLimits, LoadProgress } from '../api/options.js';
import { buildFor, compileBuild } from '../builds/compile.js';
import { chooseDevice, watchDevices } from '../builds/device.js';
import type { Build, Model, PrepareOptions, Prepared } from '../builds/interface.js';
import { compileDecoder } from '../decoders/compile.js';
import { Decoders } from '../decoders/decoders.js';
import type { Decoded, DecoderName } from '../decoders/decoders.js';
import { feedAddresses, feedFiles } from '../model/source.js';
import type { FeedOptions, ModelFeed } from '../model/source.js';
import type { HeadInfo } from '../api/teach.js';
import type { Calls, HeadFile, LoadedInfo } from './rpc.js';

/** What is told while a model loads and works, and what stops it. */
export interface LoadEvents {
  readonly device: (device: 'webgpu' | 'cpu') => void;
  /** The build runs. */
  readonly build: (build: Build) => void;
  readonly progress: (progress: LoadProgress) => void;
  /** The GPU was lost, at whatever moment. */
  readonly lost: (message: string) => void;
  readonly signal: AbortSignal | undefined;
}

type LoadParams = Calls['load']['params'];

/** What is asked of an image: all of an analysis, or what is read to teach with. */
export type ImageParams = Calls['example']['params'] & Partial<Calls['analyze']['params']>;

/** A build that runs, and what is loaded into it. */
interface Instance {
  readonly kind: 'webgpu' | 'cpu';
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly feed: ModelFeed;
  readonly events: LoadEvents;
  readonly report: (phase: LoadProgress['phase']) => void;
}

/** A model on its device, in the worker. */
export class LoadedModel {
  readonly info: LoadedInfo;
  readonly #model: Model;
  readonly #build: Build;
  readonly #decoders: Decoders;
  /** The hash of the taught head that judges. */
  #head: string | undefined;

  private constructor(model: Model, info: LoadedInfo, build: Build, decoders: Decoders) {
    this.#model = model;
    this.info = info;
    this.#build = build;
    this.#decoders = decoders;
  }

  /**
   * Opens the device, loads the model onto it, and compares a known input's logit with the stored
   * one.
   */
  static async load(params: LoadParams, events: LoadEvents): Promise<LoadedModel> {
    let loadedBytes = 0;
    let totalBytes = 0;
    const report = (phase: LoadProgress['phase']): void => {
      events.progress({ phase, loadedBytes, totalBytes });
    };
    report('core');
    // Under way before the device is chosen, which may take the browser a while.
    const feeding = openFeed(params.model, {
      signal: events.signal,
      onReceived(loaded, total) {
        [loadedBytes, totalBytes] = [loaded, total];
        report('weights');
      },
    });
    feeding.catch(() => undefined);

    const kind = await chosenDevice(params);
    events.device(kind);
    const [{ glue, module, memory }, feed] = await Promise.all([
      openBuild(kind, params.builds, events.signal, params.module),
      feeding,
    ]);
    events.build(glue);
    try {
      const decoders = new Decoders(params.decoders, compileDecoder);
      const instance = { kind, module, memory, feed, events, report };
      return await LoadedModel.#loadInto(glue, instance, decoders);
    } catch (error) {
      throw isOutOfMemory(error, memory) ? tooLittleMemory(error) : error;
    }
  }

  static async #loadInto(
    glue: Build,
    { kind, module, memory, feed, events, report }: Instance,
    decoders: Decoders,
  ): Promise<LoadedModel> {
    const unwatch = kind === 'webgpu' ? watchDevices(events.lost) : undefined;
    const device = await glue.openDevice().finally(unwatch);
    const loader = new glue.ModelLoader(feed.manifest, device);
    let index = 0;
    for await (const { bytes, sha256 } of feed.shards()) {
      loader.pushShard(index++, bytes, sha256);
    }
    const model = await loader.finish();

    report('self-test');
    const [test, cache] = await Promise.all([model.selfTest(), feed.cache()]);
    if (!test.passed) {
      throw new DetectorError(
        kind === 'webgpu' ? 'device-lost' : 'internal',
        `The self-test failed on the ${kind === 'webgpu' ? 'GPU' : 'CPU'}: a known input ` +
          `gave the logit ${test.logit.toFixed(4)} instead of ${test.expected.toFixed(4)} ` +
          `(tolerance ${test.tolerance.toPrecision(2)}).`,
      );
    }
    report('done');
    const { modelId, weightsSha256, calibrationId, threshold, views, viewCounts } = model.info;
    const weightsBytes = feed.totalBytes;
    const { adapter } = device;
    const info = {
      modelId,
      weightsSha256,
      weightsBytes,
      calibrationId,
      threshold,
      views,
      viewCounts,
      device: kind,
      build: buildFor(kind),
      adapter,
      cache,
    };
    const loaded = { ...info, module, memoryBytes: memory.buffer.byteLength };
    return new LoadedModel(model, loaded, glue, decoders);
  }

  /** Judges with this taught head from the next image on, or with the model's own. */
  judgeWith(head: HeadFile | undefined): void {
    if (head?.sha256 === this.#head) return;
    this.#model.useHead(head?.bytes);
    this.#head = head?.sha256;
  }

  /** What the file of a taught head says. */
  readHead(bytes: Uint8Array): HeadInfo {
    return this.#model.readHead(bytes);
  }

  /** A decoded image as an example to teach with. */
  example(image: Prepared): Promise<Float32Array> {
    return this.#model.example(image);
  }

  /** The file of a head that is fitted to examples. */
  teach({ references, examples, label, name }: Calls['teach']['params']): Uint8Array {
    const width = examples[0]?.length ?? 0;
    if (examples.some(({ length }) => length !== width))
      throw new DetectorError('argument', 'The examples are not all of one model.');
    const all = new Float32Array(width * examples.length);
    for (const [index, example] of examples.entries()) all.set(example, index * width);
    return this.#model.teach(references, all, examples.length, { label, name });
  }

  /** Decodes one image. */
  decode(bytes: Uint8Array, params: ImageParams): Prepared {
    return this.#model.prepare(bytes, optionsOf(params));
  }

  /** Has one of the other decoders read an image. */
  readWith(name: DecoderName, bytes: Uint8Array, { limits }: ImageParams): Promise<Decoded> {
    // The core knows it, or would not have named a decoder.
    const format = this.#build.probeFormat(bytes) as Analysis['file']['format'];
    return this.#decoders.decode(name, format, bytes, limits);
  }

  /** Takes what another decoder read from these bytes. */
  take(bytes: Uint8Array, { picture, samples, icc }: Decoded, params: ImageParams): Prepared {
    return this.#model.prepareDecoded(bytes, picture, samples, icc, optionsOf(params));
  }

  /** Scores a decoded image; `watch` is asked whether to go on with what takes long. */
  async score(
    image: Prepared,
    { fidelity, explain, stability }: Calls['analyze']['params'],
    watch: (done: number, total: number) => Promise<boolean>,
  ): Promise<Analysis> {
    const takesLong = explain === true || stability !== undefined;
    const analysis = await this.#model.score(image, takesLong ? watch : undefined);
    return { ...analysis, input: { ...analysis.input, fidelity } };
  }

  /** Frees the model's memory; to be called last. */
  free(): void {
    try {
      this.#model.free();
    } catch {
      // An instance that stopped in mid-work: nobody holds it any more, and it goes as a whole.
    }
  }
}

/** A build that runs. */
interface OpenBuild {
  readonly glue: Build;
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
}

/**
 * The build for a device in this browser, running.
 *
 * @param compiled - it, as an earlier worker compiled it
 */
export async function openBuild(
  kind: 'webgpu' | 'cpu',
  builds: LoadParams['builds'],
  signal: AbortSignal | undefined,
  compiled?: WebAssembly.Module,
): Promise<OpenBuild> {
  const best = buildFor(kind);
  // Files may come from a page that was not allowed to ask what this machine has.
  const name = best === 'cpu' && builds[best] === undefined ? 'cpu-i16' : best;
  const source = compiled ?? builds[name];
  if (source === undefined)
    throw new DetectorError('argument', `The WebAssembly build "${name}" is not among the files.`);
  const [glue, module] = await Promise.all([loadGlue(name), compileBuild(source, signal)]);
  const { memory } = await glue.default({ module_or_path: module }).catch((error: unknown) => {
    throw error instanceof RangeError ? tooLittleMemory(error) : error;
  });
  return { glue, module, memory };
}

/**
 * Whether loading ended because there is no more memory. JavaScript's own buffers then give a
 * RangeError; Rust stops without a word, so the memory itself is asked whether it could grow. The
 * instance is of no use any more in either case.
 */
function isOutOfMemory(error: unknown, memory: WebAssembly.Memory): boolean {
  if (error instanceof RangeError) return true;
  if (!(error instanceof WebAssembly.RuntimeError)) return false;
  try {
    memory.grow(SPARE_PAGES);
    return false;
  } catch (refused) {
    return refused instanceof RangeError;
  }
}

function tooLittleMemory(cause: unknown): DetectorError {
  return new DetectorError(
    'limit',
    'This device has too little memory for the model. Close other pages, or use a smaller model.',
    { cause },
  );
}

/** What a build takes of a call's parameters. */
function optionsOf({
  limits: { maxSide, maxPixels },
  provenance = false,
  views,
  explain,
  stability,
  crop,
}: ImageParams): PrepareOptions {
  return {
    maxSide,
    maxPixels,
    provenance,
    ...(views === undefined ? {} : { views }),
    ...(explain === undefined ? {} : { explain }),
    ...(stability === undefined ? {} : { stability }),
    ...(crop === undefined ? {} : { crop }),
  };
}

/** Who hands over a compiled build names the device that it was compiled for. */
async function chosenDevice({ device, module }: LoadParams): Promise<'webgpu' | 'cpu'> {
  return module === undefined || device === 'auto' ? chooseDevice(device) : device;
}

function openFeed(model: LoadParams['model'], options: FeedOptions): Promise<ModelFeed> {
  return 'shards' in model
    ? Promise.resolve(feedFiles(model, options))
    : feedAddresses(model, options);
}

/**
 * The JavaScript side of a build, for an instance of its own: one that crashed is of no use to the
 * next model. Literals, so that bundlers see all files and fetch none before it is asked for.
 */
async function loadGlue(name: BuildName): Promise<Build> {
  try {
    switch (name) {
      case 'gpu':
        return (await import('../wasm/gpu/clipsight.js')).default();
      case 'cpu':
        return (await import('../wasm/cpu/clipsight.js')).default();
      case 'cpu-i16':
        return (await import('../wasm/cpu-i16/clipsight.js')).default();
      case 'cpu-simd128':
        return (await import('../wasm/cpu-simd128/clipsight.js')).default();
    }
  } catch (error) {
    throw new DetectorError(
      'network',
      `The program could not be loaded. Check the connection and try again. (${String(error)})`,
      { cause: error },
    );
  }
}

/**
 * The bytes of an image, which may lie on a disk.
 *
 * @throws {DetectorError} `limit`, `decode`
 */
export async function bytesOf(
  input: Blob | Uint8Array,
  { maxBytes }: Pick<Required<ImageLimits>, 'maxBytes'>,
): Promise<Uint8Array> {
  if (!isBlob(input)) return input;
  if (input.size > maxBytes) throw new DetectorError('limit', 'The file is too large.');
  try {
    return new Uint8Array(await input.arrayBuffer());
  } catch (error) {
    throw new DetectorError(
      'decode',
      'The file could not be read. It may have been moved, changed or deleted.',
      {
        cause: error,
      },
    );
  }
}
