//! Operating points: thresholds for a limited rate of false alarms. They are chosen on role
//! `calibrate` and measured on images that took no part in the choice.

use clipsight::{Error, ErrorKind, Result};
use clipsight_measure::figures::Scored;
use clipsight_measure::folder::ModelName;
use clipsight_measure::metrics::Sample;
use clipsight_measure::operating::{BUDGETS, Point};
use serde::Serialize;

/// The version of [`OperatingPoints`].
const SCHEMA: u32 = 1;

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
