//! How matrices are stored: f32, f16, or 8-bit codes with one f16 scale a block.

use half::f16;
use serde::{Deserialize, Serialize};

/// Storage of a model's matrices. Tables are stored as f16 unless this is `F32`; vectors always as f32.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Storage {
    /// 32-bit floating point.
    F32,
    /// 16-bit floating point.
    F16,
    /// Symmetric 8-bit integers in blocks of [`Q8::BLOCK`].
    Q8,
}

/// A matrix `[rows, columns]` in symmetric 8-bit blocks: `value = code * scale`, codes in -127..=127.
#[derive(Clone, Debug, PartialEq)]
pub struct Q8 {
    /// Codes, row-major.
    pub codes: Vec<i8>,
    /// Scales `[rows, columns / BLOCK]`, the last block of a row shorter where `BLOCK` does not divide it.
    pub scales: Vec<f16>,
}

impl Q8 {
    /// Values that share a scale. Blocks of 32 cost 0.5 bit a weight (f16 scales) over one scale a row, and lower
    /// the error of the compact model's logits by the factor that its model card states.
    pub const BLOCK: usize = 32;

    /// Blocks in a row of `columns`.
    #[must_use]
    pub fn blocks(columns: usize) -> usize {
        columns.div_ceil(Self::BLOCK)
    }

    /// Quantises `values`, a matrix with rows of `columns`.
    #[must_use]
    pub fn quantize(values: &[f32], columns: usize) -> Self {
        let mut codes = Vec::with_capacity(values.len());
        let mut scales = Vec::with_capacity(values.len().div_ceil(Self::BLOCK));
        for block in values.chunks(columns.max(1)).flat_map(|row| row.chunks(Self::BLOCK)) {
            let largest = block.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
            // The scale is rounded first, so that codes compensate for its rounding.
            let scale = f16::from_f32(largest / 127.0);
            let inverse = if scale.to_f32() > 0.0 { 1.0 / scale.to_f32() } else { 0.0 };
            #[expect(clippy::cast_possible_truncation, reason = "clamped to -127..=127")]
            codes.extend(block.iter().map(|value| (value * inverse).round().clamp(-127.0, 127.0) as i8));
            scales.push(scale);
        }
        Self { codes, scales }
    }

    /// The values that the codes stand for.
    #[must_use]
    pub fn dequantize(&self, columns: usize) -> Vec<f32> {
        let blocks = Self::blocks(columns);
        let mut values = Vec::with_capacity(self.codes.len());
        for (row, codes) in self.codes.chunks(columns.max(1)).enumerate() {
            for (block, codes) in codes.chunks(Self::BLOCK).enumerate() {
                let scale = self.scales[row * blocks + block].to_f32();
                values.extend(codes.iter().map(|code| f32::from(*code) * scale));
            }
        }
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn codes_are_exact_where_they_can_be() {
        let values: Vec<f32> = (-127..=127).map(|code| code as f32 * 0.5).collect();
        assert_eq!(Q8::quantize(&values[..32], 32).codes[0], -127);
        let zero = Q8::quantize(&[0.0; 40], 40);
        assert_eq!(zero.dequantize(40), [0.0; 40]);
        assert_eq!(zero.scales.len(), 2);
    }

    proptest! {
        /// Half a step of the block's scale, and the scale's own rounding (2^-11) on the largest value.
        #[test]
        fn error_is_within_half_a_step(rows in 1..4_usize, columns in 1..80_usize, seed in 0..u64::MAX) {
            let mut state = seed;
            let values: Vec<f32> = (0..rows * columns).map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                ((state >> 40) as f32 / (1 << 23) as f32) - 1.0
            }).collect();
            let restored = Q8::quantize(&values, columns).dequantize(columns);
            for (row, restored) in values.chunks(columns).zip(restored.chunks(columns)) {
                for (block, restored) in row.chunks(Q8::BLOCK).zip(restored.chunks(Q8::BLOCK)) {
                    let largest = block.iter().fold(0.0_f32, |a, b| a.max(b.abs()));
                    for (value, restored) in block.iter().zip(restored) {
                        prop_assert!((value - restored).abs() <= largest * (0.5 / 127.0 + 1.0 / 2048.0) + 1e-7);
                    }
                }
            }
        }
    }
}
