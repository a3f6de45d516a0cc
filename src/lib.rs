//! clipsight tells how strongly an image looks AI-generated, on the machine it runs on.
//!
//! Data flows one way: bytes -> [`image`] (decode, orient, views, tensor) -> `clip` (vision tower:
//! class and mean token of every layer) -> `detect` (logit, calibrated probability, grade or
//! abstention). `weights` reads, checks and writes the models that say how each step is done;
//! nothing about a particular model is compiled in.
//!
//! The crate knows no browser, no file system and no clock outside `web`, `import` and the command
//! line: it takes bytes and returns values.

pub mod clip;
pub mod detect;
pub mod engine;
pub mod error;
pub mod image;
#[cfg(feature = "import")]
pub mod import;
pub mod limits;
pub mod metrics;
pub mod residual;
mod simd;
#[cfg(feature = "train")]
pub mod study;
#[cfg(feature = "train")]
pub mod train;
#[cfg(all(feature = "web", target_family = "wasm"))]
pub mod web;
pub mod weights;

pub use error::{Error, ErrorKind, Fault, Result};
