//! Embedded colours to sRGB: the one place for all formats.
//!
//! Profiles (ICC.1:2022) are read and applied by `moxcms`, with the perceptual intent, as Pillow's
//! `ImageCms` does by default. A profile that changes no colour by more than a level is sRGB by
//! another name, and the samples stay as they are. What cannot be read, or belongs to another kind
//! of picture, is ignored, as browsers do.
//!
//! Code points (ITU-T H.273) go the same way. Their SDR television transfers (BT.709, BT.601,
//! BT.2020) count as sRGB's, as in browsers and in `libavif`. PQ and HLG (BT.2100) are mapped to
//! SDR: reference white (203 cd/m2, BT.2408) becomes white, brighter light is rolled off.

use moxcms::{
    CicpColorPrimaries, CicpProfile, ColorProfile, DataColorSpace, Layout as CmsLayout,
    MatrixCoefficients, TransferCharacteristics, Transform16BitExecutor, TransformOptions,
};
use std::sync::Arc;

use super::checks::buffer;
use super::samples::{Cicp, Layout, SampleData};
use crate::error::{Error, ErrorKind, Result};

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
    /// Of a profile: what makes sRGB of them.
    Profile(Arc<Transform16BitExecutor>),
    /// High dynamic range.
    Hdr(Box<ToneMap>),
}

impl Space {
    /// The colours that a file names.
    pub(super) fn of(icc: Option<&[u8]>, cicp: Option<Cicp>, layout: Layout) -> Self {
        let profile = match (icc, cicp) {
            (Some(icc), _) => ColorProfile::new_from_slice(icc).ok(),
            (None, Some(cicp)) => from_code_points(cicp),
            (None, None) => None,
        };
        let Some(profile) = profile else { return Self::Srgb };
        let (wanted, from) = match layout {
            Layout::Gray | Layout::GrayAlpha => (DataColorSpace::Gray, CmsLayout::Gray),
            Layout::Rgb | Layout::Rgba => (DataColorSpace::Rgb, CmsLayout::Rgb),
            Layout::Cmyk => (DataColorSpace::Cmyk, CmsLayout::Rgba),
        };
        if profile.color_space != wanted {
            return Self::Srgb;
        }
        let srgb = ColorProfile::new_srgb();
        let transfer = profile.cicp.map(|cicp| cicp.transfer_characteristics);
        if wanted == DataColorSpace::Rgb
            && let Some(transfer) = transfer
            && let Some(map) = ToneMap::new(transfer, &profile, &srgb)
        {
            return Self::Hdr(Box::new(map));
        }
        let options = TransformOptions::default();
        match profile.create_transform_16bit(from, &srgb, CmsLayout::Rgb, options) {
            Ok(transform) if layout == Layout::Cmyk || changes(&transform, from) => {
                Self::Profile(transform)
            }
            _ => Self::Srgb,
        }
    }

    /// The samples in sRGB, 8 bits each: of the same layout, or RGB where there were inks.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`] where there is not the memory, [`ErrorKind::Internal`] if the profile's
    /// transform fails.
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
            Self::Srgb => Ok(()),
            Self::Profile(transform) => transform.transform(before, after).map_err(|error| {
                let message = format!("the colour profile cannot be applied: {error}");
                Error::new(ErrorKind::Internal, message)
            }),
            Self::Hdr(map) => {
                map.apply(before, after);
                Ok(())
            }
        }
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

/// The profile of code points; `None` where they are sRGB's or say nothing.
fn from_code_points(cicp: Cicp) -> Option<ColorProfile> {
    use TransferCharacteristics as Transfer;
    let primaries = CicpColorPrimaries::try_from(cicp.primaries).ok()?;
    let primaries = match primaries {
        CicpColorPrimaries::Reserved | CicpColorPrimaries::Unspecified => CicpColorPrimaries::Bt709,
        known => known,
    };
    let transfer = match Transfer::try_from(cicp.transfer).ok()? {
        Transfer::Reserved
        | Transfer::Unspecified
        | Transfer::Bt709
        | Transfer::Bt601
        | Transfer::Bt202010bit
        | Transfer::Bt202012bit => Transfer::Srgb,
        known => known,
    };
    Some(ColorProfile::new_from_cicp(CicpProfile {
        color_primaries: primaries,
        transfer_characteristics: transfer,
        matrix_coefficients: MatrixCoefficients::Identity,
        full_range: true,
    }))
}

