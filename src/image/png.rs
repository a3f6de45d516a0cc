//! PNG, row by row, so that a missing end costs nothing but a note.

use std::io::{Cursor, ErrorKind as IoErrorKind};

use png::{BitDepth, ColorType, DecodeOptions, Decoder, DecodingError, Limits, Transformations};

use super::checks::{buffer, take};
use super::decoded::Note;
use super::format::Format;
use super::layout::{Cicp, Layout, SampleData};
use super::orientation;
use super::samples::Samples;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::MAX_DECODE_ALLOCATION;

pub(super) fn decode(bytes: &[u8]) -> Result<Samples> {
    let ended = with_end(bytes);
    let (file, trust) = match &ended {
        Some(ended) => (&ended[..], Trust::Rows),
        None => (bytes, Trust::Chunks),
    };
    let decoded = read(file, trust).or_else(|failure| match failure {
        DecodingError::Format(_) => again(file, trust).unwrap_or(Err(failure)),
        failure => Err(failure),
    });
    let (mut samples, damaged) = decoded.map_err(error)?;
    samples.notes.extend(is_animated(bytes).then_some(Note::FirstFrameOnly));
    if damaged || ended.is_some() {
        samples.notes.push(Note::EndMissing);
    }
    // Wherever it stands, and from what was there.
    samples.orientation = exif(bytes).map_or(1, orientation::of_exif);
    Ok(samples)
}

/// What must be right for pixels to be believed.
#[derive(Clone, Copy, PartialEq)]
enum Trust {
    /// Every chunk's checksum.
    Chunks,
    /// The checksum of the compressed stream.
    Stream,
    /// That there are pixels for every row.
    Rows,
}

type Outcome = std::result::Result<(Samples, bool), DecodingError>;

/// Reads a file that could not be read as it is, if there is another way.
fn again(file: &[u8], trust: Trust) -> Option<Outcome> {
    // The frames of an animation may be out of order behind a picture that is sound: browsers and
    // Pillow show that.
    let still = without_animation(file);
    let outcome = still.as_ref().map(|still| read(still, trust));
    match outcome {
        Some(Ok(_)) => return outcome,
        None | Some(Err(DecodingError::Format(_))) if trust == Trust::Chunks => {}
        _ => return None,
    }
    // A chunk's checksum may be wrong while that of the pixels, which covers them all, is right.
    read(still.as_deref().unwrap_or(file), Trust::Stream).ok().map(Ok)
}

/// Reads all rows; whether something is wrong that does not touch them.
fn read(file: &[u8], trust: Trust) -> Outcome {
    let mut options = DecodeOptions::default();
    // Texts are nobody's business here, and may be bombs.
    options.set_ignore_text_chunk(true);
    options.set_ignore_crc(trust != Trust::Chunks);
    options.set_ignore_adler32(trust != Trust::Stream);
    let mut decoder = Decoder::new_with_options(Cursor::new(file), options);
    decoder.set_limits(Limits { bytes: MAX_DECODE_ALLOCATION as usize });
    decoder.set_transformations(Transformations::EXPAND);
    let mut reader = decoder.read_info()?;
    let info = reader.info();
    let (width, height) = (info.width, info.height);
    let cicp = info.coding_independent_code_points.filter(|cicp| cicp.is_video_full_range_image);
    let cicp =
        cicp.map(|cicp| Cicp { primaries: cicp.color_primaries, transfer: cicp.transfer_function });
    // Code points win over a profile (PNG 3, 4.3).
    let icc = info.icc_profile.as_deref().filter(|_| cicp.is_none()).map(<[u8]>::to_vec);
    let (color, depth) = reader.output_color_type();
    let layout = match color {
        ColorType::Grayscale => Layout::Gray,
        ColorType::GrayscaleAlpha => Layout::GrayAlpha,
        ColorType::Rgb => Layout::Rgb,
        // Palettes are replaced by their colours.
        ColorType::Rgba | ColorType::Indexed => Layout::Rgba,
    };
    let size = reader.output_buffer_size().map(|size| size as u64);
    let mut samples =
        size.and_then(|size| buffer(size).ok()).ok_or(DecodingError::LimitsExceeded)?;
    let mut damaged = false;
    if reader.info().interlaced {
        // The passes fill the picture in turn.
        reader.next_frame(&mut samples)?;
    } else {
        let row = samples.len() / height as usize;
        for row in samples.chunks_exact_mut(row) {
            reader.read_row(row)?;
        }
        // What follows holds no pixels, but its checksum speaks for those before.
        match reader.finish() {
            Err(DecodingError::IoError(io)) if io.kind() == IoErrorKind::UnexpectedEof => {
                damaged = true;
            }
            other => other?,
        }
    }
    damaged |= trust == Trust::Stream;
    let data = if depth == BitDepth::Sixteen {
        let words = samples.as_chunks::<2>().0.iter();
        SampleData::U16(words.map(|&bytes| u16::from_be_bytes(bytes)).collect())
    } else {
        SampleData::U8(samples)
    };
    let samples = Samples {
        format: Format::Png,
        width,
        height,
        layout,
        data,
        premultiplied: false,
        orientation: 1,
        icc,
        cicp,
        notes: Vec::new(),
    };
    Ok((samples, damaged))
}

