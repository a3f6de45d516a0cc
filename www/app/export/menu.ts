import { createReceipt } from 'clipsight/receipt';
import { saveAs } from 'clipsight/ui';
import { text } from '../app.js';
import { button, h } from '../dom.js';
import { chosenThreshold, chosenThresholds } from '../settings/operating.js';
import { toJson, toTable } from './records.js';
import { nameOf, openReceipt } from './receipt.js';
import { openReport } from './report.js';
import type { Analysis, DetectorInfo } from 'clipsight';
import type { App } from '../app.js';
import type { Item } from '../batch/batch.js';
import type { Saving } from './records.js';

/** The ways to take results along. */
export class ExportMenu {
  readonly element: HTMLDetailsElement;
  readonly #app: App;
  readonly #summary: HTMLElement;
  readonly #receipts: readonly HTMLElement[];
  #chosen: Item | undefined;

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
    this.#receipts = [
      act(strings.receipt.json, () => {
        this.#withResult(async (analysis, info) => {
          saveAs(nameOf(analysis), 'application/json', await createReceipt(analysis, info));
        });
      }),
      act(strings.receipt.print, () => {
        this.#withResult(openReceipt);
      }),
    ];
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
        ...this.#receipts,
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

  /** The image that receipts are about; nobody makes one without a result, or without SHA-256. */
  setChosen(item: Item | undefined): void {
    this.#chosen = item;
    const none = item?.analysis === undefined || item.info === undefined || !isSecureContext;
    for (const receipt of this.#receipts) receipt.hidden = none;
  }

  #withResult(work: (analysis: Analysis, info: DetectorInfo) => Promise<void>): void {
    const { analysis, info } = this.#chosen ?? {};
    if (analysis !== undefined && info !== undefined) void work(analysis, info);
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
