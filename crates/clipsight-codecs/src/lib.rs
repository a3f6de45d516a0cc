//! AVIF, HEIC and JPEG XL: from a file's bytes to its [`Samples`].
//!
//! The decoders of the pictures themselves are others' work: rav1d (AV1), heic-decoder (HEVC) and
//! jxl (JPEG XL). What is ours is around them: the container that AVIF and HEIC share
//! ([ISO/IEC 23008-12]), tiles, alpha, crops and turns, and the way from luma and chroma to RGB.
//!
//! Natively [`decode`] gives the core's types (feature `core`). In browsers each format is a
//! WebAssembly module of its own, fetched when the first such file comes; those hold this crate
//! with one format and nothing of the core: see `decoders/` beside this workspace.
//!
//! [ISO/IEC 23008-12]: https://www.iso.org/standard/83650.html

#[cfg(any(feature = "avif", feature = "heic", feature = "jxl"))]
#[cfg_attr(
    not(any(feature = "avif", feature = "heic")),
    allow(dead_code, reason = "JPEG XL looks at names alone")
)]
mod boxes;
mod error;
#[cfg(any(feature = "avif", feature = "heic"))]
mod heif;
#[cfg_attr(
    not(any(feature = "avif", feature = "heic", feature = "jxl")),
    allow(dead_code, reason = "decoders alone need most of it")
)]
mod limits;
#[cfg(not(target_family = "wasm"))]
#[cfg_attr(
    not(all(feature = "avif", feature = "heic", feature = "jxl")),
    allow(dead_code, reason = "each decoder takes a part of it")
)]
mod net;
mod probe;
mod samples;

#[cfg(feature = "avif")]
pub mod avif;
#[cfg(feature = "core")]
mod core;
#[cfg(feature = "heic")]
pub mod heic;
#[cfg(feature = "jxl")]
pub mod jxl;

#[cfg(feature = "core")]
pub use self::core::decode;
pub use error::{Error, ErrorKind, Result};
pub use limits::Bounds;
#[cfg(not(target_family = "wasm"))]
#[doc(hidden)]
pub use net::last_panic;
pub use probe::{Header, format, header};
pub use samples::{Cicp, Format, Layout, Note, SampleData, Samples};

/// Decodes a file of one of the formats; none where it is of another.
#[must_use]
pub fn decode_samples(bytes: &[u8]) -> Option<Result<Samples>> {
    Some(match format(bytes)? {
        #[cfg(feature = "avif")]
        Format::Avif => avif::decode(bytes),
        #[cfg(feature = "heic")]
        Format::Heif => heic::decode(bytes),
        #[cfg(feature = "jxl")]
        Format::Jxl => jxl::decode(bytes),
        #[allow(unreachable_patterns, reason = "where all formats are built in")]
        other => Err(Error::unsupported(format!("{} is not read by this program", other.name()))),
    })
}
