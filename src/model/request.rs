//! What is asked of an analysis.

use serde::{Deserialize, Serialize};

use crate::engine::Answer;

/// What is asked of an analysis beside the verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// Number of views; where `None`, the model's default, or as many as turn out to be needed if
    /// the model can stop after one (see [`EarlyExit`](crate::calibration::EarlyExit)).
    pub views: Option<usize>,
    /// Whether to compute where the model looked: [`Analysis::map`](super::Analysis::map).
    pub explain: bool,
    /// Whether to compute how steady the verdict is, and what follows where it is not:
    /// [`Analysis::stability`](super::Analysis::stability).
    pub stability: Option<IfUnsteady>,
}

/// What follows where a verdict is unsteady.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IfUnsteady {
    /// That is said beside the verdict.
    Say,
    /// The analysis abstains.
    Abstain,
}

impl From<Option<usize>> for Request {
    /// A verdict from this number of views, nothing else.
    fn from(views: Option<usize>) -> Self {
        Self { views, ..Self::default() }
    }
}

/// Whoever is told how far an analysis is, and may end it.
pub trait Watch {
    /// `done` of `total` views are scored. `total` may grow, where the model needs more than one.
    ///
    /// # Errors
    /// Any error ends the analysis with it:
    /// [`ErrorKind::Aborted`](crate::ErrorKind::Aborted) when it is wanted no more.
    fn step(&self, done: usize, total: usize) -> Answer<'_, ()>;
}

/// Nobody watches.
impl Watch for () {
    fn step(&self, _done: usize, _total: usize) -> Answer<'_, ()> {
        Box::pin(std::future::ready(Ok(())))
    }
}
