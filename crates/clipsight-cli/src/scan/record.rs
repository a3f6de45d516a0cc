//! One line of a scan.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Instant;

use clipsight::calibration::{AbstainReason, Grade, MeasuredError};
use clipsight::image::{Format, Note};
use clipsight::model::{Analysis, AttributionFacts, Evidence, Verdict};
use clipsight::weights::sha256_hex;
use clipsight::{Error, ErrorKind};
use clipsight_native::io::read_image;
use clipsight_native::runtime::Runtime;
use clipsight_native::walk::Item;
use serde::Serialize;

/// The outcome for a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    Scored,
    Abstained,
    Error,
}

/// Why a file failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Failure {
    /// An [`ErrorKind::code`].
    pub(super) code: &'static str,
    pub(super) message: String,
}

/// One file's line: part of the public interface. Fields without a value are null; those with
/// `skip_serializing_if` are left out.
#[derive(Debug, Serialize)]
pub(super) struct Record {
    pub(super) path: String,
    /// The path's bytes in hex, if it is not Unicode, so that `path` is not exact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) path_bytes: Option<String>,
    pub(super) status: Status,
    pub(super) probability: Option<f64>,
    pub(super) logit: Option<f64>,
    pub(super) grade: Option<Grade>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) measured_error: Option<MeasuredError>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<AbstainReason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<Failure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) attribution: Option<AttributionFacts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) quality: Option<f64>,
    pub(super) sha256: Option<String>,
    pub(super) ms: f64,
    pub(super) format: Option<Format>,
    pub(super) width: Option<u32>,
    pub(super) height: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) notes: Vec<Note>,
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        Self { code: error.kind().code(), message: error.message().to_owned() }
    }
}

impl Record {
    /// Scores a file. Never fails: errors are reported in the record.
    pub(super) fn of(item: &Item, runtime: &Runtime, views: Option<usize>) -> Self {
        let begun = Instant::now();
        let mut record = match item {
            Item::File(path) => {
                let mut record = Self::empty(path);
                // A decoder that panics is a bug in this program, but must not cost the other files
                // their results.
                let attempt = catch_unwind(AssertUnwindSafe(|| record.fill(path, runtime, views)));
                let result = attempt.unwrap_or_else(|_| {
                    let message = "the program failed on this file; please report it";
                    Err(Error::new(ErrorKind::Internal, message))
                });
                if let Err(error) = result {
                    record.error = Some(Failure::from(&error));
                }
                record
            }
            Item::Unreadable(path, error) => {
                Self { error: Some(Failure::from(error)), ..Self::empty(path) }
            }
        };
        // Whole microseconds: further digits would be noise.
        record.ms = (begun.elapsed().as_secs_f64() * 1e6).round() / 1e3;
        record
    }

    fn empty(path: &Path) -> Self {
        let exact = path.to_str().is_some();
        let hex = || {
            path.as_os_str().as_encoded_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
        };
        Self {
            path: path.to_string_lossy().into_owned(),
            path_bytes: (!exact).then(hex),
            status: Status::Error,
            probability: None,
            logit: None,
            grade: None,
            measured_error: None,
            reason: None,
            error: None,
            attribution: None,
            quality: None,
            sha256: None,
            ms: 0.0,
            format: None,
            width: None,
            height: None,
            notes: Vec::new(),
        }
    }

    fn fill(
        &mut self,
        path: &Path,
        runtime: &Runtime,
        views: Option<usize>,
    ) -> clipsight::Result<()> {
        let bytes = read_image(path)?;
        let prepared = runtime.detector().prepare(&bytes, views).inspect_err(|_| {
            self.sha256 = Some(sha256_hex(&bytes));
        })?;
        // Only the views are needed from here on.
        drop(bytes);
        let Analysis { file, model, attribution, quality, evidence, .. } =
            runtime.score(prepared)?;
        self.attribution = attribution;
        self.quality = quality;
        self.sha256 = Some(file.sha256);
        self.format = Some(file.format);
        self.width = Some(file.width);
        self.height = Some(file.height);
        self.notes = evidence.into_iter().map(|Evidence::Note { code }| code).collect();
        let score = match model {
            Verdict::Scored { score, grade, measured_error } => {
                self.status = Status::Scored;
                self.grade = Some(grade);
                self.measured_error = measured_error;
                score
            }
            Verdict::Abstained { score, reason } => {
                self.status = Status::Abstained;
                self.reason = Some(reason);
                score
            }
        };
        self.probability = Some(score.probability);
        self.logit = Some(score.logit);
        Ok(())
    }
}
