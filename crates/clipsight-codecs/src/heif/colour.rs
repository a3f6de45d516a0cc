//! From luma and chroma to RGB, as libavif does it: chroma is interpolated between the four nearest
//! samples, weighted 9, 3, 3 and 1 (3 and 1 where it is halved in one direction), as if it lay in
//! the middle of its luma samples, wherever the file says it does; what comes of it is rounded
//! once.

use super::canvas::{Coded, Plane, Values};
use super::container::Colours;
use super::placement::Placement;
use crate::error::{Error, Result};
use crate::limits::zeroed;
use crate::samples::{Layout, SampleData};

/// A sample as stored and as given: 8 bits, or more.
trait Sample: Copy + Default {
    const MAX: f32;
    fn wide(self) -> i32;
    fn rounded(value: f32) -> Self;
}

impl Sample for u8 {
    const MAX: f32 = 255.0;
    fn wide(self) -> i32 {
        i32::from(self)
    }
    fn rounded(value: f32) -> Self {
        (value + 0.5) as Self // saturates
    }
}

impl Sample for u16 {
    const MAX: f32 = 65_535.0;
    fn wide(self) -> i32 {
        i32::from(self)
    }
    fn rounded(value: f32) -> Self {
        (value + 0.5) as Self
    }
}

/// What is black, and how much a step is, for a plane whose samples span `top`.
#[derive(Clone, Copy)]
struct Scale {
    zero: f32,
    step: f32,
}

impl Scale {
    /// Of luma, and of opacity.
    fn luma(depth: u8, full_range: bool, top: f32) -> Self {
        let unit = (1 << (depth - 8)) as f32;
        if full_range {
            Self { zero: 0.0, step: top / (unit * 256.0 - 1.0) }
        } else {
            Self { zero: 16.0 * unit, step: top / (219.0 * unit) }
        }
    }

    fn chroma(depth: u8, full_range: bool, top: f32) -> Self {
        let unit = (1 << (depth - 8)) as f32;
        let span = if full_range { unit * 256.0 - 1.0 } else { 224.0 * unit };
        Self { zero: 128.0 * unit, step: top / span }
    }

    fn of(self, value: f32) -> f32 {
        (value - self.zero) * self.step
    }
}

/// How two chromas move red, green and blue.
struct Matrix {
    red: [f32; 2],
    green: [f32; 2],
    blue: [f32; 2],
}

impl Matrix {
    /// None for RGB stored as green, blue, red.
    fn of(colours: Colours) -> Result<Option<Self>> {
        let (red, blue) = match colours.matrix {
            0 => return Ok(None),
            1 => (0.2126, 0.0722),
            // Not said: as libavif and libheif take it.
            2 | 5 | 6 => (0.299, 0.114),
            4 => (0.30, 0.11),
            7 => (0.212, 0.087),
            8 if colours.full_range => {
                return Ok(Some(Self { red: [-1.0, 1.0], green: [1.0, 0.0], blue: [-1.0, -1.0] }));
            }
            9 => (0.2627, 0.0593),
            12 => derived(colours.primaries)?,
            other => return Err(unknown(other)),
        };
        let green = 1.0 - red - blue;
        let (by_red, by_blue) = (2.0 * (1.0 - red), 2.0 * (1.0 - blue));
        Ok(Some(Self {
            red: [0.0, by_red],
            green: [-blue * by_blue / green, -red * by_red / green],
            blue: [by_blue, 0.0],
        }))
    }
}

fn unknown(matrix: u8) -> Error {
    Error::unsupported(format!(
        "the image's colours are stored in a way that is not supported (matrix coefficients \
         {matrix}): save it as PNG or JPEG"
    ))
}

