//! Public CLIP checkpoints and detector heads as they are published, into models of clipsight.
//!
//! [`Checkpoint`] opens what a publisher put out (safetensors, whole or in shards; PyTorch's zip
//! and legacy files; OpenAI's TorchScript archives) and reads one tensor at a time; pickles are
//! interpreted, never run. [`Architecture`] says what the files describe, from their configuration
//! or from shapes; [`HeadFile`] reads a published head; [`convert`] writes the two as a model, a
//! shard at a time. It reads files itself: a checkpoint is
//! too large to be handed over as bytes.
//!
//! Without the feature `convert` it reads and writes nothing.
#![cfg_attr(not(feature = "convert"), allow(dead_code))]

mod architecture;
mod archive;
mod checkpoint;
#[cfg(feature = "convert")]
mod convert;
mod dtype;
mod encoder;
mod files;
pub mod gptq;
mod heads;
pub mod hf_clip;
mod names;
mod numpy;
mod pickle;
mod pieces;
mod presets;
mod safetensors;
pub mod source;
mod timm;
mod torch;

pub use architecture::{Architecture, Configs, Family};
pub use checkpoint::{Checkpoint, shards_of_index};
#[cfg(feature = "convert")]
pub use convert::{Converted, GPTQ_TOKENS, Options, convert};
pub use encoder::PublishedEncoder;
pub use heads::HeadFile;
pub use names::read_vision;
pub use presets::{PRESETS, Preset};

use clipsight::{Error, ErrorKind};

/// The files are at fault.
fn corrupt(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::WeightsCorrupt, message)
}

/// The files are sound, but of a kind that cannot be imported.
fn unsupported(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Unsupported, message)
}
