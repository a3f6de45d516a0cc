//! Pictures of every format that is read on this machine: the core's, and those whose decoders
//! browsers fetch on their own.

use clipsight::Result;
use clipsight::image::Decoded;

/// Decodes an image file, whose format its content tells.
///
/// # Errors
/// As [`clipsight::image::decode`].
pub fn decode(bytes: &[u8]) -> Result<Decoded> {
    // By name, before anything is made of the bytes: the core says so of its own.
    if bytes.len() > clipsight::limits::MAX_IMAGE_BYTES {
        return clipsight::image::decode(bytes);
    }
    match clipsight_codecs::decode(bytes) {
        Some(samples) => samples?.into_decoded(),
        None => clipsight::image::decode(bytes),
    }
}