/// What red and blue add to luma by the primaries themselves (H.273, equations 32 to 37).
fn derived(primaries: u8) -> Result<(f32, f32)> {
    // Red, green, blue, white.
    let points: [[f32; 2]; 4] = match primaries {
        1 | 2 => [[0.64, 0.33], [0.30, 0.60], [0.15, 0.06], [0.3127, 0.3290]],
        4 => [[0.67, 0.33], [0.21, 0.71], [0.14, 0.08], [0.310, 0.316]],
        5 => [[0.64, 0.33], [0.29, 0.60], [0.15, 0.06], [0.3127, 0.3290]],
        6 | 7 => [[0.630, 0.340], [0.310, 0.595], [0.155, 0.070], [0.3127, 0.3290]],
        9 => [[0.708, 0.292], [0.170, 0.797], [0.131, 0.046], [0.3127, 0.3290]],
        11 => [[0.680, 0.320], [0.265, 0.690], [0.150, 0.060], [0.314, 0.351]],
        12 => [[0.680, 0.320], [0.265, 0.690], [0.150, 0.060], [0.3127, 0.3290]],
        _ => return Err(unknown(12)),
    };
    let [[rx, ry], [gx, gy], [bx, by], [wx, wy]] = points;
    let (rz, gz, bz, wz) = (1.0 - rx - ry, 1.0 - gx - gy, 1.0 - bx - by, 1.0 - wx - wy);
    let white = |a: f32, b: f32, c: f32| wx * a + wy * b + wz * c;
    let all = rx * (gy * bz - by * gz) + gx * (by * rz - ry * bz) + bx * (ry * gz - gy * rz);
    let red = ry * white(gy * bz - by * gz, bx * gz - gx * bz, gx * by - bx * gy) / (wy * all);
    let blue = by * white(ry * gz - gy * rz, gx * rz - rx * gz, rx * gy - gx * ry) / (wy * all);
    Ok((red, blue))
}

/// The part of a picture that is shown, as interleaved samples.
pub(super) fn convert(
    colour: &Coded,
    alpha: Option<&Coded>,
    alpha_full: bool,
    colours: Colours,
    placement: &Placement,
) -> Result<(Layout, SampleData)> {
    let matrix = match colour.shape.chroma {
        None => None,
        Some(_) => Matrix::of(colours)?,
    };
    if matrix.is_none() && colour.shape.chroma.is_some_and(|halved| halved != (0, 0)) {
        return Err(Error::decode("the image is damaged: it stores RGB with halved colours"));
    }
    let layout = match (colour.shape.chroma, alpha) {
        (None, None) => Layout::Gray,
        (None, Some(_)) => Layout::GrayAlpha,
        (Some(_), None) => Layout::Rgb,
        (Some(_), Some(_)) => Layout::Rgba,
    };
    let work = Work { colour, alpha, alpha_full, colours, matrix, layout, placement };
    let data = match colour.planes[0].values {
        Values::U8(_) => SampleData::U8(work.rows::<u8>(u8_of)?),
        Values::U16(_) => SampleData::U16(work.rows::<u16>(u16_of)?),
    };
    Ok((layout, data))
}

fn u8_of(plane: &Plane) -> &[u8] {
    match &plane.values {
        Values::U8(values) => values,
        Values::U16(_) => &[],
    }
}

fn u16_of(plane: &Plane) -> &[u16] {
    match &plane.values {
        Values::U16(values) => values,
        Values::U8(_) => &[],
    }
}

struct Work<'a> {
    colour: &'a Coded,
    alpha: Option<&'a Coded>,
    alpha_full: bool,
    colours: Colours,
    matrix: Option<Matrix>,
    layout: Layout,
    placement: &'a Placement,
}

