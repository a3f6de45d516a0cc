//! WebP, by the crate `image-webp`.

use std::io::Cursor;

use image_webp::{DecodingError, WebPDecoder};

use super::checks::buffer;
use super::decoded::Note;
use super::format::Format;
use super::header::riff_chunks;
use super::layout::{Layout, SampleData};
use super::orientation;
use super::samples::Samples;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::MAX_DECODE_ALLOCATION;

pub(super) fn decode(bytes: &[u8]) -> Result<Samples> {
    let frames = riff_chunks(bytes).filter(|chunk| chunk.name == *b"ANMF").take(2).count();
    let mut decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(error)?;
    decoder.set_memory_limit(MAX_DECODE_ALLOCATION as usize);
    let (width, height) = decoder.dimensions();
    let layout = if decoder.has_alpha() { Layout::Rgba } else { Layout::Rgb };
    let size = decoder.output_buffer_size().ok_or_else(|| error(DecodingError::ImageTooLarge))?;
    let mut samples = buffer(size as u64)?;
    // Damaged metadata are nobody's loss.
    let exif = decoder.exif_metadata().ok().flatten();
    let icc = decoder.icc_profile().ok().flatten();
    decoder.read_image(&mut samples).map_err(error)?;
    Ok(Samples {
        format: Format::WebP,
        width,
        height,
        layout,
        data: SampleData::U8(samples),
        premultiplied: false,
        orientation: exif.map_or(1, |exif| orientation::of_exif(&exif)),
        icc,
        cicp: None,
        notes: Vec::from_iter((frames > 1).then_some(Note::FirstFrameOnly)),
    })
}

fn error(error: DecodingError) -> Error {
    let (kind, message) = match &error {
        DecodingError::MemoryLimitExceeded | DecodingError::ImageTooLarge => {
            (ErrorKind::Limit, "the WebP image takes more memory than allowed".to_owned())
        }
        DecodingError::UnsupportedFeature(what) => {
            (ErrorKind::Unsupported, format!("this kind of WebP is not supported: {what}"))
        }
        other => (ErrorKind::Decode, format!("the WebP data is damaged or cut off: {other}")),
    };
    Error::new(kind, message).with_source(error)
}
