//! The confound gate: what can be inferred without looking at a single pixel.
//!
//! If generated images were stored larger, or as PNG, a detector could score well by that alone,
//! and fail on the first screenshot. So a classifier that sees only how a file is stored is fitted
//! on role `fit` and measured on the evaluated role, as the detector is. It must be about as good
//! as a coin toss, or no other figure counts.

use clipsight::Result;
use clipsight::image::{Format, probe};
use half::f16;
use serde::{Deserialize, Serialize};

use crate::figures::{BOOTSTRAP_ROUNDS, BOOTSTRAP_SEED, rounded, shown};
use crate::fit::{FeatureMatrix, balanced_weights, logistic_regression};
use crate::metrics::{Interval, Sample, auc, interval_by_group};

/// The highest AUC with which the gate passes.
pub const LIMIT: f64 = 0.6;

/// L2 penalty of the logistic regressions: small, since a confound is to be found if there is one.
const PENALTY: f64 = 1e-3;

/// Parts of a folder's images, each judged by a classifier that was fitted to the others.
const FOLDS: usize = 5;

/// A folder with fewer images of a class is too small for that: two a part.
pub const MIN_IMAGES: usize = 2 * FOLDS;

/// Figures of the classifiers that see no pixels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Confounds {
    /// AUC from the stored files' width, height, format and JPEG quality: the gate.
    pub stored: f64,
    /// The same with the files' length in bytes, which at equal quality reflects texture more than
    /// storage: not part of the gate.
    pub stored_with_length: f64,
    /// AUC from the originals' width, height and format, where the manifest has them: what a
    /// detector could have learnt from unprepared files.
    pub originals: Option<f64>,
    /// The same by a classifier that also knows generators' habits: squares, and sides that are
    /// multiples of 64.
    pub originals_and_habits: Option<f64>,
    /// The highest AUC with which the gate passes.
    pub limit: f64,
    /// Whether `stored` is within it.
    pub passed: bool,
    /// The 95 % interval of `stored`, by bootstrap over images, where it was fitted to the same
    /// images in parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stored_interval: Option<Interval>,
}

/// The AUC on `measured` of a logistic regression fitted to `fitted`, classes weighted equally.
/// Rows are features with whether the image is generated. `None` when a class is missing.
#[must_use]
pub fn separation(fitted: &[(Vec<f64>, bool)], measured: &[(Vec<f64>, bool)]) -> Option<f64> {
    auc(&judged(fitted, measured))
}

/// What a classifier fitted to some rows says of others.
fn judged(fitted: &[(Vec<f64>, bool)], measured: &[(Vec<f64>, bool)]) -> Vec<Sample> {
    let matrix = |rows: &[(Vec<f64>, bool)]| FeatureMatrix {
        data: rows.iter().flat_map(|(row, _)| row).map(|value| f16::from_f64(*value)).collect(),
        width: rows.first().map_or(0, |(row, _)| row.len()),
    };
    let labels: Vec<f32> =
        fitted.iter().map(|(_, generated)| if *generated { 1.0 } else { 0.0 }).collect();
    let head = logistic_regression(
        &matrix(fitted),
        &labels,
        &balanced_weights(&labels, &vec![""; labels.len()], 1.0),
        PENALTY,
    );
    head.logits(&matrix(measured))
        .into_iter()
        .zip(measured)
        .map(|(score, (_, generated))| Sample { score, positive: *generated })
        .collect()
}

/// The confounds of images that there is only one lot of: each part of them is judged by a
/// classifier fitted to the others, and compared within the part only, as the scores of different
/// classifiers are not comparable (Forman & Scholz 2010). `None` of fewer than [`MIN_IMAGES`] of a
/// class.
#[must_use]
pub fn within(files: &[(Stored, bool)]) -> Option<Confounds> {
    let mut seen = [0; 2];
    let parts: Vec<usize> = files
        .iter()
        .map(|(_, generated)| {
            let seen = &mut seen[usize::from(*generated)];
            *seen += 1;
            (*seen - 1) % FOLDS
        })
        .collect();
    if seen.iter().any(|count| *count < MIN_IMAGES) {
        return None;
    }
    let scores = |with_length: bool| -> Vec<(usize, Sample)> {
        (0..FOLDS)
            .flat_map(|part| {
                let rows = |inside: bool| -> Vec<(Vec<f64>, bool)> {
                    let chosen =
                        files.iter().zip(&parts).filter(|(_, of)| (**of == part) == inside);
                    chosen
                        .map(|((file, generated), _)| (file.features(with_length), *generated))
                        .collect()
                };
                judged(&rows(false), &rows(true)).into_iter().map(move |sample| (part, sample))
            })
            .collect()
    };
    let (stored, with_length) = (scores(false), scores(true));
    let auc = rounded(auc_within_parts(&stored)?);
    let names: Vec<String> = (0..stored.len()).map(|place| format!("{place:08}")).collect();
    let drawn: Vec<(&str, bool, (usize, Sample))> = names
        .iter()
        .zip(&stored)
        .map(|(name, scored)| (name.as_str(), scored.1.positive, *scored))
        .collect();
    let interval = interval_by_group(&drawn, BOOTSTRAP_ROUNDS, BOOTSTRAP_SEED, auc_within_parts);
    Some(Confounds {
        stored: auc,
        stored_with_length: rounded(auc_within_parts(&with_length)?),
        originals: None,
        originals_and_habits: None,
        limit: LIMIT,
        passed: auc <= LIMIT,
        stored_interval: interval.and_then(shown),
    })
}

