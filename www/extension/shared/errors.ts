import type { DetectorErrorCode } from 'clipsight';

/** Why the extension could not get at an image; each has a sentence in every language (strings). */
export const REASONS = [
  'scheme',
  'private',
  'status',
  'unreachable',
  'stalled',
  'too-large',
  'empty',
  'no-image',
  'no-page',
  'not-visible',
  'engine',
] as const;
export type Reason = (typeof REASONS)[number];

const CODES: Readonly<Record<Reason, DetectorErrorCode>> = {
  scheme: 'unsupported',
  private: 'unsupported',
  status: 'network',
  unreachable: 'network',
  stalled: 'network',
  'too-large': 'limit',
  empty: 'decode',
  'no-image': 'unsupported',
  'no-page': 'unsupported',
  'not-visible': 'unsupported',
  engine: 'internal',
};

/** An error as it travels between parts of the extension. */
export interface WireError {
  readonly code: DetectorErrorCode;
  readonly message: string;
  readonly reason?: Reason;
  /** What the reason's sentence is completed with, such as an HTTP status. */
  readonly detail?: string;
}

/** The image could not be had. */
export class AcquireError extends Error implements WireError {
  override readonly name = 'AcquireError';
  readonly code: DetectorErrorCode;
  readonly reason: Reason;
  readonly detail: string;

  constructor(reason: Reason, detail = '', options?: ErrorOptions) {
    super(`The image could not be read (${reason}${detail === '' ? '' : `: ${detail}`}).`, options);
    this.code = CODES[reason];
    this.reason = reason;
    this.detail = detail;
  }
}

/** Anything thrown, as it travels. */
export function toWire(thrown: unknown): WireError {
  if (thrown instanceof AcquireError) {
    const { code, message, reason, detail } = thrown;
    return { code, message, reason, detail };
  }
  const { code, message } = thrown as { code?: unknown; message?: unknown };
  return {
    code: typeof code === 'string' ? (code as DetectorErrorCode) : 'internal',
    message: String(message ?? thrown).slice(0, 300),
  };
}
