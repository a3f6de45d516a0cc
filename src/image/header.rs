//! What the first bytes of a file say, read by ourselves: no decoder runs before the limits are
//! checked.

use serde::{Deserialize, Serialize};

use super::{jpeg, tiff};
use crate::error::{Error, ErrorKind, Result};
use crate::limits;

/// The image formats that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// JPEG: baseline and progressive, 8 bit; gray, YCbCr, RGB, CMYK, YCCK.
    Jpeg,
    /// PNG, 1 to 16 bit, with or without palette, alpha, animation.
    Png,
    /// WebP: lossy, lossless, with alpha, animated.
    WebP,
    /// GIF, animated or not.
    Gif,
    /// Windows bitmap.
    Bmp,
    /// TIFF and BigTIFF, the first page.
    Tiff,
}

impl Format {
    /// The name people know.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::WebP => "WebP",
            Self::Gif => "GIF",
            Self::Bmp => "BMP",
            Self::Tiff => "TIFF",
        }
    }

    /// The format of a file that starts with `bytes`.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for known formats that are not read, [`ErrorKind::Decode`] for
    /// anything else.
    fn sniff(bytes: &[u8]) -> Result<Self> {
        const BMP_HEADERS: [u8; 7] = [12, 40, 52, 56, 64, 108, 124];
        match bytes {
            [] => Err(Error::new(ErrorKind::Decode, "the file is empty")),
            [0xFF, 0xD8, 0xFF, ..] => Ok(Self::Jpeg),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Ok(Self::Png),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Ok(Self::WebP),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Ok(Self::Gif),
            [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => Ok(Self::Tiff),
            // "BM" also starts English words; the size of the second header settles it.
            [b'B', b'M', rest @ ..]
                if rest.get(12).is_some_and(|size| BMP_HEADERS.contains(size)) =>
            {
                Ok(Self::Bmp)
            }
            _ => Err(match foreign(bytes) {
                Some(name) => Error::new(
                    ErrorKind::Unsupported,
                    format!(
                        "{name} is not read: save the image as JPEG, PNG, WebP, GIF, BMP or TIFF"
                    ),
                ),
                None => Error::new(
                    ErrorKind::Decode,
                    "the file is no image that is read (JPEG, PNG, WebP, GIF, BMP or TIFF), \
                     whatever its name says",
                ),
            }),
        }
    }
}

/// Formats people have and we do not read, so that the message can name them.
fn foreign(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [_, _, _, _, b'f', b't', b'y', b'p', brand @ ..] => match brand.get(..4)? {
            b"avif" | b"avis" => Some("AVIF"),
            b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"mif1" | b"msf1" => {
                Some("HEIC")
            }
            _ => Some("A video or another file of the MP4 family"),
        },
        [0xFF, 0x0A, ..] | [0, 0, 0, 12, b'J', b'X', b'L', b' ', ..] => Some("JPEG XL"),
        [0, 0, 0, 12, b'j', b'P', b' ', b' ', ..] | [0xFF, 0x4F, 0xFF, 0x51, ..] => {
            Some("JPEG 2000")
        }
        [b'8', b'B', b'P', b'S', ..] => Some("A Photoshop document"),
        [b'%', b'P', b'D', b'F', ..] => Some("PDF"),
        [0, 0, 1, 0, ..] => Some("A Windows icon"),
        [0x76, 0x2F, 0x31, 0x01, ..] => Some("OpenEXR"),
        [b'q', b'o', b'i', b'f', ..] => Some("QOI"),
        [b'<', b's', b'v', b'g', ..] | [b'<', b'?', b'x', b'm', b'l', ..] => Some("SVG"),
        _ => None,
    }
}

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
/// [`ErrorKind::Limit`] if the file or the image is too large, [`ErrorKind::Unsupported`] for a
/// kind of image that is not read, [`ErrorKind::Decode`] if the bytes are no image or end within
/// the header.
pub fn probe(bytes: &[u8]) -> Result<Header> {
    if bytes.len() > limits::MAX_IMAGE_BYTES {
        return Err(Error::new(
            ErrorKind::Limit,
            format!(
                "the file has {} bytes; at most {} are read",
                bytes.len(),
                limits::MAX_IMAGE_BYTES
            ),
        ));
    }
    let format = Format::sniff(bytes)?;
    let (width, height, bits) = match format {
        Format::Jpeg => jpeg::size(bytes)?,
        Format::Png => png(bytes).ok_or_else(|| cut(format))?,
        Format::WebP => return webp(bytes),
        Format::Gif => gif(bytes).ok_or_else(|| cut(format))?,
        Format::Bmp => bmp(bytes).ok_or_else(|| cut(format))?,
        Format::Tiff => {
            tiff::Directory::read(bytes).and_then(|d| d.size()).ok_or_else(|| cut(format))?
        }
    };
    check_size(width, height)?;
    Ok(Header { format, width, height, bits })
}

