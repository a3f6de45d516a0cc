//! Products of rounded activations and a packed matrix.

use super::codes::Codes;
use super::isa::{self, Isa, MAX_COLUMNS, ROWS};
use super::lanes::{LANES, Lanes};
use super::packed::{Packed, padded};

/// A linear map.
#[derive(Debug)]
pub(super) struct Linear {
    /// Its matrix `[out, in]`.
    pub(super) matrix: Packed,
    /// Added to every row of the result; padded to whole tiles.
    pub(super) bias: Vec<f32>,
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

/// `codes[..rows] * matrix^T + bias` into rows of `out`, each [`padded`] to whole vectors.
#[inline(always)]
pub(super) fn product<I: Isa>(
    isa: I,
    codes: &Codes,
    rows: usize,
    linear: &Linear,
    out: &mut [f32],
    target: Target,
) {
    let Linear { matrix, bias, sums: row_sums } = linear;
    let inner = matrix.inner;
    let groups = inner.groups();
    let stride = padded(matrix.columns);
    let mut sums = [0; ROWS * MAX_COLUMNS];
    for tile in 0..matrix.tiles() {
        let columns = tile * I::COLUMNS..stride.min((tile + 1) * I::COLUMNS);
        let bias = bias[columns.start..][..I::COLUMNS].as_chunks::<LANES>().0;
        for first in (0..rows).step_by(ROWS) {
            let count = ROWS.min(rows - first);
            for group in 0..groups {
                let part = matrix.tile_group(tile, group);
                let activations = codes.tile_group(inner, first / ROWS, group);
                isa::tile(isa, count, activations, part.words, part.starts, &mut sums);
                let scales = part.scales.as_chunks::<LANES>().0;
                for (row, sums) in sums.chunks_exact(I::COLUMNS).take(count).enumerate() {
                    let scale = Lanes::splat(codes.scales[(first + row) * groups + group]);
                    let out = &mut out[(first + row) * stride..][columns.clone()];
                    let lanes = sums.as_chunks::<LANES>().0.iter().zip(scales).zip(bias);
                    for (out, ((sums, scales), bias)) in out.as_chunks_mut::<LANES>().0.iter_mut().zip(lanes) {
                        let base = match (group, target) {
                            (0, Target::Store) => Lanes::load(bias),
                            (0, Target::Add) => Lanes::load(out) + Lanes::load(bias),
                            _ => Lanes::load(out),
                        };
                        Lanes::convert(sums).mul_add(scale * Lanes::load(scales), base).store(out);
                    }
                }
            }
            if let Some(row_sums) = row_sums {
                for row in first..first + count {
                    let out = &mut out[row * stride..][columns.clone()];
                    for (value, sum) in out.iter_mut().zip(&row_sums[columns.start..]) {
                        *value += codes.shifts[row] * sum;
                    }
                }
            }
        }
    }
}
