import { DetectorError } from '../api/errors.js';
import type { Port, PortEvents, Response } from '../worker/rpc.js';

/** Opens a line to a new worker. */
export function openWorker(url: URL, events: PortEvents): Port {
  const worker = startWorker(url);
  worker.addEventListener('message', ({ data }: MessageEvent<Response>) => {
    events.received(data);
  });
  worker.addEventListener('messageerror', () => {
    events.failed('A message from the worker could not be read.', true);
  });
  worker.addEventListener('error', (event) => {
    event.preventDefault();
    // A script that cannot be fetched gives a plain event, a script that throws gives one with a
    // message.
    const message = event instanceof ErrorEvent ? event.message : '';
    if (message === '')
      events.failed(
        'The worker script could not be loaded. Check the connection and try again.',
        false,
      );
    else events.failed(`The worker stopped: ${message}`, true);
  });
  return {
    send(request) {
      worker.postMessage(request);
    },
    close() {
      worker.terminate();
    },
  };
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
    globalThis.addEventListener(type, listener, { signal });
  };
  listen('error', (event) => (event as ErrorEvent).error);
  listen('unhandledrejection', (event) => (event as PromiseRejectionEvent).reason);
}

function startWorker(url: URL): Worker {
  try {
    return new Worker(url, { type: 'module', name: 'clipsight' });
  } catch (error) {
    throw new DetectorError(
      'network',
      'The worker script could not be started. It must come from the same origin as the page.',
      { cause: error },
    );
  }
}
