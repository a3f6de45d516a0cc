//! What decoders hand over, and how it becomes upright 8-bit sRGB pixels: one way for all formats.

use super::checks::{buffer, check_size};
use super::color::{self, Space};
use super::decoded::{Decoded, Note};
use super::format::Format;
use super::layout::{Cicp, Layout, SampleData};
use super::orientation;
use super::rgb8::Rgb8;
use crate::error::{Error, ErrorKind, Result};

/// A picture as its decoder gives it: before colours are converted, alpha is laid over white, and
/// the picture is turned upright.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Samples {
    /// The format of the file.
    pub format: Format,
    /// Width in pixels, as stored.
    pub width: u32,
    /// Height in pixels, as stored.
    pub height: u32,
    /// The samples of one pixel.
    pub layout: Layout,
    /// All samples.
    pub data: SampleData,
    /// Whether colours are multiplied by their alpha already.
    pub premultiplied: bool,
    /// EXIF orientation, 1 (upright) to 8.
    pub orientation: u8,
    /// The embedded ICC profile.
    pub icc: Option<Vec<u8>>,
    /// Colours by code points, where there is no profile.
    pub cicp: Option<Cicp>,
    /// What the decoder changed or left out.
    pub notes: Vec<Note>,
}

impl Samples {
    /// Converts colours to sRGB, lays transparent pixels over white and turns the picture upright.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`] for a picture beyond the [limits](crate::limits), [`ErrorKind::Decode`]
    /// for an empty one, [`ErrorKind::Argument`] if there are more or fewer samples than the size
    /// takes, [`ErrorKind::Unsupported`] for a colour profile made of tables in a build without the
    /// feature `every-image`.
    pub fn into_decoded(self) -> Result<Decoded> {
        let Self {
            format,
            width,
            height,
            layout,
            data,
            premultiplied,
            orientation,
            icc,
            cicp,
            mut notes,
        } = self;
        check_size(width, height)?;
        let expected = u64::from(width) * u64::from(height) * layout.channels() as u64;
        if expected != data.len() as u64 {
            return Err(Error::new(
                ErrorKind::Argument,
                format!(
                    "{width} x {height} pixels take {expected} samples, and there are {}",
                    data.len()
                ),
            ));
        }
        let mut note = |happened: bool, what: Note| {
            if happened && !notes.contains(&what) {
                notes.push(what);
            }
        };
        note(matches!(data, SampleData::U16(_)), Note::SixteenBitReduced);
        let space = Space::of(icc.as_deref(), cicp, layout)?;
        let hdr = matches!(space, Space::Hdr(_));
        note(hdr, Note::HdrToneMapped);
        note(!hdr && !matches!(space, Space::Srgb), Note::ProfileConverted);
        let inks = layout == Layout::Cmyk && matches!(space, Space::Srgb);
        note(inks, Note::CmykConverted);
        let (mut samples, layout) = match (space, data) {
            (Space::Srgb, SampleData::U8(samples)) => (samples, layout),
            (Space::Srgb, SampleData::U16(samples)) => (to_eight_bits(&samples)?, layout),
            (space, data) => space.convert(&data, layout, premultiplied)?,
        };
        if layout.has_alpha() {
            let changed = over_white(&mut samples, layout.channels(), premultiplied);
            note(changed, Note::AlphaOverWhite);
        }
        let pixels = Rgb8::new(width, height, to_rgb(samples, layout)?)?;
        let pixels = orientation::upright(pixels, orientation)?;
        Ok(Decoded {
            format,
            width: pixels.width(),
            height: pixels.height(),
            orientation,
            notes,
            pixels,
        })
    }
}

/// Samples of 16 bits, rounded to 8.
fn to_eight_bits(samples: &[u16]) -> Result<Vec<u8>> {
    let mut reduced = buffer(samples.len() as u64)?;
    for (low, &wide) in reduced.iter_mut().zip(samples) {
        *low = color::rounded(wide);
    }
    Ok(reduced)
}

