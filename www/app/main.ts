import { applyLocale, applyTokens, locale, setLocale } from 'clipsight/ui';
import { Batch } from './batch/batch.js';
import { Bench } from './bench/bench.js';
import { remember } from './history/remember.js';
import { DetectorLifecycle } from './detector-lifecycle.js';
import { History } from './history/store.js';
import { takeDownload } from './model-choice.js';
import { NetworkLock } from './network/lock.js';
import { restrictLoading } from './network/policy.js';
import { installScriptPolicy } from './network/trusted.js';
import { takeUnlocked } from './network/unlock.js';
import { Offline } from './offline/offline.js';
import { Page } from './page.js';
import { modelChoice, SettingsStore } from './settings/settings.js';
import { Teaching } from './teach/teaching.js';
import './style/index.css';
import type { App } from './app.js';
import type { DevicePreference } from 'clipsight';

const settings = new SettingsStore();
const model = modelChoice(settings.value);
const download = takeDownload();

// Before anything else: what the page may reach. The document itself allows more, for a page that
// stays unlocked.
const unlocked = takeUnlocked();
if (unlocked === undefined) restrictLoading(model instanceof URL ? model : undefined);
installScriptPolicy();

applyTokens(document);
followLook();

const lock = new NetworkLock();
const offline = new Offline();
const lifecycle = new DetectorLifecycle({
  model,
  device: preference(),
  lock,
  offline,
  unlocked: unlocked !== undefined,
  download,
});
const batch = new Batch((name) => offline.decoder(name));
const bench = new Bench({ settings, lock, lifecycle, offline });
const teaching = new Teaching({ lifecycle, offline, batch });
const history = new History();
const app: App = { settings, lock, lifecycle, offline, batch, bench, teaching, history };
const page = new Page(app);

remember(app);
let language = settings.value.language;
settings.addEventListener('change', () => {
  followLook();
  if (settings.value.language === language) return;
  language = settings.value.language;
  page.render();
});
page.render();
void lifecycle.start();
if (unlocked !== undefined && unlocked !== '') {
  const fetch = (): void => {
    if (lock.state !== 'open') return;
    lock.removeEventListener('change', fetch);
    page.fetch(unlocked);
  };
  lock.addEventListener('change', fetch);
}

/** Language, appearance and views as the settings say. */
function followLook(): void {
  const { value } = settings;
  setLocale(value.language === 'auto' ? undefined : value.language);
  applyLocale(document, locale());
  document.documentElement.dataset['theme'] = value.theme;
}

/**
 * `?device=webgpu` and `?device=cpu` come before the settings, for tests and for people whose GPU
 * misbehaves.
 */
function preference(): DevicePreference {
  const asked = new URLSearchParams(location.search).get('device');
  return asked === 'webgpu' || asked === 'cpu' ? asked : settings.value.device;
}
