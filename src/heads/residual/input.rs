//! The network's input: an image minus its local mean.

use super::ResidualConfig;
use crate::Result;
use crate::image::{Preprocessing, Rgb8};

/// Residuals are scaled by this over 255: after subtracting a mean over 3 x 3 pixels, what is left
/// is mostly within a few levels.
const GAIN: f32 = 48.0;

/// Scaled residuals beyond this are cut off, at ten levels: edges of things, not traces (the
/// truncation of Fridrich and Kodovsky 2012, "Rich models for steganalysis").
const CLIP: f32 = 2.0;

impl ResidualConfig {
    /// The part of an image that the network reads: the image as `preprocessing` reduces it, but
    /// never enlarged, and cut around the centre to at most the configured sides.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`](crate::ErrorKind::Argument) for a preprocessing that is not valid.
    pub fn crop(&self, preprocessing: &Preprocessing, image: &Rgb8) -> Result<Rgb8> {
        preprocessing.reduced(image, self.short_side, self.long_side)
    }

    /// The high-pass residual of an image, `[3, height, width]`: every value less the mean over the
    /// 3 x 3 pixels around it (at the border over pixels repeated outwards), scaled and cut off.
    /// Computed here, in whole numbers, and not on the device: no filter of the network has to
    /// learn it, and all devices see the same input.
    #[must_use]
    pub fn input(image: &Rgb8) -> Vec<f32> {
        let (width, height) = (image.width() as usize, image.height() as usize);
        let pixels = image.pixels();
        let at =
            |channel: usize, y: usize, x: usize| i32::from(pixels[(y * width + x) * 3 + channel]);
        let mut residual = Vec::with_capacity(pixels.len());
        // Sums over three pixels of a column.
        let mut columns = vec![0; width];
        for channel in 0..3 {
            for y in 0..height {
                let (above, below) = (y.saturating_sub(1), (y + 1).min(height - 1));
                for (x, column) in columns.iter_mut().enumerate() {
                    *column = at(channel, above, x) + at(channel, y, x) + at(channel, below, x);
                }
                for x in 0..width {
                    let (left, right) = (x.saturating_sub(1), (x + 1).min(width - 1));
                    let sum = columns[left] + columns[x] + columns[right];
                    #[expect(clippy::cast_precision_loss, reason = "at most 9 * 255")]
                    let difference = (9 * at(channel, y, x) - sum) as f32;
                    residual.push((difference * (GAIN / (9.0 * 255.0))).clamp(-CLIP, CLIP));
                }
            }
        }
        residual
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_local_mean_away() {
        // A single bright pixel in the middle of a 3 x 2 image; borders repeat.
        let mut pixels = vec![10; 3 * 2 * 3];
        pixels[3..6].copy_from_slice(&[11, 12, 255]);
        let residual = ResidualConfig::input(&Rgb8::new(3, 2, pixels).unwrap());
        let unit = GAIN / (9.0 * 255.0);
        // Above the top row it is repeated: two of nine are bright there, one below.
        let red = [-2.0, 7.0, -2.0, -1.0, -1.0, -1.0].map(|value| value * unit);
        for (value, expected) in residual[..6].iter().zip(red) {
            assert!((value - expected).abs() < 1e-6, "{residual:?}");
        }
        assert!((residual[7] - 2.0 * red[1]).abs() < 1e-6);
        assert_eq!(residual[13], CLIP);
        let flat = ResidualConfig::input(&Rgb8::new(1, 1, vec![200; 3]).unwrap());
        assert_eq!(flat, [0.0; 3]);
    }
}
