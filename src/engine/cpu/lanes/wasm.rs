//! 128-bit registers of WebAssembly.
#![allow(unsafe_code, reason = "vector loads and stores")]

use core::arch::wasm32::*;

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
    pub(in super::super) fn convert(values: &[i32; LANES]) -> Self {
        // SAFETY: 16 readable bytes; v128_load needs no alignment.
        Self(f32x4_convert_i32x4(unsafe { v128_load(values.as_ptr().cast()) }))
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

    /// `self * factor + term`, rounded once where the machine can.
    #[inline(always)]
    pub(in super::super) fn mul_add(self, factor: Self, term: Self) -> Self {
        #[cfg(target_feature = "relaxed-simd")]
        return Self(f32x4_relaxed_madd(self.0, factor.0, term.0));
        #[cfg(not(target_feature = "relaxed-simd"))]
        Self(f32x4_add(f32x4_mul(self.0, factor.0), term.0))
    }

    #[inline(always)]
    pub(super) fn div(self, other: Self) -> Self {
        Self(f32x4_div(self.0, other.0))
    }

    /// The larger of two.
    #[inline(always)]
    pub(in super::super) fn max(self, other: Self) -> Self {
        // The pseudo-maximum is one instruction everywhere; they differ on NaN and the sign of zero only.
        Self(f32x4_pmax(self.0, other.0))
    }

    /// The smaller of two.
    #[inline(always)]
    pub(in super::super) fn min(self, other: Self) -> Self {
        Self(f32x4_pmin(self.0, other.0))
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

    /// Towards zero, for numbers in the range of i32.
    #[inline(always)]
    pub(in super::super) fn truncate(self) -> Whole {
        #[cfg(target_feature = "relaxed-simd")]
        return Whole(i32x4_relaxed_trunc_f32x4(self.0));
        #[cfg(not(target_feature = "relaxed-simd"))]
        Whole(i32x4_trunc_sat_f32x4(self.0))
    }
}

/// Some i32 numbers.
#[derive(Clone, Copy)]
pub(in super::super) struct Whole(v128);

impl Whole {
    /// Zeros.
    #[inline(always)]
    pub(in super::super) fn zero() -> Self {
        Self(i32x4_splat(0))
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

    /// Bytes of numbers of 0..=255 in their order, four a word, each XORed with that of `flip`.
    #[inline(always)]
    pub(in super::super) fn pack([a, b, c, d]: [Self; 4], flip: u32) -> [u32; LANES] {
        let bytes = u8x16_narrow_i16x8(i16x8_narrow_i32x4(a.0, b.0), i16x8_narrow_i32x4(c.0, d.0));
        let words = v128_xor(bytes, u32x4_splat(flip));
        [
            u32x4_extract_lane::<0>(words),
            u32x4_extract_lane::<1>(words),
            u32x4_extract_lane::<2>(words),
            u32x4_extract_lane::<3>(words),
        ]
    }

    /// A word for every lane from numbers of 0..=255, the byte of the first lowest, each XORed with that of `flip`.
    #[inline(always)]
    pub(in super::super) fn interleave([a, b, c, d]: [Self; 4], flip: u32) -> [u32; LANES] {
        let low = v128_or(a.0, u32x4_shl(b.0, 8));
        let high = v128_or(u32x4_shl(c.0, 16), u32x4_shl(d.0, 24));
        let words = v128_xor(v128_or(low, high), u32x4_splat(flip));
        Self(words).to_array().map(i32::cast_unsigned)
    }
}
