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
 * - `unsteady`: The verdict flips when the image is handed on (see `stability`), and the caller
 *   asked for none then.
 */
export type AbstainReason =
  'between-grades' | 'uncalibrated' | 'too-small' | 'no-content' | 'unsteady';

/**
 * A way in which images are handed on. Each is computed on the image's own pixels, before it is
 * prepared for the model.
 *
 * - `jpeg`: Saved as JPEG of quality 60 with a quarter of the colour samples.
 * - `half`: Both sides halved.
 * - `crop`: A tenth of each side cut off around the centre.
 * - `gray`: Without its colours.
 */
export type Delivery = 'jpeg' | 'half' | 'crop' | 'gray';

/**
 * How one layer's tokens `[batch, tokens, width]` become one vector `[batch, width]`.
 *
 * - `class`: The class token.
 * - `mean`: The mean over the patch tokens.
 * - `std`: The standard deviation over the patch tokens (biased: divided by their number).
 * - `mlp-input-class`: The class token as the layer's MLP reads it: after attention, through the
 *   second norm. Published detectors were trained on it (RINE); the reference alone computes it.
 */
export type Pool = 'class' | 'mean' | 'std' | 'mlp-input-class';

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
 * What an image is.
 *
 * - `ai`: AI-generated.
 * - `real`: By cameras and human hands.
 */
export type TaughtLabel = 'ai' | 'real';

/**
 * What a statement claims of the picture, from the claim that outweighs all others to the weakest.
 *
 * - `generated`: A generative model made the picture.
 * - `partly-generated`: The picture has a part that a generative model made.
 * - `possibly-generated`: The picture is labelled as possibly or presumably generated.
 * - `generator-named`: A generative tool is named, but not what it did.
 * - `composite`: The picture was put together from several, which may have been generated.
 * - `screen-capture`: The picture is a picture of a screen, and what that showed may have been
 *   generated.
 * - `captured`: A camera or a scanner recorded the picture.
 * - `created`: The picture was made with software, without a generative model.
 * - `edited`: The picture was edited, without a generative model.
 */
export type ProvenanceClaim =
  | 'generated'
  | 'partly-generated'
  | 'possibly-generated'
  | 'generator-named'
  | 'composite'
  | 'screen-capture'
  | 'captured'
  | 'created'
  | 'edited';

/**
 * What is known of the signature of Content Credentials, and of whether they belong to the picture.
 *
 * - `unverified`: They were read; signature and picture were not checked. Says no more than other
 *   metadata.
 * - `trusted`: Signed by somebody on the list of those that are trusted, and nothing was changed
 *   since.
 * - `unknown-signer`: Nothing was changed since the signature, whose signer is not on the list.
 * - `invalid`: The signature is wrong, or the picture was changed after it.
 */
export type CredentialState = 'unverified' | 'trusted' | 'unknown-signer' | 'invalid';

/**
 * What kind of source a picture has, by the IPTC's NewsCodes `digitalsourcetype` and, for the last
 * two, the C2PA's vocabulary (C2PA 2.2, 18.15.4.5). The IPTC retired `minorHumanEdits`,
 * `softwareImage`, `digitalArt` and `algorithmicMedia`, which older files have.
 *
 * Source: <http://cv.iptc.org/newscodes/digitalsourcetype/>
 *
 * - `digitalCapture`: A digital camera recorded a real scene.
 * - `computationalCapture`: A camera put it together from several exposures of a real scene.
 * - `negativeFilm`: Scanned from a negative.
 * - `positiveFilm`: Scanned from a transparency.
 * - `print`: Scanned from a print or another opaque original.
 * - `humanEdits`: Corrected or enhanced by a person, without a generative model.
 * - `minorHumanEdits`: As `humanEdits`, slightly.
 * - `composite`: Put together from several pictures, any of which may be generated.
 * - `compositeCapture`: Put together from several recordings.
 * - `compositeSynthetic`: Put together from several pictures, at least one of them synthetic.
 * - `compositeWithTrainedAlgorithmicMedia`: Put together with something that a generative model
 *   made, or edited with one.
 * - `trainedAlgorithmicMedia`: Made by a model that was trained on sampled content.
 * - `algorithmicMedia`: Made by an algorithm that was not.
 * - `algorithmicallyEnhanced`: Altered by an algorithm, without new content.
 * - `dataDrivenMedia`: Made from data, such as a chart.
 * - `digitalCreation`: Made by a person with software that is not generative.
 * - `digitalArt`: As `digitalCreation`.
 * - `softwareImage`: Made by software.
 * - `screenCapture`: A picture of a screen.
 * - `virtualRecording`: A recording of a virtual event.
 * - `empty`: An empty canvas.
 * - `trainedAlgorithmicData`: Data from a model that was trained.
 */
