//! How a decoder's samples are laid out.

use serde::{Deserialize, Serialize};

/// The samples of one pixel, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// One shade, 0 black.
    Gray,
    /// A shade and how opaque it is.
    GrayAlpha,
    /// Red, green, blue.
    Rgb,
    /// Red, green, blue and how opaque they are.
    Rgba,
    /// Cyan, magenta, yellow, black; 0 is no ink.
    Cmyk,
}

impl Layout {
    /// Samples of a pixel.
    #[must_use]
    pub fn channels(self) -> usize {
        match self {
            Self::Gray => 1,
            Self::GrayAlpha => 2,
            Self::Rgb => 3,
            Self::Rgba | Self::Cmyk => 4,
        }
    }

    /// Whether the last sample is opacity.
    #[must_use]
    pub fn has_alpha(self) -> bool {
        matches!(self, Self::GrayAlpha | Self::Rgba)
    }
}

/// Interleaved samples, rows from the top, without padding; full scale is the type's largest value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SampleData {
    /// 8 bits a sample.
    U8(Vec<u8>),
    /// 16 bits a sample; 10 and 12 bits are scaled to them.
    U16(Vec<u16>),
}

impl SampleData {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::U8(samples) => samples.len(),
            Self::U16(samples) => samples.len(),
        }
    }
}

/// Colours by the code points of ITU-T H.273, as AVIF, HEIF, JPEG XL and PNG store them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cicp {
    /// `ColourPrimaries`.
    pub primaries: u8,
    /// `TransferCharacteristics`.
    pub transfer: u8,
}
