//! Multi-head self-attention of one image, scores and mixtures in 8-bit products.
//!
//! Scores: queries and keys with one scale per token. Mixtures: attention weights as unsigned
//! bytes, the largest of a row 255, times values less their mean over all tokens, with one scale
//! per channel. What is lost by rounding small weights to zero is thus credited to the mean value,
//! not to zero.
//!
//! The class token's own row is f32: heads read it of every layer, and one row of all is not worth
//! rounding.

use std::ops::Range;

use super::dimension::{InnerDimension, padded};
use super::functions::Functions;
use super::isa::{self, Isa, ROWS, TileSink};
use super::packing::{PER_WORD, Weights, pack_activations, pack_weights, place};
use super::quantized_activations::{QuantizedActivations, largest, symmetric};
use crate::simd::{F32x4, I32x4, LANES, QUAD, quad};

/// The highest code of an attention weight.
const TOP: f32 = 255.0;

/// A score that gives no weight.
const NEVER: f32 = f32::MIN;

/// The shape of one image's attention.
#[derive(Clone, Copy, Debug)]
pub(super) struct AttentionShape {
    /// Tokens that are attended to.
    pub(super) tokens: usize,
    /// Heads.
    pub(super) heads: usize,
    /// Values of a head.
    pub(super) head_width: usize,
}

/// Buffers of one head.
#[derive(Debug, Default)]
pub(super) struct AttentionScratch {
    row: Vec<f32>,
    queries: QuantizedActivations,
    keys: PackedOperand,
    values: PackedOperand,
    /// Means of the values over the tokens, `[channel]`.
    means: Vec<f32>,
    /// The scores of a tile of queries.
    scores: Vec<f32>,
    /// The attention weights of a tile, as the products read them.
    weights: Vec<u32>,
}

/// The second operand of a product, laid out as
/// [`PackedWeights`](super::packed_weights::PackedWeights) in a single group.
#[derive(Debug, Default)]
struct PackedOperand {
    words: Vec<Weights>,
    scales: Vec<f32>,
    starts: Vec<i32>,
}

impl PackedOperand {
    /// Room for `columns` columns of `length` values; the former content is lost.
    fn reset<I: Isa>(&mut self, _: I, columns: usize, length: usize) {
        let columns = columns.next_multiple_of(I::COLUMNS);
        self.words.resize(columns * length / PER_WORD, 0);
        self.scales.resize(columns, 0.0);
        self.starts.resize(columns, 0);
    }

    #[inline(always)]
    fn tile<I: Isa>(&self, _: I, tile: usize, length: usize) -> (&[Weights], &[f32], &[i32]) {
        let (words, first) = (I::COLUMNS * length / PER_WORD, tile * I::COLUMNS);
        (
            &self.words[tile * words..][..words],
            &self.scales[first..][..I::COLUMNS],
            &self.starts[first..][..I::COLUMNS],
        )
    }
}

/// Mixes the values of every head for the queries given, of which the first is the class token's:
/// `queries` and `out` are rows `[query, heads * head_width]`, `keys`, divided by the square root
/// of `head_width`, and `values` one row per token; all rows [`padded`].
#[inline(always)]
pub(super) fn attend<I: Isa>(
    isa: I,
    shape: AttentionShape,
    [queries, keys, values]: [&[f32]; 3],
    out: &mut [f32],
    scratch: &mut AttentionScratch,
) {
    let AttentionShape { tokens, heads, head_width } = shape;
    let stride = padded(heads * head_width);
    let count = queries.len() / stride;
    let inner = InnerDimension::whole(head_width);
    for head in 0..heads {
        let channels = head * head_width..(head + 1) * head_width;
        scratch.attend_class(isa, shape, channels.clone(), [queries, keys, values], out);
        if count == 1 {
            continue;
        }
        scratch.pack_queries(
            isa,
            inner,
            queries.chunks_exact(stride).skip(1).map(|row| &row[channels.clone()]),
        );
        scratch.pack_keys(
            isa,
            inner,
            tokens,
            keys.chunks_exact(stride).map(|row| &row[channels.clone()]),
        );
        scratch.pack_values(isa, shape, values, channels.start);
        for first in (0..count - 1).step_by(ROWS) {
            let rows = ROWS.min(count - 1 - first);
            scratch.score(isa, inner, first, rows, tokens);
            let totals = scratch.normalise(isa, rows, tokens);
            let out = &mut out[(1 + first) * stride + channels.start..];
            scratch.mix(isa, shape, &totals[..rows], out);
        }
    }
}

/// The inner dimension of the mixtures.
fn token_length(tokens: usize) -> usize {
    tokens.next_multiple_of(QUAD)
}

