import type { DetectorError } from './errors.js';
import type {
  CachePreference,
  CacheState,
  CoreSources,
  DevicePreference,
  LoadProgress,
  ModelFiles,
  ModelSource,
} from './options.js';

export type {
  CachePreference,
  CacheState,
  CoreSources,
  DevicePreference,
  LoadProgress,
  ModelFiles,
  ModelSource,
};

/** Options of {@link createDetector}. */
export interface DetectorOptions {
  /**
   * The model: a source, the address of its manifest, or what {@link fetchModel} returned. Default:
   * the compact model of this package.
   */
  readonly model?: ModelSource | ModelFiles | string | URL;
  /** Where to run; default `auto`, with {@link ModelFiles} the device they were fetched for. */
  readonly device?: DevicePreference;
  /**
   * Who computes: `auto`, a worker of the package; an address, a worker from that copy of
   * `clipsight/worker`, which is one file and may be a `blob:` URL; `false`, the calling thread,
   * which then blocks while it computes. Default `auto`.
   */
  readonly worker?: 'auto' | URL | false;
  /** The program's builds, should they not lie where the package has them. */
  readonly wasm?: CoreSources;
  /** Where weights are kept for the next visit. Default: `cache-storage`. */
  readonly cache?: CachePreference;
  /** Tighter bounds on images than the built-in ones. */
  readonly limits?: ImageLimits;
  /** Called while loading. */
  readonly onProgress?: (progress: LoadProgress) => void;
  /** Stops loading: {@link createDetector} then rejects with `aborted` and ends the worker. */
  readonly signal?: AbortSignal;
}

/** Bounds on images, beyond which they are refused with `limit`. They can only be tightened. */
export interface ImageLimits {
  /** Largest encoded image in bytes; at most and by default 64 MiB. */
  readonly maxBytes?: number;
  /** Largest width or height in pixels; at most and by default 16,384. */
  readonly maxSide?: number;
  /** Largest area in pixels; at most and by default 100 million. */
  readonly maxPixels?: number;
}

/**
 * An encoded image, the bytes of a JPEG, PNG, WebP, GIF, BMP or TIFF file: as they are, or
 *
 * - an `<img>`: its file is fetched again from `currentSrc`; another origin must allow that by CORS
 * - an `ImageBitmap`: is encoded anew, without loss, as PNG; what its file would have told is gone
 */
export type ImageInput = Blob | ArrayBuffer | ArrayBufferView | HTMLImageElement | ImageBitmap;

/** How faithful bytes are to the file they come from. */
export type Fidelity = 'original-bytes' | 're-encoded' | 'screen-capture';

/** Options of one analysis. */
export interface AnalyzeOptions {
  /** Stops this analysis, which then rejects with `aborted`; others go on. */
  readonly signal?: AbortSignal;
  /**
   * Views of the image to score: 1, or 5 (that one and the corners). Default: as the model says;
   * the compact model scores the whole image, and the corners only where that gives no grade.
   */
  readonly views?: 1 | 5;
  /**
   * What the caller knows of the bytes, handed on in {@link Analysis.input}. Default:
   * `original-bytes`, for an ImageBitmap `re-encoded`.
   */
  readonly fidelity?: Fidelity;
}

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
  /** Views scored of each image at first, unless {@link AnalyzeOptions.views} says otherwise. */
  readonly views: number;
  /** Numbers of views that {@link AnalyzeOptions.views} may ask this model for. */
  readonly viewCounts: readonly (1 | 5)[];
  /** The device in use. */
  readonly device: 'webgpu' | 'cpu';
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

/**
 * Strength of the evidence that an image is AI-generated, from little to very much. None of them
 * means "real".
 */
export type Grade = 'weak' | 'moderate' | 'strong' | 'very-strong';

/**
 * How often results of one grade were wrong on labelled images that the model had never seen, both
 * kinds weighted equally.
 */
