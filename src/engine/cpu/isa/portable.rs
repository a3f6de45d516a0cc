//! Plain Rust: the definition, and what runs where no faster kernel does.

use super::{Isa, Kernel, ROWS, Sums};

/// No particular instruction set.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Portable;

impl Isa for Portable {
    const COLUMNS: usize = 8;
    // In software it would take longer than all else.
    const FUSED: bool = cfg!(target_arch = "aarch64");

    fn name(self) -> &'static str {
        "portable"
    }

    fn signed(self) -> bool {
        false
    }

    #[inline(always)]
    fn tile_product<const R: usize>(
        self,
        activations: &[u32],
        weights: &[u32],
        start: &[i32],
        sums: &mut Sums,
    ) {
        let mut tile = [[0; Self::COLUMNS]; R];
        for row in &mut tile {
            row.copy_from_slice(&start[..Self::COLUMNS]);
        }
        let steps = weights.as_chunks::<{ Self::COLUMNS }>().0;
        for (words, weights) in activations.as_chunks::<ROWS>().0.iter().zip(steps) {
            for (row, word) in tile.iter_mut().zip(words) {
                let codes = word.to_le_bytes().map(i32::from);
                for (sum, weights) in row.iter_mut().zip(weights) {
                    for (code, weight) in codes.iter().zip(weights.to_le_bytes()) {
                        *sum += code * i32::from(weight.cast_signed());
                    }
                }
            }
        }
        for (sums, row) in sums.chunks_exact_mut(Self::COLUMNS).zip(&tile) {
            sums.copy_from_slice(row);
        }
    }

    fn run<K: Kernel>(self, kernel: K) {
        kernel.run(self);
    }

    #[cfg(feature = "bench")]
    fn peak(self, rounds: u32) -> u64 {
        let mut sums = [0; ROWS * super::MAX_COLUMNS];
        let (activations, weights) = ([0x0102_0304; ROWS], [0x0101_0101; Self::COLUMNS]);
        for _ in 0..rounds {
            let start = std::hint::black_box([0; Self::COLUMNS]);
            self.tile_product::<ROWS>(&activations, &weights, &start, &mut sums);
            std::hint::black_box(&sums);
        }
        u64::from(rounds) * (ROWS * Self::COLUMNS * 4) as u64
    }
}
