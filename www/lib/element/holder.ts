import { createDetector } from '../detector/create.js';
import { toDetectorError } from '../api/errors.js';
import type { Detector } from '../api/detector.js';
import type { DetectorOptions, LoadProgress } from '../api/options.js';
import type { LoadState } from './status.js';

/** A detector that is, or was, being loaded here. */
interface Own {
  readonly detector: Promise<Detector>;
  readonly abort: AbortController;
}

/** A detector that is loaded when it is first asked for, or one that the page shares. */
export class DetectorHolder {
  #load: LoadState = { state: 'idle' };
  #shared: Detector | undefined;
  #own: Own | undefined;
  /** The one that is loaded, shared or not. */
  #current: Detector | undefined;
  readonly #changed: (load: LoadState) => void;

  /** @param changed - called after every change of {@link load} */
  constructor(changed: (load: LoadState) => void) {
    this.#changed = changed;
  }

  get load(): LoadState {
    return this.#load;
  }

  /** The page's detector, which is never disposed of here. */
  get shared(): Detector | undefined {
    return this.#shared;
  }
  set shared(detector: Detector | undefined) {
    this.release();
    this.#shared = detector;
    this.refresh();
  }

  /**
   * The detector; loads it where there is none. After a failure the next call tries again.
   *
   * @throws {DetectorError} what createDetector() throws
   */
  get(options: Pick<DetectorOptions, 'device' | 'model'>): Promise<Detector> {
    if (this.#shared !== undefined) return Promise.resolve(this.#shared);
    this.#own ??= this.#start(options);
    return this.#own.detector;
  }

  /** Gives up what was loaded here; a shared detector stays. */
  release(): void {
    const own = this.#own;
    if (own === undefined) return;
    this.#own = undefined;
    this.#current = undefined;
    own.abort.abort();
    own.detector.then(
      (detector) => detector.dispose(),
      () => undefined,
    );
    this.#set({ state: 'idle' });
  }

  /** Looks at the detector anew: its device changes when a GPU breaks. */
  refresh(detector = this.#shared): void {
    this.#current = detector;
    if (detector === undefined) this.#set({ state: 'idle' });
    else if (this.#load.state !== 'ready' || this.#load.info !== detector.info) {
      this.#set({ state: 'ready', info: detector.info });
    }
  }

  /** Whether a detector is still the one in use. */
  holds(detector: Detector): boolean {
    return detector === this.#current;
  }

  #start(options: Pick<DetectorOptions, 'device' | 'model'>): Own {
    const abort = new AbortController();
    const onProgress = (progress: LoadProgress): void => {
      if (!abort.signal.aborted) this.#set({ state: 'loading', progress });
    };
    onProgress({ phase: 'core', loadedBytes: 0, totalBytes: 0 });
    const detector = createDetector({ ...options, onProgress, signal: abort.signal }).then(
      (ready) => {
        if (!abort.signal.aborted) this.refresh(ready);
        return ready;
      },
      (thrown: unknown) => {
        const error = toDetectorError(thrown);
        if (!abort.signal.aborted) {
          this.#own = undefined;
          this.#set({ state: 'failed', error });
        }
        throw error;
      },
    );
    return { detector, abort };
  }

  #set(load: LoadState): void {
    this.#load = load;
    this.#changed(load);
  }
}
