import { checkHeadName, checkLabel, checkOptions } from '../api/arguments.js';
import { DetectorError, aborted, throwIfAborted, toDetectorError } from '../api/errors.js';
import {
  MAX_WORKERS,
  WAITING_BEFORE_WORKER,
  WORKER_MEMORY_SHARE,
  WORKER_OVERHEAD_BYTES,
} from '../api/limits.js';
import { monotone } from '../api/progress.js';
import { nodeModule } from '../network/node.js';
import type { Calls, HeadFile, LoadedInfo, Port, PortEvents } from '../worker/rpc.js';
import type { Analysis } from '../api/analysis.generated.js';
import type { BatchItem, Detector, DetectorInfo } from '../api/detector.js';
import type { AnalyzeOptions, DetectorOptions, ImageInput, ImageLimits } from '../api/options.js';
import type { Head, HeadInfo, TeachOptions } from '../api/teach.js';
import { toBytes, toParams } from './input.js';
import { Session } from './session.js';
import type { Waiting } from './session.js';
import { headBytes, loadReferences } from './teaching.js';
import { WorkerPool } from './worker-pool.js';

type LoadParams = Calls['load']['params'];
/** What is asked of whichever worker is free. */
type Job = (session: Session, signal: AbortSignal | undefined) => Promise<unknown>;

type OnProgress = DetectorOptions['onProgress'];

/** What a detector is made from. */
export interface Setup {
  /** Opens a line to a new worker. */
  readonly open: (events: PortEvents) => Port;
  readonly load: LoadParams;
  /** There is nowhere to compute but behind the first line. */
  readonly alone: boolean;
  /** The caller wants WebGPU or nothing. */
  readonly insists: boolean;
  readonly limits: Required<ImageLimits>;
  /** Address of the model's labelled rows, if there are any. */
  readonly references: string | undefined;
}

/**
 * A detector: keeps a worker alive through crashes and lost GPUs, and calls in more when many
 * images wait.
 */
export class ModelDetector implements Detector {
  readonly #setup: Setup;
  #device: LoadParams['device'];
  #session: Session | undefined;
  readonly #helpers = new Set<Session>();
  #info: DetectorInfo | undefined;
  #fallbackReason: string | undefined;
  /** The compiled build for `#device`, for the next worker. */
  #compiled: { readonly module: WebAssembly.Module } | undefined;
  /** What one worker takes of memory. */
  #workerBytes = WORKER_OVERHEAD_BYTES;
  #disposed = false;
  readonly #pool: WorkerPool<Job, unknown>;
  /** The taught head that judges. */
  #head: HeadFile | undefined;

