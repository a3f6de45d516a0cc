//! `clipsight card`: the figures in documents are written by this command, never by hand.

use std::path::PathBuf;
use std::process::ExitCode;

use clipsight::Result;
use clipsight_lab::eval::{CardOptions, update_card};

/// Arguments of `card`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The models' folders, each with model.json, eval.json and README.md
    #[arg(value_name = "DIR", default_values = ["models/compact", "models/standard"])]
    models: Vec<PathBuf>,
    /// A further document, such as the repository's README.md, that receives the short table of all
    /// models
    #[arg(long, value_name = "FILE")]
    readme: Option<PathBuf>,
    /// Change nothing; fail when a document's figures differ
    #[arg(long)]
    check: bool,
}

/// Writes the figures of each model's `eval.json` into its card, and the short table of all of them
/// into `--readme`.
///
/// # Errors
/// As [`update_card`].
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let Args { models, readme, check } = args;
    update_card(&CardOptions { models: models.clone(), readme: readme.clone(), check: *check })?;
    Ok(ExitCode::SUCCESS)
}
