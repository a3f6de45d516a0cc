//! What a colour profile is made of (ICC.1:2022).

use super::code_points::{Matrix, colorants_to_srgb};
use super::shaper::{Curve, Shaper};
use crate::image::checks::take;
use crate::image::layout::{Cicp, Layout};

/// A profile that fits the picture.
pub(super) enum Profile {
    Shaper(Shaper),
    CodePoints(Cicp),
    Tables,
}

/// Tags looked at; real profiles have a few dozen.
const MAX_TAGS: usize = 256;

/// Entries of a curve that are read; real ones have up to 4096.
const MAX_CURVE: usize = 1 << 16;

/// Reads a profile; `None` for one that is damaged or of another kind of picture.
pub(super) fn read(profile: &[u8], layout: Layout) -> Option<Profile> {
    if take(profile, 36)? != *b"acsp" {
        return None;
    }
    let expected = match layout {
        Layout::Gray | Layout::GrayAlpha => *b"GRAY",
        Layout::Rgb | Layout::Rgba => *b"RGB ",
        Layout::Cmyk => *b"CMYK",
    };
    if take(profile, 16)? != expected {
        return None;
    }
    if let Some(points) = tag(profile, *b"cicp").filter(|data| data.starts_with(b"cicp")) {
        let [primaries, transfer] = take(points, 8)?;
        // Of standard range, curves and matrix say the same, more exactly.
        if matches!(transfer, 16 | 18) {
            return Some(Profile::CodePoints(Cicp { primaries, transfer }));
        }
    }
    let shaper = if layout == Layout::Cmyk { None } else { shaper(profile, layout) };
    let tables = [*b"A2B0", *b"A2B1"].into_iter().any(|name| tag(profile, name).is_some());
    shaper.map(Profile::Shaper).or_else(|| tables.then_some(Profile::Tables))
}

fn shaper(profile: &[u8], layout: Layout) -> Option<Shaper> {
    // Colours of the connection space are XYZ where there is a matrix; a curve of shades gives
    // brightness in either.
    if matches!(layout, Layout::Gray | Layout::GrayAlpha) {
        let curve = curve(tag(profile, *b"kTRC")?)?;
        return Some(Shaper::new(&[curve], Matrix([[0.0; 3]; 3])));
    }
    if take(profile, 20)? != *b"XYZ " {
        return None;
    }
    let curves = [*b"rTRC", *b"gTRC", *b"bTRC"].map(|name| curve(tag(profile, name)?));
    let curves = curves.into_iter().collect::<Option<Vec<_>>>()?;
    let mut colorants = [[0.0; 3]; 3];
    for (column, name) in [*b"rXYZ", *b"gXYZ", *b"bXYZ"].into_iter().enumerate() {
        let data = tag(profile, name).filter(|data| data.starts_with(b"XYZ "))?;
        for (row, colorant) in colorants.iter_mut().enumerate() {
            colorant[column] = fixed(data, 8 + row * 4)?;
        }
    }
    Some(Shaper::new(&curves, colorants_to_srgb(Matrix(colorants))?))
}

/// The data of a tag.
fn tag(profile: &[u8], name: [u8; 4]) -> Option<&[u8]> {
    let count = u32::from_be_bytes(take(profile, 128)?) as usize;
    let entry = (0..count.min(MAX_TAGS))
        .map(|index| 132 + index * 12)
        .find(|&at| take(profile, at) == Some(name))?;
    let start = u32::from_be_bytes(take(profile, entry + 4)?) as usize;
    let length = u32::from_be_bytes(take(profile, entry + 8)?) as usize;
    profile.get(start..start.checked_add(length)?)
}

/// An `s15Fixed16Number`.
fn fixed(data: &[u8], at: usize) -> Option<f64> {
    Some(f64::from(i32::from_be_bytes(take(data, at)?)) / 65536.0)
}

fn curve(data: &[u8]) -> Option<Curve> {
    match &take(data, 0)? {
        b"curv" => match u32::from_be_bytes(take(data, 8)?) as usize {
            0 => Some(Curve::Gamma(1.0)),
            1 => Some(Curve::Gamma(f32::from(u16::from_be_bytes(take(data, 12)?)) / 256.0)),
            count if count <= MAX_CURVE => {
                let table = data.get(12..12 + count * 2)?.as_chunks::<2>().0.iter();
                Some(Curve::Table(table.map(|&value| u16::from_be_bytes(value)).collect()))
            }
            _ => None,
        },
        b"para" => {
            let kind = u16::from_be_bytes(take(data, 8)?);
            let value = |index: usize| fixed(data, 12 + index * 4).map(|value| value as f32);
            let gamma = value(0)?;
            if kind == 0 {
                return Some(Curve::Gamma(gamma));
            }
            let (a, b) = (value(1)?, value(2)?);
            // Without `d` of its own, the power begins where its base is zero.
            let root = if a == 0.0 { 0.0 } else { -b / a };
            let (c, d, e, f) = match kind {
                1 => (0.0, root, 0.0, 0.0),
                2 => (0.0, root, value(3)?, value(3)?),
                3 => (value(3)?, value(4)?, 0.0, 0.0),
                4 => (value(3)?, value(4)?, value(5)?, value(6)?),
                _ => return None,
            };
            Some(Curve::Parametric { gamma, a, b, c, d, e, f })
        }
        _ => None,
    }
}
