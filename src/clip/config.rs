//! The architecture of a vision tower, with constructors named after published checkpoints.

use serde::{Deserialize, Serialize};

use crate::{Error, ErrorKind, Result};

/// The activation between the two layers of every MLP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// `x * sigmoid(1.702 x)`: OpenAI's CLIP.
    QuickGelu,
    /// `x * Phi(x)`, Phi the normal distribution function: OpenCLIP and timm.
    Gelu,
}

/// The shape of a pre-norm vision transformer with a class token.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VisionConfig {
    /// Side of the square input in pixels; a multiple of `patch_size`.
    pub image_size: usize,
    /// Side of a square patch in pixels.
    pub patch_size: usize,
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
    /// Whether a layer norm stands before the first layer (CLIP) or not (plain ViT).
    pub pre_norm: bool,
    /// Whether the patch embedding has a bias (plain ViT) or not (CLIP).
    pub patch_bias: bool,
    /// Epsilon of every layer norm.
    pub norm_epsilon: f64,
    /// Width of the projected embedding; `None` for the normalised class token itself.
    pub projection: Option<usize>,
    /// Whether the projection has a bias (a classifier's head) or not (CLIP).
    #[serde(default)]
    pub projection_bias: bool,
}

/// What a tensor is for, which decides how it may be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TensorRole {
    /// Weight of a linear map `[out, in]`: may be quantised.
    Matrix,
    /// A table of vectors, added rather than multiplied: kept in floating point.
    Table,
    /// A bias, gain or single token: kept in floating point.
    Vector,
}

/// Name, shape and role of one tensor of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorSpec {
    /// Name in weight files.
    pub name: String,
    /// Shape; matrices are `[out, in]`.
    pub shape: Vec<usize>,
    /// What it is for.
    pub role: TensorRole,
}

impl VisionConfig {
    /// timm `vit_tiny_patch16_224` without its classifier.
    #[must_use]
    pub fn vit_tiny_patch16_224() -> Self {
        Self {
            image_size: 224,
            patch_size: 16,
            width: 192,
            layers: 12,
            heads: 3,
            mlp_width: 768,
            activation: Activation::Gelu,
            pre_norm: false,
            patch_bias: true,
            norm_epsilon: 1e-6,
            projection: None,
            projection_bias: false,
        }
    }

    /// `openai/clip-vit-base-patch32`.
    #[must_use]
    pub fn openai_clip_vit_base_patch32() -> Self {
        Self::openai(32, 768, 12, 512)
    }

    /// `openai/clip-vit-base-patch16`.
    #[must_use]
    pub fn openai_clip_vit_base_patch16() -> Self {
        Self::openai(16, 768, 12, 512)
    }

    /// `openai/clip-vit-large-patch14`.
    #[must_use]
    pub fn openai_clip_vit_large_patch14() -> Self {
        Self::openai(14, 1024, 24, 768)
    }

    /// `openai/clip-vit-large-patch14-336`.
    #[must_use]
    pub fn openai_clip_vit_large_patch14_336() -> Self {
        Self { image_size: 336, ..Self::openai_clip_vit_large_patch14() }
    }

    /// `laion/CLIP-ViT-B-32-laion2B-s34B-b79K`.
    #[must_use]
    pub fn laion_clip_vit_b_32() -> Self {
        Self { activation: Activation::Gelu, ..Self::openai_clip_vit_base_patch32() }
    }

    /// `laion/CLIP-ViT-B-16-laion2B-s34B-b88K`.
    #[must_use]
    pub fn laion_clip_vit_b_16() -> Self {
        Self { activation: Activation::Gelu, ..Self::openai_clip_vit_base_patch16() }
    }

    /// `laion/CLIP-ViT-L-14-laion2B-s32B-b82K` and `laion/CLIP-ViT-L-14-CommonPool.XL-s13B-b90K`.
    #[must_use]
    pub fn laion_clip_vit_l_14() -> Self {
        Self { activation: Activation::Gelu, ..Self::openai_clip_vit_large_patch14() }
    }

