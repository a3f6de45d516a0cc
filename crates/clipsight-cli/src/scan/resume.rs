//! The results of an earlier scan that ended before its time, and what of them holds.

use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use clipsight::model::IfUnsteady;
use clipsight::{Error, ErrorKind, Result};
use clipsight_native::io::check_folder;
use clipsight_native::walk::Item;
use serde::Deserialize;

use super::record::{Judge, Status};
use crate::files::Place;

/// Longest line, in bytes: paths have at most some ten thousand characters.
const MAX_LINE_BYTES: u64 = 4 << 20;

/// What a line of JSON says of its file.
#[derive(Debug, Deserialize)]
struct Line {
    #[serde(flatten)]
    place: Place,
    status: Status,
    #[serde(flatten)]
    judge: Judge,
}

/// The file that an earlier scan wrote, as JSON lines.
#[derive(Debug)]
pub(super) struct Earlier {
    path: PathBuf,
    file: File,
    /// Bytes of whole lines: one that was cut off may follow.
    whole: u64,
    length: u64,
    lines: Vec<Line>,
}

/// What is left to do, and what was done.
#[derive(Debug)]
pub(super) struct Remaining {
    pub(super) items: Vec<Item>,
    pub(super) done: Vec<Status>,
    /// Lines of files that are not among the items.
    pub(super) foreign: usize,
}

impl Earlier {
    /// Reads the file; changes nothing.
    ///
    /// # Errors
    /// [`ErrorKind::Io`]; [`ErrorKind::Argument`] when it holds anything but lines of a scan, or
    /// another process is writing it.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let failed = |error: io::Error| {
            let message = format!(
                "{} cannot be gone on with: {error}; --output FILE begins a new file",
                path.display()
            );
            Error::new(ErrorKind::Io, message).with_source(error)
        };
        // Opening a pipe would wait.
        if !path.metadata().map_err(failed)?.is_file() {
            return Err(failed(io::Error::other("it is not a regular file")));
        }
        // Not `append`: Windows shortens no file that is open for that.
        let file = OpenOptions::new().read(true).write(true).open(path).map_err(failed)?;
        lock(&file, path)?;
        let length = file.metadata().map_err(failed)?.len();
        let mut earlier = Self { path: path.to_owned(), file, whole: 0, length, lines: Vec::new() };
        let mut reader = BufReader::new(&earlier.file);
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            reader.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut bytes).map_err(failed)?;
            if bytes.last() != Some(&b'\n') {
                break;
            }
            let line = serde_json::from_slice(&bytes)
                .map_err(|error| earlier.wrong_line(error.to_string()))?;
            earlier.lines.push(line);
            earlier.whole += bytes.len() as u64;
        }
        // What a line begins with that was cut off; anything else is another file.
        if bytes.len() as u64 == MAX_LINE_BYTES || bytes.first().is_some_and(|byte| *byte != b'{') {
            return Err(earlier.wrong_line("it is no JSON object".to_owned()));
        }
        Ok(earlier)
    }

    fn wrong_line(&self, why: String) -> Error {
        let message = format!(
            "line {} of {} is not one that `scan` writes as JSON lines, so that there is nothing \
             to go on with: {why}",
            self.lines.len() + 1,
            self.path.display()
        );
        Error::new(ErrorKind::Argument, message)
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the last line was cut off.
    pub(super) fn is_cut(&self) -> bool {
        self.whole < self.length
    }

    /// Checks that every line was judged as the others will be.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`].
    pub(super) fn check(&self, judge: &Judge) -> Result<()> {
        let Some(other) = self.lines.iter().map(|line| &line.judge).find(|other| *other != judge)
        else {
            return Ok(());
        };
        let short = |hash: &str| hash.chars().take(12).collect::<String>();
        let options = |judge: &Judge| {
            let views = match judge.views {
                Some(views) => format!("--views {views}"),
                None => "no --views".to_owned(),
            };
            let unsteady = match judge.if_unsteady {
                Some(IfUnsteady::Say) => ", --stability",
                Some(IfUnsteady::Abstain) => ", --abstain-if-unsteady",
                None => "",
            };
            let head = judge.head.as_ref().map_or(String::new(), |head| {
                format!(", a taught head of the hash {}...", short(head))
            });
            let explain = if judge.explain { ", --explain" } else { "" };
            let crop = judge.crop.map_or(String::new(), |crop| format!(", --crop {crop}"));
            let pictures = if judge.each_picture { ", --pictures" } else { "" };
            format!("{views}{unsteady}{explain}{head}{crop}{pictures}")
        };
        let (theirs, ours) = if other.model != judge.model {
            (format!("the model {}", other.model), format!("the model {}", judge.model))
        } else if other.model_sha256 != judge.model_sha256 {
            let version = |judge: &Judge| {
                format!("a model {} of the hash {}...", judge.model, short(&judge.model_sha256))
            };
            (version(other), version(judge))
        } else {
            (options(other), options(judge))
        };
        let message = format!(
            "{} was written with {theirs}, and this scan has {ours}: their results do not belong \
             into one file; give the same options as then, or begin a new file with --output",
            self.path.display()
        );
        Err(Error::new(ErrorKind::Argument, message))
    }

    /// Takes from `items` what the lines hold; an item that was named twice has two lines.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] when none of the lines is of any of the items.
    pub(super) fn remaining(&self, items: Vec<Item>) -> Result<Remaining> {
        let mut lines: HashMap<&Place, Vec<Status>> = HashMap::new();
        for line in &self.lines {
            lines.entry(&line.place).or_default().push(line.status);
        }
        let mut done = Vec::new();
        let mut rest = items;
        rest.retain(|item| match lines.get_mut(&Place::of(item.path())).and_then(Vec::pop) {
            Some(status) => {
                done.push(status);
                false
            }
            None => true,
        });
        let foreign = self.lines.len() - done.len();
        if done.is_empty() && foreign > 0 && !rest.is_empty() {
            let message = format!(
                "none of the {foreign} files in {} is among those that were named: name them as \
                 then, in the same folder",
                self.path.display()
            );
            return Err(Error::new(ErrorKind::Argument, message));
        }
        Ok(Remaining { items: rest, done, foreign })
    }

    /// The file, to be written on: a line that was cut off is dropped.
    ///
    /// # Errors
    /// [`ErrorKind::Io`].
    pub(super) fn into_file(mut self) -> Result<File> {
        self.file
            .set_len(self.whole)
            .and_then(|()| self.file.seek(SeekFrom::End(0)))
            .map_err(|error| write_error(&self.path, error))?;
        Ok(self.file)
    }

    /// Writes the whole lines into another file.
    ///
    /// # Errors
    /// [`ErrorKind::Io`].
    pub(super) fn copy_to(mut self, path: &Path, file: &mut File) -> Result<()> {
        self.file
            .seek(SeekFrom::Start(0))
            .and_then(|_| io::copy(&mut (&self.file).take(self.whole), file))
            .and_then(|_| file.flush())
            .map_err(|error| write_error(path, error))
    }

    /// Whether `path` is this very file.
    pub(super) fn is_at(&self, path: &Path) -> bool {
        matches!((path.canonicalize(), self.path.canonicalize()), (Ok(a), Ok(b)) if a == b)
    }
}

