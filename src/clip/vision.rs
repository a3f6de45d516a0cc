//! The vision tower: patches -> tokens -> transformer layers -> pooled features and embedding.
//!
//! Dosovitskiy et al. 2021 (arXiv 2010.11929) with the variations of Radford et al. 2021 (arXiv 2103.00020).

mod contributions;

use std::collections::HashMap;

use burn::module::{Module, Param};
use burn::nn::{LayerNorm, LayerNormConfig, Linear};
use burn::tensor::activation::{gelu, sigmoid};
use burn::tensor::module::attention;
use burn::tensor::ops::AttentionModuleOptions;
use burn::tensor::{Device, Tensor};

use super::{Activation, FeatureSpec, Pool, VisionConfig, features};
use crate::{Error, ErrorKind, Result};

pub use contributions::Contributions;

/// A weight on its device. Matrices are `[in, out]` here, as burn multiplies them.
#[derive(Clone, Debug)]
pub enum DeviceTensor {
    /// A bias, gain or single token.
    Vector(Tensor<1>),
    /// A matrix or table.
    Matrix(Tensor<2>),
}

/// The image encoder.
#[derive(Module, Debug)]
pub struct VisionTower {
    patch_embedding: Linear,
    class_token: Param<Tensor<1>>,
    position_embedding: Param<Tensor<2>>,
    pre_norm: Option<LayerNorm>,
    layers: Vec<Layer>,
    norm: LayerNorm,
    projection: Option<Linear>,
    #[module(skip)]
    config: VisionConfig,
}

#[derive(Module, Debug)]
struct Layer {
    norm1: LayerNorm,
    qkv: Linear,
    output: Linear,
    norm2: LayerNorm,
    fc1: Linear,
    fc2: Linear,
}

/// What one forward pass gives.
#[derive(Clone, Debug)]
pub struct VisionOutput {
    /// The final class token, normalised and projected: `[batch, embedding_width]`.
    pub embedding: Tensor<2>,
    /// The pooled tokens and heads asked for: `[batch, features]`.
    pub features: Tensor<2>,
}

impl VisionTower {
    /// Builds the tower from `tensors`, named as [`VisionConfig::tensors`] names them; takes what it uses out.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`] when a tensor is missing or of another rank. Shapes are checked by the reader,
    /// before anything reaches the device.
    pub fn assemble(
        config: &VisionConfig,
        tensors: &mut HashMap<String, DeviceTensor>,
        device: &Device,
    ) -> Result<Self> {
        config.validate()?;
        let mut parts = Parts { tensors, device, epsilon: config.norm_epsilon };
        let layers = (0..config.layers)
            .map(|layer| {
                let name = |part: &str| format!("vision.layers.{layer}.{part}");
                Ok(Layer {
                    norm1: parts.norm(&name("norm1"), config.width)?,
                    qkv: parts.linear(&name("attention.qkv"), true)?,
                    output: parts.linear(&name("attention.output"), true)?,
                    norm2: parts.norm(&name("norm2"), config.width)?,
                    fc1: parts.linear(&name("mlp.fc1"), true)?,
                    fc2: parts.linear(&name("mlp.fc2"), true)?,
                })
            })
            .collect::<Result<Vec<_>>>()?;
        Ok(Self {
            patch_embedding: parts.linear("vision.patch_embedding", config.patch_bias)?,
            class_token: Param::from_tensor(parts.vector("vision.class_token")?),
            position_embedding: Param::from_tensor(parts.matrix("vision.position_embedding")?),
            pre_norm: if config.pre_norm { Some(parts.norm("vision.pre_norm", config.width)?) } else { None },
            layers,
            norm: parts.norm("vision.norm", config.width)?,
            projection: match config.projection {
                Some(_) => Some(parts.linear("vision.projection", config.projection_bias)?),
                None => None,
            },
            config: config.clone(),
        })
    }

    /// The architecture.
    #[must_use]
    pub fn config(&self) -> &VisionConfig {
        &self.config
    }

    /// Encodes normalised pixels `[batch, 3, image_size, image_size]`.
    pub fn forward(&self, pixels: Tensor<4>, features: &FeatureSpec) -> VisionOutput {
        if !features.heads.is_empty() {
            return self.forward_in_parts(pixels, features).0;
        }
        let layer = |layer: &Layer, tokens| layer.forward(tokens, &self.config);
        let (embedding, pooled) = self.forward_tokens(self.embed(pixels), features, layer);
        VisionOutput { embedding, features: Tensor::cat(pooled, 1) }
    }

    /// The layers, each run by `run`, on embedded tokens `[batch, tokens, width]`: the embedding and every pooled token.
    fn forward_tokens(
        &self,
        mut tokens: Tensor<3>,
        features: &FeatureSpec,
        mut run: impl FnMut(&Layer, Tensor<3>) -> Tensor<3>,
    ) -> (Tensor<2>, Vec<Tensor<2>>) {
        let mut pooled = Vec::with_capacity(features.layers.len() * features.pools.len());
        for (index, layer) in self.layers.iter().enumerate() {
            tokens = run(layer, tokens);
            if features.layers.contains(&(index + 1)) {
                pooled.extend(features.pools.iter().map(|pool| pool_tokens(&tokens, *pool)));
            }
        }
        let tokens = self.norm.forward(tokens);
        if features.layers.contains(&features::after_norm(&self.config)) {
            pooled.extend(features.pools.iter().map(|pool| pool_tokens(&tokens, *pool)));
        }
        let class = class_token(&tokens);
        let embedding = match &self.projection {
            Some(projection) => projection.forward(class),
            None => class,
        };
        (embedding, pooled)
    }

