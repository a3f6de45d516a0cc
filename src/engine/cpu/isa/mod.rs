//! The integer product of one tile, for every instruction set.
//!
//! All compute the same exact sums, so that engines on different machines differ in the rounding of
//! f32 alone, and where [`FUSED`](Isa::FUSED) is the same, not at all.

#[cfg(target_arch = "aarch64")]
mod neon;
#[cfg(any(test, not(target_arch = "wasm32")))]
mod portable;
#[cfg(target_arch = "wasm32")]
mod wasm;
#[cfg(target_arch = "x86_64")]
mod x86;

#[cfg(target_arch = "aarch64")]
pub(super) use neon::DotProduct;
#[cfg(any(test, not(target_arch = "wasm32")))]
pub(super) use portable::Portable;
#[cfg(target_arch = "wasm32")]
pub(super) use wasm::Wasm;
#[cfg(target_arch = "x86_64")]
pub(super) use x86::{Avx2, Avx512Vnni, AvxVnni};

use super::packing::Weights;
use crate::simd::{I32x4, LANES};

/// Rows of a tile.
pub(super) const ROWS: usize = 6;

/// The widest tile of any instruction set, in columns; rows are padded so that tiles never cross
/// their end.
pub(super) const MAX_COLUMNS: usize = if cfg!(target_arch = "wasm32") { 8 } else { 32 };

/// The sums of a tile, row by row, [`Isa::COLUMNS`] per row.
pub(super) type Sums = [i32; ROWS * MAX_COLUMNS];

/// An instruction set. A value of the type proves that the machine has it.
///
/// Activations are unsigned bytes, `[steps][ROWS][PER_WORD]`: a step is
/// [`PER_WORD`](super::packing::PER_WORD) values along the inner dimension, one word per row, the
/// first lowest. Weights are signed bytes, `[steps][COLUMNS][PER_WORD]`. Kernels that multiply
/// signed by signed bytes read every activation as 128 less than it is ([`signed`](Self::signed)).
pub(super) trait Isa: Copy + Send + Sync + 'static {
    /// Columns of a tile.
    const COLUMNS: usize;

    /// Whether `a * b + c` in f32 is rounded once, as it is in browsers on machines that can.
    const FUSED: bool;

    /// Its name.
    fn name(self) -> &'static str;

    /// Whether the kernel takes signed activations: their codes are 128 less.
    fn signed(self) -> bool;

    /// `sums[row][column] = start[column] + sum over k of activations[row][k] * weights[column][k]`
    /// for the first `R` rows of a tile of `weights.len() / COLUMNS` steps. Slices too short for
    /// that give wrong sums or a panic.
    fn tile_product<const R: usize>(
        self,
        activations: &[u32],
        weights: &[Weights],
        start: &[i32],
        sums: &mut Sums,
    );

    /// Gives the sums of the first `rows` of `R` rows to `sink`, without a detour through memory
    /// where that costs.
    #[inline(always)]
    fn tile_product_into<const R: usize>(
        self,
        rows: usize,
        activations: &[u32],
        weights: &[Weights],
        start: &[i32],
        sink: &mut impl TileSink,
    ) {
        let mut sums = [0; ROWS * MAX_COLUMNS];
        self.tile_product::<R>(activations, weights, start, &mut sums);
        for (row, sums) in sums.chunks_exact(Self::COLUMNS).take(rows).enumerate() {
            sink.accept(self, row, sums.as_chunks::<LANES>().0.iter().map(I32x4::load));
        }
    }

    /// Runs `kernel` compiled for this instruction set.
    fn run<K: Kernel>(self, kernel: K);

    /// `rounds` of the dot products of a full tile on registers alone; returns how many products
    /// were summed.
    #[cfg(feature = "bench")]
    fn peak(self, rounds: u32) -> u64;
}

/// Work to be compiled for every instruction set. A closure would not do: it is compiled for the
/// common one, unless the compiler chooses to inline it, which an attribute cannot demand of
/// closures.
pub(super) trait Kernel {
    /// Does it; to be marked `#[inline(always)]`, like all that is to be compiled with it.
    fn run<I: Isa>(self, isa: I);
}

/// What becomes of a tile's sums.
pub(super) trait TileSink {
    /// Takes the sums of a row; to be marked `#[inline(always)]`.
    fn accept<I: Isa>(&mut self, isa: I, row: usize, sums: impl Iterator<Item = I32x4>);
}

/// Gives the sums of the first `rows` rows of a tile to `sink`; see [`Isa::tile_product`].
#[inline(always)]
pub(super) fn tile_product<I: Isa>(
    isa: I,
    rows: usize,
    activations: &[u32],
    weights: &[Weights],
    start: &[i32],
    sink: &mut impl TileSink,
) {
    // Two kinds are enough: every other would be code to load, and time for few rows goes into
    // reading weights.
    if rows > ROWS / 2 {
        isa.tile_product_into::<ROWS>(rows, activations, weights, start, sink);
    } else {
        isa.tile_product_into::<{ ROWS / 2 }>(rows, activations, weights, start, sink);
    }
}

/// What an activation code means 0 has, less what the kernel reads it as:
/// `start = -zero * column sum`.
#[inline(always)]
pub(super) fn effective_zero<I: Isa>(isa: I, zero: i32) -> i32 {
    if isa.signed() { zero - 128 } else { zero }
}
