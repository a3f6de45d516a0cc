//! The buffers that activations pass through.

use super::device::{Gpu, Reports};
use super::kernels::{Family, RowFormat, stride};
use super::layers::Kernels;
use super::patches::patch_values;
use crate::clip::{Pool, VisionConfig};

/// The buffers of activations, for batches of up to `capacity` images.
#[derive(Debug)]
pub(super) struct Arena {
    pub(super) capacity: usize,
    pub(super) patches: wgpu::Buffer,
    /// The residual stream after a layer, and between the halves of a layer.
    pub(super) tokens: wgpu::Buffer,
    pub(super) middle: wgpu::Buffer,
    /// The class tokens after the last layer, where nothing else is wanted of it.
    pub(super) last: wgpu::Buffer,
    pub(super) normed: wgpu::Buffer,
    pub(super) qkv: wgpu::Buffer,
    pub(super) context: wgpu::Buffer,
    pub(super) hidden: wgpu::Buffer,
    pub(super) scores: Option<wgpu::Buffer>,
    /// Layers that are pooled, as many to a buffer as a binding may hold.
    pub(super) kept: Vec<wgpu::Buffer>,
    /// The tokens after the final norm, where they are pooled.
    pub(super) normed_last: Option<wgpu::Buffer>,
    /// The embeddings, then the features.
    pub(super) output: wgpu::Buffer,
}

/// Sizes in bytes that an encoder's buffers have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    /// f32 rows of all tokens of an image.
    pub(super) stream: usize,
    /// Layers that are kept for pooling, and how many of them fit a binding.
    pub(super) kept: usize,
    pub(super) kept_together: usize,
    pub(super) capacity: usize,
}

/// Offsets of bindings are multiples of this on every device.
const ALIGNMENT: usize = 256;

impl Kernels {
    /// Whether the last layer's other tokens than the class token are of no use.
    pub(super) fn class_only(&self) -> bool {
        let layers = self.config.layers;
        let pooled = self.features.layers.iter().any(|layer| *layer >= layers);
        !pooled || self.features.pools.iter().all(|pool| *pool == Pool::Class)
    }

    /// Layers whose whole residual stream is kept for pooling.
    fn kept_layers(&self) -> usize {
        let end = self.config.layers + usize::from(!self.class_only());
        self.features.layers.iter().filter(|layer| **layer < end).count()
    }

    fn pools_final_norm(&self) -> bool {
        self.features.layers.last().is_some_and(|layer| *layer > self.config.layers)
    }

    /// Floats of an embedding, padded.
    pub(super) fn embedding_stride(&self) -> usize {
        stride(self.config.embedding_width())
    }

    /// Floats of the output for `batch` images, and where the features begin.
    pub(super) fn output_floats(&self, batch: usize) -> (usize, usize) {
        let features = (batch * self.embedding_stride()).next_multiple_of(ALIGNMENT / 4);
        (features + batch * self.features.width(&self.config), features)
    }

    /// Sizes for batches of up to `wanted` images, fewer where a buffer would exceed `limit`; none
    /// where not even one image fits.
    pub(super) fn sizes(&self, wanted: usize, limit: usize) -> Option<Sizes> {
        let VisionConfig { width, mlp_width, heads, .. } = self.config;
        let tokens = self.config.tokens();
        let operand = self.family.operand();
        let scores = if self.family == Family::Registers {
            heads * self.attention().scores() * 4
        } else {
            0
        };
        let widest = [
            RowFormat::F32.bytes(width),
            operand.bytes(patch_values(&self.config)),
            operand.bytes(3 * width),
            operand.bytes(mlp_width),
            scores,
        ];
        let image = tokens * widest.into_iter().max().unwrap_or(1);
        let output = self.output_floats(1).0 * 4 + ALIGNMENT;
        let capacity = wanted.min(limit / image).min(limit / output);
        let stream = (capacity * tokens * RowFormat::F32.bytes(width)).next_multiple_of(ALIGNMENT);
        let kept_together = limit / stream.max(1);
        (capacity > 0 && kept_together > 0).then_some(Sizes {
            stream,
            kept: self.kept_layers(),
            kept_together,
            capacity,
        })
    }
}

impl Arena {
    /// Creates the buffers.
    pub(super) fn new(gpu: &Gpu, kernels: &Kernels, sizes: Sizes, reports: &mut Reports) -> Self {
        let VisionConfig { width, mlp_width, heads, .. } = kernels.config;
        let Sizes { capacity, stream, kept, kept_together } = sizes;
        let operand = kernels.family.operand();
        let rows = capacity * kernels.config.tokens();
        gpu.watch(reports, |device| {
            let buffer = |bytes: usize, usage: wgpu::BufferUsages| {
                device.create_buffer(&wgpu::BufferDescriptor {
                    label: None,
                    size: bytes as u64,
                    usage: wgpu::BufferUsages::STORAGE | usage,
                    mapped_at_creation: false,
                })
            };
            let inner = |bytes| buffer(bytes, wgpu::BufferUsages::empty());
            Self {
                capacity,
                patches: buffer(
                    rows * operand.bytes(patch_values(&kernels.config)),
                    wgpu::BufferUsages::COPY_DST,
                ),
                tokens: inner(stream),
                middle: inner(stream),
                last: inner(capacity * RowFormat::F32.bytes(width)),
                normed: inner(rows * operand.bytes(width)),
                qkv: inner(rows * operand.bytes(3 * width)),
                context: inner(rows * operand.bytes(width)),
                hidden: inner(rows * operand.bytes(mlp_width)),
                scores: (kernels.family == Family::Registers)
                    .then(|| inner(rows * heads * kernels.attention().scores() * 4)),
                kept: (0..kept)
                    .step_by(kept_together)
                    .map(|first| inner((kept - first).min(kept_together) * stream))
                    .collect(),
                normed_last: kernels.pools_final_norm().then(|| inner(stream)),
                output: buffer(kernels.output_floats(capacity).0 * 4, wgpu::BufferUsages::COPY_SRC),
            }
        })
    }
}
