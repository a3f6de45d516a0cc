import { DETECTOR_ERROR_CODES } from './error-codes.generated.js';
import type { DetectorErrorCode } from './error-codes.generated.js';

export type { DetectorErrorCode };

const CODES: ReadonlySet<string> = new Set(DETECTOR_ERROR_CODES);

/** Every error this package throws: a stable `code` for programs, a `message` for people. */
export class DetectorError extends Error {
  override readonly name = 'DetectorError';

  /** What went wrong; see {@link DetectorErrorCode}. */
  readonly code: DetectorErrorCode;

  /** With `network`: the decoder that an image needs and that could not be loaded. */
  readonly decoder: string | undefined;

  /**
   * @param code - what went wrong
   * @param message - one sentence for people: what is wrong and, where it helps, what to do
   * @param options - `cause`: the error below this one; `decoder`: see {@link decoder}
   */
  constructor(
    code: DetectorErrorCode,
    message: string,
    options?: ErrorOptions & { readonly decoder?: string },
  ) {
    super(message, options);
    this.code = code;
    this.decoder = options?.decoder;
  }
}

/**
 * Turns anything thrown into a DetectorError: errors thrown in WebAssembly keep their code, all
 * others become `fallback`.
 *
 * @internal
 */
export function toDetectorError(
  thrown: unknown,
  fallback: DetectorErrorCode = 'internal',
): DetectorError {
  if (thrown instanceof DetectorError) return thrown;
  if (thrown instanceof Error) {
    const code: unknown = 'code' in thrown ? thrown.code : undefined;
    if (typeof code === 'string' && isDetectorErrorCode(code)) {
      return new DetectorError(code, sentence(thrown.message), { cause: thrown });
    }
    return new DetectorError(fallback, thrown.message || thrown.name, { cause: thrown });
  }
  return new DetectorError(fallback, String(thrown));
}

/** Messages from Rust are clauses, as is the custom there; the package's are sentences. */
function sentence(message: string): string {
  return message.charAt(0).toUpperCase() + message.slice(1) + (/[.!?]$/.test(message) ? '' : '.');
}

function isDetectorErrorCode(code: string): code is DetectorErrorCode {
  return CODES.has(code);
}

/** @internal */
export function aborted(signal: AbortSignal | undefined): DetectorError {
  return new DetectorError('aborted', 'The operation was cancelled.', { cause: signal?.reason });
}

/** @internal */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw aborted(signal);
}
