//! Fine-tunes an encoder, and writes a complete model.
//!
//! First a probe: a linear head fitted on the frozen encoder's features. Then encoder and head are
//! fine-tuned together from there, on randomly perturbed images. The result is quantised, and every
//! head is refitted on it as for the frozen encoder. Roles are kept apart: weights come from `fit`
//! alone; probabilities from `calibrate` and `select`, which share no origin with it; `test` is
//! only measured, and only after everything is fixed.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clipsight::Result;
use clipsight::calibration::MIN_GRADED_SIDE;
use clipsight::heads::Transform;
use clipsight::image::ViewCount;
use clipsight::rng::Rng;
use clipsight_measure::fit::{FeatureMatrix, LinearModel, balanced_weights, logistic_regression};
use clipsight_native::io::{read_file, write_file};
use clipsight_native::progress::progress;

use super::attribution;
use super::detector::{
    EncoderState, Inputs, ModelDraft, TRANSFORM, auc_of, fit_heads, held_out, read_dataset,
    write_quality,
};
use crate::dataset::{Dataset, Entry, Label, ORIGIN_POWER, Role, labels, origins};
use crate::features::{Extractor, RowCache, Variant, cache_for, with_pixels};
use crate::perturb::Perturbation;
use crate::train::attribution::FittedAttribution;
use crate::train::{Example, Finetune, FinetuneConfig, FinetunedModel, StepReport};

/// What to fine-tune, and for how long.
#[derive(Clone, Debug)]
pub struct Options {
    /// What the model is trained from.
    pub inputs: Inputs,
    /// Folder that the model is written to.
    pub out: PathBuf,
    /// Steps of fine-tuning.
    pub steps: usize,
    /// Share of the loss that is caption matching, 0 to 1: the encoder learns to name generators,
    /// too, and the model carries attribution. 0 trains the head alone.
    pub captions: f64,
}

/// Share of the weight of images that were not generated which goes to art, graphics and renders;
/// they are a fifth of `fit`, and flagged most.
const NOT_PHOTOGRAPHS: f64 = 0.3;

/// Penalty of the probe.
const PENALTY: f64 = 0.005;

/// Augmented copies of every image that the probe sees beside the image itself.
const COPIES: u32 = 1;

/// Default steps of fine-tuning. Without dropout of tokens, further ones lowered the AUC on
/// `select` and on held-out origins of `fit`.
pub const STEPS: usize = 240;

/// Steps between checkpoints.
const CHECKPOINT: usize = 20;

/// The recipe of fine-tuning.
fn finetuning(steps: usize, caption_share: f64, seed: u64) -> FinetuneConfig {
    FinetuneConfig {
        steps,
        warm_up: 40,
        batch: 32,
        micro_batch: 4,
        learning_rate: 2e-5,
        layer_decay: 0.8,
        head_learning_rate: 2e-5,
        weight_decay: 0.0,
        patch_keep: 0.5,
        token_dropout: 0.15,
        label_smoothing: 0.05,
        average: 0.985,
        caption_share,
        seed,
    }
}

/// Runs the recipe.
///
/// # Errors
/// When data or encoder cannot be read, or the model not written.
pub fn run(args: &Options) -> Result<()> {
    let Inputs { data, cache: folder, seed, .. } = &args.inputs;
    let dataset = read_dataset(data)?;
    // Fine-tuning needs gradients everywhere: that of `SignedSqrt` is unusable at zero.
    let mut probed = ModelDraft::new(&args.inputs, Transform::TokenNorm)?;

    // The probe's features come from the encoder as it would be stored.
    let detector =
        probed.uncalibrated(&LinearModel { weight: vec![0.0; probed.width()], bias: 0.0 })?;
    let cache = cache_for(folder, &detector)?;
    let extractor = Extractor {
        detector: &detector,
        rows: RowCache { root: &dataset.root, folder: cache.clone() },
    };

    let fit = dataset.role(Role::Fit);
    let trained = probe(&extractor, &fit, *seed)?;
    report(&extractor, &dataset, &trained, "probe")?;

    let captions = if args.captions > 0.0 {
        Some(attribution::of_fit(&extractor, &dataset, COPIES, *seed)?)
    } else {
        None
    };
    let start = Start { head: &trained, captions: captions.as_ref() };
    let config = finetuning(args.steps, args.captions, *seed);
    let FinetunedModel { tower, head: trained, .. } =
        finetune(config, &probed, &start, &dataset, &fit, &cache)?;
    probed.encoder = tower.clone();
    let detector = probed.uncalibrated(&trained)?;
    let cache = cache_for(folder, &detector)?;
    let extractor =
        Extractor { detector: &detector, rows: RowCache { root: &dataset.root, folder: cache } };
    report(&extractor, &dataset, &trained, "trained")?;

    // Every head is refitted on the encoder that ships, fine-tuned and quantised.
    let mut draft = ModelDraft::new(&args.inputs, TRANSFORM)?;
    draft.encoder = tower;
    let report = fit_heads(draft, &dataset, folder, *seed, EncoderState::FineTuned, &args.out)?;
    write_quality(&args.inputs.reports, &report)
}

