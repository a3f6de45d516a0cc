//! Activations rounded to 8 bits, as the integer products read them.

use super::functions::{LANES, Lanes, QUAD, Whole, place, quad};
use super::isa::{Isa, PER_WORD, ROWS, SIGNS};
use super::packed_weights::Inner;
use super::rotation::rotate;

/// Steps of a quad.
const STEPS: usize = QUAD / PER_WORD;

/// Rows of activations in 8-bit codes around 128, a scale for every group of a row.
#[derive(Debug, Default)]
pub(super) struct Codes {
    /// `[tile][step][row of the tile]`, [`PER_WORD`] codes a word.
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

impl Codes {
    /// Room for `rows` rows; what it held is void.
    pub(super) fn reset(&mut self, rows: usize, inner: Inner) {
        self.words.resize(rows.next_multiple_of(ROWS) * inner.length / PER_WORD, 0);
        self.scales.resize(rows.next_multiple_of(ROWS) * inner.groups(), 0.0);
        self.shifts.resize(rows, 0.0);
    }

    /// The words of one group of a tile.
    #[inline(always)]
    pub(super) fn tile_group(&self, inner: Inner, tile: usize, group: usize) -> &[u32] {
        let words = inner.tile_words();
        &self.words[(tile * inner.groups() + group) * words..][..words]
    }

    /// The words of every group of a tile.
    #[inline(always)]
    pub(super) fn tile_groups(&self, inner: Inner, tile: usize) -> impl Iterator<Item = &[u32]> {
        let words = inner.tile_words();
        self.words[tile * inner.groups() * words..].chunks_exact(words)
    }

    /// The scales of every group of a tile.
    #[inline(always)]
    pub(super) fn tile_scales(&self, inner: Inner, tile: usize) -> &[[f32; ROWS]] {
        &self.scales.as_chunks().0[tile * inner.groups()..][..inner.groups()]
    }

    /// The scales of a row.
    #[inline(always)]
    pub(super) fn row_scales(&self, inner: Inner, row: usize) -> impl Iterator<Item = f32> {
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
    pub(super) fn put<I: Isa>(&mut self, isa: I, inner: Inner, row: usize, values: &[f32]) {
        let (tile, lane, groups) = (row / ROWS, row % ROWS, inner.groups());
        let words = inner.tile_words();
        for (group, values) in values.chunks_exact(inner.group).enumerate() {
            let values = values.as_chunks::<LANES>().0;
            let largest = largest(values);
            self.scales[(tile * groups + group) * ROWS + lane] = largest / 127.0;
            let inverse = Lanes::splat(if largest > 0.0 { 127.0 / largest } else { 0.0 });
            let words = &mut self.words[(tile * groups + group) * words..][..words];
            let words = words.as_chunks_mut::<{ ROWS * QUAD / PER_WORD }>().0;
            for (values, words) in values.as_chunks::<4>().0.iter().zip(words) {
                let codes = quad!(|at| symmetric(isa, Lanes::load(&values[at]), inverse));
                for (step, word) in Whole::pack(codes, isa.signed()).into_iter().enumerate() {
                    words[step * ROWS + lane] = word;
                }
            }
        }
    }

    /// Takes what the codes of row `row` stand for off the values that they were made of.
    #[inline(always)]
    pub(super) fn subtract<I: Isa>(&self, isa: I, inner: Inner, row: usize, values: &mut [f32]) {
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
pub(super) fn symmetric<I: Isa>(isa: I, value: Lanes, inverse: Lanes) -> Whole {
    value.code(isa, inverse, 128.0)
}

/// The largest size of a value.
#[inline(always)]
pub(super) fn largest(values: &[[f32; LANES]]) -> f32 {
    let mut largest = [Lanes::zero(); 4];
    let (quads, rest) = values.as_chunks::<4>();
    for quad in quads {
        for (largest, values) in largest.iter_mut().zip(quad) {
            *largest = largest.max(Lanes::load(values).abs());
        }
    }
    let [a, b, c, d] = largest;
    let largest = a.max(b).max(c.max(d));
    rest.iter().fold(largest, |largest, values| largest.max(Lanes::load(values).abs())).largest()
}

/// Takes the middle of the values' range off them, and returns it.
#[inline(always)]
fn shift(values: &mut [f32]) -> f32 {
    let values = values.as_chunks_mut::<LANES>().0;
    let first = values.first().map_or(Lanes::zero(), Lanes::load);
    let (mut above, mut below) = (first, first);
    for values in &*values {
        let values = Lanes::load(values);
        (above, below) = (above.max(values), below.min(values));
    }
    let middle = (above.largest() - (Lanes::zero() - below).largest()) / 2.0;
    for values in values {
        (Lanes::load(values) - Lanes::splat(middle)).store(values);
    }
    middle
}
