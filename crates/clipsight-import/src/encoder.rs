//! An image encoder as it was published, whole in memory: what recipes start from.

use std::collections::BTreeMap;
use std::path::Path;

use clipsight::Result;
use clipsight::clip::{Normalisation, VisionConfig};
use clipsight::weights::HostTensor;

use crate::{Architecture, Checkpoint, read_vision, source};

/// An image encoder as it was published.
#[derive(Clone, Debug)]
pub struct PublishedEncoder {
    /// Its architecture.
    pub architecture: VisionConfig,
    /// Its weights, by the names that [`VisionConfig::tensors`] gives them.
    pub tensors: BTreeMap<String, HostTensor>,
    /// What its pixels are normalised by.
    pub normalisation: Normalisation,
}

impl PublishedEncoder {
    /// Opens a plain ViT of timm's, or the image tower of a CLIP in any form that
    /// [`Checkpoint::open`] reads: a file, or a folder with one.
    ///
    /// # Errors
    /// As [`Checkpoint::open`], [`Architecture::of_encoder`] and [`read_vision`].
    pub fn open(path: &Path) -> Result<Self> {
        let found = source::find(path)?;
        let checkpoint = Checkpoint::open(&found.weights)?;
        let architecture = Architecture::of_encoder(&checkpoint, &found.configs)?;
        let tensors = read_vision(&checkpoint, &architecture)?;
        let Architecture { vision, preprocessing, .. } = architecture;
        let normalisation = Normalisation { mean: preprocessing.mean, std: preprocessing.std };
        Ok(Self { architecture: vision, tensors, normalisation })
    }
}
