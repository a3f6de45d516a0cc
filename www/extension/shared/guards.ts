/** Small checks of what comes in from elsewhere. */
import { MAX_IMAGE_BYTES, MAX_TEXT } from './limits.js';

export type Unknown = Readonly<Record<string, unknown>>;

export function isRecord(value: unknown): value is Unknown {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isText(value: unknown, longest = MAX_TEXT): value is string {
  return typeof value === 'string' && value.length <= longest;
}

export function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

export function isOneOf<T extends string>(value: unknown, allowed: readonly T[]): value is T {
  return allowed.some((candidate) => candidate === value);
}

/** Letters, digits and hyphens: what crypto.randomUUID makes. */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && /^[\w-]{1,64}$/.test(value);
}

export function isPicture(value: unknown): value is Blob {
  return value instanceof Blob && value.size <= MAX_IMAGE_BYTES;
}
