//! `clipsight train residual`: trains the residual network beside a model's encoder, measures
//! whether the two together beat the encoder alone, and writes the model with both.
//!
//! Roles are kept apart: the network learns from four fifths of the origins of `fit`; the last
//! fifth and `calibrate` make probabilities of its logits; `calibrate` alone, which the encoder's
//! head never saw either, calibrates the fusion; `select` decides whether the fusion is worth its
//! weight. `test` is not used.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clipsight::heads::residual::{Platt, ResidualBranch, ResidualConfig};
use clipsight::image::{Rgb8, ViewCount};
use clipsight::model::{Detector, Manifest, ModelLoader};
use clipsight::rng::Rng;
use clipsight::weights::{HostTensor, PackedShard, pack, sha256_hex};
use clipsight::{Error, ErrorKind, Result};
use clipsight_measure::metrics::{Confusion, Sample, auc_difference_interval_by_group};
use clipsight_native::io::{read_file, write_file};
use clipsight_native::progress::progress;
use clipsight_native::runtime::ModelFolder;
use clipsight_reference::Reference;
use serde::Serialize;

use super::detector::{CalibrationSet, auc_of};
use super::finetune::{Sampler, weights};
use crate::dataset::{Dataset, Entry, Label, Role, at_most, folds, unseen_prompts};
use crate::features::{Fixed, RowCache, cache_for, cannot, folder_for, with_pixels};
use crate::perturb::Perturbation;
use crate::report::{default_folder, rounded, short, table, write_report};
use crate::train::StepReport;
use crate::train::residual::{Crop, ResidualRecipe, ResidualTraining};

/// What to train, and for how long.
#[derive(Clone, Debug)]
pub struct Options {
    /// Labelled images: a manifest ([`Dataset`]).
    pub data: PathBuf,
    /// Folder of the model that the network is added to; `None` as for every command.
    pub model: Option<PathBuf>,
    /// Folder for the combined model.
    pub out: PathBuf,
    /// Folder for the report; `None` for `studies/` and the name of
    /// the model's folder.
    pub report: Option<PathBuf>,
    /// Folder for logits and checkpoints; an interrupted run resumes from it.
    pub cache: PathBuf,
    /// Seed of everything random.
    pub seed: u64,
    /// Images per origin to measure and calibrate on.
    pub per_origin: u32,
    /// Steps of training.
    pub steps: u32,
}

/// Default training steps.
pub const STEPS: u32 = 1200;

/// Steps between checkpoints.
const CHECKPOINT: usize = 25;

/// The fifth of the origins of `fit` that is held out.
const HELD_OUT: usize = 0;

/// Bootstrap draws of intervals, and their seed.
const BOOTSTRAP: (usize, u64) = (2000, 1);

/// The recipe.
fn recipe(steps: usize, seed: u64) -> ResidualRecipe {
    ResidualRecipe {
        network: ResidualConfig::compact(),
        steps,
        warm_up: 30,
        batch: 32,
        micro_batch: 4,
        crop: 96,
        learning_rate: 2e-3,
        head_learning_rate: 2e-2,
        weight_decay: 0.02,
        label_smoothing: 0.05,
        average: 0.99,
        seed,
    }
}

/// How held-out images are measured: as they are, and recompressed.
const PERTURBATIONS: [Option<Fixed>; 2] = [None, Some(Fixed::Jpeg60)];

/// Lower bound of the slope of Platt scaling: a network that orders `calibrate` the wrong way round
/// gets next to no weight, but an order is never reversed.
const MIN_SLOPE: f64 = 1e-3;

