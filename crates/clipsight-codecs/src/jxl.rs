//! JPEG XL, decoded by libjxl's own decoder in Rust.

use ::jxl::api::{
    Endianness, Event, ExtraChannel, JxlBasicInfo, JxlBitDepth, JxlColorEncoding, JxlColorProfile,
    JxlColorType, JxlDataFormat, JxlDecoder, JxlDecoderOptions, JxlOutputBuffer, JxlPixelFormat,
    JxlPrimaries, JxlTransferFunction, JxlWhitePoint, ProfileLevel,
};

use crate::boxes::Reader;
use crate::error::{Error, Result};
use crate::limits::{Bounds, MAX_DECODE_ALLOCATION, check_file, check_memory, check_size, zeroed};
use crate::samples::{Cicp, Format, Layout, Note, SampleData, Samples};

/// What the decoder takes for a sample of a frame where it holds all of them at once: it has no
/// bound of its own but that on their number. Most frames it decodes in pieces; files that need
/// others before the first that is shown may take the same for each, up to four times.
const BYTES_PER_SAMPLE: u64 = 4;

/// Decodes a JPEG XL file; of an animation the first frame.
///
/// # Errors
/// Of each kind: see [`ErrorKind`](crate::ErrorKind).
pub fn decode(bytes: &[u8]) -> Result<Samples> {
    decode_within(bytes, Bounds::default())
}

/// As [`decode`], if the picture is no larger.
///
/// # Errors
/// As [`decode`].
pub fn decode_within(bytes: &[u8], bounds: Bounds) -> Result<Samples> {
    check_file(bytes)?;
    #[cfg(not(target_family = "wasm"))]
    return crate::net::catch(|| read(bytes, bounds));
    #[cfg(target_family = "wasm")]
    read(bytes, bounds)
}

fn read(bytes: &[u8], bounds: Bounds) -> Result<Samples> {
    let mut options = JxlDecoderOptions::default();
    options.adjust_orientation = false;
    options.max_profile_level = ProfileLevel::Main10;
    options.sample_limit = Some((MAX_DECODE_ALLOCATION / BYTES_PER_SAMPLE) as usize);
    let mut decoder = JxlDecoder::new(options);
    let mut input = bytes;
    let mut next = |decoder: &mut JxlDecoder, buffer: Option<&mut [JxlOutputBuffer<'_>]>| {
        decoder.process(&mut input, buffer, None).map_err(error)
    };
    expect(next(&mut decoder, None)?, Event::BasicInfo)?;
    let info = decoder.basic_info().ok_or_else(damaged)?.clone();
    let kind = Kind::of(&info, decoder.embedded_color_profile().ok_or_else(damaged)?)?;
    bounds.check(kind.width, kind.height)?;
    let pixels = kind.width as usize * kind.height as usize;
    let count = pixels * kind.layout.channels();
    check_memory(count as u64 * if kind.wide { 2 } else { 1 })?;
    decoder.set_pixel_format(kind.pixel_format(info.extra_channels.len())).map_err(error)?;
    let (icc, cicp) = colours(decoder.output_color_profile().ok_or_else(damaged)?);
    expect(next(&mut decoder, None)?, Event::FrameHeader)?;
    let rows = kind.height as usize;
    let mut data = if kind.wide {
        let mut samples = zeroed::<u16>(count)?;
        let bytes = bytemuck::cast_slice_mut(&mut samples);
        let row = bytes.len() / rows;
        let event = next(&mut decoder, Some(&mut [JxlOutputBuffer::new(bytes, rows, row)]))?;
        expect_frame(event)?;
        SampleData::U16(samples)
    } else {
        let mut samples = zeroed::<u8>(count)?;
        let row = count / rows;
        let event = next(&mut decoder, Some(&mut [JxlOutputBuffer::new(&mut samples, rows, row)]))?;
        expect_frame(event)?;
        SampleData::U8(samples)
    };
    if kind.layout == Layout::Cmyk {
        // JPEG XL's full scale is no ink.
        match &mut data {
            SampleData::U8(samples) => samples.iter_mut().for_each(|sample| *sample = !*sample),
            SampleData::U16(samples) => samples.iter_mut().for_each(|sample| *sample = !*sample),
        }
    }
    let mut notes = Vec::new();
    notes.extend(info.animation.is_some().then_some(Note::FirstFrameOnly));
    notes.extend(has_gain_map(bytes).then_some(Note::GainMapIgnored));
    let alpha = info.extra_channels.iter().find(|channel| channel.ec_type == ExtraChannel::Alpha);
    Ok(Samples {
        format: Format::Jxl,
        width: kind.width,
        height: kind.height,
        layout: kind.layout,
        data,
        premultiplied: alpha.is_some_and(|alpha| alpha.alpha_associated),
        orientation: info.orientation as u8,
        icc,
        cicp,
        notes,
    })
}

