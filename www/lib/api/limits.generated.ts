/**
 * The bounds that JavaScript shares with the Rust library: the values of src/limits.rs, which gives
 * the reason for each.
 */

/** Largest encoded image in bytes (64 MiB). */
export const MAX_IMAGE_BYTES = 64 * 1024 * 1024;

/** Largest width or height of an image in pixels. */
export const MAX_IMAGE_SIDE = 16_384;

/**
 * Fewest pixels of the shorter side that an image is graded at; below, the answer is `too-small`.
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
