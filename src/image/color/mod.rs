//! Embedded colours to sRGB: the one place for all formats.
//!
//! Profiles (ICC.1:2022) of a matrix and three curves, or of one curve for shades, are read and
//! applied here: they are what cameras, screens and programs write, and take a tenth of what a
//! colour library would add to each visit of the page. Profiles made of tables, as for inks and
//! scanners, are `moxcms`'s, with the perceptual intent, as Pillow's `ImageCms` does by default;
//! browsers get that part when such a file comes. A profile that changes no colour by more than a
//! level is sRGB by another name, and the samples stay as they are. What cannot be read, or belongs
//! to another kind of picture, is ignored, as browsers do.
//!
//! Code points (ITU-T H.273) go the same way. Their SDR television transfers (BT.709, BT.601,
//! BT.2020) count as sRGB's, as in browsers and in `libavif`. PQ and HLG (BT.2100) are mapped to
//! SDR: see [`hdr`].

mod code_points;
mod hdr;
mod icc;
mod shaper;
#[cfg(feature = "every-image")]
mod tables;

use super::checks::buffer;
use super::layout::{Cicp, Layout, SampleData};
use crate::error::Result;
#[cfg(not(feature = "every-image"))]
use crate::error::{Error, ErrorKind};
use hdr::ToneMap;
use shaper::Shaper;

/// A value of 16 bits in 8: 65535 is 255 * 257, so this is exact, rounded.
pub(super) fn rounded(wide: u16) -> u8 {
    ((u32::from(wide) + 128) / 257) as u8
}

/// A value of 8 bits in 16.
fn widened(narrow: u8) -> u16 {
    u16::from(narrow) * 257
}

/// The colours of a picture's samples.
pub(super) enum Space {
    /// sRGB, or nothing is known: nothing to do.
    Srgb,
    /// Curves and a matrix.
    Shaper(Box<Shaper>),
    /// Tables.
    #[cfg(feature = "every-image")]
    Tables(tables::Tables),
    /// High dynamic range.
    Hdr(Box<ToneMap>),
}

impl Space {
    /// The colours that a file names.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) for a profile made of tables in a
    /// build without the feature `every-image`.
    pub(super) fn of(icc: Option<&[u8]>, cicp: Option<Cicp>, layout: Layout) -> Result<Self> {
        let named = match (icc, cicp) {
            (Some(icc), _) => match icc::read(icc, layout) {
                Some(icc::Profile::Shaper(shaper)) => Self::Shaper(Box::new(shaper)),
                Some(icc::Profile::CodePoints(cicp)) => Self::of_code_points(cicp, layout),
                Some(icc::Profile::Tables) => return Self::of_tables(icc, layout),
                None => Self::Srgb,
            },
            (None, Some(cicp)) => Self::of_code_points(cicp, layout),
            (None, None) => Self::Srgb,
        };
        Ok(match named {
            Self::Shaper(shaper) if !shaper.changes_colors() => Self::Srgb,
            named => named,
        })
    }

    fn of_code_points(cicp: Cicp, layout: Layout) -> Self {
        if !matches!(layout, Layout::Rgb | Layout::Rgba) {
            return Self::Srgb;
        }
        if let Some(map) = ToneMap::new(cicp) {
            return Self::Hdr(Box::new(map));
        }
        Self::Shaper(Box::new(Shaper::of_code_points(cicp)))
    }

    #[cfg(feature = "every-image")]
    #[expect(clippy::unnecessary_wraps, reason = "the same as without the feature")]
    fn of_tables(icc: &[u8], layout: Layout) -> Result<Self> {
        Ok(tables::Tables::new(icc, layout).map_or(Self::Srgb, Self::Tables))
    }

    #[cfg(not(feature = "every-image"))]
    fn of_tables(_: &[u8], _: Layout) -> Result<Self> {
        Err(Error::new(
            ErrorKind::Unsupported,
            "the colour profile of the image is not supported: save the image with the profile \
             sRGB",
        )
        .with_decoder(super::format::EXTRA_DECODER))
    }

    /// The samples in sRGB, 8 bits each: of the same layout, or RGB where there were inks.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`](crate::ErrorKind::Limit) where there is not the memory,
    /// [`ErrorKind::Internal`](crate::ErrorKind::Internal) if a profile's tables cannot be applied.
    pub(super) fn convert(
        &self,
        data: &SampleData,
        layout: Layout,
        premultiplied: bool,
    ) -> Result<(Vec<u8>, Layout)> {
        let target = if layout == Layout::Cmyk { Layout::Rgb } else { layout };
        let channels = layout.channels();
        let pixels = match data {
            SampleData::U8(samples) => samples.len(),
            SampleData::U16(samples) => samples.len(),
        } / channels;
        let mut output = buffer((pixels * target.channels()) as u64)?;
        // Enough to pay for the calls, little enough for the first cache.
        const ROUND: usize = 1024;
        let colors = channels - usize::from(layout.has_alpha());
        let mut before = [0; ROUND * 4];
        let mut after = [0; ROUND * 3];
        for start in (0..pixels).step_by(ROUND) {
            let count = ROUND.min(pixels - start);
            let sample = |index: usize| match data {
                SampleData::U8(samples) => widened(samples[index]),
                SampleData::U16(samples) => samples[index],
            };
            let alpha = |pixel: usize| sample((start + pixel + 1) * channels - 1);
            for pixel in 0..count {
                for color in 0..colors {
                    let value = sample((start + pixel) * channels + color);
                    before[pixel * colors + color] =
                        if premultiplied { straight(value, alpha(pixel)) } else { value };
                }
            }
            self.transform(&before[..count * colors], &mut after[..count * 3])?;
            let kept = target.channels();
            let out = output[start * kept..][..count * kept].chunks_exact_mut(kept);
            for (pixel, (out, color)) in out.zip(after.as_chunks::<3>().0).enumerate() {
                if layout.has_alpha() {
                    let alpha = alpha(pixel);
                    for (out, &color) in out.iter_mut().zip(color) {
                        *out = rounded(if premultiplied { times(color, alpha) } else { color });
                    }
                    out[kept - 1] = rounded(alpha);
                } else {
                    for (out, &color) in out.iter_mut().zip(color) {
                        *out = rounded(color);
                    }
                }
            }
        }
        Ok((output, target))
    }

