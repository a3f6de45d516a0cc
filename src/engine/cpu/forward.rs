//! The forward pass.

use super::attention::{self, AttentionScratch};
use super::dimension::padded;
use super::features::FeatureCollector;
use super::functions::Functions;
use super::isa::{Isa, Kernel, ROWS};
use super::norm::LayerNorm;
use super::product::{PackedLinear, Target};
use super::quantized_activations::Preparation;
use super::quantized_rows::QuantizedRows;
use super::rotation::rotates;
use super::tower::{CpuLayer, CpuTower};
use crate::clip::{Activation, Pool};
use crate::simd::{F32x4, LANES};

/// Rows that go through a product together: few enough that their activations stay in the
/// second-level cache, many enough that weights are read seldom. A multiple of [`ROWS`].
const MAX_BLOCK_ROWS: usize = 11 * ROWS;

/// The buffers of a forward pass, kept from one to the next.
#[derive(Debug, Default)]
pub(super) struct Workspace {
    /// The residual stream.
    stream: Vec<f32>,
    queries: Vec<f32>,
    keys: Vec<f32>,
    values: Vec<f32>,
    mixed: Vec<f32>,
    hidden: Vec<f32>,
    row: Vec<f32>,
    quantized: QuantizedRows,
    scratch: AttentionScratch,
}

/// Encodes a batch of images.
pub(super) struct Forward<'a> {
    pub(super) tower: &'a CpuTower,
    /// `[batch, 3, side, side]`.
    pub(super) pixels: &'a [f32],
    pub(super) workspace: &'a mut Workspace,
    pub(super) collector: &'a mut FeatureCollector,
}

impl Kernel for Forward<'_> {
    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let Self { tower, pixels, workspace, collector } = self;
        let config = &tower.config;
        let batch = collector.batch();
        workspace.embed(isa, tower, pixels, batch);
        let mut tokens = config.tokens();
        for (index, layer) in tower.layers.iter().enumerate() {
            let narrow = index + 1 == config.layers && only_class_tokens(tower);
            workspace.attend(isa, tower, layer, batch, narrow);
            if narrow {
                workspace.keep_class_tokens(padded(config.width), tokens);
                tokens = 1;
            }
            collector.heads(tower, index, &workspace.mixed, tokens);
            workspace.transform(isa, layer, config.activation, tokens);
            collector.pool(tower, index + 1, &workspace.stream, tokens);
        }
        collector.inverse_deviations(tower, &workspace.stream, tokens);
        workspace.norm(isa, &tower.norm);
        collector.pool(tower, config.layers + 1, &workspace.stream, tokens);
        collector.embed(tower, &workspace.stream, tokens);
    }
}

/// Whether only class tokens are read of the last layer.
fn only_class_tokens(tower: &CpuTower) -> bool {
    let features = &tower.features;
    let reads_last = features.layers.iter().any(|layer| *layer >= tower.config.layers);
    !reads_last || features.pools.iter().all(|pool| *pool == Pool::Class)
}

/// Splits `rows` into blocks of about the same size, each a multiple of [`ROWS`] but the last.
fn block_rows(rows: usize) -> usize {
    rows.div_ceil(rows.div_ceil(MAX_BLOCK_ROWS).max(1)).next_multiple_of(ROWS)
}

