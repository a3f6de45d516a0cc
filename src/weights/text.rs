//! `text.json`: a text tower beside a model that came with one. Programs that only look at images
//! never read it.

use std::collections::HashMap;

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::assembly::Assembly;
use super::{Shard, Storage, manifest, sha256_hex, upload};
use crate::clip::{DeviceTensor, TextConfig, TextTower};
use crate::limits::MAX_MANIFEST_BYTES;
use crate::{Error, ErrorKind, Result};

/// What is known of a text tower but its weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextManifest {
    /// [`FORMAT_VERSION`](super::FORMAT_VERSION).
    pub format: u32,
    /// The tower's architecture.
    pub architecture: TextConfig,
    /// The factor on cosines before the softmax over texts: `exp` of CLIP's learned temperature.
    pub logit_scale: f32,
    /// How matrices are stored.
    pub storage: Storage,
    /// The weight files.
    pub shards: Vec<Shard>,
}

impl TextManifest {
    /// Reads and validates one.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`] when it is none, of an unknown version, or inconsistent;
    /// [`ErrorKind::Limit`] when it is too large.
    pub fn from_json(bytes: &[u8]) -> Result<Self> {
        let corrupt = |message: String| Error::new(ErrorKind::WeightsCorrupt, message);
        if bytes.len() > MAX_MANIFEST_BYTES {
            let message =
                format!("the text tower's manifest is over {} MiB", MAX_MANIFEST_BYTES >> 20);
            return Err(Error::new(ErrorKind::Limit, message));
        }
        let read: Self = serde_json::from_slice(bytes).map_err(|error| {
            corrupt(format!("text.json is not a text tower's manifest: {error}")).with_source(error)
        })?;
        if read.format != super::FORMAT_VERSION {
            return Err(corrupt(format!(
                "the text tower is of format {}, which is unknown",
                read.format
            )));
        }
        if !(read.logit_scale > 0.0 && read.logit_scale <= crate::limits::MAX_CAPTION_SCALE) {
            return Err(corrupt("the text tower's logit scale is no usable number".to_owned()));
        }
        read.architecture.validate()?;
        manifest::validate_shards(&read.shards)?;
        Ok(read)
    }

    /// The manifest as it is written to `text.json`.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] when a number cannot be written.
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string_pretty(self).map(|json| json + "\n").map_err(|error| {
            Error::new(ErrorKind::Internal, "the text tower's manifest cannot be written")
                .with_source(error)
        })
    }
}

/// Takes a text tower's shards, one at a time, as [`ModelLoader`](super::ModelLoader) takes a
/// model's.
#[derive(Debug)]
pub struct TextLoader {
    manifest: TextManifest,
    device: Device,
    assembly: Assembly,
    tensors: HashMap<String, DeviceTensor>,
}

impl TextLoader {
    /// Nothing has come yet.
    #[must_use]
    pub fn new(manifest: TextManifest, device: &Device) -> Self {
        let assembly = Assembly::new(&manifest.shards, manifest.architecture.tensors());
        Self { manifest, device: device.clone(), assembly, tensors: HashMap::new() }
    }

    /// Takes the bytes of shard `index`.
    ///
    /// # Errors
    /// As [`ModelLoader::push_shard`](super::ModelLoader::push_shard).
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
    /// [`ErrorKind::WeightsCorrupt`] when a shard or tensor has not come.
    pub fn finish(mut self) -> Result<TextTower> {
        self.assembly.finish()?;
        TextTower::assemble(&self.manifest.architecture, &mut self.tensors, &self.device)
    }
}