/// A chunk: its name, and its data as far as they are there.
pub(crate) struct Chunk<'a> {
    pub(crate) name: [u8; 4],
    at: usize,
    pub(crate) data: &'a [u8],
    /// Whether data and checksum are all there.
    pub(crate) complete: bool,
}

/// The chunks of a file, to the first that is cut off.
pub(crate) fn chunks(bytes: &[u8]) -> impl Iterator<Item = Chunk<'_>> {
    let mut next = Some(8);
    std::iter::from_fn(move || {
        let at = next?;
        let length = take(bytes, at).map(u32::from_be_bytes)? as usize;
        let name = take(bytes, at + 4)?;
        let start = at + 8;
        let end = start.saturating_add(length);
        let complete = end.saturating_add(4) <= bytes.len();
        next = complete.then_some(end.saturating_add(4));
        Some(Chunk { name, at, data: &bytes[start..end.min(bytes.len())], complete })
    })
}

/// The first EXIF block.
fn exif(bytes: &[u8]) -> Option<&[u8]> {
    chunks(bytes).find(|chunk| chunk.name == *b"eXIf" && chunk.complete).map(|chunk| chunk.data)
}

/// Whether a file is an animation: its control stands before the pixels.
fn is_animated(bytes: &[u8]) -> bool {
    let mut before = chunks(bytes).take_while(|chunk| chunk.name != *b"IDAT");
    before.any(|chunk| chunk.name == *b"acTL")
}

/// A copy without what makes it an animation; `None` where nothing does.
fn without_animation(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut still = bytes.get(..8)?.to_vec();
    let mut end = 8;
    for chunk in chunks(bytes).filter(|chunk| chunk.complete) {
        end = chunk.at + chunk.data.len() + 12;
        if !matches!(&chunk.name, b"acTL" | b"fcTL" | b"fdAT") {
            still.extend_from_slice(&bytes[chunk.at..end]);
        }
    }
    // What follows is cut off or no chunk: the decoder is to see it, too.
    still.extend_from_slice(&bytes[end..]);
    (still.len() < bytes.len()).then_some(still)
}

/// A copy with an end where the file has none: the last chunk of pixels, if cut off, as long as
/// what is there of it.
fn with_end(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut end = 8;
    let mut cut = None;
    for chunk in chunks(bytes) {
        if chunk.name == *b"IEND" {
            return None;
        }
        if chunk.complete {
            end = chunk.at + chunk.data.len() + 12;
        } else {
            cut = (chunk.name == *b"IDAT").then_some(chunk);
        }
    }
    let mut whole = bytes[..end.min(bytes.len())].to_vec();
    if let Some(Chunk { data, .. }) = cut {
        whole.extend((data.len() as u32).to_be_bytes());
        whole.extend(b"IDAT");
        whole.extend_from_slice(data);
        whole.extend([0; 4]); // the checksum, which is not read
    }
    whole.extend(b"\0\0\0\0IEND\xAE\x42\x60\x82");
    Some(whole)
}

/// Whether a file is of the kind that Apple's tools make for its devices (Xcode's `-iphone`
/// option), which is not PNG.
pub(super) fn is_apples(bytes: &[u8]) -> bool {
    take(bytes, 12) == Some(*b"CgBI")
}

fn error(error: DecodingError) -> Error {
    if matches!(error, DecodingError::LimitsExceeded) {
        let message = "the PNG image takes more memory than allowed";
        return Error::new(ErrorKind::Limit, message).with_source(error);
    }
    let message = format!("the PNG data is damaged or cut off: {error}");
    Error::new(ErrorKind::Decode, message).with_source(error)
}
