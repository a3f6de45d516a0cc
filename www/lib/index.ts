/**
 * How strongly does an image look AI-generated? Measured on the visitor's own device: the bytes go to a worker of this
 * page, never to a server.
 *
 * @packageDocumentation
 */
export { createDetector } from './detector.js';
export { DetectorError } from './errors.js';
export type { DetectorErrorCode } from './errors.js';
export type {
  Abstained,
  Analysis,
  AnalyzeOptions,
  Attribution,
  BatchItem,
  Detector,
  DetectorInfo,
  DetectorOptions,
  DevicePreference,
  Evidence,
  Grade,
  ImageInput,
  LoadProgress,
  Maker,
  MeasuredError,
  ModelSource,
  Scored,
} from './types.js';