export interface MeasuredError {
  /**
   * Share of wrong results, 0 to 1: for `weak` of images that were AI-generated, for the other
   * grades of those that were not.
   */
  readonly rate: number;
  /** Lower end of its 95 % interval. */
  readonly low: number;
  /** Upper end of its 95 % interval. */
  readonly high: number;
  /** Labelled images it was measured on. */
  readonly n: number;
}

/** The model could grade the image. */
export interface Scored {
  readonly status: 'scored';
  /**
   * Calibrated probability that the image is AI-generated, 0 to 1, at equal shares of both kinds.
   */
  readonly probability: number;
  /** The raw score before calibration. */
  readonly logit: number;
  /** Strength of evidence. */
  readonly grade: Grade;
  /** How often this grade was wrong; null where too few labelled images got it to measure. */
  readonly measuredError: MeasuredError | null;
}

/**
 * The model cannot tell.
 *
 * - `between-grades`: the score lies where the model is wrong about as often as right
 * - `uncalibrated`: the model's head was published without a calibration: the probability is its
 *   own claim, which nobody has measured
 * - `too-small`: too few pixels
 * - `no-content`: one flat colour, or nearly
 */
export interface Abstained {
  readonly status: 'abstained';
  readonly reason: 'between-grades' | 'uncalibrated' | 'too-small' | 'no-content';
  /**
   * The probability, where the image was scored at all; of an `uncalibrated` model that of its
   * score alone.
   */
  readonly probability?: number;
  /** The raw score, where the image was scored at all. */
  readonly logit?: number;
}

/**
 * Something worth knowing beside the model's verdict. Notes say what decoding changed or left out;
 * later versions may add kinds and codes.
 */
export interface Evidence {
  readonly kind: 'note';
  readonly code:
    | 'first-frame-only'
    | 'first-page-only'
    | 'alpha-over-white'
    | 'sixteen-bit-reduced'
    | 'cmyk-converted';
}

/** A generator or a family of generators. */
export interface Maker {
  /** Its name, such as `sd15` or `diffusion`. */
  readonly name: string;
  /** Its share of the probability of all generated kinds together, 0 to 1. */
  readonly share: number;
}

/**
 * Who made the image, given that it is AI-generated: nothing here says whether it is. Worth showing
 * where the grade is `moderate` or stronger.
 */
export interface Attribution {
  /** The likeliest family of generators; null where the model knows no families. */
  readonly family: Maker | null;
  /** The generator; null where none is clear: an unknown one. */
  readonly generator: Maker | null;
}

/** The result for one image. */
export interface Analysis {
  readonly schemaVersion: 1;
  /** The file that was read. */
  readonly file: {
    /** SHA-256 of the bytes, in hex. */
    readonly sha256: string;
    readonly bytes: number;
    /** By content, not by name. */
    readonly format: 'jpeg' | 'png' | 'webp' | 'gif' | 'bmp' | 'tiff';
    /** Width in pixels, upright. */
    readonly width: number;
    /** Height in pixels, upright. */
    readonly height: number;
  };
  /** The verdict of the model. */
  readonly model: Scored | Abstained;
  /**
   * Who made it, should it be generated; there when the model can tell and the image shows
   * something to tell from.
   */
  readonly attribution?: Attribution;
  /**
   * Technical quality of what the model looked at, 0 (ruined by blur, noise, compression or
   * enlargement) to 1 (clean). It says nothing of beauty, and does not move the verdict. There when
   * the model has a head for it and the image shows something to judge.
   */
  readonly quality?: number;
  /** Notes beside the verdict; they never move the model's number. */
  readonly evidence: readonly Evidence[];
  /** How the pixels came to the model. */
  readonly input: {
    /** How faithful the bytes are to the file they come from. */
    readonly fidelity: Fidelity;
    /** Views that were scored. */
    readonly views: number;
  };
  /** Wall-clock milliseconds in the worker. */
  readonly timings: {
    readonly decodeMs: number;
    readonly encodeMs: number;
    readonly totalMs: number;
  };
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
   * @throws {DetectorError} `decode`, `unsupported`, `limit`: the file; `aborted`; `argument`; `network`,
   * `weights-corrupt`: the model could not be loaded again after a failure; `internal`
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