/// The length of a row of scores: whole tiles, and enough for the mixtures.
fn score_length<I: Isa>(_: I, tokens: usize) -> usize {
    tokens.next_multiple_of(I::COLUMNS).max(token_length(tokens))
}

impl AttentionScratch {
    /// What one head of the first query gathers, in f32.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn attend_class<I: Isa>(
        &mut self,
        isa: I,
        shape: AttentionShape,
        channels: Range<usize>,
        [queries, keys, values]: [&[f32]; 3],
        out: &mut [f32],
    ) {
        let stride = padded(shape.heads * shape.head_width);
        let width = channels.len();
        let query = &queries[channels.clone()];
        self.scores.resize(ROWS * score_length(isa, shape.tokens), 0.0);
        let scores = &mut self.scores[..token_length(shape.tokens)];
        scores[shape.tokens..].fill(NEVER);
        for (score, key) in scores.iter_mut().zip(keys.chunks_exact(stride)) {
            let key = &key[channels.clone()];
            let mut sum = F32x4::zero();
            for at in (0..width).step_by(LANES) {
                let live = LANES.min(width - at);
                sum = load(&query[at..], live).mul_add(load(&key[at..], live), sum, I::FUSED);
            }
            *score = sum.reduce_sum();
        }
        let share = 1.0 / softmax(isa, scores);
        self.row.clear();
        self.row.resize(padded(width), 0.0);
        let sums = &mut self.row.as_chunks_mut::<LANES>().0[..width.div_ceil(LANES)];
        for (weight, value) in scores[..shape.tokens].iter().zip(values.chunks_exact(stride)) {
            let weight = F32x4::splat(weight * share);
            let value = &value[channels.clone()];
            for (at, sums) in sums.iter_mut().enumerate() {
                let live = LANES.min(width - at * LANES);
                load(&value[at * LANES..], live)
                    .mul_add(weight, F32x4::load(sums), I::FUSED)
                    .store(sums);
            }
        }
        out[channels].copy_from_slice(&self.row[..width]);
        // What pads a head's row must be zero.
        self.row.fill(0.0);
    }

    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn pack_queries<'a, I: Isa>(
        &mut self,
        isa: I,
        inner: InnerDimension,
        rows: impl ExactSizeIterator<Item = &'a [f32]>,
    ) {
        self.row.resize(inner.length, 0.0);
        self.queries.reset(rows.len(), inner);
        for (row, values) in rows.enumerate() {
            fill(&mut self.row, values);
            self.queries.put(isa, inner, row, &self.row);
        }
    }

    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn pack_keys<'a, I: Isa>(
        &mut self,
        isa: I,
        inner: InnerDimension,
        tokens: usize,
        rows: impl Iterator<Item = &'a [f32]>,
    ) {
        self.keys.reset(isa, tokens, inner.length);
        let steps = inner.length / PER_WORD;
        for (token, values) in rows.enumerate() {
            fill(&mut self.row, values);
            let values = self.row.as_chunks::<LANES>().0;
            let largest = largest(values);
            let inverse = F32x4::splat(if largest > 0.0 { 127.0 / largest } else { 0.0 });
            let (tile, lane) = (token / I::COLUMNS, token % I::COLUMNS);
            let words = &mut self.keys.words[tile * steps * I::COLUMNS..][..steps * I::COLUMNS];
            let mut sum = I32x4::zero();
            for (values, words) in values
                .as_chunks::<4>()
                .0
                .iter()
                .zip(words.chunks_exact_mut(I::COLUMNS * QUAD / PER_WORD))
            {
                let codes = quad!(|at| symmetric(isa, F32x4::load(&values[at]), inverse));
                sum = sum + ((codes[0] + codes[1]) + (codes[2] + codes[3]));
                for (step, word) in pack_weights(codes).into_iter().enumerate() {
                    words[step * I::COLUMNS + lane] = word;
                }
            }
            let sum = sum.to_array().into_iter().sum::<i32>() - 128 * whole(inner.length);
            self.keys.scales[token] = largest / 127.0;
            self.keys.starts[token] = -isa::effective_zero(isa, 128) * sum;
        }
    }

    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn pack_values<I: Isa>(&mut self, isa: I, shape: AttentionShape, values: &[f32], first: usize) {
        let AttentionShape { tokens, heads, head_width } = shape;
        let (stride, length) = (padded(heads * head_width), token_length(tokens));
        self.values.reset(isa, head_width, length);
        self.means.resize(padded(head_width), 0.0);
        let tile_words = I::COLUMNS * length / PER_WORD;
        #[expect(clippy::cast_precision_loss, reason = "a few thousand tokens")]
        let share = F32x4::splat(1.0 / tokens as f32);
        for channel in (0..head_width).step_by(LANES) {
            let live = LANES.min(head_width - channel);
            let columns = &values[first + channel..];
            let (mut sum, mut above) = (F32x4::zero(), load(columns, live));
            let mut below = above;
            for token in 0..tokens {
                let values = load(&columns[token * stride..], live);
                sum = sum + values;
                (above, below) = (above.max(values), below.min(values));
            }
            let mean = sum * share;
            let mut scales = [0.0; LANES];
            (above - mean).max(mean - below).store(&mut scales);
            let inverse = scales.map(|largest| if largest > 0.0 { 127.0 / largest } else { 0.0 });
            let inverse = F32x4::load(&inverse);
            let mut total = I32x4::zero();
            let (tile, lane) = (channel / I::COLUMNS, channel % I::COLUMNS);
            let words = &mut self.values.words[tile * tile_words..][..tile_words];
            for (four, words) in words.chunks_exact_mut(I::COLUMNS * 4 / PER_WORD).enumerate() {
                let codes = quad!(|at| {
                    let word = four % 4 * (4 / PER_WORD) + at / PER_WORD;
                    let token = QUAD * (four / 4) + place(word, at % PER_WORD);
                    let value = if token < tokens {
                        load(&columns[token * stride..], live) - mean
                    } else {
                        F32x4::zero()
                    };
                    symmetric(isa, value, inverse)
                });
                total = total + ((codes[0] + codes[1]) + (codes[2] + codes[3]));
                let steps = pack_weights(codes);
                for (words, step) in
                    words.chunks_exact_mut(I::COLUMNS).zip(steps.as_chunks::<LANES>().0)
                {
                    words[lane..][..LANES].copy_from_slice(step);
                }
            }
            for (at, (scale, total)) in scales.into_iter().zip(total.to_array()).enumerate() {
                self.values.scales[channel + at] = scale / 127.0;
                self.values.starts[channel + at] =
                    -isa::effective_zero(isa, 0) * (total - 128 * whole(length));
            }
            if let Some(means) = self.means[channel..].first_chunk_mut() {
                mean.store(means);
            }
        }
    }

    /// The scores of a tile of queries, rows of `score_length`.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn score<I: Isa>(
        &mut self,
        isa: I,
        inner: InnerDimension,
        first: usize,
        rows: usize,
        tokens: usize,
    ) {
        let stride = score_length(isa, tokens);
        self.scores.resize(ROWS * stride, 0.0);
        let queries = self.queries.tile_group(inner, first / ROWS, 0);
        let row_scales = &self.queries.tile_scales(inner, first / ROWS)[0];
        for tile in 0..tokens.div_ceil(I::COLUMNS) {
            let (words, scales, starts) = self.keys.tile(isa, tile, inner.length);
            let mut scores = ScoreSink {
                row_scales,
                scales: scales.as_chunks::<LANES>().0,
                out: &mut self.scores[tile * I::COLUMNS..],
                stride,
            };
            isa::tile_product(isa, rows, queries, words, starts, &mut scores);
        }
    }

    /// Softmax of a tile's scores, the weights rounded; returns the sum of each row's weights in
    /// units of a code.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn normalise<I: Isa>(&mut self, isa: I, rows: usize, tokens: usize) -> [f32; ROWS] {
        let functions = Functions::new(isa);
        let length = token_length(tokens);
        self.weights.resize(ROWS * length / PER_WORD, 0);
        let mut sums = [0.0; ROWS];
        let all = self.scores.chunks_exact_mut(score_length(isa, tokens)).take(rows);
        for ((row, scores), sum) in all.enumerate().zip(&mut sums) {
            scores[tokens..].fill(NEVER);
            let scores = scores[..length].as_chunks::<LANES>().0;
            let highest = scores
                .iter()
                .fold(F32x4::splat(NEVER), |highest, scores| highest.max(F32x4::load(scores)));
            let highest = F32x4::splat(highest.reduce_max());
            let mut total = F32x4::zero();
            let lane = row % ROWS;
            let words = self.weights.as_chunks_mut::<{ ROWS * QUAD / PER_WORD }>().0;
            for (scores, words) in scores.as_chunks::<4>().0.iter().zip(words) {
                let weights = quad!(|at| functions.exp(F32x4::load(&scores[at]) - highest));
                total = total + (weights[0] + weights[1] + (weights[2] + weights[3]));
                let codes = quad!(|at| weights[at].quantize(F32x4::splat(TOP), 0.0, I::FUSED));
                for (step, word) in pack_activations(codes, isa.signed()).into_iter().enumerate() {
                    words[step * ROWS + lane] = word;
                }
            }
            *sum = total.reduce_sum() * TOP;
        }
        sums
    }

    /// Mixes the values by the weights of a tile's rows, whose sums are given, into `out`, which
    /// begins with the first row and channel.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn mix<I: Isa>(&self, isa: I, shape: AttentionShape, totals: &[f32], out: &mut [f32]) {
        let length = token_length(shape.tokens);
        let stride = padded(shape.heads * shape.head_width);
        let mut shares = [0.0; ROWS];
        for (share, total) in shares.iter_mut().zip(totals) {
            *share = 1.0 / total;
        }
        for (tile, channel) in (0..shape.head_width).step_by(I::COLUMNS).enumerate() {
            let (words, scales, starts) = self.values.tile(isa, tile, length);
            let mut mixed = MixtureSink {
                shares,
                scales: scales.as_chunks::<LANES>().0,
                means: self.means[channel..].as_chunks::<LANES>().0,
                live: shape.head_width - channel,
                out: &mut out[channel..],
                stride,
            };
            isa::tile_product(isa, totals.len(), &self.weights, words, starts, &mut mixed);
        }
    }
}

