//! JPEG: a walk over the markers, and zune-jpeg for the pixels.
//!
//! zune-jpeg is used directly, in strict mode, because the `image` crate runs it in its tolerant
//! mode, where the missing part of a cut file silently becomes gray. The walk tells what the
//! decoder does not: whether the file is all there and how much memory it will take; [`entropy`]
//! checks the coded data where strict mode does not.
//!
//! Source: ITU-T T.81, annex B; Adobe technical note 5116 for the `Adobe` marker.

mod entropy;
mod markers;

use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::checks::{buffer, check_size, malformed_header};
use super::format::Format;
use super::orientation;
use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use markers::{APP1, APP14, EOI, Frame, SOS, segments, truncated};

/// Width, height and bits from the frame header.
pub(super) fn size(bytes: &[u8]) -> Result<(u32, u32, u8)> {
    let frame = segments(bytes)
        .take_while(|segment| segment.marker != SOS)
        .find(|segment| Frame::is_start_of_frame(segment.marker))
        .and_then(|segment| Frame::read(segment.marker, segment.data))
        .ok_or_else(|| malformed_header(Format::Jpeg))?;
    check_size(frame.width, frame.height)?;
    frame.check_supported()?;
    Ok((frame.width, frame.height, frame.bits))
}

/// A decoded JPEG, as stored.
pub(super) struct Pixels {
    pub(super) width: u32,
    pub(super) height: u32,
    /// `[height, width, 3]`.
    pub(super) rgb: Vec<u8>,
    pub(super) orientation: u8,
    /// Whether inks (CMYK, YCCK) were converted.
    pub(super) from_inks: bool,
}

/// What the markers of a whole file say.
#[derive(Default)]
struct Survey<'a> {
    frame: Option<Frame>,
    /// Where the frame header stands.
    frame_at: usize,
    /// Where the headers of the scans stand.
    scans: Vec<usize>,
    /// Components of the first scan.
    scan_components: usize,
    /// The colour transform that Adobe's marker names.
    adobe: Option<u8>,
    exif: Option<&'a [u8]>,
    /// Whether the end of the image is there.
    complete: bool,
}

impl<'a> Survey<'a> {
    fn read(bytes: &'a [u8]) -> Self {
        let mut survey = Self::default();
        for segment in segments(bytes) {
            match segment.marker {
                marker if Frame::is_start_of_frame(marker) && survey.frame.is_none() => {
                    survey.frame = Frame::read(marker, segment.data);
                    survey.frame_at = segment.at;
                }
                SOS => {
                    if survey.scans.is_empty() {
                        let components = segment.data.first().copied().unwrap_or(0);
                        survey.scan_components = usize::from(components);
                    }
                    survey.scans.push(segment.at);
                }
                APP1 if survey.exif.is_none() => {
                    survey.exif = segment.data.strip_prefix(b"Exif\0\0");
                }
                APP14 if segment.data.starts_with(b"Adobe") => {
                    survey.adobe = segment.data.get(11).copied();
                }
                EOI => survey.complete = true,
                _ => {}
            }
        }
        survey
    }
}

/// Decodes a whole file.
pub(super) fn decode(bytes: &[u8]) -> Result<Pixels> {
    let Survey { frame, frame_at, scans, scan_components, adobe, exif, complete } =
        Survey::read(bytes);
    let frame = frame.ok_or_else(|| malformed_header(Format::Jpeg))?;
    check_size(frame.width, frame.height)?;
    frame.check_supported()?;
    if !complete || scans.is_empty() {
        return Err(truncated());
    }
    let components = frame.sampling.len();
    let output = u64::from(frame.width) * u64::from(frame.height) * 3;
    let buffered = frame.is_progressive() || scan_components < components;
    let needed = output + if buffered { frame.coefficient_bytes() } else { 0 };
    if needed > limits::MAX_DECODE_ALLOCATION {
        return Err(Error::new(
            ErrorKind::Limit,
            format!(
                "decoding this JPEG would take {needed} bytes; the limit is {}",
                limits::MAX_DECODE_ALLOCATION
            ),
        ));
    }
    if !frame.is_progressive() {
        entropy::check(bytes, &frame)?;
    }

    // Adobe's transform 0 with three components means RGB; the decoder believes it only if they are
    // named so.
    let renamed = (components == 3 && adobe == Some(0)).then(|| name_rgb(bytes, frame_at, &scans));
    // A copy, as the `tiff` crate hands it one: borrowed bytes would bring a second decoder into
    // the browser's program.
    let bytes = renamed.unwrap_or_else(|| bytes.to_vec());

    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(limits::MAX_IMAGE_SIDE as usize)
        .set_max_height(limits::MAX_IMAGE_SIDE as usize)
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(damaged)?;
    if decoder.dimensions() != Some((frame.width as usize, frame.height as usize)) {
        return Err(malformed_header(Format::Jpeg));
    }
    let mut pixels = buffer(output)?;
    decoder.decode_into(&mut pixels).map_err(damaged)?;

    // Inks are taken as Adobe stores them, inverted, with or without its marker, as Pillow and the
    // browsers do.
    let from_inks = components == 4;
    Ok(Pixels {
        width: frame.width,
        height: frame.height,
        rgb: pixels,
        orientation: exif.map_or(1, orientation::of_exif),
        from_inks,
    })
}

fn damaged(error: zune_jpeg::errors::DecodeErrors) -> Error {
    Error::new(ErrorKind::Decode, format!("the JPEG data is damaged or cut off: {error}"))
        .with_source(error)
}

/// A copy of the file whose components are called R, G and B, in the frame header and in every
/// scan.
fn name_rgb(bytes: &[u8], frame_at: usize, scans: &[usize]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let names: Option<[u8; 3]> = (|| {
        Some([*bytes.get(frame_at + 6)?, *bytes.get(frame_at + 9)?, *bytes.get(frame_at + 12)?])
    })();
    let Some(names) = names else { return bytes };
    let new_name = |name: u8| names.iter().position(|&n| n == name).map(|index| b"RGB"[index]);
    for index in 0..3 {
        bytes[frame_at + 6 + index * 3] = b"RGB"[index];
    }
    for &scan in scans {
        let count = usize::from(bytes.get(scan).copied().unwrap_or(0));
        for index in 0..count {
            if let Some(name) = bytes.get_mut(scan + 1 + index * 2)
                && let Some(new) = new_name(*name)
            {
                *name = new;
            }
        }
    }
    bytes
}
