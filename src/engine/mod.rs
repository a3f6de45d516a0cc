//! What runs the image encoder: one interface, an engine for each kind of device.
//!
//! | engine | feature | what it is |
//! | --- | --- | --- |
//! | [`Cpu`] | `cpu` | 8-bit kernels for WebAssembly, x86-64 and aarch64 |
//! | [`Gpu`] | `webgpu` | WGSL kernels on wgpu: WebGPU in browsers, else Vulkan, Metal or DX12 |
//!
//! The interface is open: `clipsight-reference` adds burn's, in f32, which trains and which the two
//! others are tested against. An [`Engine`] begins an encoder; its [`EncoderBuilder`] takes the
//! encoder's tensors one at a time, as they are stored, each straight into the form that the engine
//! computes with; the [`Encoder`] turns normalised pixels into pooled tokens and an embedding.
//!
//! ```
//! use clipsight::engine::{Cpu, Engine};
//! use clipsight::clip::{FeatureSpec, Pool, VisionConfig};
//! let config = VisionConfig::vit_tiny_patch16_224();
//! let builder = Cpu.begin(&config, &FeatureSpec::all_layers(&config, &[Pool::Class]))?;
//! # Ok::<(), clipsight::Error>(())
//! ```

#[cfg(feature = "cpu")]
pub mod cpu;
#[cfg(feature = "webgpu")]
pub mod gpu;

use std::any::Any;
use std::fmt;
use std::pin::Pin;

use crate::clip::{FeatureSpec, Pool, TensorSpec, VisionConfig};
use crate::weights::StoredTensor;
use crate::{Error, ErrorKind, Result};

#[cfg(feature = "cpu")]
pub use cpu::Cpu;
#[cfg(feature = "webgpu")]
pub use gpu::Gpu;

/// What an encoder gives for a batch of views.
#[derive(Clone, Debug, PartialEq)]
pub struct Encoding {
    /// The pooled tokens and heads asked for: `[batch, FeatureSpec::width]`.
    pub features: Vec<f32>,
    /// The final class token, normalised and projected: `[batch, embedding_width]`.
    pub embedding: Vec<f32>,
}

/// What several threads may use at once; in browsers, where a GPU belongs to its thread, anything.
#[cfg(not(target_family = "wasm"))]
pub trait Shared: Send + Sync {}
#[cfg(not(target_family = "wasm"))]
impl<T: Send + Sync + ?Sized> Shared for T {}

/// What several threads may use at once; in browsers, where a GPU belongs to its thread, anything.
#[cfg(target_family = "wasm")]
pub trait Shared {}
#[cfg(target_family = "wasm")]
impl<T: ?Sized> Shared for T {}

/// An answer that is waited for.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + 'a>>;

/// Kernels and the device that they run on. Who knows which one it is may look inside: `dyn Engine`
/// turns into `dyn Any`.
pub trait Engine: Any + Shared {
    /// Begins an encoder; called by [`begin`](#method.begin) once the arguments are known to fit.
    ///
    /// # Errors
    /// [`Unsupported`](ErrorKind::Unsupported) for features that the engine does not compute;
    /// [`DeviceLost`](ErrorKind::DeviceLost).
    fn begin_valid(
        &self,
        config: &VisionConfig,
        features: &FeatureSpec,
    ) -> Result<Box<dyn EncoderBuilder>>;

    /// Whether the engine can pool tokens in this way.
    fn pools(&self, pool: Pool) -> bool {
        pool != Pool::MlpInputClass
    }

    /// An encoder of this architecture that gives these features.
    ///
    /// # Errors
    /// [`WeightsCorrupt`](ErrorKind::WeightsCorrupt) for an invalid architecture or features;
    /// [`Unsupported`](ErrorKind::Unsupported) for features that the engine does not compute;
    /// [`DeviceLost`](ErrorKind::DeviceLost).
    fn begin(
        &self,
        config: &VisionConfig,
        features: &FeatureSpec,
    ) -> Result<Box<dyn EncoderBuilder>> {
        config.validate()?;
        features.validate(config)?;
        if features.pools.iter().all(|pool| self.pools(*pool)) {
            return self.begin_valid(config, features);
        }
        let message = "the model's head reads inside the layers, which only the reference \
            computes: use --device reference";
        Err(Error::new(ErrorKind::Unsupported, message))
    }
}