/// Whether a transform of shades or of RGB moves any colour by more than a level of 255.
fn changes(transform: &Arc<Transform16BitExecutor>, from: CmsLayout) -> bool {
    let shades = (0..=255u8).map(widened);
    let colors: Vec<[u16; 3]> = if from == CmsLayout::Gray {
        shades.map(|shade| [shade; 3]).collect()
    } else {
        let grid = |step: usize| widened((step * 255 / 8) as u8);
        let cube = (0..9 * 9 * 9).map(|at| [grid(at / 81), grid(at / 9 % 9), grid(at % 9)]);
        shades.map(|shade| [shade; 3]).chain(cube).collect()
    };
    let before: Vec<u16> = if from == CmsLayout::Gray {
        colors.iter().map(|color| color[0]).collect()
    } else {
        colors.as_flattened().to_vec()
    };
    let mut after = vec![0; colors.len() * 3];
    // A transform that fails is not applied.
    transform.transform(&before, &mut after).is_ok()
        && after
            .iter()
            .zip(colors.as_flattened())
            .any(|(&after, &before)| rounded(after).abs_diff(rounded(before)) > 1)
}

/// High dynamic range to sRGB.
pub(super) struct ToneMap {
    /// Light of each code of 12 bits, 1 at reference white.
    light: Vec<f32>,
    /// Linear colours to those of sRGB's primaries.
    matrix: [[f32; 3]; 3],
    /// The brightest light, mapped to white.
    peak: f32,
}

/// Reference white in cd/m2 (ITU-R BT.2408).
const REFERENCE_WHITE: f32 = 203.0;

/// Codes of [`ToneMap::light`].
const CODES: usize = 1 << 12;

impl ToneMap {
    /// `None` where the transfer is not of high dynamic range.
    fn new(
        transfer: TransferCharacteristics,
        from: &ColorProfile,
        srgb: &ColorProfile,
    ) -> Option<Self> {
        // Light of a code value between 0 and 1 (ITU-R BT.2100, tables 4 and 5); HLG's with a
        // nominal peak of 1000 cd/m2 and without the gamma of the viewing room.
        let (nits, peak): (fn(f32) -> f32, f32) = match transfer {
            TransferCharacteristics::Smpte2084 => (
                |code| {
                    let root = code.powf(1.0 / 78.84375);
                    let light = (root - 0.8359375).max(0.0) / (18.851_563 - 18.6875 * root);
                    10_000.0 * light.powf(1.0 / 0.159_301_76)
                },
                10_000.0,
            ),
            TransferCharacteristics::Hlg => (
                |code| {
                    let scene = if code <= 0.5 {
                        code * code / 3.0
                    } else {
                        (((code - 0.559_910_7) / 0.178_832_77).exp() + 0.284_668_92) / 12.0
                    };
                    1000.0 * scene
                },
                1000.0,
            ),
            _ => return None,
        };
        let light = (0..CODES)
            .map(|code| nits(code as f32 / (CODES - 1) as f32) / REFERENCE_WHITE)
            .collect();
        let matrix = from.transform_matrix(srgb).v.map(|row| row.map(|value| value as f32));
        Some(Self { light, matrix, peak: peak / REFERENCE_WHITE })
    }

    fn apply(&self, before: &[u16], after: &mut [u16]) {
        let (before, after) = (before.as_chunks::<3>().0, after.as_chunks_mut::<3>().0);
        for (after, before) in after.iter_mut().zip(before) {
            let light = before.map(|code| self.light[usize::from(code >> 4)]);
            let linear = self
                .matrix
                .map(|row| (row[0] * light[0] + row[1] * light[1] + row[2] * light[2]).max(0.0));
            // Reinhard's curve with a white point (2002, equation 4), by the brightest of the three
            // so that hues stay.
            let brightest = linear.iter().fold(0.0, |a: f32, &b| a.max(b));
            let scale = if brightest > 0.0 {
                (1.0 + brightest / (self.peak * self.peak)) / (1.0 + brightest)
            } else {
                0.0
            };
            // What is as bright as reference white would come out half as bright: opened again.
            let white = (1.0 + 1.0 / (self.peak * self.peak)) / 2.0;
            *after = linear.map(|value| {
                let value = (value * scale / white).min(1.0);
                let encoded = if value <= 0.003_130_8 {
                    12.92 * value
                } else {
                    1.055 * value.powf(1.0 / 2.4) - 0.055
                };
                (encoded * 65535.0 + 0.5) as u16
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(icc: Option<&[u8]>, cicp: Option<Cicp>, rgb: [u8; 3]) -> Option<Vec<u8>> {
        let space = Space::of(icc, cicp, Layout::Rgb);
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
