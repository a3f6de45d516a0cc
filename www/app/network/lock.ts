import { restrictAll } from './policy.js';

/**
 * - `loading`: the model is on its way; the page reaches its own server
 * - `locked`: nothing on the page reaches the network
 * - `open`: the visitor unlocked the network for this load of the page
 */
export type LockState = 'loading' | 'locked' | 'open';

/** What a test of the lock found. */
export type LockTest = 'refused' | 'reached' | 'failed';

/** The network lock of this document. It closes once and never opens: unlocking is loading the page anew. */
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
    let refused = false;
    const note = (): void => {
      refused = true;
    };
    document.addEventListener('securitypolicyviolation', note);
    try {
      await fetch('./', { method: 'HEAD', cache: 'no-store' });
      return 'reached';
    } catch {
      // The event comes as a task of its own.
      await new Promise((resolve) => setTimeout(resolve, 50));
      return refused ? 'refused' : 'failed';
    } finally {
      document.removeEventListener('securitypolicyviolation', note);
    }
  }

  #set(state: LockState): void {
    this.#state = state;
    this.dispatchEvent(new Event('change'));
  }
}
