//! Perturbations: simulates what happens to an image on its way to the viewer.
//!
//! Messengers and sites recompress, shrink, crop and mirror images, and each of these erases part
//! of what distinguishes a generated image from a photograph. Training on perturbed images keeps a
//! detector from relying on what the first download destroys; scoring them measures how stable its
//! verdict is.
//!
//! Native only: WebP is encoded by libwebp.
//!
//! ```
//! use clipsight::image::Rgb8;
//! use clipsight::rng::Rng;
//! use clipsight_lab::perturb::Perturbation;
//! let image = Rgb8::new(300, 300, vec![90; 300 * 300 * 3])?;
//! let mut rng = Rng::new(1);
//! let perturbation = Perturbation::random(&mut rng, 64);
//! let perturbed = perturbation.apply(&image, &mut rng)?;
//! assert!(perturbed.width().min(perturbed.height()) >= 38);
//! # Ok::<(), clipsight::Error>(())
//! ```

mod canvas;

use serde::{Deserialize, Serialize};

pub use canvas::{collage, letterbox};
use clipsight::image::{Filter, Rgb8, decode, resize};
use clipsight::rng::Rng;
use clipsight::{Error, ErrorKind, Result};

/// How a JPEG stores its colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Chroma {
    /// A quarter of the colour samples: the default of nearly every encoder.
    #[serde(rename = "4:2:0")]
    Quarter,
    /// All of them.
    #[serde(rename = "4:4:4")]
    Full,
}

/// A size to resize to, the aspect kept.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Size {
    /// The factor of both sides.
    Scale(f32),
    /// The factor of both sides, but the shorter side no shorter than the number of pixels (or than
    /// it was, if it was shorter).
    ScaleAbove(f32, u32),
    /// The length of the shorter side in pixels.
    ShortSide(u32),
    /// The same, for images whose shorter side is longer.
    ShortSideAtMost(u32),
}

/// One change of an image, or several in a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Perturbation {
    /// Encoded as JPEG with a quality of 1 to 100 (libjpeg's scale and tables), and decoded.
    Jpeg {
        /// 1 to 100.
        quality: u8,
        /// How colours are stored.
        chroma: Chroma,
    },
    /// Encoded as lossy WebP with a quality of 0 to 100, and decoded.
    WebP {
        /// 0 to 100.
        quality: u8,
    },
    /// Resized.
    Resize {
        /// To what.
        size: Size,
        /// With which filter.
        filter: Filter,
    },
    /// Gaussian blur.
    Blur {
        /// Standard deviation in pixels.
        sigma: f32,
    },
    /// Gaussian noise, independent for every sample.
    Noise {
        /// Standard deviation, where 1 is the whole range from black to white.
        sigma: f32,
    },
    /// A part cut out at a random place.
    Crop {
        /// Its sides as a fraction of the image's, above 0 to 1.
        fraction: f32,
    },
    /// Mirrored left to right.
    Flip,
    /// One after the other; an empty chain leaves the image unchanged.
    Chain(Vec<Perturbation>),
}

impl Perturbation {
    /// Draws an augmentation. The distribution does not know the image, hence not its class:
    ///
    /// - one image in five is left alone, but for a mirror half of the time;
    /// - of the others, mirrored with probability .5; cropped to .6-1 of its sides with .4 (skewed
    ///   to 1); resized by .5-1.5, but not below a short side of 224, with .35; made a thumbnail, a
    ///   short side of `shortest` to 224, with .15 (evenly by ratio: as many between 64 and 84 as
    ///   between 171 and 224); blurred with sigma .3-2 with .15 (skewed to .3); noise of sigma
    ///   1-8 / 255 with .15 (skewed to 1); then JPEG 30-95 with .6 (skewed to 95; 4:2:0 three times
    ///   out of four) or WebP 40-95 with .2 (skewed to 95).
    ///
    /// "Skewed" is the square of a uniform number: the mild half of the range gets 71 % of the
    /// draws.
    pub fn random(rng: &mut Rng, shortest: u32) -> Self {
        let mut steps = Vec::new();
        let untouched = rng.chance(0.2);
        if rng.chance(0.5) {
            steps.push(Self::Flip);
        }
        if untouched {
            return Self::Chain(steps);
        }
        if rng.chance(0.4) {
            steps.push(Self::Crop { fraction: skewed(rng, 1.0, 0.6) as f32 });
        }
        let resized = rng.uniform();
        if resized < 0.5 {
            let filter = match rng.below(3) {
                0 => Filter::Bilinear,
                1 => Filter::Bicubic,
                _ => Filter::Lanczos3,
            };
            let size = if resized < 0.35 {
                Size::ScaleAbove(rng.between(0.5, 1.5) as f32, 224)
            } else {
                let least = f64::from(shortest.clamp(1, 224));
                Size::ShortSideAtMost(rng.between(least.ln(), 224f64.ln()).exp().round() as u32)
            };
            steps.push(Self::Resize { size, filter });
        }
        if rng.chance(0.15) {
            steps.push(Self::Blur { sigma: skewed(rng, 0.3, 2.0) as f32 });
        }
        if rng.chance(0.15) {
            steps.push(Self::Noise { sigma: skewed(rng, 1.0 / 255.0, 8.0 / 255.0) as f32 });
        }
        let compression = rng.uniform();
        if compression < 0.6 {
            let chroma = if rng.chance(0.75) { Chroma::Quarter } else { Chroma::Full };
            steps.push(Self::Jpeg { quality: skewed(rng, 95.0, 30.0).round() as u8, chroma });
        } else if compression < 0.8 {
            steps.push(Self::WebP { quality: skewed(rng, 95.0, 40.0).round() as u8 });
        }
        Self::Chain(steps)
    }

