//! The GPU engine: the vision transformer as WGSL kernels on wgpu. In browsers that is WebGPU,
//! natively Vulkan, Metal or DX12.
//!
//! A forward pass is one submission: 7 dispatches per layer (layer norm; queries, keys and values;
//! attention; its output; layer norm; the two halves of the MLP) and a handful around them, all
//! prepared once for each batch size, and one read back. Matrices stay as they are stored, in 8 or
//! 4 bits or in floating point, and are dequantised in registers. Where nothing but the class token
//! is wanted of the last layer, only that is computed.
//!
//! The kernels come in families for kinds of adapters, see `kernels`. `clip::VisionTower` on burn
//! is the definition that they are tested against.

mod arena;
mod device;
mod kernels;
mod layers;
mod patches;
mod plan;
#[cfg(test)]
mod tests;
mod weights;
mod work;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

pub use device::{Gpu, open};

use super::Encoding;
use crate::clip::{FeatureSpec, TensorSpec, VisionConfig};
use crate::weights::StoredTensor;
use crate::{Error, ErrorKind, Result};
use arena::{Arena, Sizes};
use device::Reports;
use kernels::{Family, Kernel, MAX_HEAD, RowFormat};
use layers::{GpuTower, Kernels, Pipelines, TowerAssembly};
use plan::{Planner, Step};

/// Images of one submission; more are encoded in turn. Beyond this the GPU's work grows with the
/// batch, and so does the memory for activations.
const MAX_BATCH: usize = 8;

/// An encoder under construction.
#[derive(Debug)]
pub struct Builder {
    gpu: Gpu,
    kernels: Kernels,
    pipelines: Pipelines,
    assembly: TowerAssembly,
    reports: Reports,
    /// The most that one binding may hold, in bytes.
    limit: usize,
}

/// An image encoder on a GPU.
#[derive(Debug)]
pub struct GpuEncoder {
    gpu: Gpu,
    kernels: Kernels,
    tower: GpuTower,
    limit: usize,
    state: Mutex<State>,
}

/// A forward pass that the GPU has been given.
#[derive(Debug)]
pub struct Pass {
    output: wgpu::Buffer,
    reports: Reports,
    batch: usize,
}

/// What depends on the batches that have come so far.
#[derive(Debug, Default)]
struct State {
    arena: Option<(Arena, Sizes)>,
    plans: HashMap<usize, Arc<[Step]>>,
    /// Buffers to read results from that no pass is using, each for a whole batch.
    idle: Vec<wgpu::Buffer>,
    /// The patches on their way to the GPU.
    patches: Vec<u32>,
}

impl GpuEncoder {
    /// Begins an encoder of this architecture that gives these features, and compiles what does not
    /// depend on the weights.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`] for an invalid architecture or features;
    /// [`ErrorKind::Unsupported`] for features that name attention heads, which only the other
    /// engines compute; [`ErrorKind::DeviceLost`] for heads that are too wide for the workgroup
    /// memory of GPUs.
    pub fn builder(gpu: &Gpu, config: &VisionConfig, features: &FeatureSpec) -> Result<Builder> {
        let limits = gpu.device().limits();
        let limit = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let family = Family::choose(gpu.software(), gpu.half(), config.width / config.heads.max(1));
        Builder::new(gpu, config, features, family, limit)
    }

    /// Encodes normalised pixels, `[batch, 3, image_size, image_size]`.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] when there are not `batch` images; [`ErrorKind::DeviceLost`] when
    /// the GPU has too little memory or does not answer.
    pub async fn encode(&self, pixels: &[f32], batch: usize) -> Result<Encoding> {
        let image = self.check_pixels(pixels, batch)?;
        let config = &self.kernels.config;
        let mut encoding = Encoding {
            features: Vec::with_capacity(batch * self.kernels.features.width(config)),
            embedding: Vec::with_capacity(batch * config.embedding_width()),
        };
        for pixels in pixels.chunks(self.max_batch()? * image) {
            let pass = self.submit(pixels, pixels.len() / image)?;
            self.read(pass, &mut encoding).await?;
        }
        Ok(encoding)
    }

    /// Images that one pass takes.
    ///
    /// # Errors
    /// [`ErrorKind::DeviceLost`] when the GPU's buffers are too small for any.
    pub fn max_batch(&self) -> Result<usize> {
        self.sizes(MAX_BATCH).map(|sizes| sizes.capacity)
    }

