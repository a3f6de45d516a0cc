//! Bytes to upright 8-bit RGB pixels.

use std::io::Cursor;

use ::image::codecs::bmp::BmpDecoder;
use ::image::codecs::gif::GifDecoder;
use ::image::codecs::png::PngDecoder;
use ::image::codecs::tiff::TiffDecoder;
use ::image::codecs::webp::WebPDecoder;
use ::image::{ColorType, ImageDecoder, ImageError, Limits};
use serde::{Deserialize, Serialize};

use super::checks::{buffer, malformed_header, take};
use super::format::Format;
use super::header::{Header, probe, riff_chunks};
use super::rgb8::Rgb8;
use super::{jpeg, orientation, tiff};
use crate::error::{Error, ErrorKind, Result};
use crate::limits;

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
/// [`ErrorKind::Decode`] if the bytes are not an image, or one that is damaged or cut off,
/// [`ErrorKind::Unsupported`] for an unsupported kind of image, [`ErrorKind::Limit`] if the file,
/// the image or the memory it takes is beyond the [limits](crate::limits).
pub fn decode(bytes: &[u8]) -> Result<Decoded> {
    let header = probe(bytes)?;
    let stored = guarded(|| match header.format {
        Format::Jpeg => Stored::jpeg(bytes),
        Format::Png => Stored::png(bytes),
        Format::WebP => Stored::webp(bytes),
        Format::Gif => Stored::gif(bytes),
        Format::Bmp => Stored::bmp(bytes),
        Format::Tiff => Stored::tiff(bytes),
    })?;
    if (stored.width, stored.height) != (header.width, header.height) {
        // The limits were checked for another size than the one decoded.
        return Err(malformed_header(header.format));
    }
    let Header { format, .. } = header;
    let pixels = Rgb8::new(stored.width, stored.height, stored.rgb)?;
    let pixels = orientation::upright(pixels, stored.orientation)?;
    Ok(Decoded {
        format,
        width: pixels.width(),
        height: pixels.height(),
        orientation: stored.orientation,
        notes: stored.notes,
        pixels,
    })
}

/// Runs a decoder we did not write. Should it panic, the file is at fault and the next one is still
/// read; where panics abort (WebAssembly) there is nothing to catch and the worker is started anew.
fn guarded(decode: impl FnOnce() -> Result<Stored> + std::panic::UnwindSafe) -> Result<Stored> {
    #[cfg(panic = "unwind")]
    return std::panic::catch_unwind(decode).unwrap_or_else(|_| {
        Err(Error::new(
            ErrorKind::Decode,
            "the image is damaged in a way its decoder cannot handle",
        ))
    });
    #[cfg(not(panic = "unwind"))]
    decode()
}

/// An image as stored in its file, in RGB.
struct Stored {
    width: u32,
    height: u32,
    rgb: Vec<u8>,
    orientation: u8,
    notes: Vec<Note>,
}

impl Stored {
    fn jpeg(bytes: &[u8]) -> Result<Self> {
        let jpeg::Pixels { width, height, rgb, orientation, from_inks } = jpeg::decode(bytes)?;
        let notes = Vec::from_iter(from_inks.then_some(Note::CmykConverted));
        Ok(Self { width, height, rgb, orientation, notes })
    }

    fn png(bytes: &[u8]) -> Result<Self> {
        let error = |error| decoder_error(Format::Png, error);
        let decoder =
            PngDecoder::with_limits(Cursor::new(bytes), decoder_limits()).map_err(error)?;
        let animated = decoder.is_apng().map_err(error)?;
        Self::read(Format::Png, decoder, animated.then_some(Note::FirstFrameOnly))
    }

    fn webp(bytes: &[u8]) -> Result<Self> {
        let frames = riff_chunks(bytes).filter(|chunk| chunk.name == *b"ANMF").take(2).count();
        let decoder = WebPDecoder::new(Cursor::new(bytes))
            .map_err(|error| decoder_error(Format::WebP, error))?;
        Self::read(Format::WebP, decoder, (frames > 1).then_some(Note::FirstFrameOnly))
    }

