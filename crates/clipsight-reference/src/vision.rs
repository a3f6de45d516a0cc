//! The vision tower: patches -> tokens -> transformer layers -> pooled features and embedding.
//!
//! Dosovitskiy et al. 2021 (arXiv 2010.11929) with the variations of Radford et al. 2021 (arXiv
//! 2103.00020).

mod contributions;
mod input_moments;
mod streamed;

use std::collections::HashMap;

use burn::module::{Module, Param};
use burn::nn::{LayerNorm, LayerNormConfig, Linear};
use burn::tensor::{Device, Int, Tensor, TensorData};
use clipsight::Result;
use clipsight::clip::{FeatureSpec, Pool, VisionConfig};

use super::transformer::{DeviceTensor, Layer, LayerOptions, ModuleTensors};

pub use contributions::Contributions;
pub use input_moments::InputMoments;
pub use streamed::StreamedTower;

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

/// The output of one forward pass.
#[derive(Clone, Debug)]
pub struct VisionOutput {
    /// The final class token, normalised and projected: `[batch, embedding_width]`.
    pub embedding: Tensor<2>,
    /// The pooled tokens and heads asked for: `[batch, features]`.
    pub features: Tensor<2>,
}

impl VisionTower {
    /// Builds the tower from `tensors`, named as in [`VisionConfig::tensors`]; removes those it
    /// uses.
    ///
    /// # Errors
    /// [`WeightsCorrupt`](clipsight::ErrorKind::WeightsCorrupt) when a tensor is missing or has the
    /// wrong rank. Shapes are checked by the reader, before anything reaches the device.
    pub fn assemble(
        config: &VisionConfig,
        tensors: &mut HashMap<String, DeviceTensor>,
        device: &Device,
    ) -> Result<Self> {
        config.validate()?;
        let mut parts = ModuleTensors { tensors, device, epsilon: config.norm_epsilon };
        let layers = (0..config.layers)
            .map(|layer| {
                Layer::assemble(&mut parts, &format!("vision.layers.{layer}"), config.width)
            })
            .collect::<Result<Vec<_>>>()?;
        Ok(Self {
            patch_embedding: parts.linear("vision.patch_embedding", config.patch_bias)?,
            class_token: Param::from_tensor(parts.vector("vision.class_token")?),
            position_embedding: Param::from_tensor(parts.matrix("vision.position_embedding")?),
            pre_norm: if config.pre_norm {
                Some(parts.norm("vision.pre_norm", config.width)?)
            } else {
                None
            },
            layers,
            norm: parts.norm("vision.norm", config.width)?,
            projection: match config.projection {
                Some(_) => Some(parts.linear("vision.projection", config.projection_bias)?),
                None => None,
            },
            config: config.clone(),
        })
    }

    /// What lies before the first layer, and no layer; the final norm is yet to come.
    fn front(config: &VisionConfig, parts: &mut ModuleTensors<'_>) -> Result<Self> {
        let VisionConfig { width, patch_bias, pre_norm, .. } = *config;
        Ok(Self {
            patch_embedding: parts.linear("vision.patch_embedding", patch_bias)?,
            class_token: Param::from_tensor(parts.vector("vision.class_token")?),
            position_embedding: Param::from_tensor(parts.matrix("vision.position_embedding")?),
            pre_norm: if pre_norm { Some(parts.norm("vision.pre_norm", width)?) } else { None },
            layers: Vec::new(),
            norm: LayerNormConfig::new(width).init(parts.device),
            projection: None,
            config: config.clone(),
        })
    }

    /// The weights, under the names that [`assemble`](Self::assemble) takes them by.
    #[must_use]
    pub fn tensors(&self) -> Vec<(String, DeviceTensor)> {
        let mut named = Named(Vec::new());
        named.linear("vision.patch_embedding", &self.patch_embedding);
        named.vector("vision.class_token", &self.class_token);
        named.matrix("vision.position_embedding", &self.position_embedding);
        if let Some(norm) = &self.pre_norm {
            named.norm("vision.pre_norm", norm);
        }
        for (index, layer) in self.layers.iter().enumerate() {
            let name = |part: &str| format!("vision.layers.{index}.{part}");
            named.norm(&name("norm1"), &layer.norm1);
            named.linear(&name("attention.qkv"), &layer.qkv);
            named.linear(&name("attention.output"), &layer.output);
            named.norm(&name("norm2"), &layer.norm2);
            named.linear(&name("mlp.fc1"), &layer.fc1);
            named.linear(&name("mlp.fc2"), &layer.fc2);
        }
        named.norm("vision.norm", &self.norm);
        if let Some(projection) = &self.projection {
            named.linear("vision.projection", projection);
        }
        named.0
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
        self.forward_embedded(self.embed(pixels, None), features)
    }

    /// Like [`forward`](Self::forward), but sees only the patches with these numbers (from 0, row
    /// by row), and returns only pooled tokens: `features.heads` must be empty.
    pub fn forward_patches(
        &self,
        pixels: Tensor<4>,
        kept: &[i64],
        features: &FeatureSpec,
    ) -> VisionOutput {
        debug_assert!(features.heads.is_empty());
        self.forward_embedded(self.embed(pixels, Some(kept)), features)
    }

    fn forward_embedded(&self, tokens: Tensor<3>, features: &FeatureSpec) -> VisionOutput {
        let options = layer_options(&self.config);
        let layer = |layer: &Layer, tokens| layer.forward(tokens, options);
        let (embedding, pooled) = self.forward_tokens(tokens, features, layer);
        VisionOutput { embedding, features: Tensor::cat(pooled, 1) }
    }

