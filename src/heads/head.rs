//! Heads: from a feature vector to one logit.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::linear::{LinearMap, dot, normalize};
use super::shapes;
use crate::clip::{FeatureSpec, Pool, TensorRole, TensorSpec, VisionConfig};
use crate::limits::{MAX_CONCEPTS, MAX_PROJECTIONS};
use crate::weights::HostTensor;
use crate::{Error, ErrorKind, Result};

/// The manifest's entry for the head. Every kind names the features that the encoder pools, even
/// where the head reads the embedding, which is computed with them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Head {
    /// `logit = weight . transform(features) + bias`; any standardisation of the features is folded
    /// into the two.
    Linear {
        /// The features it reads.
        features: FeatureSpec,
        /// What is done to every feature first.
        transform: Transform,
    },
    /// `logit = weight . transform(embedding) + bias`, as in UnivFD (Ojha et al. 2023, arXiv
    /// 2302.10174).
    Embedding {
        /// Unread.
        features: FeatureSpec,
        /// What is done to the embedding first.
        transform: Transform,
    },
    /// Concepts, gated, weighed: the concept bottleneck of clip-cues. Of the embedding `e` at
    /// length one: `logit = weight . (concepts e * sigmoid(gate e + gate_bias)) + bias`.
    Concepts {
        /// Unread.
        features: FeatureSpec,
        /// Number of concepts.
        concepts: usize,
    },
    /// Class tokens of all layers, projected, weighed dimension by dimension, and classified: RINE
    /// (Koutlis and Papadopoulos 2024, arXiv 2402.19091).
    Layers {
        /// One token of every layer.
        features: FeatureSpec,
        /// Width of the projected tokens.
        width: usize,
        /// Linear maps with ReLU before the weighing, and again after it.
        projections: usize,
    },
    /// No head: the model is a plain encoder and gives no verdicts.
    None {
        /// What the self-test reads.
        features: FeatureSpec,
    },
}

/// A function applied to every feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transform {
    /// The features as they are.
    None,
    /// `sign(x) sqrt(|x|)`: tames the few channels in which vision transformers keep values a
    /// hundred times the others' (Darcet et al. 2024, arXiv 2309.16588), which standardisation
    /// alone does not. Known from bilinear pooling (Lin et al. 2015).
    SignedSqrt,
    /// Every pooled token brought to mean 0 and deviation 1: a layer norm without gain and offset.
    /// The layers' very different scales become one, and gradients pass through everywhere.
    TokenNorm,
    /// Every pooled token, or the embedding, brought to length one, as CLIP compares them.
    UnitLength,
}

/// Added to variances under [`Transform::TokenNorm`].
pub const TOKEN_NORM_EPSILON: f32 = 1e-5;

