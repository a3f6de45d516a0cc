//! What runs the image encoder: one interface, an engine for each kind of device.
//!
//! | engine | feature | what it is |
//! | --- | --- | --- |
//! | `cpu` | `cpu` | our own 8-bit kernels for WebAssembly, x86-64 and aarch64 |
//! | `gpu` | `webgpu` | our own WGSL kernels on wgpu: WebGPU in browsers, Vulkan, Metal or DX12 natively |
//! | `reference` | `nn` | the definition on burn ([`VisionTower`](crate::clip::VisionTower)) in f32: training, studies, and what the two others are tested against |
//!
//! An [`EncoderBuilder`] takes the encoder's tensors one at a time, as they are stored, each
//! straight into the form that the engine computes with. [`Encoder::encode`] turns normalised
//! pixels into pooled tokens and embedding.

#[cfg(feature = "cpu")]
pub mod cpu;
#[cfg(feature = "webgpu")]
pub mod gpu;
#[cfg(feature = "nn")]
mod reference;

use crate::Result;
#[cfg(any(feature = "cpu", feature = "webgpu"))]
use crate::clip::Pool;
use crate::clip::{FeatureSpec, TensorSpec, VisionConfig};
use crate::weights::StoredTensor;

#[cfg(not(any(feature = "cpu", feature = "webgpu", feature = "nn")))]
compile_error!("choose at least one engine: feature cpu, webgpu or nn");

/// What an encoder gives for a batch of views.
#[derive(Clone, Debug, PartialEq)]
pub struct Encoding {
    /// The pooled tokens and heads asked for: `[batch, FeatureSpec::width]`.
    pub features: Vec<f32>,
    /// The final class token, normalised and projected: `[batch, embedding_width]`.
    pub embedding: Vec<f32>,
}

/// Where a model is to run.
#[derive(Clone, Debug)]
pub enum Device {
    /// The CPU, in 8-bit integers.
    #[cfg(feature = "cpu")]
    Cpu,
    /// A GPU.
    #[cfg(feature = "webgpu")]
    Gpu(gpu::Gpu),
    /// A device of burn's, in f32.
    #[cfg(feature = "nn")]
    Reference(burn::tensor::Device),
}

impl Device {
    #[cfg(any(feature = "cpu", feature = "webgpu"))]
    fn is_reference(&self) -> bool {
        match self {
            #[cfg(feature = "nn")]
            Self::Reference(_) => true,
            #[cfg(feature = "cpu")]
            Self::Cpu => false,
            #[cfg(feature = "webgpu")]
            Self::Gpu(_) => false,
        }
    }

    /// The reference on the CPU.
    #[cfg(feature = "nn")]
    #[must_use]
    pub fn reference() -> Self {
        Self::Reference(burn::tensor::Device::flex())
    }

    /// The reference on the default GPU, through burn-wgpu.
    ///
    /// # Errors
    /// [`NoGpu`](crate::ErrorKind::NoGpu) when there is none.
    #[cfg(feature = "burn-gpu")]
    pub async fn reference_gpu() -> Result<Self> {
        burn::tensor::Device::wgpu_options().init_async().await.map(Self::Reference).map_err(
            |error| {
                crate::Error::new(
                    crate::ErrorKind::NoGpu,
                    format!("burn finds no usable GPU ({error}); use the CPU"),
                )
            },
        )
    }
}

/// An encoder on its device.
#[derive(Debug)]
pub enum Encoder {
    /// On the CPU, in 8-bit integers.
    #[cfg(feature = "cpu")]
    Cpu(Box<cpu::CpuEncoder>),
    /// On a GPU.
    #[cfg(feature = "webgpu")]
    Gpu(Box<gpu::GpuEncoder>),
    /// On burn.
    #[cfg(feature = "nn")]
    Reference(Box<reference::ReferenceEncoder>),
}

/// An encoder under construction.
#[derive(Debug)]
pub enum EncoderBuilder {
    /// On the CPU, in 8-bit integers.
    #[cfg(feature = "cpu")]
    Cpu(Box<cpu::Builder>),
    /// On a GPU.
    #[cfg(feature = "webgpu")]
    Gpu(Box<gpu::Builder>),
    /// On burn.
    #[cfg(feature = "nn")]
    Reference(Box<reference::Builder>),
}

