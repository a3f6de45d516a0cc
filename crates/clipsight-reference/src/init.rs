//! Random weights for towers that are trained from scratch, the same for the same seed on every
//! machine.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use burn::tensor::Device;
use clipsight::Result;
use clipsight::clip::{TensorSpec, TextConfig, VisionConfig};
use clipsight::rng::Rng;
use clipsight::weights::{HostTensor, random_tensors};

use crate::{DeviceTensor, TextTower, VisionTower, upload};

/// A text tower with random weights.
///
/// # Errors
/// [`WeightsCorrupt`](clipsight::ErrorKind::WeightsCorrupt) for an invalid configuration.
pub fn random_text_tower(config: &TextConfig, rng: &mut Rng, device: &Device) -> Result<TextTower> {
    config.validate()?;
    let specs = config.tensors();
    let tensors = random_tensors(&specs, config.layers, rng)?;
    TextTower::assemble(config, &mut on_device(&specs, tensors, device)?, device)
}

/// A vision tower with random weights.
///
/// # Errors
/// As [`random_text_tower`].
pub fn random_vision_tower(
    config: &VisionConfig,
    rng: &mut Rng,
    device: &Device,
) -> Result<VisionTower> {
    config.validate()?;
    let specs = config.tensors();
    let tensors = random_tensors(&specs, config.layers, rng)?;
    VisionTower::assemble(config, &mut on_device(&specs, tensors, device)?, device)
}

/// Renumbers token ids so that only those in use are left, in their order: the end token keeps the
/// highest. Returns the texts and the size of the vocabulary.
#[must_use]
pub fn restricted(texts: &[Vec<u32>]) -> (Vec<Vec<u32>>, usize) {
    let used: Vec<u32> =
        texts.iter().flatten().copied().collect::<BTreeSet<_>>().into_iter().collect();
    #[expect(clippy::cast_possible_truncation, reason = "no more ids than u32 has")]
    let new = |id: &u32| used.partition_point(|used| used < id) as u32;
    (texts.iter().map(|text| text.iter().map(new).collect()).collect(), used.len())
}

/// Host tensors under their names, on a device; those that `specs` do not name are left out.
///
/// # Errors
/// [`WeightsCorrupt`](clipsight::ErrorKind::WeightsCorrupt) for a tensor of the wrong shape, or
/// with a value that is not finite. A missing one is reported when the tower is assembled.
pub fn on_device(
    specs: &[TensorSpec],
    mut tensors: BTreeMap<String, HostTensor>,
    device: &Device,
) -> Result<HashMap<String, DeviceTensor>> {
    specs
        .iter()
        .filter_map(|spec| tensors.remove(&spec.name).map(|tensor| (spec, tensor)))
        .map(|(spec, tensor)| Ok((spec.name.clone(), upload(spec, tensor, device)?)))
        .collect()
}