export type DigitalSourceType =
  | 'digitalCapture'
  | 'computationalCapture'
  | 'negativeFilm'
  | 'positiveFilm'
  | 'print'
  | 'humanEdits'
  | 'minorHumanEdits'
  | 'composite'
  | 'compositeCapture'
  | 'compositeSynthetic'
  | 'compositeWithTrainedAlgorithmicMedia'
  | 'trainedAlgorithmicMedia'
  | 'algorithmicMedia'
  | 'algorithmicallyEnhanced'
  | 'dataDrivenMedia'
  | 'digitalCreation'
  | 'digitalArt'
  | 'softwareImage'
  | 'screenCapture'
  | 'virtualRecording'
  | 'empty'
  | 'trainedAlgorithmicData';

/**
 * What an ingredient is to a picture.
 *
 * - `parent`: The picture that this one was made from.
 * - `component`: A part of the picture.
 * - `input`: What a process was given, such as a model's reference.
 * - `other`: Something else, or nothing that is known.
 */
export type IngredientRelationship = 'parent' | 'component' | 'input' | 'other';

/**
 * What a manifest says of a picture, in the terms of the C2PA's Asset Rubrics (Conformance Task
 * Force, signals of version 1.0.0).
 *
 * - `blankCanvas`: It began as an empty canvas.
 * - `capturedMedia`: It was recorded by a device.
 * - `capturedMediaStitched`: It was put together from recordings.
 * - `compositionMayContainGenAI`: It was put together from media that may be generated.
 * - `fullyGenAIMedia`: A generative model made all of it.
 * - `mediaUnknownProvenance`: Something went into it whose provenance is not known.
 * - `nonGenAIDigitalCreation`: It was made with software, without a generative model.
 * - `partlyGenAICreation`: A generative model made a part of it.
 * - `screenCaptureMayContainGenAI`: It is a picture of a screen that may have shown generated
 *   media.
 * - `editorialAI`: It was changed with a generative model.
 * - `editorialNonAI`: It was changed without one.
 * - `editorialPossiblyGenAI`: It was changed by means that may include one.
 * - `nonEditorial`: It was converted, resized or the like.
 */
export type RubricSignal =
  | 'blankCanvas'
  | 'capturedMedia'
  | 'capturedMediaStitched'
  | 'compositionMayContainGenAI'
  | 'fullyGenAIMedia'
  | 'mediaUnknownProvenance'
  | 'nonGenAIDigitalCreation'
  | 'partlyGenAICreation'
  | 'screenCaptureMayContainGenAI'
  | 'editorialAI'
  | 'editorialNonAI'
  | 'editorialPossiblyGenAI'
  | 'nonEditorial';

