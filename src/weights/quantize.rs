//! How matrices are stored: f32, f16, or codes of 8 or 4 bits with one f16 scale a block.

use half::f16;
use serde::{Deserialize, Serialize};

use crate::clip::TensorSpec;

/// Storage of a model's matrices. Tables are stored as f16 unless this is `F32`; vectors always as
/// f32.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Storage {
    /// 32-bit floating point.
    F32,
    /// 16-bit floating point.
    F16,
    /// Symmetric 8-bit integers in blocks of [`BLOCK`].
    Q8,
    /// 6-bit integers in blocks of [`BLOCK`], and as `Q8` what [`Storage::of`] says. In memory they
    /// are [`Q8`]: no engine needs a kernel of its own for them.
    Q6,
    /// 4-bit integers in blocks of [`BLOCK`]; what is small beside the layers and costs much, as
    /// `Q8`: see [`Storage::of`].
    Q4,
}

impl Storage {
    /// How a model of this storage stores one tensor. With `Q6` and `Q4` an encoder's first and
    /// last matrix have 8 bits, since everything goes through them (the patches' embedding takes a
    /// fifth of the error of a ViT-Tiny and a fiftieth of its weights), and so have a head's, where
    /// every bit counts.
    #[must_use]
    pub fn of(self, spec: &TensorSpec) -> Self {
        let layers = spec.name.starts_with("vision.layers.") || spec.name.starts_with("text.");
        if matches!(self, Self::Q6 | Self::Q4) && !layers { Self::Q8 } else { self }
    }
}

/// Values of a row that share a scale. Blocks of 32 cost 0.5 bit a weight (f16 scales) over one
/// scale a row, and lower the error of the compact model's logits by the factor that its model card
/// states.
pub const BLOCK: usize = 32;

/// Blocks in a row of `columns`.
#[must_use]
pub fn blocks(columns: usize) -> usize {
    columns.div_ceil(BLOCK)
}

/// A matrix `[rows, columns]` in symmetric 8-bit blocks: `value = code * scale`, codes in
/// -127..=127.
#[derive(Clone, Debug, PartialEq)]
pub struct Q8 {
    /// Codes, row-major.
    pub codes: Vec<i8>,
    /// Scales `[rows, columns / 32]`, the last block of a row shorter where `BLOCK` does not divide
    /// it.
    pub scales: Vec<f16>,
}

impl Q8 {
    /// Quantises `values`, a matrix with rows of `columns`.
    #[must_use]
    pub fn quantize(values: &[f32], columns: usize) -> Self {
        let mut codes = Vec::with_capacity(values.len());
        let mut scales = Vec::with_capacity(values.len().div_ceil(BLOCK));
        for block in values.chunks(columns.max(1)).flat_map(|row| row.chunks(BLOCK)) {
            let largest = block.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
            // The scale is rounded first, so that codes compensate for its rounding.
            let scale = f16::from_f32(largest / 127.0);
            let inverse = if scale.to_f32() > 0.0 { 1.0 / scale.to_f32() } else { 0.0 };
            #[expect(clippy::cast_possible_truncation, reason = "clamped to -127..=127")]
            codes.extend(
                block.iter().map(|value| (value * inverse).round().clamp(-127.0, 127.0) as i8),
            );
            scales.push(scale);
        }
        Self { codes, scales }
    }

    /// The values that the codes stand for.
    #[must_use]
    pub fn dequantize(&self, columns: usize) -> Vec<f32> {
        let per_row = blocks(columns);
        let mut values = Vec::with_capacity(self.codes.len());
        for (row, codes) in self.codes.chunks(columns.max(1)).enumerate() {
            for (block, codes) in codes.chunks(BLOCK).enumerate() {
                let scale = self.scales[row * per_row + block].to_f32();
                values.extend(codes.iter().map(|code| f32::from(*code) * scale));
            }
        }
        values
    }
}

/// Codes of a few bits, `-half..half`, and how their scales are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FewBits {
    half: i8,
}

