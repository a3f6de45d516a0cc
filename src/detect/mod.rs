//! Features -> evidence: logit, calibrated probability, grade or abstention.

mod analysis;
mod calibration;
mod detector;
#[cfg(feature = "train")]
pub mod fit;
mod head;

pub use analysis::{Analysis, Evidence, FileFacts, InputFacts, Score, Timings, Verdict};
pub use calibration::{AbstainReason, Calibration, Grade, GradeEdges, MeasuredError, ViewCalibration};
pub use detector::{Detector, Encoded, SelfTestResult, self_test_view};
pub use head::{Head, LinearHead, Transform};
