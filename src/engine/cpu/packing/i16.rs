//! Words of two 16-bit numbers.
#![allow(unsafe_code, reason = "vector stores")]

use core::arch::wasm32::*;

use crate::simd::{I32x4, QUAD};

/// Activations of a word.
pub(in super::super) const PER_WORD: usize = 2;

/// As many weights, always bytes: there are too many to be kept wider, and loads can widen them.
pub(in super::super) type Weights = u16;

/// Activations from numbers of 0..=255, as [`place`](super::place) says; never signed.
#[inline(always)]
pub(in super::super) fn pack_activations(
    [a, b, c, d]: [I32x4; 4],
    _: bool,
) -> [u32; QUAD / PER_WORD] {
    let ([a, b, c, d], [e, f, g, h]) = ((a | b << 16).extract(), (c | d << 16).extract());
    [a, b, c, d, e, f, g, h]
}

/// Weights, each 128 less, from numbers of 0..=255, as [`place`](super::place) says.
#[inline(always)]
pub(in super::super) fn pack_weights([a, b, c, d]: [I32x4; 4]) -> [Weights; QUAD / PER_WORD] {
    let (low, high) = (a | b << 8, c | d << 8);
    let bytes = v128_xor(u16x8_narrow_i32x4(low.0, high.0), u8x16_splat(128));
    let mut weights = [0; QUAD / PER_WORD];
    // SAFETY: 16 writable bytes; v128_store needs no alignment.
    unsafe { v128_store(weights.as_mut_ptr().cast(), bytes) }
    weights
}
