//! What callers pass as an image.

use std::path::PathBuf;

use clipsight::image::Decoded;
use clipsight::provenance;
use clipsight::{Error, ErrorKind};
use clipsight_native::io::{is_apple_double, read_image, resource_fork};
use clipsight_native::picture::decode;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyString};

use crate::failure::{Failure, caught, exception};
use crate::pixels::Pixels;

/// An image that Python handed over: from here on nothing needs the interpreter.
pub(crate) enum Input {
    /// A file that is still to be read.
    Path(PathBuf),
    /// A file's bytes, which Python keeps.
    Bytes(PyBackedBytes),
    /// Pixels without a file.
    Pixels(Pixels),
}

/// A decoded image, and the bytes that it comes from.
pub(crate) struct Picture<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) decoded: Decoded,
    /// Whether the bytes are those of a file.
    pub(crate) original: bool,
}

impl Input {
    /// What an object is; `clipsight._inputs.plain` knows those that are not paths or bytes.
    ///
    /// # Errors
    /// An exception of ours.
    pub(crate) fn of(item: &Bound<'_, PyAny>) -> PyResult<Self> {
        if let Some(input) = Self::simple(item)? {
            return Ok(input);
        }
        let plain = item.py().import("clipsight._inputs")?.getattr("plain")?.call1((item,))?;
        match Self::simple(&plain)? {
            Some(input) => Ok(input),
            None => Pixels::of(&plain).map(Self::Pixels),
        }
    }

    fn simple(item: &Bound<'_, PyAny>) -> PyResult<Option<Self>> {
        if let Ok(bytes) = item.cast_exact::<PyBytes>() {
            return Ok(Some(Self::Bytes(bytes.clone().into())));
        }
        if item.is_exact_instance_of::<PyString>() {
            // A lone surrogate, which no file is called.
            let unwritable = |_| {
                let message = "the path holds characters that no path on this system can have";
                exception(item.py(), &Error::new(ErrorKind::Argument, message))
            };
            return Ok(Some(Self::Path(item.extract().map_err(unwritable)?)));
        }
        Ok(None)
    }

    /// Reads and decodes the image, and does the work that needs its bytes.
    ///
    /// # Errors
    /// Those of reading and decoding, and of the work.
    pub(crate) fn decoded<T>(
        self,
        work: impl FnOnce(Picture<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let given = match self {
            Self::Path(path) => Given::Owned(read(&path)?),
            Self::Bytes(bytes) => Given::Python(bytes),
            Self::Pixels(pixels) => {
                let (bytes, decoded) = pixels.into_decoded()?;
                return work(Picture { bytes: &bytes, decoded, original: false });
            }
        };
        let bytes = given.bytes();
        work(Picture { bytes, decoded: decode(bytes)?, original: true })
    }
}

/// A file's bytes.
enum Given {
    Owned(Vec<u8>),
    Python(PyBackedBytes),
}

impl Given {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Owned(bytes) => bytes,
            Self::Python(bytes) => bytes,
        }
    }
}

/// The bytes of an image file that somebody named.
fn read(path: &std::path::Path) -> clipsight::Result<Vec<u8>> {
    let bytes = read_image(path)?;
    if is_apple_double(&bytes) { Err(resource_fork(path)) } else { Ok(bytes) }
}

/// What a file says of how it was made, as JSON.
///
/// # Errors
/// Those of reading; `argument` for pixels, which say nothing.
pub(crate) fn provenance(py: Python<'_>, image: &Bound<'_, PyAny>) -> PyResult<String> {
    let input = Input::of(image)?;
    let json = py.detach(|| {
        caught(|| {
            let given = match input {
                Input::Path(path) => Given::Owned(read(&path)?),
                Input::Bytes(bytes) => Given::Python(bytes),
                Input::Pixels(_) => {
                    let message = "pixels say nothing of how they were made: pass the file's path \
                        or bytes";
                    return Err(Error::new(ErrorKind::Argument, message).into());
                }
            };
            Ok(to_json(&provenance::read(given.bytes())?)?)
        })
    });
    json.map_err(|failure| failure.raised(py))
}

/// A result as the JSON of the schema.
pub(crate) fn to_json(value: &impl serde::Serialize) -> clipsight::Result<String> {
    serde_json::to_string(value).map_err(|error| {
        Error::new(ErrorKind::Internal, format!("a result cannot be written: {error}"))
    })
}
