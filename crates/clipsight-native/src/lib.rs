//! Images, data sets and models from the file system, for programs that run clipsight natively.
//!
//! The core takes bytes and returns values; this crate is where they come from. [`io`] reads files
//! within the core's limits, [`picture`] decodes them, [`walk`] finds images in folders, by their
//! [`names`] and by [`patterns`], [`dataset`] reads manifests of labelled images, [`folder`] those
//! without roles, [`runtime`] loads a model's folder onto a device and tests it, [`receipt`] writes
//! down what was found, and checks that, [`pipeline`] works on many items at once in order,
//! [`progress`] shows how far it is, [`faults`] keeps what a panic says readable.

pub mod dataset;
pub mod faults;
pub mod folder;
pub mod io;
pub mod names;
pub mod patterns;
pub mod picture;
pub mod pipeline;
pub mod progress;
pub mod receipt;
pub mod runtime;
pub mod walk;
