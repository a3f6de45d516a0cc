//! `clipsight train`: trains the compact model and writes it.
//!
//! First a probe: a linear head fitted on the frozen encoder's features. Then encoder and head are fine-tuned together from
//! there, on random deliveries of the images. The result is quantised, and everything after is measured on what ships.
//! Roles are kept apart: weights come from `fit` alone; probabilities from `calibrate` and `select`, which share no origin
//! with it; `test` is only measured, and only after everything is fixed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use burn::tensor::Device;
use clipsight::clip::{FeatureSpec, Pool, VisionConfig};
use clipsight::detect::fit::{FeatureMatrix, Linear, balanced_weights, logistic_regression, platt};
use clipsight::detect::{Calibration, Detector, GradeEdges, Head, LinearHead, Transform, ViewCalibration};
use clipsight::image::deliveries::{Delivery, Rng};
use clipsight::image::{Filter, Preprocessing, ViewCount, decode};
use clipsight::metrics::{Sample, auc};
use clipsight::train::{Example, Finetune, FinetuneConfig, LinearWeights, StepReport, Trained};
use clipsight::weights::{
    FORMAT_VERSION, HostTensor, Manifest, ModelLoader, PackedShard, SelfTest, Storage, pack, sha256_hex, timm,
};
use clipsight::{Error, ErrorKind, Result};

use crate::dataset::{Dataset, Entry, Label, Role};
use crate::eval::{Scored, evaluate};
use crate::features::{CORNERS, Extractor, Fixed, RowCache, Variant, cannot, progress};
use crate::io::{read_file, write_file};

/// Arguments of `clipsight train`.
#[derive(clap::Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<crate::quality::Command>,
    /// Labelled images: a manifest with the columns file, label, role, origin.
    #[arg(long, default_value = "../shared/data/manifest.csv")]
    data: PathBuf,
    /// Pretrained encoder: timm's vit_tiny_patch16_224 in safetensors.
    #[arg(long, default_value = "../shared/weights/vit_tiny_patch16_224.safetensors")]
    encoder: PathBuf,
    /// Folder that the model is written to.
    #[arg(long, default_value = "models/compact")]
    out: PathBuf,
    /// Folder for features already computed; an interrupted run goes on from there.
    #[arg(long, default_value = "target/train-cache")]
    cache: PathBuf,
    /// Seed of the augmentation.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Steps of fine-tuning; 0 leaves the encoder as it is.
    #[arg(long, default_value_t = STEPS)]
    steps: usize,
}

/// Name and version of the model that this recipe makes.
const MODEL_ID: &str = "clipsight-compact-2";

/// Layers whose tokens the head reads. The first layers lowered the figures on `select`.
const FIRST_LAYER: usize = 3;

/// See `Transform`: fine-tuning needs gradients everywhere.
const TRANSFORM: Transform = Transform::TokenNorm;

/// Share of an origin's size in its weight: between every image alike (1) and every origin alike (0).
const ORIGIN_POWER: f64 = 0.75;

/// Share of the weight of images that were not generated which goes to art, graphics and renders; they are a fifth of
/// `fit`, and flagged most.
const NOT_PHOTOGRAPHS: f64 = 0.3;

/// Penalty of the probe.
const PENALTY: f64 = 0.005;

/// Augmented copies of every image that the probe sees beside the image itself.
const COPIES: u32 = 1;

/// Steps of fine-tuning. Further ones lowered the AUC on `select` and on origins of `fit` that were held out.
const STEPS: usize = 240;

/// Steps between checkpoints.
const CHECKPOINT: usize = 20;

/// The recipe of fine-tuning.
fn finetuning(steps: usize, seed: u64) -> FinetuneConfig {
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
        seed,
    }
}

/// Grades begin at round probabilities, which mean what they say once calibrated.
const EDGES: GradeEdges = GradeEdges { weak_below: 0.4, moderate: 0.6, strong: 0.8, very_strong: 0.95 };

