import type { TaughtLabel } from './analysis.generated.js';
import type { DetectorError } from './errors.js';
import type { AnalyzeProgress } from './options.js';

/** How many of some images were judged right, at the model's threshold and by their first view. */
export interface TeachCheck {
  /** Number of images. */
  readonly images: number;
  /** By the shipped head. */
  readonly rightBefore: number;
  /** By the taught head. */
  readonly rightAfter: number;
}

/** What teaching did. */
export interface TeachReport {
  /** What all examples are. */
  readonly label: TaughtLabel;
  /** How many different examples took part. */
  readonly examples: number;
  /** How many were left out, as they nearly equal others. */
  readonly nearDuplicates: number;
  /** The examples, each judged by a head that was taught by the others. */
  readonly heldOut: TeachCheck;
  /** The AI-generated images of the model's check set, which took no part. */
  readonly checkAi: TeachCheck;
  /** Its real images. */
  readonly checkReal: TeachCheck;
  /** Points of a hundred that the check set gained; below zero it lost them. */
  readonly checkGain: number;
  /** Whether it lost more than one: the head forgets more than it should. */
  readonly forgets: boolean;
}

/** What is known of a taught head. */
export interface HeadInfo {
  /** What its teacher called it. */
  readonly name: string;
  /** The model that it was taught on; it fits no other. */
  readonly modelId: string;
  /** That model's weights. */
  readonly weightsSha256: string;
  /** SHA-256 of its file's content, in lower-case hex. */
  readonly sha256: string;
  /** What teaching did, as its file says. */
  readonly report: TeachReport;
}

/** A change of a model's head, made from a person's own examples: {@link Detector.teach}. */
export interface Head extends HeadInfo {
  /** An example that could not be learnt from, by its place, and why. The others took part. */
  readonly skipped: readonly { readonly index: number; readonly error: DetectorError }[];
  /** The head's file, for {@link Detector.use} and `clipsight scan --head`. */
  export(): Uint8Array<ArrayBuffer>;
}

/** Options of {@link Detector.teach}. */
export interface TeachOptions {
  /** What all are: `ai`, a generator that the model misses; `real`, a camera that it accuses. */
  readonly label: TaughtLabel;
  /** What to call the head, 1 to 64 characters. Default: `Taught head`. */
  readonly name?: string;
  /**
   * The model's labelled rows, `references.bin`: their address or bytes. Default: where the model's
   * files say, else beside its manifest.
   */
  readonly references?: string | URL | Uint8Array;
  /** Stops it: {@link Detector.teach} rejects with `aborted`. */
  readonly signal?: AbortSignal;
  /** Called with the examples read so far, and how many there are. */
  readonly onProgress?: (progress: AnalyzeProgress) => void;
}
