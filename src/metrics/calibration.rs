//! Whether probabilities mean what they say.

use super::{Sample, class_counts};

/// Expected calibration error of probabilities that hold for even odds: over `bins` bins of equal width,
/// `sum of mass * |mean probability - share of positives|`, both classes having the same total mass (Naeini,
/// Cooper & Hauskrecht 2015, with the balanced weights of an even prior).
///
/// Measured on the probability of the positive class, so that over- and underconfidence on either side count.
/// `None` when a class is missing.
#[must_use]
pub fn expected_calibration_error(samples: &[Sample], bins: usize) -> Option<f64> {
    let (positives, negatives) = class_counts(samples);
    if positives == 0 || negatives == 0 || bins == 0 {
        return None;
    }
    let mut sums = vec![(0.0_f64, 0.0_f64); bins];
    for sample in samples {
        let weight = 0.5 / if sample.positive { positives } else { negatives } as f64;
        let bin = ((sample.score.clamp(0.0, 1.0) * bins as f64) as usize).min(bins - 1);
        sums[bin].0 += weight * sample.score;
        sums[bin].1 += if sample.positive { weight } else { 0.0 };
    }
    Some(sums.into_iter().map(|(probability, positive)| (probability - positive).abs()).sum())
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
