import { DetectorError } from 'clipsight';

/** Whatever was thrown, as an error with a code. */
export function toError(thrown: unknown): DetectorError {
  return thrown instanceof DetectorError ? thrown : new DetectorError('internal', String(thrown));
}
