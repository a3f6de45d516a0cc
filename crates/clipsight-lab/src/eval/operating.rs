//! Operating points: thresholds for a limited rate of false alarms. They are chosen on role
//! `calibrate` and measured on images that took no part in the choice.

use clipsight::{Error, ErrorKind, Result};
use serde::Serialize;

use super::figures::Scored;
use super::report::ModelName;
use crate::metrics::{Confusion, Sample, Share, operating_points};

/// The version of [`OperatingPoints`].
const SCHEMA: u32 = 1;

/// The false-alarm rates on offer. For lower ones a few hundred images show next to nothing.
const BUDGETS: [f64; 5] = [0.01, 0.02, 0.05, 0.1, 0.2];

/// Thresholds of a model by false-alarm rate.
#[derive(Debug, Serialize)]
pub struct OperatingPoints {
    schema: u32,
    model: ModelName,
    /// SHA-256 of the CSV file, which holds every image's.
    manifest_sha256: String,
    /// The role the rates were measured on.
    role: String,
    points: Vec<Point>,
}

/// One threshold.
#[derive(Debug, PartialEq, Serialize)]
struct Point {
    /// The false-alarm rate it was chosen for, on role `calibrate`.
    budget: f64,
    /// Probabilities at or above it are marked.
    threshold: f64,
    /// Share of the images measured on that are not generated and are marked.
    false_alarms: Share,
    /// Share of the generated ones that are marked.
    found: Share,
}

impl OperatingPoints {
    /// Chooses on `calibrate`, measures on `measured`.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] when either lacks a class.
    pub(super) fn of(
        calibrate: &[Scored],
        measured: &[Scored],
        model: ModelName,
        manifest_sha256: String,
        role: &str,
    ) -> Result<Self> {
        let chosen_on: Vec<Sample> = calibrate.iter().map(Scored::sample).collect();
        let measured_on: Vec<Sample> = measured.iter().map(Scored::sample).collect();
        let points = BUDGETS
            .iter()
            .map(|&budget| Point::of(budget, &chosen_on, &measured_on))
            .collect::<Option<_>>()
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::Argument,
                    "operating points need images of both classes in role calibrate and in the \
                     role measured on",
                )
            })?;
        Ok(Self { schema: SCHEMA, model, manifest_sha256, role: role.to_owned(), points })
    }

    /// As JSON, with a final newline.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`].
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string_pretty(self).map(|json| json + "\n").map_err(|error| {
            Error::new(ErrorKind::Internal, "the operating points cannot be written")
                .with_source(error)
        })
    }
}

impl Point {
    /// The lowest threshold whose false-alarm rate on `chosen_on` is within the budget, and what it
    /// does on `measured_on`.
    fn of(budget: f64, chosen_on: &[Sample], measured_on: &[Sample]) -> Option<Self> {
        let within = |threshold: f64| {
            Confusion::at(chosen_on, threshold)
                .false_positive_rate()
                .is_some_and(|rate| rate <= budget)
        };
        let threshold = operating_points(chosen_on)
            .iter()
            .map(|point| point.threshold)
            .filter(|&threshold| threshold <= 1.0 && within(threshold))
            .min_by(f64::total_cmp)?;
        // Four digits are written, rounded up, and the rates are those of what is written: one more
        // alarm must not slip in.
        let threshold = (threshold * 1e4 - 1e-6).ceil() / 1e4;
        let Confusion { true_positives, false_positives, true_negatives, false_negatives } =
            Confusion::at(measured_on, threshold);
        Some(Self {
            budget,
            threshold,
            false_alarms: rounded(Share::clopper_pearson(
                false_positives,
                false_positives + true_negatives,
            )?),
            found: rounded(Share::clopper_pearson(
                true_positives,
                true_positives + false_negatives,
            )?),
        })
    }
}

fn rounded(Share { rate, low, high, n }: Share) -> Share {
    let round = |value: f64| (value * 1e4).round() / 1e4;
    Share { rate: round(rate), low: round(low), high: round(high), n }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten images of each class; those not generated score 0.0 to 0.9, the others 0.05 above.
    fn samples() -> Vec<Sample> {
        (0..10)
            .flat_map(|step| {
                let score = f64::from(step) / 10.0;
                [Sample { score, positive: false }, Sample { score: score + 0.05, positive: true }]
            })
            .collect()
    }

    #[test]
    fn the_lowest_threshold_within_the_budget() {
        let point = Point::of(0.2, &samples(), &samples()).unwrap();
        // At .75 the scores .8 and .9 are false alarms: two of ten. At .7 there would be three.
        assert!((point.threshold - 0.75).abs() < 1e-9, "{point:?}");
        assert!((point.false_alarms.rate - 0.2).abs() < 1e-9);
        assert!((point.found.rate - 0.3).abs() < 1e-9);
        assert_eq!(point.found.n, 10);
    }

    #[test]
    fn a_budget_of_less_than_one_image_allows_none() {
        let point = Point::of(0.01, &samples(), &samples()).unwrap();
        assert_eq!(Confusion::at(&samples(), point.threshold).false_positives, 0);
        assert_eq!(point.false_alarms.rate, 0.0);
    }

    #[test]
    fn a_missing_class_is_no_operating_point() {
        let generated: Vec<Sample> =
            samples().into_iter().filter(|sample| sample.positive).collect();
        assert_eq!(Point::of(0.2, &samples(), &generated), None);
        assert_eq!(Point::of(0.2, &generated, &samples()), None);
    }
}
