//! The recipe of every shipped model: fits heads and calibration on an encoder, and writes the
//! model.
//!
//! The encoder is quantised first and stays as it is; every head learns from the features of the
//! shipped, quantised encoder. Roles are kept apart: heads are fitted on `fit`, the verdict's
//! penalty chosen on `select`, probabilities calibrated on `calibrate` and
//! out of fold; `test` is only measured, after everything is fixed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clipsight::calibration::{Calibration, EarlyExit, GradeEdges, MeasuredError, ViewCalibration};
use clipsight::clip::{FeatureSpec, Normalisation, Pool, VisionConfig};
use clipsight::engine::{Cpu, Engine};
use clipsight::heads::{Head, LinearHead, Transform};
use clipsight::image::{Filter, Preprocessing, ViewCount};
use clipsight::model::{Detector, FORMAT_VERSION, Manifest, ModelLoader, SelfTest};
use clipsight::weights::{HostTensor, PackedShard, Storage, pack};
use clipsight::{Error, ErrorKind, Result};
use clipsight_import::PublishedEncoder;
use clipsight_measure::figures::{Scored, evaluate};
use clipsight_measure::fit::{
    FeatureMatrix, LinearModel, Loss, balanced_weights, fit_linear_from, platt,
};
use clipsight_measure::metrics::{Sample, auc};
use clipsight_native::io::write_file;

use super::attribution;
use crate::dataset::{
    Dataset, Entry, FOLDS, Label, ORIGIN_POWER, Role, folds, is_matched, labels, origins,
    unseen_prompts,
};
use crate::features::{CORNERS, Extractor, Fixed, RowCache, Variant, cache_for, cannot};
use crate::recipe::quality::shipped::{Fitted, fit_for_model};
use crate::recipe::quality::to_json;
use crate::train::attribution::FittedAttribution;

/// The inputs that a complete model is trained from.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// Labelled images: manifests ([`Dataset::read_all`]).
    pub data: Vec<PathBuf>,
    /// The pretrained encoder, in any form that [`PublishedEncoder::open`] reads.
    pub encoder: PathBuf,
    /// Whether it has seen the images of `fit`.
    pub state: EncoderState,
    /// How many of its layers are used, from the first on; all of them by default.
    pub layers: Option<usize>,
    /// How its matrices are stored.
    pub storage: Storage,
    /// Augmented copies of every image of `fit`, beside the image itself.
    pub copies: u32,
    /// The most views that the model is calibrated for: with five, they are scored where one gives
    /// no grade.
    pub views: ViewCount,
    /// Folder for features and checkpoints; an interrupted run resumes from it.
    pub cache: PathBuf,
    /// Seed of everything random.
    pub seed: u64,
    /// Name and version of the model.
    pub id: String,
    /// SPDX expression of the weights' licence: that of the encoder binds.
    pub licence: String,
    /// Folder for reports about the model.
    pub reports: PathBuf,
}

/// The head skips the first of all layers, one in this many: they lowered the figures on `select`.
const EARLY_LAYERS: usize = 4;

/// Largest difference from the stored logit that passes the self-test: room for 8-bit arithmetic,
/// which is off by .05 here, while a device that computes something else is off by whole logits.
const SELF_TEST_TOLERANCE: f32 = 0.1;

/// See `Transform`.
pub(super) const TRANSFORM: Transform = Transform::SignedSqrt;

/// Penalties that may be tried, the strongest first: each fit begins where the one before ended.
/// The one with the best mean of AUCs is taken, on `select` and within its matched sets, where
/// content says nothing; the search ends where that mean falls.
const PENALTIES: [f64; 6] = [0.16, 0.08, 0.04, 0.02, 0.01, 0.005];

/// Augmented copies of every training image, beside the image itself, unless [`Inputs::copies`]
/// says otherwise.
pub const COPIES: u32 = 2;

/// Crops of every training image, each augmented, beside the copies of the whole one, of models
/// that look at corners too: one head serves both, and seeing both makes it better at each.
const CROPS: u32 = 1;

