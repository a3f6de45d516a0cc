//! What is read off the residual stream.

use super::dimension::{PADDING, padded};
use super::tower::CpuTower;
use crate::clip::Pool;
use crate::engine::Encoding;
use crate::simd::{F32x4, LANES};

/// Collects pooled tokens layer by layer.
pub(super) struct FeatureCollector {
    batch: usize,
    /// `[batch, FeatureSpec::width]`.
    features: Vec<f32>,
    /// Features of an image.
    width: usize,
    /// Where the next pooled token goes.
    next: usize,
    /// What the named heads have written into every class token, `[batch, width]`.
    written: Vec<f32>,
    /// One over the deviation that the final norm divides every class token by.
    inverse: Vec<f32>,
    /// `[batch, embedding_width]`.
    embedding: Vec<f32>,
}

impl FeatureCollector {
    pub(super) fn new(tower: &CpuTower, batch: usize) -> Self {
        let width = tower.features.width(&tower.config);
        let written = if tower.features.heads.is_empty() { 0 } else { batch * tower.config.width };
        Self {
            batch,
            features: vec![0.0; batch * width],
            width,
            next: 0,
            written: vec![0.0; written],
            inverse: Vec::new(),
            embedding: Vec::with_capacity(batch * tower.config.embedding_width()),
        }
    }

    /// Images in the batch.
    pub(super) fn batch(&self) -> usize {
        self.batch
    }

    /// What was collected.
    pub(super) fn finish(self) -> Encoding {
        Encoding { features: self.features, embedding: self.embedding }
    }

    /// Takes the pooled tokens of layer `layer` if they are asked for; `stream` holds `tokens` rows
    /// an image.
    #[inline(always)]
    pub(super) fn pool(&mut self, tower: &CpuTower, layer: usize, stream: &[f32], tokens: usize) {
        let spec = &tower.features;
        if !spec.layers.contains(&layer) {
            return;
        }
        let width = tower.config.width;
        let stride = padded(width);
        for (image, rows) in stream.chunks_exact(tokens * stride).enumerate() {
            let out =
                &mut self.features[image * self.width + self.next..][..spec.pools.len() * width];
            let (class, patches) = rows.split_at(stride);
            let averages = spec.pools.iter().any(|pool| matches!(pool, Pool::Mean | Pool::Std));
            let means = if averages { means(patches, stride) } else { Vec::new() };
            for (pool, out) in spec.pools.iter().zip(out.chunks_exact_mut(width)) {
                match pool {
                    Pool::Class | Pool::MlpInputClass => out.copy_from_slice(&class[..width]),
                    Pool::Mean => out.copy_from_slice(&means[..width]),
                    Pool::Std => {
                        let variances = variances(patches, stride, &means);
                        out.iter_mut()
                            .zip(variances)
                            .for_each(|(out, variance)| *out = variance.sqrt());
                    }
                }
            }
        }
        self.next += spec.pools.len() * width;
    }

    /// Adds what the named heads of layer `layer` (from 0) write into the class tokens; `mixed`
    /// holds what all heads gather, `tokens` rows per image.
    pub(super) fn heads(&mut self, tower: &CpuTower, layer: usize, mixed: &[f32], tokens: usize) {
        let CpuTower { config, features, layers, .. } = tower;
        let Some(output) = &layers[layer].output_values else { return };
        let (width, head_width) = (config.width, config.width / config.heads);
        let images = mixed.chunks_exact(tokens * padded(width));
        for (mixed, written) in images.zip(self.written.chunks_exact_mut(width)) {
            for head in features.heads.iter().filter(|head| *head / config.heads == layer) {
                let channels =
                    head % config.heads * head_width..(head % config.heads + 1) * head_width;
                for (written, weights) in written.iter_mut().zip(output.chunks_exact(width)) {
                    *written += dot(&weights[channels.clone()], &mixed[channels.clone()]);
                }
            }
        }
    }

    /// Notes by what the final norm will divide the class tokens of `stream`.
    pub(super) fn inverse_deviations(&mut self, tower: &CpuTower, stream: &[f32], tokens: usize) {
        let width = tower.config.width;
        let epsilon = tower.norm.epsilon;
        self.inverse = stream
            .chunks_exact(tokens * padded(width))
            .map(|rows| {
                let centred = centred(&rows[..width]);
                (dot(&centred, &centred) / count(width) + epsilon).sqrt().recip()
            })
            .collect();
    }

