import { sharedText, text } from '../app.js';
import { choice, h } from '../dom.js';
import type { Arrangement } from './order.js';

/** What a person arranges the list with. */
export function toolbar(
  start: Arrangement,
  changed: (arrangement: Arrangement) => void,
): { readonly element: HTMLElement; readonly setFlagging: (on: boolean) => void } {
  const { batch } = text();
  const { grade, abstained } = sharedText();
  let arrangement = start;
  const change = (some: Partial<Arrangement>): void => {
    arrangement = { ...arrangement, ...some };
    changed(arrangement);
  };
  const filters: (readonly [Arrangement['filter'], string])[] = [
    ['all', batch.filters.all],
    ['flagged', batch.filters.flagged],
    ['very-strong', grade['very-strong']],
    ['strong', grade.strong],
    ['moderate', grade.moderate],
    ['weak', grade.weak],
    ['abstained', `${abstained.headline} · ${abstained.ungraded}`],
    ['error', batch.filters.error],
    ['waiting', batch.filters.waiting],
    ['cancelled', batch.filters.cancelled],
  ];
  const filter = choice(batch.filter, filters, start.filter, (value) => {
    change({ filter: value });
  });
  const sort = choice(
    batch.sort,
    [
      ['added', batch.sorts.added],
      ['probability', batch.sorts.probability],
      ['grade', batch.sorts.grade],
      ['name', batch.sorts.name],
    ],
    start.sort,
    (value) => {
      change({ sort: value });
    },
  );
  const search = h('input', { type: 'search', autocomplete: 'off', spellcheck: 'false' });
  search.addEventListener('input', () => {
    change({ text: search.value });
  });
  const flagging = [...filter.select.options].find(({ value }) => value === 'flagged');
  return {
    element: h(
      'div',
      { class: 'toolbar', hidden: '' },
      filter.element,
      h('label', { class: 'field grow' }, h('span', {}, batch.search), search),
      sort.element,
    ),
    setFlagging(on) {
      if (flagging === undefined) return;
      flagging.hidden = !on;
      flagging.disabled = !on;
    },
  };
}
