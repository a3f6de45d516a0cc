//! Second moments of what the tower's matrices read on a few images, a matrix at a time, while the
//! weights stream by in f32: what GPTQ rounds for.

use std::collections::HashMap;

use burn::nn::Linear;
use burn::tensor::{Device, Tensor, TensorData};
use clipsight::clip::{TensorRole, TensorSpec, VisionConfig};
use clipsight::weights::HostTensor;
use clipsight::{Error, ErrorKind, Result};

use super::super::transformer::{DeviceTensor, ModuleTensors, activate, mix};
use super::{VisionTower, layer_options};
use crate::upload;

/// Images that go through together: attention takes memory for each.
const TOGETHER: usize = 4;

/// Takes the tower's tensors in the order of [`VisionConfig::tensors`], as published, and carries
/// images through.
#[derive(Debug)]
pub struct InputMoments {
    config: VisionConfig,
    device: Device,
    /// Tensors of what is not yet complete.
    waiting: HashMap<String, DeviceTensor>,
    pixels: Vec<f32>,
    /// The residual stream, `[images, tokens, width]` each.
    tokens: Vec<Tensor<3>>,
    /// What the next matrix reads, of the same shape; between the MLP's two, what the first read.
    reads: Vec<Tensor<3>>,
    /// The MLP's first map, once it is there.
    fc1: Option<Linear>,
    layer: usize,
}

impl InputMoments {
    /// Before the first tensor. `pixels` are normalised images
    /// `[images, 3, image_size, image_size]`.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`] for an invalid architecture; [`ErrorKind::Argument`] when the
    /// pixels are not whole images.
    pub fn new(config: &VisionConfig, pixels: Vec<f32>) -> Result<Self> {
        config.validate()?;
        if pixels.is_empty()
            || !pixels.len().is_multiple_of(3 * config.image_size * config.image_size)
        {
            return Err(Error::new(
                ErrorKind::Argument,
                "GPTQ needs whole images of the encoder's input size",
            ));
        }
        Ok(Self {
            config: config.clone(),
            device: Device::flex(),
            waiting: HashMap::new(),
            pixels,
            tokens: Vec::new(),
            reads: Vec::new(),
            fc1: None,
            layer: 0,
        })
    }

    /// The second moments `[in, in]` of what the next matrix reads, summed over tokens; `None` for
    /// matrices outside the layers.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] when they cannot be read back.
    pub fn moments(&self, spec: &TensorSpec) -> Result<Option<Vec<f32>>> {
        if spec.role != TensorRole::Matrix || !spec.name.starts_with("vision.layers.") {
            return Ok(None);
        }
        let mut sum: Option<Tensor<2>> = None;
        for reads in &self.reads {
            let reads = self.read_by_matrix(reads);
            let [images, tokens, width] = reads.dims();
            let rows = reads.reshape([images * tokens, width]);
            let moments = rows.clone().transpose().matmul(rows);
            sum = Some(match sum {
                None => moments,
                Some(sum) => sum + moments,
            });
        }
        let Some(sum) = sum else { return Ok(None) };
        sum.into_data().try_into_vec::<f32>().map(Some).map_err(|_| {
            Error::new(
                ErrorKind::Internal,
                "the second moments cannot be read back as 32-bit numbers",
            )
        })
    }

    /// Takes the next tensor.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`] when it does not match `spec`, or is out of order.
    pub fn take(&mut self, spec: &TensorSpec, tensor: HostTensor) -> Result<()> {
        self.waiting.insert(spec.name.clone(), upload(spec, tensor, &self.device)?);
        let prefix = format!("vision.layers.{}", self.layer);
        let Some(part) = spec.name.strip_prefix(&format!("{prefix}.")) else { return Ok(()) };
        let Some(part) = part.strip_suffix(".bias") else { return Ok(()) };
        if self.tokens.is_empty() {
            self.begin()?;
        }
        let name = format!("{prefix}.{part}");
        match part {
            "norm1" | "norm2" => {
                let width = self.config.width;
                let norm = self.parts().norm(&name, width)?;
                self.reads =
                    self.tokens.iter().map(|tokens| norm.forward(tokens.clone())).collect();
            }
            "attention.qkv" => {
                let qkv = self.parts().linear(&name, true)?;
                let options = layer_options(&self.config);
                for reads in &mut self.reads {
                    let shape = reads.dims();
                    *reads = mix(&qkv, reads.clone(), options).swap_dims(1, 2).reshape(shape);
                }
            }
            "mlp.fc1" => self.fc1 = Some(self.parts().linear(&name, true)?),
            "attention.output" | "mlp.fc2" => {
                let linear = self.parts().linear(&name, true)?;
                let tokens = std::mem::take(&mut self.tokens).into_iter().zip(&self.reads);
                self.tokens = tokens
                    .map(|(tokens, reads)| tokens + linear.forward(self.read_by_matrix(reads)))
                    .collect();
                if part == "mlp.fc2" {
                    (self.fc1, self.layer) = (None, self.layer + 1);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// What the next matrix is multiplied with.
    fn read_by_matrix(&self, reads: &Tensor<3>) -> Tensor<3> {
        match &self.fc1 {
            None => reads.clone(),
            Some(fc1) => activate(fc1.forward(reads.clone()), self.config.activation),
        }
    }

    fn begin(&mut self) -> Result<()> {
        let config = self.config.clone();
        let tower = VisionTower::front(&config, &mut self.parts())?;
        let side = config.image_size;
        let pixels = std::mem::take(&mut self.pixels);
        for images in pixels.chunks(TOGETHER * 3 * side * side) {
            let count = images.len() / (3 * side * side);
            let images = TensorData::new(images.to_vec(), [count, 3, side, side]);
            self.tokens.push(tower.embed(Tensor::from_data(images, &self.device), None));
        }
        Ok(())
    }

    fn parts(&mut self) -> ModuleTensors<'_> {
        ModuleTensors {
            tensors: &mut self.waiting,
            device: &self.device,
            epsilon: self.config.norm_epsilon,
        }
    }
}
