//! Four 32-bit integers that are computed with at once.
//!
//! In WebAssembly by its 128-bit instructions, as the browser's builds leave no loop for the
//! compiler to make such of (see `SMALL` in scripts/lib/steps.mjs); elsewhere the compiler is left
//! to it.

use super::resize::PRECISION_BITS;

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
use std::arch::wasm32::*;

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
#[derive(Clone, Copy)]
pub(super) struct Four(v128);

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
impl Four {
    #[inline(always)]
    pub(super) fn splat(value: i32) -> Self {
        Self(i32x4_splat(value))
    }

    /// Red, green, blue, and nothing.
    #[inline(always)]
    pub(super) fn pixel([red, green, blue]: [u8; 3]) -> Self {
        let pixel = i32x4(i32::from_le_bytes([red, green, blue, 0]), 0, 0, 0);
        Self(u32x4_extend_low_u16x8(u16x8_extend_low_u8x16(pixel)))
    }

    /// Sixteen bytes as numbers.
    #[inline(always)]
    pub(super) fn values(bytes: [u8; 16]) -> [Self; 4] {
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

    /// `self + values * weights`.
    #[inline(always)]
    pub(super) fn plus_product(self, values: Self, weights: Self) -> Self {
        Self(i32x4_add(self.0, i32x4_mul(values.0, weights.0)))
    }

    /// Fixed point to bytes, towards the nearest of 0 to 255 where it lies beyond.
    #[inline(always)]
    pub(super) fn bytes(sums: [Self; 4]) -> [u8; 16] {
        let [a, b, c, d] = sums.map(|Self(sum)| i32x4_shr(sum, PRECISION_BITS));
        // Ten bits and a sign are left: only the second narrowing meets its bounds.
        let bytes = u8x16_narrow_i16x8(i16x8_narrow_i32x4(a, b), i16x8_narrow_i32x4(c, d));
        let (low, high) = (u64x2_extract_lane::<0>(bytes), u64x2_extract_lane::<1>(bytes));
        (u128::from(low) | u128::from(high) << 64).to_le_bytes()
    }
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
#[derive(Clone, Copy)]
pub(super) struct Four([i32; 4]);

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
impl Four {
    #[inline(always)]
    pub(super) fn splat(value: i32) -> Self {
        Self([value; 4])
    }

    /// Red, green, blue, and nothing.
    #[inline(always)]
    pub(super) fn pixel([red, green, blue]: [u8; 3]) -> Self {
        Self([red, green, blue, 0].map(i32::from))
    }

    /// Sixteen bytes as numbers.
    #[inline(always)]
    pub(super) fn values(bytes: [u8; 16]) -> [Self; 4] {
        std::array::from_fn(|at| Self(std::array::from_fn(|lane| i32::from(bytes[4 * at + lane]))))
    }

    /// `self + values * weights`.
    #[inline(always)]
    pub(super) fn plus_product(self, values: Self, weights: Self) -> Self {
        Self(std::array::from_fn(|lane| self.0[lane] + values.0[lane] * weights.0[lane]))
    }

    /// Fixed point to bytes, towards the nearest of 0 to 255 where it lies beyond.
    #[inline(always)]
    pub(super) fn bytes(sums: [Self; 4]) -> [u8; 16] {
        std::array::from_fn(|at| (sums[at / 4].0[at % 4] >> PRECISION_BITS).clamp(0, 255) as u8)
    }
}
