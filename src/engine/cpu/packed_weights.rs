//! Weight matrices as the integer products read them.

use super::dimension::InnerDimension;
use super::machine::Machine;
use super::packing::{PER_WORD, Weights, pack_weights};
use super::quantized_activations::largest;
use crate::simd::{F32x4, I32x4, QUAD, quad};
use crate::weights::{BLOCK, Q4, StoredTensor, StoredValues, blocks};
use crate::{Error, ErrorKind, Result};

/// A matrix `[out, in]` in signed 8-bit codes with a scale for every group of a row.
#[derive(Debug)]
pub(super) struct PackedWeights {
    /// The inner dimension.
    pub(super) inner: InnerDimension,
    /// Rows of the matrix: columns of the product.
    pub(super) columns: usize,
    /// Columns of a tile.
    width: usize,
    /// `[tile][step][column of the tile]`, [`PER_WORD`] codes per word.
    words: Vec<Weights>,
    /// `[tile][group][column of the tile]`.
    scales: Vec<f32>,
    /// What sums start from: minus the activations' zero point times the sum of the codes, as
    /// `scales`.
    starts: Vec<i32>,
}

/// One group of one tile of a matrix.
pub(super) struct TileGroup<'a> {
    pub(super) words: &'a [Weights],
    pub(super) scales: &'a [f32],
    pub(super) starts: &'a [i32],
}

impl PackedWeights {
    /// Packs `rows`, one after another.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`] when a number is not finite.
    pub(super) fn new(
        machine: Machine,
        inner: InnerDimension,
        columns: usize,
        row: impl FnMut(usize, &mut [f32]),
    ) -> Result<Self> {
        let mut packed = Self::zeros(machine, inner, columns);
        packed.fill(machine, None, row)?;
        Ok(packed)
    }

    /// Packs `rows`, and what their codes leave of them as a matrix of its own.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub(super) fn with_remainder(
        machine: Machine,
        inner: InnerDimension,
        columns: usize,
        row: impl FnMut(usize, &mut [f32]),
    ) -> Result<(Self, Self)> {
        let mut packed = Self::zeros(machine, inner, columns);
        let mut remainder = Self::zeros(machine, inner, columns);
        packed.fill(machine, Some(&mut remainder), row)?;
        Ok((packed, remainder))
    }

    fn zeros(machine: Machine, inner: InnerDimension, columns: usize) -> Self {
        let width = machine.columns();
        let (tiles, groups, steps) =
            (columns.div_ceil(width), inner.groups(), inner.length / PER_WORD);
        Self {
            inner,
            columns,
            width,
            words: vec![0; tiles * steps * width],
            scales: vec![0.0; tiles * groups * width],
            starts: vec![0; tiles * groups * width],
        }
    }

    fn fill(
        &mut self,
        machine: Machine,
        mut remainder: Option<&mut Self>,
        mut row: impl FnMut(usize, &mut [f32]),
    ) -> Result<()> {
        let mut values = vec![0.0; self.inner.length];
        for column in 0..self.columns {
            values.fill(0.0);
            row(column, &mut values);
            if !all_finite(&values) {
                let message = "a matrix of the model holds a value that is not finite";
                return Err(Error::new(ErrorKind::WeightsCorrupt, message));
            }
            self.put(machine, column, &mut values);
            if let Some(remainder) = &mut remainder {
                remainder.put(machine, column, &mut values);
            }
        }
        Ok(())
    }

    /// Rounds a column, and leaves what the codes lack of its values.
    fn put(&mut self, machine: Machine, column: usize, values: &mut [f32]) {
        let (width, group_values) = (self.width, self.inner.group);
        let (groups, steps) = (self.inner.groups(), self.inner.length / PER_WORD);
        let (tile, lane) = (column / width, column % width);
        let mut words = self.words[tile * steps * width + lane..].iter_mut().step_by(width);
        for (group, values) in values.chunks_mut(group_values).enumerate() {
            let largest = largest(values.as_chunks().0);
            let scale = largest / 127.0;
            let inverse = F32x4::splat(if largest > 0.0 { 127.0 / largest } else { 0.0 });
            let mut sum = I32x4::zero();
            for values in values.as_chunks_mut::<QUAD>().0 {
                let values = values.as_chunks_mut().0;
                let codes = quad!(|at| (F32x4::load(&values[at]) * inverse).round_to_i32());
                for (values, codes) in values.iter_mut().zip(codes) {
                    (F32x4::load(values) - F32x4::from_i32(codes) * F32x4::splat(scale))
                        .store(values);
                    sum = sum + codes;
                }
                let packed = pack_weights(quad!(|at| codes[at] + I32x4::splat(128)));
                // The codes first: at their end zip has taken no word too many.
                packed.into_iter().zip(&mut words).for_each(|(code, word)| *word = code);
            }
            let sum: i32 = sum.to_array().into_iter().sum();
            let at = (tile * groups + group) * width + lane;
            self.scales[at] = scale;
            self.starts[at] = -machine.effective_zero(128) * sum;
        }
    }

    /// Tiles side by side.
    pub(super) fn tiles(&self) -> usize {
        self.columns.div_ceil(self.width)
    }

    /// The groups of a tile.
    #[inline(always)]
    pub(super) fn tile_groups(&self, tile: usize) -> impl Iterator<Item = TileGroup<'_>> {
        let groups = self.inner.groups();
        let words = self.inner.group / PER_WORD * self.width;
        let words = self.words[tile * groups * words..].chunks_exact(words).take(groups);
        let scales = self.scales[tile * groups * self.width..].chunks_exact(self.width);
        let starts = self.starts[tile * groups * self.width..].chunks_exact(self.width);
        words.zip(scales.zip(starts)).map(|(words, (scales, starts))| TileGroup {
            words,
            scales,
            starts,
        })
    }
}

