import type { Analysis } from './analysis.generated.js';
import type { DetectorError } from './errors.js';
import type { AnalyzeOptions, BuildName, CacheState, ImageInput } from './options.js';

/** What is running, and where. */
export interface DetectorInfo {
  /** Name of the model. */
  readonly modelId: string;
  /** SHA-256 over the model's weights, in hex. */
  readonly weightsSha256: string;
  /** Bytes of the weights, as they are stored. */
  readonly weightsBytes: number;
  /** Name of the calibration that turns logits into probabilities and grades. */
  readonly calibrationId: string;
  /** The calibration's threshold: probabilities at or above it speak for AI generation. */
  readonly threshold: number;
  /** Views scored of each image at first, unless {@link AnalyzeOptions.views} says otherwise. */
  readonly views: number;
  /** Numbers of views that {@link AnalyzeOptions.views} may ask this model for. */
  readonly viewCounts: readonly (1 | 5)[];
  /** The device in use. */
  readonly device: 'webgpu' | 'cpu';
  /** The WebAssembly build in use. */
  readonly build: BuildName;
  /** What the browser says of the GPU; empty on the CPU, and where it says nothing. */
  readonly adapter: string;
  /**
   * `passed` on the device that was chosen; `fell-back`: WebGPU failed, and the CPU passed in its
   * place.
   */
  readonly selfTest: 'passed' | 'fell-back';
  /** What the weight cache did. */
  readonly cache: CacheState;
  /** Why WebGPU was given up; there exactly when `selfTest` is `fell-back`. */
  readonly fallbackReason?: string;
}

/** One item of {@link Detector.analyzeAll}: a result or an error, never both. */
export type BatchItem =
  | { readonly index: number; readonly result: Analysis; readonly error?: never }
  | { readonly index: number; readonly error: DetectorError; readonly result?: never };

/** A loaded model in its worker. */
export interface Detector extends AsyncDisposable {
  /** What is running, and where. Changes once if WebGPU breaks and the CPU takes over. */
  readonly info: DetectorInfo;

  /**
   * Analyses one image. Calls may overlap: they are worked off one after the other.
   *
   * @throws {DetectorError} `decode`, `unsupported`, `limit`: the file; `aborted`; `argument`;
   * `network`, `weights-corrupt`: the model could not be loaded again after a failure; `internal`
   */
  analyze(input: ImageInput, options?: AnalyzeOptions): Promise<Analysis>;

  /**
   * Analyses many images in order. A file that cannot be read yields an item with `error`, the
   * others go on; only an abort ends the iteration, with `aborted`.
   */
  analyzeAll(
    inputs: Iterable<ImageInput> | AsyncIterable<ImageInput>,
    options?: AnalyzeOptions,
  ): AsyncIterableIterator<BatchItem>;

  /** Ends the worker and frees its memory. Calls that are still open reject with `aborted`. */
  dispose(): Promise<void>;
}
