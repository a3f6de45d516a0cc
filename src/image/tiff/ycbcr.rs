//! Brightness and colour differences in the way of TIFF 6.0, section 21.

use super::chunk::Chunk;
use crate::error::Result;
use crate::image::directory::{Directory, tag};
use crate::image::format::{Format, malformed_header};

/// How brightness and colour differences are stored, and what they mean.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct YCbCr {
    /// Columns and rows that share their colour differences.
    across: usize,
    down: usize,
    /// Red, green and blue in brightness.
    luma: [f64; 3],
    /// Black and white of each component.
    reference: [f64; 6],
}

impl YCbCr {
    pub(super) fn read(directory: &Directory<'_>) -> Result<Self> {
        let malformed = || malformed_header(Format::Tiff);
        let sampling = directory.tags(tag::YCBCR_SUBSAMPLING);
        let factor = |index: usize| match sampling.get(index).copied().unwrap_or(2) {
            factor @ (1 | 2 | 4) => Ok(factor as usize),
            _ => Err(malformed()),
        };
        let luma = directory.rationals(tag::YCBCR_COEFFICIENTS);
        let luma = luma.and_then(|luma| luma.try_into().ok()).unwrap_or([0.299, 0.587, 0.114]);
        let reference = directory.rationals(tag::REFERENCE_BLACK_WHITE);
        let reference = reference
            .and_then(|reference| reference.try_into().ok())
            .unwrap_or([0.0, 255.0, 128.0, 255.0, 128.0, 255.0]);
        let [dark, bright, cb, cb_full, cr, cr_full] = reference;
        if luma[1] == 0.0 || dark == bright || cb == cb_full || cr == cr_full {
            return Err(malformed());
        }
        Ok(Self { across: factor(0)?, down: factor(1)?, luma, reference })
    }

    /// Whether every pixel has colour differences of its own.
    pub(super) fn is_full(&self) -> bool {
        (self.across, self.down) == (1, 1)
    }

    /// Bytes of a strip or tile.
    pub(super) fn bytes(&self, width: usize, height: usize) -> usize {
        width.div_ceil(self.across) * height.div_ceil(self.down) * (self.across * self.down + 2)
    }

    /// Writes a strip or tile into the RGB picture of `width` columns.
    pub(super) fn write(&self, data: &[u8], chunk: Chunk, width: usize, output: &mut [u8]) {
        let unit = self.across * self.down + 2;
        let units = chunk.width.div_ceil(self.across);
        for y in 0..chunk.rows {
            for x in 0..chunk.columns {
                let at = (y / self.down * units + x / self.across) * unit;
                let luma = data[at + y % self.down * self.across + x % self.across];
                let pixel = ((chunk.top + y) * width + chunk.left + x) * 3;
                let rgb = self.rgb(luma, data[at + unit - 2], data[at + unit - 1]);
                output[pixel..pixel + 3].copy_from_slice(&rgb);
            }
        }
    }

    fn rgb(&self, luma: u8, cb: u8, cr: u8) -> [u8; 3] {
        let [dark, bright, cb_zero, cb_full, cr_zero, cr_full] = self.reference;
        let luma = (f64::from(luma) - dark) * 255.0 / (bright - dark);
        let cb = (f64::from(cb) - cb_zero) * 127.0 / (cb_full - cb_zero);
        let cr = (f64::from(cr) - cr_zero) * 127.0 / (cr_full - cr_zero);
        let red = luma + cr * (2.0 - 2.0 * self.luma[0]);
        let blue = luma + cb * (2.0 - 2.0 * self.luma[2]);
        let green = (luma - self.luma[2] * blue - self.luma[0] * red) / self.luma[1];
        // `as` saturates.
        [red, green, blue].map(|value| value.round() as u8)
    }
}
