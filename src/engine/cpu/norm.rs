//! Layer norm.

use super::functions::{LANES, Lanes};
use super::isa::Isa;

/// A layer norm over rows of `width` values.
#[derive(Debug)]
pub(super) struct Norm {
    /// Gains, padded by zeros to whole vectors.
    pub(super) gain: Vec<f32>,
    /// Offsets, padded likewise.
    pub(super) offset: Vec<f32>,
    /// Values of a row that count.
    pub(super) width: usize,
    /// Added to variances.
    pub(super) epsilon: f32,
}

impl Norm {
    /// `out = (row - mean) / sqrt(variance + epsilon) * gain + offset`. Padding of `row` must be
    /// zero, and is in `out`.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub(super) fn apply<I: Isa>(&self, isa: I, row: &[f32], out: &mut [f32]) {
        let row = row.as_chunks::<LANES>().0;
        // Rows are padded to whole pairs (`PADDING`).
        let pairs = row.as_chunks().0;
        #[expect(clippy::cast_precision_loss, reason = "a few thousand values a row")]
        let (width, padding) = (self.width as f32, (LANES * row.len() - self.width) as f32);
        let mut sum = [Lanes::zero(); 2];
        for [even, odd] in pairs {
            sum = [sum[0] + Lanes::load(even), sum[1] + Lanes::load(odd)];
        }
        let mean = (sum[0] + sum[1]).sum() / width;
        let centre = Lanes::splat(mean);
        let mut squares = [Lanes::zero(); 2];
        for [even, odd] in pairs {
            let (even, odd) = (Lanes::load(even) - centre, Lanes::load(odd) - centre);
            squares = [even.mul_add(isa, even, squares[0]), odd.mul_add(isa, odd, squares[1])];
        }
        let variance = ((squares[0] + squares[1]).sum() - padding * mean * mean) / width;
        let scale = Lanes::splat(1.0 / (variance + self.epsilon).sqrt());
        let weights =
            self.gain.as_chunks::<LANES>().0.iter().zip(self.offset.as_chunks::<LANES>().0);
        for ((values, (gain, offset)), out) in
            row.iter().zip(weights).zip(out.as_chunks_mut::<LANES>().0)
        {
            let normed = (Lanes::load(values) - centre) * scale;
            normed.mul_add(isa, Lanes::load(gain), Lanes::load(offset)).store(out);
        }
    }
}
