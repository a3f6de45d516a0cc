//! WebAssembly: relaxed dot products where they sum 8-bit products exactly, products of 16-bit numbers elsewhere.
#![allow(unsafe_code, reason = "vector loads and stores")]

use core::arch::wasm32::*;

use super::{Isa, Pass, ROWS, Sums};

/// 128-bit SIMD.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Wasm {
    dot: Dot,
    /// All bits set, which the optimiser does not know. Pointers that step through a loop are masked by it, or LLVM would
    /// rewrite their constant offsets so that they no longer fit into load instructions, which costs a quarter of the speed.
    all: usize,
}

/// How a dot product of bytes is to be had.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Dot {
    /// The relaxed dot product takes its second operand as unsigned (`VPDPBUSD` on x86-64).
    #[cfg(target_feature = "relaxed-simd")]
    Unsigned,
    /// The relaxed dot product takes its second operand as signed (`SDOT` on aarch64).
    #[cfg(target_feature = "relaxed-simd")]
    Signed,
    /// There is none for bytes of more than 7 bits: they are widened first.
    Widened,
}

impl Wasm {
    /// What this machine has. Relaxed instructions may do one thing or another outside the range for which they are
    /// defined (here a second operand above 127), but always the same in one place, so they are asked.
    pub(in super::super) fn detect() -> Self {
        let all = std::hint::black_box(usize::MAX);
        #[cfg(target_feature = "relaxed-simd")]
        {
            // Factors that the optimiser cannot see through, as it might have its own opinion of the result.
            let dot = |weight: i8, activation: u8| {
                let weights = i8x16_splat(std::hint::black_box(weight));
                let activations = u8x16_splat(std::hint::black_box(activation));
                let sums = i32x4_relaxed_dot_i8x16_i7x16_add(weights, activations, i32x4_splat(0));
                i32x4_extract_lane::<0>(sums)
            };
            let seen = [dot(-127, 255), dot(127, 255), dot(127, 128)];
            if seen == [-4 * 127 * 255, 4 * 127 * 255, 4 * 127 * 128] {
                return Self { dot: Dot::Unsigned, all };
            }
            if seen == [4 * 127, -4 * 127, -4 * 127 * 128] {
                return Self { dot: Dot::Signed, all };
            }
        }
        Self { dot: Dot::Widened, all }
    }
}

/// Registers of four columns in a tile.
const VECTORS: usize = 2;

impl Isa for Wasm {
    // Six rows of two registers keep twelve sums, two weights and one activation in the fifteen registers that engines
    // on x86-64 have to give.
    const COLUMNS: usize = 4 * VECTORS;

    fn name(self) -> &'static str {
        match self.dot {
            #[cfg(target_feature = "relaxed-simd")]
            Dot::Unsigned | Dot::Signed => "relaxed-simd",
            Dot::Widened => "simd128",
        }
    }

    #[inline(always)]
    fn flip(self) -> u32 {
        match self.dot {
            #[cfg(target_feature = "relaxed-simd")]
            Dot::Unsigned => 0,
            _ => 0x8080_8080,
        }
    }

    #[inline]
    fn tile<const R: usize>(self, activations: &[u32], weights: &[u32], start: &[i32], sums: &mut Sums) {
        let steps = weights.len() / Self::COLUMNS;
        assert!(activations.len() >= steps * ROWS && start.len() >= Self::COLUMNS);
        let (activations, weights, start) = (activations.as_ptr(), weights.as_ptr(), start.as_ptr());
        // SAFETY: both operands have `steps` steps, `start` a row of columns, `sums` room for ROWS rows.
        unsafe {
            let sums = sums.as_mut_ptr();
            match self.dot {
                #[cfg(target_feature = "relaxed-simd")]
                Dot::Unsigned | Dot::Signed => self.relaxed::<R>(activations, weights, start, steps, sums),
                Dot::Widened => self.widened::<R>(activations, weights, start, steps, sums),
            }
        }
    }

    fn run<P: Pass>(self, pass: P) {
        pass.run(self);
    }

    #[cfg(feature = "bench")]
    fn peak(self, rounds: u32) -> u64 {
        let weights = i8x16_splat(std::hint::black_box(3));
        let activations = i8x16_splat(std::hint::black_box(5));
        let mut sums = [i32x4_splat(0); ROWS * VECTORS];
        match self.dot {
            #[cfg(target_feature = "relaxed-simd")]
            Dot::Unsigned | Dot::Signed => {
                for _ in 0..rounds {
                    for sum in &mut sums {
                        *sum = i32x4_relaxed_dot_i8x16_i7x16_add(weights, activations, *sum);
                    }
                }
            }
            Dot::Widened => {
                for _ in 0..rounds {
                    for sum in &mut sums {
                        *sum = i32x4_add(*sum, i32x4_dot_i16x8(weights, activations));
                    }
                }
            }
        }
        std::hint::black_box(sums);
        let products = if self.dot == Dot::Widened { 8 } else { 16 };
        u64::from(rounds) * sums.len() as u64 * products
    }
}

