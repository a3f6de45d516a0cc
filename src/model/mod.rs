//! A whole model: its description, its loader, its answers.
//!
//! [`Manifest`] describes everything about a model except its weights; [`ModelLoader`] takes its
//! shards one at a time and checks each against its hash before parsing it; [`Detector`] turns an
//! image's bytes into an [`Analysis`]. Nothing about a particular model is compiled in.
//!
//! ```no_run
//! use clipsight::model::{Detector, Manifest, ModelLoader};
//! # async fn example() -> clipsight::Result<()> {
//! # let read = |name: &str| std::fs::read(format!("models/compact/{name}")).unwrap();
//! let manifest = Manifest::from_json(&read("model.json"))?;
//! let shards = manifest.shards.clone();
//! let mut loader = ModelLoader::new(manifest, &clipsight::engine::Cpu)?;
//! for (index, shard) in shards.iter().enumerate() {
//!     loader.push_shard(index, &read(&shard.file))?;
//! }
//! let detector = Detector::new(loader.finish().await?)?;
//! let analysis = detector.analyze(&read("photo.jpg"), None).await?;
//! # Ok(())
//! # }
//! ```

mod analysis;
mod detector;
mod loader;
mod manifest;
mod occlusion;
mod request;
mod score;
mod stability;
mod text;
mod work;

pub use analysis::{
    Analysis, AttributionFacts, Evidence, Fidelity, FileFacts, InputFacts, Maker, SCHEMA_VERSION,
    TaughtFacts, Timings, Verdict,
};
pub use detector::{Answers, Detector, Encoded, SelfTestResult, self_test_view};
pub use loader::{LoadedTensors, ModelLoader};
pub use manifest::{FORMAT_VERSION, Manifest, SelfTest};
pub use occlusion::{LayerShare, OcclusionMap, PoolShare, Shares};
pub use request::{IfUnsteady, Request, Watch};
pub use score::Score;
pub use stability::{Delivered, Stability};
pub use text::TextManifest;
