//! The `image` crate's decoders behind one function, and zune-jpeg.
//!
//! They are a crate of their own because generic code is compiled where it is used, as that place is compiled: clipsight's
//! kernels are compiled for speed, and the decoders with them made its programs for browsers a tenth larger.

mod jpeg;

use std::io::Cursor;

use image::codecs::bmp::BmpDecoder;
use image::codecs::gif::GifDecoder;
use image::codecs::png::PngDecoder;
use image::codecs::tiff::TiffDecoder;
use image::codecs::webp::WebPDecoder;
use image::{ImageDecoder, ImageResult};

pub use image::metadata::Orientation;
pub use image::{ColorType, ImageError, Limits};
pub use jpeg::{DecodeErrors, Jpeg};

/// The formats that are read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// PNG, of an animation the first frame.
    Png,
    /// WebP, of an animation the first frame.
    WebP,
    /// GIF, the first frame.
    Gif,
    /// Windows bitmap.
    Bmp,
    /// TIFF, the first page.
    Tiff,
}

/// An image as stored in its file.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// What the samples are.
    pub color: ColorType,
    /// `[height, width, channel]`; numbers of several bytes in the machine's order.
    pub samples: Vec<u8>,
    /// The EXIF block, where there is one.
    pub exif: Option<Vec<u8>>,
    /// The orientation, 1 to 8, by other means than EXIF.
    pub orientation: u8,
    /// Whether a PNG says that it is an animation.
    pub animated: bool,
}

/// Why there is no image.
#[derive(Debug)]
pub enum Failure {
    /// The decoder's error.
    Decoder(ImageError),
    /// There was no room for so many bytes.
    Room(u64),
}

impl From<ImageError> for Failure {
    fn from(error: ImageError) -> Self {
        Self::Decoder(error)
    }
}

/// Decodes `bytes` within `limits`; `room` gives zeroed memory for the samples, or nothing where there is not enough.
///
/// # Errors
/// [`Failure`].
pub fn decode(
    format: Format,
    bytes: &[u8],
    limits: Limits,
    room: impl FnOnce(u64) -> Option<Vec<u8>>,
) -> Result<Stored, Failure> {
    let bytes = Cursor::new(bytes);
    let room = |bytes| room(bytes).ok_or(Failure::Room(bytes));
    match format {
        Format::Png => {
            let decoder = PngDecoder::with_limits(bytes, limits.clone())?;
            let animated = decoder.is_apng()?;
            Ok(Stored { animated, ..read(decoder, limits, room)? })
        }
        Format::WebP => read(WebPDecoder::new(bytes)?, limits, room),
        Format::Gif => read(GifDecoder::new(bytes)?, limits, room),
        Format::Bmp => read(BmpDecoder::new(bytes)?, limits, room),
        Format::Tiff => read(TiffDecoder::new(bytes)?, limits, room),
    }
}

fn read(
    mut decoder: impl ImageDecoder,
    limits: Limits,
    room: impl FnOnce(u64) -> Result<Vec<u8>, Failure>,
) -> Result<Stored, Failure> {
    decoder.set_limits(limits)?;
    let (width, height) = decoder.dimensions();
    let color = decoder.color_type();
    let exif = optional(decoder.exif_metadata());
    let orientation = decoder.orientation().map_or(1, Orientation::to_exif);
    let mut samples = room(decoder.total_bytes())?;
    decoder.read_image(&mut samples)?;
    Ok(Stored { width, height, color, samples, exif, orientation, animated: false })
}

/// Damaged metadata is no reason to refuse an image.
fn optional<T>(metadata: ImageResult<Option<T>>) -> Option<T> {
    metadata.ok().flatten()
}