/// The error for a header that ends too early or contradicts itself.
pub(super) fn cut(format: Format) -> Error {
    Error::new(ErrorKind::Decode, format!("the {} header is damaged or incomplete", format.name()))
}

/// Checks an image's sides and area.
pub(super) fn check_size(width: u32, height: u32) -> Result<()> {
    if width == 0 || height == 0 {
        return Err(Error::new(
            ErrorKind::Decode,
            format!("the image is {width} x {height} pixels: empty"),
        ));
    }
    check_bounds(width, height, limits::MAX_IMAGE_SIDE, limits::MAX_IMAGE_PIXELS)
}

fn check_bounds(width: u32, height: u32, side: u32, pixels: u64) -> Result<()> {
    if width > side || height > side {
        return Err(Error::new(
            ErrorKind::Limit,
            format!("the image is {width} x {height} pixels; at most {side} a side are read"),
        ));
    }
    let area = u64::from(width) * u64::from(height);
    if area > pixels {
        return Err(Error::new(
            ErrorKind::Limit,
            format!("the image has {area} pixels; at most {pixels} are read"),
        ));
    }
    Ok(())
}

/// The `N` bytes at `at`.
pub(super) fn take<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

fn png(bytes: &[u8]) -> Option<(u32, u32, u8)> {
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

fn gif(bytes: &[u8]) -> Option<(u32, u32, u8)> {
    let (width, height) =
        (u16::from_le_bytes(take(bytes, 6)?), u16::from_le_bytes(take(bytes, 8)?));
    Some((u32::from(width), u32::from(height), 8))
}

fn bmp(bytes: &[u8]) -> Option<(u32, u32, u8)> {
    let header = u32::from_le_bytes(take(bytes, 14)?);
    let (width, height, bits) = if header == 12 {
        let side = |at| Some(u32::from(u16::from_le_bytes(take(bytes, at)?)));
        (side(18)?, side(20)?, u16::from_le_bytes(take(bytes, 24)?))
    } else {
        // A negative height means rows from top to bottom.
        let width = u32::try_from(i32::from_le_bytes(take(bytes, 18)?)).ok()?;
        let height = i32::from_le_bytes(take(bytes, 22)?).unsigned_abs();
        (width, height, u16::from_le_bytes(take(bytes, 28)?))
    };
    // 24 and 32 bits hold three or four samples of 8.
    Some((width, height, if bits > 8 { 8 } else { u8::try_from(bits).ok()? }))
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
    header.ok_or_else(|| cut(Format::WebP))
}

/// A chunk of a RIFF file.
pub(super) struct RiffChunk<'a> {
    pub(super) name: [u8; 4],
    at: usize,
    complete: bool,
    /// What is there of its data: less than it says where the file is cut.
    pub(super) data: &'a [u8],
}

/// The chunks of a WebP file.
pub(super) fn riff_chunks(bytes: &[u8]) -> impl Iterator<Item = RiffChunk<'_>> {
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
    // RFC 6386, 9.1: a key frame's tag, start code, then 14 bits a side.
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
