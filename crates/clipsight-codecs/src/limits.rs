//! The core's limits (`clipsight::limits`), checked from headers before memory is taken. They stand
//! here again because the browser's decoders hold nothing of the core; `core.rs` compares the two.

use crate::error::{Error, Result};

/// Largest file in bytes.
pub(crate) const MAX_IMAGE_BYTES: usize = 64 << 20;
/// Longest side in pixels.
pub(crate) const MAX_IMAGE_SIDE: u32 = 16_384;
/// Largest area in pixels.
pub(crate) const MAX_IMAGE_PIXELS: u64 = 100_000_000;
/// Most memory that the samples of a picture may take while it is decoded, in bytes.
pub(crate) const MAX_DECODE_ALLOCATION: u64 = 512 << 20;

/// Refuses a file that is too large.
pub(crate) fn check_file(bytes: &[u8]) -> Result<()> {
    if bytes.len() > MAX_IMAGE_BYTES {
        return Err(Error::limit(format!(
            "the file has {} bytes; the limit is {MAX_IMAGE_BYTES}",
            bytes.len()
        )));
    }
    Ok(())
}

/// The largest picture that is decoded, in pixels: a caller's own bounds are checked with the size,
/// before anything is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Longest side.
    pub side: u32,
    /// Largest area.
    pub pixels: u64,
}

impl Default for Bounds {
    /// The program's limits, beyond which no bounds go.
    fn default() -> Self {
        Self { side: MAX_IMAGE_SIDE, pixels: MAX_IMAGE_PIXELS }
    }
}

impl Bounds {
    /// Refuses a picture that is larger.
    pub(crate) fn check(self, width: u32, height: u32) -> Result<()> {
        let Self { side, pixels } = self;
        if width > side || height > side {
            return Err(Error::limit(format!(
                "the image is {width} x {height} pixels; the limit is {side} per side"
            )));
        }
        let area = u64::from(width) * u64::from(height);
        if area > pixels {
            return Err(Error::limit(format!(
                "the image has {area} pixels; the limit is {pixels}"
            )));
        }
        Ok(())
    }
}

/// Refuses a picture that is empty or too large.
pub(crate) fn check_size(width: u32, height: u32) -> Result<()> {
    if width == 0 || height == 0 {
        return Err(Error::decode(format!("the image is {width} x {height} pixels: empty")));
    }
    Bounds::default().check(width, height)
}

/// Refuses a picture whose samples take too much.
pub(crate) fn check_memory(bytes: u64) -> Result<()> {
    if bytes > MAX_DECODE_ALLOCATION {
        return Err(too_much(bytes));
    }
    Ok(())
}

/// Zeroed values, or an error where there is no memory for them instead of ending the program.
pub(crate) fn zeroed<T: Clone + Default>(length: usize) -> Result<Vec<T>> {
    let bytes = (length as u64).saturating_mul(size_of::<T>() as u64);
    check_memory(bytes)?;
    let mut values = Vec::new();
    values.try_reserve_exact(length).map_err(|_| too_much(bytes))?;
    values.resize(length, T::default());
    Ok(values)
}

fn too_much(bytes: u64) -> Error {
    Error::limit(format!("decoding the image would take {bytes} bytes: too much"))
}
