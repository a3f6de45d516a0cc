//! AVIF: AV1 pictures, decoded by rav1d.

mod rav1d;

use crate::error::Result;
use crate::heif::{self, container};
use crate::limits::check_file;
use crate::samples::Samples;

/// Decodes an AVIF file; of an animation the first frame.
///
/// # Errors
/// Of each kind: see [`ErrorKind`](crate::ErrorKind).
pub fn decode(bytes: &[u8]) -> Result<Samples> {
    check_file(bytes)?;
    let picture = container::picture(bytes)?;
    picture.expect_codec(container::Codec::Av1)?;
    heif::decode::<rav1d::Rav1d>(picture)
}
