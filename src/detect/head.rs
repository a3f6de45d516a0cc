//! Heads: from a feature vector to one logit.

use std::collections::HashMap;

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::clip::{DeviceTensor, FeatureSpec, TensorRole, TensorSpec, VisionConfig};
use crate::{Error, ErrorKind, Result};

/// What the manifest says of the head.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Head {
    /// `logit = weight . transform(features) + bias`; any standardisation of the features is folded into the two.
    Linear {
        /// The features it reads.
        features: FeatureSpec,
        /// What is done to every feature first.
        transform: Transform,
    },
}

/// A function applied to every feature alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transform {
    /// The features as they are.
    None,
    /// `sign(x) sqrt(|x|)`: tames the few channels in which vision transformers keep values a hundred times the
    /// others' (Darcet et al. 2024, arXiv 2309.16588), which standardisation alone does not. Known from bilinear
    /// pooling (Lin et al. 2015).
    SignedSqrt,
    /// Every pooled token brought to mean 0 and deviation 1: a layer norm without gain and offset. The layers' very
    /// different scales become one, and gradients pass through everywhere.
    TokenNorm,
}

/// Added to variances under [`Transform::TokenNorm`].
const TOKEN_NORM_EPSILON: f32 = 1e-5;

impl Transform {
    /// The transform of one row of features, `tokens * token_width` values, on the host.
    pub fn apply(self, row: &mut [f32], token_width: usize) {
        match self {
            Self::None => {}
            Self::SignedSqrt => {
                row.iter_mut().for_each(|value| *value = value.signum() * value.abs().sqrt());
            }
            Self::TokenNorm => {
                for token in row.chunks_mut(token_width) {
                    #[expect(clippy::cast_precision_loss, reason = "a token has a few thousand values")]
                    let count = token.len() as f32;
                    let mean = token.iter().sum::<f32>() / count;
                    token.iter_mut().for_each(|value| *value -= mean);
                    let variance = token.iter().map(|value| value * value).sum::<f32>() / count;
                    let scale = (variance + TOKEN_NORM_EPSILON).sqrt().recip();
                    token.iter_mut().for_each(|value| *value *= scale);
                }
            }
        }
    }

    /// The transform of features `[batch, tokens * token_width]`.
    #[must_use]
    pub fn forward(self, features: Tensor<2>, token_width: usize) -> Tensor<2> {
        match self {
            Self::None => features,
            Self::SignedSqrt => features.clone().sign() * features.abs().sqrt(),
            Self::TokenNorm => {
                let [batch, length] = features.dims();
                let tokens = features.reshape([batch, length / token_width, token_width]);
                let centred = tokens.clone() - tokens.mean_dim(2);
                let variance = (centred.clone() * centred.clone()).mean_dim(2);
                (centred / (variance + TOKEN_NORM_EPSILON).sqrt()).reshape([batch, length])
            }
        }
    }
}

impl Head {
    /// The features it reads.
    #[must_use]
    pub fn features(&self) -> &FeatureSpec {
        let Self::Linear { features, .. } = self;
        features
    }

    /// What is done to every feature before the weights.
    #[must_use]
    pub fn transform(&self) -> Transform {
        let Self::Linear { transform, .. } = self;
        *transform
    }

    /// The tensors it needs.
    #[must_use]
    pub fn tensors(&self, config: &VisionConfig) -> Vec<TensorSpec> {
        let vector = |name: &str, width| TensorSpec {
            name: name.to_owned(),
            shape: vec![width],
            role: TensorRole::Vector,
        };
        let [weight, bias] = LinearHead::TENSORS;
        vec![vector(weight, self.features().width(config)), vector(bias, 1)]
    }

    /// Checks that the encoder gives what the head reads.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`].
    pub fn validate(&self, config: &VisionConfig) -> Result<()> {
        self.features().validate(config)?;
        let uneven = !self.features().heads.is_empty() && config.embedding_width() != config.width;
        if self.transform() == Transform::TokenNorm && uneven {
            return Err(Error::new(
                ErrorKind::WeightsCorrupt,
                "the model's head norms tokens of one width, but its attention heads write another",
            ));
        }
        Ok(())
    }
}

/// A linear head on its device.
#[derive(Module, Debug)]
pub struct LinearHead {
    weight: Param<Tensor<2>>,
    bias: Param<Tensor<1>>,
    #[module(skip)]
    transform: Transform,
    #[module(skip)]
    token_width: usize,
}

impl LinearHead {
    /// The names of its tensors: weights `[features]` and bias `[1]`.
    pub const TENSORS: [&str; 2] = ["head.weight", "head.bias"];

    /// Takes its tensors out of a model's.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`] when one is missing.
    pub fn assemble(
        head: &Head,
        config: &VisionConfig,
        tensors: &mut HashMap<String, DeviceTensor>,
    ) -> Result<Self> {
        let [weight, bias] = Self::TENSORS.map(|name| DeviceTensor::take_vector(tensors, name));
        let weight = weight?;
        let width = weight.dims()[0];
        Ok(Self {
            weight: Param::from_tensor(weight.reshape([width, 1])),
            bias: Param::from_tensor(bias?),
            transform: head.transform(),
            token_width: config.width,
        })
    }

    /// Its weights, `[features]`.
    pub fn weights(&self) -> Tensor<1> {
        self.weight.val().squeeze_dim::<1>(1)
    }

    /// The features as the weights read them, `[batch, features]`: the model's other heads read the same.
    #[must_use]
    pub fn transform(&self, features: Tensor<2>) -> Tensor<2> {
        self.transform.forward(features, self.token_width)
    }

    /// Transformed features `[batch, features]` -> logits `[batch, 1]`.
    #[must_use]
    pub fn forward(&self, transformed: Tensor<2>) -> Tensor<2> {
        transformed.matmul(self.weight.val()) + self.bias.val().unsqueeze()
    }
}
