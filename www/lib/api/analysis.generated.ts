/**
 * The result of one analysis, field by field as the Rust library writes it.
 *
 * Written by `npm run generate` from src/model/analysis.rs and what that uses.
 */

/**
 * The image formats that are known. [`decode`](super::decode) reads the first six; pictures in the
 * others come as [`Samples`](super::Samples) from decoders outside of this crate.
 *
 * - `jpeg`: JPEG: baseline and progressive, 8 bit; gray, YCbCr, RGB, CMYK, YCCK.
 * - `png`: PNG, 1 to 16 bit, with or without palette, alpha, animation.
 * - `webp`: WebP: lossy, lossless, with alpha, animated.
 * - `gif`: GIF, animated or not.
 * - `bmp`: Windows bitmap.
 * - `tiff`: TIFF and BigTIFF, the first page.
 * - `avif`: AVIF: AV1 in an ISO base media file.
 * - `heif`: HEIF with HEVC, which phones call HEIC.
 * - `jxl`: JPEG XL, bare or in its container.
 */
export type Format = 'jpeg' | 'png' | 'webp' | 'gif' | 'bmp' | 'tiff' | 'avif' | 'heif' | 'jxl';

/** The verdict of the model. */
export type Verdict = Scored | Abstained;

/**
 * How strong the evidence for AI generation is. None of the grades means "real": absence of
 * evidence is said as `weak`.
 *
 * - `weak`: Little or no sign of AI generation.
 * - `moderate`: More likely generated than not.
 * - `strong`: Probably generated.
 * - `very-strong`: Almost surely generated.
 */
export type Grade = 'weak' | 'moderate' | 'strong' | 'very-strong';

/**
 * Why there is no grade.
 *
 * - `between-grades`: The probability lies where the model is wrong about as often as right.
 * - `uncalibrated`: The model's head was published without a calibration: the probability is its
 *   own claim, which nobody has measured.
 * - `too-small`: The image is too small to carry evidence.
 * - `no-content`: The image shows nothing to judge: one colour, a gradient, a blur.
 */
export type AbstainReason = 'between-grades' | 'uncalibrated' | 'too-small' | 'no-content';

/**
 * What decoding changed or left out, to be told to the user.
 *
 * - `first-frame-only`: The file is an animation; its first frame was read.
 * - `first-page-only`: The file has several pages; the first was read.
 * - `alpha-over-white`: The image is partly transparent and was laid over white.
 * - `sixteen-bit-reduced`: Samples of 16 bits were rounded to 8.
 * - `cmyk-converted`: Inks (CMYK, YCCK) were converted to RGB without a colour profile.
 * - `profile-converted`: Colours were converted to sRGB, from the profile or code points that the
 *   file names.
 * - `hdr-tone-mapped`: High dynamic range was mapped to what sRGB holds.
 * - `gain-map-ignored`: A gain map for brighter screens was left out.
 * - `reduced-copy-skipped`: A reduced copy stands first in the file; the first whole page was read.
 * - `end-missing`: The file's end is missing or a checksum is wrong; every pixel is there.
 * - `scans-missing`: A progressive file lacks its last scans, and with them fine detail.
 */
export type Note =
  | 'first-frame-only'
  | 'first-page-only'
  | 'alpha-over-white'
  | 'sixteen-bit-reduced'
  | 'cmyk-converted'
  | 'profile-converted'
  | 'hdr-tone-mapped'
  | 'gain-map-ignored'
  | 'reduced-copy-skipped'
  | 'end-missing'
  | 'scans-missing';

/**
 * How faithful bytes are to the file they come from.
 *
 * - `original-bytes`: The file's own bytes were decoded.
 * - `re-encoded`: The pixels were encoded anew, such as those of an `ImageBitmap`.
 * - `screen-capture`: The image was cut out of a picture of the screen.
 */
export type Fidelity = 'original-bytes' | 're-encoded' | 'screen-capture';

/** The result for one image. */
export interface Analysis {
  /** Version of this structure. */
  readonly schemaVersion: 1;
  /** The file that was read. */
  readonly file: FileFacts;
  /** The verdict of the model. */
  readonly model: Verdict;
  /**
   * Who made the image, should it be AI-generated; present when the model can tell and the image
   * shows something to tell from.
   */
  readonly attribution?: Attribution;
  /**
   * Technical quality of the views as the encoder sees them, 0 (ruined by blur, noise, compression
   * or enlargement) to 1 (clean). It says nothing of beauty, and never moves the verdict. Present
   * when the model has a head for it and the image shows something to judge.
   */
  readonly quality?: number;
  /** Notes beside the verdict; they never move the model's number. */
  readonly evidence: readonly Evidence[];
  /** How the pixels came to the model. */
  readonly input: InputFacts;
  /** How long it took. */
  readonly timings: Timings;
}

/** The file that was read. */
export interface FileFacts {
  /** SHA-256 of its bytes, in lower-case hex. */
  readonly sha256: string;
  /** Its length in bytes. */
  readonly bytes: number;
  /** Its format, by content, not by name. */
  readonly format: Format;
  /** Width in pixels, upright. */
  readonly width: number;
  /** Height in pixels, upright. */
  readonly height: number;
}

/** The model could grade the image. */
export interface Scored {
  readonly status: 'scored';
  /**
   * Calibrated probability that the image is AI-generated, 0 to 1, at even odds of both kinds; of
   * an `uncalibrated` model its own claim.
   */
  readonly probability: number;
  /** Mean logit over the views, before calibration. */
  readonly logit: number;
  /** Strength of the evidence for AI generation. */
  readonly grade: Grade;
  /** How often this grade was wrong; null where too few labelled images got it to measure. */
  readonly measuredError: MeasuredError | null;
}

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
  /** Number of labelled images it was measured on. */
  readonly n: number;
}

/** The model cannot tell. */
export interface Abstained {
  readonly status: 'abstained';
  /**
   * Calibrated probability that the image is AI-generated, 0 to 1, at even odds of both kinds; of
   * an `uncalibrated` model its own claim.
   */
  readonly probability: number;
  /** Mean logit over the views, before calibration. */
  readonly logit: number;
  /** Why there is no grade. */
  readonly reason: AbstainReason;
}

/**
 * Who made the image, given that it is AI-generated: nothing here says whether it is, nor moves the
 * verdict. Worth showing where the grade is `moderate` or stronger.
 */
export interface Attribution {
  /** The likeliest family of generators; null where the model knows no families. */
  readonly family: Maker | null;
  /** The generator; null where none is clear ("unknown generator"). */
  readonly generator: Maker | null;
}

/** A generator or a family of generators. */
export interface Maker {
  /** Its name, as the model's captions say it, such as `sd15` or `diffusion`. */
  readonly name: string;
  /** Its share of the probability of all generated captions together, 0 to 1. */
  readonly share: number;
}

/** Something worth knowing beside the model's verdict. Later versions may add kinds and codes. */
export interface Evidence {
  readonly kind: 'note';
  /** What it changed or left out. */
  readonly code: Note;
}

/** How the pixels came to the model. */
export interface InputFacts {
  /** How faithful the bytes are to the file they come from. */
  readonly fidelity: Fidelity;
  /** Number of views scored. */
  readonly views: number;
}

/** Wall-clock milliseconds. */
export interface Timings {
  /** Decoding, resizing, cutting views. */
  readonly decodeMs: number;
  /** Encoder and head, until the logits are back. */
  readonly encodeMs: number;
  /** All of it. */
  readonly totalMs: number;
}
