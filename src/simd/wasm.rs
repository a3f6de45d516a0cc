//! 128-bit registers of WebAssembly.
#![allow(unsafe_code, reason = "vector loads and stores")]

use core::arch::wasm32::*;

use super::super::isa::{Isa, PER_WORD, Weights};
use super::QUAD;

#[cfg(target_feature = "relaxed-simd")]
use f32x4_relaxed_madd as fused;

/// Never called: no instruction set of this build is fused.
#[cfg(not(target_feature = "relaxed-simd"))]
fn fused(a: v128, b: v128, c: v128) -> v128 {
    f32x4_add(f32x4_mul(a, b), c)
}

/// Numbers in a [`Lanes`].
pub(in super::super) const LANES: usize = 4;

/// Some f32 numbers.
#[derive(Clone, Copy)]
pub(in super::super) struct Lanes(v128);

impl Lanes {
    /// The same number in all.
    #[inline(always)]
    pub(in super::super) fn splat(value: f32) -> Self {
        Self(f32x4_splat(value))
    }

    /// The number at an address in all.
    #[inline(always)]
    pub(in super::super) fn broadcast(value: &f32) -> Self {
        // SAFETY: 4 readable bytes; v128_load32_splat needs no alignment.
        Self(unsafe { v128_load32_splat(std::ptr::from_ref(value).cast()) })
    }

    /// From memory.
    #[inline(always)]
    pub(in super::super) fn load(values: &[f32; LANES]) -> Self {
        // SAFETY: 16 readable bytes; v128_load needs no alignment.
        Self(unsafe { v128_load(values.as_ptr().cast()) })
    }

    /// From integers.
    #[inline(always)]
    pub(in super::super) fn convert(values: Whole) -> Self {
        Self(f32x4_convert_i32x4(values.0))
    }

    /// To memory.
    #[inline(always)]
    pub(in super::super) fn store(self, values: &mut [f32; LANES]) {
        // SAFETY: 16 writable bytes; v128_store needs no alignment.
        unsafe { v128_store(values.as_mut_ptr().cast(), self.0) }
    }

    #[inline(always)]
    pub(super) fn plus_lanes(self, other: Self) -> Self {
        Self(f32x4_add(self.0, other.0))
    }

    #[inline(always)]
    pub(super) fn minus_lanes(self, other: Self) -> Self {
        Self(f32x4_sub(self.0, other.0))
    }

    #[inline(always)]
    pub(super) fn times_lanes(self, other: Self) -> Self {
        Self(f32x4_mul(self.0, other.0))
    }

    /// `self * factor + term`, as [`Isa::FUSED`] says.
    #[inline(always)]
    pub(in super::super) fn mul_add<I: Isa>(self, _: I, factor: Self, term: Self) -> Self {
        if I::FUSED {
            return Self(fused(self.0, factor.0, term.0));
        }
        Self(f32x4_add(f32x4_mul(self.0, factor.0), term.0))
    }

    #[inline(always)]
    pub(super) fn div(self, other: Self) -> Self {
        Self(f32x4_div(self.0, other.0))
    }

    /// The larger of two.
    #[inline(always)]
    pub(in super::super) fn max(self, other: Self) -> Self {
        // The pseudo-maximum is one instruction everywhere; they differ on NaN and the sign of zero
        // only.
        Self(f32x4_pmax(self.0, other.0))
    }

    /// The smaller of two.
    #[inline(always)]
    pub(in super::super) fn min(self, other: Self) -> Self {
        Self(f32x4_pmin(self.0, other.0))
    }

    /// The nearest integers, halves away from zero.
    #[inline(always)]
    pub(in super::super) fn nearest(self) -> Whole {
        let whole = i32x4_trunc_sat_f32x4(self.0);
        let rest = f32x4_sub(self.0, f32x4_convert_i32x4(whole));
        // All bits of a lane that compares are set: -1.
        let (up, down) = (f32x4_ge(rest, f32x4_splat(0.5)), f32x4_le(rest, f32x4_splat(-0.5)));
        Whole(i32x4_add(i32x4_sub(whole, up), down))
    }

    /// The largest of all.
    #[inline(always)]
    pub(in super::super) fn largest(self) -> f32 {
        // The standard library's maximum is a call.
        let halves = f32x4_pmax(self.0, i32x4_shuffle::<2, 3, 0, 1>(self.0, self.0));
        f32x4_extract_lane::<0>(f32x4_pmax(halves, i32x4_shuffle::<1, 0, 3, 2>(halves, halves)))
    }

    /// Without signs.
    #[inline(always)]
    pub(in super::super) fn abs(self) -> Self {
        Self(f32x4_abs(self.0))
    }

    /// `self * 2^n`, n the integer in the low bits of `rounded`.
    #[inline(always)]
    pub(super) fn scale_by_power(self, rounded: Self) -> Self {
        Self(i32x4_add(self.0, i32x4_shl(rounded.0, 23)))
    }