/// Grades begin at round probabilities, which can be taken literally once calibrated.
const EDGES: GradeEdges =
    GradeEdges { weak_below: 0.4, moderate: 0.6, strong: 0.8, very_strong: 0.95 };

/// Preprocessing for an encoder. Training images come with a short side of 288 pixels, nine
/// sevenths of the encoder's 224, so larger ones are reduced to that; the first view is all of it,
/// and further ones are crops without any more resizing. Measured on `select`, one head for both:
/// AUC .917 for the whole image, .905 for the centre crop, .912 for five crops, .919 for the whole
/// image and the crops.
fn preprocessing(encoder: &VisionConfig, normalisation: Normalisation) -> Preprocessing {
    let side = u32::try_from(encoder.image_size).unwrap_or(u32::MAX);
    Preprocessing {
        resize_short_side: Some(side.saturating_mul(9) / 7),
        enlarge: false,
        filter: Filter::Lanczos3,
        crop: side,
        whole_first: true,
        centre_rounds_down: false,
        mean: normalisation.mean,
        std: normalisation.std,
    }
}

/// What the penalty is chosen on: [`CALIBRATED_ON`] first, then thumbnails.
const SELECTED_ON: [Variant; 4] = [
    Variant::First,
    Variant::Perturbed(Fixed::Jpeg60),
    Variant::Perturbed(Fixed::Half),
    Variant::Perturbed(Fixed::Thumbnail),
];

/// What probabilities are calibrated on: what most images that people look at are like. Thumbnails
/// would take confidence from all others.
const CALIBRATED_ON: [Variant; 3] =
    [Variant::First, Variant::Perturbed(Fixed::Jpeg60), Variant::Perturbed(Fixed::Half)];

/// Fits every head on an encoder, calibrates, measures, and writes the model to `out`.
///
/// # Errors
/// When data or encoder cannot be read, or the model not written.
pub fn run(inputs: &Inputs, out: &Path) -> Result<()> {
    let Inputs { data, cache, seed, .. } = inputs;
    let dataset = read_dataset(data)?;
    let draft = ModelDraft::new(inputs, TRANSFORM)?;
    let report = fit_heads(draft, &dataset, cache, *seed, inputs.state, out)?;
    write_quality(&inputs.reports, &report)
}

/// The images, all of which must be there.
pub(super) fn read_dataset(data: &[PathBuf]) -> Result<Dataset> {
    let dataset = Dataset::read_all(data)?;
    dataset.check_files()?;
    Ok(dataset)
}

/// Whether the encoder has seen the images of `fit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EncoderState {
    /// It has not.
    Frozen,
    /// It was fine-tuned on them: their features are not representative of other images.
    FineTuned,
}

