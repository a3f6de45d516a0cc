import type { Fidelity, Rectangle } from './analysis.generated.js';

/**
 * Where the model runs.
 *
 * - `auto`: WebGPU when the browser offers a hardware adapter, else the CPU.
 * - `webgpu`: WebGPU, also on a software adapter; without any adapter {@link createDetector}
 *   rejects with `no-gpu`.
 * - `cpu`: the CPU.
 *
 * On WebGPU the device must prove itself: if the numeric self-test fails, or the GPU breaks later,
 * the detector moves to the CPU and says so in {@link DetectorInfo.selfTest} and {@link
 * DetectorInfo.fallbackReason}.
 */
export type DevicePreference = 'auto' | 'webgpu' | 'cpu';

/** A model: the address of its manifest, and of its shards where they do not lie beside it. */
export interface ModelSource {
  /** Address of `model.json`. */
  readonly manifest: string | URL;
  /**
   * Addresses of the shards by the file name the manifest gives. A shard that is not named here is
   * fetched from beside the manifest.
   */
  readonly files?: Readonly<Record<string, string | URL>>;
  /**
   * What the weight cache knows the model by, 1 to 100 characters; default: the manifest's address.
   * Bundlers put hashes into addresses, so that each version has others: under one name newer
   * weights take the place of older ones, and offline the last version is found.
   */
  readonly name?: string;
}

/**
 * The WebAssembly builds. All have one interface; only what is needed is fetched.
 *
 * - `gpu`: for WebGPU
 * - `cpu`: for the CPU, with relaxed SIMD's 8-bit dot products, where they are exact
 * - `cpu-i16`: for the CPU, with relaxed SIMD and products of 16-bit integers
 * - `cpu-simd128`: for the CPU in browsers without relaxed SIMD
 */
export type BuildName = 'gpu' | 'cpu' | 'cpu-i16' | 'cpu-simd128';

/** Addresses or bytes of WebAssembly builds; those not named come from the package. */
export type BuildSources = Readonly<
  Partial<Record<BuildName, string | URL | ArrayBuffer | Uint8Array>>
>;

/**
 * Where the decoders of rarer images are, if not beside the package's other files: `avif`, `heic`,
 * `jxl`, and `extra` for TIFF, BMP and colour profiles made of tables. Each is fetched when the
 * first image comes that needs it.
 */
export type DecoderSources = Readonly<
  Partial<Record<'avif' | 'extra' | 'heic' | 'jxl', string | URL | ArrayBuffer | Uint8Array>>
>;

/**
 * Where weights are kept for the next visit, checked against their hashes whenever they are read.
 *
 * - `cache-storage`: the browser's Cache Storage, in a cache of its own named `clipsight-weights`
 * - `opfs`: the origin's private file system, in a folder of that name
 * - `none`: nowhere but in the browser's HTTP cache
 */
export type CachePreference = 'cache-storage' | 'opfs' | 'none';

/**
 * What the weight cache did.
 *
 * - `hit`: all weights came out of it
 * - `stored`: some or all came over the network, and are stored for the next visit
 * - `unavailable`: the browser gives no storage (private window, insecure context), or not enough
 *   (quota): the model works from memory, and what is not stored comes over the network again on
 *   the next visit
 * - `off`: `cache: 'none'` was asked for
 */
export type CacheState = 'hit' | 'stored' | 'unavailable' | 'off';

/**
 * Everything a detector needs: what {@link fetchModel} returns. A plain object that can be posted
 * to workers, frames and extension pages, and transferred ({@link transferablesOf}); a detector
 * made from it needs no network.
 */
export interface ModelFiles {
  /**
   * The device that was chosen; with `webgpu` the build for the CPU is there as well, should the
   * GPU fail.
   */
  readonly device: 'webgpu' | 'cpu';
  /** The bytes of `model.json`. */
  readonly manifest: Uint8Array<ArrayBuffer>;
  /**
   * The shards, in the manifest's order, whose hashes are checked when a detector is made from
   * them. Blobs, which the browser keeps outside the page's memory and hands to workers without a
   * copy: a large model is held once, by who computes.
   */
  readonly shards: readonly Blob[];
  /** Where the labelled rows are that heads are taught with, which are fetched when they are. */
  readonly references?: string;
  /** The bytes of the WebAssembly builds. */
  readonly cores: Readonly<Partial<Record<BuildName, Uint8Array<ArrayBuffer>>>>;
  /** What the weight cache did. */
  readonly cache: CacheState;
}

