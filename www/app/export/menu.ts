import { text } from '../app.js';
import { button, h } from '../dom.js';
import { chosenThreshold, chosenThresholds } from '../settings/operating.js';
import { toJson, toTable } from './records.js';
import { openReport } from './report.js';
import { saveAs } from './save.js';
import type { App } from '../app.js';
import type { Saving } from './records.js';

/** The ways to take results along. */
export class ExportMenu {
  readonly element: HTMLDetailsElement;
  readonly #app: App;
  readonly #summary: HTMLElement;

  constructor(app: App) {
    const strings = text().export;
    this.#app = app;
    this.#summary = h('summary', { class: 'button quiet' }, strings.menu);
    const act = (name: string, work: () => void): HTMLButtonElement =>
      button(
        name,
        () => {
          this.element.open = false;
          work();
        },
        { kind: 'item' },
      );
    this.element = h(
      'details',
      { class: 'menu' },
      this.#summary,
      h(
        'div',
        { class: 'menu-items' },
        act(strings.json, () => {
          saveAs('clipsight.json', 'application/json', toJson(this.#saving()));
        }),
        act(strings.csv, () => {
          saveAs('clipsight.csv', 'text/csv', toTable(this.#saving()));
        }),
        act(strings.report, () => void openReport(this.#saving())),
      ),
    );
    this.element.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || !this.element.open) return;
      this.element.open = false;
      this.#summary.focus();
    });
    this.element.addEventListener('focusout', ({ relatedTarget }) => {
      if (relatedTarget instanceof Node && !this.element.contains(relatedTarget))
        this.element.open = false;
    });
  }

  /** Without a result there is nothing to take along. */
  setEnabled(enabled: boolean): void {
    this.element.hidden = !enabled;
  }

  #saving(): Saving {
    const { batch, lifecycle, settings } = this.#app;
    const info = lifecycle.detector?.info;
    return {
      items: batch.items,
      info,
      threshold: chosenThreshold(settings.value, info),
      thresholds: chosenThresholds(settings.value),
      made: new Date(),
    };
  }
}
