//! BMP, by the `image` crate, behind a header that it knows.

use std::borrow::Cow;
use std::io::Cursor;

use ::image::codecs::bmp::BmpDecoder;
use ::image::{ColorType, ImageDecoder, ImageError};

use super::checks::{buffer, take};
use super::format::{Format, bmp_header, malformed_header};
use super::layout::{Layout, SampleData};
use super::samples::Samples;
use crate::error::{Error, ErrorKind, Result};

/// Bytes of the file header; the picture's follows.
const FILE_HEADER: usize = 14;

/// Where the file header tells the place of the pixels, and Windows' headers the compression and
/// the number of colours.
const PIXELS: usize = 10;
const COMPRESSION: usize = 30;
const COLORS_USED: usize = 46;

/// Bytes of Windows' first header, whose fields all later ones begin with.
const INFO_HEADER: usize = 40;

pub(super) fn decode(bytes: &[u8]) -> Result<Samples> {
    let (palette, bytes) = Palette::mended(with_known_header(bytes)?)?;
    let bytes = with_padding(bytes)?;
    let decoder = BmpDecoder::new(Cursor::new(&*bytes)).map_err(error)?;
    let (width, height) = decoder.dimensions();
    let layout = match decoder.color_type() {
        ColorType::L8 => Layout::Gray,
        ColorType::Rgb8 => Layout::Rgb,
        ColorType::Rgba8 => Layout::Rgba,
        other => {
            let message = format!("bitmaps with samples of type {other:?} are not supported");
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
    };
    let mut samples = buffer(decoder.total_bytes())?;
    match palette.filter(|palette| palette.runs && layout == Layout::Rgb) {
        Some(palette) => palette.read_runs(bytes, &mut samples)?,
        None => decoder.read_image(&mut samples).map_err(error)?,
    }
    // A mask for alpha does not mean that anybody filled it in: nothing visible at all is none.
    if layout == Layout::Rgba {
        let pixels = samples.as_chunks_mut::<4>().0;
        if pixels.iter().all(|pixel| pixel[3] == 0) {
            for pixel in pixels {
                pixel[3] = 255;
            }
        }
    }
    Ok(Samples {
        format: Format::Bmp,
        width,
        height,
        layout,
        data: SampleData::U8(samples),
        premultiplied: false,
        orientation: 1,
        icc: None,
        cicp: None,
        notes: Vec::new(),
    })
}

/// Width, height and bits of a sample.
pub(super) fn size(bytes: &[u8]) -> Option<(u32, u32, u8)> {
    let (width, height, bits) = if bmp_header(bytes)? == 12 {
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

fn error(error: ImageError) -> Error {
    let (kind, message) = match &error {
        ImageError::Limits(_) => {
            (ErrorKind::Limit, "the BMP image takes more memory than allowed".to_owned())
        }
        ImageError::Unsupported(what) => {
            (ErrorKind::Unsupported, format!("this kind of BMP is not supported: {what}"))
        }
        other => (ErrorKind::Decode, format!("the BMP data is damaged or cut off: {other}")),
    };
    Error::new(kind, message).with_source(error)
}

/// The file with Windows' first header in place of OS/2's, and with the one plane that there is.
fn with_known_header(bytes: &[u8]) -> Result<Cow<'_, [u8]>> {
    let malformed = || malformed_header(Format::Bmp);
    let length = bmp_header(bytes).ok_or_else(malformed)?;
    let planes = if length == 12 { 22 } else { 26 };
    let windows = matches!(length, 12 | 40 | 52 | 56 | 108 | 124);
    if windows && take(bytes, planes) == Some([1, 0]) {
        return Ok(Cow::Borrowed(bytes));
    }
    if windows {
        let mut changed = bytes.to_vec();
        changed.get_mut(planes..planes + 2).ok_or_else(malformed)?.copy_from_slice(&[1, 0]);
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

/// The file with the padding of its last row, which some programs leave out: the decoder wants it.
fn with_padding(bytes: Cow<'_, [u8]>) -> Result<Cow<'_, [u8]>> {
    let malformed = || malformed_header(Format::Bmp);
    let (width, height, _) = size(&bytes).ok_or_else(malformed)?;
    let number = |at| take(&bytes, at).map(u32::from_le_bytes).ok_or_else(malformed);
    let old = bmp_header(&bytes).is_some_and(|length| length < INFO_HEADER);
    if !old && !matches!(number(COMPRESSION)?, 0 | 3) {
        return Ok(bytes);
    }
    let bits_at = if old { 24 } else { 28 };
    let bits = take(&bytes, bits_at).map(u16::from_le_bytes).ok_or_else(malformed)?;
    let row = (u64::from(width) * u64::from(bits)).div_ceil(8);
    let padded = row.next_multiple_of(4);
    let end = u64::from(number(PIXELS)?) + padded * u64::from(height);
    let length = bytes.len() as u64;
    if length >= end || length + (padded - row) < end {
        return Ok(bytes);
    }
    let mut whole = bytes.into_owned();
    whole.resize(end as usize, 0);
    Ok(Cow::Owned(whole))
}

/// The palette of a file whose pixels are places in one.
struct Palette {
    /// Where it stands, and where it ends.
    start: usize,
    end: usize,
    /// Bytes of a colour.
    entry: usize,
    /// Whether runs are coded.
    runs: bool,
}

impl Palette {
    /// Reads a header, and mends in it what programs get wrong: pixels that start upon the palette,
    /// for which only the place behind it is left, and more colours than there are numbers for.
    fn mended(bytes: Cow<'_, [u8]>) -> Result<(Option<Self>, Cow<'_, [u8]>)> {
        let malformed = || malformed_header(Format::Bmp);
        let length = bmp_header(&bytes).ok_or_else(malformed)?;
        let number = |at| take(&bytes, at).map(u32::from_le_bytes).ok_or_else(malformed);
        let old = length < INFO_HEADER;
        let (bits_at, entry) = if old { (24, 3) } else { (28, 4) };
        let bits = take(&bytes, bits_at).map(u16::from_le_bytes).ok_or_else(malformed)?;
        if !matches!(bits, 1..=8) {
            return Ok((None, bytes));
        }
        let all = 1usize << bits;
        let used = if old { 0 } else { number(COLORS_USED)? as usize };
        let colors = if used == 0 { all } else { used };
        let start = FILE_HEADER + length;
        let end = start.saturating_add(colors.saturating_mul(entry));
        let runs = !old && matches!(number(COMPRESSION)?, 1 | 2);
        let palette = Self { start, end: start + colors.min(all) * entry, entry, runs };
        let place = number(PIXELS)? as usize;
        if used <= all && place > start {
            return Ok((Some(palette), bytes));
        }
        let mut changed = bytes.into_owned();
        if used > all {
            changed[COLORS_USED..COLORS_USED + 4].copy_from_slice(&(all as u32).to_le_bytes());
        }
        if place <= start {
            let place = u32::try_from(end).map_err(|_| malformed())?;
            changed[PIXELS..PIXELS + 4].copy_from_slice(&place.to_le_bytes());
        }
        Ok((Some(palette), Cow::Owned(changed)))
    }

    /// Reads runs. They may leave pixels out, which the decoder makes black; Windows and Pillow
    /// give them the first colour. So the decoder gets a palette of numbers, as a first step.
    fn read_runs(&self, bytes: Cow<'_, [u8]>, samples: &mut [u8]) -> Result<()> {
        let mut numbered = bytes.into_owned();
        let colors = numbered.get_mut(self.start..self.end);
        let colors = colors.ok_or_else(|| malformed_header(Format::Bmp))?;
        let mut palette = [[0; 3]; 256];
        for (number, (entry, color)) in
            (0..=u8::MAX).zip(colors.chunks_exact_mut(self.entry).zip(&mut palette))
        {
            *color = [entry[2], entry[1], entry[0]];
            entry[..3].copy_from_slice(&[number, 255, 255]);
        }
        let decoder = BmpDecoder::new(Cursor::new(numbered)).map_err(error)?;
        decoder.read_image(samples).map_err(error)?;
        for pixel in samples.as_chunks_mut::<3>().0 {
            *pixel = palette[usize::from(pixel[2])];
        }
        Ok(())
    }
}