/// An encoder under construction.
pub trait EncoderBuilder {
    /// Takes one of the encoder's tensors ([`VisionConfig::tensors`]); each must come once.
    ///
    /// # Errors
    /// [`WeightsCorrupt`](ErrorKind::WeightsCorrupt) when it is not of the shape that `spec` says.
    fn take(&mut self, spec: &TensorSpec, tensor: StoredTensor) -> Result<()>;

    /// The encoder.
    ///
    /// # Errors
    /// [`WeightsCorrupt`](ErrorKind::WeightsCorrupt) when a tensor has not come;
    /// [`DeviceLost`](ErrorKind::DeviceLost) when the device cannot hold or compile it.
    fn finish(self: Box<Self>) -> Answer<'static, Box<dyn Encoder>>;
}

/// An encoder on its device. Who knows which engine made it may look inside: `dyn Encoder` turns
/// into `dyn Any`.
pub trait Encoder: Any + Shared {
    /// Encodes normalised pixels `[batch, 3, image_size, image_size]`.
    ///
    /// # Errors
    /// [`Argument`](ErrorKind::Argument) when there are not `batch` images;
    /// [`DeviceLost`](ErrorKind::DeviceLost) when the device does not answer.
    fn encode<'a>(&'a self, pixels: &'a [f32], batch: usize) -> Answer<'a, Encoding>;
}

// `Debug` is not a supertrait: an encoder's own, down to its last matrix, would then be a part of
// every WebAssembly build, 10 kB of it, for nobody.
macro_rules! debug_by_name {
    ($($name:ident),+) => {$(
        impl fmt::Debug for dyn $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(stringify!($name))
            }
        }
    )+};
}

debug_by_name!(Engine, EncoderBuilder, Encoder);

/// An answer that is there already.
#[cfg(feature = "cpu")]
fn ready<'a, T: 'a>(answer: Result<T>) -> Answer<'a, T> {
    Box::pin(std::future::ready(answer))
}

#[cfg(feature = "cpu")]
impl Engine for Cpu {
    fn begin_valid(
        &self,
        config: &VisionConfig,
        features: &FeatureSpec,
    ) -> Result<Box<dyn EncoderBuilder>> {
        Ok(Box::new(cpu::CpuEncoder::builder(config, features)?))
    }
}

#[cfg(feature = "cpu")]
impl EncoderBuilder for cpu::Builder {
    fn take(&mut self, spec: &TensorSpec, tensor: StoredTensor) -> Result<()> {
        self.take(spec, tensor)
    }

    fn finish(self: Box<Self>) -> Answer<'static, Box<dyn Encoder>> {
        ready((*self).finish().map(|encoder| Box::new(encoder) as Box<dyn Encoder>))
    }
}

#[cfg(feature = "cpu")]
impl Encoder for cpu::CpuEncoder {
    fn encode<'a>(&'a self, pixels: &'a [f32], batch: usize) -> Answer<'a, Encoding> {
        ready(self.encode(pixels, batch))
    }
}

#[cfg(feature = "webgpu")]
impl Engine for Gpu {
    fn begin_valid(
        &self,
        config: &VisionConfig,
        features: &FeatureSpec,
    ) -> Result<Box<dyn EncoderBuilder>> {
        Ok(Box::new(gpu::GpuEncoder::builder(self, config, features)?))
    }
}

#[cfg(feature = "webgpu")]
impl EncoderBuilder for gpu::Builder {
    fn take(&mut self, spec: &TensorSpec, tensor: StoredTensor) -> Result<()> {
        self.take(spec, tensor)
    }

    fn finish(self: Box<Self>) -> Answer<'static, Box<dyn Encoder>> {
        Box::pin(async move {
            (*self).finish().await.map(|encoder| Box::new(encoder) as Box<dyn Encoder>)
        })
    }
}

#[cfg(feature = "webgpu")]
impl Encoder for gpu::GpuEncoder {
    fn encode<'a>(&'a self, pixels: &'a [f32], batch: usize) -> Answer<'a, Encoding> {
        Box::pin(self.encode(pixels, batch))
    }
}