    /// TinyCLIP's image towers, such as `wkcn/TinyCLIP-ViT-39M-16-Text-19M-YFCC15M` (patch 16,
    /// width 512, 12 layers).
    #[must_use]
    pub fn tinyclip(patch_size: usize, width: usize, layers: usize) -> Self {
        Self { activation: Activation::Gelu, ..Self::openai(patch_size, width, layers, 512) }
    }

    fn openai(patch_size: usize, width: usize, layers: usize, projection: usize) -> Self {
        Self {
            image_size: 224,
            patch_size,
            width,
            layers,
            heads: width / 64,
            mlp_width: 4 * width,
            activation: Activation::QuickGelu,
            pre_norm: true,
            patch_bias: false,
            norm_epsilon: 1e-5,
            projection: Some(projection),
            projection_bias: false,
        }
    }

    /// Patches a side.
    #[must_use]
    pub fn grid(&self) -> usize {
        self.image_size / self.patch_size
    }

    /// Tokens of the residual stream: one class token and all patches.
    #[must_use]
    pub fn tokens(&self) -> usize {
        1 + self.grid() * self.grid()
    }

    /// Width of the final embedding.
    #[must_use]
    pub fn embedding_width(&self) -> usize {
        self.projection.unwrap_or(self.width)
    }

    /// Checks that the numbers fit together and stay within what a published encoder could need.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`]: the architecture comes from a model's manifest.
    pub fn validate(&self) -> Result<()> {
        let fail = |why: &str| {
            Err(Error::new(
                ErrorKind::WeightsCorrupt,
                format!("the model's architecture is invalid: {why}"),
            ))
        };
        if !(1..=64).contains(&self.patch_size) || !(1..=1024).contains(&self.image_size) {
            return fail("the patch size must be 1..64 and the image size 1..1024");
        }
        if !self.image_size.is_multiple_of(self.patch_size) {
            return fail("the image size must be a multiple of the patch size");
        }
        if self.projection_bias && self.projection.is_none() {
            return fail("a projection bias needs a projection");
        }
        let Self { width, layers, heads, mlp_width, norm_epsilon, projection, .. } = *self;
        Transformer { width, layers, heads, mlp_width, norm_epsilon, projection }
            .validate()
            .or_else(fail)
    }

    /// Whether the tensor of this name is the tower's, not a head's.
    #[must_use]
    pub fn owns(name: &str) -> bool {
        name.starts_with("vision.")
    }

    /// Every tensor of the tower, in the order in which weight files hold them.
    #[must_use]
    pub fn tensors(&self) -> Vec<TensorSpec> {
        let width = self.width;
        let mut list = TensorList::default();
        list.matrix("vision.patch_embedding.weight", width, 3 * self.patch_size * self.patch_size);
        if self.patch_bias {
            list.vector("vision.patch_embedding.bias", width);
        }
        list.vector("vision.class_token", width);
        list.push("vision.position_embedding", vec![self.tokens(), width], TensorRole::Table);
        if self.pre_norm {
            list.norm("vision.pre_norm", width);
        }
        list.layers("vision", self.layers, width, self.mlp_width);
        list.norm("vision.norm", width);
        if let Some(projection) = self.projection {
            list.matrix("vision.projection.weight", projection, width);
            if self.projection_bias {
                list.vector("vision.projection.bias", projection);
            }
        }
        list.0
    }
}

/// What both towers have in common, for the limits that both keep.
pub(super) struct Transformer {
    pub(super) width: usize,
    pub(super) layers: usize,
    pub(super) heads: usize,
    pub(super) mlp_width: usize,
    pub(super) norm_epsilon: f64,
    pub(super) projection: Option<usize>,
}

