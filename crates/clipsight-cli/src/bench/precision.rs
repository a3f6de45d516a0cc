//! The effect of 8-bit arithmetic and storage: embeddings and verdicts compared with the f32
//! reference, on real images.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;

use clipsight::clip::{FeatureSpec, Pool};
use clipsight::engine::{Encoder, Engine};
use clipsight::image::{Preprocessing, ViewCount, decode};
use clipsight::model::{Detector, Verdict};
use clipsight::weights::{Storage, StoredTensor};
use clipsight::{Error, ErrorKind, Result};
use clipsight_import::PublishedEncoder;
use clipsight_native::dataset::{Dataset, Entry, Role};
use clipsight_native::io;
use clipsight_native::pipeline;
use clipsight_reference::Reference;

use crate::arguments::RuntimeArgs;

/// Arguments of `bench precision`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Labelled images; those of role test are used
    #[arg(value_name = "MANIFEST")]
    data: PathBuf,
    /// An encoder of the model's input size, as `train` takes it, for the embeddings
    #[arg(long, value_name = "FILE")]
    encoder: PathBuf,
    #[command(flatten)]
    runtime: RuntimeArgs,
    /// Minimum number of images for the embeddings
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    images: u32,
}

/// What was measured.
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct PrecisionReport {
    device: String,
    /// Of embeddings, by storage, against the encoder that was never quantised.
    embeddings: BTreeMap<&'static str, Cosines>,
    /// Of the model, on all images of role test.
    verdicts: Verdicts,
}

#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Cosines {
    images: usize,
    mean: f64,
    lowest: f64,
}

#[derive(Debug, Default, serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Verdicts {
    images: usize,
    /// On the other side of the model's threshold.
    flips: usize,
    /// Another grade, or an abstention instead of a grade.
    other_grades: usize,
    mean_logit_difference: f64,
    largest_logit_difference: f64,
}

/// Measures, and prints one JSON object.
///
/// # Errors
/// When the model or an image cannot be read.
pub(crate) fn run(args: &Args) -> Result<()> {
    let dataset = Dataset::read(&args.data)?;
    let entries = dataset.role(Role::Test);
    let read = |entry: &Entry| io::read_image(&dataset.root.join(&entry.file));
    let runtime = args.runtime.open()?;
    let reference = args.runtime.folder().load(&Reference::cpu())?;
    let preprocessing = &reference.manifest().preprocessing;

    let mut embeddings = BTreeMap::new();
    let step = (entries.len() / args.images as usize).max(1);
    let chosen: Vec<&Entry> = entries.iter().step_by(step).collect();
    let exact = Rounded::new(&args.encoder, Storage::F32, &Reference::cpu())?;
    for (name, storage) in [("q8", Storage::Q8), ("q4", Storage::Q4)] {
        let rounded = Rounded::new(&args.encoder, storage, runtime.engine())?;
        let mut cosines = Vec::new();
        each(
            &chosen,
            |entry| {
                let pixels = pixels(&read(entry)?, preprocessing)?;
                Ok(cosine(&exact.embedding(&pixels)?, &rounded.embedding(&pixels)?))
            },
            |cosine| cosines.push(cosine),
        )?;
        embeddings.insert(
            name,
            Cosines {
                images: cosines.len(),
                mean: cosines.iter().sum::<f64>() / cosines.len() as f64,
                lowest: cosines.iter().copied().fold(1.0, f64::min),
            },
        );
    }

    let mut verdicts = Verdicts::default();
    let threshold = reference.manifest().calibration.threshold;
    let one = |detector: &Detector, bytes: &[u8]| pollster::block_on(detector.analyze(bytes, None));
    each(
        &entries.iter().collect::<Vec<_>>(),
        |entry| {
            let bytes = read(entry)?;
            Ok((one(runtime.detector(), &bytes)?.model, one(&reference, &bytes)?.model))
        },
        |(found, expected)| {
            let difference = (found.score().logit - expected.score().logit).abs();
            verdicts.images += 1;
            verdicts.mean_logit_difference += difference;
            verdicts.largest_logit_difference = verdicts.largest_logit_difference.max(difference);
            let side = |verdict: &Verdict| verdict.score().probability >= threshold;
            verdicts.flips += usize::from(side(&found) != side(&expected));
            verdicts.other_grades += usize::from(found.grade() != expected.grade());
        },
    )?;
    verdicts.mean_logit_difference /= verdicts.images.max(1) as f64;

    let report = PrecisionReport { device: runtime.device().to_string(), embeddings, verdicts };
    let json = serde_json::to_string_pretty(&report).map_err(|error| {
        Error::new(ErrorKind::Internal, "the report cannot be written").with_source(error)
    })?;
    io::print(&format!("{json}\n"))
}

/// Works on all entries at once; stops at the first error.
fn each<T: Send>(
    entries: &[&Entry],
    work: impl Fn(&Entry) -> Result<T> + Sync,
    mut sink: impl FnMut(T),
) -> Result<()> {
    let mut failed = Ok(());
    pipeline::in_order(
        entries,
        |entry| work(entry),
        |result| match result {
            Ok(value) => {
                sink(value);
                ControlFlow::Continue(())
            }
            Err(error) => {
                failed = Err(error);
                ControlFlow::Break(())
            }
        },
    )?;
    failed
}

pub(super) fn pixels(bytes: &[u8], preprocessing: &Preprocessing) -> Result<Vec<f32>> {
    let views = preprocessing.views(&decode(bytes)?.pixels, ViewCount::One)?;
    Ok(preprocessing.tensor(&views))
}

pub(super) fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| {
        a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>()
    };
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

/// One encoder, its matrices stored in a given way.
struct Rounded(Box<dyn Encoder>);

impl Rounded {
    fn new(file: &std::path::Path, storage: Storage, engine: &dyn Engine) -> Result<Self> {
        let PublishedEncoder { architecture: config, mut tensors, .. } =
            PublishedEncoder::open(file)?;
        let features = FeatureSpec::pooled(vec![config.layers + 1], &[Pool::Class]);
        let mut builder = engine.begin(&config, &features)?;
        for spec in config.tensors() {
            if let Some(tensor) = tensors.remove(&spec.name) {
                builder.take(&spec, StoredTensor::quantize(tensor, &spec, storage))?;
            }
        }
        pollster::block_on(builder.finish()).map(Self)
    }

    fn embedding(&self, pixels: &[f32]) -> Result<Vec<f32>> {
        Ok(pollster::block_on(self.0.encode(pixels, 1))?.embedding)
    }
}
