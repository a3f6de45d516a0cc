//! Weight matrices as the integer products read them.

use super::functions::{Lanes, QUAD, Whole, quad};
use super::isa::{MAX_COLUMNS, PER_WORD, ROWS, Weights};
use super::machine::Machine;
use super::quantized_activations::largest;
use crate::weights::{BLOCK, Q4, StoredTensor, StoredValues, blocks};
use crate::{Error, ErrorKind, Result};

/// At most so many values of a row share a scale, if their number can be divided so. Finer groups
/// cost a scaling of all sums each (ViT-B/16: a fifth of the time for 128, natively half for 64);
/// coarser ones let a large value coarsen the steps of more others.
const GROUP: usize = 512;

/// The same in encoders narrower than [`NARROW`]: theirs are the smaller errors that heads on many
/// layers notice. On the compact model groups of 192 change logits of role select by .066 in the
/// mean, of 64 by .050, for 4 % of the time.
const NARROW_GROUP: usize = 64;

/// Width from which an encoder is no longer narrow.
const NARROW: usize = 512;

/// Whether an encoder of this width is narrow. Narrow ones also keep the remainders of their
/// weights ([`block`](super::quantized_rows)).
pub(super) fn is_narrow(width: usize) -> bool {
    width < NARROW
}

/// Rows are padded to a multiple of this, so that every pass works on whole registers and products
/// write whole tiles. The same on every machine, as groups depend on it.
pub(super) const PADDING: usize = 32;

const _: () = assert!(PADDING.is_multiple_of(QUAD) && PADDING >= MAX_COLUMNS);

/// A length with its padding.
pub(super) fn padded(length: usize) -> usize {
    length.next_multiple_of(PADDING)
}

/// How the inner dimension of a product is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Inner {
    /// Values a row, with padding.
    pub(super) length: usize,
    /// Values that share a scale.
    pub(super) group: usize,
}

impl Inner {
    /// For rows of `length` values in an encoder of this width.
    pub(super) fn new(length: usize, width: usize) -> Self {
        let length = padded(length);
        let groups = length.div_ceil(if is_narrow(width) { NARROW_GROUP } else { GROUP });
        let even = length.is_multiple_of(groups * QUAD);
        Self { length, group: if even { length / groups } else { length } }
    }

    /// One scale for all.
    pub(super) fn whole(length: usize) -> Self {
        let length = padded(length);
        Self { length, group: length }
    }

    /// Groups a row.
    pub(super) fn groups(self) -> usize {
        self.length / self.group
    }

    /// Words of one group in a tile of activations.
    pub(super) fn tile_words(self) -> usize {
        self.group / PER_WORD * ROWS
    }
}

/// A matrix `[out, in]` in signed 8-bit codes with a scale for every group of a row.
#[derive(Debug)]
pub(super) struct Packed {
    /// The inner dimension.
    pub(super) inner: Inner,
    /// Rows of the matrix: columns of the product.
    pub(super) columns: usize,
    /// Columns of a tile.
    width: usize,
    /// `[tile][step][column of the tile]`, [`PER_WORD`] codes a word.
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

impl Packed {
    /// Packs `rows`, one after another.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`] when a number is not finite.
    pub(super) fn new(
        machine: Machine,
        inner: Inner,
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
        inner: Inner,
        columns: usize,
        row: impl FnMut(usize, &mut [f32]),
    ) -> Result<(Self, Self)> {
        let mut packed = Self::zeros(machine, inner, columns);
        let mut remainder = Self::zeros(machine, inner, columns);
        packed.fill(machine, Some(&mut remainder), row)?;
        Ok((packed, remainder))
    }

    fn zeros(machine: Machine, inner: Inner, columns: usize) -> Self {
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
                let message = "a matrix of the model holds a value that is no finite number";
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
            let inverse = Lanes::splat(if largest > 0.0 { 127.0 / largest } else { 0.0 });
            let mut sum = Whole::zero();
            for values in values.as_chunks_mut::<QUAD>().0 {
                let values = values.as_chunks_mut().0;
                let codes = quad!(|at| (Lanes::load(&values[at]) * inverse).nearest());
                for (values, codes) in values.iter_mut().zip(codes) {
                    (Lanes::load(values) - Lanes::convert(codes) * Lanes::splat(scale))
                        .store(values);
                    sum = sum.plus(codes);
                }
                let packed = Whole::pack_weights(codes.map(|codes| codes.plus(Whole::splat(128))));
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
    let values = values.as_chunks().0.iter().map(Lanes::load);
    values.fold(Lanes::zero(), |sum, values| sum + values * Lanes::zero()).sum() == 0.0
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
        for (values, codes) in values.as_chunks_mut().0.iter_mut().zip(Whole::codes(codes)) {
            (Lanes::convert(codes) * Lanes::splat(scale)).store(values);
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
