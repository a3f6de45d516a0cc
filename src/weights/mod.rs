//! Model files: a manifest (`model.json`) beside safetensors shards of at most 4 MiB.
//!
//! [`Manifest`] says everything about a model; [`ModelLoader`] takes its shards one at a time,
//! checks each against its hash before it looks inside, hands its tensors to the device and lets
//! the bytes go; [`pack`] writes the same files; [`timm`] reads the published weights that the
//! compact model starts from, `hf_clip` (feature `train`) those of CLIP.

mod assembly;
#[cfg(feature = "train")]
mod calibrated;
#[cfg(feature = "train")]
pub mod hf_clip;
mod loader;
mod manifest;
mod pack;
mod quantize;
mod stored;
mod tensors;
#[cfg(feature = "train")]
mod text;
pub mod timm;

#[cfg(feature = "train")]
pub use calibrated::Hessian;
pub use loader::{LoadedTensors, ModelLoader};
pub use manifest::{FORMAT_VERSION, Manifest, SelfTest, Shard};
pub use pack::{PackedShard, Packer, pack};
pub use quantize::{BLOCK, Q4, Q8, Storage, blocks};
pub use stored::{StoredTensor, StoredValues};
#[cfg(feature = "train")]
pub use tensors::download;
#[cfg(feature = "nn")]
pub use tensors::upload;
pub use tensors::{HostTensor, sha256_hex};
#[cfg(feature = "train")]
pub use text::{TextLoader, TextManifest};
