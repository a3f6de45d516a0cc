/**
 * Bounds that are checked before anything is copied into WebAssembly memory. The core checks them again
 * (src/limits.rs, the place where they are justified); these only save the copy.
 */

/** Largest encoded image in bytes (64 MiB). */
export const MAX_IMAGE_BYTES = 64 * 1024 * 1024;

/** Largest model manifest in bytes (4 MiB). */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

/** Most workers at a time: beyond a few, decoding and memory bandwidth are the limit on common machines. */
export const MAX_WORKERS = 4;

/** Images that must wait before one more worker is started: it has to load the model first. */
export const WAITING_BEFORE_WORKER = 4;

/** Share of the machine's memory that all workers may take together. */
export const WORKER_MEMORY_SHARE = 1 / 8;

/** What a worker takes besides the weights (64 MiB): the program, activations, a decoded photograph. */
export const WORKER_OVERHEAD_BYTES = 64 * 1024 * 1024;
