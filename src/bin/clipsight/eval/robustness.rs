//! How the figures hold when images reach the viewer recompressed, smaller or blurred. Nothing is refitted.

use clipsight::Result;
use clipsight::detect::Calibration;
use clipsight::image::deliveries::{Chroma, Delivery, Rng, Size};
use clipsight::image::{Filter, Rgb8};
use clipsight::metrics::{Confusion, Sample, auc, flip_rate, tpr_at_fpr};
use serde::{Deserialize, Serialize};

use super::figures::{Scored, rounded};
use super::one_class;
use crate::runtime::Runtime;

/// One condition of the robustness matrix; none of them is random.
#[derive(Clone, Copy, Debug)]
pub(super) enum Condition {
    /// The image as it is: what the others are compared with.
    Untouched,
    Jpeg(u8),
    WebP(u8),
    Half,
    Blur,
    /// At most 512 px, JPEG 40.
    Messenger,
}

/// The conditions, in the order of the report, the untouched image first.
pub(super) const CONDITIONS: [Condition; 8] = [
    Condition::Untouched,
    Condition::Jpeg(90),
    Condition::Jpeg(60),
    Condition::Jpeg(40),
    Condition::WebP(60),
    Condition::Half,
    Condition::Blur,
    Condition::Messenger,
];

/// The longer side that messengers reduce images to.
const MESSENGER_SIDE: u32 = 512;

impl Condition {
    fn name(self) -> String {
        match self {
            Self::Untouched => "as it is".to_owned(),
            Self::Jpeg(quality) => format!("JPEG {quality}"),
            Self::WebP(quality) => format!("WebP {quality}"),
            Self::Half => "half size".to_owned(),
            Self::Blur => "blur, sigma 1 px".to_owned(),
            Self::Messenger => format!("at most {MESSENGER_SIDE} px, JPEG 40"),
        }
    }

    /// Does it to an image.
    ///
    /// # Errors
    /// As [`Delivery::apply`].
    pub(super) fn apply(self, image: &Rgb8) -> Result<Rgb8> {
        let jpeg = |quality| Delivery::Jpeg { quality, chroma: Chroma::Quarter };
        let resize = |factor| Delivery::Resize { size: Size::Scale(factor), filter: Filter::Bicubic };
        let delivery = match self {
            Self::Untouched => return Ok(image.clone()),
            Self::Jpeg(quality) => jpeg(quality),
            Self::WebP(quality) => Delivery::WebP { quality },
            Self::Half => resize(0.5),
            Self::Blur => Delivery::Blur { sigma: 1.0 },
            Self::Messenger => {
                let longer = image.width().max(image.height());
                let smaller =
                    (longer > MESSENGER_SIDE).then(|| resize(MESSENGER_SIDE as f32 / longer as f32));
                Delivery::Chain(smaller.into_iter().chain([jpeg(40)]).collect())
            }
        };
        // None of the above draws a random number.
        delivery.apply(image, &mut Rng::new(0))
    }
}

/// Figures under one condition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct DeliveryFigures {
    /// The condition.
    pub(crate) condition: String,
    /// Area under the ROC curve.
    pub(crate) auc: f64,
    /// Balanced accuracy at the shipped threshold.
    pub(crate) balanced_accuracy: f64,
    /// Recall at a false-positive rate of 5 %.
    pub(crate) recall_at_5_percent: f64,
    /// Share of images whose verdict differs from that on the untouched image.
    pub(crate) flip_rate: f64,
}

/// The number of views that the matrix is measured with: one if the model is calibrated for that, since eight
/// conditions of five views each would take hours.
///
/// # Errors
/// As [`Calibration::for_views`].
pub(super) fn views(calibration: &Calibration) -> Result<usize> {
    let default = calibration.default_views();
    let fewest = calibration.by_views.iter().map(|calibration| calibration.views).min().unwrap_or(default);
    calibration.for_views(fewest).map(|calibration| calibration.views)
}

/// Mean logit of `image` under each condition.
///
/// # Errors
/// As [`Condition::apply`] and [`Runtime::logits`].
pub(super) fn logits(runtime: &Runtime, image: &Rgb8, views: usize) -> Result<Vec<f64>> {
    let preprocessing = &runtime.detector().manifest().preprocessing;
    let all = CONDITIONS
        .iter()
        .map(|condition| preprocessing.views(&condition.apply(image)?, views.try_into()?))
        .collect::<Result<Vec<_>>>()?
        .concat();
    let logits = runtime.logits(&all)?;
    let mean = |logits: &[f32]| logits.iter().map(|logit| f64::from(*logit)).sum::<f64>() / views as f64;
    Ok(logits.chunks(views).map(mean).collect())
}

/// Measures every condition, from the mean logits of every image under each.
///
/// # Errors
/// As [`super::evaluate`].
pub(super) fn evaluate(
    scored: &[Scored],
    delivered: &[&[f64]],
    calibration: &Calibration,
) -> Result<Vec<DeliveryFigures>> {
    let scaling = calibration.for_views(views(calibration)?)?;
    let threshold = calibration.threshold;
    let samples = |condition: usize| -> Vec<Sample> {
        let probability = |logits: &&[f64]| scaling.probability(logits[condition]);
        let scores = delivered.iter().map(probability);
        scored.iter().zip(scores).map(|(image, score)| Sample { score, positive: image.generated }).collect()
    };
    let untouched = samples(0);
    CONDITIONS
        .iter()
        .enumerate()
        .map(|(index, condition)| {
            let samples = samples(index);
            let verdicts: Vec<(bool, bool)> = untouched
                .iter()
                .zip(&samples)
                .map(|(before, after)| (before.score >= threshold, after.score >= threshold))
                .collect();
            let figures = || {
                Some(DeliveryFigures {
                    condition: condition.name(),
                    auc: rounded(auc(&samples)?),
                    balanced_accuracy: rounded(Confusion::at(&samples, threshold).balanced_accuracy()?),
                    recall_at_5_percent: rounded(tpr_at_fpr(&samples, 0.05)?.0.rate),
                    flip_rate: rounded(flip_rate(&verdicts)?),
                })
            };
            figures().ok_or_else(one_class)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_do_what_they_say() {
        let image = Rgb8::new(600, 400, (0..600 * 400 * 3).map(|i| (i / 7 % 256) as u8).collect()).unwrap();
        for condition in CONDITIONS {
            let delivered = condition.apply(&image).unwrap();
            let expected = match condition {
                Condition::Half => (300, 200),
                Condition::Messenger => (512, 341),
                _ => (600, 400),
            };
            assert_eq!((delivered.width(), delivered.height()), expected, "{}", condition.name());
            assert_eq!(delivered == image, matches!(condition, Condition::Untouched));
            assert_eq!(delivered, condition.apply(&image).unwrap(), "nothing is random");
        }
    }
}
