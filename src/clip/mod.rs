//! The vision transformer as burn modules: configuration, tower, pooled features.
//!
//! One definition serves every published CLIP image encoder and plain ViT (patch 14, 16 or 32; QuickGELU or exact
//! GELU; with or without a norm before the first layer, a patch bias, a projection), every backend, inference and
//! training. [`VisionConfig`] says which; [`VisionConfig::tensors`] names every tensor with its shape, and
//! [`VisionTower::assemble`] builds the tower from tensors under those names.

mod config;
mod features;
mod vision;

pub use config::{Activation, TensorRole, TensorSpec, VisionConfig};
pub use features::{FeatureSpec, Pool};
pub use vision::{Contributions, DeviceTensor, VisionOutput, VisionTower};
