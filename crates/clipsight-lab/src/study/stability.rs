//! How often verdicts are unsteady, and what abstaining from them gives: the shipped thresholds on
//! role `test`, with and without.

use clipsight::calibration::{AbstainReason, Grade};
use clipsight::image::Delivery;
use clipsight::model::{Analysis, IfUnsteady, Request, Verdict};
use clipsight::weights::sha256_hex;
use clipsight::{Error, ErrorKind, Result};
use clipsight_native::io::{read_file, read_image};
use clipsight_native::pipeline;
use clipsight_native::progress::progress;
use clipsight_native::runtime::{ModelFolder, Runtime};
use serde::Serialize;

use super::{Common, report_folder};
use crate::dataset::{Dataset, Label, Role, at_most};
use crate::metrics::Share;
use crate::report::{short, table, write_report};

/// What is studied.
#[derive(Clone, Debug)]
pub struct Options {
    /// What is read and written.
    pub common: Common,
    /// Images of every origin that are used.
    pub per_origin: u32,
}

/// One image's answers.
struct Row {
    generated: bool,
    grade: Option<Grade>,
    /// In the order of [`Delivery::ALL`].
    delivered: Vec<Option<Grade>>,
    unsteady: bool,
}

/// Shares of graded images.
#[derive(Debug, Serialize)]
struct Errors {
    /// Graded images that were not generated, and among them those that were accused.
    false_alarms: Share,
    /// Graded images that were generated, and among them those that got `weak`.
    missed: Share,
    /// Of all images, those with a grade.
    graded: Share,
}

#[derive(Debug, Serialize)]
struct Flips {
    delivery: Delivery,
    /// Of images with a grade, those that this delivery alone would make unsteady.
    flipped: Share,
}

#[derive(Debug, Serialize)]
struct Report {
    model: String,
    weights_sha256: String,
    manifest_sha256: String,
    per_origin: u32,
    images: usize,
    without: Errors,
    with: Errors,
    /// Of graded images, those that are unsteady.
    unsteady: Share,
    /// Of unsteady images, those whose grade was wrong.
    wrong_if_unsteady: Share,
    /// Of the other graded images, those whose grade was wrong.
    wrong_if_steady: Share,
    deliveries: Vec<Flips>,
}

/// Runs the study and writes `stability.md` and `stability.json`.
///
/// # Errors
/// When model or images cannot be read, or the report not written.
pub fn run(options: &Options) -> Result<()> {
    let Common { data, model, .. } = &options.common;
    let dataset = Dataset::read(data)?;
    dataset.check_files()?;
    let images = at_most(dataset.role_of_both_classes(Role::Test)?, options.per_origin);
    let folder = ModelFolder::find(model.as_deref());
    let runtime = Runtime::on_cpu(&folder)?;
    let request = Request { views: None, explain: false, stability: Some(IfUnsteady::Say) };
    let rows = pipeline::all(&images, &progress(images.len(), "stability"), |entry| {
        let bytes = read_image(&dataset.root.join(&entry.file))?;
        let analysis = runtime.score(runtime.prepare(&bytes, request)?)?;
        Ok(row(&analysis, entry.label == Label::Ai))
    })?;
    let manifest = runtime.detector().manifest();
    let accuses = |grade: Grade| grade != Grade::Weak;
    let wrong = |row: &&Row| row.grade.is_some_and(|grade| accuses(grade) != row.generated);
    let graded = || rows.iter().filter(|row| row.grade.is_some());
    let share_of =
        |rows: Vec<&Row>| share(rows.iter().filter(|row| wrong(row)).count(), rows.len());
    let mut deliveries = Vec::new();
    for (at, delivery) in Delivery::ALL.into_iter().enumerate() {
        let flips = |row: &&Row| match (row.grade, row.delivered.get(at).copied().flatten()) {
            (Some(grade), Some(other)) => accuses(grade) != accuses(other),
            _ => false,
        };
        let flipped = share(graded().filter(flips).count(), graded().count())?;
        deliveries.push(Flips { delivery, flipped });
    }
    let report = Report {
        model: manifest.id.clone(),
        weights_sha256: manifest.weights_sha256(),
        manifest_sha256: sha256_hex(&read_file(data)?),
        per_origin: options.per_origin,
        images: rows.len(),
        without: errors(&rows, graded().collect())?,
        with: errors(&rows, graded().filter(|row| !row.unsteady).collect())?,
        unsteady: share(graded().filter(|row| row.unsteady).count(), graded().count())?,
        wrong_if_unsteady: share_of(graded().filter(|row| row.unsteady).collect())?,
        wrong_if_steady: share_of(graded().filter(|row| !row.unsteady).collect())?,
        deliveries,
    };
    let out = report_folder(&options.common, &folder)?;
    write_report(&out, "stability", &report, &markdown(&report), &[])?;
    eprintln!("the report is in {}", out.display());
    Ok(())
}

