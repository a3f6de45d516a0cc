//! Errors, on their way out: exceptions of `clipsight/_errors.py`.

use clipsight::{Error, ErrorKind};
use clipsight_native::faults;
use pyo3::prelude::*;

/// Why one image has no result.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The core's error.
    Core(Error),
    /// What Python raised while it looked at the item: an exception of ours.
    Python(PyErr),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Core(error)
    }
}

impl From<PyErr> for Failure {
    fn from(error: PyErr) -> Self {
        Self::Python(error)
    }
}

impl Failure {
    /// The exception to raise.
    pub(crate) fn raised(self, py: Python<'_>) -> PyErr {
        match self {
            Self::Python(error) => error,
            Self::Core(error) => exception(py, &error),
        }
    }
}

/// The exception for an error of the core.
pub(crate) fn exception(py: Python<'_>, error: &Error) -> PyErr {
    let made = py
        .import("clipsight._errors")
        .and_then(|module| module.getattr("error_of"))
        .and_then(|make| make.call1((error.kind().code(), error.message())));
    match made {
        Ok(exception) => PyErr::from_value(exception),
        Err(error) => error,
    }
}

/// Does the work for an image. A panic is a bug of ours, but must end neither the interpreter nor
/// the other images' results.
///
/// # Errors
/// Those of the work; [`ErrorKind::Internal`] for a panic.
pub(crate) fn caught<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    faults::catch(work).unwrap_or_else(|fault| {
        let message = format!("clipsight failed on this image; please report it: {fault}");
        Err(Error::new(ErrorKind::Internal, message).into())
    })
}