  constructor(setup: Setup) {
    this.#setup = setup;
    this.#device = setup.load.device;
    this.#pool = new WorkerPool({
      firstWorker: (job, signal) => this.#work(job, signal),
      maxWorkers: () => this.#maxWorkers(),
      startWorker: () => this.#startHelper(),
      waitingBeforeStart: WAITING_BEFORE_WORKER,
    });
  }

  /** Loads for the first time. */
  async start(onProgress: OnProgress, signal: AbortSignal | undefined): Promise<void> {
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
    if (this.#info === undefined)
      throw new DetectorError('internal', 'The detector has not been loaded.');
    return this.#info;
  }

  async analyze(input: ImageInput, options: AnalyzeOptions = {}): Promise<Analysis> {
    try {
      checkOptions(options);
      const { signal } = options;
      throwIfAborted(signal);
      this.#throwIfDisposed();
      const head = this.#head;
      const given = await toParams(input, options, this.#setup.limits);
      const params = head === undefined ? given : { ...given, head };
      return await this.#ask('analyze', params, { signal, onStep: options.onProgress });
    } catch (error) {
      throw toDetectorError(error);
    }
  }

  async teach(examples: Iterable<ImageInput>, options: TeachOptions): Promise<Head> {
    try {
      checkOptions(options);
      const { signal } = options;
      throwIfAborted(signal);
      this.#throwIfDisposed();
      const [label, name] = [checkLabel(options.label), checkHeadName(options.name)];
      const references = await loadReferences(options.references, this.#setup.references, signal);
      const { rows, skipped } = await this.#examples([...examples], options);
      const params = { references, examples: rows, label, name };
      const bytes = new Uint8Array(await this.#ask('teach', params, { signal }));
      const info = await this.#ask('head', { bytes }, { signal });
      return { ...info, skipped, export: () => bytes.slice() };
    } catch (error) {
      throw toDetectorError(error);
    }
  }

  async use(head: Head | Uint8Array | ArrayBuffer | null): Promise<void> {
    try {
      this.#throwIfDisposed();
      if (head === null) {
        this.#setHead(undefined, undefined);
        return;
      }
      const bytes = headBytes(head);
      const info = await this.#ask('head', { bytes }, {});
      this.#setHead({ sha256: info.sha256, bytes }, info);
    } catch (error) {
      throw toDetectorError(error);
    }
  }

  /** What can be learnt from of the examples; a few are on their way at a time. */
  async #examples(
    inputs: readonly ImageInput[],
    { signal, onProgress }: TeachOptions,
  ): Promise<{ readonly rows: Float32Array[]; readonly skipped: Head['skipped'][number][] }> {
    const rows: Float32Array[] = [];
    const skipped: Head['skipped'][number][] = [];
    const read = async (input: ImageInput): Promise<Float32Array | DetectorError> => {
      try {
        const { limits } = this.#setup;
        const { bytes } = await toBytes(input, limits, signal);
        return await this.#ask('example', { input: bytes, limits }, { signal });
      } catch (thrown) {
        return toDetectorError(thrown);
      }
    };
    const ahead: Promise<Float32Array | DetectorError>[] = [];
    let next = 0;
    for (let index = 0; index < inputs.length; index += 1) {
      for (const input of inputs.slice(next, index + this.#maxWorkers() + WAITING_BEFORE_WORKER)) {
        ahead.push(read(input));
        next += 1;
      }
      const example = await ahead.shift();
      throwIfAborted(signal);
      this.#throwIfDisposed();
      if (example instanceof DetectorError) skipped.push({ index, error: example });
      else if (example !== undefined) rows.push(example);
      onProgress?.({ done: index + 1, total: inputs.length });
    }
    return { rows, skipped };
  }

  /** The answer to one call, from whichever worker is free. */
  async #ask<K extends 'analyze' | 'example' | 'teach' | 'head'>(
    call: K,
    params: Calls[K]['params'],
    { signal, onStep }: Waiting,
  ): Promise<Calls[K]['result']> {
    throwIfAborted(signal);
    this.#throwIfDisposed();
    const job: Job = (session, wanted) => session.call(call, params, { onStep, signal: wanted });
    return (await this.#pool.run(job, signal)) as Calls[K]['result'];
  }

  #setHead(file: HeadFile | undefined, head: HeadInfo | undefined): void {
    this.#head = file;
    const info: { -readonly [K in keyof DetectorInfo]: DetectorInfo[K] } = { ...this.info };
    if (head === undefined) delete info.head;
    else info.head = head;
    this.#info = info;
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
      if (ahead.length >= this.#maxWorkers() + WAITING_BEFORE_WORKER)
        yield* unlessAborted(ahead.splice(0, 1));
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

  #throwIfDisposed(): void {
    if (this.#disposed) throw disposedError();
  }

  #end(reason: DetectorError): void {
    this.#disposed = true;
    this.#session?.end(reason);
    for (const helper of this.#helpers) helper.end(reason);
    this.#helpers.clear();
    this.#pool.end(reason);
  }

  /** How many workers may run: the GPU is one; on the CPU as its cores and memory allow. */
  #maxWorkers(): number {
    if (this.#setup.alone || this.#info?.device !== 'cpu') return 1;
    const { cores, memoryBytes } = machine();
    const fit = Math.floor((memoryBytes * WORKER_MEMORY_SHARE) / this.#workerBytes);
    return Math.max(1, Math.min(cores, MAX_WORKERS, fit));
  }

  /** One more worker, on the CPU. As with the first, an image after a crash gets a new one. */
  async #startHelper(): Promise<(job: Job, signal: AbortSignal | undefined) => Promise<unknown>> {
    let helper = await this.#loadHelper();
    return async (job, signal) => {
      if (helper.ended !== undefined) helper = await this.#loadHelper();
      try {
        return await job(helper, signal);
      } catch (error) {
        if (!helper.killed || this.#disposed) throw error;
        helper = await this.#loadHelper();
        return job(helper, signal);
      }
    };
  }

  async #loadHelper(): Promise<Session> {
    this.#throwIfDisposed();
    const helper = new Session(this.#setup.open);
    for (const other of this.#helpers) if (other.ended !== undefined) this.#helpers.delete(other);
    this.#helpers.add(helper);
    try {
      await helper.call('load', { ...this.#setup.load, device: 'cpu', ...this.#compiled });
      return helper;
    } catch (error) {
      helper.end(new DetectorError('internal', 'Another worker could not be started.'));
      throw error;
    }
  }

  async #work(job: Job, signal: AbortSignal | undefined): Promise<unknown> {
    // After a crash the next image gets a new worker: one poisonous file must not take the rest of
    // a batch with it.
    const session = this.#session?.ended === undefined ? this.#session : undefined;
    const usable = session ?? (await this.#load(undefined));
    try {
      return await job(usable, signal);
    } catch (thrown) {
      const error = toDetectorError(thrown);
      const successor = await this.#successor(usable, error);
      if (successor === undefined) throw error;
      return job(successor, signal);
    }
  }

  /** Who tries again, if that helps: what an image does to an instance, it does to the next. */
  async #successor(session: Session, error: DetectorError): Promise<Session | undefined> {
    if (session.ended === undefined || this.#disposed) return undefined;
    if (session.killed) return this.#load(undefined);
    if (this.#isGpuFault(session, error)) return this.#fallBack(error.message, undefined);
    return undefined;
  }

  async #load(onProgress: OnProgress): Promise<Session> {
    this.#throwIfDisposed();
    const session = new Session(this.#setup.open);
    this.#session = session;
    session.onProgress = onProgress;
    let loaded: LoadedInfo;
    try {
      loaded = await session.call('load', {
        ...this.#setup.load,
        device: this.#device,
        ...this.#compiled,
      });
    } catch (thrown) {
      const error = toDetectorError(thrown);
      session.end(error);
      if (this.#mayFallBack(session, error)) return this.#fallBack(error.message, onProgress);
      throw error;
    }
    session.onProgress = undefined;
    const { module, memoryBytes, ...info } = loaded;
    this.#compiled = { module };
    // A worker that takes this one's place computes where this one did.
    this.#device = info.device;
    this.#workerBytes = memoryBytes + WORKER_OVERHEAD_BYTES;
    if (!this.#isAsBefore(info)) {
      this.#info = {
        ...info,
        ...(this.#fallbackReason === undefined
          ? { selfTest: 'passed' }
          : { selfTest: 'fell-back', fallbackReason: this.#fallbackReason }),
        ...(this.#info?.head === undefined ? {} : { head: this.#info.head }),
      };
    }
    return session;
  }

  async #fallBack(reason: string, onProgress: OnProgress): Promise<Session> {
    this.#device = 'cpu';
    this.#compiled = undefined;
    this.#fallbackReason = reason;
    onProgress?.({ phase: 'fallback', loadedBytes: 0, totalBytes: 0 });
    return this.#load(onProgress);
  }

  /**
   * The CPU helps against a broken GPU, not against a missing file; and who insists on a GPU learns
   * that there is none, unless there was one.
   */
  #mayFallBack(session: Session, error: DetectorError): boolean {
    if (this.#disposed || this.#device === 'cpu') return false;
    if (error.code === 'no-gpu') return !this.#setup.insists || this.#info !== undefined;
    return this.#isGpuFault(session, error);
  }

  #isGpuFault({ device }: Session, { code }: DetectorError): boolean {
    if (this.#disposed || device !== 'webgpu') return false;
    return code === 'device-lost' || code === 'internal';
  }

  /** A fresh instance of what was there already is no news; where its weights came from is none. */
  #isAsBefore({
    device,
    weightsSha256,
    calibrationId,
  }: Omit<LoadedInfo, 'module' | 'memoryBytes'>): boolean {
    const known = this.#info;
    return (
      known?.device === device &&
      known.weightsSha256 === weightsSha256 &&
      known.calibrationId === calibrationId
    );
  }
}

/**
 * What there is to compute with; browsers tell no more of the memory than that it may be enough.
 */
function machine(): { readonly cores: number; readonly memoryBytes: number } {
  const os = nodeModule('node:os');
  if (os !== undefined) return { cores: os.availableParallelism(), memoryBytes: os.totalmem() };
  const { hardwareConcurrency, deviceMemory = 2 } = navigator as Navigator & {
    readonly deviceMemory?: number;
  };
  return { cores: hardwareConcurrency, memoryBytes: deviceMemory * 2 ** 30 };
}

/** The items in turn, up to one whose caller gave up. */
async function* unlessAborted(
  items: Iterable<Promise<BatchItem>>,
): AsyncIterableIterator<BatchItem> {
  for (const item of items) {
    const { error } = await item;
    if (error?.code === 'aborted') throw error;
    yield item;
  }
}

function disposedError(): DetectorError {
  return new DetectorError('aborted', 'The detector was disposed.');
}