impl FewBits {
    /// Codes -8 to 7.
    pub const FOUR: Self = Self { half: 8 };
    /// Codes -32 to 31.
    pub const SIX: Self = Self { half: 32 };

    /// Rounds `values`, a matrix with rows of `columns`, each block under its
    /// [best scale](Self::best_scale).
    fn quantize(self, values: &[f32], columns: usize) -> Q8 {
        let mut codes = Vec::with_capacity(values.len());
        let mut scales = Vec::with_capacity(values.len().div_ceil(BLOCK));
        for block in values.chunks(columns.max(1)).flat_map(|row| row.chunks(BLOCK)) {
            let scale = self.best_scale(block, None);
            codes.extend(block.iter().map(|value| self.code(*value, scale.to_f32())));
            scales.push(scale);
        }
        Q8 { codes, scales }
    }

    /// The best scale of a block, errors weighted by `costs` where these differ: of the scales
    /// around the one under which its largest value has the lowest code (which reaches farther than
    /// the highest), the one with the least squared error. A smaller scale clips few values and
    /// rounds the others less.
    #[must_use]
    pub fn best_scale(self, block: &[f32], costs: Option<&[f32]>) -> f16 {
        let extreme =
            block.iter().fold(
                0.0_f32,
                |extreme, value| {
                    if value.abs() > extreme.abs() { *value } else { extreme }
                },
            );
        let error = |scale: f16| -> f32 {
            let scale = scale.to_f32();
            let squared =
                |value: &f32| (value - f32::from(self.code(*value, scale)) * scale).powi(2);
            match costs {
                None => block.iter().map(squared).sum(),
                Some(costs) => {
                    block.iter().zip(costs).map(|(value, cost)| cost * squared(value)).sum()
                }
            }
        };
        let lowest = -f32::from(self.half);
        (0..12_u8)
            .map(|step| f16::from_f32(extreme / lowest * (f32::from(106 - 3 * step) / 100.0)))
            .min_by(|a, b| error(*a).total_cmp(&error(*b)))
            .unwrap_or(f16::ZERO)
    }

    /// The code of a value under a scale.
    #[must_use]
    pub fn code(self, value: f32, scale: f32) -> i8 {
        if scale == 0.0 {
            return 0;
        }
        let half = f32::from(self.half);
        #[expect(clippy::cast_possible_truncation, reason = "clamped to -32..=31 at most")]
        let code = ((value / scale + half).round().clamp(0.0, 2.0 * half - 1.0) - half) as i8;
        code
    }
}

/// The 6-bit form of a matrix's codes in a file: in each row the lower four bits of all codes,
/// which are stored as `code + 32`, an even column in the lower half of its byte; then their upper
/// two bits, four codes a byte, the first column in the lowest bits.
#[derive(Clone, Copy, Debug)]
pub struct Q6;

impl Q6 {
    /// Bytes of codes in a row of `columns`.
    #[must_use]
    pub fn row_bytes(columns: usize) -> usize {
        columns.div_ceil(2) + columns.div_ceil(4)
    }

    /// Rounds `values`, a matrix with rows of `columns`, to codes of six bits.
    #[must_use]
    pub fn quantize(values: &[f32], columns: usize) -> Q8 {
        FewBits::SIX.quantize(values, columns)
    }

    /// Whether codes fit in six bits.
    #[must_use]
    pub fn fits(codes: &[i8]) -> bool {
        codes.iter().all(|code| (-32..32).contains(code))
    }

    /// The bytes of rows of codes that [fit](Self::fits).
    #[must_use]
    pub fn pack(codes: &[i8], columns: usize) -> Vec<u8> {
        let rows = codes.len() / columns.max(1);
        let mut bytes = vec![0; rows * Self::row_bytes(columns)];
        let rows = bytes.chunks_mut(Self::row_bytes(columns).max(1));
        for (bytes, codes) in rows.zip(codes.chunks(columns.max(1))) {
            let (low, high) = bytes.split_at_mut(columns.div_ceil(2));
            for (column, code) in codes.iter().enumerate() {
                let code = (code.clamp(&-32, &31) + 32).cast_unsigned();
                low[column / 2] |= (code & 15) << (4 * (column % 2));
                high[column / 4] |= (code >> 4) << (2 * (column % 4));
            }
        }
        bytes
    }

