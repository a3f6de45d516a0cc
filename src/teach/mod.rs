//! Few-shot refits of a linear head from a person's own examples, on their own device.
//!
//! The linear detector on frozen features of Cozzolino et al. 2024 (arXiv 2312.00195), fitted as a
//! change of the head that ships: logistic regression whose Gaussian prior is centred on the
//! shipped weights. [`References`], labelled rows that ship beside a model, take part in every fit,
//! so that a head does not forget, and others of them, the check set, say whether it did. Ten
//! examples against thousands of weights: the change lies in the span of the rows, and the fit has
//! one unknown for each of them. All of it is deterministic.
//!
//! [`teach()`] makes a [`TaughtHead`]; [`Detector::use_head`](crate::model::Detector::use_head)
//! takes it, or puts the shipped head back.

mod fit;
mod references;
mod taught;

pub use fit::{Example, Lesson, NEAR_DUPLICATE, teach};
pub use references::{Reference, References};
pub use taught::{Change, CheckResult, HeldOut, Label, Report, TaughtHead};

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests;