    fn gif(bytes: &[u8]) -> Result<Self> {
        let decoder = GifDecoder::new(Cursor::new(bytes))
            .map_err(|error| decoder_error(Format::Gif, error))?;
        Self::read(Format::Gif, decoder, (gif_frames(bytes) > 1).then_some(Note::FirstFrameOnly))
    }

    fn bmp(bytes: &[u8]) -> Result<Self> {
        let decoder = BmpDecoder::new(Cursor::new(bytes))
            .map_err(|error| decoder_error(Format::Bmp, error))?;
        Self::read(Format::Bmp, decoder, None)
    }

    fn tiff(bytes: &[u8]) -> Result<Self> {
        let directory =
            tiff::Directory::read(bytes).ok_or_else(|| malformed_header(Format::Tiff))?;
        let decoder = TiffDecoder::new(Cursor::new(bytes))
            .map_err(|error| decoder_error(Format::Tiff, error))?;
        let note = directory.has_next().then_some(Note::FirstPageOnly);
        let mut stored = Self::read(Format::Tiff, decoder, note)?;
        if directory.is_cmyk() {
            stored.notes.push(Note::CmykConverted);
        }
        Ok(stored)
    }

    /// Runs a decoder of the `image` crate within the limits.
    fn read(format: Format, mut decoder: impl ImageDecoder, note: Option<Note>) -> Result<Self> {
        let error = |error| decoder_error(format, error);
        decoder.set_limits(decoder_limits()).map_err(error)?;
        let (width, height) = decoder.dimensions();
        let color = decoder.color_type();
        let orientation =
            decoder.exif_metadata().ok().flatten().map(|exif| orientation::of_exif(&exif));
        // TIFF keeps the orientation in its own directory, not in an EXIF block.
        let orientation = match orientation {
            Some(orientation) => orientation,
            None => decoder.orientation().map_or(1, ::image::metadata::Orientation::to_exif),
        };
        let mut samples = buffer(decoder.total_bytes())?;
        decoder.read_image(&mut samples).map_err(error)?;
        let mut notes = Vec::from_iter(note);
        let rgb = to_rgb(samples, color, &mut notes)?;
        Ok(Self { width, height, rgb, orientation, notes })
    }
}

/// The limits as the `image` crate takes them.
fn decoder_limits() -> Limits {
    let mut limits = Limits::no_limits();
    limits.max_image_width = Some(limits::MAX_IMAGE_SIDE);
    limits.max_image_height = Some(limits::MAX_IMAGE_SIDE);
    limits.max_alloc = Some(limits::MAX_DECODE_ALLOCATION);
    limits
}

/// An error of the `image` crate as an [`Error`].
fn decoder_error(format: Format, error: ImageError) -> Error {
    let name = format.name();
    let (kind, message) = match &error {
        ImageError::Limits(_) => {
            (ErrorKind::Limit, format!("the {name} image takes more memory than allowed"))
        }
        ImageError::Unsupported(what) => {
            (ErrorKind::Unsupported, format!("this kind of {name} is not supported: {what}"))
        }
        other => (ErrorKind::Decode, format!("the {name} data is damaged or cut off: {other}")),
    };
    Error::new(kind, message).with_source(error)
}