fn row(analysis: &Analysis, generated: bool) -> Row {
    let stability = analysis.stability.as_ref();
    debug_assert!(!matches!(
        analysis.model,
        Verdict::Abstained { reason: AbstainReason::Unsteady, .. }
    ));
    Row {
        generated,
        grade: analysis.model.grade(),
        delivered: stability.map_or(Vec::new(), |stability| {
            stability.deliveries.iter().map(|delivered| delivered.grade).collect()
        }),
        unsteady: stability.is_some_and(|stability| stability.unsteady),
    }
}

fn errors(all: &[Row], graded: Vec<&Row>) -> Result<Errors> {
    let of = |generated: bool, wrong: fn(Grade) -> bool| {
        let rows = || graded.iter().filter(|row| row.generated == generated);
        let wrong = rows().filter(|row| row.grade.is_some_and(wrong)).count();
        share(wrong, rows().count())
    };
    Ok(Errors {
        false_alarms: of(false, |grade| grade != Grade::Weak)?,
        missed: of(true, |grade| grade == Grade::Weak)?,
        graded: share(graded.len(), all.len())?,
    })
}

fn share(part: usize, n: usize) -> Result<Share> {
    Share::clopper_pearson(part, n).ok_or_else(|| {
        Error::new(
            ErrorKind::Argument,
            "there are too few images to study: use more of each origin",
        )
    })
}

fn markdown(report: &Report) -> String {
    let shown = |share: &Share| {
        format!("{} ({} to {})", short(share.rate), short(share.low), short(share.high))
    };
    let errors = |name: &str, errors: &Errors| {
        vec![
            name.to_owned(),
            shown(&errors.graded),
            shown(&errors.false_alarms),
            shown(&errors.missed),
        ]
    };
    let deliveries: Vec<Vec<String>> = report
        .deliveries
        .iter()
        .map(|flips| vec![flips.delivery.name().to_owned(), shown(&flips.flipped)])
        .collect();
    format!(
        "# Stability of {}\n\nOn {} images of role `test`, at most {} an origin, with the shipped \
         thresholds. In brackets: 95 % intervals (Clopper-Pearson). Of graded images, {} are \
         unsteady: a delivery gets a grade on the other side of the threshold. Of these, {} have a \
         wrong grade; of the others, {}. Weights {}. Written by `clipsight study stability`.\n\n{}\
         \nGraded images that one delivery alone flips:\n\n{}",
        report.model,
        report.images,
        report.per_origin,
        shown(&report.unsteady),
        shown(&report.wrong_if_unsteady),
        shown(&report.wrong_if_steady),
        &report.weights_sha256[..12.min(report.weights_sha256.len())],
        table(
            &["", "graded", "false alarms", "missed"],
            &[errors("as shipped", &report.without), errors("without unsteady ones", &report.with),]
        ),
        table(&["delivery", "flipped"], &deliveries)
    )
}
