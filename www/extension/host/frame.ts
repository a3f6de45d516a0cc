/** The host's side of its sandboxed frame. */
import type {
  DecoderSources,
  DetectorErrorCode,
  DetectorInfo,
  Fidelity,
  ModelFiles,
} from 'clipsight';
import { CONNECT, READY, loaded, reply } from '../shared/calls.js';
import type { Call } from '../shared/calls.js';
import { outcome } from '../shared/channel.js';
import type { Outcome } from '../shared/channel.js';
import { CheckError } from '../shared/errors.js';
import { ANALYSIS_MS, FRAME_MS } from '../shared/limits.js';
import { checked } from '../shared/schema.js';

/** What has gone wrong in the frame. */
const lost = (why: string, code: DetectorErrorCode = 'internal'): CheckError =>
  new CheckError('detector', why, { code });

/** One sandboxed frame with a model in it. */
export class Frame {
  readonly #element: HTMLIFrameElement;
  readonly #port: MessagePort;
  readonly #open = new Map<
    number,
    { resolve: (answer: unknown) => void; reject: (error: Error) => void }
  >();
  #next = 0;

  private constructor(element: HTMLIFrameElement, port: MessagePort) {
    this.#element = element;
    this.#port = port;
    port.onmessage = ({ data }: MessageEvent<unknown>) => {
      const received = checked(reply, data);
      if (received === undefined) return;
      this.#open.get(received.id)?.resolve(received.answer);
      this.#open.delete(received.id);
    };
  }

  /** Puts a frame into the document and waits until it listens. */
  static async open(): Promise<Frame> {
    const element = document.createElement('iframe');
    // In Chrome the manifest makes sandbox.html a sandboxed page; in Firefox this attribute does.
    element.setAttribute('sandbox', 'allow-scripts');
    element.src = 'sandbox.html';
    const shown = new Promise((resolve) => {
      element.addEventListener('load', resolve, { once: true });
    });
    document.body.append(element);
    await shown;
    const { port1, port2 } = new MessageChannel();
    // Its origin is opaque and has no name, so the only address is any; the port is all that it
    // gets.
    element.contentWindow?.postMessage(CONNECT, '*', [port2]);
    const ready = await new Promise((resolve) => {
      port1.onmessage = ({ data }: MessageEvent<unknown>) => {
        resolve(data === READY);
      };
      setTimeout(resolve, FRAME_MS, false);
    });
    if (ready === true) return new Frame(element, port1);
    element.remove();
    throw lost('the sandboxed frame did not start');
  }

  async load(files: ModelFiles, decoders: DecoderSources): Promise<DetectorInfo> {
    const call = (id: number): Call => ({ id, call: 'load', files, decoders });
    const answer = checked(loaded, await this.#call(call));
    if (answer?.info !== undefined) return answer.info;
    throw lost(answer?.error.message ?? 'invalid response', answer?.error.code);
  }

  async analyze(image: Blob, fidelity: Fidelity): Promise<Outcome> {
    const bytes = await image.arrayBuffer();
    const call = (id: number): Call => ({ id, call: 'analyze', bytes, fidelity });
    const answer = checked(outcome, await this.#call(call, [bytes]));
    if (answer !== undefined) return answer;
    throw lost('invalid response');
  }

  /** Takes the frame away, with whatever goes on in it. */
  close(): void {
    this.#port.close();
    this.#element.remove();
    for (const { reject } of this.#open.values()) reject(lost('closed'));
    this.#open.clear();
  }

  async #call(call: (id: number) => Call, transfer: Transferable[] = []): Promise<unknown> {
    const id = this.#next++;
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      return await new Promise((resolve, reject) => {
        this.#open.set(id, { resolve, reject });
        timer = setTimeout(() => {
          reject(lost('no response'));
        }, ANALYSIS_MS);
        this.#port.postMessage(call(id), transfer);
      });
    } finally {
      clearTimeout(timer);
      this.#open.delete(id);
    }
  }
}
