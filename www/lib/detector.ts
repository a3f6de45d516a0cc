import { DetectorError, toDetectorError } from './errors.js';
import {
  MAX_IMAGE_BYTES,
  MAX_WORKERS,
  WAITING_BEFORE_WORKER,
  WORKER_MEMORY_SHARE,
  WORKER_OVERHEAD_BYTES,
} from './limits.js';
import compact from './models/compact/index.js';
import { Session } from './session.js';
import type { Calls, LoadedInfo } from './rpc.js';
import type {
  Analysis,
  AnalyzeOptions,
  BatchItem,
  Detector,
  DetectorInfo,
  DetectorOptions,
  DevicePreference,
  ImageInput,
  LoadProgress,
  ModelSource,
} from './types.js';

/**
 * Loads a model into a worker of its own, on the best device there is.
 *
 * ```ts
 * const detector = await createDetector({ onProgress: ({ loadedBytes, totalBytes }) => bar(loadedBytes / totalBytes) });
 * const { model } = await detector.analyze(file);
 * console.log(model.status === 'scored' ? model.grade : `cannot tell: ${model.reason}`);
 * await detector.dispose();
 * ```
 *
 * @throws {DetectorError} `network`, `weights-corrupt`, `no-gpu` (only with `device: 'webgpu'`), `aborted`, `argument`,
 * `internal`
 */
export async function createDetector(options: DetectorOptions = {}): Promise<Detector> {
  const device = options.device ?? 'auto';
  if (!['auto', 'webgpu', 'cpu'].includes(device)) {
    throw new DetectorError('argument', `device must be "auto", "webgpu" or "cpu", not "${device}".`);
  }
  throwIfAborted(options.signal);
  const detector = new WorkerDetector(resolveModel(options.model ?? compact), device);
  await detector.start(options.onProgress, options.signal);
  return detector;
}

type LoadParams = Calls['load']['params'];
type AnalyzeParams = Calls['analyze']['params'];

/** One analysis on its way. */
interface Job {
  readonly params: AnalyzeParams;
  /** Settled: its caller has an answer, e.g. because it aborted while the worker was busy with it. */
  settled: boolean;
  readonly resolve: (analysis: Analysis) => void;
  readonly reject: (error: DetectorError) => void;
}

class WorkerDetector implements Detector {
  readonly #model: Pick<LoadParams, 'manifest' | 'files'>;
  #device: DevicePreference;
  #session: Session | undefined;
  #info: DetectorInfo | undefined;
  #fallbackReason: string | undefined;
  /** The compiled core of the CPU, for the next worker. */
  #compiled: { readonly core: WebAssembly.Module } | undefined;
  #disposed = false;
  #working = false;
  readonly #queue: Job[] = [];
  /** Further workers, on the CPU, for when many images wait; each is idle or works the queue off. */
  readonly #helpers = new Map<Session, 'loading' | 'working' | 'idle'>();
  /** Set when a helper could not be started: the machine has given what it has. */
  #noMoreHelpers = false;

  constructor(model: Pick<LoadParams, 'manifest' | 'files'>, device: DevicePreference) {
    this.#model = model;
    this.#device = device;
  }

