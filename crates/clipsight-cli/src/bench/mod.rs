//! `clipsight bench`: how fast a model runs here, and what `npm run bench` needs to measure it in a
//! browser: models of the published shapes with random weights, and images of known content.

#[cfg(feature = "import")]
mod encoders;
#[cfg(feature = "webgpu")]
mod gpu;
mod images;
mod median;
mod model;
#[cfg(feature = "import")]
mod precision;
mod run;

use std::process::ExitCode;

use clipsight::Result;

/// Arguments of `bench`.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Measure a model: time per view, and images per second with decoding
    Run(run::Args),
    /// Write a model of a published shape with random weights
    Model(model::Args),
    /// Write JPEG files of random scenes
    Images(images::Args),
    /// Compare embeddings and verdicts with the f32 reference, on real images
    #[cfg(feature = "import")]
    Precision(precision::Args),
    /// Measure encoders in every storage: size, time to import and load, embeddings against f32 on
    /// real images
    #[cfg(feature = "import")]
    Encoders(encoders::Args),
}

/// Runs the command.
///
/// # Errors
/// Those of the command.
pub(crate) fn run(command: &Command) -> Result<ExitCode> {
    match command {
        Command::Run(args) => run::run(args),
        Command::Model(args) => model::run(args),
        Command::Images(args) => images::run(args),
        #[cfg(feature = "import")]
        Command::Precision(args) => precision::run(args),
        #[cfg(feature = "import")]
        Command::Encoders(args) => encoders::run(args),
    }?;
    Ok(ExitCode::SUCCESS)
}
