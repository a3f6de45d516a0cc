//! Heads: features -> evidence: the verdict's logit, the generator, the technical quality.
//!
//! A head is small and runs on the host, in f32, the same for every engine. [`Head`] describes how
//! a model's verdict is computed and [`HeadScorer`] computes it; [`AttributionHead`] matches
//! captions, [`QualityModel`] rates technical quality, [`residual`] is a second branch over the
//! whole image.
//!
//! ```
//! use clipsight::heads::Transform;
//! let mut features = [4.0_f32, -9.0];
//! Transform::SignedSqrt.apply(&mut features, 2);
//! assert_eq!(features, [2.0, -3.0]);
//! ```

mod attribution;
pub mod captions;
mod head;
mod linear;
mod quality;
pub mod residual;
mod scorer;
mod shapes;

pub use attribution::{AttributionHead, CaptionMatcher};
pub use head::{Head, LinearHead, TOKEN_NORM_EPSILON, Transform};
pub use quality::{QualityModel, QualityPerceptron};
pub use scorer::HeadScorer;
