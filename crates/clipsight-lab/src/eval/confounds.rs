//! The confound gate: what can be inferred without looking at a single pixel.
//!
//! If generated images were stored larger, or as PNG, a detector could score well by that alone,
//! and fail on the first screenshot. So a classifier that sees only how a file is stored is fitted
//! on role `fit` and measured on the evaluated role, as the detector is. It must be about as good
//! as a coin toss, or no other figure counts.

use clipsight::Result;
use clipsight::image::{Format, probe};
use clipsight_native::io;
use half::f16;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::figures::rounded;
use crate::dataset::{Dataset, Entry, Label, Role};
use crate::fit::{FeatureMatrix, balanced_weights, logistic_regression};
use crate::metrics::{Sample, auc};

/// The highest AUC with which the gate passes.
const LIMIT: f64 = 0.6;

/// L2 penalty of the logistic regressions: small, since a confound is to be found if there is one.
const PENALTY: f64 = 1e-3;

/// Figures of the classifiers that see no pixels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Confounds {
    /// AUC from the stored files' width, height, format and JPEG quality: the gate.
    pub(crate) stored: f64,
    /// The same with the files' length in bytes, which at equal quality reflects texture more than
    /// storage: not part of the gate.
    pub(crate) stored_with_length: f64,
    /// AUC from the originals' width, height and format, where the manifest has them: what a
    /// detector could have learnt from unprepared files.
    pub(crate) originals: Option<f64>,
    /// The same by a classifier that also knows generators' habits: squares, and sides that are
    /// multiples of 64.
    pub(crate) originals_and_habits: Option<f64>,
    /// The highest AUC with which the gate passes.
    pub(crate) limit: f64,
    /// Whether `stored` is within it.
    pub(crate) passed: bool,
}

/// Measures the confounds; `None` if the manifest has no images of both classes to fit on.
///
/// # Errors
/// When a file cannot be read.
pub(super) fn measure(dataset: &Dataset, role: Role) -> Result<Option<Confounds>> {
    let fit = dataset.role(Role::Fit);
    let evaluated = dataset.role(role);
    let both = |entries: &[Entry]| {
        [Label::Ai, Label::Real]
            .iter()
            .all(|label| entries.iter().any(|entry| entry.label == *label))
    };
    if !both(&fit) || !both(&evaluated) {
        return Ok(None);
    }
    let stored = |entries: &[Entry]| -> Result<Vec<Stored>> {
        entries
            .par_iter()
            .map(|entry| Stored::read(&io::read_image(&dataset.root.join(&entry.file))?))
            .collect()
    };
    let (fit_files, files) = (stored(&fit)?, stored(&evaluated)?);
    let of_stored = |with_length: bool| {
        let features = |files: &[Stored]| {
            files.iter().map(|file| file.features(with_length)).collect::<Vec<_>>()
        };
        separation(&features(&fit_files), &fit, &features(&files), &evaluated)
    };
    let (Some(stored), Some(stored_with_length)) = (of_stored(false), of_stored(true)) else {
        return Ok(None);
    };
    let of_originals = |habits: bool| {
        let features = |entries: &[Entry]| {
            entries.iter().map(|entry| original_features(entry, habits)).collect::<Option<Vec<_>>>()
        };
        separation(&features(&fit)?, &fit, &features(&evaluated)?, &evaluated).map(rounded)
    };
    Ok(Some(Confounds {
        stored: rounded(stored),
        stored_with_length: rounded(stored_with_length),
        originals: of_originals(false),
        originals_and_habits: of_originals(true),
        limit: LIMIT,
        passed: rounded(stored) <= LIMIT,
    }))
}

/// The AUC on `measured` of a logistic regression fitted to `fitted`, classes weighted equally.
fn separation(
    fitted: &[Vec<f64>],
    fit: &[Entry],
    measured: &[Vec<f64>],
    evaluated: &[Entry],
) -> Option<f64> {
    let matrix = |rows: &[Vec<f64>]| FeatureMatrix {
        data: rows.iter().flatten().map(|value| f16::from_f64(*value)).collect(),
        width: rows.first().map_or(0, Vec::len),
    };
    let labels: Vec<f32> =
        fit.iter().map(|entry| if entry.label == Label::Ai { 1.0 } else { 0.0 }).collect();
    let origins: Vec<&str> = fit.iter().map(|entry| entry.origin.as_str()).collect();
    let head = logistic_regression(
        &matrix(fitted),
        &labels,
        &balanced_weights(&labels, &origins, 1.0),
        PENALTY,
    );
    let samples: Vec<Sample> = head
        .logits(&matrix(measured))
        .into_iter()
        .zip(evaluated)
        .map(|(score, entry)| Sample { score, positive: entry.label == Label::Ai })
        .collect();
    auc(&samples)
}