impl EncoderBuilder {
    /// An encoder of this architecture that gives these features.
    ///
    /// # Errors
    /// [`WeightsCorrupt`](crate::ErrorKind::WeightsCorrupt) for an invalid architecture or
    /// features; [`Unsupported`](crate::ErrorKind::Unsupported) for features that the engine does
    /// not compute; [`DeviceLost`](crate::ErrorKind::DeviceLost).
    pub fn new(device: &Device, config: &VisionConfig, features: &FeatureSpec) -> Result<Self> {
        config.validate()?;
        features.validate(config)?;
        #[cfg(any(feature = "cpu", feature = "webgpu"))]
        if features.pools.contains(&Pool::MlpInputClass) && !device.is_reference() {
            let message = "the model's head reads inside the layers, which only the reference \
                computes: use --device reference";
            return Err(crate::Error::new(crate::ErrorKind::Unsupported, message));
        }
        match device {
            #[cfg(feature = "cpu")]
            Device::Cpu => Ok(Self::Cpu(Box::new(cpu::CpuEncoder::builder(config, features)?))),
            #[cfg(feature = "webgpu")]
            Device::Gpu(gpu) => {
                Ok(Self::Gpu(Box::new(gpu::GpuEncoder::builder(gpu, config, features)?)))
            }
            #[cfg(feature = "nn")]
            Device::Reference(device) => Ok(Self::Reference(Box::new(reference::Builder::new(
                device.clone(),
                config,
                features,
            )))),
        }
    }

    /// Takes one of the encoder's tensors ([`VisionConfig::tensors`]); each must come once.
    ///
    /// # Errors
    /// [`WeightsCorrupt`](crate::ErrorKind::WeightsCorrupt) when it is not of the shape that `spec`
    /// says.
    pub fn take(&mut self, spec: &TensorSpec, tensor: StoredTensor) -> Result<()> {
        match self {
            #[cfg(feature = "cpu")]
            Self::Cpu(builder) => builder.take(spec, tensor),
            #[cfg(feature = "webgpu")]
            Self::Gpu(builder) => builder.take(spec, tensor),
            #[cfg(feature = "nn")]
            Self::Reference(builder) => builder.take(spec, tensor),
        }
    }

    /// The encoder.
    ///
    /// # Errors
    /// [`WeightsCorrupt`](crate::ErrorKind::WeightsCorrupt) when a tensor has not come;
    /// [`DeviceLost`](crate::ErrorKind::DeviceLost) when the device cannot hold or compile it.
    #[allow(clippy::unused_async, reason = "only the GPU has something to wait for")]
    pub async fn finish(self) -> Result<Encoder> {
        match self {
            #[cfg(feature = "cpu")]
            Self::Cpu(builder) => builder.finish().map(|encoder| Encoder::Cpu(Box::new(encoder))),
            #[cfg(feature = "webgpu")]
            Self::Gpu(builder) => {
                builder.finish().await.map(|encoder| Encoder::Gpu(Box::new(encoder)))
            }
            #[cfg(feature = "nn")]
            Self::Reference(builder) => {
                builder.finish().map(|encoder| Encoder::Reference(Box::new(encoder)))
            }
        }
    }
}

impl Encoder {
    /// Encodes normalised pixels `[batch, 3, image_size, image_size]`.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) when there are not `batch` images;
    /// [`DeviceLost`](crate::ErrorKind::DeviceLost) when the device does not answer.
    #[allow(clippy::unused_async, reason = "the CPU has nothing to wait for")]
    pub async fn encode(&self, pixels: &[f32], batch: usize) -> Result<Encoding> {
        match self {
            #[cfg(feature = "cpu")]
            Self::Cpu(encoder) => encoder.encode(pixels, batch),
            #[cfg(feature = "webgpu")]
            Self::Gpu(encoder) => encoder.encode(pixels, batch).await,
            #[cfg(feature = "nn")]
            Self::Reference(encoder) => encoder.encode(pixels, batch).await,
        }
    }

    /// The reference's tower.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) for the other engines: they hold no f32 weights to
    /// look into.
    #[cfg(feature = "nn")]
    pub fn tower(&self) -> Result<(&crate::clip::VisionTower, &burn::tensor::Device)> {
        match self {
            Self::Reference(encoder) => Ok(encoder.tower()),
            #[cfg(any(feature = "cpu", feature = "webgpu"))]
            _ => {
                let message =
                    "this needs the model's layers in f32: load it on the reference device";
                Err(crate::Error::new(crate::ErrorKind::Argument, message))
            }
        }
    }
}
