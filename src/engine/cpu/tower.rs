//! The weights of an encoder, as the forward pass reads them.

use super::attention::AttentionShape;
use super::norm::LayerNorm;
use super::product::PackedLinear;
use crate::clip::{FeatureSpec, VisionConfig};

/// The weights of an encoder.
#[derive(Debug)]
pub(super) struct CpuTower {
    pub(super) config: VisionConfig,
    pub(super) features: FeatureSpec,
    pub(super) attention: AttentionShape,
    pub(super) patch_embedding: PackedLinear,
    pub(super) class_token: Vec<f32>,
    /// `[token, width]`, not padded.
    pub(super) positions: Vec<f32>,
    pub(super) pre_norm: Option<LayerNorm>,
    pub(super) layers: Vec<CpuLayer>,
    pub(super) norm: LayerNorm,
    pub(super) projection: Option<Projection>,
}

/// One transformer layer.
#[derive(Debug)]
pub(super) struct CpuLayer {
    pub(super) norm1: LayerNorm,
    pub(super) queries: PackedLinear,
    pub(super) keys: PackedLinear,
    pub(super) values: PackedLinear,
    pub(super) output: PackedLinear,
    pub(super) norm2: LayerNorm,
    pub(super) fc1: PackedLinear,
    pub(super) fc2: PackedLinear,
    /// The output projection in f32, `[width, width]`, for layers with heads whose effect is asked
    /// for.
    pub(super) output_values: Option<Vec<f32>>,
}

/// The projection of the class token, in f32: one row per view is not worth rounding.
#[derive(Debug)]
pub(super) struct Projection {
    /// `[embedding, width]`.
    pub(super) weight: Vec<f32>,
    pub(super) bias: Option<Vec<f32>>,
}
