//! Pixels that have no file.
//!
//! What a result says of the file is said of the TIFF that [`Pixels::into_decoded`] makes: the
//! samples as they are, uncompressed, and behind them a directory with size, colour profile and
//! orientation. So equal pixels have equal hashes, and the TIFF gives the same verdict.

use clipsight::image::{Decoded, Format, Layout, SampleData, Samples};
use clipsight::limits::MAX_IMAGE_PIXELS;
use clipsight::{Error, ErrorKind, Result};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// Pixels as `clipsight._inputs.plain` hands them over.
#[derive(Debug)]
pub(crate) struct Pixels {
    width: u32,
    height: u32,
    layout: Layout,
    /// Interleaved samples, rows from the top; of 16 bits with their lower byte first.
    samples: Vec<u8>,
    sixteen_bits: bool,
    icc: Option<Vec<u8>>,
    /// EXIF orientation, 1 to 8.
    orientation: u8,
}

/// Photometric interpretations of TIFF 6.0.
const BLACK_IS_ZERO: u32 = 1;
const RGB: u32 = 2;
const SEPARATED: u32 = 5;

impl Pixels {
    /// From the tuple of Python: width, height, layout, samples, profile, orientation.
    ///
    /// # Errors
    /// For anything else, which `plain` never returns.
    pub(crate) fn of(plain: &Bound<'_, PyAny>) -> PyResult<Self> {
        type Plain<'py> = (u32, u32, String, Bound<'py, PyBytes>, Option<Bound<'py, PyBytes>>, u8);
        let (width, height, layout, samples, icc, orientation) = plain.extract::<Plain<'_>>()?;
        let (layout, sixteen_bits) = match layout.as_str() {
            "gray" => (Layout::Gray, false),
            "gray16" => (Layout::Gray, true),
            "gray-alpha" => (Layout::GrayAlpha, false),
            "rgb" => (Layout::Rgb, false),
            "rgba" => (Layout::Rgba, false),
            "cmyk" => (Layout::Cmyk, false),
            other => {
                let error = Error::new(ErrorKind::Internal, format!("no layout is called {other}"));
                return Err(crate::failure::exception(plain.py(), &error));
            }
        };
        Ok(Self {
            width,
            height,
            layout,
            samples: samples.as_bytes().to_vec(),
            sixteen_bits,
            icc: icc.map(|icc| icc.as_bytes().to_vec()),
            orientation,
        })
    }

    /// The image, and the TIFF that it would be.
    ///
    /// # Errors
    /// As [`Samples::into_decoded`].
    pub(crate) fn into_decoded(self) -> Result<(Vec<u8>, Decoded)> {
        if u64::from(self.width) * u64::from(self.height) > MAX_IMAGE_PIXELS {
            let message = format!(
                "the image has {} x {} pixels; the maximum is {MAX_IMAGE_PIXELS} in all",
                self.width, self.height
            );
            return Err(Error::new(ErrorKind::Limit, message));
        }
        let tiff = self.tiff();
        let Self { width, height, layout, samples, sixteen_bits, icc, orientation } = self;
        let data = if sixteen_bits {
            let pairs = samples.as_chunks::<2>().0.iter();
            SampleData::U16(pairs.map(|pair| u16::from_le_bytes(*pair)).collect())
        } else {
            SampleData::U8(samples)
        };
        let samples = Samples {
            format: Format::Tiff,
            width,
            height,
            layout,
            data,
            premultiplied: false,
            orientation,
            icc,
            cicp: None,
            notes: Vec::new(),
        };
        Ok((tiff, samples.into_decoded()?))
    }

    /// A TIFF of one strip.
    fn tiff(&self) -> Vec<u8> {
        let channels = self.layout.channels() as u32;
        let bits = if self.sixteen_bits { 16_u16 } else { 8 };
        let photometric = match self.layout {
            Layout::Gray | Layout::GrayAlpha => BLACK_IS_ZERO,
            Layout::Rgb | Layout::Rgba => RGB,
            Layout::Cmyk => SEPARATED,
        };
        let mut file = b"II*\0\0\0\0\0".to_vec();
        file.extend_from_slice(&self.samples);
        let depths = append(&mut file, &bits.to_le_bytes().repeat(channels as usize));
        let profile = self.icc.as_deref().map(|icc| (append(&mut file, icc), icc.len() as u32));
        let directory = append(&mut file, &[]);
        file[4..8].copy_from_slice(&directory.to_le_bytes());
        // Tag, type (3 short, 4 long, 7 bytes), count, value or place.
        let mut entries = vec![
            (256, 4, 1, self.width),
            (257, 4, 1, self.height),
            match channels {
                1 => (258, 3, 1, u32::from(bits)),
                2 => (258, 3, 2, u32::from(bits) << 16 | u32::from(bits)),
                _ => (258, 3, channels, depths),
            },
            (259, 3, 1, 1),
            (262, 3, 1, photometric),
            (273, 4, 1, 8),
            (274, 3, 1, u32::from(self.orientation)),
            (277, 3, 1, channels),
            (278, 4, 1, self.height),
            (279, 4, 1, self.samples.len() as u32),
        ];
        if self.layout.has_alpha() {
            // Opacity that the colours are not multiplied by.
            entries.push((338, 3, 1, 2));
        }
        entries.extend(profile.map(|(at, length)| (34675, 7, length, at)));
        file.extend((entries.len() as u16).to_le_bytes());
        for (tag, kind, count, value) in entries {
            file.extend(u16::to_le_bytes(tag));
            file.extend(u16::to_le_bytes(kind));
            file.extend(u32::to_le_bytes(count));
            file.extend(u32::to_le_bytes(value));
        }
        file.extend([0; 4]);
        file
    }
}

/// Appends at an even place, as TIFF asks, and returns it. Images of the largest size end far below
/// 4 GiB.
fn append(file: &mut Vec<u8>, bytes: &[u8]) -> u32 {
    if file.len() % 2 == 1 {
        file.push(0);
    }
    let at = file.len() as u32;
    file.extend_from_slice(bytes);
    at
}
