//! Recipes: the data, numbers and steps that models are trained with.
//!
//! Every recipe takes any encoder that the program loads
//! ([`PublishedEncoder`](clipsight_import::PublishedEncoder)). Roles are kept apart: `fit` is
//! learnt from, `select` chooses, `calibrate` calibrates, `test` is only measured.

pub mod attribution;
pub mod detector;
pub mod finetune;
pub mod quality;
pub mod references;
pub mod residual;