/// Decoded samples of any kind to RGB; in place where they shrink, so that a second buffer is
/// needed only for gray.
fn to_rgb(mut samples: Vec<u8>, color: ColorType, notes: &mut Vec<Note>) -> Result<Vec<u8>> {
    let wide =
        matches!(color, ColorType::L16 | ColorType::La16 | ColorType::Rgb16 | ColorType::Rgba16);
    if wide {
        notes.push(Note::SixteenBitReduced);
        for index in 0..samples.len() / 2 {
            let value = u32::from(u16::from_ne_bytes([samples[index * 2], samples[index * 2 + 1]]));
            // 65535 is 255 * 257, so this is the exact value, rounded.
            samples[index] = ((value + 128) / 257) as u8;
        }
        samples.truncate(samples.len() / 2);
    }
    let (channels, alpha) = match color {
        ColorType::L8 | ColorType::L16 => (1, false),
        ColorType::La8 | ColorType::La16 => (2, true),
        ColorType::Rgb8 | ColorType::Rgb16 => (3, false),
        ColorType::Rgba8 | ColorType::Rgba16 => (4, true),
        other => {
            let message = format!("images with samples of type {other:?} are not supported");
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
    };
    if alpha && over_white(&mut samples, channels) {
        notes.push(Note::AlphaOverWhite);
    }
    if channels >= 3 {
        if channels == 4 {
            let count = samples.len() / 4;
            for index in 0..count {
                samples.copy_within(index * 4..index * 4 + 3, index * 3);
            }
            samples.truncate(count * 3);
        }
        return Ok(samples);
    }
    let mut rgb = buffer(samples.len() as u64 / channels as u64 * 3)?;
    for (pixel, gray) in rgb.as_chunks_mut::<3>().0.iter_mut().zip(samples.iter().step_by(channels))
    {
        *pixel = [*gray; 3];
    }
    Ok(rgb)
}

/// Lays pixels with alpha as their last channel over white; whether any was not opaque.
fn over_white(samples: &mut [u8], channels: usize) -> bool {
    let mut changed = false;
    for pixel in samples.chunks_exact_mut(channels) {
        let [colors @ .., alpha] = pixel else { continue };
        if *alpha == 255 {
            continue;
        }
        changed = true;
        let alpha = u32::from(*alpha);
        for color in colors {
            *color = ((u32::from(*color) * alpha + 255 * (255 - alpha) + 127) / 255) as u8;
        }
    }
    changed
}

/// The number of frames of a GIF, counted up to 2 without decompressing anything (GIF89a, appendix
/// B).
fn gif_frames(bytes: &[u8]) -> usize {
    let table = |packed: u8| if packed & 0x80 == 0 { 0 } else { 3 << ((packed & 7) + 1) };
    let mut frames = 0;
    let Some(&packed) = bytes.get(10) else { return frames };
    let mut at = 13 + table(packed);
    while frames < 2 {
        match bytes.get(at) {
            Some(0x21) => at += 2,
            Some(0x2C) => {
                frames += 1;
                let Some([packed]) = take(bytes, at + 9) else { break };
                at += 10 + table(packed) + 1;
            }
            _ => break,
        }
        // Data follows in blocks that start with their length; an empty one ends it.
        while let Some(&length) = bytes.get(at) {
            at += 1 + usize::from(length);
            if length == 0 {
                break;
            }
        }
    }
    frames
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alpha_goes_over_white() {
        let mut notes = Vec::new();
        let samples = vec![0, 0, 0, 0, 200, 100, 0, 255, 0, 255, 10, 128];
        let rgb = to_rgb(samples, ColorType::Rgba8, &mut notes).unwrap();
        assert_eq!(rgb, [255, 255, 255, 200, 100, 0, 127, 255, 132]);
        assert_eq!(notes, [Note::AlphaOverWhite]);
    }

    #[test]
    fn opaque_alpha_is_no_news() {
        let mut notes = Vec::new();
        assert_eq!(
            to_rgb(vec![9, 255, 8, 255], ColorType::La8, &mut notes).unwrap(),
            [9, 9, 9, 8, 8, 8]
        );
        assert_eq!(notes, []);
    }

    #[test]
    fn sixteen_bits_are_rounded() {
        let samples = [0u16, 128, 129, 257, 65534 - 128, 65535]
            .iter()
            .flat_map(|v| v.to_ne_bytes())
            .collect();
        let mut notes = Vec::new();
        assert_eq!(to_rgb(samples, ColorType::Rgb16, &mut notes).unwrap(), [0, 0, 1, 1, 254, 255]);
        assert_eq!(notes, [Note::SixteenBitReduced]);
    }
}
