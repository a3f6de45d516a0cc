//! From a logit to a probability, a grade, or an abstention: the model's only thresholds.
//!
//! ```
//! use clipsight::calibration::Grade;
//! assert!(Grade::Weak < Grade::VeryStrong);
//! assert_eq!(Grade::VeryStrong.name(), "very-strong");
//! ```

use serde::{Deserialize, Serialize};

use crate::limits::MAX_VIEWS;
use crate::weights::sha256_hex;
use crate::{Error, ErrorKind, Result};

/// How strong the evidence for AI generation is. None of the grades means "real": absence of
/// evidence is said as `weak`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Grade {
    /// Little or no sign of AI generation.
    Weak,
    /// More likely generated than not.
    Moderate,
    /// Probably generated.
    Strong,
    /// Almost surely generated.
    VeryStrong,
}

impl Grade {
    /// All grades, weakest first.
    pub const ALL: [Self; 4] = [Self::Weak, Self::Moderate, Self::Strong, Self::VeryStrong];

    /// The name used in every output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Weak => "weak",
            Self::Moderate => "moderate",
            Self::Strong => "strong",
            Self::VeryStrong => "very-strong",
        }
    }
}

/// Why there is no grade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum AbstainReason {
    /// The probability lies where the model is wrong about as often as right.
    BetweenGrades,
    /// The model's head was published without a calibration: the probability is its own claim,
    /// which nobody has measured.
    Uncalibrated,
    /// The image is too small to carry evidence.
    TooSmall,
    /// The image shows nothing to judge: one colour, a gradient, a blur.
    NoContent,
    /// The verdict flips when the image is handed on (see `stability`), and the caller asked for
    /// none then.
    Unsteady,
}

impl AbstainReason {
    /// The name used in every output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::BetweenGrades => "between-grades",
            Self::Uncalibrated => "uncalibrated",
            Self::TooSmall => "too-small",
            Self::NoContent => "no-content",
            Self::Unsteady => "unsteady",
        }
    }
}

/// Probabilities at which the grades begin, and the band without one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GradeEdges {
    /// Below it: `weak`; from it to `moderate`: no grade.
    pub weak_below: f64,
    /// `moderate` from here.
    pub moderate: f64,
    /// `strong` from here.
    pub strong: f64,
    /// `very-strong` from here.
    pub very_strong: f64,
}

/// How often results of one grade were wrong on labelled images that the model had never seen, both
/// kinds weighted equally.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MeasuredError {
    /// Share of wrong results, 0 to 1: for `weak` of images that were AI-generated, for the other
    /// grades of those that were not.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1)))]
    pub rate: f64,
    /// Lower end of its 95 % interval.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1)))]
    pub low: f64,
    /// Upper end of its 95 % interval.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1)))]
    pub high: f64,
    /// Number of labelled images it was measured on.
    pub n: u32,
}

/// Calibration for one number of views.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ViewCalibration {
    /// Number of views whose logits are averaged.
    pub views: usize,
    /// Platt scaling: `p = sigmoid(slope * logit + offset)`.
    pub slope: f64,
    /// See `slope`.
    pub offset: f64,
    /// Measured error of each grade, in the order of [`Grade::ALL`]; `None` if no image got the
    /// grade.
    pub measured: [Option<MeasuredError>; 4],
}

/// Calibration of a model: probabilities hold for even odds of generated and not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// The one threshold between "generated" and not.
    pub threshold: f64,
    /// Where grades begin; `None` if the model was never calibrated, and so gives no grades.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edges: Option<GradeEdges>,
    /// One entry for every number of views that can be asked for; the first is the default.
    pub by_views: Vec<ViewCalibration>,
    /// If present, and no number of views is asked for, one view decides where it yields a grade,
    /// and all five are scored where it does not.
    #[serde(default, rename = "second_look", skip_serializing_if = "Option::is_none")]
    pub early_exit: Option<EarlyExit>,
}

/// Scoring stops after one view where that view yields a grade: most images are decided by it, at
/// a fifth of the cost.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlyExit {
    /// Measured error of each grade obtained this way, in the order of [`Grade::ALL`].
    pub measured: [Option<MeasuredError>; 4],
}

/// Images with a shorter side below this, in pixels, are not graded: enlarged to the encoder's
/// input more than threefold, they are mostly interpolation.
pub const MIN_GRADED_SIDE: u32 = 64;

/// A pixel of a view shows detail where brightness bends by more than this (of 0..=255) within
/// [`DETAIL_REACH`] pixels, noise smoothed away: at edges and in texture, not in gradients.
pub const DETAIL_LEVELS: i32 = 8;

/// See [`DETAIL_LEVELS`].
pub const DETAIL_REACH: usize = 3;

/// Views in which less than this share of the pixels shows detail have nothing to judge: one
/// colour, gradients, blurred spots. Those, with noise or without, have at most .0001 (36 images);
/// the plainest of 1,500 photographs, pictures and graphics of the labelled set has .016.
pub const MIN_DETAIL_SHARE: f64 = 0.005;

impl Calibration {
    /// The calibration for `views` views.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] when the model has no such calibration.
    pub fn for_views(&self, views: usize) -> Result<&ViewCalibration> {
        self.by_views.iter().find(|calibration| calibration.views == views).ok_or_else(|| {
            let known: Vec<String> =
                self.by_views.iter().map(|calibration| calibration.views.to_string()).collect();
            let message =
                format!("this model is calibrated for {} views, not {views}", known.join(" or "));
            Error::new(ErrorKind::Argument, message)
        })
    }

    /// The calibration of a head that was published without one: the logit's own probability, no
    /// grades.
    #[must_use]
    pub fn none() -> Self {
        Self {
            threshold: 0.5,
            edges: None,
            by_views: vec![ViewCalibration {
                views: 1,
                slope: 1.0,
                offset: 0.0,
                measured: [None; 4],
            }],
            early_exit: None,
        }
    }

