import { trustScript } from '../network/trusted.js';
import { OFFLINE_PATIENCE_MS } from '../limits.js';
import type { Message } from '../../service-worker/message.js';

const SCRIPT = 'service-worker.js';

/**
 * The service worker, as far as the page has to do with it. Everything works without one, but for
 * visits offline.
 */
export class Offline extends EventTarget {
  readonly #registration: Promise<ServiceWorkerRegistration | undefined>;
  #waiting: ServiceWorker | undefined;
  #kept = false;

  constructor() {
    super();
    this.#registration = this.#register();
  }

  /**
   * Whether a newer version of the page waits to be loaded; `change` is dispatched when that
   * changes.
   */
  get update(): boolean {
    return this.#waiting !== undefined;
  }

  /** Whether the page works without a connection from now on. */
  get kept(): boolean {
    return this.#kept;
  }

  /**
   * Waits until the page's files are kept, together with what this page has loaded so far:
   * afterwards nothing more is fetched for the sake of later visits.
   */
  async keep(): Promise<void> {
    const patience = new Promise<false>((resolve) => {
      setTimeout(() => {
        resolve(false);
      }, OFFLINE_PATIENCE_MS);
    });
    this.#kept = await Promise.race([this.#keep().catch(() => false), patience]);
    this.dispatchEvent(new Event('change'));
  }

  /**
   * Has a decoder fetched that an image needs, where the page's own way is closed; whether it is
   * there.
   */
  async decoder(name: string): Promise<boolean> {
    const registration = await this.#registration;
    const worker = registration?.active ?? registration?.waiting ?? registration?.installing;
    if (worker === null || worker === undefined || !(await installed(worker))) return false;
    return ask(worker, { type: 'decoder', name });
  }

  /**
   * Has the labelled rows of a model fetched, in the same way; whether they are there.
   *
   * @param address - theirs, among the page's own files
   */
  async references(address: string): Promise<boolean> {
    const registration = await this.#registration;
    const worker = registration?.active ?? registration?.waiting ?? registration?.installing;
    if (registration === undefined || worker === null || worker === undefined) return false;
    const { scope } = registration;
    if (!address.startsWith(scope) || !(await installed(worker))) return false;
    return ask(worker, { type: 'references', file: address.slice(scope.length) });
  }

  /** Lets the newer version take over and loads it. */
  load(): void {
    const reload = (): void => {
      location.reload();
    };
    // In another tab it may have been asked to take over already.
    if (this.#waiting?.state === 'activated' || this.#waiting?.state === 'activating') reload();
    navigator.serviceWorker.addEventListener('controllerchange', reload);
    send(this.#waiting, { type: 'activate' });
  }

  async #register(): Promise<ServiceWorkerRegistration | undefined> {
    // Typed as always there; absent in private windows of Firefox and without a secure context.
    const workers = navigator.serviceWorker as ServiceWorkerContainer | undefined;
    if (workers === undefined) return undefined;
    try {
      const registration = await workers.register(trustScript(SCRIPT), { updateViaCache: 'none' });
      this.#watch(registration);
      return registration;
    } catch {
      return undefined;
    }
  }

  #watch(registration: ServiceWorkerRegistration): void {
    const offer = (worker: ServiceWorker | null): void => {
      // Without a controller it is the first, and takes over by itself.
      if (worker === null || navigator.serviceWorker.controller === null) return;
      this.#waiting = worker;
      this.dispatchEvent(new Event('change'));
    };
    offer(registration.waiting);
    registration.addEventListener('updatefound', () => {
      const { installing } = registration;
      installing?.addEventListener('statechange', () => {
        if (installing.state === 'installed') offer(installing);
      });
    });
  }

  async #keep(): Promise<boolean> {
    const registration = await this.#registration;
    if (registration === undefined) return false;
    const worker = registration.active ?? registration.waiting ?? registration.installing;
    if (worker === null || !(await installed(worker))) return false;
    const scope = registration.scope;
    const files = performance
      .getEntriesByType('resource')
      .filter(({ name }) => name.startsWith(scope))
      .map(({ name }) => name.slice(scope.length));
    return ask(worker, { type: 'keep', files });
  }
}

/** Whether the service worker has what it was asked for. */
function ask(worker: ServiceWorker, message: Message): Promise<boolean> {
  const { port1, port2 } = new MessageChannel();
  const answer = new Promise<boolean>((resolve) => {
    port1.onmessage = ({ data }): void => {
      resolve(data === 'kept');
    };
  });
  send(worker, message, port2);
  return answer;
}

function send(worker: ServiceWorker | undefined, message: Message, ...ports: MessagePort[]): void {
  worker?.postMessage(message, ports);
}

/** Whether a service worker got as far as having its files. */
function installed(worker: ServiceWorker): Promise<boolean> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (worker.state === 'redundant') resolve(false);
      else if (worker.state !== 'installing' && worker.state !== 'parsed') resolve(true);
    };
    worker.addEventListener('statechange', look);
    look();
  });
}