/// Runs the recipe.
///
/// # Errors
/// When data or model cannot be read, or the results not written.
pub fn run(args: &Options) -> Result<()> {
    let dataset = Dataset::read(&args.data)?;
    dataset.check_files()?;
    let fit = dataset.role_of_both_classes(Role::Fit)?;
    let held = |role| {
        let entries = dataset.role_of_both_classes(role)?;
        let unseen = unseen_prompts(&fit, &entries);
        let entries =
            entries.into_iter().zip(unseen).filter(|(_, unseen)| *unseen).map(|(entry, _)| entry);
        Ok(at_most(entries.collect(), args.per_origin))
    };
    let (select, calibrate): (Vec<Entry>, Vec<Entry>) =
        (held(Role::Select)?, held(Role::Calibrate)?);
    let parts = folds(&fit).into_iter().zip(&fit);
    let (held_out, trained_on): (Vec<_>, Vec<_>) = parts.partition(|(fold, _)| *fold == HELD_OUT);
    let entries =
        |part: Vec<(usize, &Entry)>| part.into_iter().map(|(_, entry)| entry.clone()).collect();
    let (held_out, trained_on): (Vec<Entry>, Vec<Entry>) = (entries(held_out), entries(trained_on));
    let held_out = at_most(held_out, args.per_origin);

    let folder = ModelFolder::find(args.model.as_deref());
    let base = Base::read(&folder)?;
    let recipe = recipe(args.steps as usize, args.seed);
    let data_sha256 = sha256_hex(&read_file(&args.data)?);
    let key = format!("1 {recipe:?} {data_sha256} {:?}", base.manifest.preprocessing);
    let cache = folder_for(&args.cache, "residual-", &key)?;
    let weights = train(&recipe, &base, &dataset.root, &trained_on, &cache)?;

    // From here on, the weights are those that are stored.
    let shards = pack(&recipe.network.tensors(), &weights, base.manifest.storage, "residual")?;
    let identity = ResidualBranch {
        network: recipe.network.clone(),
        calibration: Platt::IDENTITY,
        fused: Platt::IDENTITY,
        self_test: 0.0,
    };
    let detector = base.detector(identity.clone(), &shards)?;
    let view = clipsight::model::self_test_view(base.manifest.preprocessing.crop)?;
    let self_test = detector.residual_logit(&view).unwrap_or(f32::NAN);
    let scorer = Scorer {
        detector: &detector,
        encoder: RowCache { root: &dataset.root, folder: cache_for(&args.cache, &base.alone()?)? },
        network: RowCache {
            root: &dataset.root,
            folder: folder_for(&cache, "", &detector.manifest().weights_sha256())?,
        },
        per_origin: args.per_origin,
    };
    let by_itself = scorer.network(&held_out, "held-out", None)?;
    let auc_held_out = auc_of(&by_itself, &held_out)?;
    eprintln!("AUC {auc_held_out:.4} of the network on origins of fit that were held out");

    let mut pooled = CalibrationSet::of(by_itself, &held_out);
    let mut both = Vec::new();
    for perturbation in PERTURBATIONS {
        let logits = scorer.both(&calibrate, "calibrate", perturbation)?;
        pooled.extend(logits.network.clone(), &calibrate, 1.0 / PERTURBATIONS.len() as f64);
        both.push(logits);
    }
    let calibration = platt_of(&pooled);
    let mut fused = CalibrationSet::default();
    for logits in &both {
        fused.extend(logits.fused(calibration), &calibrate, 1.0);
    }
    let branch = ResidualBranch { calibration, fused: platt_of(&fused), self_test, ..identity };

    let mut rows = Vec::new();
    for perturbation in PERTURBATIONS {
        let logits = scorer.both(&select, "select", perturbation)?;
        rows.push(PerturbationRow::of(&logits, &branch, &select, perturbation)?);
    }
    let report = ResidualReport {
        model: base.manifest.id.clone(),
        weights_sha256: base.manifest.weights_sha256(),
        manifest_sha256: data_sha256,
        seed: args.seed,
        steps: args.steps,
        crops: recipe.steps * recipe.batch,
        images: [trained_on.len(), held_out.len(), calibrate.len(), select.len()],
        weights: weights.values().map(|tensor| tensor.data.len()).sum(),
        bytes: shards.iter().map(|shard| shard.entry.bytes).sum(),
        multiplications: recipe.network.macs(288, 288),
        auc_held_out: rounded(auc_held_out),
        wins: mean(&rows, |row| row.fused.auc) > mean(&rows, |row| row.encoder.auc),
        branch: branch.clone(),
        select: rows,
    };
    let out = args.report.clone().unwrap_or_else(|| default_folder(folder.path()));
    std::fs::create_dir_all(&out).map_err(|error| cannot("make", &out, error))?;
    write_report(&out, "residual", &report, &report.markdown(), &[])?;
    base.write(branch, &shards, &args.out)?;
    eprintln!("the report is in {}, the combined model in {}", out.display(), args.out.display());
    Ok(())
}

