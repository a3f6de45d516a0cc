//! TIFF: which page is the picture, what its tags say, and how its samples become pixels.
//!
//! Written here because the `tiff` crate (0.11.3) gives wrong pixels without an error for pictures
//! with extra samples that are tiled or predicted, and panics on tiles of separate planes. Every
//! combination that is read has a test with known pixels: `tests/tiff_matrix.rs`. Decompression is
//! left to crates, except for fax codes and PackBits (see [`compression`]).
//!
//! Source: TIFF 6.0 (Adobe, 1992); TIFF Technical Note 2 (JPEG, 1995); Adobe PageMaker 6.0 and
//! Photoshop technical notes (2002).

mod ccitt;
mod chunk;
mod compression;
mod raster;
mod ycbcr;

use super::decoded::Note;
use super::format::Format;
use super::samples::Samples;
use crate::error::{Error, ErrorKind, Result};
use crate::image::directory::{Directory, File, tag};
use crate::image::format::malformed_header;
use raster::Raster;

/// `PhotometricInterpretation` of what sensors record: a colour filter array, or linear raw.
const RAW_PHOTOMETRICS: [u32; 2] = [32803, 34892];

/// The page that is the picture, among others.
struct Pages<'a> {
    file: File<'a>,
    picture: Directory<'a>,
    /// Whether a smaller copy stands before it.
    copy_first: bool,
    /// Whether there are further pages.
    more: bool,
}

impl<'a> Pages<'a> {
    /// Finds the first page that is no smaller copy of another; where all are, the first.
    fn read(bytes: &'a [u8]) -> Result<Self> {
        let malformed = || malformed_header(Format::Tiff);
        let file = File::read(bytes).ok_or_else(malformed)?;
        let (mut first, mut picture, mut copy_first, mut more) = (None, None, false, false);
        for directory in file.directories() {
            check_no_raw(bytes, &directory)?;
            first.get_or_insert(directory);
            if directory.is_auxiliary() {
                copy_first |= picture.is_none();
            } else if picture.is_some() {
                more = true;
            } else {
                picture = Some(directory);
            }
        }
        copy_first &= picture.is_some();
        let picture = picture.or(first).filter(Directory::is_whole).ok_or_else(malformed)?;
        Ok(Self { file, picture, copy_first, more })
    }
}

/// Refuses raw photographs, whose pictures are but previews.
fn check_no_raw(bytes: &[u8], directory: &Directory<'_>) -> Result<()> {
    let raw = |directory: &Directory<'_>| {
        let photometric = directory.tag(tag::PHOTOMETRIC);
        photometric.is_some_and(|value| RAW_PHOTOMETRICS.contains(&value))
            || directory.bytes(tag::CFA_PATTERN).is_some()
    };
    let canon = bytes.get(8..10) == Some(b"CR");
    if canon
        || directory.bytes(tag::DNG_VERSION).is_some()
        || raw(directory)
        || directory.below().any(|below| raw(&below))
    {
        return Err(super::format::raw_photograph());
    }
    Ok(())
}

/// Width, height and bits of a sample.
pub(super) fn size(bytes: &[u8]) -> Result<(u32, u32, u8)> {
    let Pages { picture, .. } = Pages::read(bytes)?;
    let bits = picture.tags(tag::BITS_PER_SAMPLE).into_iter().max().unwrap_or(1);
    let size = || {
        let (width, height) = (picture.tag(tag::IMAGE_WIDTH)?, picture.tag(tag::IMAGE_LENGTH)?);
        Some((width, height, u8::try_from(bits).ok()?))
    };
    size().ok_or_else(|| malformed_header(Format::Tiff))
}

/// Decodes the picture of a file whose size is within the limits.
pub(super) fn decode(bytes: &[u8]) -> Result<Samples> {
    let Pages { file, picture, copy_first, more } = Pages::read(bytes)?;
    let mut samples = Raster::read(file, picture)?.decode()?;
    samples.notes.extend(copy_first.then_some(Note::ReducedCopySkipped));
    samples.notes.extend(more.then_some(Note::FirstPageOnly));
    Ok(samples)
}

/// The error for a kind of TIFF that is not read.
fn unsupported(what: &str) -> Error {
    let message =
        format!("{what} is not supported in TIFF files: save the image as PNG or JPEG instead");
    Error::new(ErrorKind::Unsupported, message)
}

/// The error for pixels that are not there.
fn damaged() -> Error {
    Error::new(ErrorKind::Decode, "the TIFF data is damaged or cut off")
}