/**
 * Kinds of marks. Later versions may add some.
 *
 * - `digital-source-type`: A code of the IPTC's vocabulary of digital sources.
 * - `action`: An action of the manifest that describes the picture.
 * - `ingredient`: A picture that went into this one, by its own manifest.
 * - `aigc-label`: The label that Chinese law asks for (GB 45438-2025).
 * - `settings`: Settings of a generator.
 * - `prompt`: What a generator was asked for.
 * - `ai-system`: The AI system that was used (IPTC 2025.1).
 * - `software`: The software that wrote the file or edited the picture.
 * - `camera`: The camera, by what it wrote of itself and of the exposure.
 * - `credit`: A credit line that generators' providers agreed on.
 * - `job-id`: A generator's number for the picture.
 * - `signature`: A generator's signature, which only its provider can check.
 * - `generative-fill`: A retouched part that a generative model filled.
 * - `remote-manifest`: The name of Content Credentials that are kept elsewhere; nothing is fetched.
 * - `screenshot`: A remark by the system that took a picture of the screen.
 */
export type ProvenanceMark =
  | 'digital-source-type'
  | 'action'
  | 'ingredient'
  | 'aigc-label'
  | 'settings'
  | 'prompt'
  | 'ai-system'
  | 'software'
  | 'camera'
  | 'credit'
  | 'job-id'
  | 'signature'
  | 'generative-fill'
  | 'remote-manifest'
  | 'screenshot';

/**
 * Kinds of metadata.
 *
 * - `content-credentials`: A manifest store of the C2PA.
 * - `xmp`: XMP (ISO 16684-1).
 * - `exif`: EXIF, or the fields of a TIFF file.
 * - `iptc`: IPTC-IIM, in Photoshop's image resources or by itself.
 * - `png-text`: Texts of a PNG file.
 * - `comment`: Comments of a JPEG or GIF file.
 */
export type MetadataContainer =
  'content-credentials' | 'xmp' | 'exif' | 'iptc' | 'png-text' | 'comment';

/**
 * Why metadata could not be read.
 *
 * - `damaged`: They are damaged or cut off; what stands before the damage was read.
 * - `compressed`: They are compressed or encrypted in a way that is not read here.
 * - `too-large`: They are larger, deeper or more numerous than is read of one file.
 * - `repeated`: There is one such block in a file, and this is another.
 */
export type UnreadReason = 'damaged' | 'compressed' | 'too-large' | 'repeated';

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
   * The logit of every view scored, the first view before the corners. Their mean is `logit` of the
   * verdict; a first view that shows the whole image weighs as much as all corners together.
   */
  readonly viewLogits?: readonly number[];
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
  /**
   * How steady the verdict is; present when it was asked for and the image shows something to
   * judge.
   */
  readonly stability?: Stability;
  /**
   * Where the model looked; present when it was asked for and the image shows something to look at.
   */
  readonly map?: OcclusionMap;
  /**
   * Pictures inside the image, where it is a screenshot of a page, a picture between bars or a
   * collage: a verdict on the whole says little of them, so judge each with `crop`. In reading
   * order; left out where none was found, and where only a part was judged.
   */
  readonly pictures?: readonly Rectangle[];
  /** Notes beside the verdict; they never move the model's number. */
  readonly evidence: readonly Evidence[];
  /**
   * The taught head that judged; left out where the model's own did. How often a taught head is
   * wrong has not been measured: `measuredError` is null then.
   */
  readonly taught?: Taught;
  /**
   * What the file says of how it was made; it never moves the model's number. Left out where it was
   * not asked for, and where there are no bytes of a file.
   */
  readonly provenance?: Provenance;
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
  /**
   * How often this grade was wrong; null where too few labelled images got it to measure, and where
   * a taught head judged.
   */
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

/**
 * The verdict over deliveries of the image, each computed on the spot and judged like the image
 * itself.
 */
export interface Stability {
  /** What the model says of each. */
  readonly deliveries: readonly Delivered[];
  /**
   * Whether the image has a grade, and a delivery one on the other side of the threshold: one says
   * `weak` and the other does not.
   */
  readonly unsteady: boolean;
}

/** What the model says of one delivery of the image. */
export interface Delivered {
  /** What was done to the image. */
  readonly delivery: Delivery;
  /**
   * Calibrated probability that the image is AI-generated, 0 to 1, at even odds of both kinds; of
   * an `uncalibrated` model its own claim.
   */
  readonly probability: number;
  /** Mean logit over the views, before calibration. */
  readonly logit: number;
  /** The grade; null where there is none. */
  readonly grade: Grade | null;
}

