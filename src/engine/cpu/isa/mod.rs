//! The integer product of one tile, for every instruction set.
//!
//! All compute the same exact sums, so that engines on different machines differ in the rounding of f32 alone.

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

/// Rows of a tile.
pub(super) const ROWS: usize = 6;

/// The widest tile of any instruction set, in columns; rows are padded so that tiles never cross their end.
pub(super) const MAX_COLUMNS: usize = 32;

/// The sums of a tile, row by row, [`Isa::COLUMNS`] a row.
pub(super) type Sums = [i32; ROWS * MAX_COLUMNS];

/// An instruction set. A value of the type proves that the machine has it.
///
/// Activations are unsigned bytes, `[steps][ROWS][4]`: a step is four values along the inner dimension, one word
/// a row, the first value lowest.
/// Weights are signed bytes, `[steps][COLUMNS][4]`. Kernels that multiply signed by signed bytes read every activation as
/// 128 less than it is ([`FLIP`](Self::flip)).
pub(super) trait Isa: Copy + Send + Sync + 'static {
    /// Columns of a tile.
    const COLUMNS: usize;

    /// Its name.
    fn name(self) -> &'static str;

    /// What every activation is XORed with before it reaches [`tile`](Self::tile): 0, or `0x80` in each byte where the
    /// kernel takes signed activations.
    fn flip(self) -> u32;

    /// `sums[row][column] = start[column] + sum over k of activations[row][k] * weights[column][k]` for the first `R`
    /// rows of a tile of `weights.len() / COLUMNS` steps. Slices too short for that give wrong sums or a panic.
    fn tile<const R: usize>(self, activations: &[u32], weights: &[u32], start: &[i32], sums: &mut Sums);

    /// Runs `pass` compiled for this instruction set.
    fn run<P: Pass>(self, pass: P);

    /// `rounds` of the dot products of a full tile on registers alone; returns how many products were summed.
    #[cfg(feature = "bench")]
    fn peak(self, rounds: u32) -> u64;
}

/// Work to be compiled for every instruction set. A closure would not do: it is compiled for the common one, unless the
/// compiler chooses to inline it, which an attribute cannot demand of closures.
pub(super) trait Pass {
    /// Does it; to be marked `#[inline(always)]`, like all that is to be compiled with it.
    fn run<I: Isa>(self, isa: I);
}

/// [`Isa::tile`] for a number of rows known at run time.
#[inline(always)]
pub(super) fn tile<I: Isa>(
    isa: I,
    rows: usize,
    activations: &[u32],
    weights: &[u32],
    start: &[i32],
    sums: &mut Sums,
) {
    match rows {
        1 => isa.tile::<1>(activations, weights, start, sums),
        2 => isa.tile::<2>(activations, weights, start, sums),
        3 => isa.tile::<3>(activations, weights, start, sums),
        4 => isa.tile::<4>(activations, weights, start, sums),
        5 => isa.tile::<5>(activations, weights, start, sums),
        _ => isa.tile::<ROWS>(activations, weights, start, sums),
    }
}

/// What an activation code means 0 has, less what the kernel reads it as: `start = -zero * column sum`.
#[inline(always)]
pub(super) fn effective_zero<I: Isa>(isa: I, zero: i32) -> i32 {
    if isa.flip() == 0 { zero } else { zero - 128 }
}
