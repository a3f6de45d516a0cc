//! 8-bit numbers in the words that the integer products read.
//!
//! Words are made of the same lane of several registers, which takes a shift and an or for each:
//! sums of products do not depend on the order. Not of the narrowing instructions, before which
//! LLVM limits numbers that need no limit.

// Bytes where instructions multiply them, 16-bit numbers in the builds for WebAssembly without
// such.
#[cfg_attr(
    all(target_arch = "wasm32", any(feature = "i16", not(target_feature = "relaxed-simd"))),
    path = "packing/i16.rs"
)]
#[cfg_attr(
    not(all(target_arch = "wasm32", any(feature = "i16", not(target_feature = "relaxed-simd")))),
    path = "packing/i8.rs"
)]
mod width;

pub(super) use width::{PER_WORD, Weights, pack_activations, pack_weights};

use crate::simd::LANES;

const _: () = assert!(size_of::<Weights>() == PER_WORD);

/// What turns the bytes of a word into signed ones, 128 less, and back.
pub(super) const SIGNS: u32 = 0x8080_8080;

/// Which number of a quad part `part` of its word `word` holds, the lowest part first.
#[inline(always)]
pub(super) fn place(word: usize, part: usize) -> usize {
    LANES * (PER_WORD * (word / LANES) + part) + word % LANES
}

#[cfg(test)]
mod tests {
    use std::ops::Add;

    use super::*;
    use crate::simd::{F32x4, I32x4, QUAD};

    #[test]
    fn bytes_are_where_they_belong() {
        let quad = std::array::from_fn(|register| {
            let numbers = std::array::from_fn(|lane| (register * LANES + lane) as f32 * 3.0);
            F32x4::load(&numbers).quantize(F32x4::splat(2.0), 0.4, false)
        });
        let (unsigned, weights) = (pack_activations(quad, false), pack_weights(quad));
        assert_eq!(pack_activations(quad, true), weights);
        let mut seen = [false; QUAD];
        for (word, (activations, weights)) in unsigned.into_iter().zip(weights).enumerate() {
            let bytes = activations.to_le_bytes().into_iter().zip(weights.to_le_bytes());
            for (part, (activation, weight)) in bytes.enumerate() {
                let number = place(word, part);
                assert_eq!((usize::from(activation), weight), (6 * number, activation ^ 128));
                assert!(!std::mem::replace(&mut seen[number], true));
            }
        }
        let sum = quad.into_iter().fold(I32x4::zero(), Add::add).to_array();
        assert_eq!(sum[0], (0..4).map(|register| (6 * LANES * register) as i32).sum::<i32>());
    }
}