    /// Applies it to an image. `rng` chooses noise and the place of crops.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] for values out of their range, [`ErrorKind::Limit`] if the result
    /// would be too large.
    pub fn apply(&self, image: &Rgb8, rng: &mut Rng) -> Result<Rgb8> {
        match self {
            Self::Jpeg { quality, chroma } => jpeg(image, *quality, *chroma),
            Self::WebP { quality } => webp(image, *quality),
            Self::Resize { size, filter } => {
                let (width, height) = size.of(image)?;
                resize(image, width, height, *filter)
            }
            Self::Blur { sigma } => blur(image, *sigma),
            Self::Noise { sigma } => noise(image, *sigma, rng),
            Self::Crop { fraction } => crop(image, *fraction, rng),
            Self::Flip => flip(image),
            Self::Chain(steps) => {
                let mut image = image.clone();
                for step in steps {
                    image = step.apply(&image, rng)?;
                }
                Ok(image)
            }
        }
    }
}

/// Between `mild` and `harsh`, more often near `mild`.
fn skewed(rng: &mut Rng, mild: f64, harsh: f64) -> f64 {
    let u = rng.uniform();
    mild + (harsh - mild) * u * u
}

fn check(holds: bool, what: &str) -> Result<()> {
    if holds {
        Ok(())
    } else {
        Err(Error::new(ErrorKind::Argument, format!("perturbation: {what}")))
    }
}

impl Size {
    fn of(self, image: &Rgb8) -> Result<(u32, u32)> {
        let (width, height) = (f64::from(image.width()), f64::from(image.height()));
        let short = width.min(height);
        let factor = match self {
            Self::Scale(factor) => f64::from(factor),
            Self::ScaleAbove(factor, floor) => {
                f64::from(factor).max(f64::from(floor).min(short) / short)
            }
            Self::ShortSide(side) => f64::from(side) / short,
            Self::ShortSideAtMost(side) => (f64::from(side) / short).min(1.0),
        };
        check(factor.is_finite() && factor > 0.0, "the scale must be a positive number")?;
        // `as` stops at u32::MAX, which `resize` refuses.
        let side = |side: f64| ((side * factor).round() as u32).max(1);
        Ok((side(width), side(height)))
    }
}

fn internal(what: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Internal, format!("a perturbed image could not be encoded: {what}"))
}

fn jpeg(image: &Rgb8, quality: u8, chroma: Chroma) -> Result<Rgb8> {
    Ok(decode(&encode_jpeg(image, quality, chroma)?)?.pixels)
}

/// An image as a JPEG file.
///
/// # Errors
/// [`ErrorKind::Argument`] for a quality that is not 1 to 100.
pub(crate) fn encode_jpeg(image: &Rgb8, quality: u8, chroma: Chroma) -> Result<Vec<u8>> {
    check((1..=100).contains(&quality), "the JPEG quality must be 1 to 100")?;
    // Sides fit into u16: no image beyond the limits exists, and these are below.
    let side = |side: u32| u16::try_from(side).map_err(|_| internal("too large for JPEG"));
    let mut bytes = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, quality);
    encoder.set_sampling_factor(match chroma {
        Chroma::Quarter => jpeg_encoder::SamplingFactor::F_2_2,
        Chroma::Full => jpeg_encoder::SamplingFactor::F_1_1,
    });
    encoder
        .encode(
            image.pixels(),
            side(image.width())?,
            side(image.height())?,
            jpeg_encoder::ColorType::Rgb,
        )
        .map_err(|error| internal(&error).with_source(error))?;
    Ok(bytes)
}

