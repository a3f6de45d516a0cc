/**
 * Bounds that are checked before anything is copied into WebAssembly memory. The core checks them again
 * (src/limits.rs, the place where they are justified); these only save the copy.
 */

/** Largest encoded image in bytes (64 MiB). */
export const MAX_IMAGE_BYTES = 64 * 1024 * 1024;

/** Largest model manifest in bytes (4 MiB). */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
