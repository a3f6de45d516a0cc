// Written by `npm run generate` from Cargo.toml.

/** The version of clipsight. */
export const VERSION = '0.1.0';
