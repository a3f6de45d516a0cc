//! Random weights for towers that are trained from scratch, the same for the same seed on every
//! machine.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use burn::tensor::Device;

use crate::Result;
use crate::clip::{
    DeviceTensor, TensorRole, TensorSpec, TextConfig, TextTower, VisionConfig, VisionTower,
};
use crate::image::deliveries::Rng;
use crate::weights::{HostTensor, upload};

/// Random tensors for `specs`, after OpenAI's CLIP (`initialize_parameters`): matrices normal with
/// deviation `1 / sqrt(input width)`, those that write to the residual stream of `layers` layers
/// divided by `sqrt(2 layers)`; tables and class tokens normal with deviation .02; gains 1, biases
/// 0.
///
/// # Errors
/// None that correct specs could give.
pub fn random_tensors(
    specs: &[TensorSpec],
    layers: usize,
    rng: &mut Rng,
) -> Result<BTreeMap<String, HostTensor>> {
    let residual = (2.0 * layers.max(1) as f64).sqrt().recip();
    specs
        .iter()
        .map(|spec| {
            let writes = spec.name.ends_with("attention.output.weight")
                || spec.name.ends_with("mlp.fc2.weight");
            let deviation = match (spec.role, spec.shape.as_slice()) {
                (TensorRole::Matrix, &[_, input]) => {
                    (input as f64).sqrt().recip() * if writes { residual } else { 1.0 }
                }
                (TensorRole::Table, _) => 0.02,
                _ if spec.name.ends_with("class_token") => 0.02,
                _ => 0.0,
            };
            let mean = if deviation == 0.0 && spec.name.ends_with(".weight") { 1.0 } else { 0.0 };
            let count = spec.shape.iter().product();
            let data = (0..count)
                .map(|_| if deviation == 0.0 { mean } else { (deviation * rng.normal()) as f32 })
                .collect();
            Ok((spec.name.clone(), HostTensor::new(spec.shape.clone(), data)?))
        })
        .collect()
}

/// A text tower with random weights.
///
/// # Errors
/// [`WeightsCorrupt`](crate::ErrorKind::WeightsCorrupt) for an invalid configuration.
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
/// highest. Gives the texts and the size of the vocabulary.
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
/// [`WeightsCorrupt`](crate::ErrorKind::WeightsCorrupt) for a tensor of another shape, or with a
/// value that is not finite. A missing one is met when the tower is assembled.
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
