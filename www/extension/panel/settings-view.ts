/** The settings in the panel: which model judges, where to compute, and which sites may be read. */
import { LANGUAGES, LANGUAGE_NAMES, h, locale } from 'clipsight/ui';
import { api } from '../shared/api.js';
import { DEVICES } from '../shared/device.js';
import { MODELS } from '../shared/model.js';
import { overlaySites, turnOff } from '../shared/overlay-sites.js';
import {
  readDevice,
  readModel,
  writeDevice,
  writeLanguage,
  writeModel,
} from '../shared/settings.js';
import type { Strings } from '../shared/strings/index.js';

export function settings(strings: Strings): HTMLElement {
  const { settings: words } = strings;
  const device = h(
    'select',
    { id: 'device' },
    ...DEVICES.map((value) => h('option', { value }, value === 'auto' ? words.auto : words.cpu)),
  );
  void readDevice().then((value) => {
    device.value = value;
  });
  device.addEventListener('change', () => {
    void writeDevice(device.value === 'cpu' ? 'cpu' : 'auto');
  });

  const model = h(
    'select',
    { id: 'model' },
    ...MODELS.map((value) => h('option', { value }, words.models[value])),
  );
  void readModel().then((value) => {
    model.value = value;
  });
  model.addEventListener('change', () => {
    void writeModel(model.value === 'standard' ? 'standard' : 'compact');
  });

  const language = h(
    'select',
    { id: 'language' },
    ...LANGUAGES.map((value) => h('option', { value, lang: value }, LANGUAGE_NAMES[value])),
  );
  language.value = locale().language;
  language.addEventListener('change', () => {
    const chosen = LANGUAGES.find((candidate) => candidate === language.value);
    if (chosen === undefined) return;
    // Everything on the page is written once, in one language.
    void writeLanguage(chosen).then(() => {
      location.reload();
    });
  });

  const sites = h('ul', { class: 'sites' });
  const showSites = async (): Promise<void> => {
    const [{ origins = [] }, marked] = await Promise.all([
      api.permissions.getAll(),
      overlaySites(),
    ]);
    const rows = origins.map((pattern) => {
      const site = pattern.replace(/^\*?:?\/?\/?/, '').replace(/\/\*$/, '');
      const remove = h(
        'button',
        { type: 'button', class: 'button quiet', 'aria-label': words.remove(site) },
        '×',
      );
      remove.addEventListener('click', () => void turnOff(pattern));
      const note = marked.includes(pattern)
        ? h('span', { class: 'fine' }, words.marked)
        : undefined;
      return h('li', {}, h('span', {}, h('bdi', {}, site), note), remove);
    });
    sites.replaceChildren(
      ...(rows.length > 0 ? rows : [h('li', { class: 'muted' }, words.noSites)]),
    );
  };
  const refresh = (): void => void showSites();
  refresh();
  api.permissions.onAdded.addListener(refresh);
  api.permissions.onRemoved.addListener(refresh);

  return h(
    'details',
    { class: 'settings' },
    h('summary', {}, words.heading),
    h('div', { class: 'row' }, h('label', { for: 'model' }, words.model), model),
    h('p', { class: 'fine' }, words.modelNote),
    h('div', { class: 'row' }, h('label', { for: 'device' }, words.device), device),
    h('div', { class: 'row' }, h('label', { for: 'language' }, words.language), language),
    h('h3', {}, words.sites),
    sites,
  );
}
