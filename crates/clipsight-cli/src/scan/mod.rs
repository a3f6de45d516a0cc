//! `clipsight scan`: scores images and folders of images.

mod output;
mod record;
mod resume;

use std::fs::File;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clipsight::image::Rectangle;
use clipsight::model::{IfUnsteady, Request};
use clipsight::{Error, ErrorKind, Result};
use clipsight_native::io::{output_error, printable, write_file};
use clipsight_native::runtime::Runtime;
use clipsight_native::walk::{self, Item, PassedOver};
use clipsight_native::{pipeline, progress};

use self::output::{Format, Output};
use self::record::{Judge, Outcome, Record, Status};
use self::resume::Earlier;
use crate::arguments::{RuntimeArgs, parse_crop, parse_views};
use crate::files::{SOME_FAILED, check_input, is_input, taught_head};

/// Arguments of `scan`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Image files of any name; folders, which are searched for files with image extensions;
    /// patterns such as '*.jpg' or '**/*.png' where there is no file of that name; `-`, an image
    /// from standard input
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
    /// Score each image also as others would receive it: saved as JPEG, halved, cropped, gray. Says
    /// in `stability` what comes of it, and whether the verdict is unsteady
    #[arg(long)]
    stability: bool,
    /// The same, and no grade for images whose verdict is unsteady
    #[arg(long)]
    abstain_if_unsteady: bool,
    /// Say in `map` where the model looked; takes 18 views more of each image. JSON lines only
    #[arg(long)]
    explain: bool,
    /// Score only this part of each image, in pixels of the upright image
    #[arg(long, value_name = "X,Y,WIDTHxHEIGHT", value_parser = parse_crop)]
    crop: Option<Rectangle>,
    /// Score also each picture that is found inside an image, such as a screenshot or a collage:
    /// a line more for each, with its `crop`
    #[arg(long, conflicts_with = "crop")]
    pictures: bool,
    /// Judge with this head, which `clipsight teach` wrote for the same model
    #[arg(long, value_name = "FILE")]
    head: Option<PathBuf>,
    /// Write the results into a new file instead of standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Go on with a scan that was ended before its time: FILE holds its results as JSON lines. What
    /// is in it is not scored again, a last line that was cut off is; the rest is written to its
    /// end, or, with --output, all of it into a new file
    #[arg(long, value_name = "FILE")]
    resume: Option<PathBuf>,
    /// Write a receipt of each result into this folder, under the SHA-256 of the image:
    /// `clipsight verify` checks it, here or on another machine
    #[arg(long, value_name = "DIR")]
    receipts: Option<PathBuf>,
}

impl Args {
    /// Refuses what makes no sense together, before anything is loaded.
    fn check(&self) -> Result<()> {
        let input = is_input(&self.paths);
        let wrong = if self.explain && self.format != Format::Json {
            "--explain gives maps, which only JSON lines hold: leave out --format"
        } else if self.resume.is_some() && self.format != Format::Json {
            "--resume goes on with JSON lines: leave out --format"
        } else if self.resume.is_some() && self.pictures {
            "--resume goes on with one line for each file: leave out --pictures"
        } else if self.resume.is_some() && input {
            "--resume knows files by their paths, which standard input has not: save the image \
             and name its file"
        } else {
            return check_input(&self.paths, "scan");
        };
        Err(Error::new(ErrorKind::Argument, wrong))
    }

    /// What is asked of each image.
    fn request(&self) -> Request {
        let stability = match (self.abstain_if_unsteady, self.stability) {
            (true, _) => Some(IfUnsteady::Abstain),
            (false, true) => Some(IfUnsteady::Say),
            (false, false) => None,
        };
        Request { views: self.views, explain: self.explain, stability, crop: self.crop }
    }
}

/// How many files ended in which way.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    scored: usize,
    abstained: usize,
    failed: usize,
}

impl Counts {
    fn add(&mut self, status: Status) {
        match status {
            Status::Scored => self.scored += 1,
            Status::Abstained => self.abstained += 1,
            Status::Error => self.failed += 1,
        }
    }
}

/// Where the results go.
enum Target {
    Standard(io::StdoutLock<'static>),
    File(PathBuf, File),
}

impl Target {
    /// The error for a failed write.
    fn error(&self, error: io::Error) -> Error {
        match self {
            Self::Standard(_) => output_error(error),
            Self::File(path, _) => resume::write_error(path, error),
        }
    }
}

impl Write for &mut Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Target::Standard(out) => out.write(bytes),
            Target::File(_, file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Target::Standard(out) => out.flush(),
            Target::File(_, file) => file.flush(),
        }
    }
}

