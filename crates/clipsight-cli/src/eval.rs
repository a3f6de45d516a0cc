//! `clipsight eval`: measures a model on labelled images.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clipsight::Result;
use clipsight_lab::dataset::Role;
use clipsight_lab::eval::{self, Measured, Options, Section, html};
use clipsight_native::io;

use crate::arguments::{RuntimeArgs, parse_views};

/// Arguments of `eval`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Labelled images: a CSV file with the columns file, label, role, origin; files stand relative
    /// to it
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
    /// Write everything measured as JSON, too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write a report with plots as one HTML file, too
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Measure on recompressed, resized, cropped and blurred copies, too: one more view of each
    /// image and copy
    #[arg(long, value_enum, value_name = "MATRIX")]
    deliveries: Option<Matrix>,
    /// Deliver at most so many images, every generator and source by its share [default: all]
    #[arg(
        long,
        value_name = "N",
        requires = "deliveries",
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    delivery_images: Option<u32>,
    /// Measure controls, too: shuffled labels and heads of random weights, which must come out as
    /// chance
    #[arg(long)]
    controls: bool,
    /// Choose thresholds by false-alarm rate on role `calibrate`, measure them on the role, and
    /// write them as JSON
    #[arg(long, value_name = "FILE")]
    operating_points: Option<PathBuf>,
}

fn role() -> impl clap::builder::TypedValueParser<Value = Role> {
    PossibleValuesParser::new(Role::ALL.map(Role::name)).try_map(|name| {
        Role::ALL.into_iter().find(|role| role.name() == name).ok_or("there is no such role")
    })
}

/// Which deliveries are measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Matrix {
    /// Seven common ones
    Quick,
    /// The whole matrix: thirty-one
    Full,
}

impl From<Matrix> for eval::Matrix {
    fn from(matrix: Matrix) -> Self {
        match matrix {
            Matrix::Quick => Self::Quick,
            Matrix::Full => Self::Full,
        }
    }
}

/// Scores every image of the role, prints the figures and writes them.
///
/// # Errors
/// As [`eval::measure`]; when a file cannot be written.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    // What can be refused is refused before an hour of work.
    for path in args.json.iter().chain(&args.html).chain(&args.operating_points) {
        io::check_folder(path)?;
    }
    let options = Options {
        role: args.role,
        views: args.views,
        deliveries: args.deliveries.map(Into::into),
        delivery_images: args.delivery_images,
        controls: args.controls,
        operating_points: args.operating_points.is_some(),
    };
    eval::check(&options)?;
    let runtime = args.runtime.open()?;
    let Measured { report, operating_points } = eval::measure(&runtime, &args.data, &options)?;
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
