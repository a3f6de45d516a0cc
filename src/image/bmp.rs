//! BMP, by the `image` crate, behind a header that it knows.

use std::borrow::Cow;
use std::io::Cursor;

use ::image::codecs::bmp::BmpDecoder;

use super::checks::{malformed_header, take};
use super::format::Format;
use super::samples::{Layout, SampleData, Samples};
use super::wrapped::{decoder_error, read};
use crate::error::{Error, ErrorKind, Result};

/// Bytes of the file header; the picture's follows.
const FILE_HEADER: usize = 14;

/// Bytes of Windows' first header, whose fields all later ones begin with.
const INFO_HEADER: usize = 40;

/// Bytes of the longest header of OS/2 2.x; shorter ones end after any of its fields.
const OS2_HEADER: usize = 64;

pub(super) fn decode(bytes: &[u8]) -> Result<Samples> {
    let bytes = with_known_header(bytes)?;
    let decoder =
        BmpDecoder::new(Cursor::new(&*bytes)).map_err(|error| decoder_error(Format::Bmp, error))?;
    let mut samples = read(Format::Bmp, decoder, Vec::new())?;
    // A mask for alpha does not mean that anybody filled it in: nothing visible at all is none.
    if let (Layout::Rgba, SampleData::U8(pixels)) = (samples.layout, &mut samples.data) {
        let pixels = pixels.as_chunks_mut::<4>().0;
        if pixels.iter().all(|pixel| pixel[3] == 0) {
            for pixel in pixels {
                pixel[3] = 255;
            }
        }
    }
    Ok(samples)
}

/// The length of the picture's header, if it is one that is read.
pub(super) fn header_length(bytes: &[u8]) -> Option<usize> {
    let length = take(bytes, FILE_HEADER).map(u32::from_le_bytes)? as usize;
    // 12: OS/2 1.x; 16 to 64: OS/2 2.x; 40, 52, 56, 108, 124: Windows.
    matches!(length, 12 | 16..=OS2_HEADER | 108 | 124).then_some(length)
}

/// The file with Windows' first header in place of OS/2's, and with the one plane that there is.
fn with_known_header(bytes: &[u8]) -> Result<Cow<'_, [u8]>> {
    let malformed = || malformed_header(Format::Bmp);
    let length = header_length(bytes).ok_or_else(malformed)?;
    let planes = if length == 12 { 22 } else { 26 };
    let windows = matches!(length, 12 | 40 | 52 | 56 | 108 | 124);
    if windows && take(bytes, planes) == Some([1, 0]) {
        return Ok(Cow::Borrowed(bytes));
    }
    let mut changed = bytes.to_vec();
    changed.get_mut(planes..planes + 2).ok_or_else(malformed)?.copy_from_slice(&[1, 0]);
    if windows {
        return Ok(Cow::Owned(changed));
    }
    let header = bytes.get(FILE_HEADER..FILE_HEADER + length).ok_or_else(malformed)?;
    // In OS/2, 3 is a fax code and 4 run lengths of 24 bits; in Windows they are masks and JPEG.
    if let Some(compression @ 3..) = take(header, 16).map(u32::from_le_bytes) {
        let message =
            format!("OS/2 bitmaps with compression number {compression} are not supported");
        return Err(Error::new(ErrorKind::Unsupported, message));
    }
    let mut info = [0; INFO_HEADER];
    let kept = length.min(INFO_HEADER);
    info[..kept].copy_from_slice(&header[..kept]);
    info[..4].copy_from_slice(&(INFO_HEADER as u32).to_le_bytes());
    info[12..14].copy_from_slice(&[1, 0]);
    // The palette moves with the header's end, the pixels with it.
    let moved = INFO_HEADER as i64 - length as i64;
    let pixels = take(bytes, 10).map(u32::from_le_bytes).ok_or_else(malformed)?;
    let pixels = u32::try_from(i64::from(pixels) + moved).map_err(|_| malformed())?;
    let mut whole = bytes[..FILE_HEADER].to_vec();
    whole[10..14].copy_from_slice(&pixels.to_le_bytes());
    whole.extend_from_slice(&info);
    whole.extend_from_slice(&bytes[FILE_HEADER + length..]);
    Ok(Cow::Owned(whole))
}
