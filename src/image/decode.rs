//! Bytes to upright 8-bit RGB pixels.

use serde::{Deserialize, Serialize};

use super::checks::malformed_header;
use super::format::Format;
use super::header::probe;
use super::rgb8::Rgb8;
use super::samples::Samples;
#[cfg(feature = "every-image")]
use super::{bmp, tiff};
use super::{gif, jpeg, png, webp};
use crate::error::Result;

/// What decoding changed or left out, to be told to the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum Note {
    /// The file is an animation; its first frame was read.
    FirstFrameOnly,
    /// The file has several pages; the first was read.
    FirstPageOnly,
    /// The image is partly transparent and was laid over white.
    AlphaOverWhite,
    /// Samples of 16 bits were rounded to 8.
    SixteenBitReduced,
    /// Inks (CMYK, YCCK) were converted to RGB without a colour profile.
    CmykConverted,
    /// Colours were converted to sRGB, from the profile or code points that the file names.
    ProfileConverted,
    /// High dynamic range was mapped to what sRGB holds.
    HdrToneMapped,
    /// A gain map for brighter screens was left out.
    GainMapIgnored,
    /// A reduced copy stands first in the file; the first whole page was read.
    ReducedCopySkipped,
    /// The file's end is missing or a checksum is wrong; every pixel is there.
    EndMissing,
    /// A progressive file lacks its last scans, and with them fine detail.
    ScansMissing,
}

/// A decoded image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// The pixels, upright.
    pub pixels: Rgb8,
    /// The format of the file.
    pub format: Format,
    /// Width in pixels, upright.
    pub width: u32,
    /// Height in pixels, upright.
    pub height: u32,
    /// The EXIF orientation that was undone, 1 (nothing to do) to 8.
    pub orientation: u8,
    /// What was changed on the way.
    pub notes: Vec<Note>,
}

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
