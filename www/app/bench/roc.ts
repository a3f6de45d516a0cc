import { locale } from 'clipsight/ui';
import { text } from '../app.js';
import { h } from '../dom.js';
import type { Report } from './figures.js';

const SVG = 'http://www.w3.org/2000/svg';

/** The plot within its picture, in units of its own. */
const LEFT = 54;
const TOP = 10;
const SIDE = 240;
const TICKS = [0, 0.25, 0.5, 0.75, 1];

/** The curve over all thresholds, with the point of the shipped one. */
export function rocFigure({ curves, figures }: Report): HTMLElement {
  const { roc } = text().bench.report;
  const l = locale();
  const svg = draw('svg', { viewBox: '0 0 320 300', role: 'img', 'aria-label': roc.label });
  const x = (rate: number): number => LEFT + SIDE * rate;
  const y = (rate: number): number => TOP + SIDE * (1 - rate);
  for (const tick of TICKS) {
    svg.append(
      line(x(tick), y(0), x(tick), y(1), 'grid'),
      line(x(0), y(tick), x(1), y(tick), 'grid'),
      words(x(tick), y(0) + 16, l.percent(tick), 'middle'),
      words(x(0) - 6, y(tick) + 4, l.percent(tick), 'end'),
    );
  }
  // Between two false-alarm rates that the images can tell apart, recall stands still.
  const steps = curves.roc.map(
    ({ false_positive_rate, true_positive_rate }, place) =>
      (place === 0 ? `M${at(x(0))} ${at(y(0))}` : `H${at(x(false_positive_rate))}`) +
      `V${at(y(true_positive_rate))}`,
  );
  const shipped = draw('circle', {
    cx: at(x(1 - figures.specificity.rate)),
    cy: at(y(figures.recall.rate)),
    r: '5',
    class: 'point',
  });
  const up = words(0, 0, roc.found, 'middle');
  up.setAttribute('transform', `translate(11 ${at(y(0.5))}) rotate(-90)`);
  svg.append(
    line(x(0), y(0), x(1), y(1), 'chance'),
    draw('path', { d: steps.join(''), class: 'curve' }),
    shipped,
    words(x(0.5), y(0) + 36, roc.falseAlarms, 'middle'),
    up,
  );
  return h('figure', { class: 'roc' }, svg, h('figcaption', { class: 'fine' }, roc.caption));
}

/** Hundredths of a unit are finer than a screen. */
const at = (place: number): string => String(Math.round(place * 100) / 100);

function draw(name: string, attributes: Readonly<Record<string, string>>): SVGElement {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

function line(x1: number, y1: number, x2: number, y2: number, kind: string): SVGElement {
  return draw('line', { x1: at(x1), y1: at(y1), x2: at(x2), y2: at(y2), class: kind });
}

/** Plots read from left to right in every language; their words as the language is. */
function words(x: number, y: number, sentence: string, anchor: 'middle' | 'end'): SVGElement {
  // In text from right to left the end of a line is on the left.
  const rightwards = locale().direction === 'ltr';
  const element = draw('text', {
    x: at(x),
    y: at(y),
    'text-anchor': anchor === 'end' && !rightwards ? 'start' : anchor,
  });
  element.textContent = sentence;
  return element;
}