impl Work<'_> {
    fn rows<T: Sample>(&self, values: for<'p> fn(&'p Plane) -> &'p [T]) -> Result<Vec<T>> {
        let &Placement { left, top, width, height, .. } = self.placement;
        let (left, top, width, height) =
            (left as usize, top as usize, width as usize, height as usize);
        let channels = self.layout.channels();
        let mut out = zeroed::<T>(width * height * channels)?;
        let planes: Vec<(&Plane, &[T])> =
            self.colour.planes.iter().map(|plane| (plane, values(plane))).collect();
        let full_width = planes[0].0.width;
        let mut chroma = [vec![0.0; full_width], vec![0.0; full_width]];
        let mut between = Vec::new();
        for (y, out) in (top..).zip(out.chunks_exact_mut(width * channels)) {
            let luma = &planes[0].1[y * full_width + left..][..width];
            if let Some(halved) = self.colour.shape.chroma {
                for (row, plane) in chroma.iter_mut().zip(&planes[1..]) {
                    interpolate(*plane, halved, y, &mut between, row);
                }
            }
            let (u, v) = (&chroma[0][left..][..width], &chroma[1][left..][..width]);
            self.row(luma, u, v, out);
            if let Some(alpha) = self.alpha {
                self.opacity(&alpha.planes[0], alpha.shape.depth, (left, y), out);
            }
        }
        Ok(out)
    }

    /// Colours of a row.
    fn row<T: Sample>(&self, luma: &[T], u: &[f32], v: &[f32], out: &mut [T]) {
        let depth = self.colour.shape.depth;
        let scale = Scale::luma(depth, self.colours.full_range, T::MAX);
        let channels = self.layout.channels();
        let pixels = luma.iter().zip(u).zip(v).zip(out.chunks_exact_mut(channels));
        let of = |sample: T| scale.of(sample.wide() as f32);
        if self.colour.shape.chroma.is_none() {
            for (&luma, out) in luma.iter().zip(out.chunks_exact_mut(channels)) {
                out[0] = T::rounded(of(luma));
            }
            return;
        }
        let Some(Matrix { red, green, blue }) = self.matrix else {
            for (((&green, &blue), &red), out) in pixels {
                out[0] = T::rounded(scale.of(red));
                out[1] = T::rounded(of(green));
                out[2] = T::rounded(scale.of(blue));
            }
            return;
        };
        let chroma = Scale::chroma(depth, self.colours.full_range, T::MAX);
        for (((&luma, &u), &v), out) in pixels {
            let (y, u, v) = (of(luma), chroma.of(u), chroma.of(v));
            out[0] = T::rounded(y + red[0] * u + red[1] * v);
            out[1] = T::rounded(y + green[0] * u + green[1] * v);
            out[2] = T::rounded(y + blue[0] * u + blue[1] * v);
        }
    }

    /// Opacity of a row, whose samples may have another depth than colours.
    fn opacity<T: Sample>(
        &self,
        plane: &Plane,
        depth: u8,
        (left, y): (usize, usize),
        out: &mut [T],
    ) {
        let scale = Scale::luma(depth, self.alpha_full, T::MAX);
        let channels = self.layout.channels();
        let at = y * plane.width + left;
        let pixels = out.chunks_exact_mut(channels);
        match &plane.values {
            Values::U8(values) => {
                for (&value, out) in values[at..].iter().zip(pixels) {
                    out[channels - 1] = T::rounded(scale.of(f32::from(value)));
                }
            }
            Values::U16(values) => {
                for (&value, out) in values[at..].iter().zip(pixels) {
                    out[channels - 1] = T::rounded(scale.of(f32::from(value)));
                }
            }
        }
    }
}

/// A row of chroma, as wide as luma. `between` is memory for what lies between two rows.
fn interpolate<T: Sample>(
    (plane, values): (&Plane, &[T]),
    (halved_x, halved_y): (u8, u8),
    y: usize,
    between: &mut Vec<i32>,
    out: &mut [f32],
) {
    let width = plane.width;
    let row = |y: usize| &values[y.min(plane.height - 1) * width..][..width];
    if halved_x == 0 && halved_y == 0 {
        for (out, value) in out.iter_mut().zip(row(y)) {
            *out = value.wide() as f32;
        }
        return;
    }
    between.clear();
    let near = y >> halved_y;
    let far = match halved_y {
        0 => near,
        _ if y.is_multiple_of(2) => near.saturating_sub(1),
        _ => near + 1,
    };
    between.extend(row(near).iter().zip(row(far)).map(|(n, f)| 3 * n.wide() + f.wide()));
    if halved_x == 0 {
        for (out, value) in out.iter_mut().zip(between.iter()) {
            *out = *value as f32 * 0.25;
        }
        return;
    }
    let last = width - 1;
    let wide = |near: i32, far: i32| (3 * near + far) as f32 * (1.0 / 16.0);
    out[0] = wide(between[0], between[0]);
    // Pairs of luma samples, from one chroma sample's middle to the next one's.
    for (pair, out) in between.windows(2).zip(out[1..].chunks_mut(2)) {
        out[0] = wide(pair[0], pair[1]);
        if let [_, out] = out {
            *out = wide(pair[1], pair[0]);
        }
    }
    if let Some(out) = out.get_mut(2 * last + 1) {
        *out = wide(between[last], between[last]);
    }
}
