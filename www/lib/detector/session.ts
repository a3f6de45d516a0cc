import { DetectorError } from '../api/errors.js';
import type { AnalyzeProgress, LoadProgress } from '../api/options.js';
import type { Calls, Port, PortEvents, Response, WireError } from '../worker/rpc.js';

/** Who waits for a call's answer: is told how far it is, and may wait no more. */
export interface Waiting {
  readonly signal?: AbortSignal | undefined;
  readonly onStep?: ((progress: AnalyzeProgress) => void) | undefined;
}

interface Pending {
  readonly onStep: Waiting['onStep'];
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

  /**
   * Sends a call and waits for its answer. A call that nobody waits for any more ends with
   * `aborted`, or with its answer, if it is as good as done.
   */
  call<K extends keyof Calls>(
    call: K,
    params: Calls[K]['params'],
    { signal, onStep }: Waiting = {},
  ): Promise<Calls[K]['result']> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const id = this.#nextId++;
    const cancel = (): void => {
      this.#port.cancel({ call: 'cancel', id });
    };
    const answer = new Promise<Calls[K]['result']>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject, onStep });
      // The compiler cannot know that a call and its parameters stay together.
      this.#port.send({ id, call, params } as Parameters<Port['send']>[0]);
    });
    if (signal === undefined) return answer;
    if (signal.aborted) cancel();
    signal.addEventListener('abort', cancel, { once: true });
    return answer.finally(() => {
      signal.removeEventListener('abort', cancel);
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
      case 'step':
        this.#pending.get(response.id)?.onStep?.(response.progress);
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
