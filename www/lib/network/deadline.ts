import { DetectorError } from '../api/errors.js';
import { FETCH_WINDOW_BYTES, FETCH_WINDOW_MS } from '../api/limits.js';

/**
 * The patience with one fetch: within any {@link FETCH_WINDOW_MS} at least {@link
 * FETCH_WINDOW_BYTES} must come in, or the end. A slow connection passes, and a server that never
 * answers, or sends a byte now and then for ever, does not.
 */
export class Deadline {
  /** Ends the fetch: when the deadline passes, or when the caller gives up. */
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #caller: AbortSignal | undefined;
  #received = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #passed = false;

  /** @param caller - whoever may give up before */
  constructor(caller?: AbortSignal) {
    this.signal = this.#controller.signal;
    this.#caller = caller;
    caller?.addEventListener('abort', this.#give);
    if (caller?.aborted === true) this.#give();
    this.#start(FETCH_WINDOW_MS);
  }

  /** It was the server that took too long. */
  get passed(): boolean {
    return this.#passed;
  }

  /** So many bytes came in. */
  received(bytes: number): void {
    this.#received += bytes;
    if (this.#received >= FETCH_WINDOW_BYTES) this.#start(FETCH_WINDOW_MS);
  }

  /** From here on nobody sees the bytes come in, of which there are so many. */
  allow(bytes: number): void {
    this.#start(FETCH_WINDOW_MS * (1 + Math.ceil(bytes / FETCH_WINDOW_BYTES)));
  }

  /** To be called once the fetch is over, however it ended: what still comes is not waited for. */
  end(): void {
    clearTimeout(this.#timer);
    this.#controller.abort();
    this.#caller?.removeEventListener('abort', this.#give);
  }

  readonly #give = (): void => {
    this.#controller.abort(this.#caller?.reason);
  };

  #start(ms: number): void {
    clearTimeout(this.#timer);
    this.#received = 0;
    this.#timer = setTimeout(() => {
      this.#passed = true;
      this.#controller.abort();
    }, ms);
  }
}

/**
 * Reads a body to its end.
 *
 * @param deadline - of the fetch that brought it
 * @param onPiece - called with each piece; what it throws ends the fetch
 */
export async function readPieces(
  { body }: Response,
  deadline: Deadline,
  onPiece: (piece: Uint8Array<ArrayBuffer>) => void,
): Promise<void> {
  const reader = body?.getReader();
  try {
    for (;;) {
      const piece = (await reader?.read())?.value;
      if (piece === undefined) return;
      deadline.received(piece.byteLength);
      onPiece(piece);
    }
  } catch (error) {
    void reader?.cancel().catch(() => undefined);
    throw error;
  }
}

/** What is said of a server that took too long; `what` as in "The model file …". */
export function tooSlow(what: string): DetectorError {
  const seconds = String(FETCH_WINDOW_MS / 1000);
  return new DetectorError(
    'network',
    `${what} could not be fetched: the server sent next to nothing for ${seconds} seconds. Try ` +
      'again later.',
  );
}
