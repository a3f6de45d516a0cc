// Written by `npm run generate` from src/error.rs.

/** Every stable code of {@link DetectorError}. */
export const DETECTOR_ERROR_CODES = [
  /** The bytes are not an image, or a damaged one. */
  'decode',
  /** The bytes are an image of a kind that is not supported. */
  'unsupported',
  /** The input is too large; the message says what the limit is. */
  'limit',
  /** The model's manifest or weights are damaged, incomplete or of an unknown version. */
  'weights-corrupt',
  /** A file of the package or of a model cannot be fetched. */
  'network',
  /** The caller passed an argument that makes no sense. */
  'argument',
  /** A GPU was asked for, and there is no usable one. */
  'no-gpu',
  /**
   * The GPU stopped answering or computes wrong numbers, and in browsers the CPU could not take
   * over.
   */
  'device-lost',
  /** The caller cancelled the work, in JavaScript by its AbortSignal or by `dispose()`. */
  'aborted',
  /** A bug in clipsight. */
  'internal',
] as const;

/**
 * What went wrong, as a stable code.
 *
 * - `decode`: The bytes are not an image, or a damaged one.
 * - `unsupported`: The bytes are an image of a kind that is not supported.
 * - `limit`: The input is too large; the message says what the limit is.
 * - `weights-corrupt`: The model's manifest or weights are damaged, incomplete or of an unknown
 *   version.
 * - `network`: A file of the package or of a model cannot be fetched.
 * - `argument`: The caller passed an argument that makes no sense.
 * - `no-gpu`: A GPU was asked for, and there is no usable one.
 * - `device-lost`: The GPU stopped answering or computes wrong numbers, and in browsers the CPU
 *   could not take over.
 * - `aborted`: The caller cancelled the work, in JavaScript by its AbortSignal or by `dispose()`.
 * - `internal`: A bug in clipsight.
 *
 * Who can do something about it:
 *
 * - `decode`, `unsupported`: The image file: another file is needed.
 * - `weights-corrupt`: The model files: they must be fetched or made anew.
 * - `limit`: The image file or the model: a smaller one is needed.
 * - `argument`, `aborted`: The calling code or command line.
 * - `no-gpu`, `device-lost`: The machine: disk, GPU, driver.
 * - `network`: The connection, or the server at its other end.
 * - `internal`: The authors of clipsight: please report it.
 */
export type DetectorErrorCode = (typeof DETECTOR_ERROR_CODES)[number];
