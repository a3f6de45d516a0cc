import { text } from '../app.js';
import { button, h, picker } from '../dom.js';
import { toError } from '../errors.js';
import { openTeaching } from './dialog.js';
import { saveAs } from 'clipsight/ui';
import type { App } from '../app.js';

/**
 * Teaching in the settings: the way to it, and what can be done with the head in use.
 *
 * @param leave - closes the settings
 */
export function teachFields(app: App, leave: () => void): HTMLElement {
  const { teach } = text();
  const { teaching } = app;
  const state = h('p', { role: 'status' });
  const failed = h('p', { class: 'notice bad', role: 'alert', hidden: '' });
  const say = (thrown: unknown): void => {
    const error = toError(thrown);
    failed.replaceChildren(
      h('span', {}, error.code === 'argument' ? teach.otherModel : teach.noHead),
    );
    failed.hidden = false;
  };
  const file = picker({ accept: '.head' }, ([chosen]) => {
    if (chosen === undefined) return;
    failed.hidden = true;
    chosen
      .arrayBuffer()
      .then((buffer) => teaching.use(new Uint8Array(buffer)))
      .then(update, say);
  });
  const open = button(
    teach.open,
    () => {
      leave();
      openTeaching(app);
    },
    { kind: 'secondary' },
  );
  const load = button(
    teach.load,
    () => {
      file.click();
    },
    { kind: 'quiet' },
  );
  const save = button(
    teach.save,
    () => {
      const { file: bytes, head } = teaching;
      if (bytes === undefined || head === undefined) return;
      const name = head.name.replaceAll(/[^\p{L}\p{N} ._-]/gu, '-');
      saveAs(`${name}.head`, 'application/octet-stream', new Uint8Array(bytes));
    },
    { kind: 'quiet' },
  );
  const undo = button(
    teach.undo,
    () => {
      teaching.undo().then(update, say);
      open.focus();
    },
    { kind: 'quiet' },
  );
  const update = (): void => {
    const { head, ready } = teaching;
    const stuck = ready && !teaching.teachable && head === undefined;
    const said = head === undefined ? '' : teach.judges(head.name, head.report.examples);
    state.textContent = stuck ? teach.notThis : said;
    state.hidden = state.textContent === '';
    save.hidden = head === undefined;
    undo.hidden = head === undefined;
    open.disabled = !ready || !teaching.teachable;
    load.disabled = !ready;
  };
  update();
  return h(
    'fieldset',
    { class: 'teach-fields' },
    h('legend', {}, teach.legend),
    h('p', { class: 'muted' }, teach.note),
    state,
    failed,
    h('div', { class: 'row' }, open, load, save, undo),
    file,
  );
}
