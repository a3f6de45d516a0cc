//! `clipsight train`: whole models, and parts of them.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ValueEnum;
use clipsight::Result;
use clipsight::image::ViewCount;
use clipsight_lab::recipe::detector::EncoderState;
use clipsight_lab::recipe::{detector, finetune, quality, references, residual};
use clipsight_native::io::print;

use crate::arguments::Quantisation;

/// Arguments of `clipsight train`.
#[derive(clap::Args, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    inputs: Option<Inputs>,
    /// Folder for the model
    #[arg(long, value_name = "DIR", default_value = "models/compact")]
    out: PathBuf,
}

/// What every whole model is trained from.
#[derive(clap::Args, Debug)]
struct Inputs {
    /// Labelled images: a manifest with the columns file, label, role, origin; may be repeated
    #[arg(long, value_name = "MANIFEST", required = true)]
    data: Vec<PathBuf>,
    /// Pretrained encoder: a plain ViT of timm's, or a CLIP, in any form that `import` reads
    #[arg(long, value_name = "FILE|DIR")]
    encoder: PathBuf,
    /// The encoder was fine-tuned on the images of role fit: they say nothing about other images
    #[arg(long)]
    tuned: bool,
    /// Layers of the encoder to use, from the first on [default: all]
    #[arg(long, value_name = "N")]
    layers: Option<usize>,
    /// Storage of the encoder's matrices
    #[arg(long, value_enum, default_value_t = Quantisation::Q8)]
    quant: Quantisation,
    /// Augmented copies of every image of role fit that heads learn from, beside the image itself
    #[arg(long, value_name = "N", default_value_t = detector::COPIES)]
    copies: u32,
    /// The model looks at the whole image alone, not at its corners where that gives no grade
    #[arg(long)]
    one_view: bool,
    /// Folder for features and checkpoints; an interrupted run resumes from it
    #[arg(long, value_name = "DIR", default_value = "target/train-cache")]
    cache: PathBuf,
    /// Seed for everything random
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Name and version of the model [default: the name of the folder that it is written to]
    #[arg(long, value_name = "NAME")]
    id: Option<String>,
    /// SPDX expression of the licence of the encoder's weights
    #[arg(long, value_name = "SPDX", default_value = "LicenseRef-unknown")]
    licence: String,
    /// Folder that reports about the model are written to [default: studies, in a folder called
    /// like the model's]
    #[arg(long, value_name = "DIR")]
    reports: Option<PathBuf>,
}

/// What else can be trained.
#[derive(clap::Subcommand, Debug)]
enum Command {
    /// Fine-tune the encoder first, together with a fitted head; writes a whole model
    FineTune(FineTuneArgs),
    /// Train a small network at full resolution beside a model's encoder; writes the model with
    /// both, and a report
    Residual(ResidualArgs),
    /// Train a quality head on scored images
    Quality(QualityArgs),
    /// Make scored images from clean ones, by known degradations
    QualitySet(QualitySetArgs),
    /// Give a model its quality head, from real images made worse in known ways
    QualityHead(QualityHeadArgs),
    /// Write the labelled rows beside a model that heads are taught with
    References(ReferencesArgs),
}

#[derive(clap::Args, Debug)]
struct ReferencesArgs {
    /// Labelled images: a manifest with the columns file, label, role, origin
    #[arg(long, value_name = "MANIFEST")]
    data: PathBuf,
    /// The model, which gets the file: a name or a folder [default: as for scan]
    #[arg(long, value_name = "NAME|DIR")]
    model: Option<PathBuf>,
    /// Folder for features
    #[arg(long, value_name = "DIR", default_value = "target/train-cache")]
    cache: PathBuf,
}