/// How a file is stored.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Stored {
    format: Format,
    width: u32,
    height: u32,
    bytes: usize,
    /// Mean of a JPEG's luma quantisation table: its quality, whatever the encoder's scale.
    quantiser: Option<f64>,
}

impl Stored {
    fn read(bytes: &[u8]) -> Result<Self> {
        let header = probe(bytes)?;
        let quantiser = if header.format == Format::Jpeg { mean_quantiser(bytes) } else { None };
        Ok(Self {
            format: header.format,
            width: header.width,
            height: header.height,
            bytes: bytes.len(),
            quantiser,
        })
    }

    fn features(&self, with_length: bool) -> Vec<f64> {
        const FORMATS: [Format; 6] =
            [Format::Jpeg, Format::Png, Format::WebP, Format::Gif, Format::Bmp, Format::Tiff];
        let mut features = size_features(f64::from(self.width), f64::from(self.height), true);
        features.extend(FORMATS.map(|format| f64::from(u8::from(self.format == format))));
        features.push(self.quantiser.map_or(0.0, |mean| mean.max(1.0).log2()));
        if with_length {
            let pixels = f64::from(self.width) * f64::from(self.height);
            features.push((self.bytes as f64 * 8.0 / pixels).log2());
        }
        features
    }
}

/// Width, height and format before packing, from the manifest's columns.
fn original_features(entry: &Entry, habits: bool) -> Option<Vec<f64>> {
    const FORMATS: [&str; 4] = ["JPEG", "PNG", "WEBP", "GIF"];
    let side =
        |column: &str| entry.other.get(column)?.parse::<f64>().ok().filter(|side| *side >= 1.0);
    let format = entry.other.get("orig_format")?;
    let mut features = size_features(side("orig_width")?, side("orig_height")?, habits);
    features.extend(FORMATS.map(|known| f64::from(u8::from(format.eq_ignore_ascii_case(known)))));
    Some(features)
}

/// Sizes as a linear classifier can use them: logarithms around 512 px; with `habits`, also their
/// squares (a class may be the middle one), how far from square, and the multiples of 64 that
/// generators make.
fn size_features(width: f64, height: f64, habits: bool) -> Vec<f64> {
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
/// before the scan.
fn mean_quantiser(bytes: &[u8]) -> Option<f64> {
    const DEFINE_TABLES: u8 = 0xDB;
    const START_OF_SCAN: u8 = 0xDA;
    let mut at = 2;
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

    fn entries(n: usize) -> Vec<Entry> {
        (0..n)
            .map(|index| Entry {
                row: index + 1,
                file: String::new(),
                label: if index % 2 == 0 { Label::Ai } else { Label::Real },
                role: Role::Fit,
                origin: String::new(),
                content: String::new(),
                other: std::collections::BTreeMap::new(),
            })
            .collect()
    }

    #[test]
    fn a_planted_confound_is_found_and_chance_is_not() {
        let mut rng = Rng::new(5);
        let mut sizes = |planted: bool| -> Vec<Vec<f64>> {
            (0..400)
                .map(|index| {
                    // Every fourth generated image is exactly 1024 px.
                    let square = planted && index % 2 == 0 && index % 4 == 0;
                    let mut side =
                        || if square { 1024.0 } else { rng.between(300.0, 4000.0).round() };
                    size_features(side(), side(), true)
                })
                .collect()
        };
        let entries = entries(400);
        let planted = separation(&sizes(true), &entries, &sizes(true), &entries).unwrap();
        assert!(planted > 0.7, "{planted}");
        let chance = separation(&sizes(false), &entries, &sizes(false), &entries).unwrap();
        assert!((chance - 0.5).abs() < 0.1, "{chance}");
    }

    #[test]
    fn originals_need_their_columns() {
        let mut entry = entries(1).remove(0);
        assert_eq!(original_features(&entry, true), None);
        for (column, value) in
            [("orig_width", "1024"), ("orig_height", "768"), ("orig_format", "png")]
        {
            entry.other.insert(column.to_owned(), value.to_owned());
        }
        assert!(original_features(&entry, true).is_some());
        entry.other.insert("orig_width".to_owned(), "0".to_owned());
        assert_eq!(original_features(&entry, true), None);
    }
}
