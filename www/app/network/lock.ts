import { FETCH_WINDOW_MS } from 'clipsight';
import { restrictAll } from './policy.js';

/**
 * - `loading`: the model is on its way; the page reaches its own server
 * - `locked`: nothing on the page reaches the network
 * - `open`: the visitor unlocked the network for this load of the page
 */
export type LockState = 'loading' | 'locked' | 'open';

/** What a test of the lock found. */
export type LockTest = 'refused' | 'reached' | 'failed';

/**
 * The network lock of this document. It closes once and never opens: unlocking is loading the page
 * anew.
 */
export class NetworkLock extends EventTarget {
  #state: LockState = 'loading';

  get state(): LockState {
    return this.#state;
  }

  /** Locks for good. */
  close(): void {
    if (this.#state === 'locked') return;
    restrictAll();
    this.#set('locked');
  }

  /** Says that the network stays open, as the visitor wants it. */
  leaveOpen(): void {
    if (this.#state === 'loading') this.#set('open');
  }

  /** Really tries to reach the page's own server. */
  async test(): Promise<LockTest> {
    const refused = new Promise<LockTest>((resolve) => {
      const note = (): void => {
        resolve('refused');
      };
      document.addEventListener('securitypolicyviolation', note, { once: true });
      // The event is a task of its own, after the request has failed.
      setTimeout(() => {
        document.removeEventListener('securitypolicyviolation', note);
        resolve('failed');
      }, 1000);
    });
    try {
      const signal = AbortSignal.timeout(FETCH_WINDOW_MS);
      await fetch('./', { method: 'HEAD', cache: 'no-store', signal });
      return 'reached';
    } catch {
      return await refused;
    }
  }

  #set(state: LockState): void {
    this.#state = state;
    this.dispatchEvent(new Event('change'));
  }
}
