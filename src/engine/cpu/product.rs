//! Products of rounded activations and a packed matrix.

use super::codes::Codes;
use super::isa::{self, Isa, MAX_COLUMNS, Pass, ROWS};
use super::lanes::{LANES, Lanes};
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
        let groups = inner.groups();
        let stride = padded(matrix.columns);
        let mut sums = [0; ROWS * MAX_COLUMNS];
        for tile in 0..matrix.tiles() {
            let column = tile * I::COLUMNS;
            let bias = bias.map(|bias| bias[column..][..I::COLUMNS].as_chunks::<LANES>().0);
            for first in (0..rows).step_by(ROWS) {
                let count = ROWS.min(rows - first);
                for group in 0..groups {
                    let part = matrix.tile_group(tile, group);
                    let activations = codes.tile_group(inner, first / ROWS, group);
                    isa::tile(isa, count, activations, part.words, part.starts, &mut sums);
                    let scales = part.scales.as_chunks::<LANES>().0;
                    let adds = group > 0 || target == Target::Add;
                    for (row, sums) in sums.chunks_exact(I::COLUMNS).take(count).enumerate() {
                        let scale = Lanes::splat(codes.scales[(first + row) * groups + group]);
                        let out = &mut out[(first + row) * stride + column..][..I::COLUMNS];
                        let (out, sums) = (out.as_chunks_mut::<LANES>().0, sums.as_chunks::<LANES>().0);
                        for at in 0..I::COLUMNS / LANES {
                            let mut base = match bias {
                                Some(bias) if group == 0 => Lanes::load(&bias[at]),
                                _ => Lanes::zero(),
                            };
                            if adds {
                                base = base + Lanes::load(&out[at]);
                            }
                            let scale = scale * Lanes::load(&scales[at]);
                            Lanes::convert(&sums[at]).mul_add(isa, scale, base).store(&mut out[at]);
                        }
                    }
                }
                if let Some(row_sums) = row_sums {
                    let row_sums = &row_sums[column..][..I::COLUMNS];
                    for row in first..first + count {
                        let out = &mut out[row * stride + column..][..I::COLUMNS];
                        out.iter_mut()
                            .zip(row_sums)
                            .for_each(|(value, sum)| *value += codes.shifts[row] * sum);
                    }
                }
            }
        }
    }
}
