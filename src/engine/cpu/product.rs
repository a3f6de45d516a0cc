//! Products of quantized activations and packed weights.

use std::hint::black_box;

use super::dimension::padded;
use super::isa::{self, Isa, Kernel, MAX_COLUMNS, ROWS, TileSink};
use super::packed_weights::PackedWeights;
use super::quantized_activations::QuantizedActivations;
use crate::simd::{F32x4, I32x4, LANES};

/// A linear map.
#[derive(Debug)]
pub(super) struct PackedLinear {
    /// Its matrix `[out, in]`.
    pub(super) matrix: PackedWeights,
    /// Added to every row of the result; padded to whole tiles.
    pub(super) bias: Vec<f32>,
    /// What rounding took off the matrix, where that is kept.
    pub(super) remainder: Option<PackedWeights>,
    /// The sums of the matrix's rows, padded likewise, for activations that were shifted.
    pub(super) sums: Option<Vec<f32>>,
}

/// Where results go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// They replace what is there.
    Store,
    /// They are added to what is there.
    Add,
}

/// `codes[..rows] * matrix^T + bias` into rows of `out`, each [`padded`].
#[derive(Debug)]
pub(super) struct Product<'a> {
    pub(super) codes: &'a QuantizedActivations,
    pub(super) rows: usize,
    pub(super) matrix: &'a PackedWeights,
    /// Added to every row; padded to whole tiles.
    pub(super) bias: Option<&'a [f32]>,
    /// The sums of the matrix's rows, for activations that were shifted.
    pub(super) sums: Option<&'a [f32]>,
    pub(super) out: &'a mut [f32],
    pub(super) target: Target,
}

impl Kernel for Product<'_> {
    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let Self { codes, rows, matrix, bias, sums: row_sums, out, target } = self;
        let inner = matrix.inner;
        let stride = padded(matrix.columns);
        // Once: engines call out of the code to clear memory.
        let mut results = TileResults([[0.0; MAX_COLUMNS]; ROWS]);
        for tile in 0..matrix.tiles() {
            let column = tile * I::COLUMNS;
            let bias = bias.map(|bias| &bias[column..][..I::COLUMNS]);
            for first in (0..rows).step_by(ROWS) {
                let count = ROWS.min(rows - first);
                let out = &mut out[first * stride + column..];
                for (result, row) in results.0.iter_mut().zip(out.chunks(stride)).take(count) {
                    let (result, row) = (&mut result[..I::COLUMNS], &row[..I::COLUMNS]);
                    match (target, bias) {
                        (Target::Store, Some(bias)) => result.copy_from_slice(bias),
                        (Target::Store, None) => result.fill(0.0),
                        (Target::Add, Some(bias)) => sum(result, bias, row),
                        (Target::Add, None) => result.copy_from_slice(row),
                    }
                }
                let row_scales = codes.tile_scales(inner, first / ROWS);
                let groups = codes.tile_groups(inner, first / ROWS).zip(matrix.tile_groups(tile));
                for (row_scales, (activations, part)) in row_scales.iter().zip(groups) {
                    let scales = part.scales.as_chunks().0;
                    // Else the optimiser would keep the results in registers, of which the sums
                    // need all.
                    let results = black_box(&mut results);
                    let mut scaled = ScalingSink { row_scales, scales, results };
                    isa::tile_product(
                        isa,
                        count,
                        activations,
                        part.words,
                        part.starts,
                        &mut scaled,
                    );
                }
                for (row, (out, result)) in
                    out.chunks_mut(stride).zip(&mut results.0).take(count).enumerate()
                {
                    let result = &mut result[..I::COLUMNS];
                    if let Some(row_sums) = row_sums {
                        let (shift, row_sums) = (codes.shifts[first + row], &row_sums[column..]);
                        result
                            .iter_mut()
                            .zip(row_sums)
                            .for_each(|(value, sum)| *value += shift * sum);
                    }
                    out[..I::COLUMNS].copy_from_slice(result);
                }
            }
        }
    }
}

/// `out = a + b`.
#[inline(always)]
fn sum(out: &mut [f32], a: &[f32], b: &[f32]) {
    for (out, (a, b)) in
        out.as_chunks_mut().0.iter_mut().zip(a.as_chunks().0.iter().zip(b.as_chunks().0))
    {
        (F32x4::load(a) + F32x4::load(b)).store(out);
    }
}

/// What a tile's groups are gathered in: of constant size, so that nothing is checked between one
/// group and the next.
struct TileResults([[f32; MAX_COLUMNS]; ROWS]);

/// Scales a group's sums and adds them to what is there.
struct ScalingSink<'a> {
    /// Of the rows.
    row_scales: &'a [f32; ROWS],
    /// Of the columns.
    scales: &'a [[f32; LANES]],
    results: &'a mut TileResults,
}

impl TileSink for ScalingSink<'_> {
    #[inline(always)]
    fn accept<I: Isa>(&mut self, _: I, row: usize, sums: impl Iterator<Item = I32x4>) {
        let scale = F32x4::splat(self.row_scales[row]);
        let results = self.results.0[row][..I::COLUMNS].as_chunks_mut().0.iter_mut();
        for (out, (sums, scales)) in results.zip(sums.zip(&self.scales[..I::COLUMNS / LANES])) {
            F32x4::from_i32(sums)
                .mul_add(scale * F32x4::load(scales), F32x4::load(out), I::FUSED)
                .store(out);
        }
    }
}