    /// Takes the embeddings, and what the named heads add to them, from the stream after the final
    /// norm.
    pub(super) fn embed(&mut self, tower: &CpuTower, stream: &[f32], tokens: usize) {
        let CpuTower { config, norm, features, .. } = tower;
        let width = config.width;
        for (image, rows) in stream.chunks_exact(tokens * padded(width)).enumerate() {
            project(tower, &rows[..width], true, &mut self.embedding);
            if !features.heads.is_empty() {
                let mut direct = centred(&self.written[image * width..][..width]);
                direct
                    .iter_mut()
                    .zip(&norm.gain)
                    .for_each(|(value, gain)| *value *= self.inverse[image] * gain);
                let mut effect = Vec::with_capacity(config.embedding_width());
                project(tower, &direct, false, &mut effect);
                self.features[image * self.width + self.next..][..effect.len()]
                    .copy_from_slice(&effect);
            }
        }
    }
}

/// Appends the projection of one row, or the row itself where there is none.
fn project(tower: &CpuTower, row: &[f32], with_bias: bool, out: &mut Vec<f32>) {
    let Some(projection) = &tower.projection else {
        out.extend_from_slice(row);
        return;
    };
    let start = out.len();
    out.extend(projection.weight.chunks_exact(row.len()).map(|weights| dot(weights, row)));
    if let Some(bias) = projection.bias.as_ref().filter(|_| with_bias) {
        out[start..].iter_mut().zip(bias).for_each(|(value, bias)| *value += bias);
    }
}

#[expect(clippy::cast_precision_loss, reason = "a few thousand")]
fn count(number: usize) -> f32 {
    number as f32
}

/// Sums in eight lanes.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a, a_rest) = a.as_chunks::<LANES>();
    let (b, b_rest) = b.as_chunks::<LANES>();
    let (a_pairs, b_pairs) = (a.as_chunks::<2>(), b.as_chunks::<2>());
    let product = |a, b| F32x4::load(a) * F32x4::load(b);
    let mut sums = [F32x4::zero(); 2];
    for ([a, c], [b, d]) in a_pairs.0.iter().zip(b_pairs.0) {
        sums = [sums[0] + product(a, b), sums[1] + product(c, d)];
    }
    for (a, b) in a_pairs.1.iter().zip(b_pairs.1) {
        sums[0] = sums[0] + product(a, b);
    }
    let [even, odd] = sums.map(F32x4::to_array);
    even.iter().chain(&odd).sum::<f32>()
        + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f32>()
}

fn centred(row: &[f32]) -> Vec<f32> {
    let mean = row.iter().sum::<f32>() / count(row.len());
    row.iter().map(|value| value - mean).collect()
}

/// Columns that are averaged at a time, in eight registers.
const COLUMNS: usize = 8 * LANES;

const _: () = assert!(PADDING.is_multiple_of(COLUMNS));

/// The mean over rows of `stride` of what `term` makes of the values of every column. It is told
/// where the values lie: the block of [`COLUMNS`], and the register in it.
#[inline(always)]
fn columns(rows: &[f32], stride: usize, term: impl Fn(usize, usize, F32x4) -> F32x4) -> Vec<f32> {
    let mut out = vec![0.0; stride];
    let share = F32x4::splat(1.0 / count(rows.len() / stride));
    for (block, out) in out.as_chunks_mut::<COLUMNS>().0.iter_mut().enumerate() {
        let mut sums = [F32x4::zero(); 8];
        for row in rows.chunks_exact(stride) {
            let values = row[block * COLUMNS..][..COLUMNS].as_chunks().0;
            for (at, (sum, values)) in sums.iter_mut().zip(values).enumerate() {
                *sum = *sum + term(block, at, F32x4::load(values));
            }
        }
        for (sum, out) in sums.into_iter().zip(out.as_chunks_mut().0) {
            (sum * share).store(out);
        }
    }
    out
}

/// Means of whole rows of `stride`, padding and all.
fn means(rows: &[f32], stride: usize) -> Vec<f32> {
    columns(rows, stride, |_, _, value| value)
}

/// Biased variances, likewise.
fn variances(rows: &[f32], stride: usize, means: &[f32]) -> Vec<f32> {
    let means = means.as_chunks::<COLUMNS>().0;
    columns(rows, stride, |block, at, value| {
        let centred = value - F32x4::load(&means[block].as_chunks().0[at]);
        centred * centred
    })
}
