//! Measures a model on labelled images.

mod attribution;
mod card;
mod confounds;
mod controls;
mod folder;
pub mod html;
mod operating;
mod report;
mod robustness;
mod section;
mod shortcuts;
mod subset;

use std::path::Path;

use clipsight::image::ViewCount;
use clipsight::model::Verdict;
use clipsight::weights::sha256_hex;
use clipsight::{Error, ErrorKind, Result};
use clipsight_measure::curves::Curves;
use clipsight_measure::figures::{Scored, evaluate};
use clipsight_measure::folder::{DataName, SCHEMA};
use clipsight_native::picture::decode;

use self::attribution::Attributed;

pub use self::card::{CardOptions, update_card};
use self::controls::{HEAD_IMAGES, RandomHeads};
pub use self::folder::measure_folder;
pub use self::operating::OperatingPoints;
pub use self::report::EvalReport;
use self::report::model_name;
pub use self::robustness::PerturbationSet;
use self::robustness::{Perturbed, partners};
pub use self::section::Section;
use self::shortcuts::{Shortcuts, SizeFigures};
use self::subset::stratified;
use crate::dataset::{Dataset, Entry, Label, Role};
use crate::features::{of_row, with_pixels};
use clipsight_native::io;
use clipsight_native::pipeline;
use clipsight_native::progress;
use clipsight_native::runtime::Runtime;

/// What to measure.
#[derive(Clone, Debug)]
pub struct Options {
    /// The images to measure on.
    pub role: Role,
    /// Views of each image, 1 or 5; `None` for the model's own number.
    pub views: Option<usize>,
    /// Also measure on recompressed, resized, cropped and blurred copies: one more view per image
    /// and copy.
    pub perturbations: Option<PerturbationSet>,
    /// Perturb at most this many images, sampled in proportion from every generator and source;
    /// `None` for all.
    pub perturbed_images: Option<u32>,
    /// Also measure controls: shuffled labels and heads with random weights, which must score like
    /// chance.
    pub controls: bool,
    /// Choose thresholds by false-alarm rate on role `calibrate`, and measure them on the role.
    pub operating_points: bool,
    /// Also measure whether content or size stands for the class: on the matched sets and the human
    /// art of roles `select` and `calibrate`, and on reduced photographs of the role.
    pub shortcuts: bool,
}

/// The result of an evaluation.
#[derive(Debug)]
pub struct Evaluation {
    /// All figures.
    pub report: EvalReport,
    /// Thresholds by false-alarm rate, if requested.
    pub operating_points: Option<OperatingPoints>,
}

/// One image, and what is to be measured on it beside its score.
struct Item<'a> {
    entry: &'a Entry,
    /// The others of its collage, if it is perturbed.
    partners: Option<Vec<&'a Entry>>,
    /// Whether random heads look at it.
    control: bool,
    /// Whether it is to be attributed, should it be generated.
    attribute: bool,
}

/// The results for one image.
struct Outcome {
    scored: Scored,
    /// The shorter side of the image as it is stored.
    short_side: u32,
    perturbed: Option<Perturbed>,
    /// One logit per caption, for generated images if the model names generators.
    captions: Option<Vec<f32>>,
    /// One logit per random head.
    control: Option<Vec<f64>>,
}

/// Settings shared by all images.
struct Measurement<'a> {
    runtime: &'a Runtime,
    root: &'a Path,
    views: Option<usize>,
    perturbations: PerturbationSet,
    heads: Option<RandomHeads>,
}

/// Reads the manifest at `data` and checks that it has what the options ask for: before a model is
/// loaded, and an hour of work begins.
///
/// # Errors
/// [`ErrorKind::Argument`] for options that make no sense, or a role without both classes;
/// [`ErrorKind::Io`] when the manifest or a file that it names is not there.
pub fn read(data: &Path, options: &Options) -> Result<Dataset> {
    if options.operating_points && options.role == Role::Calibrate {
        let message = "operating points are chosen on role calibrate: measure them on another role";
        return Err(Error::new(ErrorKind::Argument, message));
    }
    let dataset = Dataset::read(data)?;
    dataset.role_of_both_classes(options.role)?;
    dataset.check_files()?;
    Ok(dataset)
}

