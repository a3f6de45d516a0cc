//! `clipsight train`: fits the compact model's heads and calibration, and writes the model.
//!
//! The encoder is quantised first and stays as it is; every head learns from the features that the
//! shipped, quantised encoder gives. Roles are kept apart: heads are fitted on `fit`, the verdict's
//! penalty chosen on `select` and out of fold on `fit`, probabilities calibrated on `calibrate` and
//! out of fold; `test` is only measured, after everything is fixed.

mod finetune;
mod residual;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clipsight::clip::{FeatureSpec, Pool, VisionConfig};
use clipsight::detect::fit::{FeatureMatrix, Linear, balanced_weights, logistic_regression, platt};
use clipsight::detect::{
    Calibration, Detector, GradeEdges, Head, LinearHead, SecondLook, Transform, ViewCalibration,
};
use clipsight::engine::Device;
use clipsight::image::{Filter, Preprocessing};
use clipsight::metrics::{Sample, auc};
use clipsight::train::attribution::FittedAttribution;
use clipsight::weights::{
    FORMAT_VERSION, HostTensor, Manifest, ModelLoader, PackedShard, SelfTest, Storage, pack, timm,
};
use clipsight::{Error, ErrorKind, Result};

use crate::attribution;
use crate::dataset::{Dataset, Entry, Label, Role};
use crate::eval::{Scored, evaluate};
use crate::features::{CORNERS, Extractor, Fixed, RowCache, Variant, cannot, folder_for};
use crate::io::{read_file, write_file};
use crate::quality::shipped::{Fitted, fit_for_model};
use crate::quality::to_json;

/// Arguments of `clipsight train`.
#[derive(clap::Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    inputs: Inputs,
    /// Folder that the model is written to.
    #[arg(long, default_value = "models/compact")]
    out: PathBuf,
}

/// What every whole model is trained from.
#[derive(clap::Args, Debug)]
struct Inputs {
    /// Labelled images: a manifest with the columns file, label, role, origin.
    #[arg(long, default_value = "../shared/data/manifest.csv")]
    data: PathBuf,
    /// Pretrained encoder: timm's vit_tiny_patch16_224 in safetensors.
    #[arg(long, default_value = "../shared/weights/vit_tiny_patch16_224.safetensors")]
    encoder: PathBuf,
    /// Folder for features and checkpoints; an interrupted run goes on from there.
    #[arg(long, default_value = "target/train-cache")]
    cache: PathBuf,
    /// Seed of everything random.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// What else can be trained.
#[derive(clap::Subcommand, Debug)]
enum Command {
    /// Fine-tunes the encoder first, together with heads fitted before; writes a whole model
    FineTune(finetune::Args),
    /// Trains a small network at full resolution beside a model's encoder; writes the model with
    /// both, and a report
    Residual(residual::Args),
    #[command(flatten)]
    Quality(crate::quality::Command),
}

/// Name and version of the model that this recipe makes.
const MODEL_ID: &str = "clipsight-compact-2";

/// Layers whose tokens the head reads. The first layers lowered the figures on `select`.
const FIRST_LAYER: usize = 3;

/// Largest difference from the stored logit that passes the self-test: room for 8-bit arithmetic,
/// which is off by .05 here, while a device that computes something else is off by whole logits.
const SELF_TEST_TOLERANCE: f32 = 0.1;

/// See `Transform`.
const TRANSFORM: Transform = Transform::SignedSqrt;

/// Share of an origin's size in its weight: between every image alike (1) and every origin alike
/// (0).
pub(crate) const ORIGIN_POWER: f64 = 0.75;

/// Penalties tried. The one with the best mean of two AUCs is taken: on `select`, a dozen origins
/// of which a few decide, and out of fold on `fit`, whose origins are many.
const PENALTIES: [f64; 4] = [0.005, 0.01, 0.02, 0.04];

/// Augmented copies of every training image, beside the image itself.
const COPIES: u32 = 2;

/// Crops of every training image, each augmented, beside the copies of the whole one: one head
/// serves both, and seeing both makes it better at each.
const CROPS: u32 = 1;

/// Grades begin at round probabilities, which mean what they say once calibrated.
const EDGES: GradeEdges =
    GradeEdges { weak_below: 0.4, moderate: 0.6, strong: 0.8, very_strong: 0.95 };

/// The compact model's preprocessing. Training images come with a short side of 288 pixels, so
/// larger ones are reduced to that; the first view is all of it, and further ones are crops without
/// any more resizing. Measured on `select`, one head for both: AUC .917 of the whole image, .905 of
/// the centre crop, .912 of five crops, .919 of the whole image and the crops.
fn preprocessing() -> Preprocessing {
    Preprocessing {
        resize_short_side: Some(288),
        enlarge: false,
        filter: Filter::Lanczos3,
        crop: 224,
        whole_first: true,
        centre_rounds_down: false,
        mean: [0.5; 3],
        std: [0.5; 3],
    }
}

/// What the penalty is chosen and probabilities are calibrated on.
const DELIVERED: [Variant; 3] =
    [Variant::First, Variant::Delivered(Fixed::Jpeg60), Variant::Delivered(Fixed::Half)];

/// Runs the recipe.
///
/// # Errors
/// When data or encoder cannot be read, or the model not written.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    match &args.command {
        Some(Command::FineTune(args)) => return finetune::run(args),
        Some(Command::Residual(args)) => return residual::run(args),
        Some(Command::Quality(command)) => return command.run(),
        None => {}
    }
    let Inputs { data, cache, seed, .. } = &args.inputs;
    let dataset = read_dataset(data)?;
    let recipe = Recipe::new(MODEL_ID, &args.inputs, TRANSFORM)?;
    compact(recipe, &dataset, cache, *seed, Tower::Frozen, &args.out)
}

