/** Checks of what callers pass: those without types can pass anything. */
import { isBlob, isBytes, isUint8Array, isUrl } from './brands.js';
import { DetectorError } from './errors.js';
import {
  MAX_HEAD_NAME_CHARACTERS,
  MAX_IMAGE_BYTES,
  MAX_IMAGE_PIXELS,
  MAX_IMAGE_SIDE,
} from './limits.js';
import type { Fidelity, Rectangle, TaughtLabel } from './analysis.generated.js';
import type {
  AnalyzeOptions,
  CachePreference,
  DetectorOptions,
  DevicePreference,
  ImageLimits,
  ModelFiles,
} from './options.js';

const DEVICES: readonly DevicePreference[] = ['auto', 'webgpu', 'cpu'];
const PROVENANCES: readonly NonNullable<AnalyzeOptions['provenance']>[] = ['read', 'off'];
const CACHES: readonly CachePreference[] = ['cache-storage', 'opfs', 'none'];

/** All of them: where one is missing, this does not compile. */
export const FIDELITIES = Object.keys({
  'original-bytes': true,
  're-encoded': true,
  'screen-capture': true,
} satisfies Record<Fidelity, true>) as readonly Fidelity[];

/** What every call's options may hold. */
interface CallOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: never) => void;
}

/**
 * That options are an object, and that whoever waits can end the call and be told how far it is: a
 * signal may be of another realm, or stand in for one.
 *
 * @throws {DetectorError} `argument`
 */
export function checkOptions(options: CallOptions): void {
  const given: unknown = options;
  if (typeof given !== 'object' || given === null)
    throw new DetectorError('argument', `options must be an object, not ${shown(given)}.`);
  const { signal, onProgress } = given as { readonly [K in keyof CallOptions]: unknown };
  const { aborted, addEventListener, removeEventListener } = Object(signal) as Partial<
    Record<keyof AbortSignal, unknown>
  >;
  const isSignal =
    typeof aborted === 'boolean' &&
    [addEventListener, removeEventListener].every((method) => typeof method === 'function');
  if (signal !== undefined && !isSignal)
    throw new DetectorError('argument', `signal must be an AbortSignal, not ${shown(signal)}.`);
  if (onProgress !== undefined && typeof onProgress !== 'function')
    throw new DetectorError('argument', `onProgress must be a function, not ${shown(onProgress)}.`);
}

/** @throws {DetectorError} `argument` */
export function checkDevice(device: DevicePreference): DevicePreference {
  return oneOf('device', DEVICES, device);
}

/** @throws {DetectorError} `argument` */
export function checkCache(cache: CachePreference = 'cache-storage'): CachePreference {
  return oneOf('cache', CACHES, cache);
}

/** @throws {DetectorError} `argument` */
export function checkFidelity(fidelity: Fidelity): Fidelity {
  return oneOf('fidelity', FIDELITIES, fidelity);
}

/** @throws {DetectorError} `argument` */
export function checkProvenance(
  provenance: AnalyzeOptions['provenance'] = 'read',
): NonNullable<AnalyzeOptions['provenance']> {
  return oneOf('provenance', PROVENANCES, provenance);
}

/** @throws {DetectorError} `argument` */
export function checkViews(views: AnalyzeOptions['views']): 1 | 5 | undefined {
  const given: unknown = views;
  if (given !== undefined && given !== 1 && given !== 5) {
    throw new DetectorError('argument', 'views must be 1 or 5.');
  }
  return views;
}

/** @throws {DetectorError} `argument` */
export function checkLabel(label: TaughtLabel): TaughtLabel {
  return oneOf('label', ['ai', 'real'], label);
}

/** @throws {DetectorError} `argument` */
export function checkHeadName(name: unknown = 'Taught head'): string {
  const length = typeof name === 'string' ? Array.from(name).length : 0;
  if (typeof name === 'string' && length <= MAX_HEAD_NAME_CHARACTERS && /^\P{Cc}+$/u.test(name))
    if (name.trim() !== '') return name;
  throw new DetectorError(
    'argument',
    `name must be a text of 1 to ${String(MAX_HEAD_NAME_CHARACTERS)} characters on one line.`,
  );
}

/** @throws {DetectorError} `argument` */
export function checkExplain(explain: AnalyzeOptions['explain']): boolean {
  const given: unknown = explain ?? false;
  if (typeof given === 'boolean') return given;
  throw new DetectorError('argument', `explain must be true or false, not ${shown(given)}.`);
}

