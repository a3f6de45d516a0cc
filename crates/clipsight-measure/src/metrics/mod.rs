//! Measures of a detector's answers: pure functions over scores and true classes.
//!
//! A [`Sample`] is one image: the score it got and whether it truly is generated. Ranking measures
//! ([`auc`], [`average_precision`], [`tpr_at_fpr`]) need no threshold and no calibration; decisions
//! ([`Confusion`]) need a threshold; [`expected_calibration_error`] needs probabilities. Whatever
//! is undefined for the samples at hand (no image of a class, a share of nothing) is `None`, never
//! an arbitrary number.
//!
//! Scores must be finite: a detector that answers with something else has failed before anything is
//! measured. They are ordered by [`f64::total_cmp`], so that nothing here panics even so.
//!
//! ```
//! use clipsight_measure::metrics::{Confusion, Sample, auc};
//! let sample = |score, positive| Sample { score, positive };
//! let samples = [sample(0.9, true), sample(0.4, true), sample(0.6, false), sample(0.1, false)];
//! assert_eq!(auc(&samples), Some(0.75));
//! assert_eq!(Confusion::at(&samples, 0.5).balanced_accuracy(), Some(0.5));
//! ```

mod attribution;
mod calibration;
mod correlation;
mod decision;
mod groups;
mod interval;
mod ranking;
mod spread;

pub use attribution::{OpenSetPoint, confusion, f1_by_class, macro_f1, open_set_curve, oscr};
pub use calibration::{ReliabilityBin, expected_calibration_error, reliability};
pub use correlation::{kendall, pearson, spearman};
pub use decision::{
    Confusion, OperatingPoint, RiskCoverage, area_under_risk_coverage, flip_rate, risk_coverage,
    risk_coverage_curve,
};
pub use groups::{
    Tally, auc_difference_interval_by_group, auc_interval_by_group,
    balanced_accuracy_interval_by_group, interval_by_group, tally, worst,
};
pub use interval::{Interval, Share, balanced_share, clopper_pearson, wilson};
pub use ranking::{auc, average_precision, best_balanced_accuracy, operating_points, tpr_at_fpr};
pub use spread::mean_and_deviation;

/// One image: its score and its true class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// The higher, the more likely generated.
    pub score: f64,
    /// Whether it truly is generated.
    pub positive: bool,
}

/// Numbers of positives and negatives.
fn class_counts(samples: &[Sample]) -> (usize, usize) {
    let positives = samples.iter().filter(|sample| sample.positive).count();
    (positives, samples.len() - positives)
}

#[cfg(test)]
mod tests {
    use super::Sample;

    pub(super) fn samples(list: &[(f64, u8)]) -> Vec<Sample> {
        list.iter().map(|&(score, class)| Sample { score, positive: class == 1 }).collect()
    }
}
