//! What is read off the residual stream.

use super::builder::Tower;
use super::packed::padded;
use crate::clip::Pool;
use crate::engine::Encoding;

/// Collects pooled tokens layer by layer.
pub(super) struct Collector {
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

impl Collector {
    pub(super) fn new(tower: &Tower, batch: usize) -> Self {
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

    /// Takes the pooled tokens of layer `layer` if they are asked for; `stream` holds `tokens` rows an image.
    #[inline(always)]
    pub(super) fn pool(&mut self, tower: &Tower, layer: usize, stream: &[f32], tokens: usize) {
        let spec = &tower.features;
        if !spec.layers.contains(&layer) {
            return;
        }
        let width = tower.config.width;
        let stride = padded(width);
        for (image, rows) in stream.chunks_exact(tokens * stride).enumerate() {
            let out = &mut self.features[image * self.width + self.next..][..spec.pools.len() * width];
            let (class, patches) = rows.split_at(stride);
            for (pool, out) in spec.pools.iter().zip(out.chunks_exact_mut(width)) {
                match pool {
                    Pool::Class | Pool::MlpInputClass => out.copy_from_slice(&class[..width]),
                    Pool::Mean => mean(patches, stride, out),
                    Pool::Std => deviation(patches, stride, out),
                }
            }
        }
        self.next += spec.pools.len() * width;
    }

    /// Adds what the named heads of layer `layer` (from 0) write into the class tokens; `mixed` holds what all heads gather,
    /// `tokens` rows an image.
    pub(super) fn heads(&mut self, tower: &Tower, layer: usize, mixed: &[f32], tokens: usize) {
        let Tower { config, features, layers, .. } = tower;
        let Some(output) = &layers[layer].output_values else { return };
        let (width, head_width) = (config.width, config.width / config.heads);
        let images = mixed.chunks_exact(tokens * padded(width));
        for (mixed, written) in images.zip(self.written.chunks_exact_mut(width)) {
            for head in features.heads.iter().filter(|head| *head / config.heads == layer) {
                let channels = head % config.heads * head_width..(head % config.heads + 1) * head_width;
                for (written, weights) in written.iter_mut().zip(output.chunks_exact(width)) {
                    *written += dot(&weights[channels.clone()], &mixed[channels.clone()]);
                }
            }
        }
    }

    /// Notes by what the final norm will divide the class tokens of `stream`.
    pub(super) fn inverse_deviations(&mut self, tower: &Tower, stream: &[f32], tokens: usize) {
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

    /// Takes the embeddings, and what the named heads add to them, from the stream after the final norm.
    pub(super) fn embed(&mut self, tower: &Tower, stream: &[f32], tokens: usize) {
        let Tower { config, norm, features, .. } = tower;
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
                self.features[image * self.width + self.next..][..effect.len()].copy_from_slice(&effect);
            }
        }
    }
}

/// Appends the projection of one row, or the row itself where there is none.
fn project(tower: &Tower, row: &[f32], with_bias: bool, out: &mut Vec<f32>) {
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

/// Sums in eight lanes, which the compiler may keep in vectors.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a, a_rest) = a.as_chunks::<8>();
    let (b, b_rest) = b.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for (a, b) in a.iter().zip(b) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f32>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f32>()
}

fn centred(row: &[f32]) -> Vec<f32> {
    let mean = row.iter().sum::<f32>() / count(row.len());
    row.iter().map(|value| value - mean).collect()
}

/// The mean of rows of `stride`, of which the first `out.len()` values count.
#[inline(always)]
fn mean(rows: &[f32], stride: usize, out: &mut [f32]) {
    out.fill(0.0);
    for row in rows.chunks_exact(stride) {
        for (sum, value) in out.iter_mut().zip(row) {
            *sum += value;
        }
    }
    let share = 1.0 / count(rows.len() / stride);
    out.iter_mut().for_each(|sum| *sum *= share);
}

/// The biased standard deviation, likewise.
#[inline(always)]
fn deviation(rows: &[f32], stride: usize, out: &mut [f32]) {
    let mut means = vec![0.0; out.len()];
    mean(rows, stride, &mut means);
    out.fill(0.0);
    for row in rows.chunks_exact(stride) {
        for ((sum, value), mean) in out.iter_mut().zip(row).zip(&means) {
            let centred = value - mean;
            *sum += centred * centred;
        }
    }
    let share = 1.0 / count(rows.len() / stride);
    out.iter_mut().for_each(|sum| *sum = (*sum * share).sqrt());
}
