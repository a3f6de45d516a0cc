//! Measures of decisions at a threshold.

use serde::{Deserialize, Serialize};

use super::{Sample, class_counts};

/// How many samples of each class were called positive or negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confusion {
    /// Positives called positive.
    pub true_positives: usize,
    /// Negatives called positive.
    pub false_positives: usize,
    /// Negatives called negative.
    pub true_negatives: usize,
    /// Positives called negative.
    pub false_negatives: usize,
}

/// A threshold and what it decides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OperatingPoint {
    /// Scores at or above it are called positive.
    pub threshold: f64,
    /// The resulting decisions.
    pub confusion: Confusion,
}

impl Confusion {
    /// The decisions at `threshold`: positive at or above it.
    #[must_use]
    pub fn at(samples: &[Sample], threshold: f64) -> Self {
        let count = |positive: bool, called: bool| {
            samples
                .iter()
                .filter(|sample| {
                    sample.positive == positive && (sample.score >= threshold) == called
                })
                .count()
        };
        Self {
            true_positives: count(true, true),
            false_positives: count(false, true),
            true_negatives: count(false, false),
            false_negatives: count(true, false),
        }
    }

    /// The decisions on other samples as well.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            true_positives: self.true_positives + other.true_positives,
            false_positives: self.false_positives + other.false_positives,
            true_negatives: self.true_negatives + other.true_negatives,
            false_negatives: self.false_negatives + other.false_negatives,
        }
    }

    /// Share of positives called positive (recall, sensitivity).
    #[must_use]
    pub fn true_positive_rate(&self) -> Option<f64> {
        share(self.true_positives, self.false_negatives)
    }

    /// Share of negatives called positive (one minus specificity).
    #[must_use]
    pub fn false_positive_rate(&self) -> Option<f64> {
        share(self.false_positives, self.true_negatives)
    }

    /// Mean of recall and specificity: accuracy as if both classes were equally many.
    #[must_use]
    pub fn balanced_accuracy(&self) -> Option<f64> {
        Some((self.true_positive_rate()? + 1.0 - self.false_positive_rate()?) / 2.0)
    }

    /// Positive predictive value: the share of truly generated images among those called generated,
    /// where `prevalence` of all images are generated (Bayes: `pi TPR / (pi TPR + (1 - pi) FPR)`).
    ///
    /// `None` when a class is missing or nothing is called positive.
    #[must_use]
    pub fn positive_predictive_value(&self, prevalence: f64) -> Option<f64> {
        let hits = prevalence * self.true_positive_rate()?;
        let alarms = (1.0 - prevalence) * self.false_positive_rate()?;
        (hits + alarms > 0.0).then(|| hits / (hits + alarms))
    }
}

fn share(part: usize, rest: usize) -> Option<f64> {
    (part + rest > 0).then(|| part as f64 / (part + rest) as f64)
}

/// The share of images whose verdict changed, of pairs (before, after). `None` of no pairs.
#[must_use]
pub fn flip_rate(verdicts: &[(bool, bool)]) -> Option<f64> {
    let flipped = verdicts.iter().filter(|(before, after)| before != after).count();
    share(flipped, verdicts.len() - flipped)
}

/// One point of a risk-coverage curve (El-Yaniv & Wiener 2010).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RiskCoverage {
    /// Share of the samples that are decided: those farthest from the threshold.
    pub coverage: f64,
    /// Share of wrong decisions among them.
    pub risk: f64,
}

/// The risk of abstaining on the samples whose probability is nearest to the threshold: a point for
/// every coverage that can be chosen, lowest coverage first. Both classes have the same total mass,
/// in coverage and in risk; samples equally far are decided together.
///
/// Empty when a class is missing.
#[must_use]
pub fn risk_coverage_curve(samples: &[Sample], threshold: f64) -> Vec<RiskCoverage> {
    let (positives, negatives) = class_counts(samples);
    if positives == 0 || negatives == 0 {
        return Vec::new();
    }
    let distance = |sample: &Sample| (sample.score - threshold).abs();
    let mut sorted = samples.to_vec();
    sorted.sort_by(|a, b| distance(b).total_cmp(&distance(a)));
    let (mut mass, mut wrong) = (0.0, 0.0);
    let mut curve = Vec::new();
    for tied in sorted.chunk_by(|a, b| distance(a) == distance(b)) {
        for sample in tied {
            let weight = 0.5 / if sample.positive { positives } else { negatives } as f64;
            mass += weight;
            if (sample.score >= threshold) != sample.positive {
                wrong += weight;
            }
        }
        curve.push(RiskCoverage { coverage: mass, risk: wrong / mass });
    }
    curve
}

