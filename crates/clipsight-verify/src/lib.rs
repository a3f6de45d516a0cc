//! Content Credentials (C2PA), checked: is the signature right, does it belong to these bytes, who
//! signed, and is the signer on a list that somebody keeps?
//!
//! ```
//! # #[cfg(feature = "check")] {
//! use clipsight_verify::{verify, State};
//! let plain = verify(b"\x89PNG\r\n\x1a\n").unwrap();
//! assert_eq!(plain.state, State::Absent);
//! # }
//! ```
//!
//! [`verify`] takes the bytes of an image file and gives a [`Verification`]. The standard's rules
//! are those of the `c2pa` crate; what is ours is which [list](TrustList) a signer must be on for
//! which purpose, and what is asked of a chain of certificates besides (`trust.rs`).
//!
//! Nothing is fetched: neither manifests that lie elsewhere, nor whether a certificate was revoked
//! since; an answer of its authority that lies in the file is heeded. The lists are part of the
//! program, and every result tells how old they are. The clock is the machine's.

#[cfg(feature = "check")]
mod bounds;
#[cfg(feature = "check")]
mod cause;
#[cfg(feature = "check")]
mod check;
mod lists;
#[cfg(feature = "check")]
mod report;
#[cfg(feature = "check")]
mod trust;
mod verification;

#[cfg(feature = "check")]
pub use check::{Error, MAX_BYTES, Verifier, verify};
pub use lists::{TrustList, TrustListId};
pub use verification::{
    Algorithm, Cause, ManifestFacts, Problem, Signer, State, TimeStamp, Verification,
};
