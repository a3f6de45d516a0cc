/**
 * Bounds that are checked before anything is copied into WebAssembly memory. The core checks them
 * again (src/limits.rs, the place where they are justified); these only save the copy.
 */

/** Largest encoded image in bytes (64 MiB). */
export const MAX_IMAGE_BYTES = 64 * 1024 * 1024;

/** Largest width or height of an image in pixels. */
export const MAX_IMAGE_SIDE = 16_384;

/**
 * Fewest pixels of the shorter side that an image is graded at; below, the answer is `too-small`.
 * The core decides it (`MIN_GRADED_SIDE` in its calibration); this only saves the trouble of
 * getting at such an image.
 */
export const MIN_GRADED_SIDE = 64;

/** Largest area of an image in pixels. */
export const MAX_IMAGE_PIXELS = 100_000_000;

/** Largest model manifest in bytes (4 MiB). */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

/** Largest shard of a model in bytes (4 MiB). */
export const MAX_SHARD_BYTES = 4 * 1024 * 1024;

/** Most shards of a model. */
export const MAX_SHARDS = 1024;

/** Largest build of the program in bytes (16 MiB): several times what the largest takes. */
export const MAX_CORE_BYTES = 16 * 1024 * 1024;

/**
 * Shards that are on their way at a time: enough to fill a connection, few enough to hold in memory
 * beside the model. As many may wait to be stored.
 */
export const SHARDS_AHEAD = 4;

/** How often a file whose connection breaks half-way is asked for the rest. */
export const DOWNLOAD_RESUMES = 3;

/** Milliseconds before the first of these times; doubled each time. */
export const RESUME_DELAY_MS = 250;

/** Days after which the weights of a model that nobody loaded are removed from the cache. */
export const CACHE_DAYS = 30;

/**
 * Most workers at a time: beyond a few, decoding and memory bandwidth are the limit on common
 * machines.
 */
export const MAX_WORKERS = 4;

/** Images that must wait before one more worker is started: it has to load the model first. */
export const WAITING_BEFORE_WORKER = 4;

/** Share of the machine's memory that all workers may take together. */
export const WORKER_MEMORY_SHARE = 1 / 8;

/**
 * What a worker takes besides the WebAssembly memory that it has after loading (48 MiB): the
 * program, a decoded photograph.
 */
export const WORKER_OVERHEAD_BYTES = 48 * 1024 * 1024;
