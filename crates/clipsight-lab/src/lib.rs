//! The laboratory: how clipsight's models are trained, studied and measured.
//!
//! [`recipe`] holds what the shipped models are trained from, with which numbers, for any encoder
//! that can be imported; [`study`] examines an encoder's features; [`eval`] measures a model on
//! labelled images. Below them: [`train`] (learning on burn's autodiff), [`perturb`] (simulated
//! recompression, resizing and the like), [`features`] (computed once, kept in files). Linear
//! heads, calibrations and measures are the crate `clipsight-measure`'s.
//!
//! Everything random comes from seeded generators, so that the same seed produces the same model.

pub mod dataset;
pub mod eval;
pub mod features;
pub mod perturb;
pub mod recipe;
mod report;
pub mod study;
pub mod train;
