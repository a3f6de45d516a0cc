/** The toolbar's popup: drop or paste an image, open the panel, mark the images of this site. */
import { h } from 'clipsight/ui';
import { originPattern, parse } from '../shared/addresses.js';
import { api, openPanel } from '../shared/api.js';
import { overlaySites, turnOff, turnOn } from '../shared/overlay-sites.js';
import { brand } from './brand.js';
import { Cards, prepare, takeImages } from './view.js';

const strings = await prepare();
const [tab] = await api.tabs.query({ active: true, currentWindow: true });

const cards = new Cards(strings, {
  level: 2,
  changed(count) {
    empty.hidden = count > 0;
  },
});
const { button, picker, hint } = takeImages(strings, cards);
const panel = h('button', { type: 'button', class: 'button secondary' }, strings.openPanel);
panel.addEventListener('click', () => {
  if (tab === undefined) return;
  openPanel(tab.windowId);
  window.close();
});
const empty = h(
  'div',
  { class: 'empty' },
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
    cards.list,
    h('div', { class: 'intake' }, button, picker, panel),
    marks(),
  ),
  h('div', { class: 'curtain', 'aria-hidden': 'true' }, h('p', {}, strings.over)),
  cards.announcer,
);

/** The switch for overlays on the site in the tab. */
function marks(): HTMLElement {
  // The gesture on the toolbar has made the address known (activeTab).
  const page = parse(tab?.url);
  if (page === undefined || !/^https?:$/.test(page.protocol)) {
    return h('p', { class: 'fine' }, strings.overlays.elsewhere);
  }
  const box = h('input', { type: 'checkbox', id: 'marks', 'aria-describedby': 'marks-hint' });
  void overlaySites().then((sites) => {
    box.checked = sites.includes(originPattern(page));
  });
  box.addEventListener('change', () => {
    const done = box.checked
      ? turnOn(page, tab?.id)
      : turnOff(originPattern(page)).then(() => false);
    void done.then(
      (on) => {
        box.checked = on;
      },
      () => {
        box.checked = false;
      },
    );
  });
  return h(
    'div',
    { class: 'marks' },
    h('label', { for: 'marks' }, box, strings.overlays.turnOn(page.host)),
    h('p', { class: 'fine', id: 'marks-hint' }, strings.overlays.hint),
  );
}
