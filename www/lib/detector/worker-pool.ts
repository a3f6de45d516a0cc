import { aborted, toDetectorError } from '../errors.js';
import type { DetectorError } from '../errors.js';

/** Somebody who does one job at a time. */
type Hand<P, R> = (params: P) => Promise<R>;

/** Who works a queue off. */
export interface Hands<P, R> {
  /** Is there from the start. */
  readonly first: Hand<P, R>;
  /** How many there may be, the first included. */
  readonly most: () => number;
  /** Brings one more; rejects when there is none to be had. */
  readonly help: () => Promise<Hand<P, R>>;
  /** Jobs that must wait before one more is brought. */
  readonly waitingBeforeHelp: number;
}

/** One job on its way. */
interface Job<P, R> {
  readonly params: P;
  /** Its caller has an answer, e.g. because it aborted while somebody was busy with it. */
  settled: boolean;
  readonly resolve: (result: R) => void;
  readonly reject: (error: DetectorError) => void;
}

/**
 * Jobs in the order in which they came; each hand takes one at a time, so that an abort can still
 * take later ones back.
 */
export class Queue<P, R> {
  readonly #hands: Hands<P, R>;
  readonly #jobs: Job<P, R>[] = [];
  readonly #idle: Hand<P, R>[];
  #count = 1;
  #bringing = false;
  /** Set when no further hand was to be had: the machine has given what it has. */
  #noMore = false;

  constructor(hands: Hands<P, R>) {
    this.#hands = hands;
    this.#idle = [hands.first];
  }

  /** Has a job done. */
  add(params: P, signal: AbortSignal | undefined): Promise<R> {
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
    const hand = this.#idle.shift();
    if (hand !== undefined) {
      void this.#work(hand);
      return;
    }
    const enough =
      this.#jobs.length < this.#hands.waitingBeforeHelp || this.#count >= this.#hands.most();
    if (this.#bringing || this.#noMore || enough) return;
    this.#bringing = true;
    this.#hands.help().then(
      (helper) => {
        this.#bringing = false;
        this.#count += 1;
        // More may be waiting than these can do.
        this.#dispatch();
        return this.#work(helper);
      },
      () => {
        this.#bringing = false;
        this.#noMore = true;
      },
    );
  }

  async #work(hand: Hand<P, R>): Promise<void> {
    for (let job = this.#jobs.shift(); job !== undefined; job = this.#jobs.shift()) {
      if (job.settled) continue;
      try {
        job.resolve(await hand(job.params));
      } catch (error) {
        job.reject(toDetectorError(error));
      }
    }
    this.#idle.push(hand);
  }
}
