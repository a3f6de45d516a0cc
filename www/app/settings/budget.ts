import { locale } from 'clipsight/ui';
import { text } from '../app.js';
import { choice, h } from '../dom.js';
import { operatingPoints, shareRight } from './operating.js';
import type { App } from '../app.js';
import type { OperatingPoint } from './operating.js';

/** Shares of generated images among a person's own that the effect is shown for. */
const SHARES = ['0.01', '0.05', '0.1', '0.25', '0.5'] as const;

/** The choice of a false-alarm rate, and what it means. Only measured numbers are shown. */
export function budgetFields(app: App): HTMLElement {
  const { budget } = text();
  const points = operatingPoints(app.lifecycle.detector?.info);
  const fieldset = h('fieldset', {}, h('legend', {}, budget.heading));
  if (points.length === 0) {
    fieldset.append(h('p', { class: 'muted' }, budget.unknown));
    return fieldset;
  }
  const effect = h('div', { class: 'effect', role: 'status' });
  let share: (typeof SHARES)[number] = '0.1';
  const base = choice(
    budget.baseRate,
    SHARES.map((value) => [value, locale().percent(Number(value))]),
    share,
    (value) => {
      share = value;
      update();
    },
  );
  const update = (): void => {
    const point = points.find((candidate) => candidate.budget === app.settings.value.budget);
    base.element.hidden = point === undefined;
    effect.replaceChildren(...(point === undefined ? [] : describe(point, Number(share))));
  };
  const rate = choice(
    budget.label,
    [
      ['0', budget.none],
      ...points.map((point) => [String(point.budget), budget.option(point.budget)] as const),
    ],
    String(app.settings.value.budget),
    (value) => {
      app.settings.change({ budget: Number(value) });
      update();
    },
  );
  update();
  fieldset.append(h('p', { class: 'muted' }, budget.note), rate.element, base.element, effect);
  return fieldset;
}

function describe(point: OperatingPoint, share: number): HTMLElement[] {
  const { budget } = text();
  return [
    h('p', {}, h('strong', {}, budget.threshold(point.threshold))),
    h('p', { class: 'muted' }, budget.measured(point.false_alarms, point.found)),
    h('p', {}, budget.effect(share, shareRight(point, share))),
    h('p', { class: 'fine' }, budget.views),
  ];
}