impl Wasm {
    /// The tile by relaxed dot products.
    ///
    /// # Safety
    /// See [`Isa::tile`]: `steps` steps of both operands, `COLUMNS` starts, room for `R` rows of sums.
    #[cfg(target_feature = "relaxed-simd")]
    #[inline(always)]
    unsafe fn relaxed<const R: usize>(
        self,
        mut activations: *const u32,
        mut weights: *const u32,
        start: *const i32,
        steps: usize,
        out: *mut i32,
    ) {
        // SAFETY: the caller's.
        unsafe {
            let start: [v128; VECTORS] =
                std::array::from_fn(|vector| v128_load(start.add(4 * vector).cast()));
            let mut sums = [start; R];
            // Not unrolled: LLVM would reorder the products of several steps, for which there are too few registers.
            for _ in 0..steps {
                let pair: [v128; VECTORS] =
                    std::array::from_fn(|vector| v128_load(weights.add(4 * vector).cast()));
                for (row, sums) in sums.iter_mut().enumerate() {
                    let word = v128_load32_splat(activations.add(row));
                    for (sum, weights) in sums.iter_mut().zip(pair) {
                        *sum = i32x4_relaxed_dot_i8x16_i7x16_add(weights, word, *sum);
                    }
                }
                activations = self.opaque(activations.add(ROWS));
                weights = self.opaque(weights.add(Self::COLUMNS));
            }
            for (at, sum) in sums.iter().flatten().enumerate() {
                v128_store(out.add(4 * at).cast(), *sum);
            }
        }
    }

    /// The same pointer.
    #[inline(always)]
    fn opaque(self, pointer: *const u32) -> *const u32 {
        std::ptr::with_exposed_provenance(pointer.expose_provenance() & self.all)
    }

    /// The tile by products of bytes widened to 16 bits, three rows at a time.
    ///
    /// # Safety
    /// As for the tile by relaxed dot products.
    #[inline(always)]
    unsafe fn widened<const R: usize>(
        self,
        activations: *const u32,
        weights: *const u32,
        start: *const i32,
        steps: usize,
        out: *mut i32,
    ) {
        // SAFETY: the caller's; the second call has the rows that the first leaves.
        unsafe {
            match R {
                1 => self.widened_rows::<1>(activations, weights, start, steps, out),
                2 => self.widened_rows::<2>(activations, weights, start, steps, out),
                _ => self.widened_rows::<3>(activations, weights, start, steps, out),
            }
            let (activations, out) = (activations.add(3), out.add(3 * Self::COLUMNS));
            match R {
                0..=3 => {}
                4 => self.widened_rows::<1>(activations, weights, start, steps, out),
                5 => self.widened_rows::<2>(activations, weights, start, steps, out),
                _ => self.widened_rows::<3>(activations, weights, start, steps, out),
            }
        }
    }

    /// # Safety
    /// As for the tile by relaxed dot products.
    #[inline(always)]
    unsafe fn widened_rows<const R: usize>(
        self,
        mut activations: *const u32,
        mut weights: *const u32,
        start: *const i32,
        steps: usize,
        out: *mut i32,
    ) {
        // SAFETY: the caller's.
        unsafe {
            // Each column has two sums, of the first and the last two values of every step.
            let mut sums = [[i32x4_splat(0); 2 * VECTORS]; R];
            for _ in 0..steps {
                let halves: [v128; 2 * VECTORS] =
                    std::array::from_fn(|half| i16x8_load_extend_i8x8(weights.add(2 * half).cast()));
                for (row, sums) in sums.iter_mut().enumerate() {
                    let word = i16x8_extend_low_i8x16(v128_load32_splat(activations.add(row)));
                    for (sum, weights) in sums.iter_mut().zip(halves) {
                        *sum = i32x4_add(*sum, i32x4_dot_i16x8(weights, word));
                    }
                }
                activations = self.opaque(activations.add(ROWS));
                weights = self.opaque(weights.add(Self::COLUMNS));
            }
            for (row, sums) in sums.iter().enumerate() {
                for (vector, pair) in sums.as_chunks::<2>().0.iter().enumerate() {
                    let even = i32x4_shuffle::<0, 2, 4, 6>(pair[0], pair[1]);
                    let odd = i32x4_shuffle::<1, 3, 5, 7>(pair[0], pair[1]);
                    let sum = i32x4_add(i32x4_add(even, odd), v128_load(start.add(4 * vector).cast()));
                    v128_store(out.add(row * Self::COLUMNS + 4 * vector).cast(), sum);
                }
            }
        }
    }
}