/// Sums of products of queries and keys to scores.
struct ScoreSink<'a> {
    /// Of the queries.
    row_scales: &'a [f32; ROWS],
    /// Of the keys.
    scales: &'a [[f32; LANES]],
    /// From the tile's first key on.
    out: &'a mut [f32],
    stride: usize,
}

impl TileSink for ScoreSink<'_> {
    #[inline(always)]
    fn accept<I: Isa>(&mut self, _: I, row: usize, sums: impl Iterator<Item = I32x4>) {
        let scale = F32x4::splat(self.row_scales[row]);
        let out = self.out[row * self.stride..][..I::COLUMNS].as_chunks_mut().0.iter_mut();
        for (out, (sums, scales)) in out.zip(sums.zip(self.scales)) {
            (F32x4::from_i32(sums) * scale * F32x4::load(scales)).store(out);
        }
    }
}

/// Sums of products of attention weights and values to mixtures.
struct MixtureSink<'a> {
    /// One over the sum of the weights of every row.
    shares: [f32; ROWS],
    /// Of the channels.
    scales: &'a [[f32; LANES]],
    /// What was taken off the channels' values.
    means: &'a [[f32; LANES]],
    /// Channels of the head from the tile's first on.
    live: usize,
    /// From the tile's first channel on.
    out: &'a mut [f32],
    stride: usize,
}

