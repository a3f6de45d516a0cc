import 'clipsight/element';
import { locale } from 'clipsight/ui';
import { text } from '../app.js';
import { button, h, icon, icons } from '../dom.js';
import { costOf } from './examine.js';
import type { App } from '../app.js';
import type { Item } from './batch.js';
import type { Question } from './examine.js';

/** Why a verdict is missing where there is nothing to find out either. */
const NOTHING_TO_SEE: ReadonlySet<string> = new Set(['too-small', 'no-content']);

/** The chosen image's card. */
export class ResultCard {
  readonly element = h('div', { class: 'chosen', hidden: '' });
  readonly #app: App;
  readonly #card = document.createElement('ai-image-result');
  readonly #progress = h('progress', { max: '1', value: '0' });
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
    const judge = `${info?.weightsSha256 ?? ''} ${info?.head?.sha256 ?? ''}`;
    const asked = this.#askedOf(item);
    this.#showProgress(item);
    const drawn = [item.id, item.outcome, flagged, detector !== undefined, judge, item.again, asked]
      .map(String)
      .join(' ');
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
      ...(item.again === true ? [notice(this.#again(item))] : []),
      ...this.#questions(item),
    ];
  }

  /** Why the image is judged again: by another model, or by another head of the same. */
  #again({ info }: Item): string {
    const now = this.#app.lifecycle.detector?.info;
    const same = info !== undefined && info.weightsSha256 === now?.weightsSha256;
    return same ? text().teach.again : text().standard.again;
  }

  /** What is known of the image beside the verdict, and what is being found out. */
  #askedOf(item: Item): string {
    const { analysis, examining } = item;
    const known = [analysis?.map !== undefined, analysis?.stability !== undefined];
    const open = [examining?.question, examining?.error?.message, this.#app.batch.mayExamine(item)];
    return [...known, ...open].map(String).join(' ');
  }

  /** Questions that can be asked, or the one that is being answered. */
  #questions(item: Item): HTMLElement[] {
    const { analysis, examining } = item;
    const { examine } = text();
    if (analysis === undefined) return [];
    if (examining !== undefined && examining.error === undefined) {
      const stop = button(
        text().batch.cancel,
        () => {
          examining.stop.abort();
        },
        { kind: 'quiet' },
      );
      this.#progress.setAttribute('aria-label', examine[examining.question]);
      const line = h('span', {}, examine.working[examining.question]);
      return [h('div', { class: 'examining' }, line, this.#progress, stop)];
    }
    const failed = examining?.error;
    const { model } = analysis;
    const shows = model.status === 'scored' || !NOTHING_TO_SEE.has(model.reason);
    if (!shows || !this.#app.batch.mayExamine(item)) return [];
    const ask = (question: Question): HTMLElement => {
      const cost = locale().duration(costOf(analysis, question));
      return button(
        examine[question],
        () => {
          this.#app.batch.examine(item, question);
        },
        { kind: 'secondary', label: examine.withCost(examine[question], cost) },
      );
    };
    return [
      ...(failed === undefined
        ? []
        : [
            h(
              'p',
              { class: 'notice' },
              icon(icons.warning),
              h('bdi', { lang: 'en' }, failed.message),
            ),
          ]),
      h(
        'div',
        { class: 'questions' },
        ...(analysis.stability === undefined ? [ask('stability')] : []),
        ...(analysis.map === undefined ? [ask('explain')] : []),
      ),
    ];
  }

  #showProgress({ examining }: Item): void {
    const { done, total } = examining?.progress ?? { done: 0, total: 1 };
    this.#progress.value = done / total;
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