    /// The first half of [`encode`](Self::encode), for at most [`max_batch`](Self::max_batch)
    /// images: all of a pass that the CPU has to do.
    ///
    /// # Errors
    /// As [`encode`](Self::encode).
    pub fn begin(&self, pixels: &[f32], batch: usize) -> Result<Pass> {
        self.check_pixels(pixels, batch)?;
        let most = self.max_batch()?;
        if batch > most {
            return Err(Error::new(
                ErrorKind::Argument,
                format!("a pass takes at most {most} images"),
            ));
        }
        self.submit(pixels, batch)
    }

    /// The second half: waits for the GPU.
    ///
    /// # Errors
    /// As [`encode`](Self::encode).
    pub async fn finish(&self, pass: Pass) -> Result<Encoding> {
        let mut encoding = Encoding { features: Vec::new(), embedding: Vec::new() };
        self.read(pass, &mut encoding).await?;
        Ok(encoding)
    }

    /// The numbers of one image, if there are `batch` images.
    fn check_pixels(&self, pixels: &[f32], batch: usize) -> Result<usize> {
        let image = 3 * self.kernels.config.image_size.pow(2);
        if batch == 0 || pixels.len() != batch * image {
            let message =
                format!("{batch} images of {image} numbers do not have {} numbers", pixels.len());
            return Err(Error::new(ErrorKind::Argument, message));
        }
        Ok(image)
    }

    fn sizes(&self, wanted: usize) -> Result<Sizes> {
        self.kernels.sizes(wanted, self.limit).ok_or_else(|| {
            Error::new(
                ErrorKind::DeviceLost,
                "the GPU's buffers are too small for this model; use the CPU",
            )
        })
    }

    /// Waits for a pass, and appends what it computed.
    async fn read(&self, pass: Pass, encoding: &mut Encoding) -> Result<()> {
        let Pass { output, reports, batch } = pass;
        if let Err(error) = reports.check().await {
            // What this batch asked for is not there: a smaller one may do with less.
            *self.lock() = State::default();
            return Err(error);
        }
        let (floats, features) = self.kernels.output_floats(batch);
        let values = self.gpu.read(&output, 4 * floats as u64).await?;
        self.lock().idle.push(output);
        let width = self.kernels.config.embedding_width();
        for row in values[..features].chunks(self.kernels.embedding_stride()).take(batch) {
            encoding.embedding.extend_from_slice(&row[..width]);
        }
        encoding.features.extend_from_slice(&values[features..]);
        Ok(())
    }

    /// Gives a pass to the GPU: all that a forward pass takes of the CPU.
    fn submit(&self, pixels: &[f32], batch: usize) -> Result<Pass> {
        self.gpu.check()?;
        let mut reports = Reports::default();
        let mut state = self.lock();
        let first_of_its_size = !state.plans.contains_key(&batch);
        let (steps, output) = self.prepare(&mut state, batch, &mut reports)?;
        let State { arena, patches, .. } = &mut *state;
        let Some((arena, _)) = arena else {
            return Err(Error::new(ErrorKind::Internal, "the GPU's buffers are missing"));
        };
        patches::write_patches(
            pixels,
            &self.kernels.config,
            self.kernels.family.operand(),
            patches,
        );
        let dispatch = |_: &wgpu::Device| self.dispatch(arena, &steps, patches, (&output, batch));
        if first_of_its_size {
            // Buffers that there was no memory for fail once more here, which says nothing about
            // the device.
            self.gpu.watch(&mut reports, dispatch);
        } else {
            dispatch(self.gpu.device());
        }
        Ok(Pass { output, reports, batch })
    }

