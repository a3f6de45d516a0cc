//! `clipsight eval`: measures a model on labelled images.

mod confounds;
mod figures;
mod report;
mod robustness;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clipsight::detect::Verdict;
use clipsight::image::decode;
use clipsight::weights::sha256_hex;
use clipsight::{Error, ErrorKind, Result};

pub(crate) use self::figures::{Scored, evaluate};
use self::report::DataName;
pub(crate) use self::report::{ModelName, Report, Section};
use crate::dataset::{Dataset, Entry, Label, Role};
use crate::io;
use crate::pipeline;
use crate::runtime::{Runtime, RuntimeArgs, parse_views};
use crate::scan::progress_bar;

/// Arguments of `eval`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Labelled images: a CSV file with the columns file, label, role, origin; files stand relative to it
    #[arg(value_name = "MANIFEST")]
    data: PathBuf,
    #[command(flatten)]
    runtime: RuntimeArgs,
    /// The images to measure on
    #[arg(long, value_enum, default_value_t = Role::Test)]
    role: Role,
    /// Views of each image: 1 or 5 [default: the model's own]
    #[arg(long, value_name = "N", value_parser = parse_views)]
    views: Option<usize>,
    /// Write the figures as JSON, too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Measure on recompressed, resized and blurred copies, too: eight more views of each image
    #[arg(long)]
    deliveries: bool,
}

/// What one image gave.
struct Outcome {
    scored: Scored,
    /// Mean logit under each delivery, where they were asked for.
    delivered: Vec<f64>,
}

/// Scores every image of the role, prints the figures and writes them.
///
/// # Errors
/// When anything at all cannot be read or scored: figures over some of the images would be figures of something else.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let runtime = args.runtime.open()?;
    let views = runtime.views(args.views)?;
    let dataset = Dataset::read(&args.data)?;
    let entries = dataset.role(args.role);
    let manifest = runtime.detector().manifest();
    eprintln!("clipsight: {} on the {}, {} images", manifest.id, runtime.device(), entries.len());

    let outcomes = score_all(&runtime, &dataset.root, &entries, views, args.deliveries)?;
    let scored: Vec<Scored> = outcomes.iter().map(|outcome| outcome.scored.clone()).collect();
    let calibration = &manifest.calibration;
    let figures = evaluate(&scored, calibration.threshold)?;
    let deliveries = if args.deliveries {
        let delivered: Vec<&[f64]> = outcomes.iter().map(|outcome| outcome.delivered.as_slice()).collect();
        Some(robustness::evaluate(&scored, &delivered, calibration)?)
    } else {
        None
    };
    let report = Report {
        schema: report::SCHEMA,
        model: ModelName::of(manifest)?,
        data: DataName {
            manifest_sha256: sha256_hex(&io::read_file(&args.data)?),
            role: args.role.name().to_owned(),
        },
        views,
        figures,
        deliveries,
        confounds: confounds::measure(&dataset, args.role)?,
    };
    io::print(&report.sections().iter().map(Section::table).collect::<Vec<_>>().join("\n"))?;
    if let Some(path) = &args.json {
        io::write_file(path, report.to_json()?.as_bytes())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn score_all(
    runtime: &Runtime,
    root: &Path,
    entries: &[Entry],
    views: usize,
    deliveries: bool,
) -> Result<Vec<Outcome>> {
    let mut outcomes = Vec::with_capacity(entries.len());
    let mut failure = None;
    let bar = progress_bar(entries.len());
    let work = |entry: &Entry| {
        let path = root.join(&entry.file);
        score(runtime, entry, &path, views, deliveries).map_err(|error| {
            Error::new(error.kind(), format!("{}: {}", path.display(), error.message())).with_source(error)
        })
    };
    pipeline::in_order(entries, work, |outcome| {
        bar.inc(1);
        match outcome {
            Ok(outcome) => {
                outcomes.push(outcome);
                ControlFlow::Continue(())
            }
            Err(error) => {
                failure = Some(error);
                ControlFlow::Break(())
            }
        }
    })?;
    bar.finish_and_clear();
    failure.map_or(Ok(outcomes), Err)
}

fn score(runtime: &Runtime, entry: &Entry, path: &Path, views: usize, deliveries: bool) -> Result<Outcome> {
    let bytes = io::read_image(path)?;
    let detector = runtime.detector();
    let (score, grade, reason) = match runtime.score(detector.prepare(&bytes, Some(views))?)?.model {
        Verdict::Scored { score, grade, .. } => (score, Some(grade), None),
        Verdict::Abstained { score, reason } => (score, None, Some(reason)),
    };
    let delivered = if deliveries {
        let views = robustness::views(&detector.manifest().calibration)?;
        robustness::logits(runtime, &decode(&bytes)?.pixels, views)?
    } else {
        Vec::new()
    };
    let scored = Scored {
        generated: entry.label == Label::Ai,
        origin: entry.origin.clone(),
        content: entry.content.clone(),
        probability: score.probability,
        grade,
        reason,
    };
    Ok(Outcome { scored, delivered })
}

/// The error of a role without images of both classes.
fn one_class() -> Error {
    Error::new(ErrorKind::Argument, "the images to measure on must be of both classes, ai and real")
}