/// Fits every head of a model on its encoder, calibrates, measures and writes it; returns what is
/// known of its quality head, as JSON.
pub(super) fn fit_heads(
    mut draft: ModelDraft,
    dataset: &Dataset,
    cache: &Path,
    seed: u64,
    encoder: EncoderState,
    out: &Path,
) -> Result<String> {
    // A model with an empty head: its features come from exactly the encoder that ships.
    let detector =
        draft.uncalibrated(&LinearModel { weight: vec![0.0; draft.width()], bias: 0.0 })?;
    let cache = cache_for(cache, &detector)?;
    let extractor =
        Extractor { detector: &detector, rows: RowCache { root: &dataset.root, folder: cache } };

    // 1. The features to fit on: every image as it is, augmented, and cropped.
    let fit = dataset.role(Role::Fit);
    let mut training = Training {
        features: FeatureMatrix::default(),
        labels: Vec::new(),
        weights: Vec::new(),
        folds: Vec::new(),
    };
    training.features.width = draft.width();
    let copies = (1..=draft.copies).map(|copy| Variant::Augmented { seed, copy });
    let crops = match draft.views {
        ViewCount::One => 0,
        ViewCount::Five => CROPS,
    };
    let crops = (1..=crops).map(|copy| Variant::AugmentedCrop { seed, copy });
    for variant in std::iter::once(Variant::First).chain(copies).chain(crops) {
        training.add(&extractor.transformed(Role::Fit, &fit, variant)?, &fit);
    }

    // 2. The penalty and its head.
    let (select, selection) = held_out(&extractor, dataset, Role::Select, &SELECTED_ON)?;
    let Candidate { head: trained, penalty, .. } = chosen(&training, &select, &selection)?;
    eprintln!("chosen penalty: {penalty}");

    // 3. Platt scaling for one view. `calibrate` alone has too few origins to fix an offset.
    let mut pooled = match encoder {
        EncoderState::Frozen => {
            let out_of_fold = training.out_of_fold(penalty, &trained);
            let auc = auc_of(&out_of_fold.logits[..fit.len()], &fit)?;
            eprintln!("AUC out of fold: {auc:.4}");
            out_of_fold
        }
        EncoderState::FineTuned => {
            let mut of_select = CalibrationSet::default();
            of_select.extend_by_perturbations(&trained, &selection[..CALIBRATED_ON.len()], &select);
            of_select
        }
    };
    let (calibrate, perturbations) =
        held_out(&extractor, dataset, Role::Calibrate, &CALIBRATED_ON)?;
    pooled.extend_by_perturbations(&trained, &perturbations, &calibrate);
    let one = pooled.platt();
    let mut by_views = vec![views(1, one)];
    // 4. The same for five views, computed for `calibrate` alone: the change there is carried over.
    if draft.views == ViewCount::Five {
        let centre = trained.logits(&perturbations[0]);
        let (_, corners) = held_out(&extractor, dataset, Role::Calibrate, &[Variant::Corners])?;
        let five = five_view_logits(&draft.preprocessing, &centre, &trained.logits(&corners[0]));
        let of_one = CalibrationSet::of(centre, &calibrate).platt();
        let of_five = CalibrationSet::of(five, &calibrate).platt();
        by_views.push(views(5, (one.0 * of_five.0 / of_one.0, one.1 + of_five.1 - of_one.1)));
    }
    let calibration = calibration(by_views);

    // 5. The other heads, on the same features.
    let fitted = attribution::of_fit(&extractor, dataset, 1, seed)?;
    draft.attribution = Some(attribution::finished(&fitted, &extractor, dataset)?);
    let quality = fit_for_model(&extractor, &fit, seed)?;
    let report = to_json(&quality.report)?;
    draft.quality = Some(quality);
    finish(&mut draft, &trained, calibration, &extractor, dataset, out)?;
    Ok(report)
}

/// The head with the penalty that does best on `select`, given its images and their features.
fn chosen(training: &Training, select: &[Entry], selection: &[FeatureMatrix]) -> Result<Candidate> {
    let mut best: Option<Candidate> = None;
    for penalty in PENALTIES {
        let head = training.fit(penalty, None, best.as_ref().map(|best| &best.head));
        let logits: Vec<_> = selection.iter().map(|features| head.logits(features)).collect();
        let mut figures = vec![("on select", mean_auc(&logits, select, |_| true)?)];
        if select.iter().any(is_matched) {
            figures.push(("within its matched sets", mean_auc(&logits, select, is_matched)?));
        }
        let words: Vec<_> =
            figures.iter().map(|(place, auc)| format!("{auc:.4} {place}")).collect();
        eprintln!("penalty {penalty}: AUC {}", words.join(", "));
        let figure = figures.iter().map(|(_, auc)| auc).sum::<f64>() / figures.len() as f64;
        if best.as_ref().is_some_and(|best| figure < best.figure) {
            break;
        }
        best = Some(Candidate { figure, penalty, head });
    }
    best.ok_or_else(|| Error::new(ErrorKind::Internal, "no penalty was tried"))
}

/// Writes what is known of a model's quality head.
pub(super) fn write_quality(reports: &Path, report: &str) -> Result<()> {
    std::fs::create_dir_all(reports).map_err(|error| cannot("make", reports, error))?;
    write_file(&reports.join("quality.json"), report.as_bytes())
}

