//! Four numbers that are computed with at once: what the resize is written in, and all of the CPU
//! engine but its integer products.
//!
//! In WebAssembly they are a 128-bit register, as the browser's builds leave no loop for the
//! compiler to turn into vector instructions (see `SMALL` in scripts/lib/steps.mjs). Elsewhere they
//! are an array, of which compilers make the most. The crate `wide` (1.7.1) has the plain
//! arithmetic, and none of the rest: relaxed products and conversions, pseudo-minima, conversions
//! that check no range.

#![cfg_attr(
    not(feature = "cpu"),
    allow(dead_code, reason = "without the CPU engine only the resize computes in vectors")
)]

// The CPU engine needs SIMD128 in WebAssembly; other builds may do without.
#[cfg_attr(
    all(target_arch = "wasm32", any(target_feature = "simd128", feature = "cpu")),
    path = "simd/wasm.rs"
)]
#[cfg_attr(
    not(all(target_arch = "wasm32", any(target_feature = "simd128", feature = "cpu"))),
    path = "simd/portable.rs"
)]
mod backend;

pub(crate) use backend::{F32x4, I32x4};

/// Numbers in a vector.
pub(crate) const LANES: usize = 4;

/// Numbers in four vectors.
pub(crate) const QUAD: usize = 4 * LANES;

/// Four of something, by their number. Not a function of a closure, which is compiled for the
/// common instruction set where the compiler chooses not to inline it: there every fused product is
/// a call.
#[cfg(feature = "cpu")]
macro_rules! quad {
    (|$at:ident| $one:expr) => {
        [
            {
                let $at = 0_usize;
                $one
            },
            {
                let $at = 1_usize;
                $one
            },
            {
                let $at = 2_usize;
                $one
            },
            {
                let $at = 3_usize;
                $one
            },
        ]
    };
}
#[cfg(feature = "cpu")]
pub(crate) use quad;

impl F32x4 {
    /// Zeros.
    #[inline(always)]
    pub(crate) fn zero() -> Self {
        Self::splat(0.0)
    }

    /// The sum of all.
    #[inline(always)]
    pub(crate) fn reduce_sum(self) -> f32 {
        self.to_array().into_iter().sum()
    }

    /// As an array.
    #[inline(always)]
    pub(crate) fn to_array(self) -> [f32; LANES] {
        let mut values = [0.0; LANES];
        self.store(&mut values);
        values
    }
}

impl I32x4 {
    /// Zeros.
    #[inline(always)]
    pub(crate) fn zero() -> Self {
        Self::splat(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_to_the_nearest() {
        let edges = [0.0, -0.0, 0.499_999_97, 0.5, -0.5, 1.5, 2.5, -2.5, 126.499_99, 126.5, -127.0];
        for value in edges.into_iter().chain((-1000_i16..1000).map(|n| f32::from(n) * 0.127)) {
            let codes = F32x4::splat(value).round_to_i32().to_array();
            assert_eq!(codes.map(|code| code as f32), [value.round(); LANES], "{value}");
        }
    }

    #[test]
    fn bytes_widen_and_narrow() {
        let bytes: [u8; QUAD] = std::array::from_fn(|at| (at * 17) as u8);
        let numbers = I32x4::from_u8x16(bytes);
        assert_eq!(numbers[3].to_array(), [204, 221, 238, 255]);
        assert_eq!(I32x4::to_u8x16_saturating(numbers), bytes);
        assert_eq!(I32x4::from_u8x4([1, 2, 254, 255]).to_array(), [1, 2, 254, 255]);
        let signed = I32x4::from_i8x16(&bytes.map(u8::cast_signed));
        assert_eq!(signed[3].to_array(), [-52, -35, -18, -1]);
        let far =
            [I32x4::splat(i32::MIN), I32x4::splat(-1), I32x4::splat(256), I32x4::splat(i32::MAX)];
        let ends = I32x4::to_u8x16_saturating(far);
        assert_eq!([ends[0], ends[4], ends[8], ends[12]], [0, 0, 255, 255]);
    }

    #[test]
    fn integers_compute_lane_by_lane() {
        let numbers = I32x4::load(&[-9, 7, 5, 1 << 20]);
        assert_eq!((numbers >> 1).to_array(), [-5, 3, 2, 1 << 19]);
        assert_eq!((numbers << 2).to_array(), [-36, 28, 20, 1 << 22]);
        assert_eq!((numbers * I32x4::splat(3) + numbers).to_array(), [-36, 28, 20, 1 << 22]);
        assert_eq!((numbers | I32x4::splat(2)).to_array(), [-9, 7, 7, 1 << 20 | 2]);
        assert_eq!((numbers ^ I32x4::splat(4)).to_array(), [-13, 3, 1, 1 << 20 | 4]);
        assert_eq!(numbers.extract()[1..], [7, 5, 1 << 20]);
    }
}
