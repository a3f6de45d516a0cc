import { LANGUAGES } from 'clipsight/ui';
import type { AnalyzeOptions, DetectorInfo, DevicePreference } from 'clipsight';
import type { Language } from 'clipsight/ui';
import type { ModelChoice } from '../detector-lifecycle.js';

/** What the visitor chose. */
export interface Settings {
  /** `standard`, or the address of another model's manifest; empty: the compact model. */
  readonly model: string;
  readonly device: DevicePreference;
  readonly views: 'model' | '1' | '5';
  /** False-alarm rate that an image may be marked at, 0 to 1; 0: nothing is marked. */
  readonly budget: number;
  readonly language: 'auto' | Language;
  readonly theme: 'auto' | 'light' | 'dark';
  readonly history: boolean;
}

const DEFAULTS: Settings = {
  model: '',
  device: 'auto',
  views: 'model',
  budget: 0,
  language: 'auto',
  theme: 'auto',
  history: false,
};

const KEY = 'clipsight.settings';

/** The settings, kept by the browser where it keeps anything. Dispatches `change`. */
export class SettingsStore extends EventTarget {
  #value: Settings;

  constructor() {
    super();
    this.#value = read();
  }

  get value(): Settings {
    return this.#value;
  }

  change(some: Partial<Settings>): void {
    this.#value = { ...this.#value, ...some };
    try {
      localStorage.setItem(KEY, JSON.stringify(this.#value));
    } catch {
      // A private window: they hold for this visit.
    }
    this.dispatchEvent(new Event('change'));
  }
}

/** The option of one analysis: what the visitor chose, if the model can do it. */
export function viewsOption(
  { views }: Settings,
  info: DetectorInfo | undefined,
): AnalyzeOptions['views'] {
  const wanted = views === 'model' ? undefined : views === '1' ? 1 : 5;
  return wanted !== undefined && info?.viewCounts.includes(wanted) === true ? wanted : undefined;
}

/** The model that the visitor chose. */
export function modelChoice({ model }: Settings): ModelChoice {
  return model === 'standard' ? model : (modelAddress(model) ?? 'compact');
}

/** The address of another model, or undefined for the page's own and for what is no address. */
export function modelAddress(text: string): URL | undefined {
  try {
    const url = new URL(text.trim());
    const local = url.protocol === 'http:' && ['localhost', '127.0.0.1'].includes(url.hostname);
    const plain = url.username === '' && url.password === '';
    return plain && (url.protocol === 'https:' || local) && url.pathname.endsWith('.json')
      ? url
      : undefined;
  } catch {
    return undefined;
  }
}

/** What is stored may be of another version, or of nobody knows whom: every value is checked. */
function read(): Settings {
  let stored: Partial<Record<keyof Settings, unknown>>;
  try {
    const parsed: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    stored = typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch {
    stored = {};
  }
  const oneOf = <T>(value: unknown, options: readonly T[], otherwise: T): T =>
    options.includes(value as T) ? (value as T) : otherwise;
  const { model, budget, history } = stored;
  return {
    model:
      typeof model === 'string' && (model === 'standard' || modelAddress(model) !== undefined)
        ? model
        : DEFAULTS.model,
    device: oneOf(stored.device, ['auto', 'webgpu', 'cpu'], DEFAULTS.device),
    views: oneOf(stored.views, ['model', '1', '5'], DEFAULTS.views),
    budget: typeof budget === 'number' && budget >= 0 && budget < 1 ? budget : DEFAULTS.budget,
    language: oneOf(stored.language, ['auto', ...LANGUAGES], DEFAULTS.language),
    theme: oneOf(stored.theme, ['auto', 'light', 'dark'], DEFAULTS.theme),
    history: history === true,
  };
}