/// Measures a finished model on the test images, and writes it.
fn finish(
    draft: &mut ModelDraft,
    trained: &LinearModel,
    mut calibration: Calibration,
    extractor: &Extractor<'_>,
    dataset: &Dataset,
    out: &Path,
) -> Result<()> {
    let test = dataset.role(Role::Test);
    let centre = trained.logits(&extractor.transformed(Role::Test, &test, Variant::First)?);
    let of_one = scored(&test, &centre, &calibration, 1)?;
    let measured = measure("one view", &of_one, calibration.threshold)?;
    calibration.by_views[0].measured = measured;
    if draft.views == ViewCount::Five {
        let corners =
            trained.logits(&extractor.transformed(Role::Test, &test, Variant::Corners)?);
        let five = five_view_logits(&draft.preprocessing, &centre, &corners);
        let of_five = scored(&test, &five, &calibration, 5)?;
        let measured = measure("five views", &of_five, calibration.threshold)?;
        calibration.by_views[1].measured = measured;
        let looked_twice: Vec<Scored> = of_one
            .iter()
            .zip(&of_five)
            .map(|(first, second)| if first.grade.is_some() { first } else { second }.clone())
            .collect();
        let measured = measure("one view, or five", &looked_twice, calibration.threshold)?;
        calibration.early_exit = Some(EarlyExit { measured });
    }

    // The self-test's logit comes from the finished weights.
    let (manifest, shards) = draft.model(trained, calibration.clone(), 0.0)?;
    let logit = pollster::block_on(load(&manifest, &shards, &Cpu)?.self_test())?.logit;
    let (manifest, shards) = draft.model(trained, calibration, logit)?;
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

/// Images with the logits of so many views each, graded.
fn scored(
    entries: &[Entry],
    logits: &[f64],
    calibration: &Calibration,
    views: usize,
) -> Result<Vec<Scored>> {
    let score = |(entry, logit): (&Entry, &f64)| {
        let Entry { label, origin, content, .. } = entry;
        Scored::from_logit(*label == Label::Ai, origin, content, *logit, calibration, views)
    };
    entries.iter().zip(logits).map(score).collect()
}

/// How often each grade is wrong; the figures are told.
fn measure(what: &str, scored: &[Scored], threshold: f64) -> Result<[Option<MeasuredError>; 4]> {
    let figures = evaluate(scored, threshold)?;
    eprintln!(
        "{what} on test: AUC {:.3}, balanced accuracy {:.3}, recall at 5 % {:.3}, calibration \
         error {:.3}",
        figures.auc,
        figures.balanced_accuracy,
        figures.recall_at_5_percent.rate,
        figures.calibration_error
    );
    Ok(figures.measured_errors())
}

/// A model before training: everything but the fitted heads' numbers and the calibration.
pub(super) struct ModelDraft {
    pub(super) id: String,
    pub(super) licence: String,
    pub(super) storage: Storage,
    pub(super) copies: u32,
    pub(super) views: ViewCount,
    pub(super) architecture: VisionConfig,
    pub(super) preprocessing: Preprocessing,
    pub(super) encoder: BTreeMap<String, HostTensor>,
    pub(super) head: Head,
    /// Who made an image; the tensors are stored rounded, whatever they are here.
    pub(super) attribution: Option<FittedAttribution>,
    /// Technical quality.
    pub(super) quality: Option<Fitted>,
}

impl ModelDraft {
    /// A model whose head is yet to be fitted, on the encoder as it was published.
    pub(super) fn new(inputs: &Inputs, transform: Transform) -> Result<Self> {
        let PublishedEncoder { mut architecture, tensors, normalisation } =
            PublishedEncoder::open(&inputs.encoder)?;
        let whole = inputs.layers.is_none_or(|layers| layers == architecture.layers);
        if let Some(layers) = inputs.layers {
            if !(1..=architecture.layers).contains(&layers) {
                let message = format!(
                    "the encoder has {} layers: {layers} cannot be used",
                    architecture.layers
                );
                return Err(Error::new(ErrorKind::Argument, message));
            }
            if !whole {
                // The embedding is made of the last layer, which is not there.
                architecture.projection = None;
                architecture.projection_bias = false;
            }
            architecture.layers = layers;
        }
        let head = Head::Linear { features: features(&architecture, whole), transform };
        Ok(Self {
            id: inputs.id.clone(),
            licence: inputs.licence.clone(),
            storage: inputs.storage,
            copies: inputs.copies,
            views: inputs.views,
            preprocessing: preprocessing(&architecture, normalisation),
            architecture,
            encoder: tensors,
            head,
            attribution: None,
            quality: None,
        })
    }

    /// What names of weight files begin with: `compact` for `clipsight-compact-3`.
    fn shard_prefix(&self) -> &str {
        let name = self.id.strip_prefix("clipsight-").unwrap_or(&self.id);
        let (without, version) = name.rsplit_once('-').unwrap_or((name, ""));
        if version.bytes().all(|byte| byte.is_ascii_digit()) { without } else { name }
    }

    pub(super) fn width(&self) -> usize {
        self.head.features().width(&self.architecture)
    }

    /// The model with this head: its manifest and its shards.
    fn model(
        &mut self,
        head: &LinearModel,
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
            id: self.id.clone(),
            licence: self.licence.clone(),
            architecture: self.architecture.clone(),
            preprocessing: self.preprocessing.clone(),
            storage: self.storage,
            shards: Vec::new(),
            head: self.head.clone(),
            attribution: self.attribution.as_ref().map(|fitted| fitted.head.clone()),
            quality: self.quality.as_ref().map(|fitted| fitted.model.clone()),
            residual: None,
            calibration,
            self_test: SelfTest { logit, tolerance: SELF_TEST_TOLERANCE },
        };
        let shards =
            pack(&manifest.tensors(), &self.encoder, manifest.storage, self.shard_prefix())?;
        manifest.shards = shards.iter().map(|shard| shard.entry.clone()).collect();
        Ok((manifest, shards))
    }

    /// The model with this head, loaded, its logits yet to be calibrated.
    pub(super) fn uncalibrated(&mut self, head: &LinearModel) -> Result<Detector> {
        let (manifest, shards) = self.model(head, calibration(vec![views(1, (1.0, 0.0))]), 0.0)?;
        load(&manifest, &shards, &Cpu)
    }
}

