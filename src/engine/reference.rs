//! The definition on burn as an engine.

use std::collections::HashMap;

use burn::tensor::{Device, Tensor, TensorData};

use super::Encoding;
use crate::clip::{DeviceTensor, FeatureSpec, TensorSpec, VisionConfig, VisionTower};
use crate::weights::{StoredTensor, upload};
use crate::{Error, ErrorKind, Result};

/// Takes tensors.
#[derive(Debug)]
pub struct Builder {
    device: Device,
    config: VisionConfig,
    features: FeatureSpec,
    tensors: HashMap<String, DeviceTensor>,
}

/// The tower with the features to be read off it.
#[derive(Debug)]
pub struct ReferenceEncoder {
    device: Device,
    tower: VisionTower,
    features: FeatureSpec,
}

impl Builder {
    pub(super) fn new(device: Device, config: &VisionConfig, features: &FeatureSpec) -> Self {
        Self { device, config: config.clone(), features: features.clone(), tensors: HashMap::new() }
    }

    pub(super) fn take(&mut self, spec: &TensorSpec, tensor: StoredTensor) -> Result<()> {
        self.tensors.insert(spec.name.clone(), upload(spec, tensor.into_host()?, &self.device)?);
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<ReferenceEncoder> {
        let tower = VisionTower::assemble(&self.config, &mut self.tensors, &self.device)?;
        Ok(ReferenceEncoder { device: self.device, tower, features: self.features })
    }
}

impl ReferenceEncoder {
    pub(super) fn tower(&self) -> (&VisionTower, &Device) {
        (&self.tower, &self.device)
    }

    pub(super) async fn encode(&self, pixels: &[f32], batch: usize) -> Result<Encoding> {
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

async fn read(tensor: Tensor<2>) -> Result<Vec<f32>> {
    let lost = || Error::new(ErrorKind::DeviceLost, "the device stopped answering; use the CPU");
    let data = tensor.into_data_async().await.map_err(|error| lost().with_source(error))?;
    data.try_into_vec::<f32>().map_err(|_| lost())
}