/// Samples of 8 bits to RGB; in place where they shrink, so that a second buffer is needed only for
/// gray.
fn to_rgb(mut samples: Vec<u8>, layout: Layout) -> Result<Vec<u8>> {
    match layout {
        Layout::Rgb => Ok(samples),
        Layout::Rgba | Layout::Cmyk => {
            let count = samples.len() / 4;
            for index in 0..count {
                let at = index * 4;
                if layout == Layout::Cmyk {
                    // Without a profile, what is left of white by ink and by black.
                    let light = u32::from(255 - samples[at + 3]);
                    for ink in &mut samples[at..at + 3] {
                        *ink = ((u32::from(255 - *ink) * light + 127) / 255) as u8;
                    }
                }
                samples.copy_within(at..at + 3, index * 3);
            }
            samples.truncate(count * 3);
            Ok(samples)
        }
        Layout::Gray | Layout::GrayAlpha => {
            let channels = layout.channels();
            let mut rgb = buffer((samples.len() / channels * 3) as u64)?;
            let shades = samples.iter().step_by(channels);
            for (pixel, shade) in rgb.as_chunks_mut::<3>().0.iter_mut().zip(shades) {
                *pixel = [*shade; 3];
            }
            Ok(rgb)
        }
    }
}

/// Lays pixels with alpha as their last channel over white; whether any was not opaque.
fn over_white(samples: &mut [u8], channels: usize, premultiplied: bool) -> bool {
    let mut changed = false;
    for pixel in samples.chunks_exact_mut(channels) {
        let [colors @ .., alpha] = pixel else { continue };
        if *alpha == 255 {
            continue;
        }
        changed = true;
        let alpha = u32::from(*alpha);
        for color in colors {
            *color = if premultiplied {
                color.saturating_add((255 - alpha) as u8)
            } else {
                ((u32::from(*color) * alpha + 255 * (255 - alpha) + 127) / 255) as u8
            };
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(layout: Layout, data: SampleData) -> Samples {
        let width = (data.len() / layout.channels()) as u32;
        Samples {
            format: Format::Png,
            width,
            height: 1,
            layout,
            data,
            premultiplied: false,
            orientation: 1,
            icc: None,
            cicp: None,
            notes: Vec::new(),
        }
    }

    fn decoded(samples: Samples) -> (Vec<u8>, Vec<Note>) {
        let Decoded { pixels, notes, .. } = samples.into_decoded().unwrap();
        (pixels.into_pixels(), notes)
    }

    #[test]
    fn alpha_goes_over_white() {
        let data = SampleData::U8(vec![0, 0, 0, 0, 200, 100, 0, 255, 0, 255, 10, 128]);
        let straight = samples(Layout::Rgba, data);
        let (rgb, notes) = decoded(straight.clone());
        assert_eq!(rgb, [255, 255, 255, 200, 100, 0, 127, 255, 132]);
        assert_eq!(notes, [Note::AlphaOverWhite]);
        let premultiplied = Samples { premultiplied: true, ..straight };
        assert_eq!(decoded(premultiplied).0, [255, 255, 255, 200, 100, 0, 127, 255, 137]);
    }

    #[test]
    fn opaque_alpha_is_no_news() {
        let data = SampleData::U8(vec![9, 255, 8, 255]);
        let (rgb, notes) = decoded(samples(Layout::GrayAlpha, data));
        assert_eq!(rgb, [9, 9, 9, 8, 8, 8]);
        assert_eq!(notes, []);
    }

    #[test]
    fn sixteen_bits_are_rounded() {
        let data = SampleData::U16(vec![0, 128, 129, 257, 65534 - 128, 65535]);
        let (rgb, notes) = decoded(samples(Layout::Rgb, data));
        assert_eq!(rgb, [0, 0, 1, 1, 254, 255]);
        assert_eq!(notes, [Note::SixteenBitReduced]);
    }

    #[test]
    fn inks_take_light_away() {
        let data = SampleData::U8(vec![0, 0, 0, 0, 255, 0, 0, 0, 0, 0, 0, 255, 0, 128, 255, 51]);
        let (rgb, notes) = decoded(samples(Layout::Cmyk, data));
        assert_eq!(rgb, [255, 255, 255, 0, 255, 255, 0, 0, 0, 204, 102, 0]);
        assert_eq!(notes, [Note::CmykConverted]);
    }

    #[test]
    fn wrong_lengths_are_refused() {
        let mut wrong = samples(Layout::Rgb, SampleData::U8(vec![0; 6]));
        wrong.width = 3;
        assert_eq!(wrong.into_decoded().unwrap_err().kind(), ErrorKind::Argument);
    }
}
