import { displayName, locale } from 'clipsight/ui';
import { sharedText, text } from '../app.js';
import { errorHeadline, shortPercent } from '../batch/rows.js';
import { h, icon, icons } from '../dom.js';
import { MAX_PASSED_NAMES } from '../limits.js';
import { rocFigure } from './roc.js';
import type { Bench } from './bench.js';
import type { Interval, Mistake, Report, Share } from './figures.js';

/** A report of a folder, as the page shows it. */
export class ReportView {
  readonly report: Report;
  readonly element: HTMLElement;
  readonly #addresses: string[] = [];
  readonly #bench: Bench;

  constructor(report: Report, bench: Bench) {
    this.report = report;
    this.#bench = bench;
    this.element = h(
      'article',
      { class: 'bench-article' },
      ...warnings(report),
      h(
        'div',
        { class: 'bench-grid' },
        h('section', {}, ...overview(report)),
        h('section', {}, h('h3', {}, text().bench.report.roc.heading), rocFigure(report)),
      ),
      h('section', {}, ...confounds(report)),
      h('section', {}, ...points(report)),
      h('section', {}, ...grades(report)),
      ...this.#mistakes(),
      ...this.#unjudged(),
      h('section', {}, ...facts(report)),
    );
  }

  /** Frees the pictures. */
  release(): void {
    for (const address of this.#addresses.splice(0)) URL.revokeObjectURL(address);
  }

  #mistakes(): HTMLElement[] {
    const { mistakes } = this.report.folder;
    const strings = text().bench.report.mistakes;
    if (mistakes.length === 0) return [];
    return [
      h(
        'section',
        {},
        h('h3', {}, strings.heading),
        h('p', { class: 'muted' }, strings.note),
        h('ul', { class: 'bench-mistakes' }, ...mistakes.map((mistake) => this.#mistake(mistake))),
      ),
    ];
  }

  #mistake({ name, generated, probability }: Mistake): HTMLElement {
    const { classes } = text().bench.report;
    const frame = h('span', { class: 'bench-picture' });
    const row = this.#bench.rows.find(({ labelled }) => labelled.name === name);
    if (row !== undefined) {
      const address = URL.createObjectURL(row.item.file);
      this.#addresses.push(address);
      const picture = h('img', { src: address, alt: '', decoding: 'async', loading: 'lazy' });
      // TIFF, and whatever else is no image to the browser.
      picture.addEventListener('error', () => {
        frame.replaceChildren(icon(icons.image));
      });
      frame.append(picture);
    }
    const shown = displayName(name);
    return h(
      'li',
      {},
      frame,
      h('bdi', { class: 'row-name', title: shown }, shown),
      h('span', { class: 'fine' }, classes[generated ? 'generated' : 'real']),
      h('strong', {}, shortPercent(probability)),
    );
  }

  #unjudged(): HTMLElement[] {
    const { unjudged } = this.report.folder;
    if (unjudged.length === 0) return [];
    const strings = text().bench.report.unjudged;
    const errors = new Map(this.#bench.rows.map(({ labelled, item }) => [labelled.name, item]));
    const shown = unjudged.slice(0, MAX_PASSED_NAMES);
    const items = shown.map(({ name }) => {
      const item = errors.get(name);
      const why = item === undefined ? undefined : errorHeadline(item);
      return h(
        'li',
        {},
        h('bdi', {}, displayName(name)),
        ...(why === undefined ? [] : [`: ${why}`]),
      );
    });
    return [
      h(
        'section',
        {},
        h('h3', {}, strings.heading),
        h('p', { class: 'muted' }, strings.note(unjudged.length)),
        h('ul', { class: 'fine' }, ...items, ...(shown.length < unjudged.length ? [more()] : [])),
      ),
    ];
  }
}

const more = (): HTMLElement => h('li', {}, '…');

/** Rates with a digit after the point: of a few hundred images one is .3 %. */
function percent(share: number, digits = 1): string {
  const format = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return new Intl.NumberFormat(locale().tag, { style: 'percent', ...format }).format(share);
}

const number = (value: number): string => locale().number(value, 3);

function range(interval: Interval | null | undefined, of: (value: number) => string): string {
  return interval === null || interval === undefined
    ? '–'
    : text().bench.report.range(of(interval.low), of(interval.high));
}

function table(caption: string, header: readonly string[], rows: readonly string[][]): HTMLElement {
  return h(
    'div',
    // It can be scrolled sideways, by keyboard too.
    { class: 'bench-scroll', tabindex: '0', role: 'region', 'aria-label': caption },
    h(
      'table',
      {},
      h('caption', { class: 'visually-hidden' }, caption),
      h('thead', {}, h('tr', {}, ...header.map((name) => h('th', { scope: 'col' }, name)))),
      h(
        'tbody',
        {},
        ...rows.map(([name = '', ...cells]) =>
          h('tr', {}, h('th', { scope: 'row' }, name), ...cells.map((cell) => h('td', {}, cell))),
        ),
      ),
    ),
  );
}

function notice(sentence: string): HTMLElement {
  return h('p', { class: 'notice' }, icon(icons.warning), h('span', {}, sentence));
}

function warnings({ figures, confounds: gate, folder }: Report): HTMLElement[] {
  const strings = text().bench.report;
  const { intervals } = folder.least;
  const few = Math.min(figures.generated, figures.real) < intervals;
  const all = [
    ...(gate?.passed === false ? [notice(strings.confounds.warning(number(gate.stored)))] : []),
    ...(few ? [notice(strings.few(intervals))] : []),
    ...(folder.repeated > 0 ? [notice(strings.repeated(folder.repeated))] : []),
  ];
  return all.length === 0 ? [] : [h('div', { class: 'bench-warnings' }, ...all)];
}

function overview({ figures, folder }: Report): HTMLElement[] {
  const strings = text().bench.report;
  const { measures } = strings;
  const share = (name: string, { rate, low, high }: Share): string[] => [
    name,
    percent(rate),
    range({ low, high }, percent),
  ];
  const { specificity, abstained } = figures;
  const falseAlarms = {
    ...specificity,
    rate: 1 - specificity.rate,
    low: 1 - specificity.high,
    high: 1 - specificity.low,
  };
  const rows = [
    [measures.auc, number(figures.auc), range(figures.auc_interval, number)],
    [
      measures.balancedAccuracy,
      percent(figures.balanced_accuracy),
      range(figures.balanced_accuracy_interval, percent),
    ],
    share(measures.recall, figures.recall),
    share(measures.falseAlarms, falseAlarms),
    [measures.ungradedGenerated, percent(abstained.generated), ''],
    [measures.ungradedReal, percent(abstained.real), ''],
  ];
  const missing = figures.auc_interval === null || figures.balanced_accuracy_interval === null;
  const { drawn } = folder;
  const byImage = drawn.generated === 'images' || drawn.real === 'images';
  return [
    h('h3', {}, strings.heading),
    h('p', {}, strings.counts(figures.generated, figures.real)),
    table(strings.heading, strings.columns, rows),
    h('p', { class: 'fine' }, strings.threshold(percent(figures.threshold))),
    h(
      'p',
      { class: 'fine' },
      strings.intervals[byImage ? 'images' : 'origins'],
      ...(missing ? [' ', strings.noInterval] : []),
    ),
  ];
}

function confounds({ confounds: gate, figures, folder }: Report): HTMLElement[] {
  const strings = text().bench.report.confounds;
  if (gate === undefined) {
    const fewest = Math.min(figures.generated, figures.real);
    return [h('h3', {}, strings.heading), h('p', {}, strings.few(folder.least.confounds, fewest))];
  }
  const rows = [
    [strings.stored, number(gate.stored), range(gate.stored_interval, number)],
    [strings.withLength, number(gate.stored_with_length), ''],
  ];
  return [
    h('h3', {}, strings.heading),
    h('p', {}, gate.passed ? strings.passed : strings.warning(number(gate.stored))),
    table(strings.heading, strings.columns, rows),
    h('p', { class: 'fine' }, strings.note),
  ];
}

function points({ folder }: Report): HTMLElement[] {
  const strings = text().bench.report.points;
  const heading = h('h3', {}, strings.heading);
  if (folder.points.length === 0) return [heading, h('p', {}, strings.few)];
  const withRange = ({ rate, low, high }: Share): string =>
    text().bench.report.withRange(percent(rate), percent(low), percent(high));
  const rows = folder.points.map(({ budget, threshold, false_alarms, found }) => [
    locale().percent(budget),
    percent(threshold, 2),
    withRange(false_alarms),
    withRange(found),
  ]);
  return [
    heading,
    table(strings.heading, strings.columns, rows),
    h('p', { class: 'fine' }, strings.note),
  ];
}

function grades({ figures }: Report): HTMLElement[] {
  const strings = text().bench.report.grades;
  const { grade: names } = sharedText();
  const l = locale();
  const rows = figures.grades.map(({ grade, generated, real, error }) => [
    names[grade],
    l.number(generated),
    l.number(real),
    error === null ? '–' : percent(error.rate),
    range(error, percent),
  ]);
  return [
    h('h3', {}, strings.heading),
    table(strings.heading, strings.columns, rows),
    h('p', { class: 'fine' }, strings.note),
  ];
}

function facts({ model, data }: Report): HTMLElement[] {
  const strings = text().bench.report.facts;
  const { details } = sharedText();
  const [least, median, most] = data.short_sides;
  const rows: [string, string][] = [
    [details.model, model.id],
    [details.weights, model.weights_sha256],
    [details.calibration, model.calibration_id],
    [strings.list, data.manifest_sha256],
    [strings.sides, strings.pixels(least, median, most)],
  ];
  return [
    h('h3', {}, strings.heading),
    h('p', {}, strings.limits),
    h(
      'dl',
      { class: 'bench-facts' },
      ...rows.map(([term, value]) => h('div', {}, h('dt', {}, term), h('dd', {}, value))),
    ),
  ];
}