/// The share of pairs of one part, a positive and a negative, that are in order.
fn auc_within_parts(scores: &[(usize, Sample)]) -> Option<f64> {
    let (mut won, mut pairs) = (0.0, 0.0);
    for part in 0..FOLDS {
        let samples: Vec<Sample> =
            scores.iter().filter(|(of, _)| *of == part).map(|(_, sample)| *sample).collect();
        let positives = samples.iter().filter(|sample| sample.positive).count();
        let here = (positives * (samples.len() - positives)) as f64;
        won += here * auc(&samples).unwrap_or(0.0);
        pairs += here;
    }
    (pairs > 0.0).then(|| won / pairs)
}

/// How a file is stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stored {
    /// Its format, by content.
    pub format: Format,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Its length in bytes.
    pub bytes: usize,
    /// Mean of a JPEG's luma quantisation table: its quality, whatever the encoder's scale.
    pub quantiser: Option<f64>,
}

impl Stored {
    /// How these bytes are stored.
    ///
    /// # Errors
    /// As [`probe`].
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let header = probe(bytes)?;
        let quantiser = mean_quantiser(bytes);
        Ok(Self {
            format: header.format,
            width: header.width,
            height: header.height,
            bytes: bytes.len(),
            quantiser,
        })
    }

    /// As a linear classifier can use it.
    #[must_use]
    pub fn features(&self, with_length: bool) -> Vec<f64> {
        const FORMATS: [Format; 6] =
            [Format::Jpeg, Format::Png, Format::WebP, Format::Gif, Format::Bmp, Format::Tiff];
        // Behind the rest: a column that does not vary changes nothing there, to the last bit.
        const NEWER_FORMATS: [Format; 3] = [Format::Avif, Format::Heif, Format::Jxl];
        let mut features = size_features(f64::from(self.width), f64::from(self.height), true);
        features.extend(FORMATS.map(|format| f64::from(u8::from(self.format == format))));
        features.push(self.quantiser.map_or(0.0, |mean| mean.max(1.0).log2()));
        if with_length {
            let pixels = f64::from(self.width) * f64::from(self.height);
            features.push((self.bytes as f64 * 8.0 / pixels).log2());
        }
        features.extend(NEWER_FORMATS.map(|format| f64::from(u8::from(self.format == format))));
        features
    }
}

/// Sizes as a linear classifier can use them: logarithms around 512 px; with `habits`, also their
/// squares (a class may be the middle one), how far from square, and the multiples of 64 that
/// generators make.
#[must_use]
pub fn size_features(width: f64, height: f64, habits: bool) -> Vec<f64> {
    let [log_width, log_height] = [width, height].map(|side| (side / 512.0).log2());
    let mut features = vec![log_width, log_height, log_width - log_height];
    if habits {
        let multiple = |of: f64| f64::from(u8::from(width % of == 0.0 && height % of == 0.0));
        features.extend([
            log_width * log_width,
            log_height * log_height,
            (log_width - log_height).abs(),
            f64::from(u8::from(width == height)),
            multiple(8.0),
            multiple(64.0),
        ]);
    }
    features
}

