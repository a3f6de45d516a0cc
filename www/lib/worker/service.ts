import { DetectorError, toDetectorError } from '../api/errors.js';
import type { DetectorErrorCode } from '../api/errors.js';
import type { Calls, Response, WireError } from './rpc.js';
import type { Build } from '../builds/interface.js';
import { LoadedModel } from './loaded-model.js';
import { isRequest } from './request.js';

/** Answers calls, one model long. */
export class Service {
  readonly #post: (response: Response) => void;
  readonly #signal: AbortSignal | undefined;
  #build: Build | undefined;
  #model: LoadedModel | undefined;
  #loading = false;
  #device: 'webgpu' | 'cpu' | undefined;

  /**
   * @param post - sends an answer
   * @param signal - ends the service: stops loading, frees the model
   */
  constructor(post: (response: Response) => void, signal?: AbortSignal) {
    this.#post = post;
    this.#signal = signal;
    signal?.addEventListener('abort', () => this.#model?.free(), { once: true });
  }

  /** Takes a message. What is no call, whoever sent it, changes nothing and gets no answer. */
  receive(message: unknown): void {
    if (!isRequest(message)) return;
    const { id } = message;
    const answer =
      message.call === 'load' ? this.#load(message.params) : this.#analyze(message.params);
    answer.then(
      (result) => {
        this.#post({ type: 'result', id, result });
      },
      (error: unknown) => {
        this.#post({ type: 'error', id, error: this.#toWire(error) });
      },
    );
  }

  /** Something broke outside of any call. */
  crash(thrown: unknown): void {
    this.#post({ type: 'fatal', error: { ...this.#toWire(thrown), fatal: true } });
  }

  /**
   * Whether an error of a realm that is not ours alone is a panic of our Rust code; then it is
   * dealt with.
   */
  takePanic(thrown: unknown): boolean {
    if (!(thrown instanceof WebAssembly.RuntimeError)) return false;
    const message = this.#panicMessage();
    if (message === undefined) return false;
    this.crash(new DetectorError(this.#device === 'webgpu' ? 'device-lost' : 'internal', message));
    return true;
  }

  async #load(params: Calls['load']['params']): Promise<Calls['load']['result']> {
    if (this.#loading) throw new Error('load was called twice');
    this.#loading = true;
    const model = await LoadedModel.load(params, {
      device: (device) => {
        this.#device = device;
        this.#post({ type: 'device', device });
      },
      build: (build) => {
        this.#build = build;
      },
      progress: (progress) => {
        this.#post({ type: 'progress', progress });
      },
      lost: (message) => {
        this.#post({ type: 'fatal', error: { code: 'device-lost', message, fatal: true } });
      },
      signal: this.#signal,
    });
    this.#model = model;
    if (this.#signal?.aborted === true) model.free();
    return model.info;
  }

  #analyze(params: Calls['analyze']['params']): Promise<Calls['analyze']['result']> {
    return (
      this.#model?.analyze(params) ??
      Promise.reject(new Error('analyze was called before load had ended'))
    );
  }

  #toWire(thrown: unknown): WireError {
    const crashed = thrown instanceof WebAssembly.RuntimeError;
    const broken: DetectorErrorCode = this.#device === 'webgpu' ? 'device-lost' : 'internal';
    const { code, message } = toDetectorError(thrown, broken);
    // On the GPU an internal error says that the device does not do what it should; on the CPU only
    // a panic ends the instance.
    const fatal =
      crashed || code === 'device-lost' || (this.#device === 'webgpu' && code === 'internal');
    // The panic's place stands in the first line, what it says in the second.
    const panic = crashed ? this.#panicMessage()?.split('\n', 2).join(' ') : undefined;
    // What comes from the browser may carry a stack; people are told the first line.
    const [line = ''] = (panic ?? message).split('\n', 1);
    return { code, message: line.slice(0, 300), fatal };
  }

  /** An instance that crashed may be too broken to say why. */
  #panicMessage(): string | undefined {
    try {
      return this.#build?.panicMessage();
    } catch {
      return undefined;
    }
  }
}
