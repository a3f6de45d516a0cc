//! WebP, by the `image` crate.

use std::io::Cursor;

use ::image::codecs::webp::WebPDecoder;

use super::decode::Note;
use super::format::Format;
use super::header::riff_chunks;
use super::samples::Samples;
use super::wrapped::{decoder_error, read};
use crate::error::Result;

pub(super) fn decode(bytes: &[u8]) -> Result<Samples> {
    let frames = riff_chunks(bytes).filter(|chunk| chunk.name == *b"ANMF").take(2).count();
    let decoder =
        WebPDecoder::new(Cursor::new(bytes)).map_err(|error| decoder_error(Format::WebP, error))?;
    read(Format::WebP, decoder, Vec::from_iter((frames > 1).then_some(Note::FirstFrameOnly)))
}
