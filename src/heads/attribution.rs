//! Which generator made an image: images matched with constant captions (method M1 at inference).

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::captions::CaptionSet;
use super::linear::{LinearMap, dot, normalize, take};
use crate::clip::{TensorRole, TensorSpec};
use crate::limits::{MAX_CAPTION_SCALE, MAX_HEAD_VALUES};
use crate::weights::HostTensor;
use crate::{Error, ErrorKind, Result};

/// The manifest's entry for attribution.
///
/// `embedding = projection . x + bias` for the features `x` as the model's own head sees them,
/// after its transform; `logits = scale cos(embedding, captions)`, averaged over an image's views,
/// read by [`attribute`](super::captions::attribute). None of it moves the verdict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttributionHead {
    /// The subjects of the captions.
    pub captions: CaptionSet,
    /// Width of the space shared by images and captions.
    pub width: usize,
    /// The factor on cosines.
    pub scale: f32,
    /// Smallest share of `p(AI)` at which a generator is named.
    pub threshold: f64,
}

impl AttributionHead {
    /// The names of its tensors: projection `[width, features]`, bias `[width]`, captions
    /// `[captions, width]`.
    pub const TENSORS: [&str; 3] =
        ["attribution.projection", "attribution.bias", "attribution.captions"];

    /// The tensors it needs, for `features` features.
    #[must_use]
    pub fn tensors(&self, features: usize) -> Vec<TensorSpec> {
        let [projection, bias, captions] = Self::TENSORS;
        let spec = |name: &str, shape, role| TensorSpec { name: name.to_owned(), shape, role };
        vec![
            spec(projection, vec![self.width, features], TensorRole::Matrix),
            spec(bias, vec![self.width], TensorRole::Vector),
            spec(captions, vec![self.captions.subjects().len(), self.width], TensorRole::Matrix),
        ]
    }

    /// Checks its numbers, for `features` features; the captions are sound by their type.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`].
    pub fn validate(&self, features: usize) -> Result<()> {
        let fail =
            |why: String| Err(Error::new(ErrorKind::WeightsCorrupt, format!("attribution: {why}")));
        let longest = self.captions.subjects().len().max(features);
        if self.width == 0 || self.width.saturating_mul(longest) > MAX_HEAD_VALUES {
            return fail(format!("no matrix may be empty or have over {MAX_HEAD_VALUES} values"));
        }
        // Written so that NaN fails.
        if !(self.scale > 0.0 && self.scale <= MAX_CAPTION_SCALE) {
            return fail(format!("the scale must be above 0 and at most {MAX_CAPTION_SCALE}"));
        }
        if !(0.0..=1.0).contains(&self.threshold) {
            return fail("the threshold must be a share, 0 to 1".to_owned());
        }
        Ok(())
    }
}

/// Attribution with its weights.
#[derive(Debug)]
pub struct CaptionMatcher {
    projection: LinearMap,
    /// `[captions, width]`, rows of length `scale`.
    captions: HostTensor,
}

impl CaptionMatcher {
    /// Takes its tensors out of a model's.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`] when one is missing.
    pub fn assemble(
        head: &AttributionHead,
        tensors: &mut HashMap<String, HostTensor>,
    ) -> Result<Self> {
        let [projection, bias, captions] = AttributionHead::TENSORS;
        let mut captions = take(tensors, captions)?;
        // Of length one again: storage in 8 bits changes lengths by up to a percent, which the
        // scale would turn into whole logits.
        for row in captions.data.chunks_mut(head.width.max(1)) {
            normalize(row);
            row.iter_mut().for_each(|value| *value *= head.scale);
        }
        Ok(Self { projection: LinearMap::take(tensors, projection, bias)?, captions })
    }

    /// One view's transformed features -> a logit for each caption.
    #[must_use]
    pub fn forward(&self, transformed: &[f32]) -> Vec<f32> {
        let mut embedding = self.projection.forward(transformed);
        normalize(&mut embedding);
        self.captions
            .data
            .chunks(embedding.len().max(1))
            .map(|caption| dot(caption, &embedding))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::captions::Subject;
    use super::*;

    fn head() -> AttributionHead {
        let captions = vec![
            Subject::Real,
            Subject::Generator { name: "sd15".to_owned(), family: Some("diffusion".to_owned()) },
            Subject::Family { name: "diffusion".to_owned() },
        ];
        AttributionHead {
            captions: CaptionSet::try_from(captions).unwrap(),
            width: 2,
            scale: 10.0,
            threshold: 0.5,
        }
    }

    #[test]
    fn logits_by_hand() {
        let head = head();
        // Captions need not come at length one: the last is three long.
        let data = [
            vec![1.0, 0.0, 2.0, 0.0, 1.0, 0.0],
            vec![0.0, -1.0],
            vec![1.0, 0.0, 0.6, 0.8, 0.0, 3.0],
        ];
        let mut tensors: HashMap<String, HostTensor> = head
            .tensors(3)
            .into_iter()
            .zip(data)
            .map(|(spec, data)| (spec.name, HostTensor::new(spec.shape, data).unwrap()))
            .collect();
        let matcher = CaptionMatcher::assemble(&head, &mut tensors).unwrap();
        assert!(tensors.is_empty());
        // Embeddings: [1 + 2, 5 - 1] = [3, 4], of length 5; [0, -1]; and [0, 0], which has no
        // direction.
        let views = [[1.0_f32, 5.0, 1.0], [0.0, 0.0, 0.0], [0.0, 1.0, 0.0]];
        let logits: Vec<f32> = views.iter().flat_map(|view| matcher.forward(view)).collect();
        let expected = [6.0, 10.0, 8.0, 0.0, -8.0, -10.0, 0.0, 0.0, 0.0];
        for (found, expected) in logits.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-5, "{logits:?}");
        }
        let missing = CaptionMatcher::assemble(&head, &mut HashMap::new()).unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::WeightsCorrupt);
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(head().validate(7).is_ok());
        for wrong in [
            AttributionHead { width: 0, ..head() },
            AttributionHead { width: usize::MAX, ..head() },
            AttributionHead { width: MAX_HEAD_VALUES / 7 + 1, ..head() },
            AttributionHead { scale: 0.0, ..head() },
            AttributionHead { scale: f32::NAN, ..head() },
            AttributionHead { scale: f32::INFINITY, ..head() },
            AttributionHead { threshold: -0.1, ..head() },
            AttributionHead { threshold: f64::NAN, ..head() },
        ] {
            assert_eq!(
                wrong.validate(7).unwrap_err().kind(),
                ErrorKind::WeightsCorrupt,
                "{wrong:?}"
            );
        }
    }
}
