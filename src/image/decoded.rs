//! A decoded image, and what is to be told of it.

use serde::{Deserialize, Serialize};

use super::format::Format;
use super::rgb8::Rgb8;

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
