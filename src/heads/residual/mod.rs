//! A small convolutional network beside the encoder: the second branch of Cozzolino et al. 2024
//! (arXiv 2312.00195).
//!
//! The encoder sees patches of the picture; this one sees the noise between neighbouring pixels, at
//! full resolution and over the whole image, whatever its shape. [`ResidualConfig`] describes its
//! architecture and cuts its input, [`ResidualScorer`] maps that to one logit per position and
//! averages them, and [`ResidualBranch`], in a model's manifest, describes how its probability
//! joins the encoder's. `ResidualNetwork` in `clipsight-reference` is the network as a burn module,
//! for training.
//!
//! Theirs is a ResNet-50 without the first layers' strides (Corvi et al. 2023, arXiv 2211.00680);
//! this one has a hundredth of its weights, so that a browser without a GPU can run it.

mod branch;
mod config;
mod input;
mod scorer;

pub use branch::{Platt, ResidualBranch};
pub use config::{KERNEL, ResidualConfig, Stage};
pub use scorer::ResidualScorer;
