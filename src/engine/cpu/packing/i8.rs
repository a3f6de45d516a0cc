//! Words of four bytes.

use super::SIGNS;
use crate::simd::{I32x4, LANES, QUAD};

/// Activations of a word.
pub(in super::super) const PER_WORD: usize = 4;

/// As many weights.
pub(in super::super) type Weights = u32;

/// Activations from numbers of 0..=255, as [`place`](super::place) says; 128 less where they are
/// `signed`.
#[inline(always)]
pub(in super::super) fn pack_activations(
    numbers: [I32x4; 4],
    signed: bool,
) -> [u32; QUAD / PER_WORD] {
    let signs = if signed { SIGNS.cast_signed() } else { 0 };
    (words(numbers) ^ I32x4::splat(signs)).extract()
}

/// Weights, each 128 less, from numbers of 0..=255, as [`place`](super::place) says.
#[inline(always)]
pub(in super::super) fn pack_weights(numbers: [I32x4; 4]) -> [Weights; QUAD / PER_WORD] {
    // Together, as values of attention go to one place.
    let words: [i32; LANES] = (words(numbers) ^ I32x4::splat(SIGNS.cast_signed())).to_array();
    bytemuck::cast(words)
}

#[inline(always)]
fn words([a, b, c, d]: [I32x4; 4]) -> I32x4 {
    (a | b << 8) | (c << 16 | d << 24)
}
