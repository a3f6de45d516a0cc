//! Pixels in memory.

use crate::error::{Error, ErrorKind, Result};

/// An 8-bit RGB image: rows from top to bottom, pixels from left to right, channels interleaved.
///
/// Never empty: both sides are at least 1, and `pixels` holds exactly `width * height * 3` bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Rgb8 {
    width: u32,
    height: u32,
    pixels: Vec<u8>,
}

impl Rgb8 {
    /// An image of `width` x `height` from its interleaved bytes.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] if a side is zero or `pixels` has another length than
    /// `width * height * 3`.
    pub fn new(width: u32, height: u32, pixels: Vec<u8>) -> Result<Self> {
        let expected =
            u64::from(width).checked_mul(u64::from(height)).and_then(|area| area.checked_mul(3));
        if width == 0 || height == 0 || expected != Some(pixels.len() as u64) {
            return Err(Error::new(
                ErrorKind::Argument,
                format!(
                    "an RGB image of {width} x {height} pixels does not have {} bytes",
                    pixels.len()
                ),
            ));
        }
        Ok(Self { width, height, pixels })
    }

    /// Width in pixels.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The bytes, `[height, width, 3]`.
    #[must_use]
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The bytes, without copying them.
    #[must_use]
    pub fn into_pixels(self) -> Vec<u8> {
        self.pixels
    }

    /// The row `y`, `width * 3` bytes.
    #[must_use]
    pub fn row(&self, y: usize) -> &[u8] {
        let stride = self.width as usize * 3;
        &self.pixels[y * stride..][..stride]
    }

    /// The rows from top to bottom, each `width * 3` bytes.
    pub fn rows(&self) -> std::slice::ChunksExact<'_, u8> {
        self.pixels.chunks_exact(self.width as usize * 3)
    }

    /// The part of `width` x `height` pixels whose upper left corner is at `x`, `y`.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] if it is empty or reaches beyond the image.
    pub fn crop(&self, x: u32, y: u32, width: u32, height: u32) -> Result<Self> {
        let inside = |start: u32, length: u32, side: u32| {
            length > 0 && start.checked_add(length).is_some_and(|end| end <= side)
        };
        if !inside(x, width, self.width) || !inside(y, height, self.height) {
            return Err(Error::new(
                ErrorKind::Argument,
                format!(
                    "a part of {width} x {height} pixels at {x}, {y} is empty or reaches beyond \
                     an image of {} x {}",
                    self.width, self.height
                ),
            ));
        }
        let (left, length) = (x as usize * 3, width as usize * 3);
        let mut pixels = Vec::with_capacity(length * height as usize);
        for y in y..y + height {
            pixels.extend_from_slice(&self.row(y as usize)[left..left + length]);
        }
        Self::new(width, height, pixels)
    }
}

impl std::fmt::Debug for Rgb8 {
    /// The size alone: nobody reads millions of bytes in a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Rgb8({} x {})", self.width, self.height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(width: u32, height: u32) -> Rgb8 {
        Rgb8::new(width, height, (0..width * height * 3).map(|i| i as u8).collect()).unwrap()
    }

    #[test]
    fn refuses_wrong_lengths_and_empty_sides() {
        for (width, height, length) in
            [(0, 1, 0), (1, 0, 0), (2, 2, 11), (2, 2, 13), (u32::MAX, u32::MAX, 3)]
        {
            assert_eq!(
                Rgb8::new(width, height, vec![0; length]).unwrap_err().kind(),
                ErrorKind::Argument
            );
        }
    }

    #[test]
    fn crops_the_named_part() {
        let image = counted(4, 3);
        let part = image.crop(1, 1, 2, 2).unwrap();
        assert_eq!(part.pixels(), [15, 16, 17, 18, 19, 20, 27, 28, 29, 30, 31, 32]);
        assert_eq!(image.crop(0, 0, 4, 3).unwrap(), image);
    }

    #[test]
    fn refuses_crops_beyond_the_image() {
        let image = counted(4, 3);
        for (x, y, width, height) in
            [(0, 0, 0, 1), (0, 0, 5, 1), (3, 0, 2, 1), (0, 3, 1, 1), (u32::MAX, 0, 2, 1)]
        {
            assert_eq!(image.crop(x, y, width, height).unwrap_err().kind(), ErrorKind::Argument);
        }
    }
}