impl Workspace {
    /// Pixels to tokens, positions added.
    #[inline(always)]
    fn embed<I: Isa>(&mut self, isa: I, tower: &CpuTower, pixels: &[f32], batch: usize) {
        let config = &tower.config;
        let (width, stride, tokens, patch) =
            (config.width, padded(config.width), config.tokens(), config.patch_size);
        let (side, grid) = (config.image_size, config.grid());
        let inner = tower.patch_embedding.matrix.inner;
        self.stream.clear();
        self.stream.resize(batch * tokens * stride, 0.0);
        self.row.clear();
        self.row.resize(inner.length, 0.0);
        for (image, stream) in self.stream.chunks_exact_mut(tokens * stride).enumerate() {
            let pixels = &pixels[image * 3 * side * side..][..3 * side * side];
            for (row, position) in
                stream.chunks_exact_mut(stride).zip(tower.positions.chunks_exact(width))
            {
                row[..width].copy_from_slice(position);
            }
            stream.iter_mut().zip(&tower.class_token).for_each(|(value, class)| *value += class);
            let block = block_rows(grid * grid);
            for first in (0..grid * grid).step_by(block) {
                let count = block.min(grid * grid - first);
                self.quantized.begin(&tower.patch_embedding, count, false);
                for row in 0..count {
                    let (top, left) = ((first + row) / grid * patch, (first + row) % grid * patch);
                    // Channel, y, x, like the kernels of published files.
                    for (line, out) in self.row.chunks_exact_mut(patch).take(3 * patch).enumerate()
                    {
                        let start = (line / patch * side + top + line % patch) * side + left;
                        out.copy_from_slice(&pixels[start..][..patch]);
                    }
                    self.row[3 * patch * patch..].fill(0.0);
                    self.quantized.put(isa, row, &mut self.row, Preparation::Shift);
                }
                self.quantized.finish(isa);
                let out = &mut stream[(1 + first) * stride..];
                self.quantized.multiply(isa, &tower.patch_embedding, out, Target::Add);
            }
        }
        if let Some(norm) = &tower.pre_norm {
            self.norm(isa, norm);
        }
    }

    /// The layer norm of the whole stream, in place.
    #[inline(always)]
    fn norm<I: Isa>(&mut self, isa: I, norm: &LayerNorm) {
        for row in self.stream.chunks_exact_mut(padded(norm.width)) {
            self.row.clear();
            self.row.extend_from_slice(row);
            norm.apply(isa, &self.row, row);
        }
    }

    /// What every head gathers, into `mixed`: for all tokens, or for class tokens only.
    #[inline(always)]
    fn attend<I: Isa>(
        &mut self,
        isa: I,
        tower: &CpuTower,
        layer: &CpuLayer,
        batch: usize,
        narrow: bool,
    ) {
        let shape = tower.attention;
        let stride = padded(tower.config.width);
        let rows = batch * shape.tokens;
        let query_rows = if narrow { batch } else { rows };
        for (buffer, rows) in [
            (&mut self.queries, query_rows),
            (&mut self.keys, rows),
            (&mut self.values, rows),
            (&mut self.mixed, query_rows),
        ] {
            buffer.resize(rows * stride, 0.0);
        }
        let block = block_rows(shape.tokens);
        for image in 0..batch {
            let start = image * shape.tokens;
            for first in (start..start + shape.tokens).step_by(block) {
                let count = block.min(start + shape.tokens - first);
                let here = first * stride..(first + count) * stride;
                self.quantize_normed(isa, &layer.norm1, &layer.keys, here.clone(), first == start);
                self.quantized.multiply(
                    isa,
                    &layer.keys,
                    &mut self.keys[here.clone()],
                    Target::Store,
                );
                self.quantized.multiply(
                    isa,
                    &layer.values,
                    &mut self.values[here.clone()],
                    Target::Store,
                );
                if !narrow {
                    self.quantized.multiply(
                        isa,
                        &layer.queries,
                        &mut self.queries[here],
                        Target::Store,
                    );
                }
            }
            if narrow {
                let first = start * stride;
                self.quantize_normed(
                    isa,
                    &layer.norm1,
                    &layer.queries,
                    first..first + stride,
                    true,
                );
                let out = &mut self.queries[image * stride..][..stride];
                self.quantized.multiply(isa, &layer.queries, out, Target::Store);
            }
        }
        let (per_image, queries_per_image) = (shape.tokens * stride, query_rows / batch * stride);
        let keys_and_values =
            self.keys.chunks_exact(per_image).zip(self.values.chunks_exact(per_image));
        let queries = self.queries.chunks_exact(queries_per_image);
        let mixed = self.mixed.chunks_exact_mut(queries_per_image);
        for ((queries, mixed), (keys, values)) in queries.zip(mixed).zip(keys_and_values) {
            attention::attend(isa, shape, [queries, keys, values], mixed, &mut self.scratch);
        }
    }

