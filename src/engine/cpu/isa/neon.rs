//! aarch64: dot products of signed bytes.
#![allow(
    unsafe_code,
    reason = "vector loads and stores, and calls into code for a detected instruction set"
)]

use std::arch::aarch64::*;
use std::arch::asm;

use super::{Isa, Kernel, ROWS, Sums};

/// NEON with the dot product extension.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct DotProduct(());

impl DotProduct {
    /// Whether this machine has it.
    pub(in super::super) fn detect() -> Option<Self> {
        std::arch::is_aarch64_feature_detected!("dotprod").then_some(Self(()))
    }
}

/// Registers of four columns in a tile.
const VECTORS: usize = 4;

impl Isa for DotProduct {
    const COLUMNS: usize = 4 * VECTORS;
    const FUSED: bool = true;

    fn name(self) -> &'static str {
        "neon-dotprod"
    }

    #[inline(always)]
    fn signed(self) -> bool {
        true
    }

    #[inline(always)]
    fn tile_product<const R: usize>(
        self,
        activations: &[u32],
        weights: &[u32],
        start: &[i32],
        sums: &mut Sums,
    ) {
        let steps = weights.len() / Self::COLUMNS;
        assert!(activations.len() >= steps * ROWS && start.len() >= Self::COLUMNS);
        // SAFETY: both operands have `steps` steps, `start` a row of columns, `sums` room for ROWS
        // rows; the machine has the instructions, as a value of this type exists.
        unsafe {
            dot_tile::<R>(
                activations.as_ptr(),
                weights.as_ptr(),
                start.as_ptr(),
                steps,
                sums.as_mut_ptr(),
            );
        }
    }

    fn run<K: Kernel>(self, kernel: K) {
        kernel.run(self);
    }

    #[cfg(feature = "bench")]
    fn peak(self, rounds: u32) -> u64 {
        const STEPS: usize = 16;
        let activations = [0x0102_0304; ROWS * STEPS];
        let (weights, start) = ([0x0101_0101; 4 * VECTORS * STEPS], [0; 4 * VECTORS]);
        let mut sums = [0; ROWS * super::MAX_COLUMNS];
        for _ in 0..rounds.div_ceil(STEPS as u32) {
            self.tile_product::<ROWS>(
                &activations,
                std::hint::black_box(&weights),
                &start,
                &mut sums,
            );
            std::hint::black_box(&sums);
        }
        u64::from(rounds.div_ceil(STEPS as u32)) * (STEPS * ROWS * Self::COLUMNS * 4) as u64
    }
}

/// `sum + dot(weights, activations)` of four bytes a lane. The intrinsic is not stable yet.
#[target_feature(enable = "neon,dotprod")]
#[inline]
fn dot(mut sum: int32x4_t, weights: int8x16_t, activations: int8x16_t) -> int32x4_t {
    // SAFETY: touches its operands only.
    unsafe {
        asm!(
            "sdot {sum:v}.4s, {weights:v}.16b, {activations:v}.16b",
            sum = inout(vreg) sum, weights = in(vreg) weights, activations = in(vreg) activations,
            options(pure, nomem, nostack, preserves_flags)
        );
    }
    sum
}

/// # Safety
/// See [`Isa::tile_product`]: `steps` steps of both operands, a start for every column,
/// room for `R` rows of sums.
#[target_feature(enable = "neon,dotprod")]
unsafe fn dot_tile<const R: usize>(
    activations: *const u32,
    weights: *const u32,
    start: *const i32,
    steps: usize,
    out: *mut i32,
) {
    // SAFETY: the caller's.
    unsafe {
        let start: [int32x4_t; VECTORS] =
            std::array::from_fn(|vector| vld1q_s32(start.add(4 * vector)));
        let mut sums = [start; R];
        for step in 0..steps {
            let weights = weights.add(4 * VECTORS * step);
            let weights: [int8x16_t; VECTORS] =
                std::array::from_fn(|vector| vld1q_s8(weights.add(4 * vector).cast()));
            for (row, sums) in sums.iter_mut().enumerate() {
                let word = vreinterpretq_s8_u32(vld1q_dup_u32(activations.add(ROWS * step + row)));
                for (sum, weights) in sums.iter_mut().zip(weights) {
                    *sum = dot(*sum, weights, word);
                }
            }
        }
        for (at, sum) in sums.into_iter().flatten().enumerate() {
            vst1q_s32(out.add(4 * at), sum);
        }
    }
}
