//! `clipsight provenance --verify`: Content Credentials, checked.

use std::fmt::Write as _;

use clipsight::{Error, ErrorKind, Result};
use clipsight_native::io::printable;
use clipsight_verify::{State, Verification};

/// Checks a file's Content Credentials.
///
/// # Errors
/// When the file is too large or breaks the reader.
#[cfg(feature = "verify")]
pub(crate) fn check(bytes: &[u8]) -> Result<Verification> {
    use clipsight_verify::Error as Refused;

    clipsight_verify::verify(bytes).map_err(|error| {
        let kind = match error {
            Refused::TooLarge => ErrorKind::Limit,
            Refused::Broken => ErrorKind::Decode,
            Refused::Anchors => ErrorKind::Argument,
        };
        Error::new(kind, error.to_string())
    })
}

/// Builds without the feature have nothing to check with.
///
/// # Errors
/// Always.
#[cfg(not(feature = "verify"))]
pub(crate) fn check(_: &[u8]) -> Result<Verification> {
    Err(Error::new(
        ErrorKind::Unsupported,
        "this build of clipsight cannot check signatures: build it with --features verify",
    ))
}

/// What became of it, in lines.
pub(crate) fn describe(verification: &Verification, lines: &mut String) {
    let state = match verification.state {
        State::Trusted => "trusted",
        State::Valid => "valid, by an unknown signer",
        State::Invalid => "invalid",
        State::Absent => "absent",
    };
    // Writing to a string cannot fail.
    let _ = writeln!(lines, "  signature: {state}: {}", printable(&verification.summary));
    if let Some(signer) = &verification.signer {
        let who = [&signer.organisation, &signer.name].into_iter().flatten();
        let who = who.map(String::as_str).collect::<Vec<_>>().join(", ");
        let issuer = signer.issuer.as_deref().unwrap_or("nobody");
        let words = format!("signed by {who}; certificate issued by {issuer}");
        let _ = writeln!(lines, "    {}", printable(&words));
    }
    if let Some(stamp) = verification.time_stamp.as_ref().filter(|stamp| stamp.verified) {
        let time = stamp.time.as_deref().unwrap_or("an unknown time");
        let authority = stamp.authority.as_deref().unwrap_or("an unnamed authority");
        let words = format!("signed on {time}, says {authority}");
        let _ = writeln!(lines, "    {}", printable(&words));
    }
    for problem in &verification.problems {
        let words = format!("{} [{}]", problem.explanation, problem.code);
        let _ = writeln!(lines, "    {}", printable(&words));
    }
}
