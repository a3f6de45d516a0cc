//! AVIF: AV1 pictures, decoded by rav1d.

mod rav1d;

use crate::error::Result;
use crate::heif::{self, container};
use crate::limits::{Bounds, check_file};
use crate::samples::Samples;

/// Decodes an AVIF file; of an animation the first frame.
///
/// # Errors
/// Of each kind: see [`ErrorKind`](crate::ErrorKind).
pub fn decode(bytes: &[u8]) -> Result<Samples> {
    decode_within(bytes, Bounds::default())
}

/// As [`decode`], if the picture is no larger.
///
/// # Errors
/// As [`decode`].
pub fn decode_within(bytes: &[u8], bounds: Bounds) -> Result<Samples> {
    check_file(bytes)?;
    let picture = container::picture(bytes)?;
    picture.expect_codec(container::Codec::Av1)?;
    picture.check_within(bounds)?;
    heif::decode::<rav1d::Rav1d>(picture)
}
