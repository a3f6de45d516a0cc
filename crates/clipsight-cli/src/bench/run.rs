//! Timings of a model on this machine, without a browser.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Instant;

use clipsight::image::{Rgb8, ViewCount, decode};
use clipsight::{Error, ErrorKind, Result};
use clipsight_native::io::{self, read_image};
use clipsight_native::pipeline;

use super::median::median;
use crate::arguments::RuntimeArgs;

/// Arguments of `bench run`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    runtime: RuntimeArgs,
    /// Images to measure; `clipsight bench images` generates some
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<PathBuf>,
    /// Repetitions of each measurement
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u32).range(1..))]
    repetitions: u32,
    /// The GPU's peak in 10^12 f32 operations per second, without matrix units: the report then
    /// includes the share of it that a pass reaches
    #[cfg(feature = "webgpu")]
    #[arg(long, value_name = "NUMBER", value_parser = positive)]
    peak_tflops: Option<f64>,
}

/// A number above zero.
#[cfg(feature = "webgpu")]
fn positive(text: &str) -> std::result::Result<f64, String> {
    text.parse()
        .ok()
        .filter(|value: &f64| value.is_finite() && *value > 0.0)
        .ok_or("must be above 0".to_owned())
}

/// What was measured.
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct BenchReport {
    model: String,
    device: String,
    cores: usize,
    images: usize,
    repetitions: u32,
    /// Median milliseconds of one view through the encoder and the heads, all cores on it.
    view_ms: f64,
    /// Median milliseconds from a file's bytes to its verdict by one view.
    verdict_ms: f64,
    /// Median of images per second, from bytes to verdict, images spread over the cores.
    images_per_second: f64,
    /// Passes of the encoder alone.
    #[cfg(feature = "webgpu")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    gpu: Vec<super::gpu::Passes>,
}

/// Measures, and prints one JSON object.
///
/// # Errors
/// When the model or an image cannot be read.
pub(crate) fn run(args: &Args) -> Result<()> {
    let runtime = args.runtime.open()?;
    let detector = runtime.detector();
    let files = args.images.iter().map(|path| read_image(path)).collect::<Result<Vec<_>>>()?;
    let view = view(detector, &files[0])?;
    // The first pass finds caches cold and kernels not yet compiled.
    runtime.logits(std::slice::from_ref(&view))?;

    let times = |work: &dyn Fn() -> Result<()>| -> Result<Vec<f64>> {
        (0..args.repetitions)
            .map(|_| {
                let start = Instant::now();
                work()?;
                Ok(start.elapsed().as_secs_f64() * 1e3)
            })
            .collect()
    };
    let view_ms = median(times(&|| runtime.logits(std::slice::from_ref(&view)).map(drop))?);
    let verdict = |bytes: &Vec<u8>| runtime.score(detector.prepare(bytes, Some(1))?).map(drop);
    let verdict_ms = median(times(&|| verdict(&files[0]))?);
    let batch_ms = median(times(&|| {
        let mut result = Ok(());
        pipeline::in_order(&files, verdict, |one| {
            result = one;
            if result.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        result
    })?);

    #[cfg(feature = "webgpu")]
    let gpu = {
        let pixels = detector.manifest().preprocessing.tensor(std::slice::from_ref(&view));
        let options = (args.repetitions, args.peak_tflops);
        super::gpu::measure(&runtime, &args.runtime.folder(), &pixels, options)?
    };

    let report = BenchReport {
        model: detector.manifest().id.clone(),
        device: runtime.device().to_string(),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        images: files.len(),
        repetitions: args.repetitions,
        view_ms,
        verdict_ms,
        images_per_second: files.len() as f64 / batch_ms * 1e3,
        #[cfg(feature = "webgpu")]
        gpu,
    };
    let json = serde_json::to_string_pretty(&report).map_err(|error| {
        Error::new(ErrorKind::Internal, "the report cannot be written").with_source(error)
    })?;
    io::print(&(json + "\n"))
}

/// The first view of an image.
fn view(detector: &clipsight::model::Detector, bytes: &[u8]) -> Result<Rgb8> {
    let views = detector.manifest().preprocessing.views(&decode(bytes)?.pixels, ViewCount::One)?;
    views
        .into_iter()
        .next()
        .ok_or_else(|| Error::new(ErrorKind::Internal, "an image produced no view"))
}
