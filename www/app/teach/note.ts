import { text } from '../app.js';
import { button, h, icon, icons, onChange } from '../dom.js';
import type { App } from '../app.js';

/** Says that a taught head judges, for as long as one does, and takes it back. */
export class TaughtNote {
  readonly element: HTMLElement;

  constructor({ teaching, lifecycle }: App, signal: AbortSignal) {
    const { teach } = text();
    const said = h('p', { role: 'status' });
    this.element = h(
      'div',
      { class: 'standard in-strip taught' },
      h('span', { class: 'standard-sign' }, icon(icons.info)),
      said,
      h(
        'div',
        { class: 'row' },
        button(teach.undo, () => void teaching.undo(), { kind: 'secondary' }),
      ),
    );
    const update = (): void => {
      const { head } = teaching;
      this.element.hidden = head === undefined;
      said.textContent = head === undefined ? '' : teach.judges(head.name, head.report.examples);
    };
    onChange(teaching, signal, update);
    onChange(lifecycle, signal, update);
    update();
  }
}
