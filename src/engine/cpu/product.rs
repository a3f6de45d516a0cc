//! Products of rounded activations and a packed matrix.

use super::codes::Codes;
use super::isa::{self, Isa, Pass, ROWS, Take};
use super::lanes::{LANES, Lanes, Whole};
use super::packed::{Packed, padded};

/// A linear map.
#[derive(Debug)]
pub(super) struct Linear {
    /// Its matrix `[out, in]`.
    pub(super) matrix: Packed,
    /// Added to every row of the result; padded to whole tiles.
    pub(super) bias: Vec<f32>,
    /// What rounding took off the matrix, where that is kept.
    pub(super) remainder: Option<Packed>,
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
    pub(super) codes: &'a Codes,
    pub(super) rows: usize,
    pub(super) matrix: &'a Packed,
    /// Added to every row; padded to whole tiles.
    pub(super) bias: Option<&'a [f32]>,
    /// The sums of the matrix's rows, for activations that were shifted.
    pub(super) sums: Option<&'a [f32]>,
    pub(super) out: &'a mut [f32],
    pub(super) target: Target,
}

impl Pass for Product<'_> {
    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let Self { codes, rows, matrix, bias, sums: row_sums, out, target } = self;
        let inner = matrix.inner;
        let stride = padded(matrix.columns);
        for tile in 0..matrix.tiles() {
            let column = tile * I::COLUMNS;
            let bias = bias.map(|bias| &bias[column..][..I::COLUMNS]);
            for first in (0..rows).step_by(ROWS) {
                let count = ROWS.min(rows - first);
                let out = &mut out[first * stride + column..];
                for row in out.chunks_mut(stride).take(count) {
                    let row = &mut row[..I::COLUMNS];
                    match (target, bias) {
                        (Target::Store, Some(bias)) => row.copy_from_slice(bias),
                        (Target::Store, None) => row.fill(0.0),
                        (Target::Add, Some(bias)) => add(row, bias),
                        (Target::Add, None) => {}
                    }
                }
                let groups = codes.tile_groups(inner, first / ROWS).zip(matrix.tile_groups(tile));
                for (group, (activations, part)) in groups.enumerate() {
                    let mut scaled = Scaled {
                        row_scales: &codes.scales[first * inner.groups() + group..],
                        groups: inner.groups(),
                        scales: part.scales.as_chunks::<LANES>().0,
                        out,
                        stride,
                    };
                    isa::tile(isa, count, activations, part.words, part.starts, &mut scaled);
                }
                if let Some(row_sums) = row_sums {
                    let row_sums = &row_sums[column..][..I::COLUMNS];
                    for row in first..first + count {
                        let out = &mut out[(row - first) * stride..][..I::COLUMNS];
                        out.iter_mut()
                            .zip(row_sums)
                            .for_each(|(value, sum)| *value += codes.shifts[row] * sum);
                    }
                }
            }
        }
    }
}

/// Adds numbers to others.
#[inline(always)]
fn add(row: &mut [f32], others: &[f32]) {
    for (out, other) in row.as_chunks_mut().0.iter_mut().zip(others.as_chunks().0) {
        (Lanes::load(other) + Lanes::load(out)).store(out);
    }
}

/// Scales sums and adds them to what is there.
struct Scaled<'a> {
    /// Of the rows, every [`groups`](Self::groups).
    row_scales: &'a [f32],
    groups: usize,
    /// Of the columns.
    scales: &'a [[f32; LANES]],
    /// From the first row and column on.
    out: &'a mut [f32],
    stride: usize,
}

impl Take for Scaled<'_> {
    #[inline(always)]
    fn take<I: Isa>(&mut self, isa: I, row: usize, sums: impl Iterator<Item = Whole>) {
        let scale = Lanes::splat(self.row_scales[row * self.groups]);
        let out = self.out[row * self.stride..][..I::COLUMNS].as_chunks_mut().0.iter_mut();
        for (out, (sums, scales)) in out.zip(sums.zip(self.scales)) {
            Lanes::convert(sums).mul_add(isa, scale * Lanes::load(scales), Lanes::load(out)).store(out);
        }
    }
}
