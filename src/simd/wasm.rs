//! 128-bit registers of WebAssembly.
#![allow(unsafe_code, reason = "vector loads and stores")]

use core::arch::wasm32::*;
use std::ops::{Add, BitOr, BitXor, Div, Mul, Shl, Shr, Sub};

use super::{LANES, QUAD};

#[cfg(target_feature = "relaxed-simd")]
use f32x4_relaxed_madd as relaxed_madd;

/// Never called: without relaxed SIMD there is no fused product to ask for.
#[cfg(not(target_feature = "relaxed-simd"))]
fn relaxed_madd(a: v128, b: v128, c: v128) -> v128 {
    f32x4_add(f32x4_mul(a, b), c)
}

/// Implements an operator between two vectors.
macro_rules! operator {
    ($vector:ident, $operator:ident, $method:ident, $instruction:ident) => {
        impl $operator for $vector {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self($instruction(self.0, other.0))
            }
        }
    };
}

operator!(F32x4, Add, add, f32x4_add);
operator!(F32x4, Sub, sub, f32x4_sub);
operator!(F32x4, Mul, mul, f32x4_mul);
operator!(F32x4, Div, div, f32x4_div);
operator!(I32x4, Add, add, i32x4_add);
operator!(I32x4, Mul, mul, i32x4_mul);
operator!(I32x4, BitOr, bitor, v128_or);
operator!(I32x4, BitXor, bitxor, v128_xor);

impl Shl<u32> for I32x4 {
    type Output = Self;
    #[inline(always)]
    fn shl(self, bits: u32) -> Self {
        Self(i32x4_shl(self.0, bits))
    }
}

impl Shr<u32> for I32x4 {
    type Output = Self;
    #[inline(always)]
    fn shr(self, bits: u32) -> Self {
        Self(i32x4_shr(self.0, bits))
    }
}

/// Four f32 numbers.
#[derive(Clone, Copy)]
pub(crate) struct F32x4(v128);

impl F32x4 {
    /// The same number in all.
    #[inline(always)]
    pub(crate) fn splat(value: f32) -> Self {
        Self(f32x4_splat(value))
    }

    /// The number at an address in all.
    #[inline(always)]
    pub(crate) fn broadcast(value: &f32) -> Self {
        // SAFETY: 4 readable bytes; v128_load32_splat needs no alignment.
        Self(unsafe { v128_load32_splat(std::ptr::from_ref(value).cast()) })
    }

    /// From memory.
    #[inline(always)]
    pub(crate) fn load(values: &[f32; LANES]) -> Self {
        // SAFETY: 16 readable bytes; v128_load needs no alignment.
        Self(unsafe { v128_load(values.as_ptr().cast()) })
    }

    /// From integers.
    #[inline(always)]
    pub(crate) fn from_i32(values: I32x4) -> Self {
        Self(f32x4_convert_i32x4(values.0))
    }

    /// To memory.
    #[inline(always)]
    pub(crate) fn store(self, values: &mut [f32; LANES]) {
        // SAFETY: 16 writable bytes; v128_store needs no alignment.
        unsafe { v128_store(values.as_mut_ptr().cast(), self.0) }
    }

    /// `self * factor + term`, rounded once if `fused`.
    #[inline(always)]
    pub(crate) fn mul_add(self, factor: Self, term: Self, fused: bool) -> Self {
        if fused {
            return Self(relaxed_madd(self.0, factor.0, term.0));
        }
        Self(f32x4_add(f32x4_mul(self.0, factor.0), term.0))
    }

    /// The larger of two.
    #[inline(always)]
    pub(crate) fn max(self, other: Self) -> Self {
        // The pseudo-maximum is one instruction everywhere; they differ on NaN and the sign of zero
        // only.
        Self(f32x4_pmax(self.0, other.0))
    }

    /// The smaller of two.
    #[inline(always)]
    pub(crate) fn min(self, other: Self) -> Self {
        Self(f32x4_pmin(self.0, other.0))
    }

    /// The nearest integers, halves away from zero.
    #[inline(always)]
    pub(crate) fn round_to_i32(self) -> I32x4 {
        let whole = i32x4_trunc_sat_f32x4(self.0);
        let rest = f32x4_sub(self.0, f32x4_convert_i32x4(whole));
        // All bits of a lane that compares are set: -1.
        let (up, down) = (f32x4_ge(rest, f32x4_splat(0.5)), f32x4_le(rest, f32x4_splat(-0.5)));
        I32x4(i32x4_add(i32x4_sub(whole, up), down))
    }

    /// The largest of all.
    #[inline(always)]
    pub(crate) fn reduce_max(self) -> f32 {
        // The standard library's maximum is a call.
        let halves = f32x4_pmax(self.0, i32x4_shuffle::<2, 3, 0, 1>(self.0, self.0));
        f32x4_extract_lane::<0>(f32x4_pmax(halves, i32x4_shuffle::<1, 0, 3, 2>(halves, halves)))
    }

