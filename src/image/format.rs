//! Image formats, told apart by a file's first bytes.

use serde::{Deserialize, Serialize};

use super::checks::take;
use crate::error::{Error, ErrorKind, Result};

/// The image formats that are known. [`decode`](super::decode) reads the first six; pictures in the
/// others come as [`Samples`](super::Samples) from decoders outside of this crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    /// AVIF: AV1 in an ISO base media file.
    Avif,
    /// HEIF with HEVC, which phones call HEIC.
    Heif,
    /// JPEG XL, bare or in its container.
    Jxl,
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
            Self::Avif => "AVIF",
            Self::Heif => "HEIC",
            Self::Jxl => "JPEG XL",
        }
    }

    /// The format of a file that starts with `bytes`, if it is one of these.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        Self::sniff(bytes).ok()
    }

    /// The error for a format whose decoder is not a part of this crate: it takes such pictures as
    /// [`Samples`](super::Samples).
    pub(super) fn not_built_in(self) -> Error {
        unsupported_format(self.name()).with_decoder(match self {
            Self::Avif => "avif",
            Self::Heif => "heic",
            Self::Jxl => "jxl",
            _ => EXTRA_DECODER,
        })
    }

    /// The format of a file that starts with `bytes`.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for other formats that are known, [`ErrorKind::Decode`] for
    /// anything else.
    pub(super) fn sniff(bytes: &[u8]) -> Result<Self> {
        match bytes {
            [] => Err(Error::new(ErrorKind::Decode, "the file is empty")),
            [0xFF, 0xD8, 0xFF, ..] => Ok(Self::Jpeg),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Ok(Self::Png),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Ok(Self::WebP),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Ok(Self::Gif),
            [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => Ok(Self::Tiff),
            // "BM" also starts English words; the size of the second header settles it.
            [b'B', b'M', ..] if bmp_header(bytes).is_some() => Ok(Self::Bmp),
            [0xFF, 0x0A, ..] | [0, 0, 0, 12, b'J', b'X', b'L', b' ', ..] => Ok(Self::Jxl),
            [_, _, _, _, b'f', b't', b'y', b'p', ..] => of_media_file(bytes),
            _ => Err(foreign(bytes)),
        }
    }
}

/// The length of a bitmap's second header, which describes the picture, if it is one that exists.
pub(super) fn bmp_header(bytes: &[u8]) -> Option<usize> {
    let length = take(bytes, 14).map(u32::from_le_bytes)? as usize;
    // 12: OS/2 1.x; 16 to 64: OS/2 2.x, ending after any of its fields; 40, 52, 56, 108, 124:
    // Windows.
    matches!(length, 12 | 16..=64 | 108 | 124).then_some(length)
}

/// The decoder of what a build without the feature `every-image` leaves out.
pub(super) const EXTRA_DECODER: &str = "extra";

/// The error for a header that ends too early or contradicts itself.
pub(super) fn malformed_header(format: Format) -> Error {
    Error::new(ErrorKind::Decode, format!("the {} header is damaged or incomplete", format.name()))
}

/// The format of an ISO base media file by its brands (ISO/IEC 14496-12, 4.3; 23008-12, 10; the
/// AVIF specification, 6): the major one, then those it is compatible with.
fn of_media_file(bytes: &[u8]) -> Result<Format> {
    let length = take(bytes, 0).map_or(0, u32::from_be_bytes) as usize;
    let body = &bytes[8..length.clamp(8, bytes.len())];
    // Behind the major brand stands its version.
    let brands = body.as_chunks::<4>().0.iter().enumerate();
    let brands = brands.filter(|(place, _)| *place != 1).map(|(_, brand)| brand);
    for brand in brands {
        match brand {
            b"avif" | b"avis" => return Ok(Format::Avif),
            b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" => return Ok(Format::Heif),
            b"crx " => return Err(raw_photograph()),
            _ => {}
        }
    }
    Err(unsupported_format(match body.first_chunk() {
        Some(b"mif1" | b"msf1" | b"mif2" | b"miaf") => "This kind of HEIF",
        _ => "A video or another file of the MP4 family",
    }))
}