/** One step of loading, see {@link DetectorOptions.onProgress}. */
export interface LoadProgress {
  /**
   * - `core`: the WebAssembly build for the chosen device is coming in
   * - `weights`: the model's files are coming in
   * - `self-test`: the model is on the device and computes a known input
   * - `fallback`: WebGPU failed, everything starts again on the CPU
   * - `done`: the detector, or what {@link fetchModel} returns, is ready
   */
  readonly phase: 'core' | 'weights' | 'self-test' | 'fallback' | 'done';
  /**
   * Bytes of the model's shards received so far; never falls, and equals `totalBytes` when done.
   */
  readonly loadedBytes: number;
  /** Bytes of all shards, as the manifest gives them; 0 until the manifest is there. */
  readonly totalBytes: number;
}

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
  /** The WebAssembly builds, should they not lie where the package has them. */
  readonly wasm?: BuildSources;
  /** Where the decoders of rarer images are, if not beside the package's other files. */
  readonly decoders?: DecoderSources;
  /** Where weights are kept for the next visit. Default: `cache-storage`. */
  readonly cache?: CachePreference;
  /** Tighter bounds on images than the built-in ones. */
  readonly limits?: ImageLimits;
  /** Called while loading. */
  readonly onProgress?: (progress: LoadProgress) => void;
  /** Stops loading: {@link createDetector} then rejects with `aborted` and ends the worker. */
  readonly signal?: AbortSignal;
}

/** Options of {@link verifyProvenance}. */
export interface VerifyOptions extends Pick<DetectorOptions, 'worker' | 'signal'> {
  /**
   * `verifier.wasm` of the package (4.2 MB, over the wire 1.0 MB), should it not lie where the
   * package has it: its address, or its bytes ({@link fetchVerifier}).
   */
  readonly verifier?: string | URL | ArrayBuffer | Uint8Array;
  /**
   * Certificates of authorities in PEM that are trusted besides the lists: those of a company, say.
   * Signers whom one of `signers` vouches for are `trusted`, with the list `own`.
   */
  readonly anchors?: { readonly signers?: string; readonly timeStamps?: string };
  /** Largest file in bytes; at most and by default 64 MiB. */
  readonly maxBytes?: number;
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

/** Options of {@link fetchModel}; they mean what they do in {@link DetectorOptions}. */
export interface FetchModelOptions extends Pick<
  DetectorOptions,
  'device' | 'wasm' | 'cache' | 'onProgress' | 'signal'
> {
  /**
   * The model: a source, or the address of its manifest. Default: the compact model of this
   * package.
   */
  readonly model?: ModelSource | string | URL;
}

/** Options of {@link isModelCached}; they mean what they do in {@link FetchModelOptions}. */
export type ModelCachedOptions = Pick<FetchModelOptions, 'model' | 'cache' | 'signal'>;

/** How far an analysis is, see {@link AnalyzeOptions.onProgress}. */
export interface AnalyzeProgress {
  /** Views scored. */
  readonly done: number;
  /** Views to be scored; grows where the model turns out to need more. */
  readonly total: number;
}

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
   * Whether to compute where the model looked, {@link Analysis.map}: 18 views more. Default: no.
   */
  readonly explain?: boolean;
  /**
   * Whether to judge the image also as others would receive it, {@link Analysis.stability}: a
   * verdict more for each delivery. With `abstain`, an image whose verdict is unsteady gets no
   * grade. Default: no.
   */
  readonly stability?: boolean | 'abstain';
  /**
   * The part of the image to judge, in pixels of the upright image: what {@link Analysis.pictures}
   * offers, or any other. What is said of the file, its hash included, stays that of all of it.
   * Default: all of it.
   */
  readonly crop?: Rectangle;
  /** Called as the work goes on, with `explain` or `stability` only: the rest is quick. */
  readonly onProgress?: (progress: AnalyzeProgress) => void;
  /**
   * What the caller knows of the bytes, handed on in {@link Analysis.input}. Default:
   * `original-bytes`, for an ImageBitmap `re-encoded`.
   */
  readonly fidelity?: Fidelity;
  /**
   * Whether to read what the file says of how it was made, into {@link Analysis.provenance}: `read`
   * or `off`. Nothing is verified, and it never moves the verdict. Default: `read`, for bytes that
   * are the file's own.
   */
  readonly provenance?: 'read' | 'off';
}

/** Options of {@link readProvenance}; they mean what they do in {@link DetectorOptions}. */
export type ReadProvenanceOptions = Pick<DetectorOptions, 'worker' | 'wasm' | 'limits' | 'signal'>;
