//! Random weights, the same for the same seed on every machine.

use std::collections::BTreeMap;

use super::HostTensor;
use crate::Result;
use crate::clip::{TensorRole, TensorSpec};
use crate::rng::Rng;

/// Random tensors for `specs`, after OpenAI's CLIP (`initialize_parameters`): matrices normal with
/// deviation `1 / sqrt(input width)`, those that write to the residual stream of `layers` layers
/// divided by `sqrt(2 layers)`; tables and class tokens normal with deviation .02; gains 1, biases
/// 0.
///
/// # Errors
/// None for correct specs.
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
