/**
 * The worker: owns decoding and inference, so that the page's thread never blocks and pixels stay
 * in here. It has no exports; `createDetector()` starts it. The build makes one file of it,
 * `pkg/worker.js`, that imports nothing.
 */
import { Service } from './service.js';
import type { Response } from './rpc.js';

/**
 * The part of DedicatedWorkerGlobalScope used here: the DOM's and the worker's type libraries
 * exclude each other.
 */
interface WorkerScope {
  postMessage(message: Response): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<unknown>) => void): void;
  addEventListener(type: 'error', listener: (event: ErrorEvent) => void): void;
  addEventListener(
    type: 'unhandledrejection',
    listener: (event: PromiseRejectionEvent) => void,
  ): void;
}
const scope = globalThis as unknown as WorkerScope;

const service = new Service((response) => {
  scope.postMessage(response);
});

// A panic between two awaits leaves Rust's promise open for ever and shows up only here.
scope.addEventListener('error', (event) => {
  event.preventDefault();
  service.crash(event.error ?? event.message);
});
scope.addEventListener('unhandledrejection', (event) => {
  event.preventDefault();
  service.crash(event.reason);
});
scope.addEventListener('message', ({ data }) => {
  service.receive(data);
});