/// The compact model's preprocessing. Training images come with a short side of 288 pixels, so larger ones are
/// reduced to that, and the crop is cut without any further resize that would blur the traces looked for.
fn preprocessing() -> Preprocessing {
    Preprocessing {
        resize_short_side: Some(288),
        enlarge: false,
        filter: Filter::Lanczos3,
        crop: 224,
        mean: [0.5; 3],
        std: [0.5; 3],
    }
}

/// What the penalty is chosen and probabilities are calibrated on.
const DELIVERED: [Variant; 3] =
    [Variant::Centre, Variant::Delivered(Fixed::Jpeg60), Variant::Delivered(Fixed::Half)];

/// Runs the recipe.
///
/// # Errors
/// When data or encoder cannot be read, or the model not written.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    if let Some(command) = &args.command {
        return command.run();
    }
    let dataset = Dataset::read(&args.data)?;
    dataset.check_files()?;
    let architecture = VisionConfig::vit_tiny_patch16_224();
    let encoder = timm::read_vit(&read_file(&args.encoder)?, &architecture)?;
    let head = Head::Linear {
        features: FeatureSpec {
            layers: (FIRST_LAYER..=architecture.layers + 1).collect(),
            pools: vec![Pool::Class, Pool::Mean],
        },
        transform: TRANSFORM,
    };
    let mut recipe = Recipe { architecture, encoder, head };

    // A model with an empty head: its features come from exactly the encoder that would ship.
    let blank = Linear { weight: vec![0.0; recipe.width()], bias: 0.0 };
    let (manifest, shards) = recipe.model(&blank, uncalibrated(), 0.0)?;
    let detector = load(&manifest, &shards)?;
    let cache = folder_for(&args.cache, &manifest)?;
    let extractor =
        Extractor { detector: &detector, rows: RowCache { root: &dataset.root, folder: cache.clone() } };

    let fit = dataset.role(Role::Fit);
    let trained = probe(&extractor, &fit, args.seed)?;
    report(&extractor, &dataset, &trained, "probe")?;

    let (trained, cache) = if args.steps == 0 {
        (trained, cache)
    } else {
        let config = finetuning(args.steps, args.seed);
        let tuned = finetune(config, &recipe, &trained, &dataset, &fit, &cache)?;
        recipe.encoder = tuned.tower;
        let weight = tuned.head.weight.iter().map(|value| f64::from(*value)).collect();
        (Linear { weight, bias: f64::from(tuned.head.bias) }, cache)
    };

    // From here on with the encoder that ships: fine-tuned and quantised.
    let (manifest, shards) = recipe.model(&trained, uncalibrated(), 0.0)?;
    let detector = load(&manifest, &shards)?;
    let cache = folder_for(&cache, &manifest)?;
    let extractor = Extractor { detector: &detector, rows: RowCache { root: &dataset.root, folder: cache } };
    report(&extractor, &dataset, &trained, "trained")?;

    // Two dozen origins of each class decide the offset; `calibrate` alone has too few.
    let mut pooled = CalibrationSet::default();
    let (mut of_one, mut of_five) = (CalibrationSet::default(), CalibrationSet::default());
    for role in [Role::Calibrate, Role::Select] {
        let (entries, deliveries) = held_out(&extractor, &dataset, role, &DELIVERED)?;
        for features in &deliveries {
            pooled.extend(trained.logits(features), &entries, 1.0 / deliveries.len() as f64);
        }
        // Five views are computed for the images as they are: what they change there is carried over.
        let centre = trained.logits(&deliveries[0]);
        let (_, corners) = held_out(&extractor, &dataset, role, &[Variant::Corners])?;
        of_five.extend(five_view_logits(&centre, &trained.logits(&corners[0])), &entries, 1.0);
        of_one.extend(centre, &entries, 1.0);
    }
    let (slope, offset) = pooled.platt();
    let (of_one, of_five) = (of_one.platt(), of_five.platt());
    let views = |views, slope, offset| ViewCalibration { views, slope, offset, measured: [None; 4] };
    let mut calibration = calibration(vec![
        views(5, slope * of_five.0 / of_one.0, offset + of_five.1 - of_one.1),
        views(1, slope, offset),
    ]);

    // Everything is fixed now: the test images are only measured.
    let test = dataset.role(Role::Test);
    let centre = trained.logits(&extractor.transformed(Role::Test, &test, Variant::Centre)?);
    let corners = trained.logits(&extractor.transformed(Role::Test, &test, Variant::Corners)?);
    let five = five_view_logits(&centre, &corners);
    for index in 0..calibration.by_views.len() {
        let views = calibration.by_views[index].views;
        let logits = if views == 1 { &centre } else { &five };
        let scored = test
            .iter()
            .zip(logits)
            .map(|(entry, logit)| {
                let generated = entry.label == Label::Ai;
                Scored::from_logit(generated, &entry.origin, &entry.content, *logit, &calibration, views)
            })
            .collect::<Result<Vec<_>>>()?;
        let figures = evaluate(&scored, calibration.threshold)?;
        eprintln!(
            "{views} views on test: AUC {:.3}, balanced accuracy {:.3}, recall at 5 % {:.3}, calibration error {:.3}",
            figures.auc,
            figures.balanced_accuracy,
            figures.recall_at_5_percent.rate,
            figures.calibration_error
        );
        calibration.by_views[index].measured = figures.measured_errors();
    }

    // The self-test's logit comes from the finished weights.
    let (manifest, shards) = recipe.model(&trained, calibration.clone(), 0.0)?;
    let logit = pollster::block_on(load(&manifest, &shards)?.self_test())?.logit;
    let (manifest, shards) = recipe.model(&trained, calibration, logit)?;
    std::fs::create_dir_all(&args.out).map_err(|error| cannot("make", &args.out, error))?;
    for shard in &shards {
        write_file(&args.out.join(&shard.entry.file), &shard.bytes)?;
    }
    write_file(&args.out.join("model.json"), manifest.to_json()?.as_bytes())?;
    eprintln!(
        "{} written to {}: {} bytes of weights",
        manifest.id,
        args.out.display(),
        manifest.total_bytes()
    );
    Ok(ExitCode::SUCCESS)
}