    /// The layers, each run by `run`, on embedded tokens `[batch, tokens, width]`: the embedding
    /// and every pooled token.
    fn forward_tokens(
        &self,
        mut tokens: Tensor<3>,
        features: &FeatureSpec,
        mut run: impl FnMut(&Layer, Tensor<3>) -> Tensor<3>,
    ) -> (Tensor<2>, Vec<Tensor<2>>) {
        let mut pooled = Vec::with_capacity(features.layers.len() * features.pools.len());
        for (index, layer) in self.layers.iter().enumerate() {
            let before = tokens.clone();
            tokens = run(layer, tokens);
            if features.layers.contains(&(index + 1)) {
                pooled.extend(pool_layer(
                    layer,
                    layer_options(&self.config),
                    &before,
                    &tokens,
                    features,
                ));
            }
        }
        let tokens = self.norm.forward(tokens);
        if features.layers.contains(&FeatureSpec::after_norm(&self.config)) {
            pooled.extend(features.pools.iter().map(|pool| pool_tokens(&tokens, *pool)));
        }
        let class = class_token(&tokens);
        let embedding = match &self.projection {
            Some(projection) => projection.forward(class),
            None => class,
        };
        (embedding, pooled)
    }

    /// Pixels -> tokens `[batch, tokens, width]`, positions added; of the patches only those
    /// `kept`.
    fn embed(&self, pixels: Tensor<4>, kept: Option<&[i64]>) -> Tensor<3> {
        let VisionConfig { width, patch_size: patch, .. } = self.config;
        let grid = self.config.grid();
        let [batch, channels, _, _] = pixels.dims();
        // The strided convolution of the papers, as one matrix product: its kernel is as large as
        // its stride. Rows are ordered channel, y, x, like the kernels of published files.
        let patches = pixels
            .reshape([batch, channels, grid, patch, grid, patch])
            .permute([0, 2, 4, 1, 3, 5])
            .reshape([batch, grid * grid, channels * patch * patch]);
        let mut positions = self.position_embedding.val();
        let patches = match kept {
            None => patches,
            Some(kept) => {
                let device = patches.device();
                let index = |numbers: Vec<i64>| {
                    let length = numbers.len();
                    Tensor::<1, Int>::from_data(TensorData::new(numbers, [length]), &device)
                };
                let with_class =
                    std::iter::once(0).chain(kept.iter().map(|number| number + 1)).collect();
                positions = positions.select(0, index(with_class));
                patches.select(1, index(kept.to_vec()))
            }
        };
        let patches = self.patch_embedding.forward(patches);
        let class = self.class_token.val().reshape([1, 1, width]).expand([batch, 1, width]);
        let tokens = Tensor::cat(vec![class, patches], 1) + positions.unsqueeze();
        match &self.pre_norm {
            Some(norm) => norm.forward(tokens),
            None => tokens,
        }
    }
}

fn layer_options(config: &VisionConfig) -> LayerOptions {
    LayerOptions { heads: config.heads, activation: config.activation, causal: false }
}

fn class_token(tokens: &Tensor<3>) -> Tensor<2> {
    tokens.clone().slice([0..tokens.dims()[0], 0..1]).squeeze_dim(1)
}

/// One layer's pooled tokens, from what goes in and what comes out.
fn pool_layer(
    layer: &Layer,
    options: LayerOptions,
    before: &Tensor<3>,
    after: &Tensor<3>,
    features: &FeatureSpec,
) -> Vec<Tensor<2>> {
    let pool = |pool: &Pool| match pool {
        Pool::MlpInputClass => class_token(&layer.mlp_input(before.clone(), options)),
        pool => pool_tokens(after, *pool),
    };
    features.pools.iter().map(pool).collect()
}

fn pool_tokens(tokens: &Tensor<3>, pool: Pool) -> Tensor<2> {
    let [batch, count, _] = tokens.dims();
    let patches = || tokens.clone().slice([0..batch, 1..count]);
    match pool {
        // This pool needs more than the tokens; `pool_layer` handles it.
        Pool::Class | Pool::MlpInputClass => class_token(tokens),
        Pool::Mean => patches().mean_dim(1).squeeze_dim(1),
        Pool::Std => {
            let patches = patches();
            let centred = patches.clone() - patches.mean_dim(1);
            (centred.clone() * centred).mean_dim(1).sqrt().squeeze_dim(1)
        }
    }
}

/// Collects the tensors of modules under their names.
struct Named(Vec<(String, DeviceTensor)>);

impl Named {
    fn vector(&mut self, name: &str, param: &Param<Tensor<1>>) {
        self.0.push((name.to_owned(), DeviceTensor::Vector(param.val())));
    }

    fn matrix(&mut self, name: &str, param: &Param<Tensor<2>>) {
        self.0.push((name.to_owned(), DeviceTensor::Matrix(param.val())));
    }

    fn linear(&mut self, name: &str, linear: &Linear) {
        self.matrix(&format!("{name}.weight"), &linear.weight);
        if let Some(bias) = &linear.bias {
            self.vector(&format!("{name}.bias"), bias);
        }
    }

    fn norm(&mut self, name: &str, norm: &LayerNorm) {
        self.vector(&format!("{name}.weight"), &norm.gamma);
        if let Some(beta) = &norm.beta {
            self.vector(&format!("{name}.bias"), beta);
        }
    }
}
