//! What decoders of the `image` crate share: limits, errors, and their samples as ours.

use ::image::{ColorType, ImageDecoder, ImageError, Limits};

use super::checks::buffer;
use super::decode::Note;
use super::format::Format;
use super::orientation;
use super::samples::{Layout, SampleData, Samples};
use crate::error::{Error, ErrorKind, Result};
use crate::limits;

/// Runs a decoder within the limits. The notes are those of its format alone.
pub(super) fn read(
    format: Format,
    mut decoder: impl ImageDecoder,
    notes: Vec<Note>,
) -> Result<Samples> {
    let error = |error| decoder_error(format, error);
    decoder.set_limits(decoder_limits()).map_err(error)?;
    let (width, height) = decoder.dimensions();
    let layout = match decoder.color_type() {
        ColorType::L8 => Layout::Gray,
        ColorType::La8 => Layout::GrayAlpha,
        ColorType::Rgb8 => Layout::Rgb,
        ColorType::Rgba8 => Layout::Rgba,
        other => {
            let message = format!("images with samples of type {other:?} are not supported");
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
    };
    let orientation = decoder.exif_metadata().ok().flatten();
    let orientation = orientation.map_or(1, |exif| orientation::of_exif(&exif));
    let icc = decoder.icc_profile().ok().flatten();
    let mut samples = buffer(decoder.total_bytes())?;
    decoder.read_image(&mut samples).map_err(error)?;
    Ok(Samples {
        format,
        width,
        height,
        layout,
        data: SampleData::U8(samples),
        premultiplied: false,
        orientation,
        icc,
        cicp: None,
        notes,
    })
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
pub(super) fn decoder_error(format: Format, error: ImageError) -> Error {
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
