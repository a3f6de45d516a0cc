//! clipsight measures how strongly an image looks AI-generated, on the machine it runs on.
//!
//! This crate is what browsers run: it takes bytes and returns values, and knows no browser
//! (outside `web`), no file system and no clock. Data flows one way, and so do the modules'
//! imports, from the right to the left:
//!
//! ```text
//! error, limits <- image, clip <- weights <- engine, heads, calibration <- model <- web
//!                       image <- provenance <----------------------------- model
//!                                weights <- teach <----------------------- model
//! ```
//!
//! [`image`] turns a file's bytes into upright pixels and views, an [`engine`] runs the encoder
//! that [`clip`] describes, [`heads`] turn its features into logits, [`calibration`] turns those
//! into probabilities and grades; [`model`] holds it all together, and [`weights`] stores it.
//! [`provenance`] reads what a file says of how it was made, apart from all of these. [`teach`]
//! refits a head from a person's own examples.

pub mod calibration;
pub mod clip;
pub mod engine;
pub mod error;
pub mod heads;
pub mod image;
pub mod limits;
pub mod model;
pub mod provenance;
pub mod rng;
mod simd;
pub mod teach;
#[cfg(all(feature = "web", target_family = "wasm"))]
pub mod web;
pub mod weights;

pub use error::{Error, ErrorKind, Fault, Result};