/// The pooled tokens that the heads read: those after the final norm only where it follows the
/// layer that it was trained behind.
fn features(architecture: &VisionConfig, whole: bool) -> FeatureSpec {
    let last = if whole { architecture.layers + 1 } else { architecture.layers };
    FeatureSpec::pooled(
        ((architecture.layers / EARLY_LAYERS).max(1)..=last).collect(),
        &[Pool::Class, Pool::Mean, Pool::Std],
    )
}

/// Platt scaling's slope and offset for a number of views.
fn views(views: usize, (slope, offset): (f64, f64)) -> ViewCalibration {
    ViewCalibration { views, slope, offset, measured: [None; 4] }
}

fn calibration(by_views: Vec<ViewCalibration>) -> Calibration {
    Calibration { threshold: 0.5, edges: Some(EDGES), by_views, early_exit: None }
}

/// Loads a model through the same hash-checking reader as every other program.
pub(crate) fn load(
    manifest: &Manifest,
    shards: &[PackedShard],
    engine: &dyn Engine,
) -> Result<Detector> {
    let mut loader = ModelLoader::new(manifest.clone(), engine)?;
    for (index, shard) in shards.iter().enumerate() {
        loader.push_shard(index, &shard.bytes)?;
    }
    Detector::new(pollster::block_on(loader.finish())?)
}

/// A head and how well it did where it was not fitted.
struct Candidate {
    figure: f64,
    penalty: f64,
    head: LinearModel,
}

/// Everything the head is fitted on.
struct Training {
    features: FeatureMatrix,
    labels: Vec<f32>,
    weights: Vec<f64>,
    folds: Vec<usize>,
}

impl Training {
    fn add(&mut self, features: &FeatureMatrix, entries: &[Entry]) {
        self.features.extend(features);
        let labels = labels(entries);
        self.weights.extend(balanced_weights(&labels, &origins(entries), ORIGIN_POWER));
        self.labels.extend(labels);
        self.folds.extend(folds(entries));
    }

