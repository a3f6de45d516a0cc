import { aborted, toDetectorError } from '../api/errors.js';
import type { DetectorError } from '../api/errors.js';

/** A worker: does one job at a time, for as long as the signal says that it is wanted. */
type PoolWorker<P, R> = (params: P, signal: AbortSignal | undefined) => Promise<R>;

/** What a pool is made of. */
export interface PoolOptions<P, R> {
  /** The worker that is there from the start. */
  readonly firstWorker: PoolWorker<P, R>;
  /** How many workers there may be, the first included. */
  readonly maxWorkers: () => number;
  /** Starts one more worker; rejects when the machine cannot hold another. */
  readonly startWorker: () => Promise<PoolWorker<P, R>>;
  /** Jobs that must be waiting before another worker is started. */
  readonly waitingBeforeStart: number;
}

/** One job on its way. */
interface Job<P, R> {
  readonly params: P;
  readonly signal: AbortSignal | undefined;
  /** Its caller has an answer, e.g. because it aborted while a worker was busy with it. */
  settled: boolean;
  readonly resolve: (result: R) => void;
  readonly reject: (error: DetectorError) => void;
}

/**
 * Jobs in the order in which they came; each worker takes one at a time, so that an abort can still
 * take later ones back.
 */
export class WorkerPool<P, R> {
  readonly #options: PoolOptions<P, R>;
  readonly #jobs: Job<P, R>[] = [];
  readonly #idle: PoolWorker<P, R>[];
  #count = 1;
  #starting = false;
  /** Set when a further worker could not be started: the machine has given what it has. */
  #exhausted = false;

  constructor(options: PoolOptions<P, R>) {
    this.#options = options;
    this.#idle = [options.firstWorker];
  }

  /** Runs a job on the next free worker. */
  run(params: P, signal: AbortSignal | undefined): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      const abort = (): void => {
        job.reject(aborted(signal));
      };
      const settle =
        <T>(how: (value: T) => void) =>
        (value: T): void => {
          if (job.settled) return;
          job.settled = true;
          signal?.removeEventListener('abort', abort);
          how(value);
        };
      const job: Job<P, R> = {
        params,
        signal,
        settled: false,
        resolve: settle(resolve),
        reject: settle(reject),
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.#jobs.push(job);
      this.#dispatch();
    });
  }

  /** Rejects what waits. */
  end(reason: DetectorError): void {
    for (const job of this.#jobs.splice(0)) job.reject(reason);
  }

  #dispatch(): void {
    const worker = this.#idle.shift();
    if (worker !== undefined) {
      void this.#work(worker);
      return;
    }
    const { waitingBeforeStart, maxWorkers, startWorker } = this.#options;
    const enough = this.#jobs.length < waitingBeforeStart || this.#count >= maxWorkers();
    if (this.#starting || this.#exhausted || enough) return;
    this.#starting = true;
    startWorker().then(
      (started) => {
        this.#starting = false;
        this.#count += 1;
        // More may be waiting than these can do.
        this.#dispatch();
        return this.#work(started);
      },
      () => {
        this.#starting = false;
        this.#exhausted = true;
      },
    );
  }

  async #work(worker: PoolWorker<P, R>): Promise<void> {
    for (let job = this.#jobs.shift(); job !== undefined; job = this.#jobs.shift()) {
      if (job.settled) continue;
      try {
        job.resolve(await worker(job.params, job.signal));
      } catch (error) {
        job.reject(toDetectorError(error));
      }
    }
    this.#idle.push(worker);
  }
}
