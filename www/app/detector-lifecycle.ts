import { createDetector, DetectorError, fetchModel, workerUrl } from 'clipsight';
import { toError } from './errors.js';
import { trustScript } from './network/trusted.js';
import type { Detector, DevicePreference, LoadProgress, ModelFiles } from 'clipsight';
import type { NetworkLock } from './network/lock.js';
import type { Offline } from './offline/offline.js';

/** Where the detector stands. */
export type LifecycleState =
  | { readonly phase: 'loading'; readonly progress: LoadProgress }
  | { readonly phase: 'ready'; readonly detector: Detector }
  | { readonly phase: 'failed'; readonly error: DetectorError };

/** Everything that comes over the network for the detector. */
interface Loaded {
  readonly files: ModelFiles;
  /** The worker's program: one file that imports nothing. */
  readonly worker: ArrayBuffer;
}

/** What is to be loaded, and who takes part. */
export interface LifecycleParts {
  /** Address of another model's manifest than the compact one. */
  readonly model: URL | undefined;
  readonly device: DevicePreference;
  readonly lock: NetworkLock;
  readonly offline: Offline;
  /** Whether the network is to stay open. */
  readonly unlocked: boolean;
}

/**
 * Loads the detector: first everything that comes over the network, on this thread; then the lock
 * is closed; then a worker is started that never had a network. Dispatches `change`.
 */
export class DetectorLifecycle extends EventTarget {
  readonly #parts: LifecycleParts;
  #loaded: Loaded | undefined;
  #state: LifecycleState = {
    phase: 'loading',
    progress: { phase: 'core', loadedBytes: 0, totalBytes: 0 },
  };

  constructor(parts: LifecycleParts) {
    super();
    this.#parts = parts;
  }

  get state(): LifecycleState {
    return this.#state;
  }

  /**
   * Whether the next visit has the model without a connection: the page's own, where the page is
   * kept.
   */
  get staysHere(): boolean {
    return this.#parts.model === undefined && this.#parts.offline.kept;
  }

  get detector(): Detector | undefined {
    return this.#state.phase === 'ready' ? this.#state.detector : undefined;
  }

  /** Loads, or tries once more after a failure. */
  async start(): Promise<void> {
    const { lock, offline, unlocked } = this.#parts;
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
        ...(model === undefined ? {} : { model }),
        device,
        onProgress: (progress) => {
          this.#set({ phase: 'loading', progress });
        },
      }),
      fetchWorker(),
    ]);
    return { files, worker };
  }

  async #begin({ files, worker }: Loaded): Promise<void> {
    // Made after the lock is closed: a worker takes the policies over that stand by then.
    const address = URL.createObjectURL(new Blob([worker], { type: 'text/javascript' }));
    const detector = await createDetector({
      model: files,
      worker: new URL(trustScript(address)),
      onProgress: (progress) => {
        if (progress.phase === 'self-test' || progress.phase === 'fallback')
          this.#set({ phase: 'loading', progress });
      },
    });
    this.#set({ phase: 'ready', detector });
  }

  #set(state: LifecycleState): void {
    this.#state = state;
    this.dispatchEvent(new Event('change'));
  }
}

async function fetchWorker(): Promise<ArrayBuffer> {
  try {
    const response = await fetch(workerUrl, { credentials: 'same-origin' });
    if (response.ok) return await response.arrayBuffer();
  } catch {
    // Said below.
  }
  throw new DetectorError(
    'network',
    'The program could not be fetched. Check the connection and try again.',
  );
}