    /// Without signs.
    #[inline(always)]
    pub(crate) fn abs(self) -> Self {
        Self(f32x4_abs(self.0))
    }

    /// `self * 2^n`, n the integer in the low bits of `rounded`.
    #[inline(always)]
    pub(crate) fn scale_by_power(self, rounded: Self) -> Self {
        Self(i32x4_add(self.0, i32x4_shl(rounded.0, 23)))
    }

    /// `self * scale + zero`, which is of 0..=255, rounded to the nearest integer, halves up.
    #[inline(always)]
    pub(crate) fn quantize(self, scale: Self, zero: f32, fused: bool) -> I32x4 {
        let number = self.mul_add(scale, Self::splat(zero + 0.5), fused).0;
        #[cfg(target_feature = "relaxed-simd")]
        return I32x4(i32x4_relaxed_trunc_f32x4(number));
        #[cfg(not(target_feature = "relaxed-simd"))]
        I32x4(i32x4_trunc_sat_f32x4(number))
    }
}

/// Four i32 numbers.
#[derive(Clone, Copy)]
pub(crate) struct I32x4(pub(crate) v128);

impl I32x4 {
    /// The same number in all.
    #[inline(always)]
    pub(crate) fn splat(value: i32) -> Self {
        Self(i32x4_splat(value))
    }

    /// From memory.
    #[inline(always)]
    pub(crate) fn load(values: &[i32; LANES]) -> Self {
        // SAFETY: 16 readable bytes; v128_load needs no alignment.
        Self(unsafe { v128_load(values.as_ptr().cast()) })
    }

    /// Sixteen signed bytes as numbers.
    #[inline(always)]
    pub(crate) fn from_i8x16(bytes: &[i8; QUAD]) -> [Self; 4] {
        // SAFETY: 16 readable bytes; v128_load needs no alignment.
        let bytes = unsafe { v128_load(bytes.as_ptr().cast()) };
        let (low, high) = (i16x8_extend_low_i8x16(bytes), i16x8_extend_high_i8x16(bytes));
        [
            Self(i32x4_extend_low_i16x8(low)),
            Self(i32x4_extend_high_i16x8(low)),
            Self(i32x4_extend_low_i16x8(high)),
            Self(i32x4_extend_high_i16x8(high)),
        ]
    }

    /// As an array.
    #[inline(always)]
    pub(crate) fn to_array(self) -> [i32; LANES] {
        let mut values = [0; LANES];
        // SAFETY: 16 writable bytes; v128_store needs no alignment.
        unsafe { v128_store(values.as_mut_ptr().cast(), self.0) }
        values
    }

    /// Lane by lane: for numbers that go to different places.
    #[inline(always)]
    pub(crate) fn extract(self) -> [u32; LANES] {
        [
            u32x4_extract_lane::<0>(self.0),
            u32x4_extract_lane::<1>(self.0),
            u32x4_extract_lane::<2>(self.0),
            u32x4_extract_lane::<3>(self.0),
        ]
    }

    /// Four bytes as numbers.
    #[inline(always)]
    pub(crate) fn from_u8x4(bytes: [u8; LANES]) -> Self {
        let bytes = i32x4(i32::from_le_bytes(bytes), 0, 0, 0);
        Self(u32x4_extend_low_u16x8(u16x8_extend_low_u8x16(bytes)))
    }

    /// Sixteen bytes as numbers.
    #[inline(always)]
    pub(crate) fn from_u8x16(bytes: [u8; QUAD]) -> [Self; 4] {
        let bytes = u128::from_le_bytes(bytes);
        let bytes = u64x2(bytes as u64, (bytes >> 64) as u64);
        let (low, high) = (u16x8_extend_low_u8x16(bytes), u16x8_extend_high_u8x16(bytes));
        [
            Self(u32x4_extend_low_u16x8(low)),
            Self(u32x4_extend_high_u16x8(low)),
            Self(u32x4_extend_low_u16x8(high)),
            Self(u32x4_extend_high_u16x8(high)),
        ]
    }

    /// As bytes, each number the nearest of 0 to 255.
    #[inline(always)]
    pub(crate) fn to_u8x16_saturating([a, b, c, d]: [Self; 4]) -> [u8; QUAD] {
        let low = i16x8_narrow_i32x4(a.0, b.0);
        let bytes = u8x16_narrow_i16x8(low, i16x8_narrow_i32x4(c.0, d.0));
        let (low, high) = (u64x2_extract_lane::<0>(bytes), u64x2_extract_lane::<1>(bytes));
        (u128::from(low) | u128::from(high) << 64).to_le_bytes()
    }
}
