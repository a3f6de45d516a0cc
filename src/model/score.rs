//! What a model says of an image in numbers.

use serde::Serialize;

/// Probability and logit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Score {
    /// Calibrated probability that the image is AI-generated, 0 to 1, at even odds of both kinds;
    /// of an `uncalibrated` model its own claim.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1)))]
    pub probability: f64,
    /// Mean logit over the views, before calibration.
    pub logit: f64,
}