#[derive(clap::Args, Debug)]
struct FineTuneArgs {
    #[command(flatten)]
    inputs: Inputs,
    /// Folder for the model
    #[arg(long, value_name = "DIR", default_value = "target/compact-finetuned")]
    out: PathBuf,
    /// Steps of fine-tuning
    #[arg(long, default_value_t = finetune::STEPS)]
    steps: usize,
    /// Share of the loss that is caption matching: the encoder learns to name generators, too, and
    /// the model carries attribution. 0 trains the head alone
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    captions: f64,
}

/// A share from 0 to 1.
fn share(text: &str) -> std::result::Result<f64, String> {
    let share = text.parse::<f64>().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| format!("{text} is not a share from 0 to 1"))
}

#[derive(clap::Args, Debug)]
struct ResidualArgs {
    /// Labelled images: a manifest with the columns file, label, role, origin
    #[arg(long, value_name = "MANIFEST")]
    data: PathBuf,
    /// Folder of the model that the network is added to [default: as for every command]
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// Folder for the combined model
    #[arg(long, value_name = "DIR", default_value = "target/compact-residual")]
    out: PathBuf,
    /// Folder for the report [default: studies, in a folder called
    /// like the model's]
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    /// Folder for logits and checkpoints; an interrupted run resumes from it
    #[arg(long, value_name = "DIR", default_value = "target/train-cache")]
    cache: PathBuf,
    /// Seed for everything random
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Images per origin to measure and calibrate on
    #[arg(
        long,
        value_name = "N",
        default_value_t = 50,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    per_origin: u32,
    /// Steps of training
    #[arg(
        long,
        default_value_t = residual::STEPS,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    steps: u32,
}

#[derive(clap::Args, Debug)]
struct QualityArgs {
    /// Scored images: a CSV file shaped like AGIQA-3K's data.csv (columns name, prompt,
    /// mos_quality)
    #[arg(long, value_name = "FILE")]
    scores: PathBuf,
    /// Folder of the images [default: the file's]
    #[arg(long, value_name = "DIR")]
    images: Option<PathBuf>,
    /// Column to learn
    #[arg(long, default_value = "mos_quality")]
    target: String,
    /// Folder of the model whose encoder is used [default: as for scan]
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// Train the small head that models carry, without text, and write the model with it to --out:
    /// it reads the features of the model's own head; a score of 5 becomes a quality of 1
    #[arg(long, conflicts_with_all = ["features", "standardize", "text"])]
    for_model: bool,
    /// Features to read
    #[arg(long, value_enum, default_value_t = Features::Layers)]
    features: Features,
    /// Whether features are standardised; the published recipe only brings them to length one
    #[arg(long, default_value_t = true, action = clap::ArgAction::Set)]
    standardize: bool,
    /// CLIP's text tower in Hugging Face's safetensors [default: a small one with random weights]
    #[arg(long, value_name = "FILE")]
    text: Option<PathBuf>,
    /// Passes over the images
    #[arg(long, default_value_t = 100)]
    epochs: usize,
    /// Seed of splits and training
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder for head and report
    #[arg(long, value_name = "DIR", default_value = "target/quality")]
    out: PathBuf,
    /// Folder for computed features
    #[arg(long, value_name = "DIR", default_value = "target/train-cache")]
    cache: PathBuf,
}

/// What the head reads from the encoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Features {
    /// The embedding, as published
    Embedding,
    /// The pooled tokens of all layers that the model's own head reads
    Layers,
}

