//! Heads: from a feature vector to one logit.

use std::collections::HashMap;

#[cfg(feature = "nn")]
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::linear::Linear;
use crate::clip::{FeatureSpec, TensorRole, TensorSpec, VisionConfig};
use crate::weights::HostTensor;
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

    /// The transform of features `[batch, tokens * token_width]` in training.
    #[cfg(feature = "nn")]
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

/// A linear head with its weights.
#[derive(Debug)]
pub struct LinearHead {
    linear: Linear,
    transform: Transform,
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
        tensors: &mut HashMap<String, HostTensor>,
    ) -> Result<Self> {
        let [weight, bias] = Self::TENSORS;
        Ok(Self {
            linear: Linear::take(tensors, weight, bias)?,
            transform: head.transform(),
            token_width: config.width,
        })
    }

    /// Its weights, `[features]`.
    #[must_use]
    pub fn weights(&self) -> &[f32] {
        &self.linear.weight.data
    }

    /// One view's features as the weights read them: the model's other heads read the same.
    pub fn transform(&self, features: &mut [f32]) {
        self.transform.apply(features, self.token_width);
    }

    /// One view's transformed features -> its logit.
    #[must_use]
    pub fn forward(&self, transformed: &[f32]) -> f32 {
        self.linear.forward(transformed)[0]
    }
}