impl Transformer {
    /// Names what does not fit together or exceeds what a published encoder could need.
    pub(super) fn validate(&self) -> std::result::Result<(), &'static str> {
        if !(1..=8192).contains(&self.width)
            || !(1..=32_768).contains(&self.mlp_width)
            || !(1..=128).contains(&self.layers)
        {
            return Err("the width, MLP width or number of layers is out of range");
        }
        if self.heads == 0 || !self.width.is_multiple_of(self.heads) {
            return Err("the width must be a multiple of the number of heads");
        }
        if self.projection.is_some_and(|width| !(1..=65_536).contains(&width)) {
            return Err("the projection width is out of range");
        }
        if !(self.norm_epsilon > 0.0 && self.norm_epsilon < 1.0) {
            return Err("the layer norm's epsilon must be between 0 and 1");
        }
        Ok(())
    }
}

/// The tensors of a tower, under construction.
#[derive(Default)]
pub(super) struct TensorList(pub(super) Vec<TensorSpec>);

impl TensorList {
    pub(super) fn push(&mut self, name: &str, shape: Vec<usize>, role: TensorRole) {
        self.0.push(TensorSpec { name: name.to_owned(), shape, role });
    }

    pub(super) fn matrix(&mut self, name: &str, output: usize, input: usize) {
        self.push(name, vec![output, input], TensorRole::Matrix);
    }

    fn vector(&mut self, name: &str, width: usize) {
        self.push(name, vec![width], TensorRole::Vector);
    }

    pub(super) fn norm(&mut self, name: &str, width: usize) {
        self.vector(&format!("{name}.weight"), width);
        self.vector(&format!("{name}.bias"), width);
    }

    fn linear(&mut self, name: &str, output: usize, input: usize) {
        self.matrix(&format!("{name}.weight"), output, input);
        self.vector(&format!("{name}.bias"), output);
    }

    /// The transformer layers of the tower `tower`.
    pub(super) fn layers(&mut self, tower: &str, layers: usize, width: usize, mlp_width: usize) {
        for layer in 0..layers {
            let name = |part: &str| format!("{tower}.layers.{layer}.{part}");
            self.norm(&name("norm1"), width);
            self.linear(&name("attention.qkv"), 3 * width, width);
            self.linear(&name("attention.output"), width, width);
            self.norm(&name("norm2"), width);
            self.linear(&name("mlp.fc1"), mlp_width, width);
            self.linear(&name("mlp.fc2"), width, mlp_width);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(config: &VisionConfig) -> usize {
        config.tensors().iter().map(|tensor| tensor.shape.iter().product::<usize>()).sum()
    }

    /// The parameter counts of the published image towers (Hugging Face
    /// `CLIPVisionModelWithProjection`; timm's count less the 1000-class head).
    #[test]
    fn published_parameter_counts() {
        assert_eq!(parameters(&VisionConfig::openai_clip_vit_base_patch32()), 87_849_216);
        assert_eq!(parameters(&VisionConfig::openai_clip_vit_base_patch16()), 86_192_640);
        assert_eq!(parameters(&VisionConfig::openai_clip_vit_large_patch14()), 303_966_208);
        assert_eq!(parameters(&VisionConfig::vit_tiny_patch16_224()), 5_717_416 - 193_000);
    }

    #[test]
    fn presets_are_valid_and_nonsense_is_not() {
        assert!(VisionConfig::vit_tiny_patch16_224().validate().is_ok());
        assert!(VisionConfig::openai_clip_vit_large_patch14().validate().is_ok());
        let base = VisionConfig::vit_tiny_patch16_224();
        for broken in [
            VisionConfig { heads: 5, ..base.clone() },
            VisionConfig { heads: 0, ..base.clone() },
            VisionConfig { patch_size: 15, ..base.clone() },
            VisionConfig { layers: usize::MAX, ..base.clone() },
            VisionConfig { norm_epsilon: f64::NAN, ..base.clone() },
            VisionConfig { projection_bias: true, ..base.clone() },
        ] {
            assert_eq!(broken.validate().unwrap_err().kind(), ErrorKind::WeightsCorrupt);
        }
    }
}
