/** The settings in the panel: where to compute, and which sites may be read. */
import { api } from './api.js';
import { h } from 'clipsight/ui';
import { overlaySites, turnOff } from './overlays.js';
import { DEVICES } from './device.js';
import { readDevice, writeDevice } from './settings.js';
import type { Strings } from './strings/index.js';

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

  const sites = h('ul', { class: 'sites' });
  const showSites = async (): Promise<void> => {
    const [{ origins = [] }, marked] = await Promise.all([api.permissions.getAll(), overlaySites()]);
    const rows = origins.map((pattern) => {
      const site = pattern.replace(/^\*?:?\/?\/?/, '').replace(/\/\*$/, '');
      const remove = h('button', { type: 'button', class: 'button quiet', 'aria-label': words.remove(site) }, '×');
      remove.addEventListener('click', () => void turnOff(pattern));
      const note = marked.includes(pattern) ? h('span', { class: 'fine' }, words.marked) : undefined;
      return h('li', {}, h('span', {}, h('bdi', {}, site), note), remove);
    });
    sites.replaceChildren(...(rows.length > 0 ? rows : [h('li', { class: 'muted' }, words.noSites)]));
  };
  const refresh = (): void => void showSites();
  refresh();
  api.permissions.onAdded.addListener(refresh);
  api.permissions.onRemoved.addListener(refresh);

  return h(
    'details',
    { class: 'settings' },
    h('summary', {}, words.heading),
    h('div', { class: 'row' }, h('label', { for: 'device' }, words.device), device),
    h('h3', {}, words.sites),
    sites,
  );
}