    /// `self * scale + zero`, which is of 0..=255, rounded to the nearest integer, halves up.
    #[inline(always)]
    pub(in super::super) fn code<I: Isa>(self, isa: I, scale: Self, zero: f32) -> Whole {
        let number = self.mul_add(isa, scale, Self::splat(zero + 0.5)).0;
        #[cfg(target_feature = "relaxed-simd")]
        return Whole(i32x4_relaxed_trunc_f32x4(number));
        #[cfg(not(target_feature = "relaxed-simd"))]
        Whole(i32x4_trunc_sat_f32x4(number))
    }
}

/// Some i32 numbers.
#[derive(Clone, Copy)]
pub(in super::super) struct Whole(pub(in super::super) v128);

impl Whole {
    /// Zeros.
    #[inline(always)]
    pub(in super::super) fn zero() -> Self {
        Self::splat(0)
    }

    /// The same number in all.
    #[inline(always)]
    pub(in super::super) fn splat(value: i32) -> Self {
        Self(i32x4_splat(value))
    }

    /// From memory.
    #[inline(always)]
    pub(in super::super) fn load(values: &[i32; LANES]) -> Self {
        // SAFETY: 16 readable bytes; v128_load needs no alignment.
        Self(unsafe { v128_load(values.as_ptr().cast()) })
    }

    /// Codes as numbers.
    #[inline(always)]
    pub(in super::super) fn codes(codes: &[i8; QUAD]) -> [Self; 4] {
        // SAFETY: 16 readable bytes; v128_load needs no alignment.
        let codes = unsafe { v128_load(codes.as_ptr().cast()) };
        let (low, high) = (i16x8_extend_low_i8x16(codes), i16x8_extend_high_i8x16(codes));
        [
            Self(i32x4_extend_low_i16x8(low)),
            Self(i32x4_extend_high_i16x8(low)),
            Self(i32x4_extend_low_i16x8(high)),
            Self(i32x4_extend_high_i16x8(high)),
        ]
    }

    #[inline(always)]
    pub(in super::super) fn plus(self, other: Self) -> Self {
        Self(i32x4_add(self.0, other.0))
    }

    /// All of them.
    #[inline(always)]
    pub(in super::super) fn to_array(self) -> [i32; LANES] {
        let mut values = [0; LANES];
        // SAFETY: 16 writable bytes; v128_store needs no alignment.
        unsafe { v128_store(values.as_mut_ptr().cast(), self.0) }
        values
    }

    /// Activations from numbers of 0..=255, [`PER_WORD`] a word, as [`place`](super::place) says;
    /// 128 less where they are `signed`.
    #[cfg(all(target_feature = "relaxed-simd", not(feature = "words")))]
    #[inline(always)]
    pub(in super::super) fn pack(codes: [Self; 4], signed: bool) -> [u32; QUAD / PER_WORD] {
        Self(v128_xor(bytes(codes), u8x16_splat(if signed { 128 } else { 0 }))).words()
    }

    /// Activations from numbers of 0..=255, [`PER_WORD`] a word, as [`place`](super::place) says;
    /// never signed.
    #[cfg(any(feature = "words", not(target_feature = "relaxed-simd")))]
    #[inline(always)]
    pub(in super::super) fn pack([a, b, c, d]: [Self; 4], _: bool) -> [u32; QUAD / PER_WORD] {
        let words = |a: Self, b: Self| Self(v128_or(a.0, u32x4_shl(b.0, 16))).words();
        let ([a, b, c, d], [e, f, g, h]) = (words(a, b), words(c, d));
        [a, b, c, d, e, f, g, h]
    }

    /// Weights, each 128 less, from numbers of 0..=255, as [`place`](super::place) says.
    #[inline(always)]
    pub(in super::super) fn pack_weights(codes: [Self; 4]) -> [Weights; QUAD / PER_WORD] {
        let bytes = v128_xor(bytes(codes), u8x16_splat(128));
        let mut weights = [0; QUAD / PER_WORD];
        // SAFETY: 16 writable bytes; v128_store needs no alignment.
        unsafe { v128_store(weights.as_mut_ptr().cast(), bytes) }
        weights
    }

    #[inline(always)]
    fn words(self) -> [u32; LANES] {
        [
            u32x4_extract_lane::<0>(self.0),
            u32x4_extract_lane::<1>(self.0),
            u32x4_extract_lane::<2>(self.0),
            u32x4_extract_lane::<3>(self.0),
        ]
    }
}

/// Words of four bytes from numbers of 0..=255.
#[cfg(all(target_feature = "relaxed-simd", not(feature = "words")))]
#[inline(always)]
fn bytes([a, b, c, d]: [Whole; 4]) -> v128 {
    // Not the narrowing instructions, before which LLVM limits numbers that need no limit.
    v128_or(v128_or(a.0, u32x4_shl(b.0, 8)), v128_or(u32x4_shl(c.0, 16), u32x4_shl(d.0, 24)))
}

/// Words of two bytes from numbers of 0..=255.
#[cfg(any(feature = "words", not(target_feature = "relaxed-simd")))]
#[inline(always)]
fn bytes([a, b, c, d]: [Whole; 4]) -> v128 {
    let pairs = |a: Whole, b: Whole| v128_or(a.0, u32x4_shl(b.0, 8));
    u16x8_narrow_i32x4(pairs(a, b), pairs(c, d))
}
