//! What goes wrong with a file, in the core's three kinds.

use std::fmt;

/// The result of every fallible function of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong, as the core's `ErrorKind` says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The file is damaged.
    Decode,
    /// The file is of a kind that is not read.
    Unsupported,
    /// The file, the picture or what decoding takes is too large.
    Limit,
}

/// An error with its kind and one sentence for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What went wrong.
    pub kind: ErrorKind,
    /// What is wrong with the file and, where it helps, what to do.
    pub message: String,
}

#[cfg_attr(
    not(any(feature = "avif", feature = "heic", feature = "jxl")),
    allow(dead_code, reason = "without a decoder little goes wrong")
)]
impl Error {
    pub(crate) fn decode(message: impl Into<String>) -> Self {
        Self { kind: ErrorKind::Decode, message: message.into() }
    }

    pub(crate) fn unsupported(message: impl Into<String>) -> Self {
        Self { kind: ErrorKind::Unsupported, message: message.into() }
    }

    pub(crate) fn limit(message: impl Into<String>) -> Self {
        Self { kind: ErrorKind::Limit, message: message.into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
