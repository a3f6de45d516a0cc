import { catalogue as sharedCatalogue, locale, translate } from 'clipsight/ui';
import { catalogue } from './strings/index.js';
import type { Strings as SharedStrings } from 'clipsight/ui';
import type { Batch } from './batch/batch.js';
import type { Bench } from './bench/bench.js';
import type { DetectorLifecycle } from './detector-lifecycle.js';
import type { History } from './history/store.js';
import type { NetworkLock } from './network/lock.js';
import type { Offline } from './offline/offline.js';
import type { SettingsStore } from './settings/settings.js';
import type { Strings } from './strings/index.js';
import type { Teaching } from './teach/teaching.js';

/**
 * What the page consists of beneath its views. It outlives them: a change of language makes new
 * ones.
 */
export interface App {
  readonly settings: SettingsStore;
  readonly lock: NetworkLock;
  readonly lifecycle: DetectorLifecycle;
  readonly batch: Batch;
  readonly bench: Bench;
  readonly history: History;
  readonly offline: Offline;
  readonly teaching: Teaching;
}

/** The page's strings in the language in use. */
export function text(): Strings {
  return translate(catalogue, locale());
}

/** Those of the parts that page, element and extension share. */
export function sharedText(): SharedStrings {
  return translate(sharedCatalogue, locale());
}
