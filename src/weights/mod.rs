//! How weights are stored: safetensors shards of at most 4 MiB, matrices in 8 or 4 bits, f16 or
//! f32.
//!
//! [`pack`] writes shards; [`Assembly`] takes them one at a time, checks each against its hash
//! before parsing it, and passes on every tensor once all its rows are there.
//! [`model`](crate::model) describes whole models.
//!
//! ```
//! use clipsight::weights::Q8;
//! let stored = Q8::quantize(&[0.5, -1.0, 0.25, 0.0], 4);
//! assert!((stored.dequantize(4)[0] - 0.5).abs() < 1.0 / 127.0);
//! ```

mod assembly;
mod pack;
mod quantize;
mod random;
mod shard;
mod stored;
mod tensors;

pub use assembly::Assembly;
pub use pack::{PackedShard, Packer, pack};
pub use quantize::{BLOCK, FewBits, Q4, Q6, Q8, Storage, blocks};
pub use random::random_tensors;
pub use shard::{Shard, is_file_name, validate_shards};
pub use stored::{StoredTensor, StoredValues};
pub use tensors::{HostTensor, sha256_hex, sha256_hex_of};
