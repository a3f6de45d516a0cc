import { text } from '../app.js';
import { h } from '../dom.js';
import { MAX_PASSED_NAMES } from '../limits.js';
import type { Passed, PassedReason } from './sift.js';

const REASONS: readonly PassedReason[] = ['other', 'hidden', 'system', 'unreadable'];

/** Says which files of a folder were passed over, and why. */
export class PassedNote {
  readonly #summary = h('summary', {});
  readonly #list = h('ul', {});
  readonly #details = h('details', { class: 'passed' }, this.#summary, this.#list);
  readonly element = h('div', { role: 'status', hidden: '' }, this.#details);

  /** Shows these; none: nothing is said. */
  show(passed: readonly Passed[]): void {
    const strings = text().intake.passed;
    this.element.hidden = passed.length === 0;
    this.#details.open = false;
    this.#summary.textContent = passed.length === 0 ? '' : strings.summary(passed.length);
    const items = REASONS.flatMap((reason) => {
      const some = passed.filter((each) => each.reason === reason);
      return some.length === 0 ? [] : [item(strings[reason](some.length), some)];
    });
    this.#list.replaceChildren(...items);
  }
}

function item(label: string, passed: readonly Passed[]): HTMLElement {
  const names = passed.slice(0, MAX_PASSED_NAMES).map(({ name }) => h('bdi', {}, name));
  const more = passed.length > names.length ? ['…'] : [];
  return h('li', {}, h('span', {}, label), h('p', { class: 'mono' }, ...names, ...more));
}
