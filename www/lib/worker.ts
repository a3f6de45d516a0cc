/**
 * The worker: owns decoding and inference, so that the page's thread never blocks and pixels stay in here. It has no
 * exports; `createDetector()` starts it. The subpath `clipsight/worker` lets a bundler name it.
 */
import { toDetectorError } from './errors.js';
import { Engine } from './worker/engine.js';
import type { DetectorErrorCode } from './errors.js';
import type { Calls, Request, Response, WireError } from './rpc.js';

/** The part of DedicatedWorkerGlobalScope used here: the DOM's and the worker's type libraries exclude each other. */
interface WorkerScope {
  postMessage(message: Response): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<Request>) => void): void;
  addEventListener(type: 'error', listener: (event: ErrorEvent) => void): void;
  addEventListener(type: 'unhandledrejection', listener: (event: PromiseRejectionEvent) => void): void;
}
const scope = globalThis as unknown as WorkerScope;

let engine: Engine | undefined;
let device: 'webgpu' | 'cpu' | undefined;

/**
 * The last line the core wrote to the console. A Rust panic reaches JavaScript as `unreachable`; what it was about is
 * known only to the panic hook, which writes it there. It travels with the error, and the console stays silent.
 */
let panicMessage: string | undefined;
// eslint-disable-next-line no-console -- see above
console.error = (...data: unknown[]): void => {
  panicMessage = String(data[0]).split('\n', 2).join(' ').slice(0, 500);
};

function toWire(thrown: unknown): WireError {
  const crashed = thrown instanceof WebAssembly.RuntimeError;
  const broken: DetectorErrorCode = device === 'webgpu' ? 'device-lost' : 'internal';
  const { code, message } = toDetectorError(thrown, broken);
  // On the GPU an internal error says that the device does not do what it should; on the CPU only a panic ends the core.
  const fatal = crashed || code === 'device-lost' || (device === 'webgpu' && code === 'internal');
  // What comes from the browser may carry a stack; people are told the first line.
  const [line = ''] = (crashed ? (panicMessage ?? message) : message).split('\n', 1);
  return { code, message: line.slice(0, 300), fatal };
}

/** A panic between two awaits leaves the core's promise open for ever and shows up only here. */
function crash(thrown: unknown): void {
  scope.postMessage({ type: 'fatal', error: { ...toWire(thrown), fatal: true } });
}
scope.addEventListener('error', (event) => {
  event.preventDefault();
  crash(event.error ?? event.message);
});
scope.addEventListener('unhandledrejection', (event) => {
  event.preventDefault();
  crash(event.reason);
});

async function answer(request: Request): Promise<Calls[keyof Calls]['result']> {
  if (request.call === 'load') {
    engine = await Engine.load(request.params, {
      device(chosen) {
        device = chosen;
        scope.postMessage({ type: 'device', device: chosen });
      },
      progress(progress) {
        scope.postMessage({ type: 'progress', progress });
      },
      lost(message) {
        scope.postMessage({ type: 'fatal', error: { code: 'device-lost', message, fatal: true } });
      },
    });
    return engine.info;
  }
  if (engine === undefined) throw new Error('analyze was called before load had ended');
  return engine.analyze(request.params);
}

scope.addEventListener('message', ({ data: request }) => {
  answer(request).then(
    (result) => {
      scope.postMessage({ type: 'result', id: request.id, result });
    },
    (error: unknown) => {
      scope.postMessage({ type: 'error', id: request.id, error: toWire(error) });
    },
  );
});

export {};