  /** Loads for the first time. */
  async start(onProgress: DetectorOptions['onProgress'], signal: AbortSignal | undefined): Promise<void> {
    const stop = (): void => {
      this.#end(aborted(signal));
    };
    signal?.addEventListener('abort', stop, { once: true });
    try {
      await this.#load(onProgress === undefined ? undefined : monotone(onProgress));
    } catch (error) {
      this.#end(toDetectorError(error));
      throw error;
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  get info(): DetectorInfo {
    if (this.#info === undefined) throw new DetectorError('internal', 'The detector has not been loaded.');
    return this.#info;
  }

  analyze(input: ImageInput, options: AnalyzeOptions = {}): Promise<Analysis> {
    let params: AnalyzeParams;
    try {
      params = toParams(input, options);
      throwIfAborted(options.signal);
      if (this.#disposed) throw disposedError();
    } catch (error) {
      return Promise.reject(toDetectorError(error));
    }
    return new Promise<Analysis>((resolve, reject) => {
      const abort = (): void => {
        job.reject(aborted(options.signal));
      };
      const settle =
        <T>(how: (value: T) => void) =>
        (value: T): void => {
          if (job.settled) return;
          job.settled = true;
          options.signal?.removeEventListener('abort', abort);
          how(value);
        };
      const job: Job = { params, settled: false, resolve: settle(resolve), reject: settle(reject) };
      options.signal?.addEventListener('abort', abort, { once: true });
      this.#queue.push(job);
      void this.#work();
    });
  }

  async *analyzeAll(
    inputs: Iterable<ImageInput> | AsyncIterable<ImageInput>,
    options: AnalyzeOptions = {},
  ): AsyncIterableIterator<BatchItem> {
    let index = 0;
    // As many as can be worked on or wait for their turn: later inputs are not even asked for.
    const ahead: Promise<BatchItem>[] = [];
    const settle = async (at: number, analysis: Promise<Analysis>): Promise<BatchItem> => {
      try {
        return { index: at, result: await analysis };
      } catch (thrown) {
        return { index: at, error: toDetectorError(thrown) };
      }
    };
    for await (const input of inputs) {
      ahead.push(settle(index, this.analyze(input, options)));
      index += 1;
      if (ahead.length >= this.#workers() + WAITING_BEFORE_WORKER) yield* unlessAborted(ahead.splice(0, 1));
    }
    yield* unlessAborted(ahead);
  }

  dispose(): Promise<void> {
    if (!this.#disposed) this.#end(disposedError());
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  #end(reason: DetectorError): void {
    this.#disposed = true;
    this.#session?.end(reason);
    for (const helper of this.#helpers.keys()) helper.end(reason);
    this.#helpers.clear();
    for (const job of this.#queue.splice(0)) job.reject(reason);
  }

  /** Works the queue off; a worker gets one image at a time, so an abort can still take the later ones back. */
  async #work(): Promise<void> {
    if (this.#working) {
      this.#callHelper();
      return;
    }
    this.#working = true;
    for (let job = this.#queue.shift(); job !== undefined; job = this.#queue.shift()) {
      if (job.settled) continue;
      try {
        job.resolve(await this.#analyze(job.params));
      } catch (error) {
        job.reject(toDetectorError(error));
      }
    }
    this.#working = false;
  }

  /** Sets one more worker to work if there is enough to do. */
  #callHelper(): void {
    const idle = [...this.#helpers].find(([, state]) => state === 'idle')?.[0];
    if (idle !== undefined) {
      void this.#help(idle);
      return;
    }
    const loading = [...this.#helpers.values()].includes('loading');
    if (loading || this.#queue.length < WAITING_BEFORE_WORKER || this.#helpers.size + 1 >= this.#workers()) return;
    const helper = new Session();
    this.#helpers.set(helper, 'loading');
    helper.call('load', { ...this.#model, device: 'cpu', ...this.#compiled }).then(
      () => {
        // More may be waiting than two can do.
        this.#callHelper();
        return this.#help(helper);
      },
      () => {
        this.#noMoreHelpers = true;
        this.#helpers.delete(helper);
        helper.end(new DetectorError('internal', 'A further worker could not be started.'));
      },
    );
  }

  async #help(helper: Session): Promise<void> {
    this.#helpers.set(helper, 'working');
    for (let job = this.#queue.shift(); job !== undefined; job = this.#queue.shift()) {
      if (job.settled) continue;
      try {
        job.resolve(await helper.call('analyze', job.params));
      } catch (error) {
        job.reject(toDetectorError(error));
      }
      if (helper.ended !== undefined) {
        this.#helpers.delete(helper);
        return;
      }
    }
    this.#helpers.set(helper, 'idle');
  }

  /** How many workers may run: the GPU is one; on the CPU as cores and memory allow. */
  #workers(): number {
    if (this.#noMoreHelpers) return this.#helpers.size + 1;
    if (this.#info?.device !== 'cpu') return 1;
    const { hardwareConcurrency, deviceMemory = 2 } = navigator as Navigator & { readonly deviceMemory?: number };
    const each = this.#info.weightsBytes + WORKER_OVERHEAD_BYTES;
    const fit = Math.floor((deviceMemory * 2 ** 30 * WORKER_MEMORY_SHARE) / each);
    return Math.max(1, Math.min(hardwareConcurrency, MAX_WORKERS, fit));
  }

  async #analyze(params: AnalyzeParams): Promise<Analysis> {
    // After a crash the next image gets a new worker: one poisonous file must not take the rest of a batch with it.
    const session = this.#session?.ended === undefined ? this.#session : undefined;
    const usable = session ?? (await this.#load(undefined));
    try {
      return await usable.call('analyze', params);
    } catch (thrown) {
      const error = toDetectorError(thrown);
      if (usable.ended === undefined || this.#disposed || usable.device !== 'webgpu') throw error;
      const onCpu = await this.#fallBack(error.message, undefined);
      return onCpu.call('analyze', params);
    }
  }

  async #load(onProgress: DetectorOptions['onProgress']): Promise<Session> {
    if (this.#disposed) throw disposedError();
    const session = new Session();
    this.#session = session;
    session.onProgress = onProgress;
    let loaded: LoadedInfo;
    try {
      loaded = await session.call('load', { ...this.#model, device: this.#device, ...this.#compiled });
    } catch (thrown) {
      const error = toDetectorError(thrown);
      session.end(error);
      if (session.device === 'webgpu' && this.#mayFallBack(error)) return this.#fallBack(error.message, onProgress);
      throw error;
    }
    session.onProgress = undefined;
    const { core, ...info } = loaded;
    this.#compiled = info.device === 'cpu' ? { core } : undefined;
    this.#info = {
      ...info,
      ...(this.#fallbackReason === undefined
        ? { selfTest: 'passed' }
        : { selfTest: 'fell-back', fallbackReason: this.#fallbackReason }),
    };
    return session;
  }

  async #fallBack(reason: string, onProgress: DetectorOptions['onProgress']): Promise<Session> {
    this.#device = 'cpu';
    this.#fallbackReason = reason;
    onProgress?.({ phase: 'fallback', loadedBytes: 0, totalBytes: 0 });
    return this.#load(onProgress);
  }

  /** The CPU helps against a broken GPU, not against a missing file; and who insists on a GPU learns that there is none. */
  #mayFallBack({ code }: DetectorError): boolean {
    if (this.#disposed) return false;
    return code === 'device-lost' || code === 'internal' || (code === 'no-gpu' && this.#device === 'auto');
  }
}

function resolveModel(model: ModelSource | string | URL): Pick<LoadParams, 'manifest' | 'files'> {
  const source: ModelSource = typeof model === 'string' || model instanceof URL ? { manifest: model } : model;
  try {
    const files = Object.entries(source.files ?? {}).map(([name, url]) => [name, absolute(url)] as const);
    return { manifest: absolute(source.manifest), files: Object.fromEntries(files) };
  } catch (error) {
    throw new DetectorError('argument', 'model names an address that is none.', { cause: error });
  }
}

/** Relative addresses mean "from this page", as in fetch(); the worker would take them from its own script. */
function absolute(url: string | URL): string {
  return new URL(url, document.baseURI).href;
}

function toParams(input: ImageInput, { views }: AnalyzeOptions): AnalyzeParams {
  // A caller without types can pass anything.
  const given: unknown = views;
  if (given !== undefined && given !== 1 && given !== 5) {
    throw new DetectorError('argument', 'views must be 1 or 5.');
  }
  const options = views === undefined ? {} : { views };
  const value: unknown = input;
  if (value instanceof Blob) {
    checkSize(value.size);
    return { input: value, ...options };
  }
  if (value instanceof ArrayBuffer || value instanceof Uint8Array) {
    checkSize(value.byteLength);
    // A copy of this moment: the caller keeps the buffer and may change it while the image waits for its turn.
    return { input: value instanceof ArrayBuffer ? new Uint8Array(value.slice(0)) : value.slice(), ...options };
  }
  throw new DetectorError('argument', 'The input must be a Blob, a File, an ArrayBuffer or a Uint8Array.');
}

function checkSize(bytes: number): void {
  if (bytes > MAX_IMAGE_BYTES) {
    throw new DetectorError(
      'limit',
      `The file has ${megabytes(bytes)} MiB; at most ${megabytes(MAX_IMAGE_BYTES)} MiB are read.`,
    );
  }
}

function megabytes(bytes: number): string {
  return String(Math.ceil(bytes / (1024 * 1024)));
}

/** After a fallback everything is fetched again, mostly from the HTTP cache: what the caller sees still never falls. */
function monotone(onProgress: (progress: LoadProgress) => void): (progress: LoadProgress) => void {
  let loadedBytes = 0;
  let totalBytes = 0;
  return (progress) => {
    loadedBytes = Math.max(loadedBytes, progress.loadedBytes);
    totalBytes = Math.max(totalBytes, progress.totalBytes);
    onProgress({ phase: progress.phase, loadedBytes, totalBytes });
  };
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw aborted(signal);
}

/** The items in turn, up to one whose caller gave up. */
async function* unlessAborted(items: Iterable<Promise<BatchItem>>): AsyncIterableIterator<BatchItem> {
  for (const item of items) {
    const { error } = await item;
    if (error?.code === 'aborted') throw error;
    yield item;
  }
}

function aborted(signal: AbortSignal | undefined): DetectorError {
  return new DetectorError('aborted', 'The work was cancelled.', { cause: signal?.reason });
}

function disposedError(): DetectorError {
  return new DetectorError('aborted', 'The detector was disposed.');
}
