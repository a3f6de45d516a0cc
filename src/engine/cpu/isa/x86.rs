//! x86-64: AVX-512 VNNI, AVX-VNNI, AVX2.
#![allow(
    unsafe_code,
    reason = "vector loads and stores, and calls into code for a detected instruction set"
)]

use std::arch::x86_64::*;

use super::{Isa, Kernel, ROWS, Sums};

/// 512-bit vectors with dot products of unsigned by signed bytes.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Avx512Vnni(());

/// 256-bit vectors with dot products of unsigned by signed bytes.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct AvxVnni(());

/// 256-bit vectors; bytes are widened to 16 bits, because the product of byte pairs saturates.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Avx2(());

/// Implements [`Isa`] by a function that computes a tile.
macro_rules! isa {
    (
        $isa:ident,
        name: $name:literal,
        features: $features:literal = [$($feature:tt),+],
        columns: $columns:expr,
        signed: $signed:expr,
        tile: $tile:ident
    ) => {
        impl $isa {
            /// Whether this machine has it.
            pub(in super::super) fn detect() -> Option<Self> {
                ($(is_x86_feature_detected!($feature))&&+).then_some(Self(()))
            }
        }

        impl Isa for $isa {
            const COLUMNS: usize = $columns;
            const FUSED: bool = true;

            fn name(self) -> &'static str {
                $name
            }

            #[inline(always)]
            fn signed(self) -> bool {
                $signed
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
                let (activations, weights) = (activations.as_ptr(), weights.as_ptr());
                // SAFETY: both operands have `steps` steps, `start` a row of columns, `sums` room
                // for ROWS rows; the machine has the instructions, as a value of this type exists.
                unsafe {
                    $tile::<R>(activations, weights, start.as_ptr(), steps, sums.as_mut_ptr());
                }
            }

            fn run<K: Kernel>(self, kernel: K) {
                #[target_feature(enable = $features)]
                fn compiled<K: Kernel>(isa: $isa, kernel: K) {
                    kernel.run(isa);
                }
                // SAFETY: the machine has the instructions, as a value of this type exists.
                unsafe { compiled(self, kernel) }
            }

            #[cfg(feature = "bench")]
            fn peak(self, rounds: u32) -> u64 {
                const STEPS: usize = 16;
                let activations = [0x0102_0304; ROWS * STEPS];
                let (weights, start) = ([0x0101_0101; $columns * STEPS], [0; $columns]);
                let mut sums = [0; ROWS * super::MAX_COLUMNS];
                for _ in 0..rounds.div_ceil(STEPS as u32) {
                    let weights = std::hint::black_box(&weights);
                    self.tile_product::<ROWS>(&activations, weights, &start, &mut sums);
                    std::hint::black_box(&sums);
                }
                u64::from(rounds.div_ceil(STEPS as u32)) * (STEPS * ROWS * $columns * 4) as u64
            }
        }
    };
}

isa!(
    Avx512Vnni,
    name: "avx512-vnni",
    features: "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma" =
        ["avx512f", "avx512bw", "avx512vl", "avx512dq", "avx512vnni", "avx2", "fma"],
    columns: 32,
    signed: false,
    tile: avx512_tile
);
isa!(
    AvxVnni,
    name: "avx-vnni",
    features: "avxvnni,avx2,fma" = ["avxvnni", "avx2", "fma"],
    columns: 16,
    signed: false,
    tile: avx_vnni_tile
);
isa!(
    Avx2,
    name: "avx2",
    features: "avx2,fma" = ["avx2", "fma"],
    columns: 8,
    signed: true,
    tile: avx2_tile
);

/// A function that computes a tile of two vectors of columns by dot products of bytes.
macro_rules! vnni_tile {
    (
        $tile:ident,
        $features:literal,
        $vector:ty,
        bytes: $bytes:literal,
        $load:ident,
        $store:ident,
        $splat:ident,
        $dot:ident
    ) => {
        /// # Safety
        /// See [`Isa::tile_product`]: `steps` steps of both operands, a start for every column,
        /// room for `R` rows of sums.
        #[target_feature(enable = $features)]
        unsafe fn $tile<const R: usize>(
            activations: *const u32,
            weights: *const u32,
            start: *const i32,
            steps: usize,
            out: *mut i32,
        ) {
            // SAFETY: the caller's.
            unsafe {
                let vector = |at: usize| $load(start.byte_add($bytes * at).cast());
                let mut sums = [[vector(0), vector(1)]; R];
                for step in 0..steps {
                    let weights = weights.byte_add(2 * $bytes * step);
                    let pair: [$vector; 2] =
                        [$load(weights.cast()), $load(weights.byte_add($bytes).cast())];
                    for (row, sums) in sums.iter_mut().enumerate() {
                        let word = $splat((*activations.add(ROWS * step + row)).cast_signed());
                        sums[0] = $dot(sums[0], word, pair[0]);
                        sums[1] = $dot(sums[1], word, pair[1]);
                    }
                }
                for (at, sum) in sums.iter().flatten().enumerate() {
                    $store(out.byte_add($bytes * at).cast(), *sum);
                }
            }
        }
    };
}

vnni_tile!(
    avx512_tile,
    "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma",
    __m512i,
    bytes: 64,
    _mm512_loadu_si512,
    _mm512_storeu_si512,
    _mm512_set1_epi32,
    _mm512_dpbusd_epi32
);
vnni_tile!(
    avx_vnni_tile,
    "avxvnni,avx2,fma",
    __m256i,
    bytes: 32,
    _mm256_loadu_si256,
    _mm256_storeu_si256,
    _mm256_set1_epi32,
    _mm256_dpbusd_avx_epi32
);

/// # Safety
/// See [`Isa::tile_product`]: `steps` steps of both operands, a start for every column,
/// room for `R` rows of sums.
#[target_feature(enable = "avx2,fma")]
unsafe fn avx2_tile<const R: usize>(
    activations: *const u32,
    weights: *const u32,
    start: *const i32,
    steps: usize,
    out: *mut i32,
) {
    // SAFETY: the caller's.
    unsafe {
        // Each column has two sums, of the first and the last two values of every step.
        let mut sums = [[_mm256_setzero_si256(); 2]; R];
        for step in 0..steps {
            let weights = weights.add(Avx2::COLUMNS * step);
            let pair = [0, 16]
                .map(|at| _mm256_cvtepi8_epi16(_mm_loadu_si128(weights.byte_add(at).cast())));
            for (row, sums) in sums.iter_mut().enumerate() {
                let word = (*activations.add(ROWS * step + row)).cast_signed();
                let word = _mm256_cvtepi8_epi16(_mm_set1_epi32(word));
                for (sum, weights) in sums.iter_mut().zip(pair) {
                    *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(weights, word));
                }
            }
        }
        let start = _mm256_loadu_si256(start.cast());
        for (row, [first, last]) in sums.into_iter().enumerate() {
            // hadd works in halves of 128 bits: columns 0 1 4 5 2 3 6 7.
            let sum = _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_hadd_epi32(first, last));
            _mm256_storeu_si256(out.add(row * Avx2::COLUMNS).cast(), _mm256_add_epi32(sum, start));
        }
    }
}