/// The error for what a camera's sensor recorded.
pub(super) fn raw_photograph() -> Error {
    Error::new(
        ErrorKind::Unsupported,
        "the file is a raw photograph, which is not supported: develop it and save it as JPEG, PNG \
         or TIFF",
    )
}

fn unsupported_format(name: &str) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        format!("{name} is not supported: save the image as JPEG, PNG, WebP, GIF, BMP or TIFF"),
    )
}

/// The error for a file of no supported format, which names what it is where that is known.
fn foreign(bytes: &[u8]) -> Error {
    let name = match bytes {
        [0, 0, 0, 12, b'j', b'P', b' ', b' ', ..] | [0xFF, 0x4F, 0xFF, 0x51, ..] => "JPEG 2000",
        [b'8', b'B', b'P', b'S', ..] => "A Photoshop document",
        [b'%', b'P', b'D', b'F', ..] => "PDF",
        [0, 0, 1 | 2, 0, ..] => "A Windows icon",
        [0x76, 0x2F, 0x31, 0x01, ..] => "OpenEXR",
        [b'q', b'o', b'i', b'f', ..] => "QOI",
        [b'F', b'U', b'J', b'I', b'F', b'I', b'L', b'M', ..]
        | [b'I', b'I', b'R', b'O' | b'S', ..]
        | [b'M', b'M', b'O', b'R', ..]
        | [b'I', b'I', b'U', 0, ..] => return raw_photograph(),
        [0, 5, 0x16, 7 | 0, ..] => {
            return Error::new(
                ErrorKind::Unsupported,
                "the file is what a Mac keeps beside another one, not an image: the image is in \
                 the file of the same name without ._ before it",
            );
        }
        _ => return markup(bytes),
    };
    unsupported_format(name)
}

/// The error for text: SVG, a web page, a server's message, or nothing known.
fn markup(bytes: &[u8]) -> Error {
    /// How far the first element may be behind comments and declarations.
    const REACH: usize = 4096;
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = String::from_utf8_lossy(&text[..text.len().min(REACH)]).to_ascii_lowercase();
    let root = root_element(&text);
    match root {
        Some(root) if root == "svg" || root.ends_with(":svg") => unsupported_format("SVG"),
        Some("html" | "head" | "body") => Error::new(
            ErrorKind::Decode,
            "the file is a web page, not an image, whatever its name says",
        ),
        Some("error") => Error::new(
            ErrorKind::Decode,
            "the file is a server's error message, not an image, whatever its name says",
        ),
        _ => Error::new(
            ErrorKind::Decode,
            "the file is not a JPEG, PNG, WebP, GIF, BMP or TIFF image, whatever its name says",
        ),
    }
}

/// The name of the first element of a document in XML or HTML, in lower case.
fn root_element(text: &str) -> Option<&str> {
    let mut rest = text.trim_start();
    loop {
        let behind = |end: &str| rest.split_once(end).map(|(_, rest)| rest.trim_start());
        rest = if rest.starts_with("<!--") {
            behind("-->")?
        } else if rest.starts_with("<?") {
            behind("?>")?
        } else if let Some(declaration) = rest.strip_prefix("<!doctype") {
            match declaration.trim_start().split(|c: char| !c.is_ascii_alphanumeric()).next() {
                Some("html") => return Some("html"),
                Some("svg") => return Some("svg"),
                _ => behind(">")?,
            }
        } else {
            let name = rest.strip_prefix('<')?;
            let end = name.find(|c: char| !(c.is_ascii_alphanumeric() || ":_-".contains(c)));
            return Some(&name[..end.unwrap_or(name.len())]);
        };
    }
}