/// The images, all of which must be there.
fn read_dataset(data: &Path) -> Result<Dataset> {
    let dataset = Dataset::read(data)?;
    dataset.check_files()?;
    Ok(dataset)
}

/// Whether the encoder has seen the images of `fit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tower {
    /// It has not.
    Frozen,
    /// It was fine-tuned on them: what its features say of them holds for no other image.
    FineTuned,
}

/// Fits every head of the compact model on its encoder, calibrates, measures and writes it.
fn compact(
    mut recipe: Recipe,
    dataset: &Dataset,
    cache: &Path,
    seed: u64,
    tower: Tower,
    out: &Path,
) -> Result<ExitCode> {
    // A model with an empty head: its features come from exactly the encoder that ships.
    let detector = recipe.uncalibrated(&Linear { weight: vec![0.0; recipe.width()], bias: 0.0 })?;
    let cache = cache_for(cache, &detector)?;
    let extractor =
        Extractor { detector: &detector, rows: RowCache { root: &dataset.root, folder: cache } };

    let fit = dataset.role(Role::Fit);
    let mut training = Training {
        features: FeatureMatrix::default(),
        labels: Vec::new(),
        weights: Vec::new(),
        folds: Vec::new(),
    };
    training.features.width = recipe.width();
    let copies = (1..=COPIES).map(|copy| Variant::Augmented { seed, copy });
    let crops = (1..=CROPS).map(|copy| Variant::AugmentedCrop { seed, copy });
    for variant in std::iter::once(Variant::First).chain(copies).chain(crops) {
        training.add(&extractor.transformed(Role::Fit, &fit, variant)?, &fit);
    }

    let (select, selection) = held_out(&extractor, dataset, Role::Select, &DELIVERED)?;
    let mut best: Option<Candidate> = None;
    for penalty in PENALTIES {
        let head = training.fit(penalty, None);
        let mut selected = 0.0;
        for features in &selection {
            selected += auc_of(&head.logits(features), &select)? / selection.len() as f64;
        }
        let out_of_fold = training.out_of_fold(penalty);
        let folded = auc_of(&out_of_fold.logits[..fit.len()], &fit)?;
        eprintln!("penalty {penalty}: AUC {selected:.4} on select, {folded:.4} out of fold");
        let figure = f64::midpoint(selected, folded);
        if best.as_ref().is_none_or(|best| figure > best.figure) {
            best = Some(Candidate { figure, penalty, head, out_of_fold });
        }
    }
    let Some(Candidate { penalty, head: trained, out_of_fold, .. }) = best else {
        return Err(Error::new(ErrorKind::Internal, "no penalty was tried"));
    };
    eprintln!("penalty {penalty} is taken");

    // `calibrate` has too few origins to fix an offset.
    let mut pooled = match tower {
        Tower::Frozen => out_of_fold,
        Tower::FineTuned => {
            let mut of_select = CalibrationSet::default();
            of_select.extend_by_deliveries(&trained, &selection, &select);
            of_select
        }
    };
    let (calibrate, deliveries) = held_out(&extractor, dataset, Role::Calibrate, &DELIVERED)?;
    pooled.extend_by_deliveries(&trained, &deliveries, &calibrate);
    // Five views are computed for `calibrate` alone: what they change there is carried over.
    let centre = trained.logits(&deliveries[0]);
    let (_, corners) = held_out(&extractor, dataset, Role::Calibrate, &[Variant::Corners])?;
    let five = five_view_logits(&centre, &trained.logits(&corners[0]));
    let of_one = CalibrationSet::of(centre, &calibrate);
    let of_five = CalibrationSet::of(five, &calibrate);
    let calibration = calibrated(&pooled, &of_one, &of_five);

    let fitted = attribution::of_fit(&extractor, dataset, 1, seed)?;
    recipe.attribution = Some(attribution::finished(&fitted, &extractor, dataset)?);
    let quality = fit_for_model(&extractor, &fit, seed)?;
    let report = to_json(&quality.report)?;
    recipe.quality = Some(quality);
    finish(&mut recipe, &trained, calibration, &extractor, dataset, out)?;
    let study = out.join("study");
    std::fs::create_dir_all(&study).map_err(|error| cannot("make", &study, error))?;
    write_file(&study.join("quality.json"), report.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// Measures a model of which everything is fixed on the test images, and writes it.
fn finish(
    recipe: &mut Recipe,
    trained: &Linear,
    mut calibration: Calibration,
    extractor: &Extractor<'_>,
    dataset: &Dataset,
    out: &Path,
) -> Result<()> {
    let test = dataset.role(Role::Test);
    let centre = trained.logits(&extractor.transformed(Role::Test, &test, Variant::First)?);
    let corners = trained.logits(&extractor.transformed(Role::Test, &test, Variant::Corners)?);
    let five = five_view_logits(&centre, &corners);
    let score = |entry: &Entry, logit, views| {
        Scored::from_logit(
            entry.label == Label::Ai,
            &entry.origin,
            &entry.content,
            logit,
            &calibration,
            views,
        )
    };
    let of_views = |logits: &[f64], views| {
        test.iter()
            .zip(logits)
            .map(|(entry, logit)| score(entry, *logit, views))
            .collect::<Result<Vec<_>>>()
    };
    let (of_one, of_five) = (of_views(&centre, 1)?, of_views(&five, 5)?);
    let looked_twice: Vec<Scored> = of_one
        .iter()
        .zip(&of_five)
        .map(|(first, second)| if first.grade.is_some() { first.clone() } else { second.clone() })
        .collect();
    let measure = |what: &str, scored: &[Scored]| -> Result<_> {
        let figures = evaluate(scored, calibration.threshold)?;
        eprintln!(
            "{what} on test: AUC {:.3}, balanced accuracy {:.3}, recall at 5 % {:.3}, calibration \
             error {:.3}",
            figures.auc,
            figures.balanced_accuracy,
            figures.recall_at_5_percent.rate,
            figures.calibration_error
        );
        Ok(figures.measured_errors())
    };
    let one = measure("one view", &of_one)?;
    let five = measure("five views", &of_five)?;
    let second_look = SecondLook { measured: measure("a second look", &looked_twice)? };
    calibration.second_look = Some(second_look);
    for by_views in &mut calibration.by_views {
        by_views.measured = if by_views.views == 1 { one } else { five };
    }

    // The self-test's logit comes from the finished weights.
    let (manifest, shards) = recipe.model(trained, calibration.clone(), 0.0)?;
    let logit = pollster::block_on(load(&manifest, &shards)?.self_test())?.logit;
    let (manifest, shards) = recipe.model(trained, calibration, logit)?;
    std::fs::create_dir_all(out).map_err(|error| cannot("make", out, error))?;
    for shard in &shards {
        write_file(&out.join(&shard.entry.file), &shard.bytes)?;
    }
    write_file(&out.join("model.json"), manifest.to_json()?.as_bytes())?;
    eprintln!(
        "{} written to {}: {} bytes of weights",
        manifest.id,
        out.display(),
        manifest.total_bytes()
    );
    Ok(())
}

/// What a model is made of, but for what training finds.
struct Recipe {
    id: &'static str,
    architecture: VisionConfig,
    encoder: BTreeMap<String, HostTensor>,
    head: Head,
    /// Who made an image; the tensors are stored rounded, whatever they are here.
    attribution: Option<FittedAttribution>,
    /// Technical quality.
    quality: Option<Fitted>,
}

impl Recipe {
    /// A model whose head is yet to be fitted, on the encoder as it was published.
    fn new(id: &'static str, inputs: &Inputs, transform: Transform) -> Result<Self> {
        let architecture = VisionConfig::vit_tiny_patch16_224();
        let encoder = timm::read_vit(&read_file(&inputs.encoder)?, &architecture)?;
        let head = Head::Linear { features: features(&architecture), transform };
        Ok(Self { id, architecture, encoder, head, attribution: None, quality: None })
    }

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
        self.encoder.extend(self.attribution.iter().flat_map(|fitted| fitted.tensors.clone()));
        self.encoder.extend(self.quality.iter().flat_map(|fitted| fitted.tensors.clone()));
        let mut manifest = Manifest {
            format: FORMAT_VERSION,
            id: self.id.to_owned(),
            licence: "Apache-2.0".to_owned(),
            architecture: self.architecture.clone(),
            preprocessing: preprocessing(),
            storage: Storage::Q8,
            shards: Vec::new(),
            head: self.head.clone(),
            attribution: self.attribution.as_ref().map(|fitted| fitted.head.clone()),
            quality: self.quality.as_ref().map(|fitted| fitted.model.clone()),
            residual: None,
            calibration,
            self_test: SelfTest { logit, tolerance: SELF_TEST_TOLERANCE },
        };
        let shards = pack(&manifest.tensors(), &self.encoder, manifest.storage, "compact")?;
        manifest.shards = shards.iter().map(|shard| shard.entry.clone()).collect();
        Ok((manifest, shards))
    }

    /// The model with this head, loaded, its logits yet to be calibrated.
    fn uncalibrated(&mut self, head: &Linear) -> Result<Detector> {
        let (manifest, shards) = self.model(head, calibration(vec![views(1, 1.0, 0.0)]), 0.0)?;
        load(&manifest, &shards)
    }
}

/// The pooled tokens that the heads read.
fn features(architecture: &VisionConfig) -> FeatureSpec {
    FeatureSpec::pooled(
        (FIRST_LAYER..=architecture.layers + 1).collect(),
        &[Pool::Class, Pool::Mean, Pool::Std],
    )
}

/// The folder for features of this model.
pub(crate) fn cache_for(parent: &Path, detector: &Detector) -> Result<PathBuf> {
    let manifest = detector.manifest();
    let key =
        format!("{} {:?} {:?}", manifest.weights_sha256(), manifest.preprocessing, manifest.head);
    folder_for(parent, "", &key)
}

/// Platt scaling for both numbers of views: `pooled` for one view, and carried over to five by what
/// five change on the same images.
fn calibrated(
    pooled: &CalibrationSet,
    of_one: &CalibrationSet,
    of_five: &CalibrationSet,
) -> Calibration {
    let (slope, offset) = pooled.platt();
    let (of_one, of_five) = (of_one.platt(), of_five.platt());
    calibration(vec![
        views(1, slope, offset),
        views(5, slope * of_five.0 / of_one.0, offset + of_five.1 - of_one.1),
    ])
}

fn views(views: usize, slope: f64, offset: f64) -> ViewCalibration {
    ViewCalibration { views, slope, offset, measured: [None; 4] }
}

fn calibration(by_views: Vec<ViewCalibration>) -> Calibration {
    Calibration { threshold: 0.5, edges: Some(EDGES), by_views, second_look: None }
}

/// Loads a model as everyone else does, through the hash-checking reader.
fn load(manifest: &Manifest, shards: &[PackedShard]) -> Result<Detector> {
    let mut loader = ModelLoader::new(manifest.clone(), &Device::reference())?;
    for (index, shard) in shards.iter().enumerate() {
        loader.push_shard(index, &shard.bytes)?;
    }
    Detector::new(pollster::block_on(loader.finish())?)
}

/// A head and how well it did where it was not fitted.
struct Candidate {
    figure: f64,
    penalty: f64,
    head: Linear,
    out_of_fold: CalibrationSet,
}

/// Everything the head is fitted on.
struct Training {
    features: FeatureMatrix,
    labels: Vec<f32>,
    weights: Vec<f64>,
    folds: Vec<usize>,
}

/// Parts of `fit`, disjoint by origin, each scored by a head that saw only the others.
const FOLDS: usize = 5;

impl Training {
    fn add(&mut self, features: &FeatureMatrix, entries: &[Entry]) {
        self.features.extend(features);
        let labels = labels(entries);
        self.weights.extend(balanced_weights(&labels, &origins(entries), ORIGIN_POWER));
        self.labels.extend(labels);
        self.folds.extend(folds(entries));
    }

    /// The head fitted on all rows, or on all but those of one fold.
    fn fit(&self, penalty: f64, without: Option<usize>) -> Linear {
        let mut part = FeatureMatrix { data: Vec::new(), width: self.features.width };
        let (mut labels, mut weights) = (Vec::new(), Vec::new());
        for row in 0..self.labels.len() {
            if without != Some(self.folds[row]) {
                part.data.extend_from_slice(self.features.row(row));
                labels.push(self.labels[row]);
                weights.push(self.weights[row]);
            }
        }
        logistic_regression(&part, &labels, &weights, penalty)
    }

    /// Every row's logit from a head that saw no image of its origin. Two classes of hundreds of
    /// images from a dozen origins, as `calibrate` alone offers, would leave the offset to those
    /// origins' whims.
    fn out_of_fold(&self, penalty: f64) -> CalibrationSet {
        let mut logits = vec![0.0; self.labels.len()];
        for fold in 0..FOLDS {
            let head = self.fit(penalty, Some(fold));
            for row in (0..self.labels.len()).filter(|row| self.folds[*row] == fold) {
                logits[row] = head.logit(self.features.row(row));
            }
        }
        // Half of the whole weight, as much as `calibrate`.
        let total: f64 = self.weights.iter().sum();
        let weights = self.weights.iter().map(|weight| weight / total).collect();
        CalibrationSet { logits, labels: self.labels.clone(), weights }
    }
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

    /// The same images under several deliveries, which share the weight of one.
    fn extend_by_deliveries(
        &mut self,
        head: &Linear,
        deliveries: &[FeatureMatrix],
        entries: &[Entry],
    ) {
        for features in deliveries {
            self.extend(head.logits(features), entries, 1.0 / deliveries.len() as f64);
        }
    }

    fn platt(&self) -> (f64, f64) {
        platt(&self.logits, &self.labels, &self.weights)
    }
}

/// The images of a role that share no prompt with `fit`, and their transformed features under each
/// variant.
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
    let kept =
        entries.into_iter().zip(&keep).filter(|(_, keep)| **keep).map(|(entry, _)| entry).collect();
    Ok((kept, features))
}

