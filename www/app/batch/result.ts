import 'clipsight/element';
import { text } from '../app.js';
import { button, h, icon, icons } from '../dom.js';
import type { App } from '../app.js';
import type { Item } from './batch.js';

/** The chosen image's card. */
export class ResultCard {
  readonly element = h('div', { class: 'chosen', hidden: '' });
  readonly #app: App;
  readonly #card = document.createElement('ai-image-result');
  readonly #extra = h('div', { slot: 'actions', class: 'card-actions' });
  #item: Item | undefined;
  #drawn = '';

  constructor(app: App, remove: (item: Item) => void) {
    this.#app = app;
    this.#card.setAttribute('removable', '');
    this.#card.setAttribute('heading-level', '3');
    this.#card.addEventListener('remove', () => {
      if (this.#item !== undefined) remove(this.#item);
    });
    this.#card.append(this.#extra);
    this.element.append(this.#card);
  }

  /** Shows an image's state; what is shown already stays untouched. */
  show(item: Item | undefined, flagged: boolean): void {
    this.#item = item;
    this.element.hidden = item === undefined;
    if (item === undefined) {
      this.#card.picture = null;
      this.#drawn = '';
      return;
    }
    const { detector } = this.#app.lifecycle;
    const info = item.info ?? detector?.info;
    const judge = info?.weightsSha256;
    const drawn = [item.id, item.outcome, flagged, detector !== undefined, judge, item.again].join(
      ' ',
    );
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.#card.name = item.name;
    this.#card.picture = item.file;
    this.#card.info = info ?? null;
    this.#card.stage =
      detector === undefined ? 'loading' : item.outcome === 'working' ? 'working' : 'queued';
    this.#card.error = item.outcome === 'cancelled' ? CANCELLED : (item.error ?? null);
    this.#card.analysis = item.analysis ?? null;
    this.#extra.replaceChildren(...this.#actions(item, flagged));
  }

  /** An image's result as one sentence. */
  sentence(item: Item): string {
    // The card knows how to say it; this one is never shown.
    const card = document.createElement('ai-image-result');
    card.name = item.name;
    card.analysis = item.analysis ?? null;
    card.error = item.error ?? null;
    return card.announcement;
  }

  #actions(item: Item, flagged: boolean): HTMLElement[] {
    const { batch } = text();
    if (item.outcome === 'cancelled') {
      return [
        button(
          batch.checkAgain,
          () => {
            this.#app.batch.again(item);
          },
          { kind: 'secondary' },
        ),
      ];
    }
    if (item.outcome === 'waiting' || item.outcome === 'working') {
      return [
        button(
          batch.cancel,
          () => {
            this.#app.batch.cancel(item);
          },
          { kind: 'quiet' },
        ),
      ];
    }
    const notice = (sentence: string): HTMLElement =>
      h('p', { class: 'notice flagged' }, icon(icons.info), h('span', {}, sentence));
    return [
      ...(flagged ? [notice(batch.flagged)] : []),
      ...(item.again === true ? [notice(text().standard.again)] : []),
    ];
  }
}

/**
 * Messages of errors are English, as the package's are; the card adds what to do in the visitor's
 * language.
 */
const CANCELLED = {
  code: 'aborted',
  message: 'It was taken back before it was looked at.',
} as const;
