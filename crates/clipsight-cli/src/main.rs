//! The `clipsight` command line: arguments and output of each command.
//!
//! `scan`, `verify`, `teach`, `provenance`, `inspect-model` and `bench` are always there; the
//! feature `import` adds `import` and `zero-shot`, the feature `lab` adds `eval`, `card`, `train`
//! and `study`.
//!
//! Results go to standard output, everything else to standard error. Exit status: 0 done, 1 could
//! not start (bad arguments, missing or damaged model, no GPU), 2 some of the files failed, or a
//! receipt was not confirmed.
#![allow(clippy::print_stdout, reason = "this program prints; the core stays silent")]

mod arguments;
mod bench;
#[cfg(feature = "lab")]
mod card;
#[cfg(feature = "lab")]
mod eval;
mod files;
#[cfg(feature = "import")]
mod gptq_images;
#[cfg(feature = "import")]
mod import;
mod inspect;
mod provenance;
mod scan;
mod signature;
#[cfg(feature = "lab")]
mod study;
mod teach;
#[cfg(feature = "lab")]
mod train;
mod verify;
#[cfg(feature = "import")]
mod zero_shot;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use clipsight_native::{faults, io};

/// Measure on this machine how strongly images look AI-generated.
#[derive(Debug, Parser)]
#[command(name = "clipsight", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Score images and folders of images
    Scan(scan::Args),
    /// Teach the model a new generator or your own camera, from ten or more examples
    Teach(teach::Args),
    /// Tell what files say of how they were made: Content Credentials, XMP, EXIF, IPTC, generators'
    /// notes; nothing is checked, and no model is needed
    Provenance(provenance::Args),
    /// Check a receipt: whether it is unaltered, and whether this machine finds the same in the
    /// image
    Verify(verify::Args),
    /// Measure a model on labelled images
    #[cfg(feature = "lab")]
    Eval(eval::Args),
    /// Load a model, verify every hash and tensor, and describe it
    InspectModel(inspect::Args),
    /// Convert a public CLIP checkpoint into a model, with a published detector's head or without
    #[cfg(feature = "import")]
    Import(import::Args),
    /// Rank texts by how well they fit an image, with an imported CLIP
    #[cfg(feature = "import")]
    ZeroShot(zero_shot::Args),
    /// Write the figures of a model's eval.json into its card, or check that they are up to date
    #[cfg(feature = "lab")]
    Card(card::Args),
    /// Train the compact model's head and calibration
    #[cfg(feature = "lab")]
    Train(Box<train::Args>),
    /// Study an encoder's features: robust components, few training images, captions
    #[cfg(feature = "lab")]
    Study(study::Args),
    /// Benchmark a model on this machine; generate models and images for benchmarks
    #[command(subcommand)]
    Bench(bench::Command),
}

/// Bad arguments, a missing model: nothing was done.
const COULD_NOT_START: u8 = 1;

fn main() -> ExitCode {
    faults::install();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Printing can only fail when nobody is reading. Help and version are not errors;
            // clap's own status for errors is 2, which here means that some files failed.
            let _ = error.print();
            return if error.use_stderr() {
                ExitCode::from(COULD_NOT_START)
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    let result = match cli.command {
        Command::Scan(args) => scan::run(&args),
        Command::Teach(args) => teach::run(&args),
        Command::Provenance(args) => provenance::run(&args),
        Command::Verify(args) => verify::run(&args),
        #[cfg(feature = "lab")]
        Command::Eval(args) => eval::run(&args),
        Command::InspectModel(args) => inspect::run(&args),
        #[cfg(feature = "import")]
        Command::Import(args) => import::run(&args),
        #[cfg(feature = "import")]
        Command::ZeroShot(args) => zero_shot::run(&args),
        #[cfg(feature = "lab")]
        Command::Card(args) => card::run(&args),
        #[cfg(feature = "lab")]
        Command::Train(args) => train::run(&args),
        #[cfg(feature = "lab")]
        Command::Study(args) => study::run(&args),
        Command::Bench(command) => bench::run(&command),
    };
    result.unwrap_or_else(|error| {
        eprintln!("clipsight: {} [{}]", io::printable(error.message()), error.kind().code());
        let mut said = error.message().to_owned();
        let mut below = std::error::Error::source(&error);
        while let Some(source) = below {
            // Many errors already repeat their source.
            let text = source.to_string();
            if !said.contains(&text) {
                eprintln!("  because: {}", io::printable(&text));
                said = text;
            }
            below = source.source();
        }
        ExitCode::from(COULD_NOT_START)
    })
}