    /// The codes in rows of bytes that [`pack`](Self::pack) made.
    #[must_use]
    pub fn unpack(bytes: &[u8], columns: usize) -> Vec<i8> {
        let mut codes = Vec::with_capacity(bytes.len() / 3 * 4);
        for bytes in bytes.chunks_exact(Self::row_bytes(columns).max(1)) {
            let (low, high) = bytes.split_at(columns.div_ceil(2));
            codes.extend((0..columns).map(|column| {
                let low = low[column / 2] >> (4 * (column % 2)) & 15;
                let high = high[column / 4] >> (2 * (column % 4)) & 3;
                (low | high << 4).cast_signed() - 32
            }));
        }
        codes
    }
}

/// A matrix `[rows, columns]` in 4-bit blocks: `value = (code - 8) * scale`, codes in 0..=15.
#[derive(Clone, Debug, PartialEq)]
pub struct Q4 {
    /// Codes `[rows, columns / 2]`, rounded up: an even column in the lower half of its byte.
    pub codes: Vec<u8>,
    /// Scales as in [`Q8`]; they may be negative.
    pub scales: Vec<f16>,
}

impl Q4 {
    /// Bytes of codes in a row of `columns`.
    #[must_use]
    pub fn row_bytes(columns: usize) -> usize {
        columns.div_ceil(2)
    }

    /// Quantises `values`, a matrix with rows of `columns`.
    #[must_use]
    pub fn quantize(values: &[f32], columns: usize) -> Self {
        let Q8 { codes, scales } = FewBits::FOUR.quantize(values, columns);
        Self::pack(&codes, scales, columns)
    }

    /// The matrix of these codes, each -8 to 7.
    #[must_use]
    pub fn pack(codes: &[i8], scales: Vec<f16>, columns: usize) -> Self {
        let rows = codes.len() / columns.max(1);
        let mut packed = vec![0; rows * Self::row_bytes(columns)];
        let bytes = packed.chunks_mut(Self::row_bytes(columns).max(1));
        for (bytes, codes) in bytes.zip(codes.chunks(columns.max(1))) {
            for (column, code) in codes.iter().enumerate() {
                bytes[column / 2] |= (code + 8).cast_unsigned() << (4 * (column % 2));
            }
        }
        Self { codes: packed, scales }
    }

    /// The values that the codes stand for.
    #[must_use]
    pub fn dequantize(&self, columns: usize) -> Vec<f32> {
        let per_row = blocks(columns);
        let rows = self.scales.len() / per_row.max(1);
        let mut values = Vec::with_capacity(rows * columns);
        for (row, bytes) in self.codes.chunks(Self::row_bytes(columns).max(1)).enumerate() {
            values.extend((0..columns).map(|column| {
                let code = bytes[column / 2] >> (4 * (column % 2)) & 15;
                (f32::from(code) - 8.0) * self.scales[row * per_row + column / BLOCK].to_f32()
            }));
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

    #[test]
    fn four_bits_by_hand() {
        // The scale under which -4 has the code 0 reproduces all of these.
        let values = [-4.0, -3.5, 0.0, 0.5, 3.5];
        let q4 = Q4::quantize(&values, 5);
        assert_eq!(q4.codes, [0x10, 0x98, 0x0f]);
        assert_eq!(q4.dequantize(5), values);
        // The sign of the scale is that of the farther side.
        assert_eq!(Q4::quantize(&[4.0, -3.5], 2).dequantize(2), [4.0, -3.5]);
        assert_eq!(Q4::quantize(&[0.0; 66], 33).dequantize(33), [0.0; 66]);
    }

    #[test]
    fn six_bits_by_hand() {
        let values = [-32.0, 31.0, 0.0, 1.0, -1.0];
        let q8 = Q6::quantize(&values, 5);
        assert_eq!(q8.codes, [-32, 31, 0, 1, -1]);
        assert_eq!(q8.dequantize(5), values);
        // The lower halves of 0, 63, 32, 33, 31; then their upper bits: 0, 3, 2, 2, 1.
        let bytes = [0xf0, 0x10, 0x0f, 0b1010_1100, 1];
        assert_eq!(Q6::pack(&q8.codes, 5), bytes);
        assert_eq!(Q6::unpack(&bytes, 5), q8.codes);
        assert!(Q6::fits(&q8.codes) && !Q6::fits(&[32]));
    }

    fn uniform(seed: u64, count: usize) -> Vec<f32> {
        let mut state = seed;
        (0..count)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                ((state >> 40) as f32 / (1 << 23) as f32) - 1.0
            })
            .collect()
    }

