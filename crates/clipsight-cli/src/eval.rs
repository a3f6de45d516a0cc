//! `clipsight eval`: measures a model on labelled images.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clipsight::{Error, ErrorKind, Result};
use clipsight_lab::dataset::Role;
use clipsight_lab::eval::{self, EvalReport, Evaluation, Options, Section, html};
use clipsight_measure::folder::{Passed, PassedReason};
use clipsight_native::folder::LabelledFolder;
use clipsight_native::io;

use crate::arguments::{RuntimeArgs, parse_views};

/// Arguments of `eval`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Labelled images: a CSV file with the columns file, label, role, origin, paths relative to
    /// it; or a folder with two folders in it, such as `ai` and `real`, or with a CSV file of the
    /// columns path and label; or that file
    #[arg(value_name = "MANIFEST")]
    data: PathBuf,
    #[command(flatten)]
    runtime: RuntimeArgs,
    /// The images to measure on
    #[arg(long, default_value = "test", value_parser = role())]
    role: Role,
    /// Views of each image: 1 or 5 [default: the model's own]
    #[arg(long, value_name = "N", value_parser = parse_views)]
    views: Option<usize>,
    /// Also write every figure as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Also write a report with plots as a single HTML file
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Also measure on recompressed, resized, cropped and blurred copies: one more view per image
    /// and copy
    #[arg(long, alias = "deliveries", value_enum, value_name = "SET")]
    perturbations: Option<PerturbationSet>,
    /// Perturb at most N images, sampled in proportion from every generator and source [default:
    /// all]
    #[arg(
        long,
        alias = "delivery-images",
        value_name = "N",
        requires = "perturbations",
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    perturbed_images: Option<u32>,
    /// Also measure controls: shuffled labels and heads with random weights, which must score like
    /// chance
    #[arg(long)]
    controls: bool,
    /// Choose thresholds by false-alarm rate on role calibrate, measure them on --role, and write
    /// them as JSON
    #[arg(long, value_name = "FILE")]
    operating_points: Option<PathBuf>,
    /// Also measure whether content or size stands for the class: on the matched sets and the human
    /// art of roles select and calibrate, and on reduced photographs of --role
    #[arg(long)]
    shortcuts: bool,
}

fn role() -> impl clap::builder::TypedValueParser<Value = Role> {
    PossibleValuesParser::new(Role::ALL.map(Role::name)).try_map(|name| {
        Role::ALL.into_iter().find(|role| role.name() == name).ok_or("there is no such role")
    })
}

/// Which perturbations are measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum PerturbationSet {
    /// Seven common ones
    Quick,
    /// All thirty-one
    Full,
}

impl From<PerturbationSet> for eval::PerturbationSet {
    fn from(set: PerturbationSet) -> Self {
        match set {
            PerturbationSet::Quick => Self::Quick,
            PerturbationSet::Full => Self::Full,
        }
    }
}

/// Scores every image of the role, prints the figures and writes them.
///
/// # Errors
/// As [`eval::measure`]; when a file cannot be written.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    // Bad arguments are refused before an hour of work.
    for path in args.json.iter().chain(&args.html).chain(&args.operating_points) {
        io::check_folder(path)?;
    }
    let options = Options {
        role: args.role,
        views: args.views,
        perturbations: args.perturbations.map(Into::into),
        perturbed_images: args.perturbed_images,
        controls: args.controls,
        operating_points: args.operating_points.is_some(),
        shortcuts: args.shortcuts,
    };
    let Evaluation { report, operating_points } = if LabelledFolder::is_meant_by(&args.data) {
        Evaluation { report: measure_folder(args)?, operating_points: None }
    } else {
        let dataset = eval::read(&args.data, &options)?;
        eval::measure(&args.runtime.open()?, &args.data, &dataset, &options)?
    };
    // Everything is rendered before anything is written.
    let json = report.to_json()?;
    let page = args.html.as_ref().map(|path| Ok((path, html::render(&report)?))).transpose()?;
    let points = match (&args.operating_points, operating_points) {
        (Some(path), Some(points)) => Some((path, points.to_json()?)),
        _ => None,
    };
    io::print(&report.sections().iter().map(Section::table).collect::<Vec<_>>().join("\n"))?;
    if let Some(path) = &args.json {
        io::write_file(path, json.as_bytes())?;
    }
    for (path, text) in page.into_iter().chain(points) {
        io::write_file(path, text.as_bytes())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Measures a folder whose images have no roles, and says what it left out.
fn measure_folder(args: &Args) -> Result<EvalReport> {
    let needs_roles = [
        ("--perturbations", args.perturbations.is_some()),
        ("--controls", args.controls),
        ("--operating-points", args.operating_points.is_some()),
        ("--shortcuts", args.shortcuts),
    ];
    if let Some((option, _)) = needs_roles.iter().find(|(_, given)| *given) {
        let message = format!(
            "{option} takes a manifest, a CSV file with the columns file, label, role, origin: {} \
             has no roles",
            args.data.display()
        );
        return Err(Error::new(ErrorKind::Argument, message));
    }
    let folder = LabelledFolder::read(&args.data)?;
    for (place, error) in &folder.unreadable {
        eprintln!("clipsight: {}: {}", io::printable(&place.to_string_lossy()), error.message());
    }
    if !folder.passed.is_empty() {
        eprintln!("clipsight: passed over: {}", folder.passed);
    }
    for (reason, words) in [
        (PassedReason::Unlabelled, "without a label"),
        (PassedReason::Missing, "named, and not there or not the only one of that name"),
        (PassedReason::UnknownLabel, "with a label that means neither class"),
        (PassedReason::Repeated, "named again"),
    ] {
        let of = |passed: &&Passed| passed.reason == reason;
        let passed: Vec<&Passed> = folder.sorted.passed.iter().filter(of).collect();
        if let Some(first) = passed.first() {
            let name = io::printable(&first.name);
            eprintln!("clipsight: left out: {words} {}, the first {name}", passed.len());
        }
    }
    eval::measure_folder(&args.runtime.open()?, &folder, args.views)
}
