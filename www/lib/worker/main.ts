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
  readonly name: string;
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
  holdLock(scope);
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

/**
 * Nobody is told when a worker is killed, but whoever waits for a lock that it holds. Not there
 * without a secure context, nor in frames without an origin.
 */
function holdLock(scope: WorkerScope): void {
  const { locks } = navigator as { readonly locks?: LockManager };
  if (scope.name === '' || locks === undefined) return;
  const forever = (): Promise<never> => {
    scope.postMessage({ type: 'alive' });
    return new Promise(() => undefined);
  };
  locks.request(scope.name, forever).catch(() => undefined);
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
