//! JPEG: a walk over the markers, and zune-jpeg for the pixels.
//!
//! zune-jpeg is used directly, in strict mode, because the `image` crate runs it in its tolerant
//! mode, where the missing part of a cut file silently becomes gray. The walk tells what the
//! decoder does not: whether the file is all there and how much memory it will take; [`entropy`]
//! checks the coded data where strict mode does not, and [`rebuild`] makes every kind of file one
//! that the decoder reads.
//!
//! Source: ITU-T T.81, annex B; Adobe technical note 5116 for the `Adobe` marker.

mod entropy;
pub(crate) mod markers;
mod rebuild;
mod tables;

use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::checks::{buffer, check_size};
use super::decoded::Note;
use super::format::{Format, malformed_header};
use super::layout::{Layout, SampleData};
use super::orientation;
use super::samples::Samples;
use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use markers::{APP1, APP2, APP14, DNL, EOI, Frame, SOS, adobe_transform, segments, truncated};
use rebuild::{Wanted, rebuild};

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

/// What the markers of a whole file say.
#[derive(Default)]
struct Survey<'a> {
    frame: Option<Frame>,
    /// Scans, and the components of the first.
    scans: usize,
    scan_components: usize,
    /// The colour transform that Adobe's marker names.
    adobe: Option<u8>,
    exif: Option<&'a [u8]>,
    /// The parts of the colour profile, with their numbers and how many there are.
    profile: Vec<(u8, u8, &'a [u8])>,
    /// For each component of a progressive file, the lowest bit known of each coefficient.
    known: Vec<[u8; 64]>,
    /// A height that follows the first scan.
    late_height: Option<u32>,
    /// Whether the end of the image is there.
    complete: bool,
}

/// A coefficient of which no bit is known.
const UNKNOWN: u8 = u8::MAX;

impl<'a> Survey<'a> {
    fn read(bytes: &'a [u8]) -> Self {
        let mut survey = Self::default();
        for segment in segments(bytes) {
            match segment.marker {
                marker if Frame::is_start_of_frame(marker) && survey.frame.is_none() => {
                    survey.frame = Frame::read(marker, segment.data);
                    let components = survey.frame.as_ref().map_or(0, |frame| frame.names.len());
                    survey.known = vec![[UNKNOWN; 64]; components];
                }
                SOS => survey.scan(segment.data),
                APP1 if survey.exif.is_none() => {
                    let exif = segment.data.strip_prefix(b"Exif\0\0");
                    survey.exif = exif.filter(|exif| !exif.is_empty());
                }
                APP2 => {
                    if let Some([number, count, part @ ..]) =
                        segment.data.strip_prefix(b"ICC_PROFILE\0")
                    {
                        survey.profile.push((*number, *count, part));
                    }
                }
                APP14 => survey.adobe = adobe_transform(segment.data).or(survey.adobe),
                // Anywhere else it is another segment, damaged.
                DNL if survey.scans > 0 => {
                    let height = <[u8; 2]>::try_from(segment.data).ok();
                    survey.late_height = height.map(|height| u16::from_be_bytes(height).into());
                }
                EOI => survey.complete = true,
                _ => {}
            }
        }
        survey
    }

    /// Takes note of what a scan makes known.
    fn scan(&mut self, header: &[u8]) {
        let count = usize::from(header.first().copied().unwrap_or(0));
        if self.scans == 0 {
            self.scan_components = count;
        }
        self.scans += 1;
        let Some(frame) = &self.frame else { return };
        let Some(&[first, last, bits]) = header.get(1 + count * 2..).and_then(<[u8]>::first_chunk)
        else {
            return;
        };
        for component in frame.components_of(header) {
            if let Some(known) = component.and_then(|component| self.known.get_mut(component))
                && let Some(known) = known.get_mut(usize::from(first)..=usize::from(last.min(63)))
            {
                for known in known {
                    *known = bits & 15;
                }
            }
        }
    }

    /// Whether every bit of every coefficient is in some scan.
    fn is_refined(&self) -> bool {
        self.known.as_flattened().iter().all(|&known| known == 0)
    }

    /// The colour profile, put together; ignored, as in browsers and in Pillow, if its parts are
    /// not all there once.
    fn icc(&self) -> Option<Vec<u8>> {
        let mut parts = self.profile.clone();
        parts.sort_by_key(|&(number, ..)| number);
        let all = (1..).zip(&parts).all(|(place, &(number, count, _))| {
            usize::from(number) == place && usize::from(count) == parts.len()
        });
        let whole = parts.iter().flat_map(|(.., part)| part.iter().copied()).collect::<Vec<_>>();
        (all && !whole.is_empty()).then_some(whole)
    }
}