    /// Submits the steps of `batch` images, and the copy of what they leave.
    fn dispatch(
        &self,
        arena: &Arena,
        steps: &[Step],
        patches: &[u32],
        (output, batch): (&wgpu::Buffer, usize),
    ) {
        let queue = self.gpu.queue();
        queue.write_buffer(&arena.patches, 0, bytemuck::cast_slice(patches));
        let mut encoder =
            self.gpu.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            let mut current = None;
            for Step { pipeline, bindings, groups: [x, y, z] } in steps {
                if current != Some(pipeline) {
                    pass.set_pipeline(pipeline);
                    current = Some(pipeline);
                }
                pass.set_bind_group(0, bindings, &[]);
                pass.dispatch_workgroups(*x, *y, *z);
            }
        }
        let bytes = 4 * self.kernels.output_floats(batch).0 as u64;
        encoder.copy_buffer_to_buffer(&arena.output, 0, output, 0, bytes);
        queue.submit([encoder.finish()]);
    }

    /// The steps for `batch` images and a buffer to read their result from.
    fn prepare(
        &self,
        state: &mut State,
        batch: usize,
        reports: &mut Reports,
    ) -> Result<(Arc<[Step]>, wgpu::Buffer)> {
        if state.arena.as_ref().is_none_or(|(arena, _)| arena.capacity < batch) {
            let sizes = self.sizes(batch)?;
            // The old buffers go first; passes under way keep theirs.
            *state = State { patches: std::mem::take(&mut state.patches), ..State::default() };
            state.arena = Some((Arena::new(&self.gpu, &self.kernels, sizes, reports), sizes));
        }
        let State { arena, plans, idle, .. } = state;
        let Some((arena, sizes)) = arena else {
            return Err(Error::new(ErrorKind::Internal, "the GPU's buffers are missing"));
        };
        let steps = plans.entry(batch).or_insert_with(|| {
            let planner = Planner {
                gpu: &self.gpu,
                kernels: &self.kernels,
                tower: &self.tower,
                arena,
                sizes: *sizes,
                batch,
                steps: Vec::new(),
            };
            planner.plan(reports).into()
        });
        let needed = 4 * self.kernels.output_floats(batch).0 as u64;
        // A buffer that was in use when the arena grew is too small, and goes.
        idle.retain(|buffer| buffer.size() >= needed);
        let output = idle.pop().unwrap_or_else(|| {
            gpu_output(&self.gpu, 4 * self.kernels.output_floats(arena.capacity).0 as u64, reports)
        });
        Ok((Arc::clone(steps), output))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A buffer that results are read from.
fn gpu_output(gpu: &Gpu, bytes: u64, reports: &mut Reports) -> wgpu::Buffer {
    gpu.watch(reports, |device| {
        device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: bytes,
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        })
    })
}

impl Builder {
    fn new(
        gpu: &Gpu,
        config: &VisionConfig,
        features: &FeatureSpec,
        family: Family,
        limit: usize,
    ) -> Result<Self> {
        config.validate()?;
        features.validate(config)?;
        if !features.heads.is_empty() {
            let message = "features of attention heads are not supported on GPUs; use the CPU";
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        if config.width / config.heads > MAX_HEAD {
            let message = format!(
                "attention heads wider than {MAX_HEAD} are not supported on GPUs; use the CPU"
            );
            return Err(Error::new(ErrorKind::DeviceLost, message));
        }
        gpu.check()?;
        let kernels = Kernels { config: config.clone(), features: features.clone(), family };
        let mut pipelines = Pipelines::new(family);
        let mut reports = Reports::default();
        for kernel in [
            Kernel::LayerNorm(kernels.norm(family.operand())),
            Kernel::LayerNorm(kernels.norm(RowFormat::F32)),
            Kernel::Attention(kernels.attention()),
            Kernel::Pooling(kernels.pooling()),
        ] {
            pipelines.get(gpu, &kernel, &mut reports);
        }
        Ok(Self {
            gpu: gpu.clone(),
            kernels,
            pipelines,
            assembly: TowerAssembly::new(),
            reports,
            limit,
        })
    }

    /// Uploads one of the encoder's tensors ([`VisionConfig::tensors`]); nothing of it stays in
    /// this program's memory.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`] when it is not of the shape that `spec` says;
    /// [`ErrorKind::DeviceLost`] when the GPU's buffers are too small for it.
    #[expect(clippy::needless_pass_by_value, reason = "the tensor's memory is to be given back")]
    pub fn take(&mut self, spec: &TensorSpec, tensor: StoredTensor) -> Result<()> {
        let Self { gpu, kernels, pipelines, assembly, reports, limit } = self;
        assembly.take(gpu, (kernels, pipelines), spec, &tensor, *limit, reports)
    }

    /// The encoder, once the GPU has accepted its kernels and weights.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`] when a tensor has not come; [`ErrorKind::DeviceLost`] when the
    /// GPU has too little memory or cannot compile the kernels.
    pub async fn finish(self) -> Result<GpuEncoder> {
        let Self { gpu, kernels, mut pipelines, assembly, mut reports, limit } = self;
        let tower = assembly.assemble(&gpu, (&kernels, &mut pipelines), &mut reports)?;
        reports.check().await?;
        gpu.check()?;
        let encoder = GpuEncoder { gpu, kernels, tower, limit, state: Mutex::default() };
        encoder.sizes(1)?;
        Ok(encoder)
    }
}
