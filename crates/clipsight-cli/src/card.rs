//! `clipsight card`: the figures in documents are written by this command, never by hand.

use std::path::PathBuf;
use std::process::ExitCode;

use clipsight::Result;
use clipsight_lab::eval::{CardOptions, update_card};

/// Arguments of `card`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The model's folder, with model.json, eval.json and README.md
    #[arg(value_name = "DIR", default_value = "models/compact")]
    model: PathBuf,
    /// A further document, such as the repository's README.md, that receives the short table
    #[arg(long, value_name = "FILE")]
    readme: Option<PathBuf>,
    /// Change nothing; fail when a document's figures differ
    #[arg(long)]
    check: bool,
}

/// Writes the figures of `eval.json` into the model's card, and the short table into `--readme`.
///
/// # Errors
/// As [`update_card`].
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let Args { model, readme, check } = args;
    update_card(&CardOptions { model: model.clone(), readme: readme.clone(), check: *check })?;
    Ok(ExitCode::SUCCESS)
}