fn webp(image: &Rgb8, quality: u8) -> Result<Rgb8> {
    check(quality <= 100, "the WebP quality must be 0 to 100")?;
    let encoded = webp::Encoder::from_rgb(image.pixels(), image.width(), image.height())
        .encode_simple(false, f32::from(quality))
        .map_err(|error| internal(format!("{error:?}")))?;
    Ok(decode(&encoded)?.pixels)
}

fn blur(image: &Rgb8, sigma: f32) -> Result<Rgb8> {
    check(
        sigma.is_finite() && sigma > 0.0 && sigma <= 100.0,
        "the blur must be above 0 and at most 100 pixels",
    )?;
    // Beyond four standard deviations the kernel is below half a level.
    let radius = (sigma * 4.0).ceil() as usize;
    let mut kernel: Vec<f32> = (0..=2 * radius)
        .map(|index| {
            let distance = (index as f32 - radius as f32) / sigma;
            (-0.5 * distance * distance).exp()
        })
        .collect();
    let sum: f32 = kernel.iter().sum();
    kernel.iter_mut().for_each(|weight| *weight /= sum);

    let (width, height) = (image.width() as usize, image.height() as usize);
    let stride = width * 3;
    // Beyond the border, its pixels are repeated.
    let clamp = |index: usize, end: usize| index.saturating_sub(radius).min(end - 1);
    let mut horizontal = vec![0f32; stride * height];
    let mut padded = vec![0f32; (width + 2 * radius) * 3];
    for (row, out) in image.rows().zip(horizontal.chunks_exact_mut(stride)) {
        for (index, pixel) in padded.as_chunks_mut::<3>().0.iter_mut().enumerate() {
            let at = clamp(index, width) * 3;
            *pixel = std::array::from_fn(|channel| f32::from(row[at + channel]));
        }
        for (tap, &weight) in kernel.iter().enumerate() {
            for (sum, &value) in out.iter_mut().zip(&padded[tap * 3..]) {
                *sum += weight * value;
            }
        }
    }
    let mut pixels = Vec::with_capacity(stride * height);
    let mut sums = vec![0f32; stride];
    for y in 0..height {
        sums.fill(0.0);
        for (tap, &weight) in kernel.iter().enumerate() {
            let start = clamp(y + tap, height) * stride;
            for (sum, &value) in sums.iter_mut().zip(&horizontal[start..start + stride]) {
                *sum += weight * value;
            }
        }
        pixels.extend(sums.iter().map(|&sum| sum.round() as u8));
    }
    Rgb8::new(image.width(), image.height(), pixels)
}

fn noise(image: &Rgb8, sigma: f32, rng: &mut Rng) -> Result<Rgb8> {
    check(sigma.is_finite() && (0.0..=1.0).contains(&sigma), "the noise must be between 0 and 1")?;
    let scale = f64::from(sigma) * 255.0;
    let pixels = image
        .pixels()
        .iter()
        .map(|&value| (f64::from(value) + scale * rng.normal()).round().clamp(0.0, 255.0) as u8)
        .collect();
    Rgb8::new(image.width(), image.height(), pixels)
}

fn crop(image: &Rgb8, fraction: f32, rng: &mut Rng) -> Result<Rgb8> {
    check(fraction > 0.0 && fraction <= 1.0, "the cropped fraction must be above 0 and at most 1")?;
    let side = |side: u32| ((f64::from(side) * f64::from(fraction)).round() as u32).clamp(1, side);
    let (width, height) = (side(image.width()), side(image.height()));
    let x = rng.below(image.width() - width + 1);
    let y = rng.below(image.height() - height + 1);
    image.crop(x, y, width, height)
}

