import {
  createDetector,
  Deadline,
  DetectorError,
  fetchModel,
  readPieces,
  workerUrl,
} from 'clipsight';
import standard from 'clipsight-model-standard';
import { toError } from './errors.js';
import { mayLoadStandard } from './model-choice.js';
import { trustScript } from './network/trusted.js';
import type { Detector, DevicePreference, LoadProgress, ModelFiles } from 'clipsight';
import type { NetworkLock } from './network/lock.js';
import type { Offline } from './offline/offline.js';

/** Where the detector stands. */
export type LifecycleState =
  | { readonly phase: 'loading'; readonly progress: LoadProgress }
  | { readonly phase: 'ready'; readonly detector: Detector }
  | { readonly phase: 'failed'; readonly error: DetectorError };

/**
 * Where the standard model stands, beside the compact one.
 *
 * - `unused`: the visitor has not chosen it
 * - `metered`: chosen, and not downloaded over this connection without being asked
 * - `fetching`: comes in; `stop` goes on without it
 * - `stopped`: the visitor did not want to wait
 * - `preparing`: it is here, and a worker makes it ready while the compact one answers
 * - `ready`: it answers
 * - `failed`: it could not be fetched, or does not run here; the compact one answers
 * - `absent`: another model, from an address, answers
 */
export type StandardState =
  | { readonly phase: 'unused' | 'metered' | 'stopped' | 'preparing' | 'ready' | 'absent' }
  | { readonly phase: 'fetching'; readonly stop: () => void }
  | { readonly phase: 'failed'; readonly error: DetectorError };

/** The model that the visitor chose: one of the page's own, or somebody else's by its address. */
export type ModelChoice = 'compact' | 'standard' | URL;

/** Everything that comes over the network for the detectors. */
interface Loaded {
  readonly files: ModelFiles;
  readonly standard: ModelFiles | undefined;
  /** The worker's program: one file that imports nothing. */
  readonly worker: ArrayBuffer;
}

/** What is to be loaded, and who takes part. */
export interface LifecycleParts {
  readonly model: ModelChoice;
  readonly device: DevicePreference;
  readonly lock: NetworkLock;
  readonly offline: Offline;
  /** Whether the network is to stay open. */
  readonly unlocked: boolean;
  /** Whether the visitor has just asked for the standard model, whatever it takes to download. */
  readonly download: boolean;
}

/**
 * Loads the detector: first everything that comes over the network, on this thread; then the lock
 * is closed; then a worker is started that never had a network. Where the standard model is wanted,
 * the compact one starts first, answers while the other is made ready, and stays should that fail.
 * Dispatches `change`.
 */