/// Makes the file of `--output`; one that holds something is not written over.
///
/// # Errors
/// [`ErrorKind::Io`]; [`ErrorKind::Argument`] for a file that is not empty.
pub(super) fn create(path: &Path) -> Result<File> {
    check_folder(path)?;
    let special = path.metadata().is_ok_and(|metadata| !metadata.is_file());
    let file = OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)
        .map_err(|error| write_error(path, error))?;
    // A pipe or a device takes what comes.
    if !special {
        lock(&file, path)?;
        if file.metadata().map_err(|error| write_error(path, error))?.len() > 0 {
            let message = format!(
                "{} exists and is not written over: --resume goes on with it; for a new scan, \
                 name another file or delete it",
                path.display()
            );
            return Err(Error::new(ErrorKind::Argument, message));
        }
    }
    Ok(file)
}

/// Two scans that write into one file would mix their lines. File systems without locks do without.
fn lock(file: &File, path: &Path) -> Result<()> {
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => {
            let message = format!("another process is writing {}", path.display());
            Err(Error::new(ErrorKind::Argument, message))
        }
        Err(TryLockError::Error(_)) | Ok(()) => Ok(()),
    }
}

/// The error for a failed write.
pub(super) fn write_error(path: &Path, error: io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("{} cannot be written: {error}", path.display()))
        .with_source(error)
}