fn flip(image: &Rgb8) -> Result<Rgb8> {
    let mut pixels = image.pixels().to_vec();
    for row in pixels.chunks_exact_mut(image.width() as usize * 3) {
        row.as_chunks_mut::<3>().0.reverse();
    }
    Rgb8::new(image.width(), image.height(), pixels)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A smooth image with some structure, as photographs are.
    fn picture(width: u32, height: u32) -> Rgb8 {
        let pixels = (0..height)
            .flat_map(|y| (0..width).map(move |x| (x as f32, y as f32)))
            .flat_map(|(x, y)| {
                [(x / 9.0).sin() + (y / 13.0).cos(), (x / 31.0).cos(), ((x + y) / 17.0).sin()]
                    .map(|value| (127.0 + 60.0 * value) as u8)
            })
            .collect();
        Rgb8::new(width, height, pixels).unwrap()
    }

    fn difference(a: &Rgb8, b: &Rgb8) -> f64 {
        assert_eq!((a.width(), a.height()), (b.width(), b.height()));
        let sum: u64 =
            a.pixels().iter().zip(b.pixels()).map(|(&a, &b)| u64::from(a.abs_diff(b))).sum();
        sum as f64 / a.pixels().len() as f64
    }

    #[test]
    fn compression_changes_more_at_lower_quality_but_keeps_the_picture() {
        let image = picture(241, 163);
        let mut rng = Rng::new(0);
        let mut error = |perturbation: Perturbation| {
            difference(&perturbation.apply(&image, &mut rng).unwrap(), &image)
        };
        for chroma in [Chroma::Full, Chroma::Quarter] {
            let [good, bad] = [95, 30].map(|quality| error(Perturbation::Jpeg { quality, chroma }));
            assert!(0.0 < good && good < bad && bad < 6.0, "JPEG {chroma:?}: {good} {bad}");
        }
        let [good, bad] = [95, 40].map(|quality| error(Perturbation::WebP { quality }));
        assert!(0.0 < good && good < bad && bad < 6.0, "WebP: {good} {bad}");
    }

    #[test]
    fn sizes_keep_the_aspect_and_the_floor() {
        let image = picture(400, 300);
        let of = |size: Size| size.of(&image).unwrap();
        assert_eq!(of(Size::Scale(0.5)), (200, 150));
        assert_eq!(of(Size::ScaleAbove(0.5, 224)), (299, 224));
        assert_eq!(of(Size::ScaleAbove(1.5, 224)), (600, 450));
        assert_eq!(of(Size::ScaleAbove(0.5, 1000)), (400, 300));
        assert_eq!(of(Size::ShortSide(224)), (299, 224));
        assert_eq!(of(Size::ShortSideAtMost(224)), (299, 224));
        assert_eq!(of(Size::ShortSideAtMost(400)), of(Size::Scale(1.0)));
    }

    #[test]
    fn blur_is_a_gaussian() {
        // One bright column spreads into the kernel itself.
        let mut pixels = vec![0; 41 * 9 * 3];
        for y in 0..9 {
            pixels[(y * 41 + 20) * 3..][..3].fill(255);
        }
        let image = Rgb8::new(41, 9, pixels).unwrap();
        let blurred = Perturbation::Blur { sigma: 2.0 }.apply(&image, &mut Rng::new(0)).unwrap();
        for x in 0..41 {
            let distance = (x as f64 - 20.0) / 2.0;
            let expected =
                255.0 * (-0.5 * distance * distance).exp() / (2.0 * std::f64::consts::TAU.sqrt());
            for y in 0..9 {
                let value = f64::from(blurred.pixels()[(y * 41 + x) * 3 + 1]);
                assert!((value - expected).abs() <= 1.0, "{x}, {y}: {value} instead of {expected}");
            }
        }
    }

    #[test]
    fn noise_has_its_strength() {
        let image = Rgb8::new(200, 100, vec![128; 60_000]).unwrap();
        let noisy =
            Perturbation::Noise { sigma: 8.0 / 255.0 }.apply(&image, &mut Rng::new(3)).unwrap();
        let variance =
            noisy.pixels().iter().map(|&value| (f64::from(value) - 128.0).powi(2)).sum::<f64>()
                / 60_000.0;
        assert!((variance.sqrt() - 8.0).abs() < 0.2, "{}", variance.sqrt());
    }

    #[test]
    fn flipping_twice_and_the_empty_chain_change_nothing() {
        let image = picture(31, 20);
        let mut rng = Rng::new(0);
        let once = Perturbation::Flip.apply(&image, &mut rng).unwrap();
        assert_eq!(once.pixels()[..3], image.pixels()[30 * 3..31 * 3]);
        let twice = Perturbation::Chain(vec![Perturbation::Flip, Perturbation::Flip])
            .apply(&image, &mut rng)
            .unwrap();
        assert_eq!(twice, image);
        assert_eq!(Perturbation::Chain(vec![]).apply(&image, &mut rng).unwrap(), image);
    }

    #[test]
    fn the_same_seed_perturbs_an_image_alike() {
        let image = picture(260, 230);
        let perturb = |seed| {
            let mut rng = Rng::new(seed);
            Perturbation::random(&mut rng, 64).apply(&image, &mut rng).unwrap()
        };
        for seed in 0..12 {
            assert_eq!(perturb(seed), perturb(seed));
        }
    }

    #[test]
    fn random_perturbations_stay_in_their_documented_ranges() {
        let mut rng = Rng::new(5);
        let (mut untouched, mut jpeg, mut webp, mut mild) = (0, 0, 0, 0);
        let mut thumbnails = 0;
        for _ in 0..4000 {
            let Perturbation::Chain(steps) = Perturbation::random(&mut rng, 64) else {
                panic!("not a chain")
            };
            untouched += usize::from(steps.iter().all(|step| *step == Perturbation::Flip));
            for step in steps {
                match step {
                    Perturbation::Jpeg { quality, .. } => {
                        assert!((30..=95).contains(&quality));
                        jpeg += 1;
                        mild += usize::from(quality > 62);
                    }
                    Perturbation::WebP { quality } => {
                        assert!((40..=95).contains(&quality));
                        webp += 1;
                    }
                    Perturbation::Resize { size: Size::ScaleAbove(scale, 224), .. } => {
                        assert!((0.5..=1.5).contains(&scale));
                    }
                    Perturbation::Resize { size: Size::ShortSideAtMost(side), .. } => {
                        assert!((64..=224).contains(&side));
                        thumbnails += 1;
                    }
                    Perturbation::Blur { sigma } => assert!((0.299..=2.0).contains(&sigma)),
                    Perturbation::Noise { sigma } => assert!((0.0039..=0.0314).contains(&sigma)),
                    Perturbation::Crop { fraction } => assert!((0.599..=1.0).contains(&fraction)),
                    Perturbation::Flip => {}
                    other => panic!("unexpected {other:?}"),
                }
            }
        }
        // Expected: untouched .2 + .8 * (.6 * .5 * .85 * .85 * .2) = .235, JPEG .48, WebP .16, mild
        // .71 of JPEG, thumbnails .12.
        assert!((860..1080).contains(&untouched), "{untouched}");
        assert!((1800..2040).contains(&jpeg), "{jpeg}");
        assert!((560..720).contains(&webp), "{webp}");
        assert!((420..540).contains(&thumbnails), "{thumbnails}");
        assert!((0.66..0.76).contains(&(mild as f64 / jpeg as f64)), "{mild} of {jpeg}");
    }

    #[test]
    fn values_out_of_range_are_refused() {
        let image = picture(8, 8);
        let wrong = [
            Perturbation::Jpeg { quality: 0, chroma: Chroma::Full },
            Perturbation::Jpeg { quality: 101, chroma: Chroma::Full },
            Perturbation::WebP { quality: 101 },
            Perturbation::Resize { size: Size::Scale(0.0), filter: Filter::Bicubic },
            Perturbation::Resize { size: Size::Scale(f32::NAN), filter: Filter::Bicubic },
            Perturbation::Resize { size: Size::ShortSide(0), filter: Filter::Bicubic },
            Perturbation::Blur { sigma: 0.0 },
            Perturbation::Blur { sigma: f32::NAN },
            Perturbation::Noise { sigma: 1.5 },
            Perturbation::Crop { fraction: 0.0 },
            Perturbation::Crop { fraction: f32::NAN },
        ];
        for perturbation in wrong {
            let error = perturbation.apply(&image, &mut Rng::new(0)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Argument, "{perturbation:?}");
        }
        let huge = Perturbation::Resize { size: Size::Scale(1e9), filter: Filter::Bicubic };
        assert_eq!(huge.apply(&image, &mut Rng::new(0)).unwrap_err().kind(), ErrorKind::Limit);
    }

    #[test]
    fn single_pixels_survive_everything() {
        let image = Rgb8::new(1, 1, vec![10, 200, 90]).unwrap();
        let mut rng = Rng::new(11);
        for _ in 0..100 {
            let perturbed = Perturbation::random(&mut rng, 64).apply(&image, &mut rng).unwrap();
            assert!(perturbed.width() >= 1);
        }
    }
}
