//! CLIP's towers as burn modules: configuration, vision tower, pooled features; with feature
//! `train` the text tower and its tokenizer.
//!
//! One definition serves every published CLIP image encoder and plain ViT (patch 14, 16 or 32;
//! QuickGELU or exact GELU; with or without a norm before the first layer, a patch bias, a
//! projection), every backend, inference and training. [`VisionConfig`] says which;
//! [`VisionConfig::tensors`] names every tensor with its shape, and [`VisionTower::assemble`]
//! builds the tower from tensors under those names. `TextConfig` and `TextTower` do the same for
//! text; at inference captions are constants of the model, so the browser needs neither.

mod config;
mod features;
#[cfg(feature = "train")]
mod text;
#[cfg(feature = "train")]
mod tokenizer;
#[cfg(feature = "nn")]
mod transformer;
#[cfg(feature = "nn")]
mod vision;

pub use config::{Activation, TensorRole, TensorSpec, VisionConfig};
pub use features::{FeatureSpec, Pool};
#[cfg(feature = "train")]
pub use text::{TextConfig, TextTower, TokenBatch};
#[cfg(feature = "train")]
pub use tokenizer::Tokenizer;
#[cfg(feature = "nn")]
pub use transformer::DeviceTensor;
#[cfg(feature = "nn")]
pub use vision::{Contributions, VisionOutput, VisionTower};
#[cfg(feature = "train")]
pub use vision::{InputMoments, StreamedTower};
