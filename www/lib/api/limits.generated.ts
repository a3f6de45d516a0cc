// Written by `npm run generate` from src/limits.rs and src/calibration.rs.

/**
 * Largest encoded image in bytes (64 MiB): above any photograph a phone or a common camera writes.
 */
export const MAX_IMAGE_BYTES = 67_108_864;

/**
 * Largest width or height in pixels: the largest side WebP can hold, and what browsers' own
 * decoders stop near.
 */
export const MAX_IMAGE_SIDE = 16_384;

/** Largest area in pixels (100 megapixels): a 100 MP medium-format photograph still passes. */
export const MAX_IMAGE_PIXELS = 100_000_000;

/** Largest model manifest in bytes (4 MiB). */
export const MAX_MANIFEST_BYTES = 4_194_304;

/**
 * Largest weight shard in bytes (4 MiB, the format's own bound): a shard is the most that is ever
 * held twice.
 */
export const MAX_SHARD_BYTES = 4_194_304;

/** Most shards of one model (4 GiB in all). */
export const MAX_SHARDS = 1024;

/**
 * Fewest different examples that a head is taught with: fewer say too little of what they have in
 * common.
 */
export const MIN_EXAMPLES = 10;

/** Most examples that a head is taught with: the fit takes the square of their number. */
export const MAX_EXAMPLES = 500;

/**
 * Largest file of a model's labelled rows (32 MiB): 1,024 of the widest head's features in 8 bits.
 */
export const MAX_REFERENCES_BYTES = 33_554_432;

/** Largest file of a taught head (1 MiB): 30 times that of the compact model. */
export const MAX_TAUGHT_HEAD_BYTES = 1_048_576;

/** Longest name of a taught head, in characters. */
export const MAX_HEAD_NAME_CHARACTERS = 64;

/**
 * Images with a shorter side below this, in pixels, are not graded: enlarged to the encoder's input
 * more than threefold, they are mostly interpolation.
 */
export const MIN_GRADED_SIDE = 64;
