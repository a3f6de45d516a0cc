/**
 * How strongly does an image look AI-generated? Measured on the visitor's own device: the bytes go
 * to a worker of this page, never to a server.
 *
 * @packageDocumentation
 */
export { createDetector } from './detector.js';
export { DetectorError } from './errors.js';
export { fetchModel, transferablesOf } from './fetch-model.js';
export { workerUrl } from './assets.js';
export { MAX_IMAGE_BYTES, MIN_GRADED_SIDE } from './limits.js';
export type { DetectorErrorCode } from './errors.js';
export type {
  CachePreference,
  CacheState,
  CoreName,
  CoreSources,
  DevicePreference,
  FetchModelOptions,
  LoadProgress,
  ModelFiles,
  ModelSource,
} from './options.js';
export type {
  Abstained,
  Analysis,
  AnalyzeOptions,
  Attribution,
  BatchItem,
  Detector,
  DetectorInfo,
  DetectorOptions,
  Evidence,
  Fidelity,
  Grade,
  ImageInput,
  ImageLimits,
  Maker,
  MeasuredError,
  Scored,
} from './types.js';
