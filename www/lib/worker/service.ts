import { toDetectorError } from '../errors.js';
import type { DetectorErrorCode } from '../errors.js';
import type { Calls, Response, WireError } from '../rpc.js';
import { Engine } from './engine.js';
import { isRequest } from './request.js';

/** Answers calls, one model long. */
export class Service {
  /**
   * The last thing the core wrote to the console. A Rust panic reaches JavaScript as `unreachable`; what it was about is
   * known only to the panic hook, which writes it there.
   */
  panicMessage: string | undefined;

  readonly #post: (response: Response) => void;
  readonly #signal: AbortSignal | undefined;
  #engine: Engine | undefined;
  #loading = false;
  #device: 'webgpu' | 'cpu' | undefined;

  /**
   * @param post - sends an answer
   * @param signal - ends the service: stops loading, frees the model
   */
  constructor(post: (response: Response) => void, signal?: AbortSignal) {
    this.#post = post;
    this.#signal = signal;
    signal?.addEventListener('abort', () => this.#engine?.free(), { once: true });
  }

  /** Takes a message. What is no call, whoever sent it, changes nothing and gets no answer. */
  receive(message: unknown): void {
    if (!isRequest(message)) return;
    const { id } = message;
    const answer = message.call === 'load' ? this.#load(message.params) : this.#analyze(message.params);
    answer.then(
      (result) => {
        this.#post({ type: 'result', id, result });
      },
      (error: unknown) => {
        this.#post({ type: 'error', id, error: this.#toWire(error) });
      },
    );
  }

  /** The core broke outside of any call. */
  crash(thrown: unknown): void {
    this.#post({ type: 'fatal', error: { ...this.#toWire(thrown), fatal: true } });
  }

  async #load(params: Calls['load']['params']): Promise<Calls['load']['result']> {
    if (this.#loading) throw new Error('load was called twice');
    this.#loading = true;
    const engine = await Engine.load(params, {
      device: (device) => {
        this.#device = device;
        this.#post({ type: 'device', device });
      },
      progress: (progress) => {
        this.#post({ type: 'progress', progress });
      },
      lost: (message) => {
        this.#post({ type: 'fatal', error: { code: 'device-lost', message, fatal: true } });
      },
      signal: this.#signal,
    });
    this.#engine = engine;
    if (this.#signal?.aborted === true) engine.free();
    return engine.info;
  }

  #analyze(params: Calls['analyze']['params']): Promise<Calls['analyze']['result']> {
    return this.#engine?.analyze(params) ?? Promise.reject(new Error('analyze was called before load had ended'));
  }

  #toWire(thrown: unknown): WireError {
    const crashed = thrown instanceof WebAssembly.RuntimeError;
    const broken: DetectorErrorCode = this.#device === 'webgpu' ? 'device-lost' : 'internal';
    const { code, message } = toDetectorError(thrown, broken);
    // On the GPU an internal error says that the device does not do what it should; on the CPU only a panic ends the core.
    const fatal = crashed || code === 'device-lost' || (this.#device === 'webgpu' && code === 'internal');
    if (!crashed || this.panicMessage === undefined) return { code, message: firstLine(message, 300), fatal };
    // The panic's place stands in the first line, what it says in the second.
    return { code, message: firstLine(this.panicMessage.split('\n', 2).join(' '), 300), fatal };
  }
}

/** What comes from the browser may carry a stack; people are told the first line. */
function firstLine(text: string, length: number): string {
  const [line = ''] = text.split('\n', 1);
  return line.slice(0, length);
}