/// Scores every image; a file that fails is a line of its own and stops nothing.
///
/// # Errors
/// When the model cannot be loaded, the results cannot be written, or those of an earlier scan are
/// of another kind; never for an image.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    args.check()?;
    let receipts = args.receipts.as_deref().map(receipts_folder).transpose()?;
    let earlier = args.resume.as_deref().map(Earlier::read).transpose()?;
    let own = |path: &&Path| !earlier.as_ref().is_some_and(|earlier| earlier.is_at(path));
    let new = args.output.as_deref().filter(own);
    let new = new.map(|path| Ok((path, resume::create(path)?))).transpose()?;
    let head = args.head.as_deref().map(taught_head).transpose()?;
    let mut runtime = args.runtime.open()?;
    head.map_or(Ok(()), |head| runtime.use_head(head))?;
    runtime.check_views(args.views)?;
    let judge = Judge::of(&runtime, args.request(), args.pictures)?;
    let scan = Scan { runtime: &runtime, judge: &judge, format: args.format, receipts };

    let found = walk::items(&args.paths);
    let (mut items, mut passed) = (found.items, found.passed);
    let mut counts = Counts::default();
    let mut begun = String::new();
    let all = items.len();
    if let Some(earlier) = &earlier {
        earlier.check(&judge)?;
        let remaining = earlier.remaining(items)?;
        items = remaining.items;
        remaining.done.iter().for_each(|status| counts.add(*status));
        begun = said_of(earlier, remaining.done.len(), remaining.foreign);
    }
    let taught = runtime.detector().taught().map_or(String::new(), |head| {
        let name = printable(head.name());
        format!(" with the taught head \"{name}\", whose errors have not been measured,")
    });
    eprintln!("clipsight: {}{taught} on the {}, {all} files{begun}", judge.model, runtime.device());

    let mut target = target(earlier, new)?;
    let written = scan.score(&items, &mut target, &mut |outcome| match outcome {
        Outcome::Lines(records) => records.iter().for_each(|record| counts.add(record.status)),
        Outcome::Passed(why) => passed.add(Path::new(""), *why),
    })?;
    match (written, &target) {
        // The reader has seen enough (`| head`).
        (Err(error), Target::Standard(_)) if error.kind() == io::ErrorKind::BrokenPipe => {
            return Ok(ExitCode::SUCCESS);
        }
        (Err(error), target) => return Err(target.error(error)),
        (Ok(()), _) => {}
    }
    report(counts, &passed);
    Ok(if counts.failed > 0 { ExitCode::from(SOME_FAILED) } else { ExitCode::SUCCESS })
}

/// How items are scored, and where their receipts go.
struct Scan<'a> {
    runtime: &'a Runtime,
    judge: &'a Judge,
    format: Format,
    receipts: Option<&'a Path>,
}

impl Scan<'_> {
    /// Writes a line for every item; the outer error is one of the machine's.
    fn score(
        &self,
        items: &[Item],
        target: &mut Target,
        seen: &mut impl FnMut(&Outcome),
    ) -> Result<io::Result<()>> {
        let mut output = Output::new(self.format, target);
        if let Err(error) = output.begin() {
            return Ok(Err(error));
        }
        let bar = progress::bar(items.len());
        let mut kept = Ok(());
        let mut written = Ok(());
        pipeline::in_order(
            items,
            |item| Record::of(item, self.runtime, self.judge, self.receipts.is_some()),
            |outcome| {
                seen(&outcome);
                if let Outcome::Lines(records) = outcome {
                    // Receipts first: what has a line is done, and is not scored again.
                    kept = records.iter().try_for_each(|record| self.keep(record));
                    if kept.is_ok() {
                        written =
                            bar.suspend(|| records.iter().try_for_each(|one| output.write(one)));
                    }
                }
                bar.inc(1);
                let goes_on = kept.is_ok() && written.is_ok();
                if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            },
        )?;
        bar.finish_and_clear();
        kept.map(|()| written)
    }

    /// Writes a record's receipt, if there is one.
    fn keep(&self, record: &Record) -> Result<()> {
        match (self.receipts, &record.receipt, record.receipt_name()) {
            (Some(folder), Some(text), Some(name)) => {
                write_file(&folder.join(name), text.as_bytes())
            }
            _ => Ok(()),
        }
    }
}

/// The folder for receipts, which is made if need be.
fn receipts_folder(path: &Path) -> Result<&Path> {
    std::fs::create_dir_all(path).map_err(|error| {
        let message = format!("the folder {} cannot be made: {error}", path.display());
        Error::new(ErrorKind::Io, message).with_source(error)
    })?;
    Ok(path)
}

/// Where the results go: a new file has those of the earlier scan copied into it first.
fn target(earlier: Option<Earlier>, new: Option<(&Path, File)>) -> Result<Target> {
    Ok(match (earlier, new) {
        (None, None) => Target::Standard(io::stdout().lock()),
        (None, Some((path, file))) => Target::File(path.to_owned(), file),
        (Some(earlier), None) => Target::File(earlier.path().to_owned(), earlier.into_file()?),
        (Some(earlier), Some((path, mut file))) => {
            earlier.copy_to(path, &mut file)?;
            Target::File(path.to_owned(), file)
        }
    })
}

/// What there is of an earlier scan, in words.
fn said_of(earlier: &Earlier, done: usize, foreign: usize) -> String {
    let mut said = format!("; {done} done before, in {}", earlier.path().display());
    if earlier.is_cut() {
        said += "; its last line was cut off and is dropped";
    }
    if foreign > 0 {
        said += &format!("; {foreign} of its lines are of other files and stay");
    }
    said
}

fn report(counts: Counts, passed: &PassedOver) {
    let Counts { scored, abstained, failed } = counts;
    eprintln!("clipsight: {scored} scored, {abstained} without a grade, {failed} failed");
    if !passed.is_empty() {
        eprintln!("clipsight: passed over in folders: {passed}");
    }
}