/// Decodes a whole file.
pub(super) fn decode(bytes: &[u8]) -> Result<Samples> {
    let survey = Survey::read(bytes);
    let frame = survey.frame.as_ref().ok_or_else(|| malformed_header(Format::Jpeg))?;
    check_size(frame.width, frame.height)?;
    frame.check_supported()?;
    if survey.scans == 0 {
        return Err(truncated());
    }
    if survey.late_height.is_some_and(|height| height != frame.height) {
        return Err(malformed_header(Format::Jpeg));
    }
    let mut notes = Vec::new();
    // With or without an end, every block of every scan must be there: `entropy`, below.
    if !survey.complete {
        if frame.is_progressive() && !survey.is_refined() {
            return Err(truncated());
        }
        notes.push(Note::EndMissing);
    } else if frame.is_progressive() && !survey.is_refined() {
        notes.push(Note::ScansMissing);
    }
    let components = frame.sampling.len();
    let one_scan = !frame.is_progressive() && survey.scan_components < components;
    check_memory(frame, frame.is_progressive() || one_scan)?;
    if !one_scan {
        entropy::check(bytes, frame)?;
    }
    let inks = components == 4;
    let wanted = Wanted {
        // Adobe's transform 0 with three components means RGB; the decoder believes it only if they
        // are named so.
        rgb_names: components == 3 && survey.adobe == Some(0),
        // With inks, the decoder is to hand over what is stored.
        adobe: !inks,
        one_scan,
    };
    let icc = survey.icc();
    // Shades with a profile of RGB are gray colours of it, as in browsers; one of shades is for one
    // channel.
    let of_shades = icc.as_ref().is_some_and(|icc| icc.get(16..20) == Some(b"GRAY"));
    let (output, layout) = match components {
        1 if of_shades => (ColorSpace::Luma, Layout::Gray),
        4 => (ColorSpace::CMYK, Layout::Cmyk),
        _ => (ColorSpace::RGB, Layout::Rgb),
    };
    let mut pixels = pixels(rebuild(bytes, frame, wanted)?, frame, output)?;
    if inks {
        to_inks(&mut pixels, survey.adobe == Some(2));
    }
    Ok(Samples {
        format: Format::Jpeg,
        width: frame.width,
        height: frame.height,
        layout,
        data: SampleData::U8(pixels),
        premultiplied: false,
        orientation: survey.exif.map_or(1, orientation::of_exif),
        icc,
        cicp: None,
        notes,
    })
}

/// Refuses what would take more memory than allowed. `buffered`: all coefficients are held at once.
fn check_memory(frame: &Frame, buffered: bool) -> Result<()> {
    let channels = frame.sampling.len().max(3) as u64;
    let output = u64::from(frame.width) * u64::from(frame.height) * channels;
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
    Ok(())
}

/// Decodes a file that [`rebuild`] made.
fn pixels(bytes: Vec<u8>, frame: &Frame, output: ColorSpace) -> Result<Vec<u8>> {
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(limits::MAX_IMAGE_SIDE as usize)
        .set_max_height(limits::MAX_IMAGE_SIDE as usize)
        .jpeg_set_out_colorspace(output);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(damaged)?;
    if decoder.dimensions() != Some((frame.width as usize, frame.height as usize)) {
        return Err(malformed_header(Format::Jpeg));
    }
    let area = u64::from(frame.width) * u64::from(frame.height);
    let mut pixels = buffer(area * output.num_components() as u64)?;
    decoder.decode_into(&mut pixels).map_err(damaged)?;
    Ok(pixels)
}

/// Stored inks to amounts of ink. They are taken as Adobe stores them, inverted, with or without
/// its marker, as Pillow and the browsers do. `ycck`: the first three are brightness and colour
/// differences.
fn to_inks(pixels: &mut [u8], ycck: bool) {
    for pixel in pixels.as_chunks_mut::<4>().0 {
        let [a, b, c, black] = *pixel;
        let colors = if ycck {
            // T.871, 7, which gives what is left of white by each ink, twice inverted: the ink.
            let (y, cb, cr) = (f32::from(a), f32::from(b) - 128.0, f32::from(c) - 128.0);
            let rgb = [y + 1.402 * cr, y - 0.344_136 * cb - 0.714_136 * cr, y + 1.772 * cb];
            rgb.map(|value| value.round() as u8)
        } else {
            [255 - a, 255 - b, 255 - c]
        };
        *pixel = [colors[0], colors[1], colors[2], 255 - black];
    }
}

/// A strip or tile of a TIFF file.
#[cfg(feature = "every-image")]
pub(super) struct Part {
    pub(super) width: usize,
    pub(super) height: usize,
    /// 1 for shades, 3 for RGB, 4 for inks.
    pub(super) channels: usize,
    pub(super) pixels: Vec<u8>,
}

/// Decodes JPEG data in a TIFF file, whose tables may stand elsewhere in it (TIFF Technical Note
/// 2). `rgb`: components are red, green and blue as they are.
#[cfg(feature = "every-image")]
pub(super) fn decode_part(tables: Option<&[u8]>, data: &[u8], rgb: bool) -> Result<Part> {
    use markers::SOI;
    let mut whole = vec![0xFF, SOI];
    if let Some(tables) = tables {
        let tables = tables.strip_prefix(&[0xFF, SOI]).unwrap_or(tables);
        whole.extend_from_slice(tables.strip_suffix(&[0xFF, EOI]).unwrap_or(tables));
    }
    whole.extend_from_slice(data.strip_prefix(&[0xFF, SOI]).ok_or_else(truncated)?);
    let survey = Survey::read(&whole);
    let frame = survey.frame.as_ref().ok_or_else(truncated)?;
    check_size(frame.width, frame.height)?;
    frame.check_supported()?;
    check_memory(frame, false)?;
    let channels = match frame.sampling.len() {
        count @ (1 | 3 | 4) if !frame.is_progressive() && survey.scan_components == count => count,
        _ => {
            let message = "this kind of JPEG compression is not supported in TIFF files";
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
    };
    entropy::check(&whole, frame)?;
    let wanted = Wanted { rgb_names: rgb && channels == 3, adobe: false, one_scan: false };
    let output = match channels {
        1 => ColorSpace::Luma,
        // Amounts of ink, as stored: without Adobe's marker, nothing is converted.
        4 => ColorSpace::CMYK,
        _ => ColorSpace::RGB,
    };
    let pixels = pixels(rebuild(&whole, frame, wanted)?, frame, output)?;
    Ok(Part { width: frame.width as usize, height: frame.height as usize, channels, pixels })
}

fn damaged(error: zune_jpeg::errors::DecodeErrors) -> Error {
    Error::new(ErrorKind::Decode, format!("the JPEG data is damaged or cut off: {error}"))
        .with_source(error)
}