/**
 * Where the model looked in the first view of the image, which shows the whole of it or its centre.
 * It does not show where an image was changed.
 */
export interface OcclusionMap {
  /** The part of the upright image that the map covers. */
  readonly region: Region;
  /** Parts from left to right. */
  readonly columns: number;
  /** Parts from top to bottom. */
  readonly rows: number;
  /**
   * Row by row, how far the view's logit falls when the row that this part is in is blurred, and
   * when its column is, added up: what is positive speaks for AI generation, what is negative
   * against it.
   */
  readonly parts: readonly number[];
  /** The view's logit. */
  readonly logit: number;
  /** The logit of the view with all of it blurred. */
  readonly hiddenLogit: number;
  /**
   * What the layers of the encoder have in the difference between the two; present where the head
   * is linear in them.
   */
  readonly shares?: Shares;
}

/**
 * A part of an image, as shares of its width and height: 0 is its left or upper edge, 1 the other.
 */
export interface Region {
  /** Left edge. */
  readonly x: number;
  /** Upper edge. */
  readonly y: number;
  /** Width. */
  readonly width: number;
  /** Height. */
  readonly height: number;
}

/**
 * How the difference between the view's logit and that of the blurred view divides, exactly. The
 * sums of both lists are the difference.
 */
export interface Shares {
  /** By layers of the encoder. */
  readonly layers: readonly LayerShare[];
  /** By the ways in which a layer's tokens are pooled. */
  readonly pools: readonly PoolShare[];
}

/** A layer's share. */
export interface LayerShare {
  /** The layer, counted from 1; one more than there are stands for the final norm. */
  readonly layer: number;
  /** Its part of the logit. */
  readonly logit: number;
}

/** A pool's share. */
export interface PoolShare {
  /** How the tokens are pooled. */
  readonly pool: Pool;
  /** Its part of the logit. */
  readonly logit: number;
}

/** A part of an image, in pixels of the upright image. */
export interface Rectangle {
  /** Left edge. */
  readonly x: number;
  /** Upper edge. */
  readonly y: number;
  /** Width. */
  readonly width: number;
  /** Height. */
  readonly height: number;
}

/** Something worth knowing beside the model's verdict. Later versions may add kinds and codes. */
export interface Evidence {
  readonly kind: 'note';
  /** What it changed or left out. */
  readonly code: Note;
}

/**
 * A head that somebody taught with examples of their own, and that judged in the place of the
 * model's.
 */
export interface Taught {
  /** What its teacher called it. */
  readonly name: string;
  /** What its examples are. */
  readonly label: TaughtLabel;
  /** How many different examples it was taught with. */
  readonly examples: number;
  /** SHA-256 of its file's content, in lower-case hex. */
  readonly sha256: string;
}

/**
 * What a file says of how it was made. Anybody can write such metadata, so that each of these reads
 * "the file says", and their absence means nothing. They never move the model's number.
 */
export interface Provenance {
  /** The file's format, by content. */
  readonly format: Format;
  /**
   * The strongest claim of all statements; null where the file says nothing of its making, which
   * means nothing.
   */
  readonly says: ProvenanceClaim | null;
  /** Whether the file says both that a model generated all of it and that a camera recorded it. */
  readonly contradictory: boolean;
  /** The file's Content Credentials (C2PA); null where it has none. */
  readonly contentCredentials: ContentCredentials | null;
  /**
   * Every mark that was found, in the order of the blocks of metadata: Content Credentials, XMP,
   * EXIF, IPTC, texts.
   */
  readonly statements: readonly ProvenanceStatement[];
  /** What metadata there are that could not be read. */
  readonly unread: readonly UnreadMetadata[];
}

/** Content Credentials of the C2PA. */
export interface ContentCredentials {
  /** What is known of signature and picture. */
  readonly state: CredentialState;
  /**
   * The manifests of the store, in its order; the last describes the picture, the others what went
   * into it.
   */
  readonly manifests: readonly CredentialManifest[];
}

