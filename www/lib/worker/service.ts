import { toDetectorError } from '../api/errors.js';
import type { DetectorErrorCode } from '../api/errors.js';
import type { Build, Prepared } from '../builds/interface.js';
import type { Verification } from '../api/verification.generated.js';
import { compileDecoder } from '../decoders/compile.js';
import { isDecoderName } from '../decoders/decoders.js';
import type { DecoderName } from '../decoders/decoders.js';
import { Verifier } from '../verifier/verifier.js';
import { explain } from './crash.js';
import type { Crash } from './crash.js';
import { LoadedModel, bytesOf, openBuild } from './loaded-model.js';
import type { ImageParams } from './loaded-model.js';
import type { Calls, Request, Response, WireError } from './rpc.js';
import { isCancel, isRequest } from './request.js';

/** What the verifier is called in messages. */
const WHAT = 'What checks Content Credentials';

/** Answers calls, one model long; those that need no model before it is there, too. */
export class Service {
  readonly #post: (response: Response) => void;
  readonly #signal: AbortSignal | undefined;
  #build: Build | undefined;
  #model: LoadedModel | undefined;
  #loading = false;
  #device: 'webgpu' | 'cpu' | undefined;
  #verifier: Verifier | undefined;
  /** The call that is being worked on, as long as somebody waits for its answer. */
  #wanted: number | undefined;

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
    if (isCancel(message)) {
      if (this.#wanted === message.id) this.#wanted = undefined;
      return;
    }
    if (!isRequest(message)) return;
    const { id } = message;
    this.#answer(message).then(
      (result) => {
        this.#post({ type: 'result', id, result });
      },
      (error: unknown) => {
        this.#post({ type: 'error', id, error: this.#toWire(error) });
      },
    );
  }

  #answer(request: Request): Promise<Calls[keyof Calls]['result']> {
    switch (request.call) {
      case 'load':
        return this.#load(request.params);
      case 'analyze':
        return this.#analyze(request.params, request.id);
      case 'example':
        return this.#example(request.params);
      case 'teach':
        return Promise.resolve(request.params).then((params) =>
          this.#loaded('teach').teach(params),
        );
      case 'head':
        return Promise.resolve(request.params).then(({ bytes }) =>
          this.#loaded('head').readHead(bytes),
        );
      case 'provenance':
        return this.#provenance(request.params);
      case 'verify':
        return this.#verify(request.params);
    }
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
    const panic = this.#panicMessage();
    if (panic === undefined) return false;
    this.#post({ type: 'fatal', error: this.#crashed(thrown, 'computing', panic) });
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

  async #analyze(
    params: Calls['analyze']['params'],
    id: number,
  ): Promise<Calls['analyze']['result']> {
    this.#wanted = id;
    const model = this.#loaded('analyze');
    const image = await this.#read(model, params);
    // One image is scored at a time: nobody is at work with the head before.
    model.judgeWith(params.head);
    return model.score(image, params, async (done, total) => {
      this.#post({ type: 'step', id, progress: { done, total } });
      await nextTask();
      return this.#wanted === id;
    });
  }

  async #example(params: Calls['example']['params']): Promise<Float32Array> {
    const model = this.#loaded('example');
    return model.example(await this.#read(model, { ...params, views: 1 }));
  }

  #loaded(call: keyof Calls): LoadedModel {
    if (this.#model === undefined) throw new Error(`${call} was called before load had ended`);
    return this.#model;
  }

  /** Decodes an image, with another decoder where the core names one. */
  async #read(model: LoadedModel, params: ImageParams): Promise<Prepared> {
    const bytes = await bytesOf(params.input, params.limits);
    try {
      return model.decode(bytes, params);
    } catch (error) {
      if (isCrash(error)) throw new DecoderCrash(error);
      return this.#decodeElsewhere(model, error, bytes, params);
    }
  }

  async #provenance(params: Calls['provenance']['params']): Promise<Calls['provenance']['result']> {
    const [build, bytes] = await Promise.all([
      this.#build ?? openBuild('cpu', params.builds, this.#signal).then(({ glue }) => glue),
      bytesOf(params.input, params.limits),
    ]);
    this.#build = build;
    try {
      return build.readProvenance(bytes);
    } catch (error) {
      throw isCrash(error) ? new DecoderCrash(error) : error;
    }
  }

  /** Where the core names another decoder for an image, that one reads it. */
  async #decodeElsewhere(
    model: LoadedModel,
    refusal: unknown,
    bytes: Uint8Array,
    params: ImageParams,
  ): Promise<Prepared> {
    const name: unknown = (refusal as { readonly decoder?: unknown } | null)?.decoder;
    if (!isDecoderName(name)) throw refusal;
    const decoded = await model.readWith(name, bytes, params).catch((error: unknown) => {
      const { code, message } = toDetectorError(error);
      if (code !== 'network') throw error;
      throw new DecoderMissing(name, message);
    });
    try {
      return model.take(bytes, decoded, params);
    } catch (error) {
      throw isCrash(error) ? new DecoderCrash(error) : error;
    }
  }

  async #verify({
    input,
    maxBytes,
    verifier,
    anchors,
  }: Calls['verify']['params']): Promise<Verification> {
    const bytes = await bytesOf(input, { maxBytes });
    // One source a worker: who names another one has another worker.
    this.#verifier ??= new Verifier(
      verifier,
      async (source) =>
        compileDecoder(source, WHAT).catch((error: unknown) => {
          const { code, message } = toDetectorError(error);
          throw code === 'network' ? new DecoderMissing('verifier', message) : error;
        }),
      async () => (await import('../wasm/verifier/verifier.js')).default(),
    );
    return this.#verifier.verify(bytes, anchors);
  }

  #toWire(thrown: unknown): WireError {
    if (thrown instanceof DecoderMissing) {
      const { message, decoder } = thrown;
      return { code: 'network', message: shortened(message), fatal: false, decoder };
    }
    if (thrown instanceof DecoderCrash) return this.#crashed(thrown.cause, 'decoding');
    if (thrown instanceof WebAssembly.RuntimeError) return this.#crashed(thrown, 'computing');
    const broken: DetectorErrorCode = this.#device === 'webgpu' ? 'device-lost' : 'internal';
    const { code, message } = toDetectorError(thrown, broken);
    // On the GPU an internal error says that the device does not do what it should.
    const fatal = code === 'device-lost' || (this.#device === 'webgpu' && code === 'internal');
    return { code, message: shortened(message), fatal };
  }

  #crashed(thrown: Error, during: Crash['during'], panic = this.#panicMessage()): WireError {
    const { code, message } = explain({ during, thrown, panic, device: this.#device });
    return { code, message: shortened(message), fatal: true };
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

/** The instance stopped while it decoded an image. */
class DecoderCrash extends Error {
  override readonly name = 'DecoderCrash';
  override readonly cause: Error;

  constructor(cause: Error) {
    super(cause.message);
    this.cause = cause;
  }
}

/** The decoder of an image, or the verifier, could not be loaded. */
class DecoderMissing extends Error {
  override readonly name = 'DecoderMissing';
  readonly decoder: DecoderName | 'verifier';

  constructor(decoder: DecoderName | 'verifier', message: string) {
    super(message);
    this.decoder = decoder;
  }
}

/** A trap, no memory, a stack that is too deep (Firefox's InternalError). */
function isCrash(thrown: unknown): thrown is Error {
  return (
    thrown instanceof WebAssembly.RuntimeError ||
    thrown instanceof RangeError ||
    (thrown instanceof Error && thrown.name === 'InternalError')
  );
}

/** Messages are taken between tasks only; timers may be held back in pages that nobody sees. */
function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}

/** What comes from the browser may carry a stack; people are told the first line. */
function shortened(message: string): string {
  const [line = ''] = message.split('\n', 1);
  return line.slice(0, 300);
}
