//! The streaming reader: shard by shard to the device.

use std::collections::HashMap;

use super::Manifest;
use crate::Result;
use crate::clip::VisionConfig;
use crate::engine::{Encoder, EncoderBuilder, Engine};
use crate::weights::{Assembly, HostTensor, sha256_hex};

/// Takes a model's shards in any order, one at a time.
///
/// A shard's bytes are hashed before they are parsed, and borrowed only for the call. The encoder's
/// tensors go to the engine one by one, as they are stored; two copies of the weights are never
/// held in host memory. Nothing can be computed before [`finish`](Self::finish) has found every
/// tensor: there are no partial models.
#[derive(Debug)]
pub struct ModelLoader {
    manifest: Manifest,
    encoder: Box<dyn EncoderBuilder>,
    assembly: Assembly,
    /// All tensors except the encoder's.
    heads: HashMap<String, HostTensor>,
}

/// All of a model's weights.
#[derive(Debug)]
pub struct LoadedTensors {
    /// The manifest that describes them.
    pub manifest: Manifest,
    /// The image encoder on its device.
    pub encoder: Box<dyn Encoder>,
    /// The heads' and the residual network's tensors, under their names in [`Manifest::tensors`].
    pub tensors: HashMap<String, HostTensor>,
}

impl ModelLoader {
    /// A loader for the model of `manifest`.
    ///
    /// # Errors
    /// [`DeviceLost`](crate::ErrorKind::DeviceLost) when the engine does not accept the encoder;
    /// [`Unsupported`](crate::ErrorKind::Unsupported) when its engine cannot compute the model's
    /// features.
    pub fn new(manifest: Manifest, engine: &dyn Engine) -> Result<Self> {
        let encoder = engine.begin(&manifest.architecture, manifest.head.features())?;
        let assembly = Assembly::new(&manifest.shards, manifest.tensors());
        Ok(Self { manifest, encoder, assembly, heads: HashMap::new() })
    }

    /// The model's manifest.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Takes the bytes of shard `index` of the manifest.
    ///
    /// # Errors
    /// [`WeightsCorrupt`](crate::ErrorKind::WeightsCorrupt) when the bytes are not the shard that
    /// the manifest describes or hold anything but the model's tensors;
    /// [`Argument`](crate::ErrorKind::Argument) when there is no such shard or it was already
    /// taken.
    pub fn push_shard(&mut self, index: usize, bytes: &[u8]) -> Result<()> {
        self.push(index, bytes, || sha256_hex(bytes))
    }

    /// [`push_shard`](Self::push_shard) for callers that have already hashed exactly these bytes by
    /// faster means: browsers use the machine's own instructions. `sha256` is the result in
    /// lower-case hex.
    ///
    /// # Errors
    /// As [`push_shard`](Self::push_shard).
    pub fn push_hashed_shard(&mut self, index: usize, bytes: &[u8], sha256: &str) -> Result<()> {
        self.push(index, bytes, || sha256.to_owned())
    }

    fn push(&mut self, index: usize, bytes: &[u8], sha256: impl FnOnce() -> String) -> Result<()> {
        let Self { encoder, assembly, heads, .. } = self;
        assembly.push_shard(index, bytes, sha256, |spec, tensor| {
            if VisionConfig::owns(&spec.name) {
                return encoder.take(spec, tensor);
            }
            heads.insert(spec.name.clone(), tensor.into_host()?);
            Ok(())
        })
    }

    /// All tensors.
    ///
    /// # Errors
    /// [`WeightsCorrupt`](crate::ErrorKind::WeightsCorrupt) when a shard or tensor is missing;
    /// [`DeviceLost`](crate::ErrorKind::DeviceLost) when the device did not accept them all.
    pub async fn finish(self) -> Result<LoadedTensors> {
        self.assembly.finish()?;
        let encoder = self.encoder.finish().await?;
        Ok(LoadedTensors { manifest: self.manifest, encoder, tensors: self.heads })
    }
}
