import type { DetectorErrorCode } from 'clipsight';
import * as v from 'valibot';
import { checked, line, schemaOf } from './schema.js';

/** Why the extension has no image or no answer; each has a sentence in every language (strings). */
const reason = v.picklist([
  'scheme',
  'private',
  'status',
  'unreachable',
  'stalled',
  'too-large',
  'empty',
  'no-image',
  'not-visible',
  'not-shown',
  'detector',
]);
export type Reason = v.InferOutput<typeof reason>;

const code = schemaOf<DetectorErrorCode>()(
  v.picklist([
    'aborted',
    'argument',
    'decode',
    'unsupported',
    'limit',
    'weights-corrupt',
    'network',
    'no-gpu',
    'device-lost',
    'internal',
  ]),
);

/** An error as it travels between processes. */
export const wireError = v.object({
  code,
  message: line,
  reason: v.exactOptional(reason),
  /** What the reason's sentence is completed with, such as an HTTP status. */
  detail: v.exactOptional(line),
});
export type WireError = Readonly<v.InferOutput<typeof wireError>>;

const CODES: Readonly<Record<Reason, DetectorErrorCode>> = {
  scheme: 'unsupported',
  private: 'unsupported',
  status: 'network',
  unreachable: 'network',
  stalled: 'network',
  'too-large': 'limit',
  empty: 'decode',
  'no-image': 'unsupported',
  'not-visible': 'unsupported',
  'not-shown': 'unsupported',
  detector: 'internal',
};

/** The image could not be read, or the detector did not answer. */
export class CheckError extends Error implements WireError {
  override readonly name = 'CheckError';
  readonly code: DetectorErrorCode;
  readonly reason: Reason;
  readonly detail: string;

  constructor(
    why: Reason,
    detail = '',
    options?: ErrorOptions & { readonly code?: DetectorErrorCode },
  ) {
    super(`The image could not be checked (${why}${detail === '' ? '' : `: ${detail}`}).`, options);
    this.code = options?.code ?? CODES[why];
    this.reason = why;
    this.detail = detail;
  }
}

/** Anything thrown, as it travels: always a WireError that its schema accepts. */
export function toWire(thrown: unknown): WireError {
  if (thrown instanceof CheckError) {
    const { code, message, reason, detail } = thrown;
    return { code, message: short(message), reason, detail: short(detail) };
  }
  const { code: given, message } = Object(thrown) as { code?: unknown; message?: unknown };
  return {
    code: checked(code, given) ?? 'internal',
    message: short(String(message ?? thrown)),
  };
}

const short = (message: string): string => message.slice(0, 300);
