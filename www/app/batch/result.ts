import 'clipsight/element';
import { locale } from 'clipsight/ui';
import { text } from '../app.js';
import { button, h, icon, icons } from '../dom.js';
import { CropTool } from './crop-tool.js';
import { costOf } from './examine.js';
import { isSame, offered } from './parts.js';
import type { App } from '../app.js';
import type { Rectangle } from 'clipsight';
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
  readonly #added: (items: readonly Item[]) => void;
  #item: Item | undefined;
  #drawn = '';

  /** @param added - takes the parts of an image that were added */
  constructor(app: App, remove: (item: Item) => void, added: (items: readonly Item[]) => void) {
    this.#app = app;
    this.#added = added;
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
    this.#card.verification = item.verification ?? null;
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
      ...this.#parts(item),
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
    const known = [analysis?.map, analysis?.stability, item.verification].map(
      (answer) => answer !== undefined,
    );
    const open = [examining?.question, examining?.error?.message, this.#app.batch.mayExamine(item)];
    return [...known, ...open, this.#unchecked(item).length].map(String).join(' ');
  }

  /** Pictures that an image offers and that are not in the list yet. */
  #unchecked({ analysis, file }: Item): Rectangle[] {
    const parts = this.#app.batch.items.filter((item) => item.file === file);
    return offered(analysis).filter(
      (crop) => !parts.some(({ part }) => part !== undefined && isSame(part.crop, crop)),
    );
  }

  /** Ways to have parts of an image judged by themselves. */
  #parts(item: Item): HTMLElement[] {
    const { analysis, part } = item;
    if (analysis === undefined || part !== undefined) return [];
    const { parts } = text();
    const open = this.#unchecked(item);
    const add = (crops: readonly Rectangle[]): void => {
      this.#added(this.#app.batch.addParts(item, crops));
    };
    const each = button(parts.checkEach(open.length), () => {
      add(open);
    });
    const choose = button(
      parts.choose,
      () => {
        const { file } = analysis;
        new CropTool({
          picture: item.file,
          file,
          offered: offered(analysis),
          first: open[0],
          chosen: (crop) => {
            add([crop]);
          },
        }).open();
      },
      { kind: 'secondary' },
    );
    return [h('div', { class: 'parts' }, ...(open.length === 0 ? [] : [each]), choose)];
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
    if (!this.#app.batch.mayExamine(item)) return [];
    const shows = model.status === 'scored' || !NOTHING_TO_SEE.has(model.reason);
    const signed = (analysis.provenance?.contentCredentials ?? null) !== null;
    const open: Record<Question, boolean> = {
      stability: shows && analysis.stability === undefined,
      explain: shows && analysis.map === undefined,
      verify: signed && item.verification === undefined,
    };
    const questions = (['stability', 'explain', 'verify'] as const).filter((key) => open[key]);
    if (questions.length === 0) return [];
    const ask = (question: Question): HTMLElement => {
      const cost = costOf(analysis, question);
      return button(
        examine[question],
        () => {
          this.#app.batch.examine(item, question);
        },
        {
          kind: 'secondary',
          ...(cost === undefined
            ? {}
            : { label: examine.withCost(examine[question], locale().duration(cost)) }),
        },
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
      h('div', { class: 'questions' }, ...questions.map(ask)),
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
