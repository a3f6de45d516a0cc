//! `clipsight study teach`: what teaching does for generators and cameras of role `test`.
//!
//! Each origin's images are split in halves: a head is taught with images of one, and measured on
//! the other. Verdicts are those that people get: the first view's where it yields a grade, else
//! that of all views.

use clipsight::model::Detector;
use clipsight::rng::Rng;
use clipsight::teach::{Change, Example, Label as Taught, References, Report as Lesson};
use clipsight::weights::sha256_hex;
use clipsight::{Error, ErrorKind, Result};
use clipsight_measure::fit::FeatureMatrix;
use clipsight_native::io::read_file;
use clipsight_native::runtime::{ModelFolder, Runtime};
use half::f16;
use rayon::prelude::*;
use serde::Serialize;

use super::{Common, report_folder, shuffle};
use crate::dataset::{Dataset, Entry, Label, Role};
use crate::features::{CORNERS, Extractor, RowCache, Variant, cache_for};
use crate::report::{rounded, table, write_report};

/// Examples that are taught with.
const SIZES: [usize; 3] = [10, 30, 100];

/// Other halves of every origin.
const REPEATS: u64 = 5;

/// One origin and number of examples, over the repeats; shares of images, in points of a hundred.
#[derive(Clone, Debug, Serialize)]
struct Row {
    origin: String,
    generated: bool,
    examples: usize,
    /// Images of the other half.
    held_out: usize,
    /// Of these, the share that counts as AI-generated.
    own_before: f64,
    own_after: f64,
    /// Of the images of other origins: those that are not generated, and count as it.
    false_alarms_before: f64,
    false_alarms_after: f64,
    /// Of the images of other origins: those that are generated, and count as it.
    others_before: f64,
    others_after: f64,
    /// Points of balanced accuracy that the check set gained: the mean, and the worst.
    check_gain: f64,
    worst_check_gain: f64,
    /// In how many of the repeats the report said that the head forgets.
    warned: usize,
    repeats: usize,
    /// Repeats without an answer, since too few of the examples were different.
    refused: usize,
}

#[derive(Serialize)]
struct Report {
    model: String,
    weights_sha256: String,
    manifest_sha256: String,
    references_sha256: String,
    images: usize,
    seed: u64,
    repeats: u64,
    rows: Vec<Row>,
}

/// What the study measures on.
struct Bench<'a> {
    detector: &'a Detector,
    references: References,
    entries: Vec<Entry>,
    first: FeatureMatrix,
    corners: FeatureMatrix,
    /// The shipped head's logits of every image's views.
    shipped: Vec<Vec<f64>>,
}

/// Runs the study and writes `teach.md` and `teach.json`.
///
/// # Errors
/// When model or images cannot be read, or the report not written.
pub fn run(options: &Common) -> Result<()> {
    let dataset = Dataset::read(&options.data)?;
    dataset.check_files()?;
    let folder = ModelFolder::find(options.model.as_deref());
    let runtime = Runtime::on_cpu(&folder)?;
    let detector = runtime.detector();
    let file = folder.references()?;
    let entries = dataset.role_of_both_classes(Role::Test)?;
    let rows = RowCache { root: &dataset.root, folder: cache_for(&options.cache, detector)? };
    let extractor = Extractor { detector, rows };
    let first = extractor.transformed(Role::Test, &entries, Variant::First)?;
    let corners = if detector.manifest().calibration.early_exit.is_some() {
        extractor.transformed(Role::Test, &entries, Variant::Corners)?
    } else {
        FeatureMatrix::default()
    };
    let references = References::from_bytes(&file)?;
    let mut bench = Bench { detector, references, entries, first, corners, shipped: Vec::new() };
    bench.shipped = (0..bench.entries.len())
        .into_par_iter()
        .map(|at| {
            let logit = |row: &[f16]| {
                let row: Vec<f32> = row.iter().map(|value| value.to_f32()).collect();
                f64::from(detector.shipped_logit(&row))
            };
            bench.views(at).map(logit).collect()
        })
        .collect::<Vec<Vec<f64>>>();
    let mut rows = Vec::new();
    for label in [Label::Ai, Label::Real] {
        for origin in bench.origins(label) {
            for size in SIZES {
                rows.extend(bench.row(&origin, label, size, options.seed)?);
            }
        }
    }
    let report = Report {
        model: detector.manifest().id.clone(),
        weights_sha256: detector.manifest().weights_sha256(),
        manifest_sha256: sha256_hex(&read_file(&options.data)?),
        references_sha256: sha256_hex(&file),
        images: bench.entries.len(),
        seed: options.seed,
        repeats: REPEATS,
        rows,
    };
    let out = report_folder(options, &folder)?;
    write_report(&out, "teach", &report, &markdown(&report), &[])?;
    eprintln!("the report is in {}", out.display());
    Ok(())
}