/// The points of [`risk_coverage_curve`] at the `coverages`: the first that covers what is asked
/// for.
///
/// Empty when a class is missing.
#[must_use]
pub fn risk_coverage(samples: &[Sample], threshold: f64, coverages: &[f64]) -> Vec<RiskCoverage> {
    let curve = risk_coverage_curve(samples, threshold);
    // Rounding may leave the last point a hair below 1.
    let last = curve.last().copied();
    coverages
        .iter()
        .filter_map(|coverage| {
            curve.iter().find(|point| point.coverage >= coverage - 1e-9).copied().or(last)
        })
        .collect()
}

/// The area under [`risk_coverage_curve`], every point standing for the coverage up to it (Geifman,
/// Uziel & El-Yaniv 2019): 0 is never wrong; at most half the error rate means an abstention that
/// recognises its errors.
///
/// `None` when a class is missing.
#[must_use]
pub fn area_under_risk_coverage(samples: &[Sample], threshold: f64) -> Option<f64> {
    let curve = risk_coverage_curve(samples, threshold);
    let before = std::iter::once(0.0).chain(curve.iter().map(|point| point.coverage));
    let step = |(point, before): (&RiskCoverage, f64)| point.risk * (point.coverage - before);
    (!curve.is_empty()).then(|| curve.iter().zip(before).map(step).sum())
}

#[cfg(test)]
mod tests {
    use super::super::tests::samples;
    use super::*;

    #[test]
    fn counts_and_rates_by_hand() {
        let list = samples(&[(0.9, 1), (0.5, 1), (0.4, 1), (0.3, 1), (0.5, 0), (0.2, 0)]);
        let confusion = Confusion::at(&list, 0.5);
        let expected = Confusion {
            true_positives: 2,
            false_positives: 1,
            true_negatives: 1,
            false_negatives: 2,
        };
        assert_eq!(confusion, expected);
        assert_eq!(confusion.balanced_accuracy(), Some(0.5));
        assert_eq!(Confusion::at(&list[..4], 0.5).balanced_accuracy(), None);
    }

    /// The example that detectors.md warns with: even a good detector is mostly wrong when few
    /// images are generated.
    #[test]
    fn predictive_value_follows_prevalence() {
        let confusion = Confusion {
            true_positives: 90,
            false_positives: 5,
            true_negatives: 95,
            false_negatives: 10,
        };
        let at = |prevalence| confusion.positive_predictive_value(prevalence).unwrap();
        assert!((at(0.01) - 0.009 / (0.009 + 0.0495)).abs() < 1e-12);
        assert!((at(0.5) - 0.9 / 0.95).abs() < 1e-12);
        let silent = Confusion {
            true_positives: 0,
            false_positives: 0,
            true_negatives: 5,
            false_negatives: 5,
        };
        assert_eq!(silent.positive_predictive_value(0.1), None);
    }

    #[test]
    fn flips_by_hand() {
        assert_eq!(
            flip_rate(&[(true, true), (true, false), (false, true), (false, false)]),
            Some(0.5)
        );
        assert_eq!(flip_rate(&[]), None);
    }

    #[test]
    fn risk_coverage_by_hand() {
        // By distance from .5: .95 (right), .1 (right), .8 (wrong), .45 (wrong).
        let list = samples(&[(0.95, 1), (0.45, 1), (0.8, 0), (0.1, 0)]);
        let curve = risk_coverage(&list, 0.5, &[0.5, 0.75, 1.0]);
        assert_eq!(curve[0], RiskCoverage { coverage: 0.5, risk: 0.0 });
        assert!((curve[1].risk - 1.0 / 3.0).abs() < 1e-12);
        assert!((curve[2].risk - 0.5).abs() < 1e-12 && (curve[2].coverage - 1.0).abs() < 1e-12);
        assert!(risk_coverage(&list[..2], 0.5, &[1.0]).is_empty());
        // A quarter of the coverage each: 0, 0, 1/3, 1/2.
        let area = area_under_risk_coverage(&list, 0.5).unwrap();
        assert!((area - 0.25 * (1.0 / 3.0 + 0.5)).abs() < 1e-12, "{area}");
        assert_eq!(area_under_risk_coverage(&list[..2], 0.5), None);
    }

    #[test]
    fn classes_weigh_alike_in_risk_and_coverage() {
        // One positive, decided last and wrongly, is half of all mass; four negatives are the
        // other.
        let list = samples(&[(0.4, 1), (0.1, 0), (0.1, 0), (0.2, 0), (0.9, 0)]);
        let curve = risk_coverage_curve(&list, 0.5);
        let coverages: Vec<f64> = curve.iter().map(|point| point.coverage).collect();
        assert_eq!(coverages, [0.375, 0.5, 1.0]);
        assert!((curve[0].risk - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!((curve[1].risk, curve[2].risk), (0.25, 0.625));
    }
}
