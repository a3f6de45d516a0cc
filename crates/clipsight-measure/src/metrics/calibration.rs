//! How well probabilities are calibrated.

use serde::{Deserialize, Serialize};

use super::{Sample, class_counts};

/// One bin of a reliability diagram, both classes having the same total mass.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReliabilityBin {
    /// The bin's share of all mass.
    pub mass: f64,
    /// Mean probability within it.
    pub probability: f64,
    /// Share of positives within it.
    pub positives: f64,
}

/// The bins that hold samples, of `bins` bins of equal width, lowest first: mean probability
/// against share of positives (DeGroot & Fienberg 1983), for even odds.
///
/// Empty when a class is missing.
#[must_use]
pub fn reliability(samples: &[Sample], bins: usize) -> Vec<ReliabilityBin> {
    let (positives, negatives) = class_counts(samples);
    if positives == 0 || negatives == 0 {
        return Vec::new();
    }
    let mut sums = vec![(0.0_f64, 0.0_f64, 0.0_f64); bins];
    for sample in samples {
        let weight = 0.5 / if sample.positive { positives } else { negatives } as f64;
        let bin =
            ((sample.score.clamp(0.0, 1.0) * bins as f64) as usize).min(bins.saturating_sub(1));
        if let Some((mass, probability, positive)) = sums.get_mut(bin) {
            *mass += weight;
            *probability += weight * sample.score;
            *positive += if sample.positive { weight } else { 0.0 };
        }
    }
    sums.into_iter()
        .filter(|(mass, ..)| *mass > 0.0)
        .map(|(mass, probability, positive)| ReliabilityBin {
            mass,
            probability: probability / mass,
            positives: positive / mass,
        })
        .collect()
}

/// Expected calibration error of probabilities that hold for even odds: over the bins of
/// [`reliability`], `sum of mass * |mean probability - share of positives|` (Naeini, Cooper &
/// Hauskrecht 2015, with the balanced weights of an even prior).
///
/// Measured on the probability of the positive class, so that over- and underconfidence on either
/// side count. `None` when a class is missing.
#[must_use]
pub fn expected_calibration_error(samples: &[Sample], bins: usize) -> Option<f64> {
    let bins = reliability(samples, bins);
    let error = |bin: &ReliabilityBin| bin.mass * (bin.probability - bin.positives).abs();
    (!bins.is_empty()).then(|| bins.iter().map(error).sum())
}

#[cfg(test)]
mod tests {
    use super::super::tests::samples;
    use super::*;

    #[test]
    fn calibration_error_by_hand() {
        // Two bins of ten. Upper: .9 and .7 of mass 1/4 each, both positive: 1/4 (.1 + .3) = .1.
        // Lower: .2 of mass 1/2, negative: .1.
        let list = samples(&[(0.9, 1), (0.7, 1), (0.2, 0)]);
        assert!((expected_calibration_error(&list, 2).unwrap() - 0.2).abs() < 1e-12);
        let bins = reliability(&list, 2);
        assert_eq!(bins[0], ReliabilityBin { mass: 0.5, probability: 0.2, positives: 0.0 });
        assert!((bins[1].probability - 0.8).abs() < 1e-12 && bins[1].positives == 1.0);
        // Bins without samples are left out; none at all measure nothing.
        assert_eq!(reliability(&list, 1000).len(), 3);
        assert!(reliability(&list, 0).is_empty() && reliability(&list[..2], 2).is_empty());
    }

    #[test]
    fn classes_weigh_alike_however_many() {
        // One positive and nine negatives, all at .5: at even odds that is calibrated.
        let mut list = vec![(0.5, 1)];
        list.extend([(0.5, 0); 9]);
        assert!(expected_calibration_error(&samples(&list), 15).unwrap() < 1e-12);
        // Sure and wrong half of the time.
        let list = samples(&[(1.0, 1), (1.0, 0)]);
        assert!((expected_calibration_error(&list, 15).unwrap() - 0.5).abs() < 1e-12);
        assert_eq!(expected_calibration_error(&list[..1], 15), None);
    }
}
