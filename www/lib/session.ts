import { DetectorError } from './errors.js';
import type { Calls, Response, WireError } from './rpc.js';
import type { LoadProgress } from './types.js';

interface Pending {
  readonly resolve: (result: never) => void;
  readonly reject: (error: DetectorError) => void;
}

/**
 * One worker from start to end. However the worker ends, every open call is settled: a session never hangs.
 *
 * @internal
 */
export class Session {
  /** The device the worker chose; undefined until it did. */
  device: 'webgpu' | 'cpu' | undefined;

  /** Called with each step of loading. */
  onProgress: ((progress: LoadProgress) => void) | undefined;

  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #nextId = 0;
  #ended: DetectorError | undefined;

  constructor() {
    try {
      // A literal, so that bundlers see the worker and emit it.
      this.#worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module', name: 'clipsight' });
    } catch (error) {
      throw new DetectorError(
        'network',
        'The worker script could not be started. It must come from the same origin as the page.',
        { cause: error },
      );
    }
    this.#worker.addEventListener('message', ({ data }: MessageEvent<Response>) => {
      this.#receive(data);
    });
    this.#worker.addEventListener('messageerror', () => {
      this.end(new DetectorError('internal', 'A message from the worker could not be read.'));
    });
    this.#worker.addEventListener('error', (event) => {
      event.preventDefault();
      // A script that cannot be fetched gives a plain event, a script that throws gives one with a message.
      const message = event instanceof ErrorEvent ? event.message : '';
      this.end(
        message === ''
          ? new DetectorError('network', 'The worker script could not be loaded. Check the connection and try again.')
          : new DetectorError(this.device === 'webgpu' ? 'device-lost' : 'internal', `The worker stopped: ${message}`),
      );
    });
  }

  /** Why the session ended, if it did. */
  get ended(): DetectorError | undefined {
    return this.#ended;
  }

  /** Sends a call and waits for its answer. */
  call<K extends keyof Calls>(call: K, params: Calls[K]['params']): Promise<Calls[K]['result']> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const id = this.#nextId++;
    return new Promise<Calls[K]['result']>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#worker.postMessage({ id, call, params });
    });
  }

  /** Ends the worker at once; open calls reject with `reason`. */
  end(reason: DetectorError): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    this.#worker.terminate();
    const open = [...this.#pending.values()];
    this.#pending.clear();
    for (const pending of open) pending.reject(reason);
  }

  #receive(response: Response): void {
    switch (response.type) {
      case 'device':
        this.device = response.device;
        break;
      case 'progress':
        this.onProgress?.(response.progress);
        break;
      case 'result':
        this.#take(response.id)?.resolve(response.result as never);
        break;
      case 'error': {
        const error = fromWire(response.error);
        this.#take(response.id)?.reject(error);
        if (response.error.fatal) this.end(error);
        break;
      }
      case 'fatal':
        this.end(fromWire(response.error));
        break;
    }
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }
}

function fromWire(error: WireError): DetectorError {
  return new DetectorError(error.code, error.message);
}
