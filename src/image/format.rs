//! Image formats, told apart by a file's first bytes.

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};

/// The supported image formats.
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
    /// [`ErrorKind::Unsupported`] for other formats that are known, [`ErrorKind::Decode`] for
    /// anything else.
    pub(super) fn sniff(bytes: &[u8]) -> Result<Self> {
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
                        "{name} is not supported: save the image as JPEG, PNG, WebP, GIF, BMP or \
                         TIFF"
                    ),
                ),
                None => Error::new(
                    ErrorKind::Decode,
                    "the file is not a JPEG, PNG, WebP, GIF, BMP or TIFF image, whatever its name \
                     says",
                ),
            }),
        }
    }
}

/// Formats that people have and that are not supported, so that the message can name them.
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