    /// The head fitted on all rows, or on all but those of one fold; the search begins at `start`.
    fn fit(
        &self,
        penalty: f64,
        without: Option<usize>,
        start: Option<&LinearModel>,
    ) -> LinearModel {
        let mut part = FeatureMatrix { data: Vec::new(), width: self.features.width };
        let (mut labels, mut weights) = (Vec::new(), Vec::new());
        for row in 0..self.labels.len() {
            if without != Some(self.folds[row]) {
                part.data.extend_from_slice(self.features.row(row));
                labels.push(self.labels[row]);
                weights.push(self.weights[row]);
            }
        }
        fit_linear_from(&part, &labels, &weights, penalty, Loss::Logistic, start)
    }

    /// Every row's logit from a head that saw no image of its origin. Two classes of hundreds of
    /// images from a dozen origins, as `calibrate` alone offers, would leave the offset to those
    /// origins' whims. `whole` is the head that saw all.
    fn out_of_fold(&self, penalty: f64, whole: &LinearModel) -> CalibrationSet {
        let mut logits = vec![0.0; self.labels.len()];
        for fold in 0..FOLDS {
            let head = self.fit(penalty, Some(fold), Some(whole));
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
pub(super) struct CalibrationSet {
    logits: Vec<f64>,
    labels: Vec<f32>,
    weights: Vec<f64>,
}

impl CalibrationSet {
    pub(super) fn of(logits: Vec<f64>, entries: &[Entry]) -> Self {
        let labels = labels(entries);
        let weights = balanced_weights(&labels, &origins(entries), ORIGIN_POWER);
        Self { logits, labels, weights }
    }

    pub(super) fn extend(&mut self, logits: Vec<f64>, entries: &[Entry], share: f64) {
        let other = Self::of(logits, entries);
        self.logits.extend(other.logits);
        self.labels.extend(other.labels);
        self.weights.extend(other.weights.iter().map(|weight| weight * share));
    }

    /// The same images under several perturbations, which share the weight of one.
    fn extend_by_perturbations(
        &mut self,
        head: &LinearModel,
        perturbations: &[FeatureMatrix],
        entries: &[Entry],
    ) {
        for features in perturbations {
            self.extend(head.logits(features), entries, 1.0 / perturbations.len() as f64);
        }
    }

    pub(super) fn platt(&self) -> (f64, f64) {
        platt(&self.logits, &self.labels, &self.weights)
    }
}

/// The images of a role that share no prompt with `fit`, and their transformed features under each
/// variant.
pub(super) fn held_out(
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
fn five_view_logits(preprocessing: &Preprocessing, first: &[f64], corners: &[f64]) -> Vec<f64> {
    let shares = preprocessing.view_shares(CORNERS + 1);
    let corners = corners.as_chunks::<CORNERS>().0;
    let weighted = |(first, corners): (&f64, &[f64; CORNERS])| {
        std::iter::once(first).chain(corners).zip(&shares).map(|(logit, share)| logit * share).sum()
    };
    first.iter().zip(corners).map(weighted).collect()
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

/// The mean, over perturbations, of the AUC of the images that are kept.
fn mean_auc(
    perturbations: &[Vec<f64>],
    entries: &[Entry],
    keep: impl Fn(&Entry) -> bool,
) -> Result<f64> {
    let kept: Vec<Entry> = entries.iter().filter(|entry| keep(entry)).cloned().collect();
    let mut sum = 0.0;
    for logits in perturbations {
        let pairs = logits.iter().zip(entries).filter(|(_, entry)| keep(entry));
        sum += auc_of(&pairs.map(|(logit, _)| *logit).collect::<Vec<_>>(), &kept)?;
    }
    Ok(sum / perturbations.len() as f64)
}

pub(crate) fn auc_of(logits: &[f64], entries: &[Entry]) -> Result<f64> {
    let samples: Vec<Sample> = logits
        .iter()
        .zip(entries)
        .map(|(score, entry)| Sample { score: *score, positive: entry.label == Label::Ai })
        .collect();
    auc(&samples).ok_or_else(|| {
        Error::new(ErrorKind::Argument, "the manifest lacks images of a class or role")
    })
}
