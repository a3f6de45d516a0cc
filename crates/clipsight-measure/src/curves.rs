//! What the report's plots are drawn from.

use serde::{Deserialize, Serialize};

use crate::figures::{CALIBRATION_BINS, Scored, rounded};
use crate::metrics::{
    ReliabilityBin, RiskCoverage, Sample, operating_points, reliability, risk_coverage,
};

/// Steps that curves are thinned to.
const STEPS: u32 = 100;

/// Bins of the histogram of probabilities.
pub const HISTOGRAM_BINS: usize = 20;

/// Curves over all thresholds, thinned; never empty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Curves {
    /// Receiver operating characteristic: at each false positive rate the highest true positive
    /// rate.
    pub roc: Vec<RocPoint>,
    /// Probability against the share that is generated.
    pub reliability: Vec<ReliabilityBin>,
    /// Generated images by probability, in twenty bins from 0 to 1.
    pub generated: Vec<usize>,
    /// The others, in the same bins.
    pub real: Vec<usize>,
    /// Share of wrong decisions if only the images farthest from the threshold are decided.
    pub risk_coverage: Vec<RiskCoverage>,
}

/// One point of the receiver operating characteristic.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RocPoint {
    /// Share of the others that are called generated.
    pub false_positive_rate: f64,
    /// Share of the generated images that are.
    pub true_positive_rate: f64,
}

impl Curves {
    /// The curves of images of both classes.
    #[must_use]
    pub fn of(scored: &[Scored], threshold: f64) -> Self {
        let samples: Vec<Sample> = scored.iter().map(Scored::sample).collect();
        let histogram = |class: bool| {
            let mut counts = vec![0; HISTOGRAM_BINS];
            for image in scored.iter().filter(|image| image.generated == class) {
                let bin = (image.probability * HISTOGRAM_BINS as f64) as usize;
                counts[bin.min(HISTOGRAM_BINS - 1)] += 1;
            }
            counts
        };
        Self {
            roc: roc(&samples),
            reliability: reliability(&samples, CALIBRATION_BINS)
                .into_iter()
                .map(|bin| ReliabilityBin {
                    mass: rounded(bin.mass),
                    probability: rounded(bin.probability),
                    positives: rounded(bin.positives),
                })
                .collect(),
            generated: histogram(true),
            real: histogram(false),
            risk_coverage: thinned_risk_coverage(&samples, threshold),
        }
    }
}

/// The highest true positive rate at every hundredth of the false positive rate.
fn roc(samples: &[Sample]) -> Vec<RocPoint> {
    let points: Vec<RocPoint> = operating_points(samples)
        .iter()
        .filter_map(|point| {
            Some(RocPoint {
                false_positive_rate: point.confusion.false_positive_rate()?,
                true_positive_rate: rounded(point.confusion.true_positive_rate()?),
            })
        })
        .collect();
    (0..=STEPS)
        .map(|step| f64::from(step) / f64::from(STEPS))
        .filter_map(|rate| {
            // Recall only grows along the points.
            let within = points.partition_point(|point| point.false_positive_rate <= rate);
            let best = points.get(within.checked_sub(1)?)?;
            Some(RocPoint { false_positive_rate: rate, ..*best })
        })
        .collect()
}

fn thinned_risk_coverage(samples: &[Sample], threshold: f64) -> Vec<RiskCoverage> {
    let coverages: Vec<f64> = (1..=STEPS).map(|step| f64::from(step) / f64::from(STEPS)).collect();
    let mut curve: Vec<RiskCoverage> = risk_coverage(samples, threshold, &coverages)
        .into_iter()
        .map(|point| RiskCoverage { coverage: rounded(point.coverage), risk: rounded(point.risk) })
        .collect();
    curve.dedup();
    curve
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_by_hand() {
        let image = |generated, probability| Scored {
            generated,
            origin: String::new(),
            content: String::new(),
            probability,
            grade: None,
            reason: None,
        };
        let images = [image(true, 1.0), image(true, 0.3), image(false, 0.62), image(false, 0.0)];
        let curves = Curves::of(&images, 0.5);
        assert_eq!(curves.roc.len(), 101);
        // Nothing but the first image above .62; with .62, still one of two; then both.
        let recall = |step: usize| curves.roc[step].true_positive_rate;
        assert_eq!(
            [recall(0), recall(49), recall(50), recall(99), recall(100)],
            [0.5, 0.5, 1.0, 1.0, 1.0]
        );
        assert_eq!(curves.roc[50].false_positive_rate, 0.5);
        let place = |counts: &[usize]| {
            counts.iter().enumerate().filter(|(_, n)| **n > 0).map(|(at, _)| at).collect::<Vec<_>>()
        };
        assert_eq!((place(&curves.generated), place(&curves.real)), (vec![6, 19], vec![0, 12]));
        assert_eq!(curves.reliability.len(), 4);
        // Two at a distance of .5, both right; .3 and .62, both wrong.
        let points: Vec<(f64, f64)> =
            curves.risk_coverage.iter().map(|point| (point.coverage, point.risk)).collect();
        assert_eq!(points, [(0.5, 0.0), (0.75, 0.3333), (1.0, 0.5)]);
    }
}
