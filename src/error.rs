//! One error type for the whole crate.
//!
//! Every [`Error`] has a [`kind`](Error::kind) (what went wrong, with a stable
//! [`code`](ErrorKind::code) that the JavaScript package and the command line hand on unchanged)
//! and a [`fault`](ErrorKind::fault) (who can do something about it). The message is one sentence
//! for a person: what is wrong, and where it helps, what to do.
//!
//! The JavaScript package's codes and what it says of them are written from here, doc comments
//! included, by `npm run generate` (feature `schema`).
//!
//! ```
//! use clipsight::image::decode;
//! use clipsight::{ErrorKind, Fault};
//! let error = decode(b"not an image").unwrap_err();
//! assert_eq!(error.kind(), ErrorKind::Decode);
//! assert_eq!(error.kind().fault(), Fault::File);
//! ```

use std::fmt;

/// The result of every fallible function of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// An error with its kind, a message for people, and the error below it, if any.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    decoder: Option<&'static str>,
    source: Option<Box<dyn std::error::Error + Send + Sync + 'static>>,
}

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum ErrorKind {
    /// The bytes are not an image, or a damaged one.
    Decode,
    /// The bytes are an image of a kind that is not supported.
    Unsupported,
    /// The input is too large; the message says what the limit is.
    Limit,
    /// The model's manifest or weights are damaged, incomplete or of an unknown version.
    WeightsCorrupt,
    /// A file or folder cannot be read or written.
    #[cfg_attr(feature = "schema", schemars(skip))] // the package has no files
    Io,
    /// A file of the package or of a model cannot be fetched.
    #[cfg(feature = "schema")] // the package's JavaScript fetches, this crate never does
    Network,
    /// The caller passed an argument that makes no sense.
    Argument,
    /// A GPU was asked for, and there is no usable one.
    NoGpu,
    /// The GPU stopped answering or computes wrong numbers, and in browsers the CPU could not take
    /// over.
    DeviceLost,
    /// The caller cancelled the work, in JavaScript by its AbortSignal or by `dispose()`.
    Aborted,
    /// A bug in clipsight.
    Internal,
}

/// Who can do something about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum Fault {
    /// The image file: another file is needed.
    File,
    /// The model files: they must be fetched or made anew.
    Model,
    /// The image file or the model: a smaller one is needed.
    Limit,
    /// The calling code or command line.
    Caller,
    /// The machine: disk, GPU, driver.
    Device,
    /// The connection, or the server at its other end.
    #[cfg(feature = "schema")] // as the kind
    Network,
    /// The authors of clipsight: please report it.
    Us,
}

impl ErrorKind {
    /// All kinds.
    #[cfg(feature = "schema")]
    pub const ALL: [Self; 11] = [
        Self::Decode,
        Self::Unsupported,
        Self::Limit,
        Self::WeightsCorrupt,
        Self::Io,
        Self::Network,
        Self::Argument,
        Self::NoGpu,
        Self::DeviceLost,
        Self::Aborted,
        Self::Internal,
    ];

    /// The stable code that leaves the crate: part of the public interface, never changed.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Decode => "decode",
            Self::Unsupported => "unsupported",
            Self::Limit => "limit",
            Self::WeightsCorrupt => "weights-corrupt",
            Self::Io => "io",
            #[cfg(feature = "schema")]
            Self::Network => "network",
            Self::Argument => "argument",
            Self::NoGpu => "no-gpu",
            Self::DeviceLost => "device-lost",
            Self::Aborted => "aborted",
            Self::Internal => "internal",
        }
    }

    /// Who can do something about it.
    #[must_use]
    pub fn fault(self) -> Fault {
        match self {
            Self::Decode | Self::Unsupported => Fault::File,
            Self::Limit => Fault::Limit,
            Self::WeightsCorrupt => Fault::Model,
            Self::Argument | Self::Aborted => Fault::Caller,
            Self::Io | Self::NoGpu | Self::DeviceLost => Fault::Device,
            #[cfg(feature = "schema")]
            Self::Network => Fault::Network,
            Self::Internal => Fault::Us,
        }
    }
}

impl Error {
    /// An error of `kind` with a message for people.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), decoder: None, source: None }
    }

    /// The same, keeping the error below it.
    #[must_use]
    pub fn with_source(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    /// The same, with the name of a decoder outside of this crate that may read the image.
    #[must_use]
    pub fn with_decoder(mut self, name: &'static str) -> Self {
        self.decoder = Some(name);
        self
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The decoder outside of this crate that may read the image: `avif`, `heic`, `jxl`, or `extra`
    /// for what a build without the feature `every-image` leaves out.
    #[must_use]
    pub fn decoder(&self) -> Option<&'static str> {
        self.decoder
    }

    /// The message alone, without the errors below it.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_kind_message_and_source() {
        let below = std::io::Error::other("disk on fire");
        let error = Error::new(ErrorKind::Io, "cannot read a.jpg").with_source(below);
        assert_eq!(error.kind().code(), "io");
        assert_eq!(error.kind().fault(), Fault::Device);
        assert_eq!(error.to_string(), "cannot read a.jpg");
        let source = std::error::Error::source(&error).unwrap();
        assert_eq!(source.to_string(), "disk on fire");
    }
}
