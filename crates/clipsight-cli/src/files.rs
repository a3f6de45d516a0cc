//! What commands that read many images share: where a file is, why it failed, and that neither an
//! error nor a panic over one costs the others their results.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use clipsight::limits::MAX_TAUGHT_HEAD_BYTES;
use clipsight::teach::TaughtHead;
use clipsight::{Error, ErrorKind, Result};
use clipsight_native::faults;
use clipsight_native::io::{printable, read_at_most, read_image, read_image_from};
use clipsight_native::walk::Item;
use serde::{Deserialize, Serialize};

/// The exit status when some of the files failed.
pub(crate) const SOME_FAILED: u8 = 2;

/// Where a file is, exactly.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) path: String,
    /// The path's bytes in hex, if it is not Unicode, so that `path` is not exact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) path_bytes: Option<String>,
}

impl Place {
    pub(crate) fn of(path: &Path) -> Self {
        let exact = path.to_str().is_some();
        let hex = || {
            path.as_os_str().as_encoded_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
        };
        Self { path: path.to_string_lossy().into_owned(), path_bytes: (!exact).then(hex) }
    }
}

/// Why a file failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Failure {
    /// An [`ErrorKind::code`].
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        Self { code: error.kind().code(), message: error.message().to_owned() }
    }
}

/// Refuses to read an image from a terminal.
///
/// # Errors
/// [`ErrorKind::Argument`].
pub(crate) fn check_input(paths: &[PathBuf], command: &str) -> Result<()> {
    if !is_input(paths) || !io::stdin().is_terminal() {
        return Ok(());
    }
    let message = format!(
        "`-` reads an image from standard input, which is a terminal: pipe one into it (clipsight \
         {command} - < image.jpg), or name a file; one that is called so is ./-"
    );
    Err(Error::new(ErrorKind::Argument, message))
}

/// Whether standard input is one of the files.
pub(crate) fn is_input(paths: &[PathBuf]) -> bool {
    paths.iter().any(|path| path == Path::new("-"))
}

/// The taught head in a file.
///
/// # Errors
/// [`ErrorKind::Io`], and as [`TaughtHead::from_bytes`].
pub(crate) fn taught_head(path: &Path) -> Result<TaughtHead> {
    TaughtHead::from_bytes(&read_at_most(path, MAX_TAUGHT_HEAD_BYTES as u64)?).map_err(|error| {
        let message = format!("{}: {}", path.display(), error.message());
        Error::new(error.kind(), message).with_source(error)
    })
}

/// The bytes of an item.
///
/// # Errors
/// Those of reading.
pub(crate) fn read(item: &Item) -> Result<Vec<u8>> {
    match item {
        Item::Named(path) | Item::Found(path) => read_image(path),
        Item::Input => read_image_from(io::stdin().lock()),
        Item::Unreadable(_, error) => Err(Error::new(error.kind(), error.message().to_owned())),
    }
}

/// Does the work for a file. A panic is a bug in this program, but must not cost the other files
/// their results.
///
/// # Errors
/// Those of the work; [`ErrorKind::Internal`] for a panic.
pub(crate) fn caught<T>(path: &Path, work: impl FnOnce() -> Result<T>) -> Result<T> {
    faults::catch(work).unwrap_or_else(|fault| {
        let path = path.to_string_lossy();
        let path = printable(&path);
        eprintln!("clipsight: {path}: the program failed, please report it: {fault}");
        let message = "the program failed on this file; please report it";
        Err(Error::new(ErrorKind::Internal, message))
    })
}
