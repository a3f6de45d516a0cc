//! What an encoder is: architecture, the names and shapes of its tensors, pooled features.
//!
//! One definition serves every published CLIP image encoder and plain ViT (patch 14, 16 or 32;
//! QuickGELU or exact GELU; with or without a norm before the first layer, a patch bias, a
//! projection). [`VisionConfig`] describes which; [`VisionConfig::tensors`] lists every tensor with
//! its shape. The computation is defined on burn, in the crate `clipsight-reference`; engines
//! compute the same results.
//!
//! ```
//! use clipsight::clip::{FeatureSpec, Pool, VisionConfig};
//! let config = VisionConfig::openai_clip_vit_base_patch16();
//! let features = FeatureSpec::all_layers(&config, &[Pool::Class, Pool::Mean]);
//! assert_eq!(features.width(&config), 12 * 2 * 768);
//! ```

mod config;
mod features;
mod normalisation;
mod text;

pub use config::{Activation, TensorRole, TensorSpec, VisionConfig};
pub use features::{FeatureSpec, Pool};
pub use normalisation::Normalisation;
pub use text::TextConfig;
