//! Technical quality: a small perceptron beside the verdict (method M2 as shipped).
//!
//! It is trained on known strengths of blur, noise, JPEG and downscaling
//! (`clipsight_lab::train::quality`), so that is what it measures, on the views as the encoder sees
//! them: not beauty, and not detail lost by reducing an image to that size.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::linear::LinearMap;
use crate::clip::{TensorRole, TensorSpec};
use crate::limits::MAX_HEAD_VALUES;
use crate::weights::HostTensor;
use crate::{Error, ErrorKind, Result};

/// The manifest's entry for quality.
///
/// `quality = fc2 . relu(fc1 . x + b1) + b2` for the features `x` as the model's own head sees
/// them, after its transform; averaged over an image's views and clamped to 0 to 1. Any
/// standardisation is folded into `fc1` and `b1`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QualityModel {
    /// Width of the hidden layer.
    pub hidden: usize,
}

impl QualityModel {
    /// The names of its tensors: `[hidden, features]`, `[hidden]`, `[1, hidden]`, `[1]`.
    pub const TENSORS: [&str; 4] =
        ["quality.fc1.weight", "quality.fc1.bias", "quality.fc2.weight", "quality.fc2.bias"];

    /// The tensors it needs, for `features` features.
    #[must_use]
    pub fn tensors(&self, features: usize) -> Vec<TensorSpec> {
        let [weight1, bias1, weight2, bias2] = Self::TENSORS;
        let spec = |name: &str, shape, role| TensorSpec { name: name.to_owned(), shape, role };
        vec![
            spec(weight1, vec![self.hidden, features], TensorRole::Matrix),
            spec(bias1, vec![self.hidden], TensorRole::Vector),
            spec(weight2, vec![1, self.hidden], TensorRole::Matrix),
            spec(bias2, vec![1], TensorRole::Vector),
        ]
    }

    /// Checks its width, for `features` features.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`].
    pub fn validate(&self, features: usize) -> Result<()> {
        if self.hidden > 0 && self.hidden.saturating_mul(features) <= MAX_HEAD_VALUES {
            return Ok(());
        }
        let message =
            format!("quality: no matrix may be empty or have over {MAX_HEAD_VALUES} values");
        Err(Error::new(ErrorKind::WeightsCorrupt, message))
    }
}

/// The perceptron with its weights: one hidden layer of rectified units.
#[derive(Debug)]
pub struct QualityPerceptron {
    hidden: LinearMap,
    output: LinearMap,
}

impl QualityPerceptron {
    /// Takes its tensors out of a model's.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`] when one is missing.
    pub fn assemble(tensors: &mut HashMap<String, HostTensor>) -> Result<Self> {
        let [weight1, bias1, weight2, bias2] = QualityModel::TENSORS;
        let hidden = LinearMap::take(tensors, weight1, bias1)?;
        Ok(Self { hidden, output: LinearMap::take(tensors, weight2, bias2)? })
    }

    /// One view's transformed features -> its quality, not yet clamped.
    #[must_use]
    pub fn forward(&self, transformed: &[f32]) -> f32 {
        let mut hidden = self.hidden.forward(transformed);
        hidden.iter_mut().for_each(|value| *value = value.max(0.0));
        self.output.forward(&hidden)[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn qualities_by_hand() {
        let data =
            [vec![1.0, 2.0, -1.0, 1.0, 0.0, 0.0], vec![0.5, -1.0], vec![0.25, -2.0], vec![0.125]];
        let mut tensors: HashMap<String, HostTensor> = QualityModel { hidden: 2 }
            .tensors(3)
            .into_iter()
            .zip(data)
            .map(|(spec, data)| (spec.name, HostTensor::new(spec.shape, data).unwrap()))
            .collect();
        let perceptron = QualityPerceptron::assemble(&mut tensors).unwrap();
        assert!(tensors.is_empty());
        // Hidden: [1 + 2 - 1 + 0.5, 1 - 1] = [2.5, 0]; [0.5, 2 - 1] = [0.5, 1] for [2, -1, 0] +
        // biases.
        for (view, expected) in [([1.0, 1.0, 1.0], 0.75), ([2.0, -1.0, 0.0], -1.75)] {
            let found = perceptron.forward(&view);
            assert!((found - expected).abs() < 1e-6_f32, "{found} instead of {expected}");
        }
        let missing = QualityPerceptron::assemble(&mut tensors).unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::WeightsCorrupt);
    }

    #[test]
    fn impossible_widths_are_refused() {
        assert!(QualityModel { hidden: 32 }.validate(7).is_ok());
        for hidden in [0, MAX_HEAD_VALUES / 7 + 1, usize::MAX] {
            assert_eq!(
                QualityModel { hidden }.validate(7).unwrap_err().kind(),
                ErrorKind::WeightsCorrupt
            );
        }
    }
}
