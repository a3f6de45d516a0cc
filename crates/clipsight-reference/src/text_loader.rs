//! Loads text towers from shards.

use std::collections::HashMap;

use burn::tensor::Device;
use clipsight::Result;
use clipsight::model::TextManifest;
use clipsight::weights::{Assembly, sha256_hex};

use crate::{DeviceTensor, Reference, TextTower, upload};

/// Takes a text tower's shards one at a time, as [`ModelLoader`](clipsight::model::ModelLoader)
/// does a model's.
#[derive(Debug)]
pub struct TextLoader {
    manifest: TextManifest,
    device: Device,
    assembly: Assembly,
    tensors: HashMap<String, DeviceTensor>,
}

impl TextLoader {
    /// Waits for the first shard.
    #[must_use]
    pub fn new(manifest: TextManifest, reference: &Reference) -> Self {
        let assembly = Assembly::new(&manifest.shards, manifest.architecture.tensors());
        Self { manifest, device: reference.device().clone(), assembly, tensors: HashMap::new() }
    }

    /// Takes the bytes of shard `index`.
    ///
    /// # Errors
    /// As [`ModelLoader::push_shard`](clipsight::model::ModelLoader::push_shard).
    pub fn push_shard(&mut self, index: usize, bytes: &[u8]) -> Result<()> {
        let Self { assembly, tensors, device, .. } = self;
        assembly.push_shard(
            index,
            bytes,
            || sha256_hex(bytes),
            |spec, tensor| {
                tensors.insert(spec.name.clone(), upload(spec, tensor.into_host()?, device)?);
                Ok(())
            },
        )
    }

    /// The tower, in f32.
    ///
    /// # Errors
    /// [`WeightsCorrupt`](clipsight::ErrorKind::WeightsCorrupt) when a shard or tensor is missing.
    pub fn finish(mut self) -> Result<TextTower> {
        self.assembly.finish()?;
        TextTower::assemble(&self.manifest.architecture, &mut self.tensors, &self.device)
    }
}