impl Bench<'_> {
    /// The origins of a class whose halves hold the fewest examples at least, by name.
    fn origins(&self, label: Label) -> Vec<String> {
        let of = self.entries.iter().filter(|entry| entry.label == label);
        let mut names: Vec<String> = of.map(|entry| entry.origin.clone()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The transformed features of an image's views.
    fn views(&self, at: usize) -> impl Iterator<Item = &[f16]> {
        let corners = if self.corners.width == 0 { 0 } else { CORNERS };
        let rest = (at * corners..(at + 1) * corners).map(|row| self.corners.row(row));
        std::iter::once(self.first.row(at)).chain(rest)
    }

    /// Whether an image counts as AI-generated, under a change of the head.
    fn accused(&self, at: usize, change: Option<&Change>) -> bool {
        let moved = |row: &[f16]| {
            change.map_or(0.0, |change| {
                let products = row.iter().zip(&change.weight);
                products.map(|(x, w)| x.to_f64() * f64::from(*w)).sum::<f64>()
                    + f64::from(change.bias)
            })
        };
        let calibration = &self.detector.manifest().calibration;
        let logit = |view: usize, row| self.shipped[at][view] + moved(row);
        let mut views = self.views(at).enumerate();
        let Some((_, first)) = views.next() else { return false };
        let first = logit(0, first);
        let probability = |count: usize, logit: f64| {
            let by_views = calibration.by_views.iter().find(|by| by.views == count);
            by_views.map_or(f64::NAN, |by| by.probability(logit))
        };
        let alone = probability(1, first);
        if calibration.early_exit.is_none() || calibration.grade(alone).is_some() {
            return alone >= calibration.threshold;
        }
        let shares = self.detector.manifest().preprocessing.view_shares(1 + CORNERS);
        let rest = views.map(|(view, row)| logit(view, row) * shares[view]).sum::<f64>();
        probability(1 + CORNERS, first * shares[0] + rest) >= calibration.threshold
    }

    /// Of some images, the share that counts as AI-generated, in points.
    fn share(&self, images: &[usize], change: Option<&Change>) -> f64 {
        let accused = images.par_iter().filter(|at| self.accused(**at, change)).count();
        100.0 * accused as f64 / images.len().max(1) as f64
    }

    /// One line of the study; nothing where half of the origin's images are fewer.
    fn row(&self, origin: &str, label: Label, size: usize, seed: u64) -> Result<Option<Row>> {
        let is_own = |at: &usize| {
            let entry = &self.entries[*at];
            entry.origin == origin && entry.label == label
        };
        let all = 0..self.entries.len();
        let own: Vec<usize> = all.clone().filter(is_own).collect();
        if own.len() / 2 < size {
            return Ok(None);
        }
        let others = |generated: bool| -> Vec<usize> {
            let wanted = if generated { Label::Ai } else { Label::Real };
            let other = all.clone().filter(|at| !is_own(at));
            other.filter(|at| self.entries[*at].label == wanted).collect()
        };
        let (real, generated) = (others(false), others(true));
        let mut measured: Vec<[f64; 6]> = Vec::new();
        let mut reports: Vec<Lesson> = Vec::new();
        let mut refused = 0;
        let mut held_out = 0;
        for repeat in 0..REPEATS {
            let mut images = own.clone();
            shuffle(&mut images, &mut Rng::new(seed ^ (repeat << 32)));
            let (taught, rest) = images.split_at(own.len() / 2);
            held_out = rest.len();
            let Some((lesson, change)) = self.taught(&taught[..size], label)? else {
                refused += 1;
                continue;
            };
            let change = Some(&change);
            measured.push([
                self.share(rest, None),
                self.share(rest, change),
                self.share(&real, None),
                self.share(&real, change),
                self.share(&generated, None),
                self.share(&generated, change),
            ]);
            reports.push(lesson);
        }
        if reports.is_empty() {
            return Ok(None);
        }
        let count = reports.len() as f64;
        let mean =
            |column: usize| rounded(measured.iter().map(|row| row[column]).sum::<f64>() / count);
        let gains: Vec<f64> = reports.iter().map(Lesson::check_gain).collect();
        Ok(Some(Row {
            origin: origin.to_owned(),
            generated: label == Label::Ai,
            examples: size,
            held_out,
            own_before: mean(0),
            own_after: mean(1),
            false_alarms_before: mean(2),
            false_alarms_after: mean(3),
            others_before: mean(4),
            others_after: mean(5),
            check_gain: rounded(gains.iter().sum::<f64>() / count),
            worst_check_gain: rounded(gains.iter().copied().fold(f64::INFINITY, f64::min)),
            warned: reports.iter().filter(|report| report.forgets()).count(),
            repeats: reports.len(),
            refused,
        }))
    }

    /// A head taught with these images; nothing where too few are different.
    fn taught(&self, images: &[usize], label: Label) -> Result<Option<(Lesson, Change)>> {
        let example = |at: &usize| -> Result<Example> {
            let row = self.first.row(*at).iter().map(|value| value.to_f32()).collect();
            self.detector.example_from(row)
        };
        let examples = images.iter().map(example).collect::<Result<Vec<_>>>()?;
        let label = if label == Label::Ai { Taught::Ai } else { Taught::Real };
        match self.detector.teach(&self.references, &examples, label, "study") {
            Ok(head) => Ok(Some((*head.report(), head.change().clone()))),
            Err(error) if error.kind() == ErrorKind::Argument => Ok(None),
            Err(error) => Err(Error::new(error.kind(), error.message().to_owned())),
        }
    }
}

fn markdown(report: &Report) -> String {
    let lines = |generated: bool| -> Vec<Vec<String>> {
        let of = report.rows.iter().filter(|row| row.generated == generated);
        of.map(|row| {
            let change = |before: f64, after: f64| format!("{before:.1} → {after:.1}");
            vec![
                row.origin.clone(),
                row.examples.to_string(),
                row.held_out.to_string(),
                change(row.own_before, row.own_after),
                change(row.false_alarms_before, row.false_alarms_after),
                change(row.others_before, row.others_after),
                format!("{:+.1} ({:+.1})", row.check_gain, row.worst_check_gain),
                format!("{} of {}", row.warned, row.repeats),
            ]
        })
        .collect()
    };
    let header = |own: &'static str| {
        [
            "origin",
            "examples",
            "held out",
            own,
            "false alarms",
            "other recall",
            "check set",
            "said so",
        ]
    };
    let (ai, real) = (lines(true), lines(false));
    format!(
        "# Teaching {}\n\nEvery generator and every source of real images of role `test`, split in \
         halves {} times: a head is taught with 10, 30 or 100 images of one half, where there are \
         as many, and measured on the other half and on all other origins, of {} images in all. \
         All figures are shares of images that count as AI-generated at the shipped threshold, in \
         points of a hundred, before → after. \"Check set\" is what the balanced accuracy on the \
         check set gained, the mean and in brackets the worst of the splits; \"said so\" counts \
         those where it lost more than one point and the report warned. Strength of the prior and \
         weight of the references were chosen on role `select`. Weights {}; seed {}. Written by \
         `clipsight study teach`.\n\n## A new generator\n\n{}\n## One's own camera or \
         collection\n\nHere the first figure is false alarms, which teaching is to lower.\n\n{}",
        report.model,
        report.repeats,
        report.images,
        &report.weights_sha256[..12.min(report.weights_sha256.len())],
        report.seed,
        table(&header("recall"), &ai),
        table(&header("own false alarms"), &real),
    )
}
