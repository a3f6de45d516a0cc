/**
 * How strongly does an image look AI-generated? Measured on the visitor's own device: the bytes go
 * to a worker of this page, never to a server.
 *
 * @packageDocumentation
 */
export { createDetector } from './detector/create.js';
export { readProvenance } from './detector/read-provenance.js';
export { createReceipt } from './receipt.js';
export { DetectorError } from './api/errors.js';
export {
  FETCH_WINDOW_BYTES,
  FETCH_WINDOW_MS,
  MAX_IMAGE_BYTES,
  MAX_IMAGE_SIDE,
  MAX_EXAMPLES,
  MAX_HEAD_NAME_CHARACTERS,
  MIN_EXAMPLES,
  MIN_GRADED_SIDE,
} from './api/limits.js';
export { fetchModel, isModelCached, transferablesOf } from './model/fetch-model.js';
export { workerUrl } from './builds/urls.js';
export { fetchDecoders } from './model/fetch-decoders.js';
export { fetchVerifier } from './model/fetch-verifier.js';
export { verifyProvenance } from './detector/verify.js';
export { Deadline, readPieces } from './network/deadline.js';
export type { DetectorErrorCode } from './api/errors.js';
export type {
  Abstained,
  Analysis,
  Attribution,
  Evidence,
  Fidelity,
  Grade,
  Maker,
  MeasuredError,
  ContentCredentials,
  CredentialManifest,
  CredentialState,
  DigitalSourceType,
  IngredientRelationship,
  ManifestAction,
  ManifestIngredient,
  MetadataContainer,
  Provenance,
  ProvenanceClaim,
  ProvenanceMark,
  ProvenancePlace,
  ProvenanceStatement,
  Rectangle,
  RubricSignal,
  Scored,
  Software,
  Taught,
  TaughtLabel,
  TrainingMining,
  UnreadMetadata,
  UnreadReason,
} from './api/analysis.generated.js';
export type { BatchItem, Detector, DetectorInfo } from './api/detector.js';
export type { Receipt, ReceiptDetector, ReceiptOptions } from './receipt.js';
export type { Head, HeadInfo, TeachCheck, TeachOptions, TeachReport } from './api/teach.js';
export type {
  AnalyzeOptions,
  AnalyzeProgress,
  BuildName,
  BuildSources,
  CachePreference,
  CacheState,
  DecoderSources,
  DetectorOptions,
  DevicePreference,
  FetchModelOptions,
  ImageInput,
  ImageLimits,
  LoadProgress,
  ModelCachedOptions,
  ModelFiles,
  ModelSource,
  VerifyOptions,
  ReadProvenanceOptions,
} from './api/options.js';
export type {
  ManifestFacts,
  ProblemCause,
  SignatureAlgorithm,
  Signer,
  TimeStamp,
  TrustList,
  TrustListId,
  Verification,
  VerificationProblem,
  VerificationState,
} from './api/verification.generated.js';
