//! The tower a layer at a time, while its weights go by: one image through an encoder that does not
//! fit in memory.

use std::collections::HashMap;

use burn::tensor::{Device, Tensor, TensorData};
use clipsight::clip::{FeatureSpec, TensorSpec, VisionConfig};
use clipsight::engine::Encoding;
use clipsight::weights::HostTensor;
use clipsight::{Error, ErrorKind, Result};

use super::super::transformer::{DeviceTensor, Layer, ModuleTensors};
use super::{VisionTower, layer_options, pool_layer};
use crate::upload;

/// Takes the tower's tensors in the order of [`VisionConfig::tensors`] and carries one image
/// through: no more than a layer is ever held.
#[derive(Debug)]
pub struct StreamedTower {
    config: VisionConfig,
    features: FeatureSpec,
    device: Device,
    /// Tensors of what is not yet complete.
    waiting: HashMap<String, DeviceTensor>,
    pixels: Vec<f32>,
    /// What lies before the first layer, and the tokens on their way.
    under_way: Option<(VisionTower, Tensor<3>)>,
    pooled: Vec<Tensor<2>>,
    layer: usize,
}

impl StreamedTower {
    /// Waits for the first tensor. `pixels` are those of one image, normalised: `[3, image_size,
    /// image_size]`.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`] for an invalid architecture or features;
    /// [`ErrorKind::Argument`] when the pixels are not one image, or the features name attention
    /// heads.
    pub fn new(config: &VisionConfig, features: &FeatureSpec, pixels: Vec<f32>) -> Result<Self> {
        config.validate()?;
        features.validate(config)?;
        if pixels.len() != 3 * config.image_size * config.image_size || !features.heads.is_empty() {
            let message = "a streamed tower takes one image and cannot separate attention heads";
            return Err(Error::new(ErrorKind::Argument, message));
        }
        Ok(Self {
            config: config.clone(),
            features: features.clone(),
            device: Device::flex(),
            waiting: HashMap::new(),
            pixels,
            under_way: None,
            pooled: Vec::new(),
            layer: 0,
        })
    }

    /// Takes the next tensor.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`] when it does not match `spec`, or is out of order.
    pub fn take(&mut self, spec: &TensorSpec, tensor: HostTensor) -> Result<()> {
        self.waiting.insert(spec.name.clone(), upload(spec, tensor, &self.device)?);
        let prefix = format!("vision.layers.{}", self.layer);
        // The last of a layer's, see `TensorList::layers`.
        if spec.name != format!("{prefix}.mlp.fc2.bias") {
            return Ok(());
        }
        let (tower, before) = match self.under_way.take() {
            Some(under_way) => under_way,
            None => self.begin()?,
        };
        let width = self.config.width;
        let layer = Layer::assemble(&mut self.parts(), &prefix, width)?;
        self.layer += 1;
        let options = layer_options(&self.config);
        let after = layer.forward(before.clone(), options);
        if self.features.layers.contains(&self.layer) {
            self.pooled.extend(pool_layer(&layer, options, &before, &after, &self.features));
        }
        self.under_way = Some((tower, after));
        Ok(())
    }

    /// The encoder's output for the image.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`] when a tensor is missing.
    pub fn finish(mut self) -> Result<Encoding> {
        let width = self.config.width;
        let (mut tower, tokens) =
            self.under_way.take().filter(|_| self.layer == self.config.layers).ok_or_else(
                || {
                    Error::new(
                        ErrorKind::WeightsCorrupt,
                        "the encoder's layers are incomplete or out of order",
                    )
                },
            )?;
        tower.norm = self.parts().norm("vision.norm", width)?;
        if self.config.projection.is_some() {
            let bias = self.config.projection_bias;
            tower.projection = Some(self.parts().linear("vision.projection", bias)?);
        }
        // No layers are left in it: what follows is the final norm and the projection.
        let (embedding, last) = tower.forward_tokens(tokens, &self.features, |_, tokens| tokens);
        self.pooled.extend(last);
        Ok(Encoding {
            features: values(Tensor::cat(self.pooled, 1))?,
            embedding: values(embedding)?,
        })
    }

    fn begin(&mut self) -> Result<(VisionTower, Tensor<3>)> {
        let (config, side) = (self.config.clone(), self.config.image_size);
        let tower = VisionTower::front(&config, &mut self.parts())?;
        let pixels = TensorData::new(std::mem::take(&mut self.pixels), [1, 3, side, side]);
        let tokens = tower.embed(Tensor::from_data(pixels, &self.device), None);
        Ok((tower, tokens))
    }

    fn parts(&mut self) -> ModuleTensors<'_> {
        ModuleTensors {
            tensors: &mut self.waiting,
            device: &self.device,
            epsilon: self.config.norm_epsilon,
        }
    }
}

fn values(tensor: Tensor<2>) -> Result<Vec<f32>> {
    tensor.into_data().try_into_vec::<f32>().map_err(|_| {
        Error::new(ErrorKind::Internal, "the reference did not return 32-bit floating point")
    })
}