/** A manifest: what one program says it did. */
export interface CredentialManifest {
  /** Its label in the store. */
  readonly label: string;
  /** Whether it describes the picture; the others describe what went into it. */
  readonly active: boolean;
  /** The programs that wrote it. */
  readonly claimGenerator: readonly Software[];
  /** The picture's title. */
  readonly title?: string;
  /** The picture's media type. */
  readonly format?: string;
  /** What was done. */
  readonly actions: readonly ManifestAction[];
  /** What went into the picture. */
  readonly ingredients: readonly ManifestIngredient[];
  /** What the picture may be used for. */
  readonly trainingMining: readonly TrainingMining[];
  /** What the manifest says of the picture, by the C2PA's Asset Rubrics. */
  readonly signals: readonly RubricSignal[];
}

/** A program and its version. */
export interface Software {
  /** Its name. */
  readonly name: string;
  /** Its version. */
  readonly version?: string;
}

/** Something that was done to a picture. */
export interface ManifestAction {
  /** What was done, such as `c2pa.created`. */
  readonly action: string;
  /** The program that did it. */
  readonly softwareAgent?: Software;
  /** When, as the manifest writes it. */
  readonly when?: string;
  /** The kind of source that its result is. */
  readonly digitalSourceType?: DigitalSourceType;
  /** What was done, in words. */
  readonly description?: string;
}

/** Something that went into a picture. */
export interface ManifestIngredient {
  /** Its title, often a file's name. */
  readonly title?: string;
  /** Its media type. */
  readonly format?: string;
  /** What it is to the picture. */
  readonly relationship: IngredientRelationship;
  /** The label of its own manifest, where it had one. */
  readonly manifest?: string;
  /** What its own manifest claims of it. */
  readonly claim?: ProvenanceClaim;
}

/** What a picture may be used for, by its manifest. */
export interface TrainingMining {
  /** The use, such as `c2pa.ai_generative_training`. */
  readonly entry: string;
  /** `allowed`, `notAllowed` or `constrained`. */
  readonly permission: string;
}

/** One mark in a file. */
export interface ProvenanceStatement {
  /** What kind of mark it is. */
  readonly mark: ProvenanceMark;
  /** What it claims of the picture; null where it only adds to other statements. */
  readonly claim: ProvenanceClaim | null;
  /** Where it stands. */
  readonly place: ProvenancePlace;
  /** The IPTC's code for the source of the picture, where the mark is one. */
  readonly digitalSourceType?: DigitalSourceType;
  /**
   * Whom or what it names: a generator, software, camera, or the provider that labelled the
   * picture.
   */
  readonly names?: string;
  /**
   * Its words, shortened; characters that control terminals or the direction of writing are
   * replaced.
   */
  readonly text?: string;
}

/** Where a statement stands. */
export interface ProvenancePlace {
  /** The kind of metadata. */
  readonly container: MetadataContainer;
  /** The field, by the name that its definition gives it. */
  readonly field: string;
}

/** Metadata that could not be read. */
export interface UnreadMetadata {
  /** The kind of metadata. */
  readonly container: MetadataContainer;
  /** Why. */
  readonly reason: UnreadReason;
}

/** How the pixels came to the model. */
export interface InputFacts {
  /** How faithful the bytes are to the file they come from. */
  readonly fidelity: Fidelity;
  /** Number of views scored. */
  readonly views: number;
  /**
   * SHA-256, in lower-case hex, of what the encoder was shown: the pixels of every view scored, one
   * view after the other, row by row, a byte each for red, green and blue, before normalisation;
   * behind them what a residual network was shown, where a model has one. It is the same wherever
   * the image was decoded, turned, converted, reduced and cut in the same way.
   */
  readonly viewsSha256?: string;
  /**
   * The part of the image that was judged; left out where all of it was. What is said of the file
   * is said of all of it.
   */
  readonly crop?: Rectangle;
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
