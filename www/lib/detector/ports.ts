import { DetectorError } from '../api/errors.js';
import { Deadline, tooSlow } from '../network/deadline.js';
import { nodeModule } from '../network/node.js';
import { shown } from '../network/request.js';
import type { NodeWorker } from '../network/node.js';
import type { Port, PortEvents, Response } from '../worker/rpc.js';
import { whyNoWorker } from './diagnosis.js';

/** What the worker's script takes over the wire at most (128 KiB). */
const WORKER_BYTES = 128 * 1024;

/** Opens a line to a new worker; in Node, to a new thread. */
export function openWorker(url: URL, events: PortEvents): Port {
  const threads =
    typeof globalThis.Worker === 'function' ? undefined : nodeModule('node:worker_threads');
  if (threads === undefined) return openWebWorker(url, events);
  let thread: NodeWorker;
  try {
    // Without the options of the program's own command line, which may be none of a thread's.
    thread = new threads.Worker(url, { name: 'clipsight', execArgv: [] });
  } catch (error) {
    throw new DetectorError(
      'argument',
      `Node starts a worker from a file only, not from ${shown(url.href)}. Give with the option ` +
        '"worker" the file: address of worker.js of the package.',
      { cause: error },
    );
  }
  return openThread(thread, url, events);
}

function openWebWorker(url: URL, events: PortEvents): Port {
  const closed = new AbortController();
  const blocked = watchPolicy(closed.signal);
  // The name is that of a lock, which nobody else may hold.
  const name = `clipsight-${String(performance.now())}-${String(Math.random()).slice(2)}`;
  const worker = startWorker(url, name);
  // The browser fetches the script; it answers to the first call at once.
  const deadline = new Deadline();
  deadline.allow(WORKER_BYTES);
  deadline.signal.addEventListener('abort', () => {
    if (deadline.passed) events.failed(tooSlow('The worker script').message, false);
  });
  worker.addEventListener('message', ({ data }: MessageEvent<Response>) => {
    deadline.end();
    if (data.type === 'alive') awaitEnd(name, events, closed.signal);
    else events.received(data);
  });
  worker.addEventListener('messageerror', () => {
    events.failed('A message from the worker could not be read.', true);
  });
  worker.addEventListener('error', (event) => {
    event.preventDefault();
    deadline.end();
    // A script that cannot be fetched gives a plain event, a script that throws gives one with a
    // message.
    const message = event instanceof ErrorEvent ? event.message : '';
    if (message !== '') {
      events.failed(`The worker stopped: ${message}`, true);
      return;
    }
    void whyNoWorker(url, blocked, closed.signal).then((reason) => {
      events.failed(reason, false);
    });
  });
  return {
    send(request) {
      worker.postMessage(request);
    },
    cancel(cancel) {
      worker.postMessage(cancel);
    },
    close() {
      closed.abort();
      deadline.end();
      worker.terminate();
    },
  };
}

/**
 * A line to a thread of Node's, which keeps the process alive only while it has something to do.
 */
function openThread(thread: NodeWorker, url: URL, events: PortEvents): Port {
  let open = 0;
  let closed = false;
  const settle = (calls: number): void => {
    open = Math.max(open - calls, 0);
    if (open === 0) thread.unref();
  };
  thread.on('message', (message) => {
    const response = message as Response;
    if (response.type === 'result' || response.type === 'error') settle(1);
    events.received(response);
  });
  thread.on('messageerror', () => {
    events.failed('A message from the worker could not be read.', true);
  });
  thread.on('error', ({ message, code }) => {
    const missing = code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND';
    events.failed(
      missing
        ? `The worker script is not at ${url.href}. Copy worker.js of the package there, or say ` +
            'with the option "worker" where it is.'
        : `The worker stopped: ${message}`,
      !missing,
    );
  });
  thread.on('exit', () => {
    if (!closed) events.killed();
  });
  thread.unref();
  return {
    send(request) {
      open += 1;
      thread.ref();
      thread.postMessage(request);
    },
    cancel(cancel) {
      thread.postMessage(cancel);
    },
    close() {
      closed = true;
      void thread.terminate();
    },
  };
}

/** Says when a worker that holds the lock of its name is gone. */
function awaitEnd(name: string, events: PortEvents, signal: AbortSignal): void {
  const ended = (): void => {
    if (!signal.aborted) events.killed();
  };
  navigator.locks.request(name, { signal }, ended).catch(() => undefined);
}

/** What the page's policy has refused since, as the browser tells the page. */
function watchPolicy(signal: AbortSignal): () => readonly SecurityPolicyViolationEvent[] {
  const seen: SecurityPolicyViolationEvent[] = [];
  const listener = (event: Event): void => {
    if ('effectiveDirective' in event) seen.push(event as SecurityPolicyViolationEvent);
  };
  const { document } = globalThis as { readonly document?: Document };
  (document ?? globalThis).addEventListener('securitypolicyviolation', listener, { signal });
  return () => seen;
}

/** Opens a line to this very thread: the same program, without a worker around it. */
export function openLocal(events: PortEvents): Port {
  const stop = new AbortController();
  const { signal } = stop;
  // A literal, so that bundlers see the program, and fetch it only when it is asked for.
  const starting = import('../worker/service.js').then(({ Service }) => {
    const service = new Service((response) => {
      if (!signal.aborted) events.received(response);
    }, signal);
    watchPanics((thrown) => service.takePanic(thrown), signal);
    return service;
  });
  return {
    send(request) {
      starting.then(
        (service) => {
          service.receive(request);
        },
        (error: unknown) => {
          events.failed(
            'The program could not be loaded. Check the connection and try again. ' +
              `(${String(error)})`,
            false,
          );
        },
      );
    },
    cancel(cancel) {
      starting.then(
        (service) => {
          service.receive(cancel);
        },
        () => undefined,
      );
    },
    close() {
      stop.abort();
    },
  };
}

/**
 * A panic between two awaits leaves Rust's promise open for ever, and shows up as an error of
 * the realm only.
 */
function watchPanics(take: (thrown: unknown) => boolean, signal: AbortSignal): void {
  const listen = (
    type: 'error' | 'unhandledrejection',
    thrownBy: (event: Event) => unknown,
  ): void => {
    const listener = (event: Event): void => {
      if (take(thrownBy(event))) event.preventDefault();
    };
    // Node's global scope has no events.
    const scope = globalThis as Partial<Pick<typeof globalThis, 'addEventListener'>>;
    scope.addEventListener?.(type, listener, { signal });
  };
  listen('error', (event) => (event as ErrorEvent).error);
  listen('unhandledrejection', (event) => (event as PromiseRejectionEvent).reason);
}

function startWorker(url: URL, name: string): Worker {
  if (typeof globalThis.Worker !== 'function') {
    throw new DetectorError(
      'unsupported',
      'There are no workers here: clipsight needs a browser, or Node 20.16 or later. With the ' +
        'option "worker: false" it computes on the calling thread.',
    );
  }
  try {
    return new Worker(url, { type: 'module', name });
  } catch (error) {
    throw new DetectorError(
      'network',
      `The worker script ${url.href} could not be started. It must come from the same origin as ` +
        "the page, and the page's Content-Security-Policy must allow it: worker-src.",
      { cause: error },
    );
  }
}
