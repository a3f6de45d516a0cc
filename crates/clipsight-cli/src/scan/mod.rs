//! `clipsight scan`: scores images and folders of images.

mod output;
mod record;

use std::io;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;

use clipsight::Result;
use clipsight_native::io::output_error;
use clipsight_native::{pipeline, progress, walk};

use self::output::{Format, Output};
use self::record::{Record, Status};
use crate::arguments::{RuntimeArgs, parse_views};

/// Some of the files failed.
const SOME_FAILED: u8 = 2;

/// Arguments of `scan`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Image files of any name, and folders, which are searched for files with image extensions
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    runtime: RuntimeArgs,
    /// JSON lines, CSV, or a table for reading
    #[arg(long, value_enum, default_value_t = Format::Json)]
    format: Format,
    /// Views of each image: 1 or 5, which takes five times as long [default: the model's own]
    #[arg(long, value_name = "N", value_parser = parse_views)]
    views: Option<usize>,
}

/// Scores every image; a file that fails is a line of its own and stops nothing.
///
/// # Errors
/// When the model cannot be loaded or standard output cannot be written; never for an image.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let runtime = args.runtime.open()?;
    runtime.check_views(args.views)?;
    let items = walk::items(&args.paths);
    eprintln!(
        "clipsight: {} on the {}, {} files",
        runtime.detector().manifest().id,
        runtime.device(),
        items.len()
    );

    let mut output = Output::new(args.format, io::stdout().lock());
    let bar = progress::bar(items.len());
    let (mut scored, mut abstained, mut failed) = (0_usize, 0_usize, 0_usize);
    let mut written = output.begin();
    if written.is_ok() {
        pipeline::in_order(
            &items,
            |item| Record::of(item, &runtime, args.views),
            |record| {
                match record.status {
                    Status::Scored => scored += 1,
                    Status::Abstained => abstained += 1,
                    Status::Error => failed += 1,
                }
                written = bar.suspend(|| output.write(&record));
                bar.inc(1);
                if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            },
        )?;
    }
    bar.finish_and_clear();
    match written {
        // The reader has seen enough (`| head`).
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(ExitCode::SUCCESS),
        Err(error) => return Err(output_error(error)),
        Ok(()) => {}
    }
    eprintln!("clipsight: {scored} scored, {abstained} without a grade, {failed} failed");
    Ok(if failed > 0 { ExitCode::from(SOME_FAILED) } else { ExitCode::SUCCESS })
}
