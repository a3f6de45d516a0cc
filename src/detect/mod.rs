//! Features -> evidence: logit, calibrated probability, grade or abstention; beside it who made the
//! image, and how well it is preserved.

mod analysis;
mod attribution;
mod calibration;
pub mod captions;
mod detector;
#[cfg(feature = "train")]
pub mod fit;
mod head;
mod linear;
mod quality;
mod scorer;

pub use analysis::{
    Analysis, AttributionFacts, Evidence, FileFacts, InputFacts, Maker, Score, Timings, Verdict,
};
pub use attribution::{AttributionHead, CaptionMatcher};
pub use calibration::{
    AbstainReason, Calibration, Grade, GradeEdges, MeasuredError, SecondLook, ViewCalibration,
};
pub use detector::{Answers, Detector, Encoded, SelfTestResult, self_test_view};
pub use head::{Head, LinearHead, Transform};
pub use quality::{QualityModel, QualityPerceptron};
pub use scorer::HeadScorer;