/// Whether no number is NaN or infinite.
fn all_finite(values: &[f32]) -> bool {
    // Zero times what is not finite is NaN.
    let values = values.as_chunks().0.iter().map(F32x4::load);
    values.fold(F32x4::zero(), |sum, values| sum + values * F32x4::zero()).reduce_sum() == 0.0
}

/// Row `row` of a stored matrix with `out.len()` columns.
pub(super) fn stored_row(tensor: &StoredTensor, row: usize, out: &mut [f32]) {
    let columns = out.len();
    match &tensor.values {
        StoredValues::F32(values) => out.copy_from_slice(&values[row * columns..][..columns]),
        StoredValues::Q8(q8) => {
            let scales = &q8.scales[row * blocks(columns)..];
            let codes = q8.codes[row * columns..][..columns].chunks(BLOCK);
            for ((out, codes), scale) in out.chunks_mut(BLOCK).zip(codes).zip(scales) {
                scale_codes(codes, scale.to_f32(), out);
            }
        }
        StoredValues::Q4(q4) => {
            let scales = &q4.scales[row * blocks(columns)..];
            let bytes = q4.codes[row * Q4::row_bytes(columns)..].chunks(BLOCK / 2);
            for ((out, bytes), scale) in out.chunks_mut(BLOCK).zip(bytes).zip(scales) {
                let scale = scale.to_f32();
                for (pair, byte) in out.chunks_mut(2).zip(bytes) {
                    for (value, code) in pair.iter_mut().zip([byte & 15, byte >> 4]) {
                        *value = (f32::from(code) - 8.0) * scale;
                    }
                }
            }
        }
    }
}

/// `out = codes * scale`.
fn scale_codes(codes: &[i8], scale: f32, out: &mut [f32]) {
    let (code_quads, code_rest) = codes.as_chunks();
    let (quads, rest) = out.as_chunks_mut::<QUAD>();
    for (values, codes) in quads.iter_mut().zip(code_quads) {
        for (values, codes) in values.as_chunks_mut().0.iter_mut().zip(I32x4::from_i8x16(codes)) {
            (F32x4::from_i32(codes) * F32x4::splat(scale)).store(values);
        }
    }
    for (value, code) in rest.iter_mut().zip(code_rest) {
        *value = f32::from(*code) * scale;
    }
}

/// Whether a stored matrix holds as many numbers as its shape says.
pub(super) fn is_whole(tensor: &StoredTensor) -> bool {
    let columns = tensor.shape.last().copied().unwrap_or(1);
    let rows = tensor.shape.iter().product::<usize>() / columns.max(1);
    match &tensor.values {
        StoredValues::F32(values) => values.len() == rows * columns,
        StoredValues::Q8(q8) => {
            q8.codes.len() == rows * columns && q8.scales.len() == rows * blocks(columns)
        }
        StoredValues::Q4(q4) => {
            q4.codes.len() == rows * Q4::row_bytes(columns)
                && q4.scales.len() == rows * blocks(columns)
        }
    }
}
