/**
 * What went wrong, as a stable code.
 *
 * | code | who can do something about it |
 * | --- | --- |
 * | `aborted` | the caller, through its AbortSignal or `dispose()` |
 * | `argument` | the caller: an argument makes no sense |
 * | `decode` | the file: it is no image, or a damaged one |
 * | `unsupported` | the file: an image of a kind that is not read |
 * | `limit` | the file: too large, see the message |
 * | `weights-corrupt` | the model files: damaged, incomplete or of an unknown version |
 * | `network` | the connection or the server: a file of the package or model cannot be fetched |
 * | `no-gpu` | the device: `device: 'webgpu'` was asked for and there is none |
 * | `device-lost` | the device: the GPU stopped answering and the CPU could not take over |
 * | `internal` | us: please report it |
 */
export type DetectorErrorCode =
  | 'aborted'
  | 'argument'
  | 'decode'
  | 'unsupported'
  | 'limit'
  | 'weights-corrupt'
  | 'network'
  | 'no-gpu'
  | 'device-lost'
  | 'internal';

const CODES: ReadonlySet<string> = new Set<DetectorErrorCode>([
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
]);

/** Every error this package throws: a stable `code` for programs, a `message` for people. */
export class DetectorError extends Error {
  override readonly name = 'DetectorError';

  /** What went wrong; see {@link DetectorErrorCode}. */
  readonly code: DetectorErrorCode;

  /**
   * @param code - what went wrong
   * @param message - one sentence for people: what is wrong and, where it helps, what to do
   * @param options - `cause`: the error below this one
   */
  constructor(code: DetectorErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * Turns anything thrown into a DetectorError: errors of the WebAssembly core keep their code, all
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

/** The core's messages are clauses, as is the custom in Rust; the package's are sentences. */
function sentence(message: string): string {
  return message.charAt(0).toUpperCase() + message.slice(1) + (/[.!?]$/.test(message) ? '' : '.');
}

function isDetectorErrorCode(code: string): code is DetectorErrorCode {
  return CODES.has(code);
}

/** @internal */
export function aborted(signal: AbortSignal | undefined): DetectorError {
  return new DetectorError('aborted', 'The work was cancelled.', { cause: signal?.reason });
}

/** @internal */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw aborted(signal);
}
