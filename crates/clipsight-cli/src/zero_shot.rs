//! `clipsight zero-shot`: which of several texts fits an image best, as CLIP was trained for.

use std::path::PathBuf;
use std::process::ExitCode;

use clipsight::engine::{Cpu, Encoder, Engine};
use clipsight::image::ViewCount;
use clipsight::limits::{MAX_CAPTIONS, MAX_MANIFEST_BYTES};
use clipsight::model::{Manifest, ModelLoader, TextManifest};
use clipsight::{Error, ErrorKind, Result};
use clipsight_native::io;
use clipsight_native::picture::decode;
use clipsight_native::runtime::ModelFolder;
use clipsight_reference::{Reference, TextLoader, TextTower, TokenBatch, Tokenizer};
use serde::Serialize;

/// Arguments of `zero-shot`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Images
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<PathBuf>,
    /// Texts, at least two
    #[arg(long, required = true, num_args = 1.., value_name = "TEXT")]
    labels: Vec<String>,
    /// The folder of an imported model with its text encoder [default: $CLIPSIGHT_MODEL]
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// Compute the image's embedding in 32-bit floating point instead of 8-bit integers
    #[arg(long)]
    reference: bool,
}

/// One image's answer.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    path: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    labels: Vec<Label<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Problem>,
}

/// How well a text fits.
#[derive(Debug, Serialize)]
struct Label<'a> {
    label: &'a str,
    /// Softmax over exactly these texts: not evidence of who made an image.
    share: f64,
    /// Cosine of the two embeddings.
    cosine: f64,
}

#[derive(Debug, Serialize)]
struct Problem {
    code: &'static str,
    message: String,
}

/// Prints one JSON object per image, best label first.
///
/// # Errors
/// When the model has no text encoder or cannot be loaded, or the number of labels is out of range.
/// An image that fails is reported in its own line.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    if !(2..=MAX_CAPTIONS).contains(&args.labels.len()) {
        let message =
            format!("--labels takes 2 to {MAX_CAPTIONS} texts, not {}", args.labels.len());
        return Err(Error::new(ErrorKind::Argument, message));
    }
    let folder = ModelFolder::find(args.model.as_deref());
    let manifest = folder.manifest()?;
    let text = text_manifest(&folder)?;
    if text.architecture.projection != manifest.architecture.embedding_width() {
        let message = "the image encoder and the text encoder belong to different models";
        return Err(Error::new(ErrorKind::WeightsCorrupt, message));
    }
    let scale = f64::from(text.logit_scale);
    let labels = embed(&args.labels, &text_tower(&folder, text)?)?;
    let engine: &dyn Engine = if args.reference { &Reference::cpu() } else { &Cpu };
    let (manifest, encoder) = encoder(&folder, manifest, engine)?;
    let mut failures = false;
    for path in &args.images {
        let shown = path.to_string_lossy().into_owned();
        let answer = match shares(path, &manifest, encoder.as_ref(), &labels, scale) {
            Ok(mut found) => {
                let mut labels: Vec<Label<'_>> = args
                    .labels
                    .iter()
                    .zip(found.drain(..))
                    .map(|(label, (share, cosine))| Label { label, share, cosine })
                    .collect();
                labels.sort_by(|a, b| b.share.total_cmp(&a.share));
                Answer { path: shown, labels, error: None }
            }
            Err(error) => {
                failures = true;
                let problem =
                    Problem { code: error.kind().code(), message: error.message().to_owned() };
                Answer { path: shown, labels: Vec::new(), error: Some(problem) }
            }
        };
        let line = serde_json::to_string(&answer).map_err(|error| {
            Error::new(ErrorKind::Internal, "the answer cannot be written").with_source(error)
        })?;
        io::print(&(line + "\n"))?;
    }
    Ok(ExitCode::from(if failures { 2 } else { 0 }))
}

/// Share and cosine of every label.
fn shares(
    path: &std::path::Path,
    manifest: &Manifest,
    encoder: &dyn Encoder,
    labels: &[Vec<f32>],
    scale: f64,
) -> Result<Vec<(f64, f64)>> {
    let pixels = decode(&io::read_image(path)?)?.pixels;
    let views = manifest.preprocessing.views(&pixels, ViewCount::One)?;
    let encoding =
        pollster::block_on(encoder.encode(&manifest.preprocessing.tensor(&views), views.len()))?;
    let image = unit(encoding.embedding);
    let cosines: Vec<f64> = labels
        .iter()
        .map(|label| image.iter().zip(label).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum())
        .collect();
    let peak = cosines.iter().fold(f64::MIN, |peak, cosine| peak.max(*cosine));
    let weights: Vec<f64> = cosines.iter().map(|cosine| (scale * (cosine - peak)).exp()).collect();
    let sum: f64 = weights.iter().sum();
    if !sum.is_finite() {
        return Err(Error::new(
            ErrorKind::DeviceLost,
            "the device returned values that are not finite numbers",
        ));
    }
    Ok(weights.into_iter().zip(cosines).map(|(weight, cosine)| (weight / sum, cosine)).collect())
}

fn encoder(
    folder: &ModelFolder,
    manifest: Manifest,
    engine: &dyn Engine,
) -> Result<(Manifest, Box<dyn Encoder>)> {
    let shards = manifest.shards.clone();
    let mut loader = ModelLoader::new(manifest, engine)?;
    for (index, shard) in shards.iter().enumerate() {
        loader.push_shard(index, &folder.shard(shard)?)?;
    }
    let loaded = pollster::block_on(loader.finish())?;
    Ok((loaded.manifest, loaded.encoder))
}

fn text_manifest(folder: &ModelFolder) -> Result<TextManifest> {
    let path = folder.path().join("text.json");
    let bytes = io::read_at_most(&path, MAX_MANIFEST_BYTES as u64).map_err(|error| {
        let message = format!(
            "the model in {} has no text encoder: create a model with `clipsight import` and name \
             its folder with --model",
            folder.path().display()
        );
        Error::new(ErrorKind::Argument, message).with_source(error)
    })?;
    TextManifest::from_json(&bytes)
}

fn text_tower(folder: &ModelFolder, manifest: TextManifest) -> Result<TextTower> {
    let shards = manifest.shards.clone();
    let mut loader = TextLoader::new(manifest, &Reference::cpu());
    for (index, shard) in shards.iter().enumerate() {
        loader.push_shard(index, &folder.shard(shard)?)?;
    }
    loader.finish()
}

/// The labels' embeddings, scaled to length one. One at a time: a thousand at once would need
/// gigabytes.
fn embed(labels: &[String], tower: &TextTower) -> Result<Vec<Vec<f32>>> {
    let tokenizer = Tokenizer::new();
    let context = tower.config().context;
    labels
        .iter()
        .map(|label| {
            let tokens = TokenBatch::new(&[tokenizer.encode(label, context)], tower.config())?;
            let embedding = tower.forward(&tokens).into_data().try_into_vec::<f32>();
            embedding.map(unit).map_err(|_| {
                Error::new(ErrorKind::Internal, "the text encoder did not return f32 values")
            })
        })
        .collect()
}

fn unit(mut row: Vec<f32>) -> Vec<f32> {
    let length = row.iter().map(|value| value * value).sum::<f32>().max(1e-12).sqrt();
    row.iter_mut().for_each(|value| *value /= length);
    row
}