/// Trains the network; resumes from a checkpoint in `cache`, if there is one.
fn train(
    recipe: &ResidualRecipe,
    base: &Base,
    root: &Path,
    entries: &[Entry],
    cache: &Path,
) -> Result<std::collections::BTreeMap<String, HostTensor>> {
    let mut run = ResidualTraining::new(recipe.clone())?;
    let path = cache.join("checkpoint.safetensors");
    if path.exists() {
        run.resume(&read_file(&path)?)?;
    }
    let sampler = Sampler::new(&weights(entries));
    let preprocessing = &base.manifest.preprocessing;
    let bar = progress(recipe.steps, "training");
    bar.set_position(run.step_count() as u64);
    let (start, first) = (Instant::now(), run.step_count());
    let mut losses = 0.0;
    while run.step_count() < recipe.steps {
        let step = run.step_count() as u64;
        let load = |index: usize| {
            let mut rng = Rng::new(recipe.seed ^ (step << 24) ^ ((index as u64) << 8) ^ (3 << 62));
            let entry = &entries[sampler.draw(&mut rng)];
            with_pixels(root, entry, |pixels| {
                let shortest = u32::try_from(recipe.crop).unwrap_or(u32::MAX);
                let perturbed = Perturbation::random(&mut rng, shortest).apply(pixels, &mut rng)?;
                let whole = recipe.network.crop(preprocessing, &perturbed)?;
                let crop = random_crop(&whole, recipe.crop, &mut rng)?;
                Ok(Crop {
                    pixels: ResidualConfig::input(&crop),
                    generated: entry.label == Label::Ai,
                })
            })
        };
        let StepReport { loss, .. } = run.step(load)?;
        losses += loss;
        bar.inc(1);
        let done = run.step_count();
        if done.is_multiple_of(CHECKPOINT) || done == recipe.steps {
            write_file(&path, &run.checkpoint()?)?;
            let seconds = start.elapsed().as_secs_f64();
            let speed = ((done - first) * recipe.batch) as f64 / seconds;
            bar.suspend(|| {
                eprintln!(
                    "step {done}: loss {:.4}, {speed:.1} crops/s, {seconds:.0} s",
                    losses / CHECKPOINT as f64
                );
            });
            losses = 0.0;
        }
    }
    bar.finish_and_clear();
    run.averaged()
}

/// A square part at a random place.
fn random_crop(image: &Rgb8, side: usize, rng: &mut Rng) -> Result<Rgb8> {
    let side = u32::try_from(side).unwrap_or(u32::MAX);
    if image.width().min(image.height()) < side {
        let message = format!(
            "the image has {} x {} pixels, too few to train on",
            image.width(),
            image.height()
        );
        return Err(Error::new(ErrorKind::Argument, message));
    }
    let x = rng.below(image.width() - side + 1);
    let y = rng.below(image.height() - side + 1);
    image.crop(x, y, side, side)
}

fn platt_of(set: &CalibrationSet) -> Platt {
    let (slope, offset) = set.platt();
    Platt { slope: slope.max(MIN_SLOPE), offset }
}

/// The model that the network is added to.
struct Base {
    manifest: Manifest,
    shards: Vec<Vec<u8>>,
}

