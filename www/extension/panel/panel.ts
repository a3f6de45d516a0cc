/** Side panel (Chrome) and sidebar (Firefox): results of the window it belongs to, and settings. */
import { h } from 'clipsight/ui';
import { api } from '../shared/api.js';
import { openChannel } from '../shared/channel.js';
import type { BackgroundRequest } from '../shared/requests.js';
import { brand } from './brand.js';
import { settings } from './settings-view.js';
import { Cards, prepare, takeImages } from './view.js';

const strings = await prepare();
const cards = new Cards(strings, {
  level: 3,
  changed(count) {
    empty.hidden = count > 0;
    header.hidden = count === 0;
  },
  removed(id) {
    void api.runtime.sendMessage<BackgroundRequest>({ kind: 'forget', id }).catch(() => undefined);
  },
});
const { button, picker, hint } = takeImages(strings, cards);
const clear = h('button', { type: 'button', class: 'button quiet' }, strings.clear);
clear.addEventListener('click', () => {
  cards.clear();
  button.focus();
});
const header = h('header', { class: 'bar', hidden: '' }, h('h2', {}, strings.results), clear);
const empty = h(
  'div',
  { class: 'empty' },
  h('h2', {}, strings.empty.title),
  h('p', {}, strings.empty.menu),
  h('p', { class: 'muted' }, strings.empty.drop),
);

document.body.append(
  brand(strings.privacy),
  h(
    'main',
    {},
    hint,
    empty,
    header,
    cards.list,
    h('div', { class: 'intake' }, button, picker),
    settings(strings),
  ),
  h('div', { class: 'curtain', 'aria-hidden': 'true' }, h('p', {}, strings.over)),
  cards.announcer,
);

const { id: windowId } = await api.windows.getCurrent();
openChannel((message) => {
  if (message.kind === 'job' && message.job.windowId === windowId) cards.show(message.job);
});
// What began before this panel was there.
if (windowId !== undefined) {
  await api.runtime
    .sendMessage<BackgroundRequest>({ kind: 'panel', windowId })
    .catch(() => undefined);
}