impl TileSink for MixtureSink<'_> {
    #[inline(always)]
    fn accept<I: Isa>(&mut self, _: I, row: usize, sums: impl Iterator<Item = I32x4>) {
        let share = F32x4::splat(self.shares[row]);
        let out = &mut self.out[row * self.stride..];
        let columns = self.scales.iter().zip(self.means).zip(sums).map(
            #[inline(always)]
            |((scales, means), sums)| {
                F32x4::from_i32(sums).mul_add(
                    share * F32x4::load(scales),
                    F32x4::load(means),
                    I::FUSED,
                )
            },
        );
        if self.live >= I::COLUMNS {
            let out = out[..I::COLUMNS].as_chunks_mut().0.iter_mut();
            out.zip(columns).for_each(|(out, mixed)| mixed.store(out));
        } else {
            // The next head's channels, or the padding, follow.
            for (out, mixed) in out[..self.live].chunks_mut(LANES).zip(columns) {
                out.copy_from_slice(&mixed.to_array()[..out.len()]);
            }
        }
    }
}

/// Replaces scores by powers of e, relative to the highest; returns their sum.
#[inline(always)]
fn softmax<I: Isa>(isa: I, scores: &mut [f32]) -> f32 {
    let functions = Functions::new(isa);
    let scores = scores.as_chunks_mut::<LANES>().0;
    let mut highest = F32x4::splat(NEVER);
    for scores in &*scores {
        highest = highest.max(F32x4::load(scores));
    }
    let highest = F32x4::splat(highest.reduce_max());
    let mut total = F32x4::zero();
    for scores in scores {
        let weights = functions.exp(F32x4::load(scores) - highest);
        total = total + weights;
        weights.store(scores);
    }
    total.reduce_sum()
}

/// The first `live` values, the rest zeros.
#[inline(always)]
fn load(values: &[f32], live: usize) -> F32x4 {
    match values.first_chunk::<LANES>() {
        Some(values) if live == LANES => F32x4::load(values),
        _ => {
            let mut padded = [0.0; LANES];
            padded[..live].copy_from_slice(&values[..live]);
            F32x4::load(&padded)
        }
    }
}

/// Copies `values` to the beginning of `row`, whose padding stays.
#[inline(always)]
fn fill(row: &mut [f32], values: &[f32]) {
    row[..values.len()].copy_from_slice(values);
}

#[inline(always)]
#[expect(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "a few thousand")]
fn whole(length: usize) -> i32 {
    length as i32
}
