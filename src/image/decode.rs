//! Bytes to upright 8-bit RGB pixels.

use super::decoded::Decoded;
use super::format::{Format, malformed_header};
use super::header::probe;
use super::samples::Samples;
#[cfg(feature = "every-image")]
use super::{bmp, tiff};
use super::{gif, jpeg, png, webp};
use crate::error::Result;

/// Decodes an image file, whose format its content tells.
///
/// # Errors
/// [`Decode`](crate::ErrorKind::Decode) if the bytes are not an image, or one that is damaged or
/// cut off, [`Unsupported`](crate::ErrorKind::Unsupported) for an unsupported kind of image,
/// [`Limit`](crate::ErrorKind::Limit) if the file, the image or the memory it takes is beyond the
/// [limits](crate::limits).
pub fn decode(bytes: &[u8]) -> Result<Decoded> {
    let header = probe(bytes)?;
    let samples = guarded(|| match header.format {
        Format::Jpeg => jpeg::decode(bytes),
        Format::Png => png::decode(bytes),
        Format::WebP => webp::decode(bytes),
        Format::Gif => gif::decode(bytes),
        #[cfg(feature = "every-image")]
        Format::Bmp => bmp::decode(bytes),
        #[cfg(feature = "every-image")]
        Format::Tiff => tiff::decode(bytes),
        format => Err(format.not_built_in()),
    })?;
    if (samples.width, samples.height) != (header.width, header.height) {
        // The limits were checked for another size than the one decoded.
        return Err(malformed_header(header.format));
    }
    samples.into_decoded()
}

/// Runs a decoder we did not write. Should it panic, the file is at fault and the next one is still
/// read; where panics abort (WebAssembly) there is nothing to catch and the worker is started anew.
fn guarded(decode: impl FnOnce() -> Result<Samples> + std::panic::UnwindSafe) -> Result<Samples> {
    #[cfg(panic = "unwind")]
    return std::panic::catch_unwind(decode).unwrap_or_else(|_| {
        Err(crate::Error::new(
            crate::ErrorKind::Decode,
            "the image is damaged in a way its decoder cannot handle",
        ))
    });
    #[cfg(not(panic = "unwind"))]
    decode()
}
