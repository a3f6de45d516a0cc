//! The quality head that models carry: fitted on real images degraded in memory.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clipsight::heads::QualityModel;
use clipsight::image::ViewCount;
use clipsight::weights::{HostTensor, sha256_hex};
use clipsight::{Error, ErrorKind, Result};
use clipsight_native::io::write_file;
use clipsight_native::runtime::{ModelFolder, Runtime};
use serde::Serialize;

use super::synthetic::{BEST, Plan, choose};
use super::{number, refuse_second_head, to_json, write_model};
use crate::dataset::{Dataset, Entry, Label, Role};
use crate::features::{Extractor, RowCache, cache_for, cannot};
use crate::train::quality::{
    QualityFigures, QualityRecipe, ScoredFeatures, Split, figures, generator_means, split, train,
};

/// What the head is fitted on.
#[derive(Clone, Debug)]
pub struct Options {
    /// Labelled images: a manifest ([`Dataset`]); real ones of role fit are used.
    pub data: PathBuf,
    /// Folder of the model; `None` as for every command.
    pub model: Option<PathBuf>,
    /// Folder that the model with the head, and quality.json, are written to.
    pub out: PathBuf,
    /// Folder for features already computed.
    pub cache: PathBuf,
    /// Seed of sources, strengths, split and training.
    pub seed: u64,
}

/// Fits, measures, and writes the model with the head; returns the figures as a table.
///
/// # Errors
/// When images or model cannot be read, or the results not written.
pub fn run(args: &Options) -> Result<String> {
    let dataset = Dataset::read(&args.data)?;
    let folder = ModelFolder::find(args.model.as_deref());
    let runtime = Runtime::reference(&folder)?;
    let detector = runtime.detector();
    refuse_second_head(detector.manifest())?;
    let rows = RowCache { root: &dataset.root, folder: cache_for(&args.cache, detector)? };
    let extractor = Extractor { detector, rows };
    let Fitted { model, tensors, report } =
        fit_for_model(&extractor, &dataset.role(Role::Fit), args.seed)?;
    std::fs::create_dir_all(&args.out).map_err(|error| cannot("make", &args.out, error))?;
    write_file(&args.out.join("quality.json"), to_json(&report)?.as_bytes())?;
    write_model(&folder, detector.manifest(), model, &tensors, &args.out)?;
    let line = |name: &str, found: &QualityFigures| {
        format!(
            "{name:<9} SRCC {}, PLCC {}, KRCC {}, within a source {}\n",
            number(found.srcc),
            number(found.plcc),
            number(found.krcc),
            number(found.within_prompt_srcc)
        )
    };
    Ok(format!(
        "{} sources held out of {}, {} images\n{}{}{}\n",
        report.held_out_sources,
        report.sources,
        report.held_out.images,
        line("head", &report.held_out),
        line("no pixels", &report.no_pixels),
        report.limits
    ))
}

/// Source images, spread over origins: enough for a mean correlation of .97 within sources held
/// out.
const SOURCES: usize = 60;

/// Strengths of each way of making an image worse.
const STRENGTHS: usize = 3;

const LIMITS: &str = "Scores are known strengths of blur, noise, JPEG and downscaling, applied to \
                      what the encoder sees: technical quality, nobody's opinion. Equal scores of \
                      different ways need not look equally bad.";

/// A head, ready to be put into a model.
#[derive(Debug)]
pub(crate) struct Fitted {
    /// The manifest's entry.
    pub(crate) model: QualityModel,
    /// The tensors it names.
    pub(crate) tensors: BTreeMap<String, HostTensor>,
    /// How well heads fitted in the same way do on sources they did not see.
    pub(crate) report: ShippedReport,
}

/// The report on a head that a model carries. The heads measured saw four fifths of the sources;
/// the one that ships saw all.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ShippedReport {
    /// Real images that were degraded.
    pub(crate) sources: usize,
    /// Sources held out of the measured head's fit, all their versions together.
    pub(crate) held_out_sources: usize,
    /// Images of all sources.
    pub(crate) images: usize,
    /// Features read.
    pub(crate) features: usize,
    pub(crate) recipe: QualityRecipe,
    /// On the sources held out; `within_prompt_srcc` is the mean of the correlations within each
    /// source.
    pub(crate) held_out: QualityFigures,
    /// The baseline without pixels: the mean score of each way of making images worse.
    pub(crate) no_pixels: QualityFigures,
    /// What the scores mean.
    pub(crate) limits: &'static str,
}

