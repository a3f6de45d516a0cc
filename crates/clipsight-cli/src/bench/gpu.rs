//! Forward passes alone on a GPU: their CPU time, their duration, and how close that is to the
//! card's peak.

use std::any::Any;
use std::time::Instant;

use clipsight::engine::gpu::GpuEncoder;
use clipsight::engine::{Encoder, Engine, Gpu};
use clipsight::{Error, ErrorKind, Result};
use clipsight_native::runtime::{ModelFolder, Runtime};

use super::median::median;

/// Passes of one encoder with one number of images.
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Passes {
    /// What products read: `f16`, `bf16` or `f32`. Sums are f32.
    operand: &'static str,
    /// Images of a pass.
    batch: usize,
    /// Multiplications, each with an addition, of a pass.
    macs: u64,
    /// Median milliseconds that the CPU takes to prepare and submit a pass.
    cpu_ms: f64,
    /// Median milliseconds from pixels in memory to features in memory.
    ms: f64,
    /// 10^9 multiplications a second, over `ms`.
    gmac_per_second: f64,
    /// Share of `--peak-tflops`, at two floating-point operations per multiplication.
    #[serde(skip_serializing_if = "Option::is_none")]
    share_of_peak: Option<f64>,
}

/// Measures the runtime's encoder and, where it computes with f16, the same model in f32, in turn.
/// Nothing on other devices.
///
/// # Errors
/// When the model cannot be loaded once more, or the GPU fails.
pub(super) fn measure(
    runtime: &Runtime,
    folder: &ModelFolder,
    pixels: &[f32],
    (repetitions, peak_tflops): (u32, Option<f64>),
) -> Result<Vec<Passes>> {
    let (Some(gpu), Some(encoder)) =
        (on_gpu(runtime.engine()), encoder_on_gpu(runtime.detector().encoder()))
    else {
        return Ok(Vec::new());
    };
    let in_f32 = match encoder.operand() {
        "f16" => Some(folder.load(&gpu.in_f32())?),
        _ => None,
    };
    let mut encoders: Vec<&GpuEncoder> = vec![encoder];
    encoders.extend(in_f32.as_ref().and_then(|detector| encoder_on_gpu(detector.encoder())));
    // On a software rasteriser a batch gains nothing.
    let most = if gpu.software() { 1 } else { encoder.max_batch()? };
    let batches = if most == 1 { vec![1] } else { vec![1, most] };
    let mut measured: Vec<_> = encoders
        .iter()
        .flat_map(|encoder| {
            batches.iter().map(move |batch| (*encoder, pixels.repeat(*batch), *batch))
        })
        .map(|(encoder, pixels, batch)| (encoder, pixels, batch, Vec::new()))
        .collect();
    // The first round prepares buffers and bindings.
    for round in 0..=repetitions {
        for (encoder, pixels, batch, times) in &mut measured {
            let time = pass(encoder, pixels, *batch)?;
            if round > 0 {
                times.push(time);
            }
        }
    }
    let passes = measured.into_iter().map(|(encoder, _, batch, times)| {
        let (cpu, all): (Vec<f64>, Vec<f64>) = times.into_iter().unzip();
        let macs = encoder.macs() * batch as u64;
        let ms = median(all);
        let gmac_per_second = macs as f64 / ms / 1e6;
        Passes {
            operand: encoder.operand(),
            batch,
            macs,
            cpu_ms: median(cpu),
            ms,
            gmac_per_second,
            share_of_peak: peak_tflops.map(|peak| 2.0 * gmac_per_second / (1e3 * peak)),
        }
    });
    Ok(passes.collect())
}

fn on_gpu(engine: &dyn Engine) -> Option<&Gpu> {
    (engine as &dyn Any).downcast_ref()
}

fn encoder_on_gpu(encoder: &dyn Encoder) -> Option<&GpuEncoder> {
    (encoder as &dyn Any).downcast_ref()
}

/// Milliseconds on the CPU, and in total.
fn pass(encoder: &GpuEncoder, pixels: &[f32], batch: usize) -> Result<(f64, f64)> {
    let start = Instant::now();
    let pass = encoder.begin(pixels, batch)?;
    let begun = start.elapsed();
    let encoding = pollster::block_on(encoder.finish(pass))?;
    let all = start.elapsed();
    if encoding.features.iter().any(|value| !value.is_finite()) {
        return Err(Error::new(
            ErrorKind::DeviceLost,
            "the GPU returned values that are not finite numbers",
        ));
    }
    Ok((begun.as_secs_f64() * 1e3, all.as_secs_f64() * 1e3))
}