    /// Why a probability has no [`grade`](Self::grade).
    #[must_use]
    pub fn no_grade(&self) -> AbstainReason {
        if self.edges.is_none() {
            AbstainReason::Uncalibrated
        } else {
            AbstainReason::BetweenGrades
        }
    }

    /// The number of views used by default; with an [early exit](Self::early_exit), how many are
    /// scored first.
    #[must_use]
    pub fn default_views(&self) -> usize {
        self.by_views.first().map_or(1, |calibration| calibration.views)
    }

    /// The grade of a probability, if it has one.
    #[must_use]
    pub fn grade(&self, probability: f64) -> Option<Grade> {
        let edges = self.edges.as_ref()?;
        if probability < edges.weak_below {
            Some(Grade::Weak)
        } else if probability < edges.moderate {
            None
        } else if probability < edges.strong {
            Some(Grade::Moderate)
        } else if probability < edges.very_strong {
            Some(Grade::Strong)
        } else {
            Some(Grade::VeryStrong)
        }
    }

    /// A name for exactly these numbers: the first 16 hex digits of the SHA-256 of their JSON.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] when a number cannot be written.
    pub fn id(&self) -> Result<String> {
        let json = serde_json::to_vec(self).map_err(|error| {
            Error::new(ErrorKind::Internal, "the calibration cannot be written").with_source(error)
        })?;
        let mut id = sha256_hex(&json);
        id.truncate(16);
        Ok(id)
    }

    /// Checks order and ranges.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`]: the numbers come from a model's manifest.
    pub fn validate(&self) -> Result<()> {
        let order = match &self.edges {
            None => vec![0.0, self.threshold, 1.0],
            Some(edges) => {
                let GradeEdges { weak_below, moderate, strong, very_strong } = *edges;
                vec![0.0, weak_below, self.threshold, moderate, strong, very_strong, 1.0]
            }
        };
        let ordered = order.windows(2).all(|pair| pair[0] <= pair[1]);
        let usable = self.by_views.iter().all(|calibration| {
            matches!(calibration.views, 1 | MAX_VIEWS)
                && calibration.slope.is_finite()
                && calibration.slope > 0.0
                && calibration.offset.is_finite()
        });
        let covers_both = self.early_exit.is_none()
            || [1, MAX_VIEWS].iter().all(|views| self.for_views(*views).is_ok());
        if !ordered || !usable || !covers_both || self.by_views.is_empty() {
            return Err(Error::new(
                ErrorKind::WeightsCorrupt,
                "the model's calibration is out of order or incomplete",
            ));
        }
        Ok(())
    }
}

impl ViewCalibration {
    /// The probability that an image with this mean logit is generated, at even odds.
    #[must_use]
    pub fn probability(&self, logit: f64) -> f64 {
        1.0 / (1.0 + (-(self.slope * logit + self.offset)).exp())
    }

    /// The measured error of a grade.
    #[must_use]
    pub fn measured_error(&self, grade: Grade) -> Option<MeasuredError> {
        self.measured[grade as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn example() -> Calibration {
        Calibration {
            threshold: 0.5,
            edges: Some(GradeEdges {
                weak_below: 0.4,
                moderate: 0.6,
                strong: 0.8,
                very_strong: 0.95,
            }),
            by_views: vec![ViewCalibration {
                views: 1,
                slope: 2.0,
                offset: -0.5,
                measured: [None; 4],
            }],
            early_exit: None,
        }
    }

    #[test]
    fn grades_meet_at_their_edges() {
        let calibration = example();
        assert_eq!(calibration.grade(0.399), Some(Grade::Weak));
        assert_eq!(calibration.grade(0.4), None);
        assert_eq!(calibration.grade(0.6), Some(Grade::Moderate));
        assert_eq!(calibration.grade(0.8), Some(Grade::Strong));
        assert_eq!(calibration.grade(1.0), Some(Grade::VeryStrong));
    }

    #[test]
    fn without_a_calibration_there_are_no_grades() {
        let none = Calibration::none();
        assert!(none.validate().is_ok());
        for probability in [0.0, 0.5, 1.0] {
            assert_eq!(none.grade(probability), None);
        }
        assert_eq!(none.no_grade().name(), "uncalibrated");
        assert_eq!(example().no_grade().name(), "between-grades");
        let json = serde_json::to_string(&none).unwrap();
        assert!(!json.contains("edges"), "{json}");
        assert_eq!(serde_json::from_str::<Calibration>(&json).unwrap(), none);
    }

    #[test]
    fn probability_is_platts() {
        let views = &example().by_views[0];
        assert!((views.probability(0.25) - 0.5).abs() < 1e-12);
        assert!((views.probability(1.25) - 0.880_797).abs() < 1e-6);
        assert!(views.probability(-1e9) >= 0.0 && views.probability(1e9) <= 1.0);
    }

    #[test]
    fn refuses_disorder() {
        let good = example();
        assert!(good.validate().is_ok());
        assert!(good.for_views(5).is_err());
        let mut bad = good.clone();
        bad.edges = bad.edges.map(|edges| GradeEdges { strong: 0.99, ..edges });
        assert!(bad.validate().is_err());
        let mut bad = good.clone();
        bad.early_exit = Some(EarlyExit { measured: [None; 4] });
        assert!(bad.validate().is_err(), "an early exit needs five views");
        let mut bad = good.clone();
        bad.by_views[0].slope = f64::NAN;
        assert!(bad.validate().is_err());
        let mut bad = good;
        bad.by_views.clear();
        assert!(bad.validate().is_err());
    }
}
