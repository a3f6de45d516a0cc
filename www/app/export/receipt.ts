import { createReceipt } from 'clipsight/receipt';
import { displayName, locale, verdictName } from 'clipsight/ui';
import { sharedText, text } from '../app.js';
import { h } from '../dom.js';
import { caveats, factList, openSheet } from './sheet.js';
import type { Analysis, DetectorInfo, Receipt } from 'clipsight';

/**
 * Shows a receipt as a document in place of the page, to be printed: what it says in words, without
 * the picture, then its text.
 */
export async function openReceipt(analysis: Analysis, info: DetectorInfo): Promise<void> {
  const { receipt: strings, caution } = text().export;
  const made = await createReceipt(analysis, info);
  const { sha256, time, clipsight } = JSON.parse(made) as Receipt;
  const notes = beside(analysis);
  openSheet(
    strings.title,
    strings.back,
    h('p', {}, caution),
    factList([
      [strings.facts.sha256, sha256],
      [strings.facts.time, locale().date(new Date(time))],
      [strings.facts.version, clipsight],
      ...factsOf(analysis, info),
    ]),
    ...notes.map((note) => h('p', {}, note)),
    h(
      'section',
      {},
      h('h2', {}, strings.check),
      h('p', {}, strings.checkNote),
      h('pre', { dir: 'ltr', lang: 'en' }, `clipsight verify ${nameOf(analysis)} IMAGE`),
      h('p', {}, strings.noSignature),
    ),
    h('section', {}, h('h2', {}, strings.text), h('pre', { dir: 'ltr', lang: 'en' }, made)),
    caveats(),
  );
}

/** Under the image's hash: a receipt does not know the image's name, and needs none. */
export function nameOf({ file }: Analysis): string {
  return `clipsight-receipt-${file.sha256.slice(0, 12)}.json`;
}

function factsOf(analysis: Analysis, info: DetectorInfo): [string, string][] {
  const { file, model, input, viewLogits = [] } = analysis;
  const { details, facts: names } = sharedText();
  const words = text().export.receipt.facts;
  const l = locale();
  const measured = model.status === 'scored' ? model.measuredError : null;
  return [
    [words.file, file.sha256],
    [names.image, `${file.format.toUpperCase()}, ${names.size(file.width, file.height)}`],
    [details.bytes, l.number(file.bytes)],
    [words.verdict, verdictName(model, sharedText())],
    [details.probability, l.number(model.probability, 4)],
    ...(measured === null
      ? []
      : [
          [
            text().export.columns.error,
            text().export.range(measured.rate, measured.low, measured.high),
          ] satisfies [string, string],
        ]),
    [details.logit, l.number(model.logit, 4)],
    [details.views, l.number(input.views)],
    [words.viewLogits, viewLogits.map((logit) => l.number(logit, 4)).join(' · ')],
    [words.viewsSha256, input.viewsSha256 ?? ''],
    [details.model, info.modelId],
    [details.weights, info.weightsSha256],
    [details.calibration, info.calibrationId],
    [words.threshold, l.number(info.threshold, 4)],
    [names.ran, `${names.ranOn[info.device]} (${info.build})`],
    ...(info.adapter === ''
      ? []
      : [[details.adapter, displayName(info.adapter)] satisfies [string, string]]),
  ];
}

/** What stands beside the verdict, in sentences. */
function beside({ model, evidence, stability, provenance, input }: Analysis): string[] {
  const strings = sharedText();
  const says = provenance?.says ?? null;
  const hadGrade = model.status === 'scored' || model.reason === 'unsteady';
  return [
    ...(input.fidelity === 'original-bytes' ? [] : [strings.fidelityNote[input.fidelity]]),
    // A later version may know more notes than there are sentences for.
    ...evidence.map(({ code }) => strings.notes[code] as string | undefined),
    ...(stability === undefined
      ? []
      : [
          strings.stability[stability.unsteady ? 'unsteady' : hadGrade ? 'steady' : 'withoutGrade'],
        ]),
    ...(says === null ? [] : [strings.provenance.says[says]]),
  ].filter((sentence) => sentence !== undefined);
}