/// What a model is made of, but for what training finds.
struct Recipe {
    architecture: VisionConfig,
    encoder: BTreeMap<String, HostTensor>,
    head: Head,
}

impl Recipe {
    fn width(&self) -> usize {
        self.head.features().width(&self.architecture)
    }

    /// The model with this head: its manifest and its shards.
    fn model(
        &mut self,
        head: &Linear,
        calibration: Calibration,
        logit: f32,
    ) -> Result<(Manifest, Vec<PackedShard>)> {
        let [weight, bias] = LinearHead::TENSORS;
        let values: Vec<f32> = head.weight.iter().map(|value| *value as f32).collect();
        self.encoder.insert(weight.to_owned(), HostTensor::new(vec![values.len()], values)?);
        self.encoder.insert(bias.to_owned(), HostTensor::new(vec![1], vec![head.bias as f32])?);
        let mut manifest = Manifest {
            format: FORMAT_VERSION,
            id: MODEL_ID.to_owned(),
            licence: "Apache-2.0".to_owned(),
            architecture: self.architecture.clone(),
            preprocessing: preprocessing(),
            storage: Storage::Q8,
            shards: Vec::new(),
            head: self.head.clone(),
            calibration,
            self_test: SelfTest { logit, tolerance: 0.02 },
        };
        let shards = pack(&manifest.tensors(), &self.encoder, manifest.storage, "compact")?;
        manifest.shards = shards.iter().map(|shard| shard.entry.clone()).collect();
        Ok((manifest, shards))
    }
}

fn calibration(by_views: Vec<ViewCalibration>) -> Calibration {
    Calibration { threshold: 0.5, edges: EDGES, by_views }
}