impl Base {
    fn read(folder: &ModelFolder) -> Result<Self> {
        let manifest = folder.manifest()?;
        if manifest.residual.is_some() {
            return Err(Error::new(
                ErrorKind::Argument,
                "the model already has a residual network",
            ));
        }
        let read = |shard: &clipsight::weights::Shard| read_file(&folder.path().join(&shard.file));
        let shards = manifest.shards.iter().map(read).collect::<Result<_>>()?;
        Ok(Self { manifest, shards })
    }

    fn alone(&self) -> Result<Detector> {
        load(self.manifest.clone(), self.shards.iter().map(Vec::as_slice))
    }

    /// The manifest with the network, whose shards come after the others.
    fn with(&self, branch: ResidualBranch, shards: &[PackedShard]) -> Manifest {
        let mut manifest = Manifest { residual: Some(branch), ..self.manifest.clone() };
        manifest.shards.extend(shards.iter().map(|shard| shard.entry.clone()));
        manifest
    }

    fn detector(&self, branch: ResidualBranch, shards: &[PackedShard]) -> Result<Detector> {
        let own = self.shards.iter().map(Vec::as_slice);
        load(
            self.with(branch, shards),
            own.chain(shards.iter().map(|shard| shard.bytes.as_slice())),
        )
    }

    /// Writes the model with the network, once it loads and passes its self-test.
    fn write(&self, branch: ResidualBranch, shards: &[PackedShard], out: &Path) -> Result<()> {
        let result = pollster::block_on(self.detector(branch.clone(), shards)?.self_test())?;
        if !result.passed {
            return Err(Error::new(
                ErrorKind::Internal,
                "the combined model does not pass its self-test",
            ));
        }
        std::fs::create_dir_all(out).map_err(|error| cannot("make", out, error))?;
        for (shard, bytes) in self.manifest.shards.iter().zip(&self.shards) {
            write_file(&out.join(&shard.file), bytes)?;
        }
        for shard in shards {
            write_file(&out.join(&shard.entry.file), &shard.bytes)?;
        }
        write_file(&out.join("model.json"), self.with(branch, shards).to_json()?.as_bytes())
    }
}

fn load<'a>(manifest: Manifest, shards: impl Iterator<Item = &'a [u8]>) -> Result<Detector> {
    let mut loader = ModelLoader::new(manifest, &Reference::cpu())?;
    for (index, bytes) in shards.enumerate() {
        loader.push_shard(index, bytes)?;
    }
    Detector::new(pollster::block_on(loader.finish())?)
}

/// Logits of held-out images, computed once.
struct Scorer<'a> {
    detector: &'a Detector,
    encoder: RowCache<'a>,
    network: RowCache<'a>,
    per_origin: u32,
}

/// Logits of the same images from encoder and network.
struct Logits {
    /// Calibrated.
    encoder: Vec<f64>,
    network: Vec<f64>,
}

impl Logits {
    fn fused(&self, calibration: Platt) -> Vec<f64> {
        let pairs = self.encoder.iter().zip(&self.network);
        pairs
            .map(|(encoder, network)| ResidualBranch::fuse(*encoder, calibration.logit(*network)))
            .collect()
    }
}

