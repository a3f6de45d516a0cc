//! The shape of a text tower; the tower itself stands in `clipsight-reference`.

use serde::{Deserialize, Serialize};

use super::config::{TensorList, Transformer};
use super::{Activation, TensorRole, TensorSpec};
use crate::{Error, ErrorKind, Result};

/// The shape of a CLIP text encoder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextConfig {
    /// Number of token ids; the highest is the end token.
    pub vocabulary: usize,
    /// Most tokens of a text, with start and end.
    pub context: usize,
    /// Width of the residual stream.
    pub width: usize,
    /// Number of transformer layers.
    pub layers: usize,
    /// Attention heads per layer; divides `width`.
    pub heads: usize,
    /// Hidden width of each MLP.
    pub mlp_width: usize,
    /// Activation of each MLP.
    pub activation: Activation,
    /// Epsilon of every layer norm.
    pub norm_epsilon: f64,
    /// Width of the embedding, the same as the vision tower's.
    pub projection: usize,
}

impl TextConfig {
    /// `openai/clip-vit-base-patch32`; that of `clip-vit-base-patch16` has the same shape.
    #[must_use]
    pub fn openai_clip_vit_base_patch32() -> Self {
        Self::openai(512)
    }

    /// `openai/clip-vit-large-patch14`.
    #[must_use]
    pub fn openai_clip_vit_large_patch14() -> Self {
        Self::openai(768)
    }

    /// `laion/CLIP-ViT-B-32-laion2B-s34B-b79K` and its B/16 kin.
    #[must_use]
    pub fn laion_clip_vit_b() -> Self {
        Self { activation: Activation::Gelu, ..Self::openai(512) }
    }

    /// `laion/CLIP-ViT-L-14-CommonPool.XL-s13B-b90K` and the other L/14.
    #[must_use]
    pub fn laion_clip_vit_l() -> Self {
        Self { activation: Activation::Gelu, ..Self::openai(768) }
    }

    /// TinyCLIP's text towers.
    #[must_use]
    pub fn tinyclip(width: usize, layers: usize) -> Self {
        Self { layers, activation: Activation::Gelu, projection: 512, ..Self::openai(width) }
    }

    fn openai(width: usize) -> Self {
        Self {
            vocabulary: 49_408,
            context: 77,
            width,
            layers: 12,
            heads: width / 64,
            mlp_width: 4 * width,
            activation: Activation::QuickGelu,
            norm_epsilon: 1e-5,
            projection: width,
        }
    }

    /// A small tower for a closed set of captions, trained from scratch: width 128, two layers.
    #[must_use]
    pub fn small(vocabulary: usize, projection: usize) -> Self {
        Self {
            vocabulary,
            context: 77,
            width: 128,
            layers: 2,
            heads: 4,
            mlp_width: 512,
            activation: Activation::QuickGelu,
            norm_epsilon: 1e-5,
            projection,
        }
    }

    /// Checks that the numbers fit together and stay within what a published encoder could need.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`]: the architecture comes from a model's files.
    pub fn validate(&self) -> Result<()> {
        let fail = |why: &str| {
            Err(Error::new(
                ErrorKind::WeightsCorrupt,
                format!("the text tower's architecture is invalid: {why}"),
            ))
        };
        if !(3..=1 << 20).contains(&self.vocabulary) || !(2..=4096).contains(&self.context) {
            return fail("the vocabulary must be 3..1048576 and the context 2..4096");
        }
        let Self { width, layers, heads, mlp_width, norm_epsilon, .. } = *self;
        let projection = Some(self.projection);
        Transformer { width, layers, heads, mlp_width, norm_epsilon, projection }
            .validate()
            .or_else(fail)
    }

    /// Every tensor of the tower, in the order in which weight files hold them.
    #[must_use]
    pub fn tensors(&self) -> Vec<TensorSpec> {
        let mut list = TensorList::default();
        list.push("text.token_embedding", vec![self.vocabulary, self.width], TensorRole::Table);
        list.push("text.position_embedding", vec![self.context, self.width], TensorRole::Table);
        list.layers("text", self.layers, self.width, self.mlp_width);
        list.norm("text.norm", self.width);
        list.matrix("text.projection.weight", self.projection, self.width);
        list.0
    }
}
