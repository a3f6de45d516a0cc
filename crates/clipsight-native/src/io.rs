//! Files in, text out.
//!
//! ```
//! use clipsight_native::io::{printable, read_at_most, write_file};
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("a");
//! write_file(&path, b"0123456789")?;
//! assert_eq!(read_at_most(&path, 10)?, b"0123456789");
//! assert_eq!(printable("a\u{1b}[31m"), "a\\u{1b}[31m");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use clipsight::limits::MAX_IMAGE_BYTES;
use clipsight::{Error, ErrorKind, Result};

use crate::names::APPLE_DOUBLE_PREFIX;

/// Reads a regular file of at most `limit` bytes; of a longer one, `limit + 1` bytes, so that the
/// caller notices.
///
/// # Errors
/// [`ErrorKind::Io`], also for anything but a regular file: opening a pipe would wait forever.
pub fn read_at_most(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let fail = |error: io::Error| {
        let message = format!("{} cannot be read: {error}", path.display());
        Error::new(ErrorKind::Io, message).with_source(error)
    };
    let metadata = std::fs::metadata(path).map_err(fail)?;
    if !metadata.is_file() {
        return Err(Error::new(ErrorKind::Io, format!("{} is not a regular file", path.display())));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len().min(limit + 1)).unwrap_or(0));
    File::open(path).and_then(|file| file.take(limit + 1).read_to_end(&mut bytes)).map_err(fail)?;
    Ok(bytes)
}

/// Reads a regular file of any length: one that this program wrote.
///
/// # Errors
/// As [`read_at_most`].
pub fn read_file(path: &Path) -> Result<Vec<u8>> {
    read_at_most(path, u64::MAX - 1)
}

/// Reads an image file. One that is too large is refused before it is read.
///
/// # Errors
/// As [`read_at_most`]; [`ErrorKind::Limit`].
pub fn read_image(path: &Path) -> Result<Vec<u8>> {
    let limit = MAX_IMAGE_BYTES as u64;
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_file() && metadata.len() > limit => {
            let message = format!("the file has {} bytes; the maximum is {limit}", metadata.len());
            Err(Error::new(ErrorKind::Limit, message))
        }
        _ => within_limit(read_at_most(path, limit)?),
    }
}

/// Reads an image from a stream, such as standard input, to its end, but no more than the limit.
///
/// # Errors
/// [`ErrorKind::Io`]; [`ErrorKind::Limit`].
pub fn read_image_from(stream: impl Read) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    stream.take(MAX_IMAGE_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(|error| {
        Error::new(ErrorKind::Io, format!("the input cannot be read: {error}")).with_source(error)
    })?;
    within_limit(bytes)
}

/// Refuses what was read up to the limit and beyond.
fn within_limit(bytes: Vec<u8>) -> Result<Vec<u8>> {
    if bytes.len() <= MAX_IMAGE_BYTES {
        return Ok(bytes);
    }
    let message = format!("the image has more than {MAX_IMAGE_BYTES} bytes, which is the maximum");
    Err(Error::new(ErrorKind::Limit, message))
}

/// Whether a file holds a Mac's resource fork (AppleDouble, RFC 1740): what lies beside a picture
/// on disks that have no room for it, under the picture's name with `._` before it.
#[must_use]
pub fn is_apple_double(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x00, 0x05, 0x16, 0x07])
}

/// The error for a Mac's resource fork that was named.
#[must_use]
pub fn resource_fork(path: &Path) -> Error {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let picture = match name.strip_prefix(APPLE_DOUBLE_PREFIX) {
        Some(picture) if !picture.is_empty() => format!("the picture is {picture}"),
        _ => "the picture is the file that it was kept beside".to_owned(),
    };
    let message = format!("the file is the resource fork of a Mac, not the picture: {picture}");
    Error::new(ErrorKind::Unsupported, message)
}