impl Scorer<'_> {
    fn network(
        &self,
        entries: &[Entry],
        name: &str,
        perturbation: Option<Fixed>,
    ) -> Result<Vec<f64>> {
        let name = self.name(name, perturbation);
        let rows = self.network.rows(&name, entries, 1, |pixels, number| {
            let whole = self.detector.whole(&perturbed(pixels, perturbation, number)?)?;
            let logit = whole.and_then(|whole| self.detector.residual_logit(&whole));
            logit.map(|logit| vec![logit]).ok_or_else(|| {
                Error::new(ErrorKind::Internal, "the model lost its residual network")
            })
        })?;
        Ok(rows.iter().map(|logit| logit.to_f64()).collect())
    }

    /// Of a cache file: different images, different name.
    fn name(&self, name: &str, perturbation: Option<Fixed>) -> String {
        format!("{name}-{}-{}", perturbation.map_or("plain", Fixed::name), self.per_origin)
    }

    fn both(&self, entries: &[Entry], name: &str, perturbation: Option<Fixed>) -> Result<Logits> {
        let manifest = self.detector.manifest();
        let file = format!("{}-logits", self.name(name, perturbation));
        let rows = self.encoder.rows(&file, entries, 1, |pixels, number| {
            let pixels = perturbed(pixels, perturbation, number)?;
            let views = manifest.preprocessing.views(&pixels, ViewCount::One)?;
            pollster::block_on(self.detector.logits(&views))
        })?;
        let one_view = manifest.calibration.for_views(1)?;
        let platt = Platt { slope: one_view.slope, offset: one_view.offset };
        Ok(Logits {
            encoder: rows.iter().map(|logit| platt.logit(logit.to_f64())).collect(),
            network: self.network(entries, name, perturbation)?,
        })
    }
}

fn perturbed(pixels: &Rgb8, perturbation: Option<Fixed>, index: u64) -> Result<Rgb8> {
    perturbation.map_or_else(
        || Ok(pixels.clone()),
        |fixed| fixed.perturbation().apply(pixels, &mut Rng::new(index)),
    )
}

/// The figures of one way of scoring.
#[derive(Clone, Copy, Debug, Serialize)]
struct BranchFigures {
    auc: f64,
    /// At the calibrated probability of one half.
    balanced_accuracy: f64,
}

impl BranchFigures {
    fn of(logits: &[f64], entries: &[Entry]) -> Result<Self> {
        let samples: Vec<Sample> = samples(logits, entries).map(|(_, sample)| sample).collect();
        let balanced_accuracy = Confusion::at(&samples, 0.0).balanced_accuracy();
        let none = || {
            Error::new(ErrorKind::Argument, "images of both classes are needed for a measurement")
        };
        Ok(Self {
            auc: rounded(auc_of(logits, entries)?),
            balanced_accuracy: rounded(balanced_accuracy.ok_or_else(none)?),
        })
    }
}

fn samples<'a>(logits: &'a [f64], entries: &'a [Entry]) -> impl Iterator<Item = (&'a str, Sample)> {
    logits.iter().zip(entries).map(|(score, entry)| {
        (entry.origin.as_str(), Sample { score: *score, positive: entry.label == Label::Ai })
    })
}

/// Figures on `select` under one perturbation.
#[derive(Clone, Debug, Serialize)]
struct PerturbationRow {
    #[serde(rename = "delivery")]
    perturbation: &'static str,
    encoder: BranchFigures,
    network: BranchFigures,
    /// `1 - (1 - p1) (1 - p2)`, calibrated.
    fused: BranchFigures,
    /// For comparison: the sum of both calibrated logits.
    sum: BranchFigures,
    /// AUC of the fusion less the encoder's: 95 % interval over origins.
    gain: Option<[f64; 2]>,
}

impl PerturbationRow {
    fn of(
        logits: &Logits,
        branch: &ResidualBranch,
        entries: &[Entry],
        perturbation: Option<Fixed>,
    ) -> Result<Self> {
        let network: Vec<f64> =
            logits.network.iter().map(|logit| branch.calibration.logit(*logit)).collect();
        let fused = logits.fused(branch.calibration);
        let fused: Vec<f64> = fused.into_iter().map(|logit| branch.fused.logit(logit)).collect();
        let sum: Vec<f64> =
            logits.encoder.iter().zip(&network).map(|(one, other)| one + other).collect();
        let pairs: Vec<(&str, bool, [f64; 2])> = entries
            .iter()
            .zip(fused.iter().zip(&logits.encoder))
            .map(|(entry, (fused, alone))| {
                (entry.origin.as_str(), entry.label == Label::Ai, [*fused, *alone])
            })
            .collect();
        let gain = auc_difference_interval_by_group(&pairs, BOOTSTRAP.0, BOOTSTRAP.1);
        Ok(Self {
            perturbation: perturbation.map_or("as it is", Fixed::name),
            encoder: BranchFigures::of(&logits.encoder, entries)?,
            network: BranchFigures::of(&network, entries)?,
            fused: BranchFigures::of(&fused, entries)?,
            sum: BranchFigures::of(&sum, entries)?,
            gain: gain.map(|interval| [rounded(interval.low), rounded(interval.high)]),
        })
    }
}

