/**
 * What the worker uses of a WebAssembly build (src/web.rs): its JavaScript, as wasm-bindgen writes
 * it to pkg/wasm. tests/web/types checks that every build has this interface.
 */
import type { Analysis, Provenance, Rectangle, TaughtLabel } from '../api/analysis.generated.js';
import type { HeadInfo } from '../api/teach.js';

export interface Device {
  readonly backend: string;
  readonly adapter: string;
  free(): void;
  [Symbol.dispose](): void;
}

export interface ModelLoader {
  /** In the order in which they are pushed. */
  readonly shards: readonly {
    readonly file: string;
    readonly bytes: number;
    readonly sha256: string;
  }[];
  /**
   * Checks the hash and puts the shard's tensors on the device. Throws `weights-corrupt`. `sha256`:
   * what `crypto.subtle` made of exactly these bytes, in lower-case hex; without it Rust hashes
   * them, which takes longer.
   */
  pushShard(index: number, bytes: Uint8Array, sha256?: string | null): void;
  /** Consumes the loader. Throws when a shard or tensor is missing. */
  finish(): Promise<Model>;
  free(): void;
}

/** What is asked of an image, and its bounds in pixels. */
export interface PrepareOptions {
  readonly views?: 1 | 5;
  /** Whether to read what the file says of how it was made. */
  readonly provenance: boolean;
  readonly explain?: boolean;
  readonly stability?: 'say' | 'abstain';
  readonly crop?: Rectangle;
  readonly maxSide: number;
  readonly maxPixels: number;
}

export interface Model {
  readonly info: {
    readonly modelId: string;
    readonly weightsSha256: string;
    readonly calibrationId: string;
    readonly threshold: number;
    readonly views: number;
    readonly viewCounts: readonly (1 | 5)[];
  };
  selfTest(): Promise<{
    readonly passed: boolean;
    readonly logit: number;
    readonly expected: number;
    readonly tolerance: number;
  }>;
  /** Decodes an image, at once: what stops the instance in here is the file's doing. */
  prepare(bytes: Uint8Array, options: PrepareOptions): Prepared;
  /** The same for a picture that another decoder read from these bytes. */
  prepareDecoded(
    bytes: Uint8Array,
    picture: object,
    samples: Uint8Array,
    icc: Uint8Array | null | undefined,
    options: PrepareOptions,
  ): Prepared;
  /**
   * Scores a decoded image, which is used up. `watch` is told how many views of how many are
   * scored, and ends the analysis with `aborted` by answering `false`.
   */
  score(
    image: Prepared,
    watch?: ((done: number, total: number) => Promise<boolean>) | null,
  ): Promise<Analysis>;
  /** A decoded image, which is used up, as numbers to teach with. */
  example(image: Prepared): Promise<Float32Array>;
  /** The file of a head that is fitted to `count` examples, one after the other. */
  teach(
    references: Uint8Array,
    examples: Float32Array,
    count: number,
    options: { readonly label: TaughtLabel; readonly name: string },
  ): Uint8Array;
  /** What the file of a taught head says. */
  readHead(bytes: Uint8Array): HeadInfo;
  /** Judges with the head in this file, or with the shipped one; not while an image is scored. */
  useHead(bytes?: Uint8Array | null): void;
  free(): void;
}

/** A decoded image. */
export interface Prepared {
  free(): void;
}

export interface Build {
  /** Makes an instance of the compiled module. */
  default(options: {
    readonly module_or_path: WebAssembly.Module;
  }): Promise<{ readonly memory: WebAssembly.Memory }>;
  openDevice(): Promise<Device>;
  /** The format of a file, if it is one that is known. */
  probeFormat(bytes: Uint8Array): string | undefined;
  /** What a file says of how it was made. */
  readProvenance(bytes: Uint8Array): Provenance;
  /** What a panic said; to be called after one. */
  panicMessage(): string | undefined;
  readonly ModelLoader: new (manifest: Uint8Array, device: Device) => ModelLoader;
}
