//! The definition of clipsight's encoders: CLIP's towers, and the residual network, as burn
//! modules.
//!
//! [`VisionTower`] serves every published CLIP image encoder and plain ViT, every backend,
//! inference and training; [`VisionTower::assemble`] builds it from tensors named as in
//! [`VisionConfig::tensors`](clipsight::clip::VisionConfig::tensors). [`TextTower`] and
//! [`Tokenizer`] do the same for text. [`Reference`] runs the tower behind the core's
//! [`Engine`](clipsight::engine::Engine): slower than the others, and what they are tested against.
//!
//! ```
//! use clipsight::clip::{FeatureSpec, Pool, VisionConfig};
//! use clipsight::engine::Engine;
//! use clipsight_reference::Reference;
//! let config = VisionConfig::vit_tiny_patch16_224();
//! let features = FeatureSpec::all_layers(&config, &[Pool::Mean]);
//! let builder = Reference::cpu().begin(&config, &features)?;
//! # Ok::<(), clipsight::Error>(())
//! ```

mod engine;
pub mod init;
mod residual;
mod text;
mod text_loader;
mod tokenizer;
mod transformer;
mod upload;
mod vision;

pub use engine::{Reference, ReferenceEncoder, pixels, tower};
pub use residual::ResidualNetwork;
pub use text::{TextTower, TokenBatch};
pub use text_loader::TextLoader;
pub use tokenizer::Tokenizer;
pub use transformer::DeviceTensor;
pub use upload::{download, upload};
pub use vision::{Contributions, InputMoments, StreamedTower, VisionOutput, VisionTower};
