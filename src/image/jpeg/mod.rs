//! JPEG: our own walk over the markers, and zune-jpeg for the pixels.
//!
//! zune-jpeg is used directly, in strict mode, because the `image` crate runs it in its tolerant
//! mode, where the missing part of a cut file silently becomes gray. The walk tells what the
//! decoder does not: whether the file is all there and how much memory it will take; [`entropy`]
//! checks the coded data where strict mode does not.
//!
//! Source: ITU-T T.81, annex B; Adobe technical note 5116 for the `Adobe` marker.

mod entropy;

use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::header::{check_size, cut, take};
use super::orientation;
use super::{Format, Note};
use crate::error::{Error, ErrorKind, Result};
use crate::limits;

const EOI: u8 = 0xD9;
const SOS: u8 = 0xDA;
const APP1: u8 = 0xE1;
const APP14: u8 = 0xEE;

/// One marker segment: where its data stands, without marker and length.
struct Segment<'a> {
    marker: u8,
    at: usize,
    data: &'a [u8],
}

/// Walks the marker segments, past entropy-coded data, until the end of the image. The last segment
/// is EOI if and only if the file is all there.
fn segments(bytes: &[u8]) -> impl Iterator<Item = Segment<'_>> {
    let mut at = 2;
    let mut ended = false;
    std::iter::from_fn(move || {
        if ended {
            return None;
        }
        // Between segments only fill bytes (0xFF) should stand; like libjpeg, anything else is
        // skipped. That also skips entropy-coded data, in which 0xFF is followed by 0 or is a
        // restart marker.
        let marker = loop {
            at += bytes.get(at..)?.iter().position(|&byte| byte == 0xFF)?;
            while bytes.get(at) == Some(&0xFF) {
                at += 1;
            }
            match *bytes.get(at)? {
                0x00..=0x01 | 0xD0..=0xD8 => {}
                marker => break marker,
            }
        };
        at += 1;
        if marker == EOI {
            ended = true;
            return Some(Segment { marker, at, data: &[] });
        }
        let length = usize::from(u16::from_be_bytes(take(bytes, at)?));
        let start = at + 2;
        let data = bytes.get(start..at + length.max(2))?;
        at += length.max(2);
        Some(Segment { marker, at: start, data })
    })
}

/// The frame header.
struct Frame {
    marker: u8,
    bits: u8,
    width: u32,
    height: u32,
    /// The components' names.
    names: Vec<u8>,
    /// Horizontal and vertical sampling factor of each component.
    sampling: Vec<(u8, u8)>,
}

impl Frame {
    fn is_start_of_frame(marker: u8) -> bool {
        matches!(marker, 0xC0..=0xCF) && !matches!(marker, 0xC4 | 0xC8 | 0xCC)
    }

    fn read(marker: u8, data: &[u8]) -> Option<Self> {
        let components = usize::from(*data.get(5)?);
        let components = data.get(6..6 + components * 3)?.as_chunks::<3>().0;
        Some(Self {
            marker,
            bits: data[0],
            height: u32::from(u16::from_be_bytes(take(data, 1)?)),
            width: u32::from(u16::from_be_bytes(take(data, 3)?)),
            names: components.iter().map(|&[name, ..]| name).collect(),
            sampling: components
                .iter()
                .map(|&[_, factors, _]| (factors >> 4, factors & 15))
                .collect(),
        })
    }

    fn is_progressive(&self) -> bool {
        self.marker == 0xC2
    }

    /// The largest horizontal and vertical sampling factor.
    fn largest_sampling(&self) -> (u32, u32) {
        let largest =
            |side: fn(&(u8, u8)) -> u8| self.sampling.iter().map(side).max().map_or(1, u32::from);
        (largest(|s| s.0), largest(|s| s.1))
    }

    /// Columns and rows of minimum coded units, where all components are interleaved.
    fn mcus(&self) -> (u32, u32) {
        let (h, v) = self.largest_sampling();
        (self.width.div_ceil(8 * h), self.height.div_ceil(8 * v))
    }

    fn check_supported(&self) -> Result<()> {
        let unsupported =
            |what: &str| Err(Error::new(ErrorKind::Unsupported, format!("{what} is not read")));
        match self.marker {
            0xC0..=0xC2 => {}
            0xC3 | 0xC7 | 0xCB | 0xCF => return unsupported("lossless JPEG"),
            0xC9..=0xCF => return unsupported("arithmetic-coded JPEG"),
            _ => return unsupported("hierarchical JPEG"),
        }
        if self.bits != 8 {
            return unsupported(&format!("JPEG with {} bits", self.bits));
        }
        if !matches!(self.sampling.len(), 1 | 3 | 4) {
            return unsupported(&format!("JPEG with {} components", self.sampling.len()));
        }
        if self.sampling.iter().any(|&(h, v)| !(1..=4).contains(&h) || !(1..=4).contains(&v)) {
            return Err(cut(Format::Jpeg));
        }
        Ok(())
    }

    /// Bytes of the coefficients of all components, which progressive and non-interleaved files
    /// hold at once.
    fn coefficient_bytes(&self) -> u64 {
        let (columns, rows) = self.mcus();
        let blocks: u64 = self.sampling.iter().map(|&(h, v)| u64::from(h) * u64::from(v)).sum();
        u64::from(columns) * u64::from(rows) * blocks * 64 * 2
    }
}

/// Width, height and bits from the frame header.
pub(super) fn size(bytes: &[u8]) -> Result<(u32, u32, u8)> {
    let frame = segments(bytes)
        .take_while(|segment| segment.marker != SOS)
        .find(|segment| Frame::is_start_of_frame(segment.marker))
        .and_then(|segment| Frame::read(segment.marker, segment.data))
        .ok_or_else(|| cut(Format::Jpeg))?;
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
    pub(super) notes: Vec<Note>,
}

/// Decodes a whole file.
pub(super) fn decode(bytes: &[u8]) -> Result<Pixels> {
    let mut frame = None;
    let mut frame_at = 0;
    let mut scans = Vec::new();
    let mut scan_components = 0;
    let mut adobe = None;
    let mut exif = None;
    let mut complete = false;
    for segment in segments(bytes) {
        match segment.marker {
            marker if Frame::is_start_of_frame(marker) && frame.is_none() => {
                frame = Frame::read(marker, segment.data);
                frame_at = segment.at;
            }
            SOS => {
                if scans.is_empty() {
                    scan_components = usize::from(segment.data.first().copied().unwrap_or(0));
                }
                scans.push(segment.at);
            }
            APP1 if exif.is_none() => exif = segment.data.strip_prefix(b"Exif\0\0"),
            APP14 if segment.data.starts_with(b"Adobe") => adobe = segment.data.get(11).copied(),
            EOI => complete = true,
            _ => {}
        }
    }
    let frame = frame.ok_or_else(|| cut(Format::Jpeg))?;
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
                "decoding this JPEG takes {needed} bytes; at most {}",
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
        return Err(cut(Format::Jpeg));
    }
    let mut pixels = super::decode::buffer(output)?;
    decoder.decode_into(&mut pixels).map_err(damaged)?;

    // Inks are taken as Adobe stores them, inverted, with or without its marker, as Pillow and the
    // browsers do.
    let notes = if components == 4 { vec![Note::CmykConverted] } else { Vec::new() };
    Ok(Pixels {
        width: frame.width,
        height: frame.height,
        rgb: pixels,
        orientation: exif.map_or(1, orientation::of_exif),
        notes,
    })
}

fn truncated() -> Error {
    Error::new(
        ErrorKind::Decode,
        "the JPEG file is cut off: a part of the image is missing; try to download it again",
    )
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