/// The mean of a JPEG's first quantisation table (ITU-T T.81, B.2.4.1), `None` if there is none
/// before the scan, or no JPEG begins here. A file's beginning is enough if it holds the table.
#[must_use]
pub fn mean_quantiser(bytes: &[u8]) -> Option<f64> {
    const START_OF_IMAGE: [u8; 2] = [0xFF, 0xD8];
    const DEFINE_TABLES: u8 = 0xDB;
    const START_OF_SCAN: u8 = 0xDA;
    bytes.starts_with(&START_OF_IMAGE).then_some(())?;
    let mut at = START_OF_IMAGE.len();
    loop {
        let &[0xFF, marker, high, low] = bytes.get(at..at + 4)? else { return None };
        let segment = bytes.get(at + 4..at + 2 + usize::from(u16::from_be_bytes([high, low])))?;
        match marker {
            START_OF_SCAN => return None,
            DEFINE_TABLES => {
                let (&kind, values) = segment.split_first()?;
                // The upper half of the first byte is the width of the values.
                let sum: f64 = if kind >> 4 == 0 {
                    values.get(..64)?.iter().map(|value| f64::from(*value)).sum()
                } else {
                    values
                        .get(..128)?
                        .as_chunks()
                        .0
                        .iter()
                        .map(|value| f64::from(u16::from_be_bytes(*value)))
                        .sum()
                };
                return Some(sum / 64.0);
            }
            _ => at += 2 + usize::from(u16::from_be_bytes([high, low])),
        }
    }
}

#[cfg(test)]
mod tests {
    use clipsight::image::Rgb8;
    use clipsight::rng::Rng;

    use super::*;

    fn jpeg(quality: u8) -> Vec<u8> {
        let image = Rgb8::new(16, 8, vec![99; 16 * 8 * 3]).unwrap();
        let mut bytes = Vec::new();
        let encoder = jpeg_encoder::Encoder::new(&mut bytes, quality);
        encoder.encode(image.pixels(), 16, 8, jpeg_encoder::ColorType::Rgb).unwrap();
        bytes
    }

    #[test]
    fn quality_is_read_from_the_tables() {
        // The mean of the standard's luminance table (T.81, table K.1), which quality 50 uses as it
        // is.
        assert!((mean_quantiser(&jpeg(50)).unwrap() - 57.625).abs() < 1e-9);
        assert!(mean_quantiser(&jpeg(90)).unwrap() < mean_quantiser(&jpeg(60)).unwrap());
        let whole = jpeg(50);
        for length in 0..20 {
            assert_eq!(mean_quantiser(&whole[..length]), None);
        }
        let stored = Stored::read(&whole).unwrap();
        assert_eq!(
            (stored.format, stored.width, stored.height, stored.bytes),
            (Format::Jpeg, 16, 8, whole.len())
        );
        assert_eq!(stored.features(true).len(), stored.features(false).len() + 1);
    }

    #[test]
    fn a_planted_confound_is_found_and_chance_is_not() {
        let mut rng = Rng::new(5);
        let mut sizes = |planted: bool| -> Vec<(Vec<f64>, bool)> {
            (0..400)
                .map(|index| {
                    // Every fourth generated image is exactly 1024 px.
                    let square = planted && index % 2 == 0 && index % 4 == 0;
                    let mut side =
                        || if square { 1024.0 } else { rng.between(300.0, 4000.0).round() };
                    (size_features(side(), side(), true), index % 2 == 0)
                })
                .collect()
        };
        let planted = separation(&sizes(true), &sizes(true)).unwrap();
        assert!(planted > 0.7, "{planted}");
        let chance = separation(&sizes(false), &sizes(false)).unwrap();
        assert!((chance - 0.5).abs() < 0.1, "{chance}");
    }

    fn folder(n: usize, of: impl Fn(usize, bool) -> (Format, u32)) -> Vec<(Stored, bool)> {
        (0..n)
            .flat_map(|index| {
                [true, false].map(|generated| {
                    let (format, width) = of(index, generated);
                    let stored =
                        Stored { format, width, height: 600, bytes: 90_000, quantiser: None };
                    (stored, generated)
                })
            })
            .collect()
    }

    #[test]
    fn one_lot_of_images_is_fitted_and_measured_in_parts() {
        let mut rng = Rng::new(6);
        let widths: Vec<u32> = (0..200).map(|_| rng.between(300.0, 900.0) as u32).collect();
        // The format tells them apart, the newest ones, too.
        for format in [Format::Png, Format::Jxl] {
            let apart = folder(20, |index, generated| {
                (if generated { format } else { Format::Avif }, widths[index])
            });
            let found = within(&apart).unwrap();
            assert_eq!((found.stored, found.passed), (1.0, false));
            // Every draw says the same.
            assert_eq!(found.stored_interval, None);
        }
        // Widths without a rule: fitted and measured on the same images they would seem to tell.
        let chance = folder(50, |index, generated| {
            (Format::Jpeg, widths[2 * index + usize::from(generated)])
        });
        let found = within(&chance).unwrap();
        let interval = found.stored_interval.unwrap();
        assert!(interval.low < 0.5 && interval.high > 0.5, "{found:?}");
        // All alike: exactly a coin toss.
        let alike = folder(13, |_, _| (Format::Jpeg, 800));
        assert_eq!(within(&alike).unwrap().stored, 0.5);
        assert_eq!(within(&alike[..18]), None);
    }
}
