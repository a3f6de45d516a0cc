//! `text.json`: the text tower of a model that came with one. Programs that only look at images
//! never read it.

use serde::{Deserialize, Serialize};

use super::FORMAT_VERSION;
use crate::clip::TextConfig;
use crate::limits::{MAX_CAPTION_SCALE, MAX_MANIFEST_BYTES};
use crate::weights::{Shard, Storage, validate_shards};
use crate::{Error, ErrorKind, Result};

/// Everything about a text tower except its weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextManifest {
    /// [`FORMAT_VERSION`].
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
    /// [`ErrorKind::WeightsCorrupt`] when it is not such a manifest, has an unknown version, or is
    /// inconsistent; [`ErrorKind::Limit`] when it is too large.
    pub fn from_json(bytes: &[u8]) -> Result<Self> {
        let corrupt = |message: String| Error::new(ErrorKind::WeightsCorrupt, message);
        if bytes.len() > MAX_MANIFEST_BYTES {
            let message = format!(
                "the text tower's manifest is larger than {} MiB",
                MAX_MANIFEST_BYTES >> 20
            );
            return Err(Error::new(ErrorKind::Limit, message));
        }
        let read: Self = serde_json::from_slice(bytes).map_err(|error| {
            corrupt(format!("text.json is not a text tower's manifest: {error}")).with_source(error)
        })?;
        if read.format != FORMAT_VERSION {
            return Err(corrupt(format!("the text tower has the unknown format {}", read.format)));
        }
        if !(read.logit_scale > 0.0 && read.logit_scale <= MAX_CAPTION_SCALE) {
            return Err(corrupt("the text tower's logit scale is out of range".to_owned()));
        }
        read.architecture.validate()?;
        validate_shards(&read.shards)?;
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
