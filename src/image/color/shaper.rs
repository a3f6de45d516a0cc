//! Curves to linear light, a matrix to sRGB's colours, and sRGB's curve.

use super::code_points::{Matrix, primaries_to_srgb};
use super::{decoded, encoded, rounded, widened};
use crate::image::layout::Cicp;

/// What makes linear light of a channel's code values, both from 0 to 1.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Curve {
    /// A power.
    Gamma(f32),
    /// sRGB's own.
    Srgb,
    /// `parametricCurveType` (ICC.1:2022, 10.18): a power above `d`, a line below.
    Parametric { gamma: f32, a: f32, b: f32, c: f32, d: f32, e: f32, f: f32 },
    /// Light at equal steps of the code value.
    Table(Vec<u16>),
}

impl Curve {
    fn light(&self, code: f32) -> f32 {
        match self {
            Self::Gamma(gamma) => code.powf(*gamma),
            Self::Srgb => decoded(code),
            Self::Parametric { gamma, a, b, c, d, e, f } => {
                if code >= *d {
                    (a * code + b).max(0.0).powf(*gamma) + e
                } else {
                    c * code + f
                }
            }
            Self::Table(table) => {
                let place = code * (table.len() - 1) as f32;
                let (index, part) = (place as usize, place.fract());
                let value = |index: usize| f32::from(table[index.min(table.len() - 1)]);
                (value(index) + (value(index + 1) - value(index)) * part) / 65535.0
            }
        }
    }
}

/// Codes for which a curve's light is kept: all of 8 bits among them, which repeat 16 bits' halves.
const CODES: usize = 1 << 12;

/// Steps of linear light for which sRGB's code value is kept: finer than a fifth of a level where
/// its curve is steepest.
const STEPS: usize = 1 << 14;

/// From a profile's colours to sRGB's.
pub(in crate::image) struct Shaper {
    /// Of red, green and blue, or one of shades.
    curves: Vec<Vec<f32>>,
    /// Linear light of the profile's primaries to that of sRGB's.
    matrix: Matrix,
    /// sRGB's code values in 16 bits.
    encoding: Vec<u16>,
}

impl Shaper {
    /// A profile of colours.
    pub(super) fn new(curves: &[Curve], matrix: Matrix) -> Self {
        let light = |curve: &Curve| -> Vec<f32> {
            (0..=CODES).map(|code| curve.light(code as f32 / CODES as f32)).collect()
        };
        let encoding =
            (0..=STEPS).map(|step| (encoded(step as f32 / STEPS as f32) * 65535.0 + 0.5) as u16);
        Self { curves: curves.iter().map(light).collect(), matrix, encoding: encoding.collect() }
    }

    /// The colours of code points of standard dynamic range.
    pub(super) fn of_code_points(cicp: Cicp) -> Self {
        let curve = match cicp.transfer {
            4 => Curve::Gamma(2.2),
            5 => Curve::Gamma(2.8),
            8 => Curve::Gamma(1.0),
            17 => Curve::Gamma(2.6),
            // sRGB's, television's, and what nothing is said about.
            _ => Curve::Srgb,
        };
        let curves = [curve.clone(), curve.clone(), curve];
        Self::new(&curves, primaries_to_srgb(cicp.primaries))
    }

    /// Whether any colour moves by more than a level of 255.
    pub(super) fn changes_colors(&self) -> bool {
        let shades = (0..=255u8).map(|shade| [widened(shade); 3]);
        let grid = |step: usize| widened((step * 255 / 8) as u8);
        let cube = (0..9 * 9 * 9).map(|at| [grid(at / 81), grid(at / 9 % 9), grid(at % 9)]);
        let colors: Vec<[u16; 3]> =
            if self.curves.len() == 1 { shades.collect() } else { shades.chain(cube).collect() };
        let before: Vec<u16> = match self.curves.len() {
            1 => colors.iter().map(|color| color[0]).collect(),
            _ => colors.as_flattened().to_vec(),
        };
        let mut after = vec![0; colors.len() * 3];
        self.apply(&before, &mut after);
        let pairs = after.iter().zip(colors.as_flattened());
        pairs.into_iter().any(|(&after, &before)| rounded(after).abs_diff(rounded(before)) > 1)
    }

    /// Converts colours, or shades, to RGB.
    pub(super) fn apply(&self, before: &[u16], after: &mut [u16]) {
        let light = |curve: &Vec<f32>, code: u16| {
            let place = f32::from(code) * (CODES as f32 / 65535.0);
            let (index, part) = (place as usize, place.fract());
            let value = |index: usize| curve[index.min(CODES)];
            value(index) + (value(index + 1) - value(index)) * part
        };
        let code =
            |light: f32| self.encoding[(light.clamp(0.0, 1.0) * STEPS as f32 + 0.5) as usize];
        let after = after.as_chunks_mut::<3>().0;
        match &self.curves[..] {
            [red, green, blue] => {
                for (after, before) in after.iter_mut().zip(before.as_chunks::<3>().0) {
                    let linear =
                        [light(red, before[0]), light(green, before[1]), light(blue, before[2])];
                    *after = self.matrix.times(linear).map(code);
                }
            }
            [shade] => {
                for (after, &before) in after.iter_mut().zip(before) {
                    *after = [code(light(shade, before)); 3];
                }
            }
            _ => {}
        }
    }
}
