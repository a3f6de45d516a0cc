import { Deadline, DetectorError, readPieces } from 'clipsight';
import { trustScript } from '../network/trusted.js';
import { PROGRAM } from './program.js';
import type { NetworkLock } from '../network/lock.js';
import type { Offline } from '../offline/offline.js';
import type { Ask, Told } from './program.js';

/** Written by the build: crates/clipsight-measure, the code of `clipsight eval`. */
const moduleUrl = new URL('./measure.wasm', import.meta.url);

/** The network as far as it is open, and the program that keeps files for visits without one. */
interface Ways {
  readonly lock: NetworkLock;
  readonly offline: Offline;
}

let known: Promise<Uint8Array<ArrayBuffer>> | undefined;

/**
 * Asks the measuring module, in a worker of its own. It is fetched when it is first asked: under
 * the network lock by the program that keeps the page's files, which knows its name.
 *
 * @throws {DetectorError} `network`: it cannot be fetched; `aborted`; `internal`
 */
export async function askModule<T>(
  ways: Ways,
  ask: Omit<Ask, 'module'>,
  signal: AbortSignal,
): Promise<T> {
  known ??= fetchModule(ways);
  // What did not arrive is asked for again.
  known.catch(() => (known = undefined));
  const module = await known;
  const answer = JSON.parse(await run({ ...ask, module }, signal)) as {
    readonly ok?: T;
    readonly problem?: FolderProblem;
    readonly error?: string;
  };
  if (answer.problem !== undefined) throw new ProblemError(answer.problem);
  if (answer.ok === undefined)
    throw new DetectorError('internal', answer.error ?? 'The measuring program gave no answer.');
  return answer.ok;
}

/** Why a folder cannot be measured: `Problem` of crates/clipsight-measure. */
export type FolderProblem =
  | { readonly problem: 'no-labels' }
  | { readonly problem: 'one-class'; readonly generated: boolean }
  | { readonly problem: 'several-tables'; readonly tables: readonly string[] }
  | { readonly problem: 'table'; readonly table: string; readonly message: string };

/** A folder that cannot be measured. */
export class ProblemError extends Error {
  readonly problem: FolderProblem;

  constructor(problem: FolderProblem) {
    super(problem.problem);
    this.problem = problem;
  }
}

async function fetchModule({ lock, offline }: Ways): Promise<Uint8Array<ArrayBuffer>> {
  const kept = await keptModule();
  if (kept !== undefined) return kept;
  if (lock.state === 'locked') {
    const come = (await offline.decoder('measure')) ? await keptModule() : undefined;
    if (come !== undefined) return come;
  } else {
    const deadline = new Deadline();
    try {
      const init: RequestInit = { credentials: 'same-origin', signal: deadline.signal };
      const response = await fetch(moduleUrl, init);
      const pieces: Uint8Array<ArrayBuffer>[] = [];
      await readPieces(response, deadline, (piece) => pieces.push(piece));
      if (response.ok) return new Uint8Array(await new Blob(pieces).arrayBuffer());
    } catch {
      // Said below.
    } finally {
      deadline.end();
    }
  }
  throw new DetectorError(
    'network',
    'The measuring program could not be fetched. Check the connection and try again.',
  );
}

/** What the program that keeps the page's files has of it. */
async function keptModule(): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    const response = await caches.match(moduleUrl);
    return response?.ok === true ? new Uint8Array(await response.arrayBuffer()) : undefined;
  } catch {
    // Private windows.
    return undefined;
  }
}

function run(ask: Ask, signal: AbortSignal): Promise<string> {
  const address = URL.createObjectURL(new Blob([PROGRAM], { type: 'text/javascript' }));
  const worker = new Worker(trustScript(address));
  const told = new Promise<string>((resolve, reject) => {
    const fail = (cause: unknown): void => {
      reject(new DetectorError('internal', 'The measuring program failed.', { cause }));
    };
    worker.onmessage = ({ data }: MessageEvent<Told>): void => {
      if ('answer' in data) resolve(data.answer);
      else fail(data.stopped);
    };
    worker.onerror = fail;
    const stop = (): void => {
      reject(new DetectorError('aborted', 'It was stopped.'));
    };
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
  });
  worker.postMessage(ask);
  return told.finally(() => {
    worker.terminate();
    URL.revokeObjectURL(address);
  });
}
