import { Modal } from '../dialog.js';
import { button, h, icon, icons, onChange, pageIcons } from '../dom.js';
import { text } from '../app.js';
import { reloadUnlocked } from './unlock.js';
import type { App } from '../app.js';

/** The line that says whether the network is locked, and the way to learn more. */
export class LockPanel {
  readonly element = h('div', { class: 'lock' });
  readonly #app: App;

  constructor(app: App, signal: AbortSignal) {
    this.#app = app;
    onChange(app.lock, signal, () => {
      this.#update();
    });
    this.#update();
  }

  #update(): void {
    const { lock } = text();
    const { state } = this.#app.lock;
    this.element.dataset['state'] = state;
    const note = { loading: lock.loadingNote, locked: lock.lockedNote, open: lock.openNote }[state];
    this.element.replaceChildren(
      icon(state === 'open' ? pageIcons.unlock : icons.lock),
      h('p', { role: 'status' }, h('strong', {}, lock[state]), ' ', h('span', {}, note)),
      state === 'open'
        ? button(lock.relock, () => void this.#app.lifecycle.lockNow(), { kind: 'quiet' })
        : button(
            lock.more,
            () => {
              this.explain();
            },
            { kind: 'link' },
          ),
    );
  }

  /** What the lock does and does not do; a test; the way out. */
  explain(): void {
    const { lock, settings } = text();
    const modal = new Modal(lock.heading, settings.close);
    const found = h('p', { class: 'notice', role: 'status', hidden: '' });
    const tryIt = button(
      lock.test,
      () => {
        found.hidden = false;
        found.textContent = lock.testing;
        void this.#app.lock.test().then((result) => {
          found.textContent = {
            refused: lock.testRefused,
            reached: lock.testReached,
            failed: lock.testFailed,
          }[result];
        });
      },
      { kind: 'secondary' },
    );
    modal.body.append(
      ...lock.points.map((point) => h('p', {}, point)),
      h('div', { class: 'row' }, tryIt),
      found,
    );
    if (this.#app.lock.state === 'locked') {
      modal.body.append(
        h('hr', {}),
        h('p', { class: 'muted' }, lock.unlockNote),
        h(
          'div',
          { class: 'row' },
          button(
            lock.unlock,
            () => {
              reloadUnlocked();
            },
            { kind: 'secondary', symbol: icon(pageIcons.unlock) },
          ),
        ),
      );
    }
    modal.open();
  }
}