/// Loads a model as everyone else does, through the hash-checking reader.
fn load(manifest: &Manifest, shards: &[PackedShard]) -> Result<Detector> {
    let mut loader = ModelLoader::new(manifest.clone(), Device::flex());
    for (index, shard) in shards.iter().enumerate() {
        loader.push_shard(index, &shard.bytes)?;
    }
    Detector::new(loader.finish()?)
}

/// The head fitted on the frozen encoder's features.
fn probe(extractor: &Extractor<'_>, fit: &[Entry], seed: u64) -> Result<Linear> {
    let mut features = FeatureMatrix::default();
    let copies = (1..=COPIES).map(|copy| Variant::Augmented { seed, copy });
    for variant in std::iter::once(Variant::Centre).chain(copies) {
        let rows = extractor.transformed(Role::Fit, fit, variant)?;
        features.width = rows.width;
        features.extend(&rows);
    }
    let times = COPIES as usize + 1;
    Ok(logistic_regression(&features, &labels(fit).repeat(times), &weights(fit).repeat(times), PENALTY))
}

/// Fine-tunes encoder and head; goes on from a checkpoint in `cache`, where there is one.
fn finetune(
    config: FinetuneConfig,
    recipe: &Recipe,
    head: &Linear,
    dataset: &Dataset,
    fit: &[Entry],
    cache: &Path,
) -> Result<Trained> {
    let start = LinearWeights {
        weight: head.weight.iter().map(|value| *value as f32).collect(),
        bias: head.bias as f32,
    };
    let (steps, seed) = (config.steps, config.seed);
    let features = recipe.head.features().clone();
    let mut run = Finetune::new(config, &recipe.architecture, &recipe.encoder, features, &start)?;
    let path = cache.join(format!("finetune-{steps}-{seed}.safetensors"));
    if path.exists() {
        run.resume(&read_file(&path)?)?;
    }
    // The cumulated weights: an image is drawn where a uniform number falls.
    let mut total = 0.0;
    let ends: Vec<f64> = weights(fit)
        .into_iter()
        .map(|weight| {
            total += weight;
            total
        })
        .collect();
    let preprocessing = preprocessing();
    let bar = progress(steps, "fine-tuning");
    bar.set_position(run.step_count() as u64);
    let start = Instant::now();
    while run.step_count() < steps {
        let step = run.step_count() as u64;
        let load = |index: usize| {
            let mut rng = Rng::new(seed ^ (step << 24) ^ ((index as u64) << 8) ^ (1 << 63));
            let draw = rng.uniform() * total;
            let entry = &fit[ends.partition_point(|end| *end <= draw).min(fit.len() - 1)];
            let pixels = decode(&read_file(&dataset.root.join(&entry.file))?)?.pixels;
            let delivered = Delivery::random(&mut rng).apply(&pixels, &mut rng)?;
            let views = preprocessing.views(&delivered, ViewCount::FiveCrops)?;
            let view = rng.below(views.len() as u32) as usize;
            let pixels = preprocessing.tensor(&views[view..=view]);
            Ok(Example { pixels, generated: entry.label == Label::Ai })
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

/// Prints how well a head tells the held-out images of `select` apart.
fn report(extractor: &Extractor<'_>, dataset: &Dataset, head: &Linear, what: &str) -> Result<()> {
    let (entries, features) = held_out(extractor, dataset, Role::Select, &[Variant::Centre])?;
    eprintln!("{what}: AUC {:.4} on select", auc_of(&head.logits(&features[0]), &entries)?);
    Ok(())
}

/// The folder for features of this model's encoder.
fn folder_for(root: &Path, manifest: &Manifest) -> Result<PathBuf> {
    let key = format!("{} {:?} {:?}", manifest.weights_sha256(), manifest.preprocessing, manifest.head);
    let folder = root.join(&sha256_hex(key.as_bytes())[..16]);
    std::fs::create_dir_all(&folder).map_err(|error| cannot("make", &folder, error))?;
    Ok(folder)
}

/// A calibration that changes nothing, for models whose logits are yet to be calibrated.
fn uncalibrated() -> Calibration {
    calibration(vec![ViewCalibration { views: 1, slope: 1.0, offset: 0.0, measured: [None; 4] }])
}

/// The weight of every image: both classes alike, origins by their size to a power, and among images that were not
/// generated a fixed share for those that are no photographs.
fn weights(entries: &[Entry]) -> Vec<f64> {
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

/// Logits with their classes.
#[derive(Default)]
struct CalibrationSet {
    logits: Vec<f64>,
    labels: Vec<f32>,
    weights: Vec<f64>,
}

impl CalibrationSet {
    fn of(logits: Vec<f64>, entries: &[Entry]) -> Self {
        let labels = labels(entries);
        let weights = balanced_weights(&labels, &origins(entries), ORIGIN_POWER);
        Self { logits, labels, weights }
    }

    fn extend(&mut self, logits: Vec<f64>, entries: &[Entry], share: f64) {
        let other = Self::of(logits, entries);
        self.logits.extend(other.logits);
        self.labels.extend(other.labels);
        self.weights.extend(other.weights.iter().map(|weight| weight * share));
    }

    fn platt(&self) -> (f64, f64) {
        platt(&self.logits, &self.labels, &self.weights)
    }
}

/// The images of a role that share no prompt with `fit`, and their transformed features under each variant.
fn held_out(
    extractor: &Extractor<'_>,
    dataset: &Dataset,
    role: Role,
    variants: &[Variant],
) -> Result<(Vec<Entry>, Vec<FeatureMatrix>)> {
    let entries = dataset.role(role);
    let keep = unseen_prompts(&dataset.role(Role::Fit), &entries);
    let features = variants
        .iter()
        .map(|variant| Ok(keep_rows(extractor.transformed(role, &entries, *variant)?, &keep)))
        .collect::<Result<Vec<_>>>()?;
    let kept = entries.into_iter().zip(&keep).filter(|(_, keep)| **keep).map(|(entry, _)| entry).collect();
    Ok((kept, features))
}

/// The mean over the centre's logit and those of the four corners.
fn five_view_logits(centre: &[f64], corners: &[f64]) -> Vec<f64> {
    let corners = corners.as_chunks::<CORNERS>().0;
    centre.iter().zip(corners).map(|(centre, corners)| (centre + corners.iter().sum::<f64>()) / 5.0).collect()
}

pub(crate) fn labels(entries: &[Entry]) -> Vec<f32> {
    entries.iter().map(|entry| if entry.label == Label::Ai { 1.0 } else { 0.0 }).collect()
}

pub(crate) fn origins(entries: &[Entry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.origin.as_str()).collect()
}

/// Which images have a prompt that no image of `fit` has: the others would flatter what was trained on `fit`.
pub(crate) fn unseen_prompts(fit: &[Entry], entries: &[Entry]) -> Vec<bool> {
    let seen: BTreeSet<&str> = fit.iter().filter_map(Entry::prompt).collect();
    entries.iter().map(|entry| entry.prompt().is_none_or(|prompt| !seen.contains(prompt))).collect()
}

/// The rows to keep, `each` to an entry.
fn keep_rows(features: FeatureMatrix, keep: &[bool]) -> FeatureMatrix {
    let each = features.rows() / keep.len().max(1);
    let data = (0..features.rows())
        .filter(|row| keep[row / each])
        .flat_map(|row| features.row(row).to_vec())
        .collect();
    FeatureMatrix { data, width: features.width }
}

fn auc_of(logits: &[f64], entries: &[Entry]) -> Result<f64> {
    let samples: Vec<Sample> = logits
        .iter()
        .zip(entries)
        .map(|(score, entry)| Sample { score: *score, positive: entry.label == Label::Ai })
        .collect();
    auc(&samples)
        .ok_or_else(|| Error::new(ErrorKind::Argument, "the manifest lacks images of a class or role"))
}
