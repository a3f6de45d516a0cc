/** Every stable code of {@link DetectorError}, with who can do something about it. */
export const DETECTOR_ERROR_CODES = [
  /** The caller, through its AbortSignal or `dispose()`. */
  'aborted',
  /** The caller: an argument makes no sense. */
  'argument',
  /** The file: it is not an image, or it is damaged. */
  'decode',
  /** The file: an image of a kind that is not supported. */
  'unsupported',
  /** The file: too large, see the message. */
  'limit',
  /** The model files: damaged, incomplete or of an unknown version. */
  'weights-corrupt',
  /** The connection or the server: a file of the package or model cannot be fetched. */
  'network',
  /** The device: `device: 'webgpu'` was asked for and there is no GPU. */
  'no-gpu',
  /** The device: the GPU stopped answering and the CPU could not take over. */
  'device-lost',
  /** A bug in clipsight: please report it. */
  'internal',
] as const;

/**
 * What went wrong, as a stable code.
 *
 * | code | who can do something about it |
 * | --- | --- |
 * | `aborted` | the caller, through its AbortSignal or `dispose()` |
 * | `argument` | the caller: an argument makes no sense |
 * | `decode` | the file: it is not an image, or it is damaged |
 * | `unsupported` | the file: an image of a kind that is not supported |
 * | `limit` | the file: too large, see the message |
 * | `weights-corrupt` | the model files: damaged, incomplete or of an unknown version |
 * | `network` | the connection or the server: a file of the package or model cannot be fetched |
 * | `no-gpu` | the device: `device: 'webgpu'` was asked for and there is no GPU |
 * | `device-lost` | the device: the GPU stopped answering and the CPU could not take over |
 * | `internal` | a bug in clipsight: please report it |
 */
export type DetectorErrorCode = (typeof DETECTOR_ERROR_CODES)[number];