/// Scores every image of the role of the data set that [`read`] gave of the manifest at `data`.
///
/// # Errors
/// When any image cannot be read or scored: figures over some of the images would describe a
/// different data set.
pub fn measure(
    runtime: &Runtime,
    data: &Path,
    dataset: &Dataset,
    args: &Options,
) -> Result<Evaluation> {
    let entries = dataset.role_of_both_classes(args.role)?;
    runtime.check_views(args.views)?;
    let manifest = runtime.detector().manifest();
    eprintln!("clipsight: {} on the {}, {} images", manifest.id, runtime.device(), entries.len());

    let measurement = Measurement {
        runtime,
        root: &dataset.root,
        views: args.views,
        perturbations: args.perturbations.unwrap_or(PerturbationSet::Quick),
        heads: args.controls.then(|| RandomHeads::of(runtime.detector())),
    };
    let perturbed = match (args.perturbations, args.perturbed_images) {
        (None, _) => vec![false; entries.len()],
        (Some(_), None) => vec![true; entries.len()],
        (Some(_), Some(count)) => stratified(&entries, count as usize),
    };
    let control = stratified(&entries, if args.controls { HEAD_IMAGES } else { 0 });
    let items: Vec<Item<'_>> = (0..entries.len())
        .map(|index| Item {
            entry: &entries[index],
            partners: perturbed[index].then(|| {
                partners(&entries, index).into_iter().map(|other| &entries[other]).collect()
            }),
            control: control[index],
            attribute: true,
        })
        .collect();
    let outcomes = measurement.score_all(&items)?;

    let scored: Vec<Scored> = outcomes.iter().map(|outcome| outcome.scored.clone()).collect();
    let manifest_sha256 = sha256_hex(&io::read_file(data)?);
    let calibrate = if args.operating_points || args.shortcuts {
        measurement.scored(&dataset.role_of_both_classes(Role::Calibrate)?)?
    } else {
        Vec::new()
    };
    let operating_points = if args.operating_points {
        Some(OperatingPoints::of(
            &calibrate,
            &scored,
            model_name(manifest)?,
            manifest_sha256.clone(),
            args.role.name(),
        )?)
    } else {
        None
    };
    let shortcuts = if args.shortcuts {
        let mut others = measurement.scored(&dataset.role(Role::Select))?;
        others.extend(calibrate);
        let sizes = measurement.sizes(&entries)?;
        Some(Shortcuts::of(&scored, &others, sizes, manifest.calibration.threshold))
    } else {
        None
    };
    let calibration = &manifest.calibration;
    let pairs: Vec<(&Scored, &Perturbed)> = scored
        .iter()
        .zip(&outcomes)
        .filter_map(|(scored, outcome)| Some((scored, outcome.perturbed.as_ref()?)))
        .collect();
    let heads: Vec<(&Scored, &[f64])> = scored
        .iter()
        .zip(&outcomes)
        .filter_map(|(scored, outcome)| Some((scored, outcome.control.as_deref()?)))
        .collect();
    let report = EvalReport {
        schema: SCHEMA,
        model: model_name(manifest)?,
        data: DataName {
            manifest_sha256,
            role: args.role.name().to_owned(),
            short_sides: DataName::short_sides(
                outcomes.iter().map(|outcome| outcome.short_side).collect(),
            ),
        },
        views: args.views.unwrap_or_else(|| calibration.default_views()),
        early_exit: args.views.is_none() && calibration.early_exit.is_some(),
        figures: evaluate(&scored, calibration.threshold)?,
        curves: Curves::of(&scored, calibration.threshold),
        perturbations: args
            .perturbations
            .map(|set| robustness::evaluate(&pairs, entries.len(), set, calibration))
            .transpose()?,
        attribution: match &manifest.attribution {
            None => None,
            Some(head) => {
                let attributed = |(outcome, entry): (&Outcome, _)| {
                    outcome.captions.as_ref().map(|logits| Attributed::new(entry, logits, head))
                };
                let images: Vec<Attributed<'_>> =
                    outcomes.iter().zip(&entries).filter_map(attributed).collect::<Result<_>>()?;
                attribution::measure(&images, &head.captions)
            }
        },
        controls: args.controls.then(|| controls::measure(&scored, &heads)).transpose()?,
        confounds: confounds::measure(dataset, args.role)?,
        shortcuts,
        folder: None,
    };
    Ok(Evaluation { report, operating_points })
}

