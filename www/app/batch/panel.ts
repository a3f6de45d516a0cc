import { locale } from 'clipsight/ui';
import { text } from '../app.js';
import { atMostEvery, button, eachFrame, h, onChange } from '../dom.js';
import { ExportMenu } from '../export/menu.js';
import { MAX_ANNOUNCED, UPDATE_MS } from '../limits.js';
import { StandardNote } from '../standard-note.js';
import { chosenThreshold, chosenThresholds } from '../settings/operating.js';
import { SettledEvent } from './batch.js';
import { ImageList } from './list.js';
import { arrange, AS_ADDED, isFlagged } from './order.js';
import { ResultCard } from './result.js';
import { toolbar } from './toolbar.js';
import type { App } from '../app.js';
import type { Arrangement } from './order.js';
import type { Item } from './batch.js';

/** All results: one image as its card, several as a list beside the card of the chosen one. */
export class ResultsPanel {
  readonly element: HTMLElement;
  /** Read out by screen readers as verdicts come in. */
  readonly announcer = h('p', { class: 'visually-hidden', 'aria-live': 'polite' });
  readonly #app: App;
  readonly #emptied: () => void;
  readonly #heading = h('h2', { id: 'results', tabindex: '-1' }, text().batch.heading);
  readonly #count = h('p', { class: 'muted count' });
  readonly #bar = h('progress', { max: '1' });
  readonly #cancel: HTMLButtonElement;
  readonly #nothing = h('p', { class: 'muted nothing' }, text().batch.nothing);
  readonly #list: ImageList;
  readonly #card: ResultCard;
  readonly #tools: ReturnType<typeof toolbar>;
  readonly #split: HTMLElement;
  readonly #exports: ExportMenu;
  readonly #collator = new Intl.Collator(locale().tag, { numeric: true });
  readonly #update = eachFrame(() => {
    this.#updateNow();
  });
  #arrangement: Arrangement = AS_ADDED;
  #selected: Item | undefined;
  #busy = false;

  /** @param emptied - called when the last image is gone */
  constructor(app: App, signal: AbortSignal, emptied: () => void) {
    const { batch } = text();
    this.#app = app;
    this.#emptied = emptied;
    this.#exports = new ExportMenu(app);
    this.#list = new ImageList(
      {
        selected: (item) => {
          this.#selected = item;
          this.#update();
        },
        remove: (item) => {
          this.#remove(item);
        },
      },
      signal,
    );
    this.#card = new ResultCard(
      app,
      (item) => {
        this.#remove(item);
        if (app.batch.size > 0) this.#heading.focus();
      },
      (items) => {
        this.#addedParts(items);
      },
    );
    this.#cancel = button(
      batch.cancel,
      () => {
        app.batch.cancelAll();
      },
      { kind: 'quiet' },
    );
    const clear = button(
      batch.clear,
      () => {
        app.batch.clear();
        this.#selected = undefined;
        emptied();
      },
      { kind: 'quiet' },
    );
    this.#tools = toolbar(this.#arrangement, (arrangement) => {
      this.#arrangement = arrangement;
      this.#list.element.scrollTop = 0;
      this.#update();
    });
    const side = h('div', { class: 'side' }, this.#nothing, this.#list.element);
    this.#split = h('div', { class: 'split' }, side, this.#card.element);
    this.element = h(
      'section',
      { class: 'results', 'aria-labelledby': 'results', hidden: '' },
      h(
        'header',
        {},
        this.#heading,
        this.#count,
        h('div', { class: 'actions' }, this.#cancel, this.#exports.element, clear),
      ),
      this.#bar,
      this.#tools.element,
      this.#split,
      new StandardNote(app, signal, 'results').element,
    );
    onChange(app.batch, signal, atMostEvery(UPDATE_MS, this.#update));
    onChange(app.settings, signal, this.#update);
    onChange(app.lifecycle, signal, this.#update);
    app.batch.addEventListener(
      'settled',
      (event) => {
        if (event instanceof SettledEvent) this.#announce(event.item);
      },
      { signal },
    );
    this.#update();
  }

  /** New images came in: the first of them is chosen when nothing is. */
  added(items: readonly Item[]): void {
    this.#selected ??= items[0];
    this.#updateNow();
    this.element.scrollIntoView({ block: 'nearest' });
  }

  /** The first part is chosen: it is what was asked for. */
  #addedParts([first]: readonly Item[]): void {
    if (first === undefined) return;
    this.#selected = first;
    this.#updateNow();
    this.#list.reveal(first);
    this.#list.element.focus();
  }

  #remove(item: Item): void {
    const { batch } = this.#app;
    const shown = this.#arranged();
    const at = shown.indexOf(item);
    batch.remove(item);
    // The next one takes its place, so that a person can go on from there.
    if (item === this.#selected) this.#selected = shown[at + 1] ?? shown[at - 1];
    if (batch.size === 0) {
      this.#selected = undefined;
      this.#emptied();
    }
  }

  #arranged(): Item[] {
    const { batch, settings } = this.#app;
    const thresholds = chosenThresholds(settings.value);
    return arrange(batch.items, this.#arrangement, thresholds, this.#collator.compare);
  }

  #updateNow(): void {
    const { batch, settings, lifecycle } = this.#app;
    const strings = text().batch;
    const { size, settled } = batch;
    this.element.hidden = size === 0;
    document.body.classList.toggle('has-results', size > 0);
    if (size === 0) {
      this.#card.show(undefined, false);
      this.#list.show([], undefined, () => false);
      return;
    }
    const threshold = chosenThreshold(settings.value, lifecycle.detector?.info);
    const thresholds = chosenThresholds(settings.value);
    const flagged = (item: Item): boolean => isFlagged(item, thresholds);
    const many = size > 1;
    const shown = this.#arranged();
    this.element.classList.toggle('many', many);
    this.#tools.element.hidden = !many;
    this.#tools.setFlagging(threshold !== undefined);
    this.#nothing.hidden = shown.length > 0;
    this.#list.element.hidden = !many || shown.length === 0;
    this.#split.firstElementChild?.toggleAttribute('hidden', !many);
    this.#count.textContent = [
      ...(many ? [strings.progress(settled, size)] : []),
      ...(shown.length < size ? [strings.shown(shown.length, size)] : []),
      ...(batch.rejudging === 0 ? [] : [strings.again(batch.rejudging)]),
      ...(threshold === undefined
        ? []
        : [strings.flaggedCount(batch.items.filter(flagged).length)]),
    ].join(' · ');
    this.#bar.hidden = !many || !batch.busy;
    this.#bar.value = settled / size;
    this.#bar.setAttribute('aria-label', strings.progress(settled, size));
    this.#cancel.hidden = !batch.busy;
    this.#exports.setEnabled(settled > 0);
    if (this.#selected === undefined || batch.get(this.#selected.id) === undefined)
      this.#selected = shown[0];
    const card = many && shown.length === 0 ? undefined : (this.#selected ?? batch.items[0]);
    this.#list.show(shown, card, flagged);
    this.#card.show(card, card !== undefined && flagged(card));
    this.#exports.setChosen(card);
    if (this.#busy && !batch.busy && size > MAX_ANNOUNCED) {
      const errors = batch.items.filter(({ outcome }) => outcome === 'error').length;
      this.announcer.textContent = strings.finished(settled, errors);
    }
    this.#busy = batch.busy;
  }

  #announce(item: Item): void {
    if (this.#app.batch.size <= MAX_ANNOUNCED)
      this.announcer.textContent = this.#card.sentence(item);
  }
}