fn damaged() -> Error {
    Error::decode("the JPEG XL file is damaged or cut off")
}

fn error(error: ::jxl::error::Error) -> Error {
    use ::jxl::error::Error as E;
    match error {
        E::ImageSizeTooLarge(..) | E::OutOfMemory(..) => {
            Error::limit("decoding the JPEG XL file would take too much memory")
        }
        _ => damaged(),
    }
}

fn expect(event: Event, wanted: Event) -> Result<()> {
    if event == wanted { Ok(()) } else { Err(damaged()) }
}

fn expect_frame(event: Event) -> Result<()> {
    if matches!(event, Event::FrameComplete { .. }) { Ok(()) } else { Err(damaged()) }
}

/// What is asked of the decoder.
struct Kind {
    width: u32,
    height: u32,
    layout: Layout,
    /// Whether samples have more than 8 bits.
    wide: bool,
}

impl Kind {
    fn of(info: &JxlBasicInfo, profile: &JxlColorProfile) -> Result<Self> {
        let side = |side: usize| u32::try_from(side).unwrap_or(u32::MAX);
        let (width, height) = (side(info.size.0), side(info.size.1));
        check_size(width, height)?;
        let has = |kind| info.extra_channels.iter().any(|channel| channel.ec_type == kind);
        let layout = match (profile.channels(), has(ExtraChannel::Alpha)) {
            (1, false) => Layout::Gray,
            (1, true) => Layout::GrayAlpha,
            // Printing inks are opaque, whatever else the file holds.
            (_, _) if profile.is_cmyk() && has(ExtraChannel::Black) => Layout::Cmyk,
            (_, false) => Layout::Rgb,
            (_, true) => Layout::Rgba,
        };
        let wide = match info.bit_depth {
            JxlBitDepth::Int { bits_per_sample } => bits_per_sample > 8,
            JxlBitDepth::Float { .. } => true,
        };
        Ok(Self { width, height, layout, wide })
    }

    fn pixel_format(&self, extra_channels: usize) -> JxlPixelFormat {
        JxlPixelFormat {
            color_type: match self.layout {
                Layout::Gray => JxlColorType::Grayscale,
                Layout::GrayAlpha => JxlColorType::GrayscaleAlpha,
                Layout::Rgb => JxlColorType::Rgb,
                Layout::Rgba => JxlColorType::Rgba,
                Layout::Cmyk => JxlColorType::Cmyk,
            },
            color_data_format: Some(if self.wide {
                JxlDataFormat::U16 { endianness: Endianness::native(), bit_depth: 16 }
            } else {
                JxlDataFormat::U8 { bit_depth: 8 }
            }),
            extra_channel_format: vec![None; extra_channels],
        }
    }
}

/// The colour space as an ICC profile, or as code points where they say the same.
fn colours(profile: &JxlColorProfile) -> (Option<Vec<u8>>, Option<Cicp>) {
    let JxlColorProfile::Simple(encoding) = profile else {
        return (profile.try_as_icc().map(|icc| icc.into_owned()), None);
    };
    match code_points(encoding) {
        Some(cicp) => (None, Some(cicp)),
        None => (profile.try_as_icc().map(|icc| icc.into_owned()), None),
    }
}

fn code_points(encoding: &JxlColorEncoding) -> Option<Cicp> {
    let (primaries, transfer) = match encoding {
        JxlColorEncoding::RgbColorSpace { white_point, primaries, transfer_function, .. } => {
            let primaries = match (white_point, primaries) {
                (JxlWhitePoint::D65, JxlPrimaries::SRGB) => 1,
                (JxlWhitePoint::D65, JxlPrimaries::BT2100) => 9,
                (JxlWhitePoint::D65, JxlPrimaries::P3) => 12,
                (JxlWhitePoint::DCI, JxlPrimaries::P3) => 11,
                _ => return None,
            };
            (primaries, transfer_function)
        }
        JxlColorEncoding::GrayscaleColorSpace {
            white_point: JxlWhitePoint::D65,
            transfer_function,
            ..
        } => (1, transfer_function),
        _ => return None,
    };
    let transfer = match transfer {
        JxlTransferFunction::BT709 => 1,
        JxlTransferFunction::Linear => 8,
        JxlTransferFunction::SRGB => 13,
        JxlTransferFunction::PQ => 16,
        JxlTransferFunction::DCI => 17,
        JxlTransferFunction::HLG => 18,
        JxlTransferFunction::Gamma(_) => return None,
    };
    Some(Cicp { primaries, transfer })
}

/// A box that makes a picture of high dynamic range of the one that is read.
fn has_gain_map(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0, 0, 0, 12])
        && Reader::new(bytes).boxes().map_while(Result::ok).any(|child| child.name == *b"jhgm")
}
