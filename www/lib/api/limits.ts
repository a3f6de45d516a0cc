/**
 * Every bound of the package. Those shared with the Rust library are checked here before anything
 * is copied into WebAssembly memory, which only saves the copy: Rust checks them again.
 */
export * from './limits.generated.js';

/** Largest WebAssembly build in bytes (16 MiB): several times what the largest takes. */
export const MAX_BUILD_BYTES = 16 * 1024 * 1024;

/**
 * Shards that are on their way at a time: enough to fill a connection, few enough to hold in memory
 * beside the model. As many may wait to be stored.
 */
export const SHARDS_AHEAD = 4;

/**
 * WebAssembly memory, in pages of 64 KiB, that must still be there after a crash while loading for
 * it to be anything but a lack of memory (16 MiB): more than any single allocation there.
 */
export const SPARE_PAGES = 256;

/**
 * Milliseconds within which a server must send as many bytes as {@link FETCH_WINDOW_BYTES}, or all
 * there is: with any fetch of package, page and extension.
 */
export const FETCH_WINDOW_MS = 30_000;

/** As above (32 KiB): about a kilobyte a second, which the slowest mobile connections have. */
export const FETCH_WINDOW_BYTES = 32 * 1024;

/** How often a file whose connection breaks half-way is asked for the rest. */
export const DOWNLOAD_RESUMES = 3;

/** Milliseconds before the first of these times; doubled each time. */
export const RESUME_DELAY_MS = 250;

/** Longest name that the weight cache knows a model by, in characters. */
export const MAX_MODEL_NAME = 100;

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
 * code, a decoded photograph.
 */
export const WORKER_OVERHEAD_BYTES = 48 * 1024 * 1024;