impl Transform {
    /// The transform of one row of features, `tokens * token_width` values, on the host.
    pub fn apply(self, row: &mut [f32], token_width: usize) {
        match self {
            Self::None => {}
            Self::SignedSqrt => {
                row.iter_mut().for_each(|value| *value = value.signum() * value.abs().sqrt());
            }
            Self::UnitLength => row.chunks_mut(token_width).for_each(normalize),
            Self::TokenNorm => {
                for token in row.chunks_mut(token_width) {
                    #[expect(
                        clippy::cast_precision_loss,
                        reason = "a token has a few thousand values"
                    )]
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
}

impl Head {
    /// The features that the encoder pools for the head.
    #[must_use]
    pub fn features(&self) -> &FeatureSpec {
        match self {
            Self::Linear { features, .. }
            | Self::Embedding { features, .. }
            | Self::Concepts { features, .. }
            | Self::Layers { features, .. }
            | Self::None { features } => features,
        }
    }

    /// Whether it reads the embedding instead of the features.
    #[must_use]
    pub fn reads_embedding(&self) -> bool {
        matches!(self, Self::Embedding { .. } | Self::Concepts { .. })
    }

    /// Whether it can give a verdict.
    #[must_use]
    pub fn is_detector(&self) -> bool {
        !matches!(self, Self::None { .. })
    }

    /// Whether only the reference engine computes what it reads.
    #[must_use]
    pub fn needs_reference(&self) -> bool {
        self.features().pools.contains(&Pool::MlpInputClass)
    }

    /// How many numbers it reads.
    #[must_use]
    pub fn width(&self, config: &VisionConfig) -> usize {
        if self.reads_embedding() {
            config.embedding_width()
        } else {
            self.features().width(config)
        }
    }

    /// The width of what its transform is applied to, one after the other.
    #[must_use]
    pub fn token_width(&self, config: &VisionConfig) -> usize {
        if self.reads_embedding() { config.embedding_width() } else { config.width }
    }

    /// What is done to every feature before the weights.
    #[must_use]
    pub fn transform(&self) -> Transform {
        match self {
            Self::Linear { transform, .. } | Self::Embedding { transform, .. } => *transform,
            Self::Concepts { .. } | Self::None { .. } => Transform::UnitLength,
            Self::Layers { .. } => Transform::None,
        }
    }

    /// The tensors it needs. Heads are kept in f32.
    #[must_use]
    pub fn tensors(&self, config: &VisionConfig) -> Vec<TensorSpec> {
        let spec = |(name, shape): (String, Vec<usize>)| TensorSpec {
            name,
            shape,
            role: TensorRole::Vector,
        };
        let mut shapes = match self {
            Self::None { .. } => return Vec::new(),
            Self::Linear { .. } | Self::Embedding { .. } => Vec::new(),
            Self::Concepts { concepts, .. } => shapes::of_concepts(*concepts, self.width(config)),
            Self::Layers { width, projections, .. } => {
                shapes::of_layers(config.layers, config.width, *width, *projections)
            }
        };
        let read = match self {
            Self::Concepts { concepts, .. } => *concepts,
            Self::Layers { width, .. } => *width,
            _ => self.width(config),
        };
        let [weight, bias] = LinearHead::TENSORS;
        shapes.extend([(weight.to_owned(), vec![read]), (bias.to_owned(), vec![1])]);
        shapes.into_iter().map(spec).collect()
    }

    /// Checks that the encoder provides what the head reads.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`].
    pub fn validate(&self, config: &VisionConfig) -> Result<()> {
        let fail = |why: &str| Err(Error::new(ErrorKind::WeightsCorrupt, why));
        self.features().validate(config)?;
        let uneven = !self.features().heads.is_empty() && config.embedding_width() != config.width;
        if matches!(self.transform(), Transform::TokenNorm | Transform::UnitLength)
            && uneven
            && !self.reads_embedding()
        {
            return fail(
                "the model's head norms tokens of one width, but its attention heads write another",
            );
        }
        match self {
            Self::Concepts { concepts, .. } if !(1..=MAX_CONCEPTS).contains(concepts) => {
                fail("the model's head has no concepts, or too many")
            }
            Self::Layers { width, projections, .. }
                if !(1..=8192).contains(width) || !(1..=MAX_PROJECTIONS).contains(projections) =>
            {
                fail("the model's head has projections of an unknown size")
            }
            Self::Layers { features, .. }
                if features.width(config) != config.layers * config.width =>
            {
                fail("the model's head reads one token of every layer, and nothing else")
            }
            _ => Ok(()),
        }
    }
}

/// A linear head with its weights.
#[derive(Debug)]
pub struct LinearHead {
    linear: LinearMap,
    transform: Transform,
    token_width: usize,
    /// Weights and bias as they shipped, where others are in use.
    shipped: Option<(Vec<f32>, f32)>,
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
            linear: LinearMap::take(tensors, weight, bias)?,
            transform: head.transform(),
            token_width: head.token_width(config),
            shipped: None,
        })
    }

    /// Adds to the shipped weights and bias; `None` puts those back.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] for another number of weights.
    pub fn change(&mut self, change: Option<(&[f32], f32)>) -> Result<()> {
        if change.is_some_and(|(weight, _)| weight.len() != self.weights().len()) {
            let message = "the taught head is for another number of features";
            return Err(Error::new(ErrorKind::Argument, message));
        }
        if let Some((weight, bias)) = self.shipped.take() {
            self.linear.weight.data = weight;
            self.linear.bias = vec![bias];
        }
        if let Some((weight, bias)) = change {
            self.shipped = Some((self.weights().to_vec(), self.linear.bias[0]));
            let weights = self.linear.weight.data.iter_mut();
            weights.zip(weight).for_each(|(to, by)| *to += by);
            self.linear.bias[0] += bias;
        }
        Ok(())
    }

    /// One view's transformed features -> the logit of the head as it shipped.
    #[must_use]
    pub fn shipped(&self, transformed: &[f32]) -> f32 {
        match &self.shipped {
            Some((weight, bias)) => dot(weight, transformed) + bias,
            None => self.forward(transformed),
        }
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
