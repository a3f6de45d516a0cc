import type { DetectorOptions } from './types.js';

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
}

/**
 * The builds of the program: for WebGPU, for CPUs, and for CPUs in browsers without WebAssembly's
 * relaxed SIMD. All have one interface; only what is needed is fetched.
 */
export type CoreName = 'gpu' | 'cpu' | 'cpu-words' | 'cpu-plain';

/** Addresses or bytes of the program's builds. Builds that are not named come from the package. */
export type CoreSources = Readonly<
  Partial<Record<CoreName, string | URL | ArrayBuffer | Uint8Array>>
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
   * The device that was chosen; with `webgpu` the program for the CPU is there as well, should the
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
  /** The bytes of the program's builds, as WebAssembly. */
  readonly cores: Readonly<Partial<Record<CoreName, Uint8Array<ArrayBuffer>>>>;
  /** What the weight cache did. */
  readonly cache: CacheState;
}

/** One step of loading, see {@link DetectorOptions.onProgress}. */
export interface LoadProgress {
  /**
   * - `core`: the program for the chosen device is coming in
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
