//! WebAssembly: relaxed dot products of bytes, or products of 16-bit numbers (feature `i16`, and
//! wherever there is no relaxed SIMD).
//!
//! The package's loader asks the machine (`www/lib/builds/compile.ts`): where relaxed dot products
//! do not sum 8-bit products exactly, engines make several instructions of one, and plain products
//! are faster.
#![allow(unsafe_code, reason = "vector loads and stores")]

use core::arch::wasm32::*;

use super::super::packing::{PER_WORD, Weights};
use super::{Isa, Kernel, ROWS, Sums, TileSink};
use crate::simd::{I32x4, LANES};

/// 128-bit SIMD.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Wasm {
    /// Whether the relaxed dot product takes its second operand as signed (`SDOT` on aarch64) or as
    /// unsigned (`VPDPBUSD` on x86-64).
    #[cfg(all(target_feature = "relaxed-simd", not(feature = "i16")))]
    signed: bool,
    /// All bits set, which the optimiser does not know. Pointers that step through a loop are
    /// masked by it, or LLVM would rewrite their constant offsets so that they no longer fit into
    /// load instructions, which costs a quarter of the speed.
    all: usize,
}

/// Registers of four columns in a tile.
const VECTORS: usize = 2;

/// Products that [`dot`] sums.
#[cfg(feature = "bench")]
const PRODUCTS: u64 = 4 * PER_WORD as u64;

/// `sum + weights * activations`, [`PER_WORD`] products per lane.
#[cfg(all(target_feature = "relaxed-simd", not(feature = "i16")))]
#[inline(always)]
fn dot(weights: v128, activations: v128, sum: v128) -> v128 {
    i32x4_relaxed_dot_i8x16_i7x16_add(weights, activations, sum)
}

/// The weights of four columns.
///
/// # Safety
/// Those of a whole register or half of one can be read there.
#[inline(always)]
unsafe fn four(weights: *const Weights) -> v128 {
    // SAFETY: the caller's; neither load needs an alignment.
    unsafe {
        match PER_WORD {
            2 => i16x8_load_extend_i8x8(weights.cast()),
            _ => v128_load(weights.cast()),
        }
    }
}

/// `sum + weights * activations`, [`PER_WORD`] products per lane.
#[cfg(any(feature = "i16", not(target_feature = "relaxed-simd")))]
#[inline(always)]
fn dot(weights: v128, activations: v128, sum: v128) -> v128 {
    i32x4_add(sum, i32x4_dot_i16x8(weights, activations))
}

impl Wasm {
    /// What this machine has. Relaxed instructions may do one thing or another outside the range
    /// for which they are defined (here a second operand above 127), but always the same in one
    /// place, so they are asked.
    pub(in super::super) fn detect() -> Self {
        Self {
            #[cfg(all(target_feature = "relaxed-simd", not(feature = "i16")))]
            signed: {
                // Factors that the optimiser cannot see through, as it might have its own opinion
                // of the result.
                let weights = i8x16_splat(std::hint::black_box(127));
                let activations = u8x16_splat(std::hint::black_box(255));
                i32x4_extract_lane::<0>(dot(weights, activations, i32x4_splat(0))) < 0
            },
            all: std::hint::black_box(usize::MAX),
        }
    }
}

impl Isa for Wasm {
    // Six rows of two registers keep twelve sums, two weights and one activation in the fifteen
    // registers that engines on x86-64 have to give.
    const COLUMNS: usize = 4 * VECTORS;
    const FUSED: bool = cfg!(target_feature = "relaxed-simd");

    fn name(self) -> &'static str {
        match (PER_WORD, Self::FUSED) {
            (4, _) => "relaxed-simd",
            (_, true) => "simd128, fused",
            (_, false) => "simd128",
        }
    }

    #[inline(always)]
    fn signed(self) -> bool {
        #[cfg(all(target_feature = "relaxed-simd", not(feature = "i16")))]
        return self.signed;
        #[cfg(any(feature = "i16", not(target_feature = "relaxed-simd")))]
        false
    }

    #[inline(always)]
    fn tile_product_into<const R: usize>(
        self,
        rows: usize,
        activations: &[u32],
        weights: &[Weights],
        start: &[i32],
        sink: &mut impl TileSink,
    ) {
        let steps = weights.len() / Self::COLUMNS;
        assert!(activations.len() >= steps * ROWS && start.len() >= Self::COLUMNS);
        let (mut activations, mut weights, start) =
            (activations.as_ptr(), weights.as_ptr(), start.as_ptr());
        // SAFETY: both operands have `steps` steps, `start` a row of columns.
        let tile = unsafe {
            let start: [v128; VECTORS] =
                std::array::from_fn(|vector| v128_load(start.add(4 * vector).cast()));
            let mut tile = [start; R];
            // Not unrolled: LLVM would reorder the products of several steps, for which there are
            // too few registers.
            for _ in 0..steps {
                let pair: [v128; VECTORS] =
                    std::array::from_fn(|vector| four(weights.add(4 * vector)));
                for (row, sums) in tile.iter_mut().enumerate() {
                    let word = v128_load32_splat(activations.add(row).cast());
                    for (sum, weights) in sums.iter_mut().zip(pair) {
                        *sum = dot(weights, word, *sum);
                    }
                }
                activations = self.opaque(activations.add(ROWS));
                weights = self.opaque(weights.add(Self::COLUMNS));
            }
            tile
        };
        // Of a constant number, so that the loop is unrolled: the sums stay in registers.
        for (row, sums) in tile.into_iter().enumerate() {
            if row < rows {
                sink.accept(self, row, sums.into_iter().map(I32x4));
            }
        }
    }

    /// Not used here: see [`tile_product_into`](Isa::tile_product_into).
    fn tile_product<const R: usize>(
        self,
        activations: &[u32],
        weights: &[Weights],
        start: &[i32],
        sums: &mut Sums,
    ) {
        struct Store<'a>(&'a mut Sums);
        impl TileSink for Store<'_> {
            fn accept<I: Isa>(&mut self, _: I, row: usize, sums: impl Iterator<Item = I32x4>) {
                let out = self.0[row * I::COLUMNS..].as_chunks_mut::<LANES>().0;
                out.iter_mut().zip(sums).for_each(|(out, sums)| *out = sums.to_array());
            }
        }
        self.tile_product_into::<R>(R, activations, weights, start, &mut Store(sums));
    }

    fn run<K: Kernel>(self, kernel: K) {
        kernel.run(self);
    }

    #[cfg(feature = "bench")]
    fn peak(self, rounds: u32) -> u64 {
        let weights = i8x16_splat(std::hint::black_box(3));
        let activations = i8x16_splat(std::hint::black_box(5));
        let mut sums = [i32x4_splat(0); ROWS * VECTORS];
        for _ in 0..rounds {
            for sum in &mut sums {
                *sum = dot(weights, activations, *sum);
            }
        }
        std::hint::black_box(sums);
        u64::from(rounds) * sums.len() as u64 * PRODUCTS
    }
}

impl Wasm {
    /// The same pointer.
    #[inline(always)]
    fn opaque<T>(self, pointer: *const T) -> *const T {
        std::ptr::with_exposed_provenance(pointer.expose_provenance() & self.all)
    }
}
