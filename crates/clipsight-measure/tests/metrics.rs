//! Invariants of the measures, over random samples with many ties.

use clipsight_measure::metrics::{
    Confusion, Sample, auc, average_precision, best_balanced_accuracy, clopper_pearson,
    expected_calibration_error, operating_points, risk_coverage, tpr_at_fpr,
};
use proptest::prelude::*;

/// Samples of both classes whose probabilities are sixteenths: ties are the rule, arithmetic is
/// exact.
fn samples() -> impl Strategy<Value = Vec<Sample>> {
    prop::collection::vec((0..=16_u8, any::<bool>()), 2..60)
        .prop_map(|list| {
            list.into_iter()
                .map(|(score, positive)| Sample { score: f64::from(score) / 16.0, positive })
                .collect()
        })
        .prop_filter("both classes", |list: &Vec<Sample>| {
            list.iter().any(|sample| sample.positive) && list.iter().any(|sample| !sample.positive)
        })
}

fn map(
    list: &[Sample],
    score: impl Fn(f64) -> f64,
    positive: impl Fn(bool) -> bool,
) -> Vec<Sample> {
    list.iter()
        .map(|sample| Sample { score: score(sample.score), positive: positive(sample.positive) })
        .collect()
}

/// The definition, pair by pair.
fn auc_of_pairs(list: &[Sample]) -> f64 {
    let (mut wins, mut pairs) = (0.0, 0.0);
    for a in list.iter().filter(|sample| sample.positive) {
        for b in list.iter().filter(|sample| !sample.positive) {
            pairs += 1.0;
            wins += if a.score > b.score {
                1.0
            } else if a.score == b.score {
                0.5
            } else {
                0.0
            };
        }
    }
    wins / pairs
}

proptest! {
    #[test]
    fn auc_is_the_share_of_won_pairs(list in samples()) {
        prop_assert!((auc(&list).unwrap() - auc_of_pairs(&list)).abs() < 1e-12);
    }

    #[test]
    fn ranking_survives_monotone_maps(list in samples()) {
        let bent = map(&list, |score| (3.0 * score).exp() - 7.0, |positive| positive);
        prop_assert_eq!(auc(&list), auc(&bent));
        prop_assert_eq!(average_precision(&list), average_precision(&bent));
        prop_assert_eq!(
            tpr_at_fpr(&list, 0.05).map(|(share, _)| share),
            tpr_at_fpr(&bent, 0.05).map(|(share, _)| share)
        );
        prop_assert_eq!(
            best_balanced_accuracy(&list).map(|(accuracy, _)| accuracy),
            best_balanced_accuracy(&bent).map(|(accuracy, _)| accuracy)
        );
    }

    #[test]
    fn auc_of_negated_scores_or_classes_is_the_rest(list in samples()) {
        let area = auc(&list).unwrap();
        let negated = map(&list, |score| -score, |positive| positive);
        let swapped = map(&list, |score| score, |positive| !positive);
        prop_assert!((auc(&negated).unwrap() - (1.0 - area)).abs() < 1e-12);
        prop_assert!((auc(&swapped).unwrap() - (1.0 - area)).abs() < 1e-12);
    }

    #[test]
    fn operating_points_are_what_their_thresholds_decide(list in samples()) {
        for point in operating_points(&list) {
            prop_assert_eq!(point.confusion, Confusion::at(&list, point.threshold));
        }
    }

    #[test]
    fn no_threshold_beats_the_best(list in samples(), threshold in 0.0..1.0_f64) {
        let (best, _) = best_balanced_accuracy(&list).unwrap();
        prop_assert!(Confusion::at(&list, threshold).balanced_accuracy().unwrap() <= best + 1e-12);
        prop_assert!(best >= 0.5);
    }

    #[test]
    fn recall_keeps_within_the_false_positive_rate(list in samples(), rate in 0.0..1.0_f64) {
        let (share, point) = tpr_at_fpr(&list, rate).unwrap();
        prop_assert!(point.confusion.false_positive_rate().unwrap() <= rate);
        prop_assert_eq!(point.confusion.true_positive_rate().unwrap(), share.rate);
        let (all, _) = tpr_at_fpr(&list, 1.0).unwrap();
        prop_assert_eq!(all.rate, 1.0);
    }

    /// Repeating every sample of one class changes none of the measures that weigh classes alike.
    #[test]
    fn balanced_measures_ignore_prevalence(list in samples()) {
        let mut more = list.clone();
        more.extend(list.iter().filter(|sample| sample.positive).flat_map(|sample| [*sample; 3]));
        let difference = |a: Option<f64>, b: Option<f64>| (a.unwrap() - b.unwrap()).abs();
        prop_assert!(difference(auc(&list), auc(&more)) < 1e-12);
        let ece = |list: &[Sample]| expected_calibration_error(list, 15);
        prop_assert!(difference(ece(&list), ece(&more)) < 1e-12);
        let accuracy = |list: &[Sample]| Confusion::at(list, 0.5).balanced_accuracy();
        prop_assert!(difference(accuracy(&list), accuracy(&more)) < 1e-12);
        let risk = |list: &[Sample]| risk_coverage(list, 0.5, &[1.0])[0].risk;
        prop_assert!((risk(&list) - risk(&more)).abs() < 1e-12);
    }

    #[test]
    fn full_coverage_risks_the_balanced_error(list in samples()) {
        let error = 1.0 - Confusion::at(&list, 0.5).balanced_accuracy().unwrap();
        prop_assert!((risk_coverage(&list, 0.5, &[1.0])[0].risk - error).abs() < 1e-12);
    }

    /// The ends leave 2.5 % on either side: summed over the binomial distribution, not over the
    /// beta function.
    #[test]
    fn clopper_pearson_ends_leave_the_tails(n in 1..40_usize, part in 0..40_usize) {
        let part = part.min(n);
        let interval = clopper_pearson(part, n).unwrap();
        let share = part as f64 / n as f64;
        prop_assert!(interval.low <= share && share <= interval.high);
        let probability = |k: usize, p: f64| {
            let ways: f64 = (0..k).map(|i| (n - i) as f64 / (i + 1) as f64).product();
            ways * p.powi(k as i32) * (1.0 - p).powi((n - k) as i32)
        };
        if part > 0 {
            let above: f64 = (part..=n).map(|k| probability(k, interval.low)).sum();
            prop_assert!((above - 0.025).abs() < 1e-9, "{above}");
        }
        if part < n {
            let below: f64 = (0..=part).map(|k| probability(k, interval.high)).sum();
            prop_assert!((below - 0.025).abs() < 1e-9, "{below}");
        }
    }
}