    /// Layer norm of some rows of the stream, quantized for `linear` and others of its kind.
    #[inline(always)]
    fn quantize_normed<I: Isa>(
        &mut self,
        isa: I,
        norm: &LayerNorm,
        linear: &PackedLinear,
        rows: std::ops::Range<usize>,
        class: bool,
    ) {
        let stride = padded(norm.width);
        self.quantized.begin(linear, rows.len() / stride, class);
        self.row.resize(stride, 0.0);
        let preparation = if rotates(norm.width) { Preparation::Rotate } else { Preparation::None };
        for (row, values) in self.stream[rows].chunks_exact(stride).enumerate() {
            norm.apply(isa, values, &mut self.row);
            self.quantized.put(isa, row, &mut self.row, preparation);
        }
        self.quantized.finish(isa);
    }

    /// Leaves only the first of every image's `tokens` rows.
    fn keep_class_tokens(&mut self, stride: usize, tokens: usize) {
        let images = self.stream.len() / (tokens * stride);
        for image in 0..images {
            let start = image * tokens * stride;
            self.stream.copy_within(start..start + stride, image * stride);
        }
        self.stream.truncate(images * stride);
    }

    /// The rest of a layer: `stream += output(mixed)`, then `stream += mlp(norm2(stream))`;
    /// `tokens` rows per image.
    #[inline(always)]
    fn transform<I: Isa>(
        &mut self,
        isa: I,
        layer: &CpuLayer,
        activation: Activation,
        tokens: usize,
    ) {
        let stride = padded(layer.norm2.width);
        let hidden_stride = padded(layer.fc1.matrix.columns);
        let rows = self.stream.len() / stride;
        let block = block_rows(tokens);
        let rotation =
            if rotates(layer.fc1.matrix.columns) { Preparation::Rotate } else { Preparation::None };
        for start in (0..rows).step_by(tokens) {
            for first in (start..start + tokens).step_by(block) {
                let count = block.min(start + tokens - first);
                let here = first * stride..(first + count) * stride;
                let class = first == start;
                self.quantized.begin(&layer.output, count, class);
                for (row, values) in self.mixed[here.clone()].chunks_exact_mut(stride).enumerate() {
                    self.quantized.put(isa, row, values, Preparation::None);
                }
                self.quantized.finish(isa);
                self.quantized.multiply(
                    isa,
                    &layer.output,
                    &mut self.stream[here.clone()],
                    Target::Add,
                );
                self.quantize_normed(isa, &layer.norm2, &layer.fc1, here.clone(), class);
                self.hidden.resize(count * hidden_stride, 0.0);
                self.quantized.multiply(isa, &layer.fc1, &mut self.hidden, Target::Store);
                self.quantized.begin(&layer.fc2, count, class);
                for (row, values) in self.hidden.chunks_exact_mut(hidden_stride).enumerate() {
                    activate(isa, values, activation);
                    self.quantized.put(isa, row, values, rotation);
                }
                self.quantized.finish(isa);
                self.quantized.multiply(isa, &layer.fc2, &mut self.stream[here], Target::Add);
            }
        }
    }
}

#[cfg_attr(target_arch = "wasm32", inline(never))]
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn activate<I: Isa>(isa: I, values: &mut [f32], activation: Activation) {
    let functions = Functions::new(isa);
    let values = values.as_chunks_mut::<LANES>().0;
    // Loops, not iterators' closures: see `Kernel`.
    match activation {
        Activation::Gelu => {
            for values in values {
                functions.gelu(F32x4::load(values)).store(values);
            }
        }
        Activation::QuickGelu => {
            for values in values {
                functions.quick_gelu(F32x4::load(values)).store(values);
            }
        }
    }
}
