//! HEIC: HEVC pictures, decoded by heic-decoder.

use heic_decoder::bitreader::strip_emulation_prevention;
use heic_decoder::hevc::ctu::Plane as DecodedPlane;
use heic_decoder::hevc::nal::{NAL_SPS, parse_nal_header};
use heic_decoder::hevc::params::{Sps, parse_sps};
use heic_decoder::isobmff::{HevcDecoderConfig, HevcNalArray, ResolvedImage};
use heic_decoder::{HeifError, decode_one_image};

use crate::boxes::Reader;
use crate::error::{Error, Result};
use crate::heif::{self, Coded, Colours, Decoder, Plane, Shape, Tile, Values, container};
use crate::limits::{Bounds, check_file, zeroed};
use crate::samples::{Format, Samples};

/// Decodes a HEIC file; of a sequence the first picture.
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
    let picture = container::picture(bytes)?;
    picture.expect_codec(container::Codec::Hevc)?;
    picture.check_within(bounds)?;
    #[cfg(not(target_family = "wasm"))]
    return crate::net::catch(|| heif::decode::<Hevc>(picture));
    #[cfg(target_family = "wasm")]
    heif::decode::<Hevc>(picture)
}

struct Hevc;

impl Decoder for Hevc {
    const FORMAT: Format = Format::Heif;
    const ALPHA_HAS_RANGE: bool = false;

    /// A sample takes an `i32` and a `bool`; its neighbourhood some more.
    fn cost(_: Shape) -> u64 {
        6
    }

    fn shape(tile: &Tile<'_>) -> Result<Shape> {
        let sps = parameters(&configuration(tile.config)?)?;
        // Memory is taken for what is coded, of which the container tells the shown part: the
        // rest fills up a block.
        let coded = [sps.pic_width_in_luma_samples, sps.pic_height_in_luma_samples];
        let told = [tile.width, tile.height];
        if coded.iter().zip(told).any(|(&coded, told)| coded > told.saturating_add(64)) {
            return Err(damaged());
        }
        shape(&sps)
    }

    fn decode(tile: &Tile<'_>, _: Shape) -> Result<Coded> {
        let hevc_config = configuration(tile.config)?;
        let image = ResolvedImage { hevc_config, data: tile.data.to_vec() };
        let (sps, picture) = decode_one_image(&image).map_err(error)?;
        drop(image);
        let shape = shape(&sps)?;
        let [left, right, top, bottom] = sps.conformance_window;
        let inside = |side: u32, a: u32, b: u32| side.checked_sub(a)?.checked_sub(b);
        let width = inside(sps.pic_width_in_luma_samples, left, right).ok_or_else(damaged)?;
        let height = inside(sps.pic_height_in_luma_samples, top, bottom).ok_or_else(damaged)?;
        let mut planes = Vec::with_capacity(3);
        let sizes = shape.planes(width, height);
        for (n, (plane, size)) in
            [picture.y, picture.cb, picture.cr].into_iter().zip(sizes).enumerate()
        {
            let (x, y) = shape.chroma.filter(|_| n > 0).unwrap_or((0, 0));
            planes.push(shown(plane, (left as usize >> x, top as usize >> y), size, shape)?);
        }
        let code = |code: u16| u8::try_from(code).unwrap_or(2);
        let colours = match sps.color_info {
            Some(info) => Colours {
                primaries: code(info.color_primaries),
                transfer: code(info.transfer_characteristics),
                matrix: code(info.matrix_coefficients),
                full_range: info.full_range,
            },
            None => Colours { primaries: 2, transfer: 2, matrix: 2, full_range: false },
        };
        Ok(Coded { width, height, shape, planes, colours })
    }
}

fn damaged() -> Error {
    Error::decode("the HEVC picture in the file is damaged or cut off")
}

fn error(error: HeifError) -> Error {
    match error {
        HeifError::Unsupported(what) => Error::unsupported(format!(
            "the HEIC file uses a part of HEVC that is not supported ({what}): save the image as \
             PNG or JPEG"
        )),
        HeifError::LimitExceeded(_) => {
            Error::limit("the HEVC picture in the file is larger than any that is read")
        }
        _ => damaged(),
    }
}

/// Reads an `hvcC` box (ISO/IEC 14496-15, 8.3.3.1).
fn configuration(body: &[u8]) -> Result<HevcDecoderConfig> {
    let mut reader = Reader::new(body);
    let head = reader.take(22)?;
    let mut arrays = Vec::new();
    for _ in 0..reader.u8()? {
        let nal_unit_type = reader.u8()? & 63;
        let mut nalus = Vec::new();
        for _ in 0..reader.u16()? {
            let length = usize::from(reader.u16()?);
            nalus.push(reader.take(length)?.to_vec());
        }
        arrays.push(HevcNalArray { nal_unit_type, nalus });
    }
    // The other fields repeat what the parameter sets say.
    Ok(HevcDecoderConfig { length_size_minus_one: head[21] & 3, arrays, ..Default::default() })
}

/// The first parameters of the base layer, which are those that are decoded with.
fn parameters(config: &HevcDecoderConfig) -> Result<Sps> {
    for nal in config.nalus_of_type(NAL_SPS) {
        let (header, payload) = parse_nal_header(nal).map_err(error)?;
        if header.nuh_layer_id == 0 {
            return parse_sps(&strip_emulation_prevention(payload)).map_err(error);
        }
    }
    Err(damaged())
}

fn shape(sps: &Sps) -> Result<Shape> {
    let chroma = match sps.chroma_format_idc {
        0 => None,
        1 => Some((1, 1)),
        2 => Some((1, 0)),
        3 => Some((0, 0)),
        _ => return Err(damaged()),
    };
    if chroma.is_some() && sps.bit_depth_luma != sps.bit_depth_chroma {
        return Err(error(HeifError::Unsupported("luma and chroma of different depths")));
    }
    match sps.bit_depth_luma {
        depth @ 8..=16 => Ok(Shape { depth: depth as u8, chroma }),
        _ => Err(damaged()),
    }
}

/// The part of a plane that is shown.
fn shown(
    plane: DecodedPlane,
    (left, top): (usize, usize),
    (width, height): (usize, usize),
    shape: Shape,
) -> Result<Plane> {
    let (stride, rows) = (plane.width, plane.height);
    let samples = plane.into_samples();
    if left + width > stride || top + height > rows || samples.len() < stride * rows {
        return Err(damaged());
    }
    let all = samples.chunks_exact(stride).skip(top).take(height);
    let row = all.map(|row| &row[left..left + width]);
    let values = if shape.depth > 8 {
        let mut values = zeroed::<u16>(width * height)?;
        for (to, from) in values.chunks_exact_mut(width).zip(row) {
            to.iter_mut().zip(from).for_each(|(to, &from)| *to = from as u16);
        }
        Values::U16(values)
    } else {
        let mut values = zeroed::<u8>(width * height)?;
        for (to, from) in values.chunks_exact_mut(width).zip(row) {
            to.iter_mut().zip(from).for_each(|(to, &from)| *to = from as u8);
        }
        Values::U8(values)
    };
    Ok(Plane { width, height, values })
}
