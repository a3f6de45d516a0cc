//! Training of encoders (feature `train`): what `clipsight train` runs, without its files.

mod finetune;
mod optimizer;

pub use finetune::{Example, Finetune, FinetuneConfig, Network, StepReport, Trained};
pub use optimizer::{AdamW, AdamWConfig};
