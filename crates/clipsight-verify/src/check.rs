//! The check: what c2pa is asked, and what of it may go wrong.

use std::fmt;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use c2pa::{Context, Reader};

use crate::bounds;
use crate::report;
use crate::trust::{self, Trust};
use crate::verification::Verification;

/// The largest file in bytes: as large as an image that clipsight decodes.
pub const MAX_BYTES: usize = 64 * 1024 * 1024;

/// Why there is no [`Verification`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The file is larger than [`MAX_BYTES`].
    TooLarge,
    /// The file made the reader stop, or would have kept it busy for ever.
    Broken,
    /// The certificates that were given are not those of authorities.
    Anchors,
}

impl Error {
    /// The stable code, one of the core's.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::TooLarge => "limit",
            Self::Broken => "decode",
            Self::Anchors => "argument",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLarge => "The file is larger than 64 MiB.",
            Self::Broken => {
                "The file is damaged in a way that the reader of Content Credentials cannot \
                 handle. Try to get the file again."
            }
            Self::Anchors => {
                "The trust anchors are not certificates of authorities in PEM. Give at least one."
            }
        })
    }
}

impl std::error::Error for Error {}

/// Checks the Content Credentials of an image file by the lists that are part of the program: see
/// [`Verifier::verify`].
///
/// # Errors
///
/// [`Error::TooLarge`], [`Error::Broken`].
pub fn verify(bytes: &[u8]) -> Result<Verification, Error> {
    // One a thread: in WebAssembly c2pa's context is for no other.
    thread_local! {
        static VERIFIER: Verifier = Verifier::new();
    }
    VERIFIER.with(|verifier| verifier.verify(bytes))
}

/// What checks go by: the lists of the program, and whom a user trusts besides.
#[derive(Debug)]
pub struct Verifier {
    /// With every list.
    context: Arc<Context>,
    /// With those for time stamps alone.
    time_stamps: Arc<Context>,
    trust: Trust,
}

impl Default for Verifier {
    fn default() -> Self {
        Self::new()
    }
}

impl Verifier {
    /// By the lists that are part of the program.
    #[must_use]
    pub fn new() -> Self {
        Self::with(Trust::of_lists())
    }

    /// By these lists, and by authorities besides, certificates in PEM: those of a company, say.
    /// `signers`: for who signs; `time_stamps`: for who says when. Each may be empty.
    ///
    /// # Errors
    ///
    /// [`Error::Anchors`] where they are not the certificates of authorities.
    pub fn with_anchors(signers: &str, time_stamps: &str) -> Result<Self, Error> {
        Ok(Self::with(Trust::with_anchors(signers, time_stamps).ok_or(Error::Anchors)?))
    }

    fn with(trust: Trust) -> Self {
        let context = context_of(trust.all_anchors(), Some(trust::INTERIM_SIGNERS.to_owned()));
        let time_stamps = context_of(trust.time_stamp_anchors(), None);
        Self { context, time_stamps, trust }
    }

    /// Checks the Content Credentials of an image file: JPEG, PNG, WebP, GIF, TIFF, AVIF, HEIC,
    /// JPEG XL. What it is, is told by its content; what is none of these has no place for them.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`]; [`Error::Broken`] for a file of which the reader would make no end, or
    /// which makes it panic.
    pub fn verify(&self, bytes: &[u8]) -> Result<Verification, Error> {
        if bytes.len() > MAX_BYTES {
            return Err(Error::TooLarge);
        }
        let Some(format) = format_of(bytes) else { return Ok(Verification::absent(None)) };
        if !bounds::are_kept(format, bytes) {
            return Err(Error::Broken);
        }
        let read =
            |context| Reader::from_shared_context(context).with_stream(format, Cursor::new(bytes));
        let report = || match read(&self.context) {
            Ok(reader) => {
                let again = || read(&self.time_stamps).ok();
                report::of_manifests(&reader, &self.trust, again)
            }
            Err(error) => report::of_error(&error, bytes),
        };
        // c2pa avoids panics; what it builds upon is a hundred crates.
        catch_unwind(AssertUnwindSafe(report)).map_err(|_| Error::Broken)
    }
}

/// What c2pa goes by, with authorities in PEM and signers by their hashes.
#[allow(clippy::arc_with_non_send_sync, reason = "c2pa takes no other, in WebAssembly neither")]
fn context_of(anchors: String, signers: Option<String>) -> Arc<Context> {
    let mut context = Context::new();
    let settings = context.settings_mut();
    // Said twice: the crate is compiled without anything that could fetch.
    settings.verify.remote_manifest_fetch = false;
    settings.verify.ocsp_fetch = false;
    settings.core.allowed_network_hosts = Some(Vec::new());
    // Who somebody says to be, in a statement of its own, is not a part of this.
    settings.core.decode_identity_assertions = false;
    settings.trust.trust_anchors = Some(anchors);
    settings.trust.allowed_list = signers;
    Arc::new(context)
}

/// The media type of what has a place for a manifest, by its first bytes.
fn format_of(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => Some("image/tiff"),
        [0, 0, 0, 12, b'J', b'X', b'L', b' ', ..] => Some("image/jxl"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => Some("image/heif"),
        _ => None,
    }
}
