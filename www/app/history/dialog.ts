import { displayName, locale, stateIcon, verdictName } from 'clipsight/ui';
import { sharedText, text } from '../app.js';
import { shortPercent } from '../batch/rows.js';
import { Modal } from '../dialog.js';
import { button, h } from '../dom.js';
import { SHOWN_HISTORY } from '../limits.js';
import type { App } from '../app.js';
import type { Remembered } from './store.js';

/** The history, and how to wipe it. */
export async function openHistory(app: App): Promise<void> {
  const { history, settings } = text();
  const modal = new Modal(history.heading, settings.close);
  const list = h('div', { class: 'history' });
  const said = h('p', { class: 'notice', role: 'status', hidden: '' });
  const say = (sentence: string): void => {
    said.textContent = sentence;
    said.hidden = false;
  };
  modal.body.append(h('p', { class: 'muted' }, history.note), said, list);
  modal.open();
  const wipe = button(
    history.wipe,
    () => {
      app.history.wipe().then(
        () => {
          list.replaceChildren();
          say(history.wiped);
        },
        () => {
          say(history.refused);
        },
      );
    },
    { kind: 'secondary' },
  );
  try {
    const { results, count } = await app.history.newest(SHOWN_HISTORY);
    if (count === 0) {
      list.append(h('p', {}, app.settings.value.history ? history.empty : history.off));
      return;
    }
    list.append(
      h(
        'div',
        { class: 'row' },
        h(
          'p',
          {},
          history.count(count),
          ' ',
          count > results.length ? history.newest(results.length) : '',
        ),
        wipe,
      ),
      h('ul', {}, ...results.map(entry)),
    );
  } catch {
    say(history.refused);
  }
}

function entry({ name, when, model }: Remembered): HTMLElement {
  const state = model.status === 'scored' ? model.grade : 'abstained';
  return h(
    'li',
    { class: 'history-item', 'data-state': state },
    h('bdi', { class: 'row-name' }, displayName(name)),
    h(
      'span',
      { class: 'row-verdict' },
      stateIcon(state),
      h('span', {}, verdictName(model, sharedText())),
    ),
    h('span', { class: 'row-probability' }, shortPercent(model.probability)),
    h(
      'time',
      { class: 'fine', datetime: new Date(when).toISOString() },
      locale().date(new Date(when)),
    ),
  );
}
