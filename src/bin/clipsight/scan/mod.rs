//! `clipsight scan`: scores images and folders of images.

mod output;
mod record;
mod walk;

use std::io::{self, IsTerminal};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;

use clipsight::Result;
use indicatif::{ProgressBar, ProgressStyle};

use self::output::{Format, Output};
use self::record::{Record, Status};
use crate::io::output_error;
use crate::pipeline;
use crate::runtime::{RuntimeArgs, parse_views};

/// Some of the files failed.
const SOME_FAILED: u8 = 2;

/// The files below `folder` that are named as images are.
///
/// # Errors
/// [`ErrorKind::Io`](clipsight::ErrorKind::Io) when some of it cannot be read.
pub(crate) fn images_below(folder: &std::path::Path) -> Result<Vec<std::path::PathBuf>> {
    let images = walk::items(&[folder.to_owned()]).into_iter().map(|item| match item {
        walk::Item::File(path) => Ok(path),
        walk::Item::Unreadable(path, failure) => Err(clipsight::Error::new(
            clipsight::ErrorKind::Io,
            format!("{}: {}", path.display(), failure.message),
        )),
    });
    images.collect()
}

/// Arguments of `scan`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Images, whatever their names, and folders, searched for files named as images
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    runtime: RuntimeArgs,
    /// One JSON object a line, CSV, or a table for people
    #[arg(long, value_enum, default_value_t = Format::Json)]
    format: Format,
    /// Views of each image: 1 or 5, which takes five times as long [default: the model's own]
    #[arg(long, value_name = "N", value_parser = parse_views)]
    views: Option<usize>,
}

/// Scores every image; a file that fails is a line of its own and stops nothing.
///
/// # Errors
/// When the model cannot be loaded or standard output not be written; never for an image.
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
    let bar = progress_bar(items.len());
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

/// A progress bar on standard error, where that is a terminal.
pub(crate) fn progress_bar(length: usize) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} {per_sec} {eta}");
    ProgressBar::new(length as u64)
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
