/** What a result card says: waiting, a verdict, an error, as elements. */
import { h, icon, icons } from './dom.js';
import { occlusionFigure, stabilityStrip } from './examination.js';
import type { Overlay } from './examination.js';
import { LEVELS, stateIcon } from './grades.js';
import { leavesSynthId, provenanceView } from './provenance.js';
import { displayName, generatorName } from './text.js';
import type { Abstained, Analysis, Attribution, Scored } from '../api/analysis.generated.js';
import type { DetectorInfo } from '../api/detector.js';
import type { DetectorErrorCode } from '../api/errors.js';
import type { Verification } from '../api/verification.generated.js';
import type { Locale } from './i18n.js';
import type { Strings } from './strings/index.js';

/** As much of a {@link DetectorError} as is shown; any DetectorError is one. */
export interface ResultError {
  readonly code: DetectorErrorCode;
  readonly message: string;
}

/** Everything a verdict is shown from. */
export interface Verdict {
  readonly analysis: Analysis;
  readonly info: DetectorInfo | null;
  readonly verification: Verification | null;
  readonly strings: Strings;
  readonly locale: Locale;
  readonly compact: boolean;
  /** Address of the picture, if there is one to show. */
  readonly picture: string | undefined;
  readonly overlay: Overlay;
}

/** A verdict in a few words. */
export function verdictName(model: Analysis['model'], { grade, abstained }: Strings): string {
  if (model.status === 'scored') return grade[model.grade];
  return model.reason === 'uncalibrated' ? abstained.ungraded : abstained.headline;
}

/** The result in a few words. */
export function headlineOf(result: Analysis | ResultError, strings: Strings): string {
  if ('code' in result) {
    const { headline } = strings.error;
    return Object.hasOwn(headline, result.code)
      ? headline[result.code as keyof typeof headline]
      : headline.other;
  }
  return verdictName(result.model, strings);
}

/** What stands below the headline, as one sentence or two. */
export function restOf({ model }: Analysis, strings: Strings): string {
  if (model.status === 'scored') return strings.probability(model.probability);
  const claim = claimOf(model);
  const reason = strings.abstained.reason[model.reason];
  return claim === undefined ? reason : `${strings.probability(claim)}. ${reason}`;
}

/**
 * The probability of a verdict without a grade, where nothing speaks against it but that nobody has
 * measured the model.
 */
function claimOf({ reason, probability }: Abstained): number | undefined {
  return reason === 'uncalibrated' ? probability : undefined;
}

/** While there is nothing to show yet. */
export function waiting(text: string): HTMLElement[] {
  return [h('p', { class: 'pending' }, h('span', { class: 'pulse' }), text)];
}

/** An error, and what to do about it. */
export function failure(error: ResultError, strings: Strings): HTMLElement[] {
  const advice: Readonly<Partial<Record<string, string>>> = strings.error.advice;
  return [
    h(
      'p',
      { class: 'headline', part: 'headline' },
      stateIcon('error'),
      h('span', {}, headlineOf(error, strings)),
    ),
    // Messages are English, whatever the language around them.
    h('p', {}, h('bdi', { lang: 'en' }, displayMessage(error.message))),
    h('p', { class: 'muted' }, advice[error.code] ?? ''),
  ];
}

/** A result: the verdict, its measured error, what is known beside it. */
export function verdict(shown: Verdict): HTMLElement[] {
  const { analysis, strings, compact } = shown;
  const { model, input, evidence, stability, map, pictures, taught } = analysis;
  const state = model.status === 'scored' ? model.grade : model.status;
  const notes = [
    ...(taught === undefined ? [] : [strings.taught.note(taught.name, taught.examples)]),
    ...(pictures === undefined ? [] : [strings.pictures(pictures.length)]),
    ...(input.fidelity === 'original-bytes' ? [] : [strings.fidelityNote[input.fidelity]]),
    // A later version may know more notes than there are sentences for.
    ...evidence.map(({ code }) => strings.notes[code] as string | undefined),
    ...(leavesSynthId(analysis) ? [strings.provenance.synthId] : []),
  ];
  return [
    h(
      'div',
      { class: 'verdict' },
      h(
        'p',
        { class: 'headline', part: 'headline' },
        stateIcon(state),
        h('span', {}, headlineOf(analysis, strings)),
      ),
      ...(model.status === 'scored' ? scored(model, shown) : abstained(model, shown)),
    ),
    ...notes
      .filter((note) => note !== undefined)
      .map((note) => h('p', { class: 'notice' }, icon(icons.info), h('span', {}, note))),
    h('slot', { name: 'notes' }),
    ...(stability === undefined ? [] : [stabilityStrip(stability, analysis, shown)]),
    ...(map === undefined
      ? []
      : [occlusionFigure(map, analysis, shown.picture, shown.overlay, shown)]),
    ...(compact ? [] : [facts(shown)]),
    h(
      'div',
      { class: 'more' },
      ...provenanceView(analysis.provenance, shown),
      details(shown),
      caveats(strings),
    ),
  ];
}

function scored(model: Scored, { strings, analysis }: Verdict): HTMLElement[] {
  const level = LEVELS[model.grade];
  const meter = h('div', {
    class: 'meter',
    part: 'meter',
    role: 'img',
    'aria-label': strings.meter(level),
  });
  for (let segment = 1; segment <= 4; segment += 1)
    meter.append(h('span', segment <= level ? { class: 'on' } : {}));
  return [
    meter,
    h('p', { class: 'probability', part: 'probability' }, strings.probability(model.probability)),
    h('p', { class: 'measured', part: 'measured' }, ...measured(model, analysis, strings)),
    h('p', { class: 'muted note' }, strings.gradeNote[model.grade]),
  ];
}

