//! How steady a verdict is: the same image as others would receive it.

use serde::Serialize;

use super::score::Score;
use crate::calibration::Grade;
use crate::image::Delivery;

/// The verdict over deliveries of the image, each computed on the spot and judged like the image
/// itself.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Stability {
    /// What the model says of each.
    pub deliveries: Vec<Delivered>,
    /// Whether the image has a grade, and a delivery one on the other side of the threshold: one
    /// says `weak` and the other does not.
    pub unsteady: bool,
}

/// What the model says of one delivery of the image.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Delivered {
    /// What was done to the image.
    pub delivery: Delivery,
    /// Probability and logit.
    #[serde(flatten)]
    pub score: Score,
    /// The grade; null where there is none.
    pub grade: Option<Grade>,
}

impl Stability {
    /// Of an image with this grade.
    #[must_use]
    pub fn of(grade: Option<Grade>, deliveries: Vec<Delivered>) -> Self {
        let accuses = |grade: Grade| grade != Grade::Weak;
        let unsteady = grade.is_some_and(|grade| {
            let others = deliveries.iter().filter_map(|delivered| delivered.grade);
            others.into_iter().any(|other| accuses(other) != accuses(grade))
        });
        Self { deliveries, unsteady }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_unsteady_where_a_grade_lies_beyond_the_threshold() {
        use Grade::{Moderate, Strong, VeryStrong, Weak};
        let unsteady = |grade: Option<Grade>, others: &[Option<Grade>]| {
            let score = Score { probability: 0.5, logit: 0.0 };
            let delivered = |(delivery, grade)| Delivered { delivery, score, grade };
            let others = Delivery::ALL.into_iter().zip(others.iter().copied());
            Stability::of(grade, others.map(delivered).collect()).unsteady
        };
        assert!(unsteady(Some(Weak), &[Some(Weak), Some(Moderate)]));
        assert!(unsteady(Some(VeryStrong), &[Some(VeryStrong), None, Some(Weak)]));
        // A weaker grade of the same side, or none, is no other verdict.
        assert!(!unsteady(Some(VeryStrong), &[Some(Moderate), Some(Strong), None]));
        assert!(!unsteady(Some(Weak), &[Some(Weak), None, None]));
        assert!(!unsteady(None, &[Some(Weak), Some(VeryStrong)]));
        assert!(!unsteady(Some(Weak), &[]));
    }
}
