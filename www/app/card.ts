import { h, icon, icons } from './dom.js';
import { strings } from './strings.js';
import type { Abstained, Analysis, DetectorError, DetectorInfo, Grade, Scored } from 'clipsight';

const LEVELS = { weak: 1, moderate: 2, strong: 3, 'very-strong': 4 } as const satisfies Record<Grade, number>;

/** One image on the page: its picture, and what is known of it so far. */
export class Card {
  readonly element: HTMLLIElement;
  readonly #name: string;
  readonly #verdict = h('div', { class: 'verdict' });
  readonly #address: string;

  /** @param remove - called when the person takes the card away */
  constructor(file: File, remove: () => void) {
    this.#name = file.name;
    this.#address = URL.createObjectURL(file);
    const picture = h('img', { src: this.#address, alt: '', loading: 'lazy', decoding: 'async' });
    const frame = h('div', { class: 'picture' }, picture);
    // TIFF, and whatever else is no image to the browser.
    picture.addEventListener('error', () => {
      frame.replaceChildren(icon(icons.image));
    });
    const close = h(
      'button',
      { type: 'button', class: 'close', 'aria-label': strings.results.remove(file.name) },
      icon(icons.close),
    );
    close.addEventListener('click', remove);
    this.element = h(
      'li',
      { class: 'card' },
      frame,
      h(
        'div',
        { class: 'card-body' },
        h('h3', { class: 'file', dir: 'auto', title: file.name }, file.name),
        this.#verdict,
      ),
      close,
    );
  }

  /** Frees the picture. */
  release(): void {
    URL.revokeObjectURL(this.#address);
    this.element.remove();
  }

  waiting(text: string): void {
    this.#state('waiting');
    this.#verdict.replaceChildren(h('p', { class: 'pending' }, h('span', { class: 'pulse' }), text));
  }

  /** Shows a result; returns it as one sentence for screen readers. */
  done(analysis: Analysis, info: DetectorInfo): string {
    const { model } = analysis;
    const notes = analysis.evidence.map(({ code }) => strings.notes[code]);
    const headline = model.status === 'scored' ? strings.grade[model.grade] : strings.abstained.headline;
    this.#state(model.status === 'scored' ? model.grade : 'abstained');
    this.#verdict.replaceChildren(
      ...(model.status === 'scored' ? scored(model) : abstained(model)),
      ...maker(analysis),
      ...quality(analysis),
      ...notes.map((note) => h('p', { class: 'notice' }, icon(icons.info), h('span', {}, note))),
      meta(analysis, info.device),
      details(analysis, info),
    );
    const rest =
      model.status === 'scored' ? strings.probability(model.probability) : strings.abstained.reason[model.reason];
    return `${this.#name}: ${headline}. ${rest}`;
  }

  /** Shows an error; returns it as one sentence for screen readers. */
  failed({ code, message }: DetectorError): string {
    this.#state('error');
    const headline = strings.error.headline[code] ?? strings.error.otherHeadline;
    const advice = strings.error.advice[code];
    this.#verdict.replaceChildren(
      h('p', { class: 'headline' }, icon(icons.warning), headline),
      h('p', {}, message),
      advice === undefined ? '' : h('p', { class: 'muted' }, advice),
    );
    return `${this.#name}: ${headline}. ${message}`;
  }

  #state(state: Grade | 'abstained' | 'error' | 'waiting'): void {
    this.element.dataset['state'] = state;
  }
}

function scored({ grade, probability, measuredError }: Scored): HTMLElement[] {
  const level = LEVELS[grade];
  const meter = h('div', { class: 'meter', role: 'img', 'aria-label': strings.meter(level) });
  for (let segment = 1; segment <= 4; segment += 1) meter.append(h('span', segment <= level ? { class: 'on' } : {}));
  return [
    h('p', { class: 'headline' }, strings.grade[grade]),
    meter,
    h('p', { class: 'probability' }, strings.probability(probability)),
    h('p', { class: 'measured' }, ...measured(grade, measuredError)),
    h('p', { class: 'muted' }, strings.gradeNote[grade]),
  ];
}

function measured(grade: Grade, error: Scored['measuredError']): (HTMLElement | string)[] {
  if (error === null) return [strings.measuredError.unknown];
  return [
    h('strong', {}, strings.measuredError.sentence(grade, error)),
    ' ',
    h('span', { class: 'muted' }, strings.measuredError.basis(error)),
  ];
}

function abstained({ reason }: Abstained): HTMLElement[] {
  return [
    h('p', { class: 'headline' }, icon(icons.question), strings.abstained.headline),
    h('p', {}, strings.abstained.reason[reason]),
  ];
}

/** Who made the image: only where something speaks for a generator at all. */
function maker({ model, attribution }: Analysis): HTMLElement[] {
  if (attribution === undefined || model.status !== 'scored' || LEVELS[model.grade] < LEVELS.moderate) return [];
  return [h('p', {}, strings.maker(attribution), ' ', h('span', { class: 'muted' }, strings.makerNote))];
}

function quality({ quality: value }: Analysis): HTMLElement[] {
  if (value === undefined) return [];
  return [h('p', {}, strings.quality(value), ' ', h('span', { class: 'muted' }, strings.qualityNote))];
}

function meta({ file, timings }: Analysis, device: DetectorInfo['device']): HTMLElement {
  return h(
    'p',
    { class: 'meta' },
    h('span', {}, strings.meta.size(file)),
    h('span', {}, strings.meta.device(device, timings.totalMs)),
  );
}

function details({ file, model, timings }: Analysis, info: DetectorInfo): HTMLElement {
  const rows: [string, string][] = [
    ...(model.logit === undefined ? [] : [[strings.meta.logit, model.logit.toFixed(3)] as [string, string]]),
    [strings.meta.decode, strings.meta.ms(timings.decodeMs)],
    [strings.meta.encode, strings.meta.ms(timings.encodeMs)],
    ...(info.adapter === '' ? [] : [[strings.meta.adapter, info.adapter] as [string, string]]),
    [strings.meta.model, `${info.modelId} (${info.weightsSha256.slice(0, 12)})`],
    [strings.meta.calibration, info.calibrationId],
    [strings.meta.bytes, strings.meta.fileSize(file.bytes)],
    [strings.meta.sha256, file.sha256],
  ];
  return h(
    'details',
    {},
    h('summary', {}, strings.meta.details),
    h('dl', {}, ...rows.flatMap(([term, value]) => [h('dt', {}, term), h('dd', {}, value)])),
  );
}
