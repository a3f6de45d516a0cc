//! The definition on burn as an engine.

use std::any::Any;
use std::collections::HashMap;

use burn::tensor::{Device, Tensor, TensorData};
use clipsight::clip::{FeatureSpec, Pool, TensorSpec, VisionConfig};
use clipsight::engine::{Answer, Encoder, EncoderBuilder, Encoding, Engine};
use clipsight::image::Rgb8;
use clipsight::model::Detector;
use clipsight::weights::StoredTensor;
use clipsight::{Error, ErrorKind, Result};

use crate::{DeviceTensor, VisionTower, upload};

/// Burn on one of its devices, in f32.
#[derive(Clone, Debug)]
pub struct Reference(Device);

impl Reference {
    /// On the CPU.
    #[must_use]
    pub fn cpu() -> Self {
        Self(Device::flex())
    }

    /// Its device.
    #[must_use]
    pub fn device(&self) -> &Device {
        &self.0
    }

    /// On the default GPU, through burn-wgpu.
    ///
    /// # Errors
    /// [`NoGpu`](ErrorKind::NoGpu) when there is none.
    #[cfg(feature = "burn-gpu")]
    pub async fn gpu() -> Result<Self> {
        Device::wgpu_options().init_async().await.map(Self).map_err(|error| {
            Error::new(ErrorKind::NoGpu, format!("burn found no usable GPU ({error}); use the CPU"))
        })
    }
}

impl Engine for Reference {
    fn begin_valid(
        &self,
        config: &VisionConfig,
        features: &FeatureSpec,
    ) -> Result<Box<dyn EncoderBuilder>> {
        Ok(Box::new(Builder {
            device: self.0.clone(),
            config: config.clone(),
            features: features.clone(),
            tensors: HashMap::new(),
        }))
    }

    fn pools(&self, _pool: Pool) -> bool {
        true
    }
}

/// Takes tensors.
#[derive(Debug)]
struct Builder {
    device: Device,
    config: VisionConfig,
    features: FeatureSpec,
    tensors: HashMap<String, DeviceTensor>,
}

impl EncoderBuilder for Builder {
    fn take(&mut self, spec: &TensorSpec, tensor: StoredTensor) -> Result<()> {
        self.tensors.insert(spec.name.clone(), upload(spec, tensor.into_host()?, &self.device)?);
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Answer<'static, Box<dyn Encoder>> {
        let tower = VisionTower::assemble(&self.config, &mut self.tensors, &self.device);
        let Self { device, features, .. } = *self;
        Box::pin(std::future::ready(tower.map(|tower| {
            Box::new(ReferenceEncoder { device, tower, features }) as Box<dyn Encoder>
        })))
    }
}

/// The tower with the features to be read off it.
#[derive(Debug)]
pub struct ReferenceEncoder {
    device: Device,
    tower: VisionTower,
    features: FeatureSpec,
}

impl ReferenceEncoder {
    /// The encoder of a model that was loaded onto the reference.
    ///
    /// # Errors
    /// [`Argument`](ErrorKind::Argument) for the other engines: they hold no f32 weights to look
    /// into.
    pub fn of(encoder: &dyn Encoder) -> Result<&Self> {
        (encoder as &dyn Any).downcast_ref().ok_or_else(|| {
            let message = "this needs the model's layers in f32: load it on the reference device";
            Error::new(ErrorKind::Argument, message)
        })
    }

    /// The tower.
    #[must_use]
    pub fn tower(&self) -> &VisionTower {
        &self.tower
    }

    /// The device that it lies on.
    #[must_use]
    pub fn device(&self) -> &Device {
        &self.device
    }

    async fn run(&self, pixels: &[f32], batch: usize) -> Result<Encoding> {
        let side = self.tower.config().image_size;
        if pixels.len() != batch * 3 * side * side {
            let message =
                format!("{} pixel values are not {batch} views of {side} px", pixels.len());
            return Err(Error::new(ErrorKind::Argument, message));
        }
        let pixels = TensorData::new(pixels.to_vec(), [batch, 3, side, side]);
        let output = self.tower.forward(Tensor::from_data(pixels, &self.device), &self.features);
        Ok(Encoding {
            features: read(output.features).await?,
            embedding: read(output.embedding).await?,
        })
    }
}

impl Encoder for ReferenceEncoder {
    fn encode<'a>(&'a self, pixels: &'a [f32], batch: usize) -> Answer<'a, Encoding> {
        Box::pin(self.run(pixels, batch))
    }
}

/// The image encoder of a detector that was loaded onto the reference.
///
/// # Errors
/// As [`ReferenceEncoder::of`].
pub fn tower(detector: &Detector) -> Result<&VisionTower> {
    ReferenceEncoder::of(detector.encoder()).map(ReferenceEncoder::tower)
}

/// The encoder's input for every view, `[views, 3, side, side]`, on the detector's device.
///
/// # Errors
/// As [`ReferenceEncoder::of`].
pub fn pixels(detector: &Detector, views: &[Rgb8]) -> Result<Tensor<4>> {
    let encoder = ReferenceEncoder::of(detector.encoder())?;
    let side = encoder.tower.config().image_size;
    let pixels = detector.manifest().preprocessing.tensor(views);
    let pixels = TensorData::new(pixels, [views.len(), 3, side, side]);
    Ok(Tensor::from_data(pixels, &encoder.device))
}

async fn read(tensor: Tensor<2>) -> Result<Vec<f32>> {
    let lost = || Error::new(ErrorKind::DeviceLost, "the device stopped answering; use the CPU");
    let data = tensor.into_data_async().await.map_err(|error| lost().with_source(error))?;
    data.try_into_vec::<f32>().map_err(|_| lost())
}