impl Measurement<'_> {
    /// Scores of images that nothing else is measured on.
    fn scored(&self, entries: &[Entry]) -> Result<Vec<Scored>> {
        let item = |entry| Item { entry, partners: None, control: false, attribute: false };
        let items: Vec<Item<'_>> = entries.iter().map(item).collect();
        Ok(self.score_all(&items)?.into_iter().map(|outcome| outcome.scored).collect())
    }

    /// What size does to the verdicts on photographs among these images.
    fn sizes(&self, entries: &[Entry]) -> Result<Vec<SizeFigures>> {
        let entries = shortcuts::photographs(entries);
        let grades = pipeline::all(&entries, &progress::bar(entries.len()), |entry| {
            with_pixels(self.root, entry, |pixels| shortcuts::grades(self.runtime, pixels))
        })?;
        Ok(shortcuts::by_size(&grades))
    }

    fn score_all(&self, items: &[Item<'_>]) -> Result<Vec<Outcome>> {
        pipeline::all(items, &progress::bar(items.len()), |item| {
            self.score(item).map_err(|error| of_row(self.root, item.entry, error))
        })
    }

    fn score(&self, item: &Item<'_>) -> Result<Outcome> {
        let Item { entry, partners, control, attribute } = item;
        let bytes = io::read_image(&self.root.join(&entry.file))?;
        let detector = self.runtime.detector();
        let analysis = self.runtime.score(self.runtime.prepare(&bytes, self.views)?)?;
        let (score, grade, reason) = match analysis.model {
            Verdict::Scored { score, grade, .. } => (score, Some(grade), None),
            Verdict::Abstained { score, reason } => (score, None, Some(reason)),
        };
        let perturbed = partners.as_ref().map(|partners| {
            let partners = partners
                .iter()
                .map(|partner| with_pixels(self.root, partner, |pixels| Ok(pixels.clone())))
                .collect::<Result<Vec<_>>>()?;
            let pixels = decode(&bytes)?.pixels;
            robustness::perturb(
                self.runtime,
                &pixels,
                entry.row as u64,
                &partners,
                self.perturbations,
            )
        });
        let random = self.heads.as_ref().filter(|_| *control).map(|heads| {
            let views =
                detector.manifest().preprocessing.views(&decode(&bytes)?.pixels, ViewCount::One)?;
            self.runtime.features(&views).map(|features| heads.logits(features))
        });
        let attributes =
            *attribute && entry.label == Label::Ai && detector.manifest().attribution.is_some();
        let captions = attributes.then(|| {
            let count = ViewCount::try_from(
                self.views.unwrap_or_else(|| detector.manifest().calibration.default_views()),
            )?;
            let views = detector.manifest().preprocessing.views(&decode(&bytes)?.pixels, count)?;
            self.runtime.answers(&views).map(|answers| answers.captions)
        });
        let scored = Scored {
            generated: entry.label == Label::Ai,
            origin: entry.origin.clone(),
            content: entry.content.clone(),
            probability: score.probability,
            grade,
            reason,
        };
        Ok(Outcome {
            scored,
            short_side: analysis.file.width.min(analysis.file.height),
            perturbed: perturbed.transpose()?,
            captions: captions.transpose()?.flatten(),
            control: random.transpose()?,
        })
    }
}
