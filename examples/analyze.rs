//! The library by itself: loads a model folder, analyses image files, prints one `Analysis` a line,
//! as the npm package gives it and its `schema.json` describes it.
//!
//! `cargo run --release --example analyze -- models/compact photo.jpg other.png`
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;
use std::path::Path;
use std::time::Instant;
use std::{env, fs};

use clipsight::engine::Cpu;
use clipsight::model::{Analysis, Detector, Manifest, ModelLoader, Timings};
use clipsight::provenance;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args_os().skip(1);
    let folder = arguments.next().ok_or("usage: analyze MODEL_FOLDER IMAGE...")?;
    let detector = load(Path::new(&folder))?;
    for image in arguments {
        println!("{}", serde_json::to_string(&analyze(&detector, &fs::read(&image)?)?)?);
    }
    Ok(())
}

/// Every shard is checked against its hash, and the whole model against a known answer, before it
/// is used.
fn load(folder: &Path) -> Result<Detector, Box<dyn Error>> {
    let manifest = Manifest::from_json(&fs::read(folder.join("model.json"))?)?;
    let shards = manifest.shards.clone();
    let mut loader = ModelLoader::new(manifest, &Cpu)?;
    for (index, shard) in shards.iter().enumerate() {
        loader.push_shard(index, &fs::read(folder.join(&shard.file))?)?;
    }
    let detector = Detector::new(pollster::block_on(loader.finish())?)?;
    if !pollster::block_on(detector.self_test())?.passed {
        return Err("this device computes wrongly".into());
    }
    Ok(detector)
}

/// The library has no clock; who has one fills the times in, and who has a file what that says of
/// itself.
fn analyze(detector: &Detector, bytes: &[u8]) -> clipsight::Result<Analysis> {
    let begun = Instant::now();
    let prepared = detector.prepare(bytes, None)?;
    let decoded = begun.elapsed();
    let mut analysis = pollster::block_on(detector.score(prepared))?;
    let total = begun.elapsed();
    analysis.provenance = Some(provenance::read(bytes)?);
    let ms = |duration: std::time::Duration| duration.as_secs_f64() * 1e3;
    analysis.timings = Some(Timings {
        decode_ms: ms(decoded),
        encode_ms: ms(total - decoded),
        total_ms: ms(total),
    });
    Ok(analysis)
}