/// The head fitted on the frozen encoder's features.
fn probe(extractor: &Extractor<'_>, fit: &[Entry], seed: u64) -> Result<LinearModel> {
    let mut features = FeatureMatrix::default();
    let copies = (1..=COPIES).map(|copy| Variant::Augmented { seed, copy });
    for variant in std::iter::once(Variant::First).chain(copies) {
        let rows = extractor.transformed(Role::Fit, fit, variant)?;
        features.width = rows.width;
        features.extend(&rows);
    }
    let times = COPIES as usize + 1;
    Ok(logistic_regression(
        &features,
        &labels(fit).repeat(times),
        &weights(fit).repeat(times),
        PENALTY,
    ))
}

/// What fine-tuning begins with.
struct Start<'a> {
    head: &'a LinearModel,
    captions: Option<&'a FittedAttribution>,
}

/// Fine-tunes encoder and heads; resumes from a checkpoint in `cache`, if there is one.
fn finetune(
    config: FinetuneConfig,
    draft: &ModelDraft,
    start: &Start<'_>,
    dataset: &Dataset,
    fit: &[Entry],
    cache: &Path,
) -> Result<FinetunedModel> {
    let (steps, seed, share) = (config.steps, config.seed, config.caption_share);
    let features = draft.head.features().clone();
    let Start { head, captions } = start;
    let mut run =
        Finetune::new(config, &draft.architecture, &draft.encoder, features, head, *captions)?;
    let captions = if share > 0.0 { format!("-captions-{share}") } else { String::new() };
    let path = cache.join(format!("finetune-{steps}-{seed}{captions}.safetensors"));
    if path.exists() {
        run.resume(&read_file(&path)?)?;
    }
    let sampler = Sampler::new(&weights(fit));
    let preprocessing = &draft.preprocessing;
    let bar = progress(steps, "fine-tuning");
    bar.set_position(run.step_count() as u64);
    let start = Instant::now();
    while run.step_count() < steps {
        let step = run.step_count() as u64;
        let load = |index: usize| {
            let mut rng = Rng::new(seed ^ (step << 24) ^ ((index as u64) << 8) ^ (1 << 63));
            let entry = &fit[sampler.draw(&mut rng)];
            let perturbed = with_pixels(&dataset.root, entry, |pixels| {
                Perturbation::random(&mut rng, MIN_GRADED_SIDE).apply(pixels, &mut rng)
            })?;
            let views = preprocessing.views(&perturbed, ViewCount::Five)?;
            // The whole image as often as one of its crops.
            let view =
                if rng.chance(0.5) { 0 } else { 1 + rng.below(views.len() as u32 - 1) as usize };
            let pixels = preprocessing.tensor(&views[view..=view]);
            Ok(Example { pixels, source: attribution::image_source(entry) })
        };
        let StepReport { loss, gradient_norm } = run.step(load)?;
        bar.inc(1);
        let done = run.step_count();
        if done.is_multiple_of(CHECKPOINT) || done == steps {
            write_file(&path, &run.checkpoint()?)?;
            bar.suspend(|| {
                eprintln!(
                    "step {done}: loss {loss:.3}, gradient {gradient_norm:.2}, {:.0} s",
                    start.elapsed().as_secs_f64()
                );
            });
        }
    }
    bar.finish_and_clear();
    run.averaged()
}

/// Draws numbers by their weights.
pub(super) struct Sampler {
    /// The cumulated weights: a number is drawn where a uniform number falls.
    ends: Vec<f64>,
    total: f64,
}

impl Sampler {
    pub(super) fn new(weights: &[f64]) -> Self {
        let mut total = 0.0;
        let ends = weights
            .iter()
            .map(|weight| {
                total += weight;
                total
            })
            .collect();
        Self { ends, total }
    }

    pub(super) fn draw(&self, rng: &mut Rng) -> usize {
        let draw = rng.uniform() * self.total;
        self.ends.partition_point(|end| *end <= draw).min(self.ends.len() - 1)
    }
}

/// Prints how well a head separates the held-out images of `select`.
fn report(
    extractor: &Extractor<'_>,
    dataset: &Dataset,
    head: &LinearModel,
    what: &str,
) -> Result<()> {
    let (entries, features) = held_out(extractor, dataset, Role::Select, &[Variant::First])?;
    eprintln!("{what}: AUC {:.4} on select", auc_of(&head.logits(&features[0]), &entries)?);
    Ok(())
}

/// The weight of every image: both classes equally, origins by their size to a power, and among
/// images that were not generated a fixed share for those that are not photographs.
pub(super) fn weights(entries: &[Entry]) -> Vec<f64> {
    let labels = labels(entries);
    let mut weights = balanced_weights(&labels, &origins(entries), ORIGIN_POWER);
    let photograph = |entry: &Entry| matches!(entry.content.as_str(), "photo" | "document");
    let real = |index: &usize| entries[*index].label == Label::Real;
    let (photographs, others): (Vec<usize>, Vec<usize>) =
        (0..entries.len()).filter(real).partition(|index| photograph(&entries[*index]));
    if photographs.is_empty() || others.is_empty() {
        return weights;
    }
    for (group, share) in [(photographs, 1.0 - NOT_PHOTOGRAPHS), (others, NOT_PHOTOGRAPHS)] {
        let sum: f64 = group.iter().map(|index| weights[*index]).sum();
        // Either class has half of all weight.
        group.iter().for_each(|index| weights[*index] *= 0.5 * share / sum);
    }
    weights
}
