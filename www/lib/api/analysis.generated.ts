/**
 * The result of one analysis, field by field as the Rust library writes it. Types alone, so that a
 * generator can write this file.
 */

/** How faithful bytes are to the file they come from. */
export type Fidelity = 'original-bytes' | 're-encoded' | 'screen-capture';

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
