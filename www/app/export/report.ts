import { displayName, locale, verdictName } from 'clipsight/ui';
import { sharedText, text } from '../app.js';
import { errorHeadline, shortPercent } from '../batch/rows.js';
import { isFlagged } from '../batch/order.js';
import { h } from '../dom.js';
import { REPORT_SLICE } from '../limits.js';
import { caveats, factList, openSheet } from './sheet.js';
import type { DetectorInfo, HeadInfo } from 'clipsight';
import type { Item } from '../batch/batch.js';
import type { Thresholds } from '../settings/operating.js';
import type { Saving } from './records.js';

/** Shows all results as a document in place of the page, to be printed or put into a PDF. */
export async function openReport(saving: Saving): Promise<void> {
  const strings = text().export;
  const body = h('tbody');
  const print = openSheet(
    strings.reportTitle,
    strings.back,
    h('p', {}, strings.made(locale().date(saving.made)), '. ', strings.caution),
    facts(saving),
    h(
      'table',
      {},
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          ...Object.values(strings.columns).map((name) => h('th', { scope: 'col' }, name)),
        ),
      ),
      body,
    ),
    caveats(),
  );
  print.disabled = true;
  const items = saving.items.filter(({ analysis, error }) => analysis ?? error);
  for (let at = 0; at < items.length; at += REPORT_SLICE) {
    body.append(...items.slice(at, at + REPORT_SLICE).map((item) => row(item, saving.thresholds)));
    await new Promise(requestAnimationFrame);
  }
  print.disabled = false;
}

function facts({ items, info, threshold }: Saving): HTMLElement {
  const { details, facts: names } = sharedText();
  // Who judged: more than one, where the page has changed over to another model meanwhile.
  const judges = items.flatMap(({ info: judge }) => (judge === undefined ? [] : [judge]));
  const known = new Map([...judges, ...(info === undefined ? [] : [info])].map(keyed));
  const rows = [...known.values()].flatMap((judge): [string, string][] => [
    [details.model, judge.modelId],
    [details.weights, judge.weightsSha256],
    [details.calibration, judge.calibrationId],
    ...(judge.head === undefined ? [] : [head(judge.head)]),
    [names.ran, names.ranOn[judge.device]],
  ]);
  if (threshold !== undefined)
    rows.push([text().budget.heading, text().budget.threshold(threshold)]);
  return factList(rows);
}

function keyed(info: DetectorInfo): [string, DetectorInfo] {
  const head = info.head?.sha256;
  return [[info.weightsSha256, info.calibrationId, info.device, head].join(' '), info];
}

function head({ name, report, sha256 }: HeadInfo): [string, string] {
  return [text().teach.legend, `${text().teach.judges(name, report.examples)} ${sha256}`];
}

function row(item: Item, thresholds: Thresholds): HTMLElement {
  const { analysis } = item;
  const model = analysis?.model;
  const result = model === undefined ? errorHeadline(item) : verdictName(model, sharedText());
  const measured = model?.status === 'scored' ? model.measuredError : null;
  const flagged = isFlagged(item, thresholds) ? ` (${text().batch.flagged})` : '';
  return h(
    'tr',
    {},
    h('th', { scope: 'row' }, h('bdi', {}, displayName(item.name))),
    h('td', {}, result, flagged),
    h('td', {}, model === undefined ? '' : shortPercent(model.probability)),
    h(
      'td',
      {},
      measured === null ? '' : text().export.range(measured.rate, measured.low, measured.high),
    ),
    h('td', { class: 'mono' }, analysis?.file.sha256 ?? ''),
  );
}
