//! What a file's header says, read without the decoders: none of them runs before the limits are
//! checked.

use serde::{Deserialize, Serialize};

use super::checks::{check_bounds, check_size, take};
use super::format::{Format, malformed_header};
#[cfg(feature = "every-image")]
use super::{bmp, tiff};
use super::{gif, jpeg, png};
use crate::error::{Error, ErrorKind, Result};
use crate::limits;

/// What a file's header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Header {
    /// The format.
    pub format: Format,
    /// Width in pixels as stored, before any orientation is applied.
    pub width: u32,
    /// Height in pixels as stored.
    pub height: u32,
    /// Bits of one sample; of one palette index where there is a palette. The largest where samples
    /// differ.
    pub bits: u8,
}

impl Header {
    /// Checks the image against bounds of the caller's own, in pixels.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`] if a side is longer than `side` or there are more than `pixels`.
    pub fn check_within(&self, side: u32, pixels: u64) -> Result<()> {
        check_bounds(self.width, self.height, side, pixels)
    }
}

/// Reads the header and checks it against the [limits](crate::limits), without decoding anything.
///
/// # Errors
/// [`ErrorKind::Limit`] if the file or the image is too large, [`ErrorKind::Unsupported`] for an
/// unsupported kind of image, [`ErrorKind::Decode`] if the bytes are not an image or end within the
/// header.
pub fn probe(bytes: &[u8]) -> Result<Header> {
    let format = format_within_limit(bytes)?;
    let malformed = || malformed_header(format);
    let (width, height, bits) = match format {
        Format::Jpeg => jpeg::size(bytes)?,
        Format::Png if png::is_apples(bytes) => {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "Apple's own kind of PNG, as in apps for the iPhone, is not supported: open the \
                 image on a Mac and save it as PNG or JPEG",
            ));
        }
        Format::Png => png_size(bytes).ok_or_else(malformed)?,
        Format::WebP => return webp(bytes),
        Format::Gif => gif::size(bytes).map(|(w, h)| (w, h, 8)).ok_or_else(malformed)?,
        #[cfg(feature = "every-image")]
        Format::Bmp => bmp::size(bytes).ok_or_else(malformed)?,
        #[cfg(feature = "every-image")]
        Format::Tiff => tiff::size(bytes)?,
        format => return Err(format.not_built_in()),
    };
    check_size(width, height)?;
    Ok(Header { format, width, height, bits })
}

/// The format of a file that is not too large.
pub(crate) fn format_within_limit(bytes: &[u8]) -> Result<Format> {
    if bytes.len() > limits::MAX_IMAGE_BYTES {
        return Err(Error::new(
            ErrorKind::Limit,
            format!("the file has {} bytes; the limit is {}", bytes.len(), limits::MAX_IMAGE_BYTES),
        ));
    }
    Format::sniff(bytes)
}

fn png_size(bytes: &[u8]) -> Option<(u32, u32, u8)> {
    // The signature, then IHDR: length, name, width, height, bit depth.
    if take(bytes, 12)? != *b"IHDR" {
        return None;
    }
    Some((
        u32::from_be_bytes(take(bytes, 16)?),
        u32::from_be_bytes(take(bytes, 20)?),
        *bytes.get(24)?,
    ))
}

/// WebP's canvas, and every frame's own size, because the decoder allocates by the frame's,
/// whatever the canvas is.
fn webp(bytes: &[u8]) -> Result<Header> {
    let mut header = None;
    // What follows the container, if anything, is not part of the image. Its last byte may be
    // padding, which some writers leave out.
    let end = take(bytes, 4).map_or(0, u32::from_le_bytes) as usize;
    let end = end.saturating_add(8);
    if bytes.len() + 1 < end || riff_chunks(bytes).any(|chunk| chunk.at < end && !chunk.complete) {
        return Err(Error::new(
            ErrorKind::Decode,
            "the WebP file is cut off; try to download it again",
        ));
    }
    for chunk in riff_chunks(bytes) {
        let size = match &chunk.name {
            b"VP8X" => vp8x_size(chunk.data),
            b"VP8 " => vp8_size(chunk.data),
            b"VP8L" => vp8l_size(chunk.data),
            b"ANMF" => anmf_size(chunk.data),
            _ => continue,
        };
        let Some((width, height)) = size else { break };
        check_size(width, height)?;
        header.get_or_insert(Header { format: Format::WebP, width, height, bits: 8 });
    }
    header.ok_or_else(|| malformed_header(Format::WebP))
}

/// A chunk of a RIFF file.
pub(crate) struct RiffChunk<'a> {
    pub(crate) name: [u8; 4],
    at: usize,
    pub(crate) complete: bool,
    /// What is there of its data: less than it says where the file is cut.
    pub(crate) data: &'a [u8],
}

/// The chunks of a WebP file.
pub(crate) fn riff_chunks(bytes: &[u8]) -> impl Iterator<Item = RiffChunk<'_>> {
    let mut at = 12;
    std::iter::from_fn(move || {
        let name = take(bytes, at)?;
        let length = u32::from_le_bytes(take(bytes, at + 4)?) as usize;
        let place = at;
        let start = at + 8;
        let end = start.saturating_add(length);
        // Chunks start at even places.
        at = end.saturating_add(length % 2);
        Some(RiffChunk {
            name,
            at: place,
            complete: end <= bytes.len(),
            data: &bytes[start..end.min(bytes.len())],
        })
    })
}

/// A 24-bit number, least byte first.
fn u24(bytes: &[u8], at: usize) -> Option<u32> {
    let [a, b, c] = take(bytes, at)?;
    Some(u32::from_le_bytes([a, b, c, 0]))
}

fn vp8x_size(data: &[u8]) -> Option<(u32, u32)> {
    Some((u24(data, 4)? + 1, u24(data, 7)? + 1))
}

fn vp8_size(data: &[u8]) -> Option<(u32, u32)> {
    // RFC 6386, 9.1: a key frame's tag, start code, then 14 bits per side.
    if take(data, 3)? != [0x9D, 0x01, 0x2A] {
        return None;
    }
    let side = |at| Some(u32::from(u16::from_le_bytes(take(data, at)?) & 0x3FFF));
    Some((side(6)?, side(8)?))
}

fn vp8l_size(data: &[u8]) -> Option<(u32, u32)> {
    if data.first() != Some(&0x2F) {
        return None;
    }
    let packed = u32::from_le_bytes(take(data, 1)?);
    Some(((packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1))
}

fn anmf_size(data: &[u8]) -> Option<(u32, u32)> {
    let (width, height) = (u24(data, 6)? + 1, u24(data, 9)? + 1);
    // The frame's own bitstream stands inside and must not be larger than the frame says it is.
    let inner = match &take(data, 16)? {
        b"VP8 " => vp8_size(data.get(24..)?),
        b"VP8L" => vp8l_size(data.get(24..)?),
        _ => None,
    };
    match inner {
        Some((w, h)) => Some((width.max(w), height.max(h))),
        None => Some((width, height)),
    }
}
