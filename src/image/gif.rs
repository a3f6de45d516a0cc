//! GIF, by the crate `gif`: the first frame on its screen.

use std::num::NonZeroU64;

use gif::{ColorOutput, DecodeOptions, DecodingError, MemoryLimit};

use super::checks::{buffer, take};
use super::decoded::Note;
use super::format::{Format, malformed_header};
use super::layout::{Layout, SampleData};
use super::samples::Samples;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::MAX_DECODE_ALLOCATION;

/// Where the screen's width stands, and its height behind it.
const SCREEN: usize = 6;

pub(super) fn decode(bytes: &[u8]) -> Result<Samples> {
    let malformed = || malformed_header(Format::Gif);
    let (width, height) = size(bytes).ok_or_else(malformed)?;
    let Frames { count, first } = frames(bytes);
    first.ok_or_else(malformed)?;
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::RGBA);
    // Extensions that nobody knows are skipped, as in browsers; anything else that is no frame ends
    // the walk of `frames`, before it ends the decoder's.
    options.allow_unknown_blocks(true);
    if let Some(limit) = NonZeroU64::new(MAX_DECODE_ALLOCATION) {
        options.set_memory_limit(MemoryLimit::Bytes(limit));
    }
    let mut decoder = options.read_info(bytes).map_err(error)?;
    let icc = decoder.icc_profile().map(<[u8]>::to_vec);
    // Transparent, where the frame does not reach.
    let mut samples = buffer(u64::from(width) * u64::from(height) * 4)?;
    let frame = decoder.read_next_frame().map_err(error)?.ok_or_else(malformed)?;
    let (left, columns) = (usize::from(frame.left), usize::from(frame.width));
    let rows = frame.buffer.chunks_exact((columns * 4).max(1)).take(usize::from(frame.height));
    for (row, pixels) in rows.enumerate() {
        let at = ((usize::from(frame.top) + row) * width as usize + left) * 4;
        // The screen holds all of the first frame: see `size`.
        samples.get_mut(at..at + pixels.len()).ok_or_else(malformed)?.copy_from_slice(pixels);
    }
    Ok(Samples {
        format: Format::Gif,
        width,
        height,
        layout: Layout::Rgba,
        data: SampleData::U8(samples),
        premultiplied: false,
        orientation: 1,
        icc,
        cicp: None,
        notes: Vec::from_iter((count > 1).then_some(Note::FirstFrameOnly)),
    })
}

fn error(error: DecodingError) -> Error {
    let (kind, message) = match &error {
        DecodingError::OutOfMemory | DecodingError::MemoryLimit => {
            (ErrorKind::Limit, "the GIF image takes more memory than allowed".to_owned())
        }
        other => (ErrorKind::Decode, format!("the GIF data is damaged or cut off: {other}")),
    };
    Error::new(kind, message).with_source(error)
}

/// The size of the picture: the screen's, or what the first frame needs where that is more.
pub(super) fn size(bytes: &[u8]) -> Option<(u32, u32)> {
    let (width, height) = screen(bytes)?;
    let (right, lower) = frames(bytes).first.unwrap_or_default();
    // Sides are stored in 16 bits.
    Some((width.max(right).min(u16::MAX.into()), height.max(lower).min(u16::MAX.into())))
}

fn screen(bytes: &[u8]) -> Option<(u32, u32)> {
    let side = |at| take(bytes, at).map(|side| u32::from(u16::from_le_bytes(side)));
    Some((side(SCREEN)?, side(SCREEN + 2)?))
}

/// The frames of a file.
#[derive(Default)]
struct Frames {
    /// Counted up to 2.
    count: usize,
    /// The right and lower end of the first.
    first: Option<(u32, u32)>,
}

/// Looks at the frames without decompressing anything.
fn frames(bytes: &[u8]) -> Frames {
    let mut frames = Frames::default();
    for block in blocks(bytes) {
        let Block::Frame(at) = block else { continue };
        let side = |at| take(bytes, at).map(|side| u32::from(u16::from_le_bytes(side)));
        let place = (|| Some((side(at)? + side(at + 4)?, side(at + 2)? + side(at + 6)?)))();
        frames.count += 1;
        frames.first = frames.first.or(place);
        if frames.count == 2 {
            break;
        }
    }
    frames
}

/// A part of a file.
pub(crate) enum Block<'a> {
    /// An extension: its label, its sub-blocks as they stand in the file, with their lengths, and
    /// whether they are all there.
    Extension { label: u8, data: &'a [u8], whole: bool },
    /// Where a frame's descriptor stands.
    Frame(usize),
}

/// The blocks of a file, up to its trailer or the first that is none (GIF89a, appendix B).
pub(crate) fn blocks(bytes: &[u8]) -> impl Iterator<Item = Block<'_>> {
    let table = |packed: u8| if packed & 0x80 == 0 { 0 } else { 3 << ((packed & 7) + 1) };
    let mut at = bytes.get(10).map(|&packed| 13 + table(packed));
    std::iter::from_fn(move || {
        let start = at.take()?;
        let (label, data) = match bytes.get(start) {
            Some(0x21) => (Some(*bytes.get(start + 1)?), start + 2),
            // A descriptor that is cut off is one.
            Some(0x2C) => {
                let data = take(bytes, start + 9).map(|[packed]| start + 10 + table(packed) + 1);
                (None, data.unwrap_or(bytes.len()))
            }
            _ => return None,
        };
        // Data follows in sub-blocks that start with their length; an empty one ends it.
        let (mut end, mut whole) = (data, false);
        while let Some(&length) = bytes.get(end) {
            end += 1 + usize::from(length);
            if length == 0 {
                whole = true;
                break;
            }
        }
        at = Some(end);
        let data = bytes.get(data..end.min(bytes.len())).unwrap_or_default();
        Some(match label {
            Some(label) => Block::Extension { label, data, whole },
            None => Block::Frame(start + 1),
        })
    })
}
