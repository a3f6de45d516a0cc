//! Labelled rows of features that ship beside a model.

use crate::limits::{MAX_REFERENCES, MAX_REFERENCES_BYTES};
use crate::weights::sha256_hex;
use crate::{Error, ErrorKind, Result};

use super::Label;

/// What the file begins with; the number is its version.
const MAGIC: &[u8] = b"clipsight references 1\n";

/// Bytes of a SHA-256 in hex.
const HASH: usize = 64;

/// A row's value 127 stands for so many deviations; what lies beyond is cut off.
const REACH: f32 = 6.0;

/// One labelled image, as the head reads its first view.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// What it is.
    pub label: Label,
    /// Whether it belongs to the check set: no fit ever sees it.
    pub check: bool,
    /// The shipped head's calibrated logit.
    pub logit: f32,
    /// The transformed features.
    pub features: Vec<f32>,
}

/// The labelled rows of one model: some take part in every fit, the others are the check set.
///
/// The file: a line of magic, the model's hash of weights in hex, the width and the number of rows
/// as u32, the centre and the deviation of every feature as f32, then for each row its kind (bit 0:
/// AI-generated, bit 1: check set), its logit as f32 and its standardised features in 8 bits, and
/// last the SHA-256 of all that in hex. Numbers are little-endian.
#[derive(Clone, Debug, PartialEq)]
pub struct References {
    /// [`Manifest::weights_sha256`](crate::model::Manifest::weights_sha256) of their model.
    pub(super) weights_sha256: String,
    pub(super) center: Vec<f32>,
    pub(super) deviation: Vec<f32>,
    pub(super) rows: Vec<Row>,
}

/// One row, standardised.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) label: Label,
    pub(super) check: bool,
    pub(super) logit: f32,
    codes: Vec<i8>,
}

impl Row {
    /// Its standardised features.
    pub(super) fn values(&self) -> Vec<f32> {
        self.codes.iter().map(|code| f32::from(*code) * (REACH / 127.0)).collect()
    }
}

impl References {
    /// The references of a model. `deviation` is above zero.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] when the rows are not as wide as centre and deviation.
    pub fn new(
        weights_sha256: String,
        center: Vec<f32>,
        deviation: Vec<f32>,
        references: Vec<Reference>,
    ) -> Result<Self> {
        let width = center.len();
        let fit = deviation.len() == width
            && references.iter().all(|reference| reference.features.len() == width);
        if !fit || references.len() > MAX_REFERENCES {
            let message = "the references are too many, or not all of one width";
            return Err(Error::new(ErrorKind::Argument, message));
        }
        let mut this = Self { weights_sha256, center, deviation, rows: Vec::new() };
        for Reference { label, check, logit, features } in references {
            let standard = this.standardised(&features);
            #[expect(clippy::cast_possible_truncation, reason = "clamped to 8 bits")]
            let code = |value: &f32| (value * (127.0 / REACH)).round().clamp(-127.0, 127.0) as i8;
            let codes = standard.iter().map(code).collect();
            this.rows.push(Row { label, check, logit, codes });
        }
        Ok(this)
    }

    /// Features as the fit sees them.
    pub(super) fn standardised(&self, features: &[f32]) -> Vec<f32> {
        let moments = self.center.iter().zip(&self.deviation);
        features.iter().zip(moments).map(|(value, (mean, by))| (value - mean) / by).collect()
    }

    /// How many features there are.
    #[must_use]
    pub fn width(&self) -> usize {
        self.center.len()
    }

    /// The file's bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = [MAGIC, self.weights_sha256.as_bytes()].concat();
        for count in [self.width(), self.rows.len()] {
            #[expect(clippy::cast_possible_truncation, reason = "bounded where they are made")]
            bytes.extend((count as u32).to_le_bytes());
        }
        for value in self.center.iter().chain(&self.deviation) {
            bytes.extend(value.to_le_bytes());
        }
        for Row { label, check, logit, codes } in &self.rows {
            bytes.push(u8::from(*label == Label::Ai) | u8::from(*check) << 1);
            bytes.extend(logit.to_le_bytes());
            bytes.extend(codes.iter().map(|code| code.cast_unsigned()));
        }
        let hash = sha256_hex(&bytes);
        bytes.extend(hash.as_bytes());
        bytes
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`] when it is damaged or none; [`ErrorKind::Limit`] when it is
    /// too large.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        if bytes.len() > MAX_REFERENCES_BYTES {
            return Err(Error::new(ErrorKind::Limit, "the model's references are too large"));
        }
        Self::parse(bytes).ok_or_else(|| {
            let message =
                "the model's references are damaged: load them again, or install the model again";
            Error::new(ErrorKind::WeightsCorrupt, message)
        })
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let (bytes, hash) = bytes.split_at_checked(bytes.len().checked_sub(HASH)?)?;
        if sha256_hex(bytes).as_bytes() != hash {
            return None;
        }
        let (weights, mut rest) = bytes.strip_prefix(MAGIC)?.split_at_checked(HASH)?;
        let mut numbers = |count: usize| {
            let (numbers, after) = rest.split_at_checked(count.checked_mul(4)?)?;
            rest = after;
            Some(numbers.as_chunks::<4>().0)
        };
        let &[width, rows] = numbers(2)? else { return None };
        let (width, count) = (u32::from_le_bytes(width) as usize, u32::from_le_bytes(rows));
        let floats = |bytes: &[[u8; 4]]| -> Vec<f32> {
            bytes.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
        };
        let center = floats(numbers(width)?);
        let deviation = floats(numbers(width)?);
        let usable = center.iter().all(|value| value.is_finite())
            && deviation.iter().all(|value| value.is_finite() && *value > 0.0);
        let length = width + 5;
        let many = count as usize > MAX_REFERENCES;
        if !usable || many || width == 0 || rest.len() != length.checked_mul(count as usize)? {
            return None;
        }
        let rows = rest.chunks_exact(length).map(|row| {
            let (kind, row) = row.split_first()?;
            let (logit, codes) = row.split_first_chunk()?;
            let logit = f32::from_le_bytes(*logit);
            (*kind < 4 && logit.is_finite()).then(|| Row {
                label: if kind & 1 == 1 { Label::Ai } else { Label::Real },
                check: kind & 2 == 2,
                logit,
                codes: codes.iter().map(|code| code.cast_signed()).collect(),
            })
        });
        let rows = rows.collect::<Option<Vec<_>>>()?;
        let weights_sha256 = std::str::from_utf8(weights).ok()?.to_owned();
        Some(Self { weights_sha256, center, deviation, rows })
    }
}
