import type { Analysis } from './analysis.generated.js';
import type { DetectorError } from './errors.js';
import type { AnalyzeOptions, BuildName, CacheState, ImageInput } from './options.js';
import type { Head, HeadInfo, TeachOptions } from './teach.js';

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
  /** The taught head that judges; left out while the model's own does. */
  readonly head?: HeadInfo;
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

  /**
   * Teaches the model a generator that it misses, or a camera that it accuses: fits a change of its
   * head to ten or more different examples, all of one label, on this device. The head is not in
   * use until {@link use} gets it. Examples that cannot be read are left out, and said in {@link
   * Head.skipped}.
   *
   * ```ts
   * const head = await detector.teach(files, { label: 'ai', name: 'new generator' });
   * if (!head.report.forgets) await detector.use(head);
   * ```
   *
   * @throws {DetectorError} `argument`: too few different examples, or a model that cannot be
   * taught; `network`, `weights-corrupt`: its `references.bin`; `aborted`, `internal`
   */
  teach(examples: Iterable<ImageInput>, options: TeachOptions): Promise<Head>;

  /**
   * Judges with a taught head, or with its file, from the next call on; with the model's own head
   * again for `null`. Results then say so, {@link Analysis.taught}, and no measured error.
   *
   * @throws {DetectorError} `weights-corrupt`: the file is damaged or was altered; `argument`: it
   * was taught on another model; `limit`
   */
  use(head: Head | Uint8Array | ArrayBuffer | null): Promise<void>;

  /** Ends the worker and frees its memory. Calls that are still open reject with `aborted`. */
  dispose(): Promise<void>;
}
