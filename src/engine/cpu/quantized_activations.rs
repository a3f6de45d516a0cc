//! Activations quantized to 8 bits, as the integer products read them.

use super::dimension::InnerDimension;
use super::isa::{Isa, ROWS};
use super::packing::{PER_WORD, SIGNS, pack_activations, place};
use super::rotation::rotate;
use crate::simd::{F32x4, I32x4, LANES, QUAD, quad};

/// Steps of a quad.
const STEPS: usize = QUAD / PER_WORD;

/// Rows of activations in 8-bit codes around 128, a scale for every group of a row.
#[derive(Debug, Default)]
pub(super) struct QuantizedActivations {
    /// `[tile][step][row of the tile]`, [`PER_WORD`] codes per word.
    pub(super) words: Vec<u32>,
    /// `[tile][group][row of the tile]`.
    scales: Vec<f32>,
    /// What was taken off every value of a row first.
    pub(super) shifts: Vec<f32>,
}

/// What is done to a row before it is rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Preparation {
    /// Nothing.
    None,
    /// It is rotated: [`rotation`](super::rotation).
    Rotate,
    /// The middle of its range is taken off, for values with a constant part, like pixels.
    Shift,
}

impl QuantizedActivations {
    /// Room for `rows` rows; the former content is lost.
    pub(super) fn reset(&mut self, rows: usize, inner: InnerDimension) {
        self.words.resize(rows.next_multiple_of(ROWS) * inner.length / PER_WORD, 0);
        self.scales.resize(rows.next_multiple_of(ROWS) * inner.groups(), 0.0);
        self.shifts.resize(rows, 0.0);
    }

    /// The words of one group of a tile.
    #[inline(always)]
    pub(super) fn tile_group(&self, inner: InnerDimension, tile: usize, group: usize) -> &[u32] {
        let words = inner.tile_words();
        &self.words[(tile * inner.groups() + group) * words..][..words]
    }

    /// The words of every group of a tile.
    #[inline(always)]
    pub(super) fn tile_groups(
        &self,
        inner: InnerDimension,
        tile: usize,
    ) -> impl Iterator<Item = &[u32]> {
        let words = inner.tile_words();
        self.words[tile * inner.groups() * words..].chunks_exact(words)
    }

    /// The scales of every group of a tile.
    #[inline(always)]
    pub(super) fn tile_scales(&self, inner: InnerDimension, tile: usize) -> &[[f32; ROWS]] {
        &self.scales.as_chunks().0[tile * inner.groups()..][..inner.groups()]
    }

    /// The scales of a row.
    #[inline(always)]
    pub(super) fn row_scales(
        &self,
        inner: InnerDimension,
        row: usize,
    ) -> impl Iterator<Item = f32> {
        self.tile_scales(inner, row / ROWS).iter().map(move |scales| scales[row % ROWS])
    }

    /// Prepares a row for [`put`](Self::put).
    #[inline(always)]
    pub(super) fn prepare(&mut self, row: usize, values: &mut [f32], preparation: Preparation) {
        match preparation {
            Preparation::None => {}
            Preparation::Rotate => rotate(values),
            Preparation::Shift => self.shifts[row] = shift(values),
        }
    }

    /// Rounds a row of `inner.length` values.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub(super) fn put<I: Isa>(
        &mut self,
        isa: I,
        inner: InnerDimension,
        row: usize,
        values: &[f32],
    ) {
        let (tile, lane, groups) = (row / ROWS, row % ROWS, inner.groups());
        let words = inner.tile_words();
        for (group, values) in values.chunks_exact(inner.group).enumerate() {
            let values = values.as_chunks::<LANES>().0;
            let largest = largest(values);
            self.scales[(tile * groups + group) * ROWS + lane] = largest / 127.0;
            let inverse = F32x4::splat(if largest > 0.0 { 127.0 / largest } else { 0.0 });
            let words = &mut self.words[(tile * groups + group) * words..][..words];
            let words = words.as_chunks_mut::<{ ROWS * QUAD / PER_WORD }>().0;
            for (values, words) in values.as_chunks::<4>().0.iter().zip(words) {
                let codes = quad!(|at| symmetric(isa, F32x4::load(&values[at]), inverse));
                for (step, word) in pack_activations(codes, isa.signed()).into_iter().enumerate() {
                    words[step * ROWS + lane] = word;
                }
            }
        }
    }

    /// Takes what the codes of row `row` stand for off the values that they were made of.
    #[inline(always)]
    pub(super) fn subtract<I: Isa>(
        &self,
        isa: I,
        inner: InnerDimension,
        row: usize,
        values: &mut [f32],
    ) {
        let signs = if isa.signed() { SIGNS } else { 0 };
        let groups = self.tile_groups(inner, row / ROWS).zip(self.row_scales(inner, row));
        for (values, (words, scale)) in values.chunks_exact_mut(inner.group).zip(groups) {
            for (step, words) in words.chunks_exact(ROWS).enumerate() {
                let (quad, word) = (step / STEPS, step % STEPS);
                let codes = (words[row % ROWS] ^ signs).to_le_bytes();
                for (part, code) in codes.into_iter().step_by(4 / PER_WORD).enumerate() {
                    values[QUAD * quad + place(word, part)] -= (f32::from(code) - 128.0) * scale;
                }
            }
        }
    }
}

/// `value * inverse`, at most 127 in size, rounded to a code around 128.
#[inline(always)]
pub(super) fn symmetric<I: Isa>(_: I, value: F32x4, inverse: F32x4) -> I32x4 {
    value.quantize(inverse, 128.0, I::FUSED)
}

/// The largest size of a value.
#[inline(always)]
pub(super) fn largest(values: &[[f32; LANES]]) -> f32 {
    let mut largest = [F32x4::zero(); 4];
    let (quads, rest) = values.as_chunks::<4>();
    for quad in quads {
        for (largest, values) in largest.iter_mut().zip(quad) {
            *largest = largest.max(F32x4::load(values).abs());
        }
    }
    let [a, b, c, d] = largest;
    let largest = a.max(b).max(c.max(d));
    rest.iter().fold(largest, |largest, values| largest.max(F32x4::load(values).abs())).reduce_max()
}

/// Takes the middle of the values' range off them, and returns it.
#[inline(always)]
fn shift(values: &mut [f32]) -> f32 {
    let values = values.as_chunks_mut::<LANES>().0;
    let first = values.first().map_or(F32x4::zero(), F32x4::load);
    let (mut above, mut below) = (first, first);
    for values in &*values {
        let values = F32x4::load(values);
        (above, below) = (above.max(values), below.min(values));
    }
    let middle = (above.reduce_max() - (F32x4::zero() - below).reduce_max()) / 2.0;
    for values in values {
        (F32x4::load(values) - F32x4::splat(middle)).store(values);
    }
    middle
}
