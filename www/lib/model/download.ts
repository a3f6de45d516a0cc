import { DetectorError, aborted } from '../api/errors.js';
import { DOWNLOAD_RESUMES, RESUME_DELAY_MS } from '../api/limits.js';
import { Deadline, readPieces, tooSlow } from '../network/deadline.js';
import { refused, request, shown, unreachable } from '../network/request.js';

/** How a file is fetched. */
export interface DownloadOptions {
  /** More bytes than these are refused as soon as they come in. */
  readonly limit: number;
  /** What the file is, for messages: "The model file" and the like. */
  readonly what?: string;
  /** Called with all bytes that are there so far. */
  readonly onReceived?: (bytes: number) => void;
  readonly signal?: AbortSignal | undefined;
  /** Past the HTTP cache. */
  readonly reload?: boolean;
  /** What is filled, at least `limit` bytes; else a buffer of exactly what comes is made. */
  readonly into?: ArrayBuffer;
}

/**
 * Fetches a file of known or bounded size. A connection that breaks half-way is taken up where it
 * broke, if the server answers to ranges; whether the parts fit together is for the file's hash to
 * say.
 *
 * @returns what came; fewer bytes than expected are the caller's to judge
 * @throws {DetectorError} `network` (with a `cause` where nobody answered to the end),
 * `weights-corrupt` (larger than `limit`), `aborted`
 */
export async function download(
  url: string,
  options: DownloadOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const { limit, onReceived, signal } = options;
  const what = options.what ?? 'The model file';
  const bytes = new Uint8Array(options.into ?? new ArrayBuffer(limit), 0, limit);
  const all = (): Uint8Array<ArrayBuffer> => {
    const received = bytes.subarray(0, length);
    // Far below its limit it would be kept, and copied, with all of the buffer.
    return options.into === undefined && length < limit ? received.slice() : received;
  };
  let length = 0;
  // Whether the server ever began to answer: a connection that breaks then is worth another try, no
  // connection is not.
  let begun = false;
  for (let resumes = 0; ; resumes += 1) {
    const deadline = new Deadline(signal);
    try {
      const response = await request(url, requestOf(length, options, deadline.signal));
      if (response.status === 416 && length > 0) {
        // Nothing after what we have: the file changed, or was complete all along and its hash will
        // tell.
        return all();
      }
      if (!response.ok) throw refused(what, url, response);
      begun = true;
      if (response.status !== 206) length = 0;
      await readPieces(response, deadline, (piece) => {
        if (length + piece.byteLength > limit) {
          const message = `${what} at ${shown(url)} is larger than it should be.`;
          throw new DetectorError('weights-corrupt', message);
        }
        bytes.set(piece, length);
        length += piece.byteLength;
        onReceived?.(length);
      });
      return all();
    } catch (error) {
      if (error instanceof DetectorError) throw error;
      if (signal?.aborted === true) throw aborted(signal);
      if (deadline.passed) throw tooSlow(what);
      if (!begun || resumes === DOWNLOAD_RESUMES) throw unreachable(what, url, error);
    } finally {
      deadline.end();
    }
    await delay(RESUME_DELAY_MS * 2 ** resumes, signal);
  }
}

function requestOf(from: number, { reload }: DownloadOptions, signal: AbortSignal): RequestInit {
  return {
    credentials: 'same-origin',
    signal,
    ...(reload === true ? { cache: 'reload' } : {}),
    // A single range from some byte on needs no preflight, and keeps the answer from being
    // compressed.
    ...(from > 0 ? { headers: { Range: `bytes=${String(from)}-` } } : {}),
  };
}

/** Over early when the signal is aborted, which the next request then says. */
function delay(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const over = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', over);
      resolve();
    };
    const timer = setTimeout(over, ms);
    signal?.addEventListener('abort', over);
  });
}
