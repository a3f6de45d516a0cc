//! JPEG by zune-jpeg, in the one form in which the `tiff` crate uses it, too.

use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

pub use zune_jpeg::errors::DecodeErrors;

/// A decoder to RGB that is strict about damage.
pub struct Jpeg(JpegDecoder<ZCursor<Vec<u8>>>);

impl Jpeg {
    /// A decoder of a whole file with no side above `max_side`.
    ///
    /// # Errors
    /// [`DecodeErrors`] when the headers are damaged.
    pub fn new(bytes: Vec<u8>, max_side: usize) -> Result<Self, DecodeErrors> {
        let options = DecoderOptions::default()
            .set_strict_mode(true)
            .set_max_width(max_side)
            .set_max_height(max_side)
            .jpeg_set_out_colorspace(ColorSpace::RGB);
        let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
        decoder.decode_headers()?;
        Ok(Self(decoder))
    }

    /// Width and height, as the headers say.
    #[must_use]
    pub fn dimensions(&self) -> Option<(usize, usize)> {
        self.0.dimensions()
    }

    /// Decodes into `pixels`, `[height, width, 3]`.
    ///
    /// # Errors
    /// [`DecodeErrors`] when the data is damaged.
    pub fn decode_into(&mut self, pixels: &mut [u8]) -> Result<(), DecodeErrors> {
        self.0.decode_into(pixels)
    }
}