/// Reads a text file of at most `limit` bytes.
///
/// # Errors
/// As [`read_at_most`]; [`ErrorKind::Argument`] when it is longer or not UTF-8.
pub fn read_text(path: &Path, limit: u64) -> Result<String> {
    let bytes = read_at_most(path, limit)?;
    let wrong = |why: &str| Error::new(ErrorKind::Argument, format!("{} {why}", path.display()));
    if bytes.len() as u64 > limit {
        return Err(wrong(&format!("is longer than {limit} bytes")));
    }
    String::from_utf8(bytes).map_err(|error| wrong("is not UTF-8 text").with_source(error))
}

/// Checks that the folder of a file to be written exists.
///
/// # Errors
/// [`ErrorKind::Io`].
pub fn check_folder(path: &Path) -> Result<()> {
    let folder =
        path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if folder.is_dir() && !path.is_dir() {
        return Ok(());
    }
    let message = format!(
        "{} cannot be written: its folder must exist, and the path must not be a folder itself",
        path.display()
    );
    Err(Error::new(ErrorKind::Io, message))
}

/// Writes a file completely or not at all: to a temporary neighbour, which is then renamed.
///
/// # Errors
/// [`ErrorKind::Io`].
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    let part = Path::new(&name);
    std::fs::write(part, bytes).and_then(|()| std::fs::rename(part, path)).map_err(|error| {
        Error::new(ErrorKind::Io, format!("{} cannot be written: {error}", path.display()))
            .with_source(error)
    })
}

/// Prints to standard output. A reader that has gone away (`clipsight ... | head`) is not an error.
///
/// # Errors
/// [`ErrorKind::Io`].
pub fn print(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(output_error(error)),
        _ => Ok(()),
    }
}

/// The error for a failed write to standard output.
pub fn output_error(error: io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("standard output cannot be written: {error}"))
        .with_source(error)
}

/// `text` with everything escaped that would move a terminal's cursor, change its colours or
/// reverse its writing direction: file names come from strangers.
pub fn printable(text: &str) -> String {
    let mut inert = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() || reorders(character) {
            inert.extend(character.escape_default());
        } else {
            inert.push(character);
        }
    }
    inert
}

/// Whether a character changes the writing direction or breaks lines (Unicode, UAX #9).
fn reorders(character: char) -> bool {
    matches!(
        character,
        '\u{061C}' | '\u{200E}' | '\u{200F}'
            | '\u{2028}'..='\u{202E}'
            | '\u{2066}'..='\u{2069}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_made_inert() {
        assert_eq!(printable("a\u{1b}[31mb\r\n"), "a\\u{1b}[31mb\\r\\n");
        assert_eq!(printable("gpj.\u{202e}exe"), "gpj.\\u{202e}exe");
        assert_eq!(printable("Größe 日本 😀"), "Größe 日本 😀");
    }

    #[test]
    fn streams_are_read_up_to_the_limit() {
        assert_eq!(read_image_from(&b"0123"[..]).unwrap(), b"0123");
        let endless = read_image_from(io::repeat(7)).unwrap_err();
        assert_eq!(endless.kind(), ErrorKind::Limit);
        let full = read_image_from(io::repeat(7).take(MAX_IMAGE_BYTES as u64)).unwrap();
        assert_eq!(full.len(), MAX_IMAGE_BYTES);
    }

    #[test]
    fn only_regular_files_are_read() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read_at_most(folder.path(), 10).unwrap_err().kind(), ErrorKind::Io);
        let path = folder.path().join("a");
        write_file(&path, b"0123456789abc").unwrap();
        assert_eq!(read_at_most(&path, 10).unwrap(), b"0123456789a");
        assert_eq!(read_text(&path, 10).unwrap_err().kind(), ErrorKind::Argument);
        assert_eq!(read_text(&path, 13).unwrap(), "0123456789abc");
        assert!(check_folder(&path).is_ok() && check_folder(Path::new("a")).is_ok());
        for wrong in [folder.path().to_owned(), folder.path().join("b/c"), path.join("d")] {
            assert_eq!(check_folder(&wrong).unwrap_err().kind(), ErrorKind::Io);
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no neighbour is left");
    }
}