    /// `before`, whose colours are as in the file, in sRGB.
    fn transform(&self, before: &[u16], after: &mut [u16]) -> Result<()> {
        match self {
            Self::Srgb => {}
            Self::Shaper(shaper) => shaper.apply(before, after),
            #[cfg(feature = "every-image")]
            Self::Tables(tables) => tables.apply(before, after)?,
            Self::Hdr(map) => map.apply(before, after),
        }
        Ok(())
    }
}

/// A colour without its alpha.
fn straight(color: u16, alpha: u16) -> u16 {
    if alpha == 0 {
        return 0;
    }
    let (color, alpha) = (u32::from(color), u32::from(alpha));
    ((color * 65535).saturating_add(alpha / 2) / alpha).min(65535) as u16
}

/// A colour with its alpha.
fn times(color: u16, alpha: u16) -> u16 {
    ((u32::from(color) * u32::from(alpha) + 32767) / 65535) as u16
}

/// Linear light, 1 being white, in sRGB's code values (IEC 61966-2-1).
fn encoded(light: f32) -> f32 {
    if light <= 0.003_130_8 { 12.92 * light } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 }
}

/// The light of sRGB's code values.
fn decoded(code: f32) -> f32 {
    if code <= 0.040_45 { code / 12.92 } else { ((code + 0.055) / 1.055).powf(2.4) }
}

#[cfg(test)]
mod tests {
    use moxcms::ColorProfile;

    use super::*;

    fn converted(icc: Option<&[u8]>, cicp: Option<Cicp>, rgb: [u8; 3]) -> Option<Vec<u8>> {
        let space = Space::of(icc, cicp, Layout::Rgb).unwrap();
        match space {
            Space::Srgb => None,
            space => {
                let data = SampleData::U8(rgb.to_vec());
                Some(space.convert(&data, Layout::Rgb, false).unwrap().0)
            }
        }
    }

    fn near(found: Option<Vec<u8>>, expected: [u8; 3], tolerance: u8) {
        let found = found.expect("a conversion");
        let off = found.iter().zip(expected).map(|(&a, b)| a.abs_diff(b)).max();
        assert!(off <= Some(tolerance), "{found:?} instead of {expected:?}");
    }

    #[test]
    fn srgb_by_any_name_stays_as_it_is() {
        let profile = ColorProfile::new_srgb().encode().unwrap();
        assert_eq!(converted(Some(&profile), None, [1, 2, 3]), None);
        for (primaries, transfer) in [(1, 13), (1, 1), (1, 6), (2, 2), (0, 0), (1, 14)] {
            assert_eq!(converted(None, Some(Cicp { primaries, transfer }), [9, 8, 7]), None);
        }
    }

    #[test]
    fn wide_gamuts_become_srgb() {
        // Pillow's ImageCms (LittleCMS 2.17), perceptual: the same to two levels.
        let p3 = ColorProfile::new_display_p3().encode().unwrap();
        near(converted(Some(&p3), None, [200, 100, 50]), [215, 93, 31], 2);
        near(
            converted(None, Some(Cicp { primaries: 12, transfer: 13 }), [200, 100, 50]),
            [215, 93, 31],
            2,
        );
        let adobe = ColorProfile::new_adobe_rgb().encode().unwrap();
        near(converted(Some(&adobe), None, [128, 128, 128]), [128, 128, 128], 2);
    }

    #[test]
    fn linear_light_becomes_srgb() {
        near(converted(None, Some(Cicp { primaries: 1, transfer: 8 }), [55, 55, 55]), [128; 3], 2);
    }

    #[test]
    fn what_cannot_be_read_is_ignored() {
        assert_eq!(converted(Some(b"not a profile"), None, [1, 2, 3]), None);
        let gray = ColorProfile::new_gray_with_gamma(1.0).encode().unwrap();
        assert_eq!(converted(Some(&gray), None, [1, 2, 3]), None, "of another kind of picture");
    }

    #[test]
    fn reference_white_stays_white_and_black_black() {
        // 203 cd/m2 in PQ is code .58 (BT.2408, table 1); 75 % in HLG.
        for (transfer, white) in [(16, 148), (18, 191)] {
            let cicp = Some(Cicp { primaries: 9, transfer });
            near(converted(None, cicp, [white; 3]), [255; 3], 6);
            near(converted(None, cicp, [0; 3]), [0; 3], 0);
        }
    }
}