/**
 * What is asked for where the verdict is unsteady; nothing where nobody asks whether it is.
 *
 * @throws {DetectorError} `argument`
 */
export function checkStability(
  stability: AnalyzeOptions['stability'],
): 'say' | 'abstain' | undefined {
  const given: unknown = stability ?? false;
  if (given === false) return undefined;
  if (given === true) return 'say';
  if (given === 'abstain') return given;
  throw new DetectorError(
    'argument',
    `stability must be true, false or "abstain", not ${shown(given)}.`,
  );
}

/**
 * Whether it lies within the image is known when that has been read.
 *
 * @throws {DetectorError} `argument`
 */
export function checkCrop(crop: AnalyzeOptions['crop']): Rectangle | undefined {
  if (crop === undefined) return undefined;
  const given: unknown = crop;
  const { x, y, width, height } = Object(given) as Partial<Record<keyof Rectangle, unknown>>;
  const rectangle = { x, y, width, height };
  if (isRectangle(rectangle)) return rectangle;
  throw new DetectorError(
    'argument',
    'crop must be { x, y, width, height } in whole pixels of the image, not empty.',
  );
}

/** Whether these are whole pixels of some image, and at least one of them. */
export function isRectangle(value: Readonly<Record<keyof Rectangle, unknown>>): value is Rectangle {
  const { x, y, width, height } = value;
  const within = (pixels: unknown, least: number): boolean =>
    Number.isInteger(pixels) && Number(pixels) >= least && Number(pixels) <= MAX_IMAGE_SIDE;
  return within(x, 0) && within(y, 0) && within(width, 1) && within(height, 1);
}

/** The bounds that hold: the built-in ones where none are given. */
export function checkLimits(limits: ImageLimits = {}): Required<ImageLimits> {
  const given: unknown = limits;
  if (typeof given !== 'object' || given === null)
    throw new DetectorError('argument', `limits must be an object, not ${shown(given)}.`);
  return {
    maxBytes: bound('maxBytes', limits.maxBytes, MAX_IMAGE_BYTES),
    maxSide: bound('maxSide', limits.maxSide, MAX_IMAGE_SIDE),
    maxPixels: bound('maxPixels', limits.maxPixels, MAX_IMAGE_PIXELS),
  };
}

/** Whether a model is given by its bytes. */
export function isModelFiles(model: DetectorOptions['model']): model is ModelFiles {
  if (typeof model !== 'object' || (model as object | null) === null || !('shards' in model))
    return false;
  const { manifest, shards, cores, device } = model as {
    readonly [K in keyof ModelFiles]: unknown;
  };
  const whole =
    isUint8Array(manifest) &&
    Array.isArray(shards) &&
    shards.every(isBlob) &&
    typeof cores === 'object' &&
    cores !== null &&
    Object.values(cores).every(isBytes) &&
    (device === 'webgpu' || device === 'cpu');
  if (!whole)
    throw new DetectorError(
      'argument',
      'model is neither an address nor what fetchModel() returns.',
    );
  if (manifest.byteLength === 0) {
    throw new DetectorError(
      'argument',
      'The model files are empty: they have been transferred elsewhere.',
    );
  }
  return true;
}

/**
 * Relative addresses mean "from this page", as in fetch(); the worker would take them from its own
 * script.
 */
export function absolute(url: string | URL | undefined, argument: string): string {
  const scope = globalThis as { readonly document?: Document; readonly location?: Location };
  try {
    // A number or nothing would turn into an address of this page.
    if (typeof url !== 'string' && !isUrl(url)) throw new TypeError(typeof url);
    return new URL(url, scope.document?.baseURI ?? scope.location?.href).href;
  } catch (error) {
    throw new DetectorError('argument', `${argument} is not an address.`, { cause: error });
  }
}

function oneOf<T extends string>(name: string, allowed: readonly T[], value: T): T {
  if (allowed.includes(value)) return value;
  const list = allowed.map((one) => `"${one}"`).join(', ');
  throw new DetectorError('argument', `${name} must be one of ${list}, not ${shown(value)}.`);
}

function bound(name: string, value: unknown, most: number): number {
  if (value === undefined) return most;
  if (typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= most)
    return value;
  throw new DetectorError(
    'argument',
    `limits.${name} must be a whole number from 1 to ${String(most)}: limits can only be ` +
      'tightened.',
  );
}

/** A value as a message shows it; it may be anything, and long. */
function shown(value: unknown): string {
  if (value === null) return 'null';
  return typeof value === 'string' ? `"${value.slice(0, 40)}"` : typeof value;
}
