//! Arrays, for compilers to vectorise.

use std::ops::{Add, BitOr, BitXor, Div, Mul, Shl, Shr, Sub};

use super::{LANES, QUAD};

/// Implements an operator between two vectors.
macro_rules! operator {
    ($vector:ident, $operator:ident, $method:ident, $symbol:tt) => {
        impl $operator for $vector {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                let ([a, b, c, d], [e, f, g, h]) = (self.0, other.0);
                Self([a $symbol e, b $symbol f, c $symbol g, d $symbol h])
            }
        }
    };
}

operator!(F32x4, Add, add, +);
operator!(F32x4, Sub, sub, -);
operator!(F32x4, Mul, mul, *);
operator!(F32x4, Div, div, /);
operator!(I32x4, Add, add, +);
operator!(I32x4, Mul, mul, *);
operator!(I32x4, BitOr, bitor, |);
operator!(I32x4, BitXor, bitxor, ^);

impl Shl<u32> for I32x4 {
    type Output = Self;
    #[inline(always)]
    fn shl(self, bits: u32) -> Self {
        let [a, b, c, d] = self.0;
        Self([a << bits, b << bits, c << bits, d << bits])
    }
}

impl Shr<u32> for I32x4 {
    type Output = Self;
    #[inline(always)]
    fn shr(self, bits: u32) -> Self {
        let [a, b, c, d] = self.0;
        Self([a >> bits, b >> bits, c >> bits, d >> bits])
    }
}

/// Four f32 numbers.
#[derive(Clone, Copy)]
pub(crate) struct F32x4([f32; LANES]);

impl F32x4 {
    #[inline(always)]
    fn zip(self, other: Self, operation: impl Fn(f32, f32) -> f32) -> Self {
        Self(std::array::from_fn(|lane| operation(self.0[lane], other.0[lane])))
    }

    /// The same number in all.
    #[inline(always)]
    pub(crate) fn splat(value: f32) -> Self {
        Self([value; LANES])
    }

    /// The number at an address in all.
    #[inline(always)]
    pub(crate) fn broadcast(value: &f32) -> Self {
        Self::splat(*value)
    }

    /// From memory.
    #[inline(always)]
    pub(crate) fn load(values: &[f32; LANES]) -> Self {
        Self(*values)
    }

    /// From integers.
    #[inline(always)]
    #[expect(clippy::cast_precision_loss, reason = "a sum of products keeps its leading 24 bits")]
    pub(crate) fn from_i32(values: I32x4) -> Self {
        Self(values.0.map(|value| value as f32))
    }

    /// To memory.
    #[inline(always)]
    pub(crate) fn store(self, values: &mut [f32; LANES]) {
        *values = self.0;
    }

    /// `self * factor + term`, rounded once if `fused`.
    #[inline(always)]
    pub(crate) fn mul_add(self, factor: Self, term: Self, fused: bool) -> Self {
        if fused {
            let ([a, b, c, d], [e, f, g, h], [i, j, k, l]) = (self.0, factor.0, term.0);
            return Self([a.mul_add(e, i), b.mul_add(f, j), c.mul_add(g, k), d.mul_add(h, l)]);
        }
        self * factor + term
    }

    /// The larger of two.
    #[inline(always)]
    pub(crate) fn max(self, other: Self) -> Self {
        self.zip(other, |a, b| if a < b { b } else { a })
    }

    /// The smaller of two.
    #[inline(always)]
    pub(crate) fn min(self, other: Self) -> Self {
        self.zip(other, |a, b| if b < a { b } else { a })
    }

    /// The largest of all.
    #[inline(always)]
    pub(crate) fn reduce_max(self) -> f32 {
        self.0.into_iter().fold(f32::MIN, f32::max)
    }

    /// Without signs.
    #[inline(always)]
    pub(crate) fn abs(self) -> Self {
        Self(self.0.map(f32::abs))
    }

    /// The nearest integers, halves away from zero.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "codes are small")]
    pub(crate) fn round_to_i32(self) -> I32x4 {
        I32x4(self.0.map(|value| value.round() as i32))
    }

    /// `self * 2^n`, n the integer in the low bits of `rounded`.
    #[inline(always)]
    pub(crate) fn scale_by_power(self, rounded: Self) -> Self {
        self.zip(rounded, |value, n| {
            f32::from_bits(value.to_bits().wrapping_add(n.to_bits() << 23))
        })
    }

    /// `self * scale + zero`, which is of 0..=255, rounded to the nearest integer, halves up.
    #[inline(always)]
    pub(crate) fn quantize(self, scale: Self, zero: f32, fused: bool) -> I32x4 {
        // A cast would check the range of one number after another. But above 2^23 the last bit of
        // an f32 is worth 1.
        const UNITS: f32 = 8_388_608.0;
        let number = self.mul_add(scale, Self::splat(zero + 0.5), fused);
        I32x4(number.0.map(|number| {
            let near = number - 0.5 + UNITS;
            let up = number - (near - UNITS) >= 1.0;
            (near.to_bits() & 0xff).cast_signed() + i32::from(up)
        }))
    }
}

/// Four i32 numbers.
#[derive(Clone, Copy)]
pub(crate) struct I32x4([i32; LANES]);

impl I32x4 {
    /// The same number in all.
    #[inline(always)]
    pub(crate) fn splat(value: i32) -> Self {
        Self([value; LANES])
    }

    /// From memory.
    #[inline(always)]
    pub(crate) fn load(values: &[i32; LANES]) -> Self {
        Self(*values)
    }

    /// Sixteen signed bytes as numbers.
    #[inline(always)]
    pub(crate) fn from_i8x16(bytes: &[i8; QUAD]) -> [Self; 4] {
        std::array::from_fn(|at| {
            Self(std::array::from_fn(|lane| i32::from(bytes[LANES * at + lane])))
        })
    }

    /// Sixteen bytes as numbers.
    #[inline(always)]
    pub(crate) fn from_u8x16(bytes: [u8; QUAD]) -> [Self; 4] {
        std::array::from_fn(|at| {
            Self(std::array::from_fn(|lane| i32::from(bytes[LANES * at + lane])))
        })
    }

    /// Four bytes as numbers.
    #[inline(always)]
    pub(crate) fn from_u8x4(bytes: [u8; LANES]) -> Self {
        Self(bytes.map(i32::from))
    }

    /// As bytes, each number the nearest of 0 to 255.
    #[inline(always)]
    pub(crate) fn to_u8x16_saturating(numbers: [Self; 4]) -> [u8; QUAD] {
        std::array::from_fn(|at| numbers[at / LANES].0[at % LANES].clamp(0, 255) as u8)
    }

    /// As an array.
    #[inline(always)]
    pub(crate) fn to_array(self) -> [i32; LANES] {
        self.0
    }

    /// Lane by lane: for numbers that go to different places.
    #[inline(always)]
    pub(crate) fn extract(self) -> [u32; LANES] {
        let [a, b, c, d] = self.0;
        [a.cast_unsigned(), b.cast_unsigned(), c.cast_unsigned(), d.cast_unsigned()]
    }
}