/// The logit over all views, from the first's and those of the four corners.
fn five_view_logits(first: &[f64], corners: &[f64]) -> Vec<f64> {
    let shares = preprocessing().view_shares(CORNERS + 1);
    let corners = corners.as_chunks::<CORNERS>().0;
    let weighted = |(first, corners): (&f64, &[f64; CORNERS])| {
        std::iter::once(first).chain(corners).zip(&shares).map(|(logit, share)| logit * share).sum()
    };
    first.iter().zip(corners).map(weighted).collect()
}

pub(crate) fn labels(entries: &[Entry]) -> Vec<f32> {
    entries.iter().map(|entry| if entry.label == Label::Ai { 1.0 } else { 0.0 }).collect()
}

pub(crate) fn origins(entries: &[Entry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.origin.as_str()).collect()
}

/// A fold for every image: origins that share a prompt stay together, and each class is spread
/// evenly, largest clusters first.
fn folds(entries: &[Entry]) -> Vec<usize> {
    let clusters = clusters(entries);
    let mut sizes: BTreeMap<&str, [usize; 2]> = BTreeMap::new();
    for entry in entries {
        sizes.entry(clusters[entry.origin.as_str()]).or_default()
            [usize::from(entry.label == Label::Ai)] += 1;
    }
    let mut order: Vec<_> = sizes.into_iter().collect();
    order.sort_by_key(|(name, [real, generated])| (std::cmp::Reverse(real + generated), *name));
    let mut totals = [[0; FOLDS]; 2];
    let mut fold_of = BTreeMap::new();
    for (cluster, sizes) in order {
        let class = usize::from(sizes[1] > sizes[0]);
        let fold = (0..FOLDS).min_by_key(|fold| totals[class][*fold]).unwrap_or(0);
        totals[0][fold] += sizes[0];
        totals[1][fold] += sizes[1];
        fold_of.insert(cluster, fold);
    }
    entries.iter().map(|entry| fold_of[clusters[entry.origin.as_str()]]).collect()
}

/// For every origin the name of its cluster: origins with a prompt (`group`) in common, directly or
/// through others.
fn clusters(entries: &[Entry]) -> BTreeMap<&str, &str> {
    let mut cluster: BTreeMap<&str, &str> =
        entries.iter().map(|entry| (entry.origin.as_str(), entry.origin.as_str())).collect();
    let mut first: BTreeMap<&str, &str> = BTreeMap::new();
    for entry in entries {
        let Some(prompt) = entry.prompt() else { continue };
        let (ours, theirs) = (
            cluster[entry.origin.as_str()],
            cluster[*first.entry(prompt).or_insert(&entry.origin)],
        );
        if ours != theirs {
            cluster.values_mut().filter(|name| **name == ours).for_each(|name| *name = theirs);
        }
    }
    cluster
}

/// Which images have a prompt that no image of `fit` has: the others would flatter what was trained
/// on `fit`.
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
    auc(&samples).ok_or_else(|| {
        Error::new(ErrorKind::Argument, "the manifest lacks images of a class or role")
    })
}
