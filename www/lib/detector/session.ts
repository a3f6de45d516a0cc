import { DetectorError } from '../api/errors.js';
import type { LoadProgress } from '../api/options.js';
import type { Calls, Port, PortEvents, Response, WireError } from '../worker/rpc.js';

interface Pending {
  readonly resolve: (result: never) => void;
  readonly reject: (error: DetectorError) => void;
}

/**
 * One worker from start to end. However the worker ends, every open call is settled: a session
 * never hangs.
 *
 * @internal
 */
export class Session {
  /** The device the worker chose; undefined until it did. */
  device: 'webgpu' | 'cpu' | undefined;

  /** Called with each step of loading. */
  onProgress: ((progress: LoadProgress) => void) | undefined;

  readonly #port: Port;
  readonly #pending = new Map<number, Pending>();
  #nextId = 0;
  #ended: DetectorError | undefined;
  #killed = false;

  constructor(open: (events: PortEvents) => Port) {
    this.#port = open({
      received: (response) => {
        this.#receive(response);
      },
      failed: (message, crashed) => {
        const broken = this.device === 'webgpu' ? 'device-lost' : 'internal';
        this.end(new DetectorError(crashed ? broken : 'network', message));
      },
      killed: () => {
        this.#killed ||= this.#ended === undefined;
        this.end(new DetectorError('internal', 'The worker was ended from outside.'));
      },
    });
  }

  /** Why the session ended, if it did. */
  get ended(): DetectorError | undefined {
    return this.#ended;
  }

  /** Whether somebody else ended the worker: no fault of what it was doing. */
  get killed(): boolean {
    return this.#killed;
  }

  /** Sends a call and waits for its answer. */
  call<K extends keyof Calls>(call: K, params: Calls[K]['params']): Promise<Calls[K]['result']> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const id = this.#nextId++;
    return new Promise<Calls[K]['result']>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      // The compiler cannot know that a call and its parameters stay together.
      this.#port.send({ id, call, params } as Parameters<Port['send']>[0]);
    });
  }

  /** Ends the worker at once; open calls reject with `reason`. */
  end(reason: DetectorError): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    this.#port.close();
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
      case 'alive':
        // For the line alone, which watches over it.
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
  const { code, message, decoder } = error;
  return new DetectorError(code, message, decoder === undefined ? {} : { decoder });
}