fn mean(rows: &[PerturbationRow], figure: impl Fn(&PerturbationRow) -> f64) -> f64 {
    rows.iter().map(figure).sum::<f64>() / rows.len() as f64
}

/// What `residual.json` holds.
#[derive(Debug, Serialize)]
struct ResidualReport {
    /// The model that the network is added to.
    model: String,
    weights_sha256: String,
    manifest_sha256: String,
    seed: u64,
    steps: u32,
    crops: usize,
    /// Images trained on, held out of `fit`, of `calibrate`, of `select`.
    images: [usize; 4],
    weights: usize,
    bytes: u64,
    /// For an image of 288 x 288 pixels.
    multiplications: u64,
    auc_held_out: f64,
    /// Whether the fusion's mean AUC on `select` is above the encoder's.
    wins: bool,
    branch: ResidualBranch,
    select: Vec<PerturbationRow>,
}

impl ResidualReport {
    fn markdown(&self) -> String {
        let mut text =
            String::from("# A residual network at full resolution beside the encoder\n\n");
        let [trained_on, held_out, calibrate, select] = self.images;
        let _ = writeln!(
            text,
            "Method M4's second branch (Cozzolino et al. 2024): {} weights ({} bytes), {} million \
             multiplications for an image of 288 x 288 pixels, trained in {} steps on {} crops of \
             {trained_on} images of role `fit`, seed {}. Model {} (weights {}). Calibrated on \
             {held_out} images of other origins of `fit` and {calibrate} of `calibrate`; measured \
             on {select} of `select`, none with a prompt of `fit`. Written by `clipsight train \
             residual`.\n",
            self.weights,
            self.bytes,
            self.multiplications / 1_000_000,
            self.steps,
            self.crops,
            self.seed,
            self.model,
            &self.weights_sha256[..12.min(self.weights_sha256.len())],
        );
        let _ = writeln!(
            text,
            "AUC of the network alone on origins of `fit` that were held out: {}. \"Fused\" is 1 - \
             (1 - p1) (1 - p2), calibrated again; \"sum\" adds the calibrated logits. One view; 95 \
             % intervals by bootstrap over origins.\n",
            short(self.auc_held_out)
        );
        let rows: Vec<Vec<String>> = self
            .select
            .iter()
            .map(|row| {
                let mut cells = vec![row.perturbation.to_owned()];
                cells.extend(
                    [row.encoder, row.network, row.fused, row.sum]
                        .map(|figures| short(figures.auc)),
                );
                cells.push(
                    row.gain
                        .map_or("-".to_owned(), |[low, high]| format!("{low:+.3} to {high:+.3}")),
                );
                cells.extend(
                    [row.encoder, row.fused].map(|figures| short(figures.balanced_accuracy)),
                );
                cells
            })
            .collect();
        let header = [
            "perturbation",
            "AUC encoder",
            "network",
            "fused",
            "sum",
            "fused less encoder",
            "balanced accuracy encoder",
            "fused",
        ];
        text.push_str(&table(&header, &rows));
        let _ = writeln!(
            text,
            "\nMean AUC: encoder {}, fused {}. {}",
            short(mean(&self.select, |row| row.encoder.auc)),
            short(mean(&self.select, |row| row.fused.auc)),
            if self.wins {
                "The fusion wins on `select`."
            } else {
                "The fusion does not win on `select`: the network is not worth adding to the model."
            }
        );
        text
    }
}