export class DetectorLifecycle extends EventTarget {
  readonly #parts: LifecycleParts;
  #loaded: Loaded | undefined;
  #state: LifecycleState = {
    phase: 'loading',
    progress: { phase: 'core', loadedBytes: 0, totalBytes: 0 },
  };
  #standard: StandardState;
  /** The bytes of the answering model's manifest. */
  #manifest: Uint8Array | undefined;
  /** Counts starts: what an earlier one still prepares is of no use any more. */
  #start = 0;
  #program: URL | undefined;

  constructor(parts: LifecycleParts) {
    super();
    this.#parts = parts;
    this.#standard = { phase: parts.model instanceof URL ? 'absent' : 'unused' };
  }

  get state(): LifecycleState {
    return this.#state;
  }

  get standard(): StandardState {
    return this.#standard;
  }

  /**
   * Whether the next visit has the model that answers without a connection: one of the page's own,
   * where the page and the weights are kept.
   */
  get staysHere(): boolean {
    const own = !(this.#parts.model instanceof URL);
    return own && this.#parts.offline.kept && this.detector?.info.cache !== 'unavailable';
  }

  /** The calibration of the model that answers, as its manifest has it. */
  get calibration(): unknown {
    if (this.#manifest === undefined) return undefined;
    const manifest: unknown = JSON.parse(new TextDecoder().decode(this.#manifest));
    return (manifest as { readonly calibration?: unknown }).calibration;
  }

  /** The worker's program, which starts behind the lock. */
  get program(): URL | undefined {
    return this.#program;
  }

  /** Where the labelled rows of the model that answers are, which teaching fetches. */
  get references(): string | undefined {
    const { files, standard: better } = this.#loaded ?? {};
    return (this.#standard.phase === 'ready' ? better : files)?.references;
  }

  get detector(): Detector | undefined {
    return this.#state.phase === 'ready' ? this.#state.detector : undefined;
  }

  /** Loads, or tries once more after a failure. */
  async start(): Promise<void> {
    const { lock, offline, unlocked } = this.#parts;
    this.#start += 1;
    try {
      if (this.#loaded === undefined) {
        this.#loaded = await this.#load();
        await offline.keep();
        if (unlocked) lock.leaveOpen();
        else lock.close();
      }
      await this.#begin(this.#loaded);
    } catch (thrown) {
      this.#set({ phase: 'failed', error: toError(thrown) });
    }
  }

  /**
   * Closes the lock of a page that was left open: with a new worker, as the old one was started
   * without it.
   */
  async lockNow(): Promise<void> {
    const { detector } = this;
    this.#parts.lock.close();
    this.#set({ phase: 'loading', progress: { phase: 'core', loadedBytes: 0, totalBytes: 0 } });
    await detector?.dispose();
    await this.start();
  }

  async #load(): Promise<Loaded> {
    const { model, device } = this.#parts;
    const [files, worker] = await Promise.all([
      fetchModel({
        ...(model instanceof URL ? { model } : {}),
        device,
        onProgress: this.#onProgress,
      }),
      fetchWorker(),
    ]);
    return { files, worker, standard: await this.#loadStandard(files) };
  }

  /** The standard model's files where they are wanted; a failure is no one's but its own. */
  async #loadStandard({ device, cores }: ModelFiles): Promise<ModelFiles | undefined> {
    if (this.#parts.model !== 'standard') return undefined;
    const stop = new AbortController();
    try {
      if (!this.#parts.download && !(await mayLoadStandard())) {
        this.#setStandard({ phase: 'metered' });
        return undefined;
      }
      this.#setStandard({
        phase: 'fetching',
        stop: () => {
          stop.abort();
        },
      });
      // The builds are here already.
      const files = await fetchModel({
        model: standard,
        device,
        wasm: cores,
        signal: stop.signal,
        onProgress: this.#onProgress,
      });
      this.#setStandard({ phase: 'preparing' });
      return files;
    } catch (thrown) {
      const failed = { phase: 'failed', error: toError(thrown) } as const;
      this.#setStandard(stop.signal.aborted ? { phase: 'stopped' } : failed);
      return undefined;
    }
  }

  readonly #onProgress = (progress: LoadProgress): void => {
    this.#set({ phase: 'loading', progress });
  };

  async #begin({ files, standard: better, worker }: Loaded): Promise<void> {
    const start = this.#start;
    // Made after the lock is closed: a worker takes the policies over that stand by then.
    const address = URL.createObjectURL(new Blob([worker], { type: 'text/javascript' }));
    const program = new URL(trustScript(address));
    this.#program = program;
    const detector = await createDetector({
      model: files,
      worker: program,
      onProgress: (progress) => {
        if (progress.phase === 'self-test' || progress.phase === 'fallback')
          this.#set({ phase: 'loading', progress });
      },
    });
    this.#manifest = files.manifest;
    this.#set({ phase: 'ready', detector });
    if (better === undefined) return;
    this.#setStandard({ phase: 'preparing' });
    try {
      const replacement = await createDetector({ model: better, worker: program });
      if (start !== this.#start) {
        await replacement.dispose();
        return;
      }
      this.#standard = { phase: 'ready' };
      this.#manifest = better.manifest;
      // Whoever still works with the first one lets go of it when told.
      this.#set({ phase: 'ready', detector: replacement });
      await detector.dispose();
    } catch (thrown) {
      if (start === this.#start) this.#setStandard({ phase: 'failed', error: toError(thrown) });
    }
  }

  #set(state: LifecycleState): void {
    this.#state = state;
    this.dispatchEvent(new Event('change'));
  }

  #setStandard(state: StandardState): void {
    this.#standard = state;
    this.dispatchEvent(new Event('change'));
  }
}

async function fetchWorker(): Promise<ArrayBuffer> {
  const deadline = new Deadline();
  try {
    const init: RequestInit = { credentials: 'same-origin', signal: deadline.signal };
    const response = await fetch(workerUrl, init);
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    await readPieces(response, deadline, (piece) => pieces.push(piece));
    if (response.ok) return await new Blob(pieces).arrayBuffer();
  } catch {
    // Said below.
  } finally {
    deadline.end();
  }
  throw new DetectorError(
    'network',
    'The program could not be fetched. Check the connection and try again.',
  );
}
