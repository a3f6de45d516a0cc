//! Training of encoders and their parts on burn's autodiff: fine-tuning, captions
//! (method M1), quality (M2), the residual network (M4).
//!
//! Everything random comes from our own seeded generators, never from burn's global one, so that
//! the same seed gives the same model.

pub mod attribution;
pub mod captions;
mod finetune;
mod optimizer;
mod parameters;
pub mod quality;
pub mod residual;
mod trainer;
mod transform;

pub use finetune::{Example, Finetune, FinetuneConfig, FinetunedModel, Network};
pub use optimizer::{AdamW, AdamWConfig};
pub use trainer::StepReport;
pub use transform::transformed;
