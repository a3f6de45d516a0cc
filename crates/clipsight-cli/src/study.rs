//! `clipsight study`: what an encoder's features contain, and which of them to trust.

use std::path::PathBuf;
use std::process::ExitCode;

use clipsight::Result;
use clipsight_lab::study::{self, captions, maps, stability, storage, teach};
use clipsight_lab::train::attribution::AttributionConfig;

/// Arguments of `clipsight study`.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    study: Study,
}

#[derive(clap::Subcommand, Debug)]
enum Study {
    /// Which embedding components and attention heads carry over to other generators
    Robust(StudyArgs),
    /// How many training images a linear detector needs, by features and views
    FewShot(StudyArgs),
    /// Caption matching on the frozen encoder: naming generators, families and unknown generators
    Captions(CaptionArgs),
    /// What storing the encoder in few bits does to the verdicts
    Storage(StorageArgs),
    /// Whether the maps of where the model looked are faithful
    Maps(MapsArgs),
    /// What teaching does for generators and sources of role `test`
    Teach(Common),
    /// How often verdicts are unsteady, and what abstaining from those gives
    Stability(StabilityArgs),
}

/// What every study reads and where it writes.
#[derive(clap::Args, Debug)]
struct Common {
    /// Labelled images: a manifest with the columns file, label, role, origin, family
    #[arg(long, value_name = "MANIFEST")]
    data: PathBuf,
    /// The model: a name or a folder [default: as for scan]
    #[arg(long, value_name = "NAME|DIR")]
    model: Option<PathBuf>,
    /// Folder for the report [default: studies, in a folder called
    /// like the model's]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Folder for computed features; an interrupted run resumes from it
    #[arg(long, value_name = "DIR", default_value = "target/study-cache")]
    cache: PathBuf,
    /// Seed for every random choice
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(clap::Args, Debug)]
struct StudyArgs {
    #[command(flatten)]
    common: Common,
    /// Repetitions with different random choices
    #[arg(
        long,
        value_name = "N",
        default_value_t = 10,
        value_parser = clap::value_parser!(u32).range(2..=100)
    )]
    repeats: u32,
    /// Images used of each origin, in every role
    #[arg(
        long,
        value_name = "N",
        default_value_t = 50,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    per_origin: u32,
}

#[derive(clap::Args, Debug)]
struct CaptionArgs {
    #[command(flatten)]
    common: Common,
    /// Images a generator needs to get a caption of its own
    #[arg(
        long,
        value_name = "N",
        default_value_t = 60,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    minimum: u32,
    /// Training steps
    #[arg(long, value_name = "N", default_value_t = AttributionConfig::default().steps)]
    steps: usize,
}

#[derive(clap::Args, Debug)]
struct StorageArgs {
    #[command(flatten)]
    common: Common,
    /// The encoder that the model was made from, as `train` takes it
    #[arg(long, value_name = "FILE|DIR")]
    encoder: PathBuf,
    /// Images used of each origin
    #[arg(
        long,
        value_name = "N",
        default_value_t = 6,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    per_origin: u32,
}

#[derive(clap::Args, Debug)]
struct MapsArgs {
    #[command(flatten)]
    common: Common,
    /// Images of role `test` that are used, half of each label
    #[arg(
        long,
        value_name = "N",
        default_value_t = 200,
        value_parser = clap::value_parser!(u32).range(2..)
    )]
    images: u32,
}

#[derive(clap::Args, Debug)]
struct StabilityArgs {
    #[command(flatten)]
    common: Common,
    /// Images used of each origin
    #[arg(
        long,
        value_name = "N",
        default_value_t = 20,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    per_origin: u32,
}

impl From<&Common> for study::Common {
    fn from(args: &Common) -> Self {
        let Common { data, model, out, cache, seed } = args;
        Self {
            data: data.clone(),
            model: model.clone(),
            out: out.clone(),
            cache: cache.clone(),
            seed: *seed,
        }
    }
}

impl From<&StudyArgs> for study::Options {
    fn from(args: &StudyArgs) -> Self {
        let StudyArgs { common, repeats, per_origin } = args;
        Self { common: common.into(), repeats: *repeats, per_origin: *per_origin }
    }
}

/// Runs a study.
///
/// # Errors
/// When model or images cannot be read, or the report not written.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    match &args.study {
        Study::Robust(args) => study::run(study::Study::Robust, &args.into()),
        Study::FewShot(args) => study::run(study::Study::FewShot, &args.into()),
        Study::Captions(CaptionArgs { common, minimum, steps }) => {
            let options =
                captions::Options { common: common.into(), minimum: *minimum, steps: *steps };
            captions::run(&options)
        }
        Study::Storage(StorageArgs { common, encoder, per_origin }) => {
            storage::run(&storage::Options {
                common: common.into(),
                encoder: encoder.clone(),
                per_origin: *per_origin,
            })
        }
        Study::Maps(MapsArgs { common, images }) => {
            maps::run(&maps::Options { common: common.into(), images: *images as usize })
        }
        Study::Teach(common) => teach::run(&common.into()),
        Study::Stability(StabilityArgs { common, per_origin }) => {
            stability::run(&stability::Options { common: common.into(), per_origin: *per_origin })
        }
    }?;
    Ok(ExitCode::SUCCESS)
}
