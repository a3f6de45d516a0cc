/**
 * The worker: owns decoding and inference, so that the page's thread never blocks and pixels stay
 * in here. It has no exports; `createDetector()` starts it. The build makes one file of it,
 * `pkg/worker.js`, that imports nothing.
 */
import { nodeModule, nodeProcess } from '../network/node.js';
import type { NodePort } from '../network/node.js';
import { Service } from './service.js';
import type { Response } from './rpc.js';

/**
 * The part of DedicatedWorkerGlobalScope used here: the DOM's and the worker's type libraries
 * exclude each other. Node's threads have a port in its place.
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

// A panic between two awaits leaves Rust's promise open for ever and shows up only as an error of
// the whole scope.
function serve(scope: WorkerScope): void {
  const service = new Service((response) => {
    scope.postMessage(response);
  });
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
}

function serveThread(port: NodePort): void {
  const service = new Service((response) => {
    port.postMessage(response);
  });
  const crash = (thrown: unknown): void => {
    service.crash(thrown);
  };
  nodeProcess?.on('uncaughtException', crash);
  nodeProcess?.on('unhandledRejection', crash);
  port.on('message', (message) => {
    service.receive(message);
  });
}

const scope = globalThis as unknown as WorkerScope;
const port =
  typeof scope.postMessage === 'function' ? null : nodeModule('node:worker_threads')?.parentPort;
if (port) serveThread(port);
else serve(scope);
