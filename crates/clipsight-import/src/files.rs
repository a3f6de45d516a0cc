//! Files, opened.

use std::fs::File;
use std::path::Path;

use clipsight::{Error, ErrorKind, Result};

/// Opens a regular file.
pub(super) fn open(path: &Path) -> Result<File> {
    let file = File::open(path).map_err(|error| unreadable(path, error))?;
    if !file.metadata().map_err(|error| unreadable(path, error))?.is_file() {
        return Err(Error::new(ErrorKind::Io, format!("{} is not a regular file", path.display())));
    }
    Ok(file)
}

/// The error of a file that cannot be read.
pub(super) fn unreadable(path: &Path, error: std::io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("{} cannot be read: {error}", path.display()))
        .with_source(error)
}
