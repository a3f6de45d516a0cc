//! High dynamic range (ITU-R BT.2100) to sRGB: reference white becomes white, brighter light is
//! rolled off.

use super::code_points::{Matrix, primaries_to_srgb};
use super::encoded;
use crate::image::layout::Cicp;

/// High dynamic range to sRGB.
pub(in crate::image) struct ToneMap {
    /// Light of each code of 12 bits, 1 at reference white.
    light: Vec<f32>,
    /// Linear colours to those of sRGB's primaries.
    matrix: Matrix,
    /// The brightest light, mapped to white.
    peak: f32,
}

/// Reference white in cd/m2 (ITU-R BT.2408).
const REFERENCE_WHITE: f32 = 203.0;

/// Codes of [`ToneMap::light`].
const CODES: usize = 1 << 12;

/// The brightest that material for HLG is made for, and most for PQ, in cd/m2.
const PEAK: f32 = 1000.0;

impl ToneMap {
    /// `None` where the transfer is not of high dynamic range.
    pub(super) fn new(cicp: Cicp) -> Option<Self> {
        // Light in cd/m2 of a code value between 0 and 1 (BT.2100, tables 4 and 5); HLG's without
        // the gamma of the viewing room.
        let nits: fn(f32) -> f32 = match cicp.transfer {
            16 => |code| {
                let root = code.powf(1.0 / 78.843_75);
                let light = (root - 0.835_937_5).max(0.0) / (18.851_563 - 18.6875 * root);
                10_000.0 * light.powf(1.0 / 0.159_301_76)
            },
            18 => |code| {
                let scene = if code <= 0.5 {
                    code * code / 3.0
                } else {
                    (((code - 0.559_910_7) / 0.178_832_77).exp() + 0.284_668_92) / 12.0
                };
                PEAK * scene
            },
            _ => return None,
        };
        let light = (0..CODES).map(|code| nits(code as f32 / (CODES - 1) as f32) / REFERENCE_WHITE);
        Some(Self {
            light: light.collect(),
            matrix: primaries_to_srgb(cicp.primaries),
            peak: PEAK / REFERENCE_WHITE,
        })
    }

    pub(super) fn apply(&self, before: &[u16], after: &mut [u16]) {
        let (before, after) = (before.as_chunks::<3>().0, after.as_chunks_mut::<3>().0);
        // What is as bright as reference white would come out half as bright: opened again.
        let curve = |light: f32| (1.0 + light / (self.peak * self.peak)) / (1.0 + light);
        let white = curve(1.0);
        for (after, before) in after.iter_mut().zip(before) {
            let light = before.map(|code| self.light[usize::from(code >> 4)]);
            let linear = self.matrix.times(light).map(|value| value.max(0.0));
            // Reinhard's curve with a white point (2002, equation 4), by the brightest of the three
            // so that hues stay.
            let scale = curve(linear.iter().fold(0.0, |a: f32, &b| a.max(b))) / white;
            *after = linear.map(|value| (encoded((value * scale).min(1.0)) * 65535.0 + 0.5) as u16);
        }
    }
}
