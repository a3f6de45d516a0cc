//! Layer norm.

use super::isa::Isa;
use crate::simd::{F32x4, LANES};

/// A layer norm over rows of `width` values.
#[derive(Debug)]
pub(super) struct LayerNorm {
    /// Gains, padded by zeros to whole vectors.
    pub(super) gain: Vec<f32>,
    /// Offsets, padded likewise.
    pub(super) offset: Vec<f32>,
    /// Values of a row that count.
    pub(super) width: usize,
    /// Added to variances.
    pub(super) epsilon: f32,
}

impl LayerNorm {
    /// `out = (row - mean) / sqrt(variance + epsilon) * gain + offset`. Padding of `row` must be
    /// zero, and is in `out`.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub(super) fn apply<I: Isa>(&self, _: I, row: &[f32], out: &mut [f32]) {
        let row = row.as_chunks::<LANES>().0;
        // Rows are padded to whole pairs (`PADDING`).
        let pairs = row.as_chunks().0;
        #[expect(clippy::cast_precision_loss, reason = "a few thousand values a row")]
        let (width, padding) = (self.width as f32, (LANES * row.len() - self.width) as f32);
        let mut sum = [F32x4::zero(); 2];
        for [even, odd] in pairs {
            sum = [sum[0] + F32x4::load(even), sum[1] + F32x4::load(odd)];
        }
        let mean = (sum[0] + sum[1]).reduce_sum() / width;
        let centre = F32x4::splat(mean);
        let mut squares = [F32x4::zero(); 2];
        for [even, odd] in pairs {
            let (even, odd) = (F32x4::load(even) - centre, F32x4::load(odd) - centre);
            squares =
                [even.mul_add(even, squares[0], I::FUSED), odd.mul_add(odd, squares[1], I::FUSED)];
        }
        let variance = ((squares[0] + squares[1]).reduce_sum() - padding * mean * mean) / width;
        let scale = F32x4::splat(1.0 / (variance + self.epsilon).sqrt());
        let weights =
            self.gain.as_chunks::<LANES>().0.iter().zip(self.offset.as_chunks::<LANES>().0);
        for ((values, (gain, offset)), out) in
            row.iter().zip(weights).zip(out.as_chunks_mut::<LANES>().0)
        {
            let normed = (F32x4::load(values) - centre) * scale;
            normed.mul_add(F32x4::load(gain), F32x4::load(offset), I::FUSED).store(out);
        }
    }
}
