//! Arrays, for compilers to vectorise.

use super::super::isa::{Isa, PER_WORD, SIGNS, Weights};
use super::QUAD;

/// Numbers in a [`Lanes`].
pub(in super::super) const LANES: usize = 4;

/// Some f32 numbers.
#[derive(Clone, Copy)]
pub(in super::super) struct Lanes([f32; LANES]);

impl Lanes {
    #[inline(always)]
    fn zip(self, other: Self, operation: impl Fn(f32, f32) -> f32) -> Self {
        Self(std::array::from_fn(|lane| operation(self.0[lane], other.0[lane])))
    }

    /// The same number in all.
    #[inline(always)]
    pub(in super::super) fn splat(value: f32) -> Self {
        Self([value; LANES])
    }

    /// The number at an address in all.
    #[inline(always)]
    pub(in super::super) fn broadcast(value: &f32) -> Self {
        Self::splat(*value)
    }

    /// From memory.
    #[inline(always)]
    pub(in super::super) fn load(values: &[f32; LANES]) -> Self {
        Self(*values)
    }

    /// From integers.
    #[inline(always)]
    #[expect(clippy::cast_precision_loss, reason = "a sum of products keeps its leading 24 bits")]
    pub(in super::super) fn convert(values: Whole) -> Self {
        Self(values.0.map(|value| value as f32))
    }

    /// To memory.
    #[inline(always)]
    pub(in super::super) fn store(self, values: &mut [f32; LANES]) {
        *values = self.0;
    }

    #[inline(always)]
    pub(super) fn plus_lanes(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }

    #[inline(always)]
    pub(super) fn minus_lanes(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }

    #[inline(always)]
    pub(super) fn times_lanes(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }

    /// `self * factor + term`, as [`Isa::FUSED`] says.
    #[inline(always)]
    pub(in super::super) fn mul_add<I: Isa>(self, _: I, factor: Self, term: Self) -> Self {
        Self(std::array::from_fn(|lane| {
            if I::FUSED {
                self.0[lane].mul_add(factor.0[lane], term.0[lane])
            } else {
                self.0[lane] * factor.0[lane] + term.0[lane]
            }
        }))
    }

    #[inline(always)]
    pub(super) fn div(self, other: Self) -> Self {
        self.zip(other, |a, b| a / b)
    }

    /// The larger of two.
    #[inline(always)]
    pub(in super::super) fn max(self, other: Self) -> Self {
        self.zip(other, |a, b| if a < b { b } else { a })
    }

    /// The smaller of two.
    #[inline(always)]
    pub(in super::super) fn min(self, other: Self) -> Self {
        self.zip(other, |a, b| if b < a { b } else { a })
    }

    /// The largest of all.
    #[inline(always)]
    pub(in super::super) fn largest(self) -> f32 {
        self.0.into_iter().fold(f32::MIN, f32::max)
    }

    /// Without signs.
    #[inline(always)]
    pub(in super::super) fn abs(self) -> Self {
        Self(self.0.map(f32::abs))
    }

    /// The nearest integers, halves away from zero.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "codes are small")]
    pub(in super::super) fn nearest(self) -> Whole {
        Whole(self.0.map(|value| value.round() as i32))
    }

    /// `self * 2^n`, n the integer in the low bits of `rounded`.
    #[inline(always)]
    pub(super) fn scale_by_power(self, rounded: Self) -> Self {
        self.zip(rounded, |value, n| {
            f32::from_bits(value.to_bits().wrapping_add(n.to_bits() << 23))
        })
    }

    /// `self * scale + zero`, which is of 0..=255, rounded to the nearest integer, halves up.
    #[inline(always)]
    pub(in super::super) fn code<I: Isa>(self, isa: I, scale: Self, zero: f32) -> Whole {
        // A cast would check the range of one number after another. But above 2^23 the last bit of
        // an f32 is worth 1.
        const UNITS: f32 = 8_388_608.0;
        let number = self.mul_add(isa, scale, Self::splat(zero + 0.5));
        Whole(number.0.map(|number| {
            let near = number - 0.5 + UNITS;
            let up = number - (near - UNITS) >= 1.0;
            (near.to_bits() & 0xff).cast_signed() + i32::from(up)
        }))
    }
}

/// Some i32 numbers.
#[derive(Clone, Copy)]
pub(in super::super) struct Whole([i32; LANES]);

impl Whole {
    /// Zeros.
    #[inline(always)]
    pub(in super::super) fn zero() -> Self {
        Self::splat(0)
    }

    /// The same number in all.
    #[inline(always)]
    pub(in super::super) fn splat(value: i32) -> Self {
        Self([value; LANES])
    }

    /// From memory.
    #[inline(always)]
    pub(in super::super) fn load(values: &[i32; LANES]) -> Self {
        Self(*values)
    }

    /// Codes as numbers.
    #[inline(always)]
    pub(in super::super) fn codes(codes: &[i8; QUAD]) -> [Self; 4] {
        std::array::from_fn(|at| {
            Self(std::array::from_fn(|lane| i32::from(codes[LANES * at + lane])))
        })
    }

    #[inline(always)]
    pub(in super::super) fn plus(self, other: Self) -> Self {
        Self(std::array::from_fn(|lane| self.0[lane] + other.0[lane]))
    }

    /// All of them.
    #[inline(always)]
    pub(in super::super) fn to_array(self) -> [i32; LANES] {
        self.0
    }

    /// Activations from numbers of 0..=255, [`PER_WORD`] a word, as [`place`](super::place) says;
    /// 128 less where they are `signed`.
    #[inline(always)]
    pub(in super::super) fn pack([a, b, c, d]: [Self; 4], signed: bool) -> [u32; QUAD / PER_WORD] {
        let flip = if signed { SIGNS } else { 0 };
        std::array::from_fn(|lane| {
            (a.0[lane] | b.0[lane] << 8 | c.0[lane] << 16 | d.0[lane] << 24).cast_unsigned() ^ flip
        })
    }

    /// Weights, each 128 less, from numbers of 0..=255, as [`place`](super::place) says.
    #[inline(always)]
    pub(in super::super) fn pack_weights(numbers: [Self; 4]) -> [Weights; QUAD / PER_WORD] {
        Self::pack(numbers, true)
    }
}