#[derive(clap::Args, Debug)]
struct QualitySetArgs {
    /// Labelled images: a manifest with the columns file, label, role, origin; those of role fit
    /// are used
    #[arg(long, value_name = "MANIFEST")]
    data: PathBuf,
    /// Folder to create for the images and data.csv
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Source images; each yields seventeen images
    #[arg(long, default_value_t = 88)]
    sources: usize,
    /// Seed of the choice and of the strengths
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(clap::Args, Debug)]
struct QualityHeadArgs {
    /// Labelled images: a manifest with the columns file, label, role, origin; real ones of role
    /// fit are used
    #[arg(long, value_name = "MANIFEST")]
    data: PathBuf,
    /// Folder of the model [default: as for scan]
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// Folder for the model with the head and for quality.json
    #[arg(long, value_name = "DIR", default_value = "target/quality-head")]
    out: PathBuf,
    /// Folder for computed features
    #[arg(long, value_name = "DIR", default_value = "target/train-cache")]
    cache: PathBuf,
    /// Seed of sources, strengths, split and training
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl Inputs {
    /// For a model that is written to `out`.
    fn of(&self, out: &Path) -> detector::Inputs {
        let Self { data, encoder, tuned, layers, quant, copies, one_view, .. } = self;
        let Self { cache, seed, id, licence, reports, .. } = self;
        let name = || out.file_name().unwrap_or("model".as_ref());
        detector::Inputs {
            data: data.clone(),
            encoder: encoder.clone(),
            state: if *tuned { EncoderState::FineTuned } else { EncoderState::Frozen },
            layers: *layers,
            storage: (*quant).into(),
            copies: *copies,
            views: if *one_view { ViewCount::One } else { ViewCount::Five },
            cache: cache.clone(),
            seed: *seed,
            id: id.clone().unwrap_or_else(|| name().to_string_lossy().into_owned()),
            licence: licence.clone(),
            reports: reports.clone().unwrap_or_else(|| Path::new("studies").join(name())),
        }
    }
}

impl From<&ResidualArgs> for residual::Options {
    fn from(args: &ResidualArgs) -> Self {
        let ResidualArgs { data, model, out, report, cache, seed, per_origin, steps } = args;
        Self {
            data: data.clone(),
            model: model.clone(),
            out: out.clone(),
            report: report.clone(),
            cache: cache.clone(),
            seed: *seed,
            per_origin: *per_origin,
            steps: *steps,
        }
    }
}

impl From<&QualityArgs> for quality::Options {
    fn from(args: &QualityArgs) -> Self {
        Self {
            scores: args.scores.clone(),
            images: args.images.clone(),
            target: args.target.clone(),
            model: args.model.clone(),
            for_model: args.for_model,
            features: match args.features {
                Features::Embedding => quality::Features::Embedding,
                Features::Layers => quality::Features::Layers,
            },
            standardize: args.standardize,
            text: args.text.clone(),
            epochs: args.epochs,
            seed: args.seed,
            out: args.out.clone(),
            cache: args.cache.clone(),
        }
    }
}

/// Runs the training.
///
/// # Errors
/// Those of the recipe.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    match (&args.command, &args.inputs) {
        (None, Some(inputs)) => detector::run(&inputs.of(&args.out), &args.out),
        // clap requires them without a subcommand.
        (None, None) => Ok(()),
        (Some(Command::FineTune(args)), _) => finetune::run(&finetune::Options {
            inputs: args.inputs.of(&args.out),
            out: args.out.clone(),
            steps: args.steps,
            captions: args.captions,
        }),
        (Some(Command::Residual(args)), _) => residual::run(&args.into()),
        (Some(Command::Quality(args)), _) => {
            quality::run(&args.into()).and_then(|text| print(&text))
        }
        (Some(Command::QualitySet(args)), _) => {
            let QualitySetArgs { data, out, sources, seed } = args;
            quality::synthetic::run(&quality::synthetic::Options {
                data: data.clone(),
                out: out.clone(),
                sources: *sources,
                seed: *seed,
            })
        }
        (Some(Command::References(ReferencesArgs { data, model, cache })), _) => {
            references::run(&references::Options {
                data: data.clone(),
                model: model.clone(),
                cache: cache.clone(),
            })
        }
        (Some(Command::QualityHead(args)), _) => {
            let QualityHeadArgs { data, model, out, cache, seed } = args;
            let text = quality::shipped::run(&quality::shipped::Options {
                data: data.clone(),
                model: model.clone(),
                out: out.clone(),
                cache: cache.clone(),
                seed: *seed,
            })?;
            print(&text)
        }
    }?;
    Ok(ExitCode::SUCCESS)
}
