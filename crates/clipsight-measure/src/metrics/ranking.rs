//! Measures of the order that scores put samples in.

use super::{Confusion, OperatingPoint, Sample, Share, class_counts};

/// The operating points of all thresholds that differ in their decisions, from "nothing is
/// positive" (threshold infinity) down to "everything is". A sample is called positive when its
/// score is at or above the threshold.
#[must_use]
pub fn operating_points(samples: &[Sample]) -> Vec<OperatingPoint> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(|a, b| b.score.total_cmp(&a.score));
    let (positives, negatives) = class_counts(samples);
    let mut confusion = Confusion {
        true_positives: 0,
        false_positives: 0,
        true_negatives: negatives,
        false_negatives: positives,
    };
    let mut points = vec![OperatingPoint { threshold: f64::INFINITY, confusion }];
    for tied in sorted.chunk_by(|a, b| a.score == b.score) {
        let (positives, negatives) = class_counts(tied);
        confusion.true_positives += positives;
        confusion.false_negatives -= positives;
        confusion.false_positives += negatives;
        confusion.true_negatives -= negatives;
        points.push(OperatingPoint { threshold: tied[0].score, confusion });
    }
    points
}

/// Area under the receiver operating characteristic: the probability that a random positive scores
/// above a random negative, a tie counting one half (Mann-Whitney's `U / (P N)`; Hanley & McNeil
/// 1982).
///
/// `None` when a class is missing.
#[must_use]
pub fn auc(samples: &[Sample]) -> Option<f64> {
    let (positives, negatives) = class_counts(samples);
    if positives == 0 || negatives == 0 {
        return None;
    }
    // Trapezoids under the curve: between two points, ties make a diagonal, hence their half.
    let area: f64 = operating_points(samples)
        .windows(2)
        .map(|pair| {
            let (above, here) = (pair[0].confusion, pair[1].confusion);
            let width = (here.false_positives - above.false_positives) as f64;
            width * (here.true_positives + above.true_positives) as f64 / 2.0
        })
        .sum();
    Some(area / (positives as f64 * negatives as f64))
}

/// Average precision: `sum over thresholds of (recall - previous recall) * precision`, tied scores
/// being one threshold; no interpolation (scikit-learn's definition).
///
/// Depends on the share of positives among the samples. `None` when a class is missing.
#[must_use]
pub fn average_precision(samples: &[Sample]) -> Option<f64> {
    let (positives, negatives) = class_counts(samples);
    if positives == 0 || negatives == 0 {
        return None;
    }
    let sum: f64 = operating_points(samples)
        .windows(2)
        .map(|pair| {
            let (above, here) = (pair[0].confusion, pair[1].confusion);
            let gained = (here.true_positives - above.true_positives) as f64;
            gained * here.true_positives as f64
                / (here.true_positives + here.false_positives) as f64
        })
        .sum();
    Some(sum / positives as f64)
}

/// The threshold with the highest balanced accuracy on these very samples, and that accuracy: an
/// upper bound that no threshold chosen elsewhere can reach. The highest such threshold where
/// several are equal.
///
/// `None` when a class is missing.
#[must_use]
pub fn best_balanced_accuracy(samples: &[Sample]) -> Option<(f64, OperatingPoint)> {
    let (positives, negatives) = class_counts(samples);
    // Compared as whole numbers, so that equal accuracies are equal however they come about.
    let merit = |Confusion { true_positives, true_negatives, .. }: Confusion| {
        true_positives as u128 * negatives as u128 + true_negatives as u128 * positives as u128
    };
    let mut best: Option<OperatingPoint> = None;
    for point in operating_points(samples) {
        if best.is_none_or(|best| merit(point.confusion) > merit(best.confusion)) {
            best = Some(point);
        }
    }
    let best = best?;
    Some((best.confusion.balanced_accuracy()?, best))
}

/// The highest share of positives found at a false-positive rate of at most `rate`, with its
/// Clopper-Pearson 95 % interval, and where that is. The curve is not interpolated: a rate that few
/// negatives cannot resolve is rounded down. The interval treats the threshold as fixed.
///
/// `None` when a class is missing.
#[must_use]
pub fn tpr_at_fpr(samples: &[Sample], rate: f64) -> Option<(Share, OperatingPoint)> {
    // Recall only grows along the points.
    let mut last = None;
    for point in operating_points(samples) {
        if point.confusion.false_positive_rate()? > rate {
            break;
        }
        last = Some(point);
    }
    let point = last?;
    let Confusion { true_positives, false_negatives, .. } = point.confusion;
    Some((Share::clopper_pearson(true_positives, true_positives + false_negatives)?, point))
}

#[cfg(test)]
mod tests {
    use super::super::tests::samples;
    use super::*;

    #[test]
    fn auc_by_hand() {
        // Of the four pairs the positive .4 loses against the negative .6.
        let four = samples(&[(0.9, 1), (0.4, 1), (0.6, 0), (0.1, 0)]);
        assert_eq!(auc(&four), Some(0.75));
        // A tie is half a win: (1 + .5) / 2.
        assert_eq!(auc(&samples(&[(0.5, 1), (0.5, 0), (0.1, 0)])), Some(0.75));
        assert_eq!(auc(&samples(&[(0.5, 1), (0.5, 0)])), Some(0.5));
        assert_eq!(auc(&samples(&[(0.5, 1)])), None);
        assert_eq!(auc(&[]), None);
    }

    #[test]
    fn average_precision_by_hand() {
        // scikit-learn's documentation: y = 0 0 1 1, scores .1 .4 .35 .8 -> 1/2 * 1 + 1/2 * 2/3.
        let four = samples(&[(0.1, 0), (0.4, 0), (0.35, 1), (0.8, 1)]);
        assert!((average_precision(&four).unwrap() - 5.0 / 6.0).abs() < 1e-12);
        // All tied: the share of positives.
        let tied = samples(&[(0.5, 1), (0.5, 0), (0.5, 0), (0.5, 0)]);
        assert_eq!(average_precision(&tied), Some(0.25));
    }

    #[test]
    fn best_threshold_by_hand() {
        let six = samples(&[(0.9, 1), (0.7, 1), (0.6, 0), (0.5, 1), (0.2, 0), (0.1, 0)]);
        // At .7: recall 2/3, specificity 1; at .5: recall 1, specificity 2/3. The higher threshold
        // wins.
        let (accuracy, point) = best_balanced_accuracy(&six).unwrap();
        assert!((accuracy - 5.0 / 6.0).abs() < 1e-12);
        assert_eq!(point.threshold, 0.7);
    }

    #[test]
    fn recall_at_a_false_positive_rate_by_hand() {
        let mut list = vec![(0.95, 1), (0.9, 0), (0.8, 1), (0.7, 1), (0.6, 0), (0.5, 1)];
        list.extend([(0.1, 0); 18]);
        let list = samples(&list);
        // 20 negatives: 5 % allows one, so everything down to .7.
        let (share, point) = tpr_at_fpr(&list, 0.05).unwrap();
        assert_eq!((share.rate, share.n, point.threshold), (0.75, 4, 0.7));
        // 1 % allows none.
        let (share, _) = tpr_at_fpr(&list, 0.01).unwrap();
        assert_eq!(share.rate, 0.25);
        assert!(share.low < 0.01 && share.high > 0.8);
        // Nothing at all where a negative is on top.
        let (share, point) = tpr_at_fpr(&samples(&[(0.9, 0), (0.8, 1)]), 0.05).unwrap();
        assert_eq!((share.rate, point.threshold), (0.0, f64::INFINITY));
    }
}
