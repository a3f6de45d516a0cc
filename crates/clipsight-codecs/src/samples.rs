//! What a decoder gives. The core's types of the same names (`clipsight::image`) are made of these
//! by `core.rs`, natively; in browsers a header and the samples cross to the core as they are.

/// The formats of this crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// AV1 in a HEIF container, still or animated.
    Avif,
    /// HEVC in a HEIF container: HEIC.
    Heif,
    /// JPEG XL, with or without container.
    Jxl,
}

impl Format {
    /// The name people know.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Avif => "AVIF",
            Self::Heif => "HEIC",
            Self::Jxl => "JPEG XL",
        }
    }
}

/// The samples of one pixel, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Lightness.
    Gray,
    /// Lightness and opacity.
    GrayAlpha,
    /// Red, green, blue.
    Rgb,
    /// Red, green, blue and opacity.
    Rgba,
    /// Cyan, magenta, yellow, black; 0 is no ink.
    Cmyk,
}

impl Layout {
    /// How many samples a pixel has.
    #[must_use]
    pub fn channels(self) -> usize {
        match self {
            Self::Gray => 1,
            Self::GrayAlpha => 2,
            Self::Rgb => 3,
            Self::Rgba | Self::Cmyk => 4,
        }
    }
}

/// Samples, interleaved, rows from the top, without padding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SampleData {
    /// 0 to 255.
    U8(Vec<u8>),
    /// 0 to 65,535: samples of 10 and 12 bits are scaled, exactly but for rounding.
    U16(Vec<u16>),
}

/// Code points of ITU-T H.273.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cicp {
    /// Colour primaries.
    pub primaries: u8,
    /// Transfer characteristics.
    pub transfer: u8,
}

/// What was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// The file is an animation; its first frame was read.
    FirstFrameOnly,
    /// The file has a gain map, for displays of high dynamic range; the base picture was read.
    GainMapIgnored,
}

/// A picture as its decoder gives it, before colour conversion, orientation and alpha are applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Samples {
    /// The file's format.
    pub format: Format,
    /// Width in pixels, before `orientation` is applied.
    pub width: u32,
    /// Height in pixels, before `orientation` is applied.
    pub height: u32,
    /// What a pixel is made of.
    pub layout: Layout,
    /// The pixels.
    pub data: SampleData,
    /// Whether colours are multiplied by opacity.
    pub premultiplied: bool,
    /// What turns the picture upright, as EXIF's orientation: 1 to 8.
    pub orientation: u8,
    /// The embedded ICC profile.
    pub icc: Option<Vec<u8>>,
    /// The colour space where there is no profile; none where the file names none.
    pub cicp: Option<Cicp>,
    /// What was left out.
    pub notes: Vec<Note>,
}