function abstained(model: Abstained, { strings }: Verdict): HTMLElement[] {
  const claim = claimOf(model);
  return [
    ...(claim === undefined
      ? []
      : [h('p', { class: 'probability', part: 'probability' }, strings.probability(claim))]),
    h('p', {}, strings.abstained.reason[model.reason]),
  ];
}

function measured(
  { grade, measuredError: error }: Scored,
  { taught }: Analysis,
  strings: Strings,
): (HTMLElement | string)[] {
  if (taught !== undefined) return [strings.taught.unmeasured];
  if (error === null) return [strings.measuredError.unknown];
  return [
    h('strong', {}, strings.measuredError.sentence(grade, error)),
    ' ',
    h('span', { class: 'muted' }, strings.measuredError.basis(error)),
  ];
}

/** Terms with their values, and a note to some. */
type Row = readonly [term: string, value: string, note?: string | undefined];

/**
 * `own`: values are sentences of ours, in the language around them; others have a direction of
 * their own.
 */
function list(
  rows: readonly Row[],
  attributes: Readonly<Record<string, string>>,
  own: boolean,
): HTMLElement {
  const direction: Readonly<Record<string, string>> = own ? {} : { dir: 'auto' };
  return h(
    'dl',
    attributes,
    ...rows.map(([term, value, note]) =>
      h(
        'div',
        {},
        h('dt', {}, term),
        h(
          'dd',
          {},
          h('span', direction, value),
          note === undefined ? undefined : h('span', { class: 'fine', ...direction }, note),
        ),
      ),
    ),
  );
}

function facts({ analysis, info, strings, locale }: Verdict): HTMLElement {
  const { file, input, quality, timings } = analysis;
  const { facts: words } = strings;
  const { crop } = input;
  const maker = makerOf(analysis, strings, locale);
  return list(
    [
      ...(maker === undefined ? [] : [[words.generator, maker, words.generatorNote] as const]),
      ...(quality === undefined ? [] : [[words.quality, words.qualityOf(quality)] as const]),
      [
        words.image,
        [
          `${words.size(file.width, file.height)} ${FORMATS[file.format]}`,
          locale.bytes(file.bytes),
        ].join(words.separator),
      ],
      ...(crop === undefined
        ? []
        : [[words.part, words.partOf(crop.x, crop.y, crop.width, crop.height)] as const]),
      [words.source, words.fidelity[input.fidelity]],
      [
        words.ran,
        [
          ...(info === null ? [] : [words.ranOn[info.device]]),
          locale.duration(timings.totalMs),
        ].join(words.separator),
      ],
    ],
    { class: 'facts', part: 'facts' },
    true,
  );
}

const FORMATS = {
  jpeg: 'JPEG',
  png: 'PNG',
  webp: 'WebP',
  gif: 'GIF',
  bmp: 'BMP',
  tiff: 'TIFF',
  avif: 'AVIF',
  heif: 'HEIC',
  jxl: 'JPEG XL',
} as const satisfies Record<Analysis['file']['format'], string>;

/** Who made the image: only where something speaks for a generator at all. */
function makerOf(
  { model, attribution }: Analysis,
  strings: Strings,
  locale: Locale,
): string | undefined {
  if (
    attribution === undefined ||
    model.status !== 'scored' ||
    LEVELS[model.grade] < LEVELS.moderate
  )
    return undefined;
  if (attribution.generator === null) return unknownMaker(attribution, strings);
  return locale.isolate(generatorName(attribution.generator.name));
}

function unknownMaker({ family }: Attribution, { facts: words }: Strings): string {
  if (family === null) return words.unknown;
  const known = Object.hasOwn(words.family, family.name) ? words.family[family.name] : undefined;
  return known ?? words.familyNamed(displayName(family.name));
}

function details({ analysis, info, strings, locale }: Verdict): HTMLElement {
  const { file, model, input, timings } = analysis;
  const { details: words } = strings;
  const rows: Row[] = [
    [words.probability, locale.number(model.probability, 3)],
    [words.logit, locale.number(model.logit, 3)],
    [words.views, locale.number(input.views)],
    [words.decode, locale.duration(timings.decodeMs)],
    [words.encode, locale.duration(timings.encodeMs)],
    [words.bytes, locale.number(file.bytes)],
    [words.sha256, file.sha256],
  ];
  if (info !== null) {
    rows.push(
      [words.model, info.modelId],
      [words.weights, info.weightsSha256],
      [words.calibration, info.calibrationId],
    );
    if (info.adapter !== '') rows.push([words.adapter, displayName(info.adapter)]);
    rows.push([words.selfTest, words.selfTestResult[info.selfTest], info.fallbackReason]);
  }
  return h(
    'details',
    { class: 'details', part: 'details' },
    h('summary', {}, words.summary),
    list(rows, { class: 'rows' }, false),
  );
}

function caveats({ caveats: { summary, points } }: Strings): HTMLElement {
  return h(
    'details',
    { class: 'caveats', part: 'caveats' },
    h('summary', {}, summary),
    h(
      'ul',
      {},
      ...points.map(({ title, text }) => h('li', {}, h('strong', {}, title), h('span', {}, text))),
    ),
  );
}

/** Messages name what a file says of itself, so they may be as long and as odd as it likes. */
function displayMessage(message: string): string {
  return displayName(message, 400);
}
