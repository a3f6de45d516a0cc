//! Controls: figures that must be at chance level, or the others cannot be trusted.

use clipsight::Result;
use clipsight::heads::Transform;
use clipsight::model::Detector;
use clipsight::rng::Rng;
use clipsight_measure::figures::{Scored, one_class, rounded};
use clipsight_measure::metrics::{Sample, auc};
use serde::{Deserialize, Serialize};

/// Random orders of each control.
const SEEDS: u64 = 20;

/// Images that the random heads are tried on: enough for a deviation of chance of .03.
pub(super) const HEAD_IMAGES: usize = 300;

/// Figures of the controls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Controls {
    /// AUC of the scores against labels in random order.
    pub(crate) shuffled_labels: ControlFigures,
    /// AUC of heads that know nothing: the model's own weights in random order, on the features of
    /// the first view.
    pub(crate) random_heads: ControlFigures,
    /// Whether the mean over shuffled labels is where chance puts it, within four standard errors.
    pub(crate) passed: bool,
}

/// AUC over the random orders.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ControlFigures {
    /// Images measured on.
    pub(crate) images: usize,
    /// Number of random orders.
    pub(crate) seeds: u64,
    /// Mean AUC.
    pub(crate) mean: f64,
    /// Lowest AUC.
    pub(crate) low: f64,
    /// Highest AUC.
    pub(crate) high: f64,
    /// Standard deviation of an AUC by chance alone: `sqrt((P + N + 1) / (12 P N))` (Mann & Whitney
    /// 1947).
    pub(crate) chance_deviation: f64,
}

/// Heads whose weights are the model's in random orders.
pub(super) struct RandomHeads {
    weights: Vec<Vec<f32>>,
    transform: Transform,
    token_width: usize,
}

impl RandomHeads {
    /// The heads made of a model's.
    pub(super) fn of(detector: &Detector) -> Self {
        let weights = detector.head_weights();
        let manifest = detector.manifest();
        let shuffled = |seed| {
            let mut weights = weights.to_vec();
            shuffle(&mut weights, &mut Rng::new(seed));
            weights
        };
        Self {
            weights: (0..SEEDS).map(shuffled).collect(),
            transform: manifest.head.transform(),
            token_width: manifest.architecture.width,
        }
    }

    /// The logit of each head for one view's features.
    pub(super) fn logits(&self, mut features: Vec<f32>) -> Vec<f64> {
        self.transform.apply(&mut features, self.token_width);
        let product = |weights: &Vec<f32>| -> f64 {
            weights
                .iter()
                .zip(&features)
                .map(|(weight, value)| f64::from(*weight) * f64::from(*value))
                .sum()
        };
        self.weights.iter().map(product).collect()
    }
}

/// Fisher and Yates's shuffle.
fn shuffle<T>(items: &mut [T], rng: &mut Rng) {
    for last in (1..items.len()).rev() {
        items.swap(last, rng.below(u32::try_from(last + 1).unwrap_or(u32::MAX)) as usize);
    }
}

/// Measures the controls, from all scores and from the random heads' logits for some images.
///
/// # Errors
/// As [`super::evaluate`].
pub(super) fn measure(scored: &[Scored], heads: &[(&Scored, &[f64])]) -> Result<Controls> {
    let mut shuffled = Vec::new();
    for seed in 0..SEEDS {
        let mut labels: Vec<bool> = scored.iter().map(|image| image.generated).collect();
        shuffle(&mut labels, &mut Rng::new(seed));
        let sample =
            |(image, positive): (&Scored, bool)| Sample { score: image.probability, positive };
        let samples: Vec<Sample> = scored.iter().zip(labels).map(sample).collect();
        shuffled.push(auc(&samples).ok_or_else(one_class)?);
    }
    let mut random = Vec::new();
    for head in 0..SEEDS as usize {
        let sample = |(image, logits): &(&Scored, &[f64])| Sample {
            score: logits[head],
            positive: image.generated,
        };
        random.push(auc(&heads.iter().map(sample).collect::<Vec<_>>()).ok_or_else(one_class)?);
    }
    let shuffled_labels = ControlFigures::of(&shuffled, scored.iter().map(|image| image.generated));
    let error = shuffled_labels.chance_deviation / (SEEDS as f64).sqrt();
    Ok(Controls {
        passed: (shuffled_labels.mean - 0.5).abs() <= 4.0 * error,
        shuffled_labels,
        random_heads: ControlFigures::of(&random, heads.iter().map(|(image, _)| image.generated)),
    })
}

impl ControlFigures {
    fn of(areas: &[f64], classes: impl Iterator<Item = bool>) -> Self {
        let (mut positives, mut negatives) = (0.0, 0.0);
        classes.for_each(|positive| *if positive { &mut positives } else { &mut negatives } += 1.0);
        let variance: f64 = (positives + negatives + 1.0) / (12.0 * positives * negatives);
        Self {
            images: (positives + negatives) as usize,
            seeds: areas.len() as u64,
            mean: rounded(areas.iter().sum::<f64>() / areas.len() as f64),
            low: rounded(areas.iter().copied().fold(f64::INFINITY, f64::min)),
            high: rounded(areas.iter().copied().fold(f64::NEG_INFINITY, f64::max)),
            chance_deviation: rounded(variance.sqrt()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn images(count: usize) -> Vec<Scored> {
        (0..count)
            .map(|index| Scored {
                generated: index % 2 == 0,
                origin: String::new(),
                content: String::new(),
                // Perfectly separated.
                probability: if index % 2 == 0 { 0.9 } else { 0.1 } + index as f64 * 1e-6,
                grade: None,
                reason: None,
            })
            .collect()
    }

    #[test]
    fn a_perfect_detector_is_at_chance_on_shuffled_labels() {
        let images = images(400);
        // Heads 0 to 9 follow the classes, the others oppose them.
        let logits: Vec<Vec<f64>> = images
            .iter()
            .map(|image| {
                let sign = if image.generated { 1.0 } else { -1.0 };
                (0..20).map(|head| if head < 10 { sign } else { -sign }).collect()
            })
            .collect();
        let heads: Vec<(&Scored, &[f64])> =
            images.iter().zip(&logits).map(|(i, l)| (i, l.as_slice())).collect();
        let controls = measure(&images, &heads).unwrap();
        let shuffled = controls.shuffled_labels;
        assert!(controls.passed && (shuffled.mean - 0.5).abs() < 0.03, "{controls:?}");
        assert!(shuffled.low < 0.5 && shuffled.high > 0.5 && shuffled.high - shuffled.low < 0.25);
        // 401 / (12 * 200 * 200).
        assert_eq!((shuffled.images, shuffled.seeds, shuffled.chance_deviation), (400, 20, 0.0289));
        let random = controls.random_heads;
        assert_eq!((random.mean, random.low, random.high), (0.5, 0.0, 1.0));
        assert!(measure(&images[..1], &heads).is_err() && measure(&images, &[]).is_err());
    }

    #[test]
    fn random_heads_hold_the_models_weights_in_other_orders() {
        let mut weights: Vec<f32> = (0_u8..50).map(f32::from).collect();
        let ordered = weights.clone();
        shuffle(&mut weights, &mut Rng::new(3));
        assert_ne!(weights, ordered);
        weights.sort_by(f32::total_cmp);
        assert_eq!(weights, ordered);
        let heads = RandomHeads {
            weights: vec![vec![1.0, 2.0], vec![2.0, 1.0]],
            transform: Transform::SignedSqrt,
            token_width: 2,
        };
        assert_eq!(heads.logits(vec![4.0, -9.0]), [2.0 - 6.0, 4.0 - 3.0]);
    }
}