    proptest! {
        #[test]
        fn six_bits_are_packed_and_unpacked(
            rows in 0..4_usize,
            columns in 1..80_usize,
            seed in 0..u64::MAX,
        ) {
            let q8 = Q6::quantize(&uniform(seed, rows * columns), columns);
            prop_assert!(Q6::fits(&q8.codes));
            let bytes = Q6::pack(&q8.codes, columns);
            prop_assert_eq!(bytes.len(), rows * Q6::row_bytes(columns));
            prop_assert_eq!(Q6::unpack(&bytes, columns), q8.codes);
        }

        /// No worse than rounding under the plain scale, and within a step of the largest value.
        #[test]
        fn four_bits_search_beats_the_plain_scale(
            rows in 1..4_usize,
            columns in 1..80_usize,
            seed in 0..u64::MAX,
        ) {
            let values = uniform(seed, rows * columns);
            let restored = Q4::quantize(&values, columns).dequantize(columns);
            for (row, restored) in values.chunks(columns).zip(restored.chunks(columns)) {
                for (block, restored) in row.chunks(BLOCK).zip(restored.chunks(BLOCK)) {
                    let larger = |a: f32, b: &f32| if b.abs() > a.abs() { *b } else { a };
                    let extreme = block.iter().fold(0.0_f32, larger);
                    let plain = extreme / -8.0;
                    let squared = |value: f32, other: f32| (value - other).powi(2);
                    let rounded = |value: f32| (value / plain).round().clamp(-8.0, 7.0) * plain;
                    let of_plain: f32 =
                        block.iter().map(|value| squared(*value, rounded(*value))).sum();
                    let found: f32 = block.iter().zip(restored).map(|(a, b)| squared(*a, *b)).sum();
                    prop_assert!(found <= of_plain * 1.05 + 1e-5, "{found} {of_plain}");
                    for (value, restored) in block.iter().zip(restored) {
                        prop_assert!((value - restored).abs() <= extreme.abs() * 0.3 + 1e-6);
                    }
                }
            }
        }

        /// Half a step of the block's scale, and the scale's own rounding (2^-11) on the largest
        /// value.
        #[test]
        fn error_is_within_half_a_step(
            rows in 1..4_usize,
            columns in 1..80_usize,
            seed in 0..u64::MAX,
        ) {
            let values = uniform(seed, rows * columns);
            let restored = Q8::quantize(&values, columns).dequantize(columns);
            for (row, restored) in values.chunks(columns).zip(restored.chunks(columns)) {
                for (block, restored) in row.chunks(BLOCK).zip(restored.chunks(BLOCK)) {
                    let largest = block.iter().fold(0.0_f32, |a, b| a.max(b.abs()));
                    let bound = largest * (0.5 / 127.0 + 1.0 / 2048.0) + 1e-7;
                    for (value, restored) in block.iter().zip(restored) {
                        prop_assert!((value - restored).abs() <= bound);
                    }
                }
            }
        }
    }
}
