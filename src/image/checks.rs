//! What the header check and the decoders share: bounds of images and of their memory, and bytes
//! that may not be there.

use crate::error::{Error, ErrorKind, Result};
use crate::limits;

/// Checks an image's sides and area.
pub(super) fn check_size(width: u32, height: u32) -> Result<()> {
    if width == 0 || height == 0 {
        return Err(Error::new(
            ErrorKind::Decode,
            format!("the image is {width} x {height} pixels: empty"),
        ));
    }
    check_bounds(width, height, limits::MAX_IMAGE_SIDE, limits::MAX_IMAGE_PIXELS)
}

/// Checks an image's sides and area against these bounds.
pub(super) fn check_bounds(width: u32, height: u32, side: u32, pixels: u64) -> Result<()> {
    if width > side || height > side {
        return Err(Error::new(
            ErrorKind::Limit,
            format!("the image is {width} x {height} pixels; the limit is {side} per side"),
        ));
    }
    let area = u64::from(width) * u64::from(height);
    if area > pixels {
        return Err(Error::new(
            ErrorKind::Limit,
            format!("the image has {area} pixels; the limit is {pixels}"),
        ));
    }
    Ok(())
}

/// The `N` bytes at `at`.
pub(crate) fn take<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

/// Zeroed memory, or an error where there is not enough, instead of ending the program.
pub(super) fn buffer(bytes: u64) -> Result<Vec<u8>> {
    let too_much = || {
        Error::new(
            ErrorKind::Limit,
            format!("decoding the image would take {bytes} bytes: too much"),
        )
    };
    if bytes > limits::MAX_DECODE_ALLOCATION {
        return Err(too_much());
    }
    let length = usize::try_from(bytes).map_err(|_| too_much())?;
    let mut buffer = Vec::new();
    buffer.try_reserve_exact(length).map_err(|_| too_much())?;
    buffer.resize(length, 0);
    Ok(buffer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_bounded() {
        assert_eq!(buffer(limits::MAX_DECODE_ALLOCATION + 1).unwrap_err().kind(), ErrorKind::Limit);
        assert_eq!(buffer(u64::MAX).unwrap_err().kind(), ErrorKind::Limit);
        assert_eq!(buffer(5).unwrap(), [0; 5]);
    }
}