    /// Pixels -> tokens `[batch, tokens, width]`, positions added.
    fn embed(&self, pixels: Tensor<4>) -> Tensor<3> {
        let VisionConfig { width, patch_size: patch, .. } = self.config;
        let grid = self.config.grid();
        let [batch, channels, _, _] = pixels.dims();
        // The strided convolution of the papers, as one matrix product: its kernel is as large as its stride. Rows
        // are ordered channel, y, x, like the kernels of published files.
        let patches = pixels
            .reshape([batch, channels, grid, patch, grid, patch])
            .permute([0, 2, 4, 1, 3, 5])
            .reshape([batch, grid * grid, channels * patch * patch]);
        let patches = self.patch_embedding.forward(patches);
        let class = self.class_token.val().reshape([1, 1, width]).expand([batch, 1, width]);
        let tokens = Tensor::cat(vec![class, patches], 1) + self.position_embedding.val().unsqueeze();
        match &self.pre_norm {
            Some(norm) => norm.forward(tokens),
            None => tokens,
        }
    }
}

impl Layer {
    fn forward(&self, tokens: Tensor<3>, config: &VisionConfig) -> Tensor<3> {
        let tokens = tokens.clone() + self.attend(self.norm1.forward(tokens), config.heads);
        let change = self.transform(self.norm2.forward(tokens.clone()), config);
        tokens + change
    }

    /// The MLP.
    fn transform(&self, tokens: Tensor<3>, config: &VisionConfig) -> Tensor<3> {
        let hidden = self.fc1.forward(tokens);
        self.fc2.forward(match config.activation {
            Activation::Gelu => gelu(hidden),
            Activation::QuickGelu => hidden.clone() * sigmoid(hidden * 1.702),
        })
    }

    /// Multi-head self-attention.
    fn attend(&self, tokens: Tensor<3>, heads: usize) -> Tensor<3> {
        let [batch, count, width] = tokens.dims();
        self.output.forward(self.mix(tokens, heads).swap_dims(1, 2).reshape([batch, count, width]))
    }

    /// What every head gathers, `[batch, heads, tokens, width / heads]`; queries, keys and values from one product.
    fn mix(&self, tokens: Tensor<3>, heads: usize) -> Tensor<4> {
        let [batch, count, width] = tokens.dims();
        let qkv = self
            .qkv
            .forward(tokens)
            .reshape([batch, count, 3, heads, width / heads])
            .permute([2, 0, 3, 1, 4]);
        let part = |index: usize| qkv.clone().narrow(0, index, 1).squeeze_dim::<4>(0);
        attention(part(0), part(1), part(2), None, None, AttentionModuleOptions::default())
    }
}

fn class_token(tokens: &Tensor<3>) -> Tensor<2> {
    tokens.clone().slice([0..tokens.dims()[0], 0..1]).squeeze_dim(1)
}

fn pool_tokens(tokens: &Tensor<3>, pool: Pool) -> Tensor<2> {
    let [batch, count, _] = tokens.dims();
    let patches = || tokens.clone().slice([0..batch, 1..count]);
    match pool {
        Pool::Class => class_token(tokens),
        Pool::Mean => patches().mean_dim(1).squeeze_dim(1),
        Pool::Std => {
            let patches = patches();
            let centred = patches.clone() - patches.mean_dim(1);
            (centred.clone() * centred).mean_dim(1).sqrt().squeeze_dim(1)
        }
    }
}

/// Takes named tensors out of the map and makes modules of them.
struct Parts<'a> {
    tensors: &'a mut HashMap<String, DeviceTensor>,
    device: &'a Device,
    epsilon: f64,
}

impl Parts<'_> {
    fn take(&mut self, name: &str) -> Result<DeviceTensor> {
        self.tensors.remove(name).ok_or_else(|| {
            Error::new(ErrorKind::WeightsCorrupt, format!("the model lacks the tensor {name}"))
        })
    }

    fn vector(&mut self, name: &str) -> Result<Tensor<1>> {
        match self.take(name)? {
            DeviceTensor::Vector(tensor) => Ok(tensor),
            DeviceTensor::Matrix(_) => Err(wrong_rank(name)),
        }
    }

    fn matrix(&mut self, name: &str) -> Result<Tensor<2>> {
        match self.take(name)? {
            DeviceTensor::Matrix(tensor) => Ok(tensor),
            DeviceTensor::Vector(_) => Err(wrong_rank(name)),
        }
    }

    fn linear(&mut self, name: &str, bias: bool) -> Result<Linear> {
        Ok(Linear {
            weight: Param::from_tensor(self.matrix(&format!("{name}.weight"))?),
            bias: if bias { Some(Param::from_tensor(self.vector(&format!("{name}.bias"))?)) } else { None },
        })
    }

    fn norm(&mut self, name: &str, width: usize) -> Result<LayerNorm> {
        let mut norm = LayerNormConfig::new(width).with_epsilon(self.epsilon).init(self.device);
        norm.gamma = Param::from_tensor(self.vector(&format!("{name}.weight"))?);
        norm.beta = Some(Param::from_tensor(self.vector(&format!("{name}.bias"))?));
        Ok(norm)
    }
}

fn wrong_rank(name: &str) -> Error {
    Error::new(ErrorKind::WeightsCorrupt, format!("the tensor {name} has the wrong number of dimensions"))
}