/// Fits a model's quality head on `images` of role fit, of which the real ones are used: they are
/// degraded by known strengths in memory, and the features of the degraded images computed, or
/// found in the extractor's cache.
///
/// # Errors
/// [`ErrorKind::Argument`] when there are fewer than two real images; when one cannot be read or is
/// too small, naming it.
pub(crate) fn fit_for_model(
    extractor: &Extractor<'_>,
    images: &[Entry],
    seed: u64,
) -> Result<Fitted> {
    let real: Vec<Entry> =
        images.iter().filter(|entry| entry.label == Label::Real).cloned().collect();
    let count = SOURCES.min(real.len());
    if count < 2 {
        let message = "the quality head needs at least two real images of role fit";
        return Err(Error::new(ErrorKind::Argument, message));
    }
    let sources = choose(real, count, seed)?;
    let plans: Vec<Plan> = (0..count).map(|index| Plan::of(index, STRENGTHS, seed)).collect();
    let versions = plans[0].steps.len();

    let manifest = extractor.detector.manifest();
    let transform = manifest.head.transform();
    let token_width = manifest.architecture.width;
    let width = manifest.head.features().width(&manifest.architecture);
    let files: Vec<&str> = sources.iter().map(|entry| entry.file.as_str()).collect();
    let name =
        format!("quality-{}", &sha256_hex(format!("{seed} {plans:?} {files:?}").as_bytes())[..16]);
    let numbers = extractor.rows.numbers(&sources)?;
    let data = extractor.rows.rows(&name, &sources, versions * width, |pixels, number| {
        let plan = numbers.iter().zip(&plans).find(|(of_source, _)| **of_source == number);
        let (_, plan) =
            plan.ok_or_else(|| Error::new(ErrorKind::Internal, "the plan has no such source"))?;
        let mut rows = Vec::with_capacity(versions * width);
        for image in plan.images(pixels)? {
            let view = manifest.preprocessing.views(&image, ViewCount::One)?;
            rows.extend(pollster::block_on(extractor.detector.features(&view))?);
        }
        rows.chunks_mut(width).for_each(|row| transform.apply(row, token_width));
        Ok(rows)
    })?;

    let steps: Vec<_> = plans.iter().flat_map(|plan| &plan.steps).collect();
    let scores: Vec<f64> = steps.iter().map(|step| step.score()).collect();
    let ways: Vec<&str> = steps.iter().map(|step| step.way()).collect();
    let of_source: Vec<&str> = files
        .iter()
        .zip(&plans)
        .flat_map(|(file, plan)| plan.steps.iter().map(|_| *file))
        .collect();
    let features = data.iter().map(|value| value.to_f32()).collect();
    #[expect(clippy::cast_possible_truncation, reason = "0 to 5")]
    let samples = ScoredFeatures::unscaled(
        features,
        width,
        1,
        scores.iter().map(|score| *score as f32).collect(),
    )?;
    let recipe = QualityRecipe::for_models(manifest.storage, seed);
    let learn = |images: &[usize]| train(&samples, images, None, &recipe, |_, _| ());

    let (training, test) = split(&of_source, Split::Prompt, seed)?;
    let truth: Vec<f64> = test.iter().map(|image| scores[*image]).collect();
    let test_ways: Vec<&str> = test.iter().map(|image| ways[*image]).collect();
    let test_sources: Vec<&str> = test.iter().map(|image| of_source[*image]).collect();
    let measured = |predicted: &[f64]| figures(predicted, &truth, &test_ways, &test_sources);
    let held_out = measured(&learn(&training)?.scores(&samples, &test)?);
    let no_pixels = measured(&generator_means(&scores, &ways, &training, &test));
    let all: Vec<usize> = (0..samples.images()).collect();
    let (model, tensors) = learn(&all)?.to_model(BEST)?;
    let report = ShippedReport {
        sources: count,
        held_out_sources: test.len() / versions,
        images: samples.images(),
        features: width,
        recipe,
        held_out,
        no_pixels,
        limits: LIMITS,
    };
    Ok(Fitted { model, tensors, report })
}
