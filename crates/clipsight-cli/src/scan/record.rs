//! One line of a scan.

use std::io;
use std::path::Path;
use std::time::Instant;

use clipsight::calibration::{AbstainReason, Grade, MeasuredError};
use clipsight::image::{Format, Note};
use clipsight::model::{
    Analysis, AttributionFacts, Evidence, IfUnsteady, OcclusionMap, Request, Stability, Verdict,
};
use clipsight::weights::sha256_hex;
use clipsight::{Error, ErrorKind};
use clipsight_native::faults;
use clipsight_native::io::{is_apple_double, printable, read_image, read_image_from};
use clipsight_native::names::{APPLE_DOUBLE_PREFIX, Passed};
use clipsight_native::runtime::Runtime;
use clipsight_native::walk::Item;
use serde::{Deserialize, Serialize};

/// The outcome for a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    Scored,
    Abstained,
    Error,
}

/// What the result of every file of a scan depends on, besides the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Judge {
    /// The model's id.
    pub(super) model: String,
    /// SHA-256 of its manifest, which holds its thresholds and the hashes of its weights.
    pub(super) model_sha256: String,
    /// The views that were asked for.
    pub(super) views: Option<usize>,
    /// What was asked for where a verdict is unsteady, if anything was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) if_unsteady: Option<IfUnsteady>,
    /// Whether maps were asked for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) explain: bool,
}

impl Judge {
    /// The model of `runtime`, and what it is asked.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] when the manifest cannot be written.
    pub(super) fn of(runtime: &Runtime, request: Request) -> clipsight::Result<Self> {
        let Request { views, explain, stability: if_unsteady } = request;
        let manifest = runtime.detector().manifest();
        let model_sha256 = sha256_hex(manifest.to_json()?.as_bytes());
        Ok(Self { model: manifest.id.clone(), model_sha256, views, if_unsteady, explain })
    }

    fn request(&self) -> Request {
        Request { views: self.views, explain: self.explain, stability: self.if_unsteady }
    }
}

/// Where a file is, exactly.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Place {
    pub(super) path: String,
    /// The path's bytes in hex, if it is not Unicode, so that `path` is not exact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) path_bytes: Option<String>,
}

impl Place {
    pub(super) fn of(path: &Path) -> Self {
        let exact = path.to_str().is_some();
        let hex = || {
            path.as_os_str().as_encoded_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
        };
        Self { path: path.to_string_lossy().into_owned(), path_bytes: (!exact).then(hex) }
    }
}

/// What became of an item.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Its line.
    Line(Box<Record>),
    /// Nobody named it, and its content says that it is no picture.
    Passed(Passed),
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
    #[serde(flatten)]
    pub(super) place: Place,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stability: Option<Stability>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) map: Option<OcclusionMap>,
    pub(super) sha256: Option<String>,
    pub(super) ms: f64,
    pub(super) format: Option<Format>,
    pub(super) width: Option<u32>,
    pub(super) height: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) notes: Vec<Note>,
    #[serde(flatten)]
    pub(super) judge: Judge,
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        Self { code: error.kind().code(), message: error.message().to_owned() }
    }
}

impl Record {
    /// Scores an item. Never fails: errors are reported in the record.
    pub(super) fn of(item: &Item, runtime: &Runtime, judge: &Judge) -> Outcome {
        let begun = Instant::now();
        let mut record = Self::empty(item.path(), judge);
        // A panic is a bug in this program, but must not cost the other files their results.
        let attempt = faults::catch(|| record.fill(item, runtime));
        let result = attempt.unwrap_or_else(|fault| {
            eprintln!(
                "clipsight: {}: the program failed, please report it: {fault}",
                printable(&record.place.path)
            );
            let message = "the program failed on this file; please report it";
            Err(Error::new(ErrorKind::Internal, message))
        });
        match result {
            Ok(None) => {}
            Ok(Some(passed)) => return Outcome::Passed(passed),
            Err(error) => record.error = Some(Failure::from(&error)),
        }
        // Whole microseconds: further digits would be noise.
        record.ms = (begun.elapsed().as_secs_f64() * 1e6).round() / 1e3;
        Outcome::Line(Box::new(record))
    }

    fn empty(path: &Path, judge: &Judge) -> Self {
        Self {
            place: Place::of(path),
            status: Status::Error,
            probability: None,
            logit: None,
            grade: None,
            measured_error: None,
            reason: None,
            error: None,
            attribution: None,
            quality: None,
            stability: None,
            map: None,
            sha256: None,
            ms: 0.0,
            format: None,
            width: None,
            height: None,
            notes: Vec::new(),
            judge: judge.clone(),
        }
    }

    /// Scores the image, unless it is one to pass over.
    fn fill(&mut self, item: &Item, runtime: &Runtime) -> clipsight::Result<Option<Passed>> {
        let bytes = match item {
            Item::Named(path) | Item::Found(path) => read_image(path)?,
            Item::Input => read_image_from(io::stdin().lock())?,
            Item::Unreadable(_, error) => {
                return Err(Error::new(error.kind(), error.message().to_owned()));
            }
        };
        if is_apple_double(&bytes) {
            if let Item::Found(_) = item {
                return Ok(Some(Passed::AppleDouble));
            }
            self.sha256 = Some(sha256_hex(&bytes));
            return Err(resource_fork(item.path()));
        }
        self.score(bytes, runtime)?;
        Ok(None)
    }

    fn score(&mut self, bytes: Vec<u8>, runtime: &Runtime) -> clipsight::Result<()> {
        let prepared = runtime.prepare(&bytes, self.judge.request()).inspect_err(|_| {
            self.sha256 = Some(sha256_hex(&bytes));
        })?;
        // Only the views are needed from here on.
        drop(bytes);
        let Analysis { file, model, attribution, quality, stability, map, evidence, .. } =
            runtime.score(prepared)?;
        self.attribution = attribution;
        self.quality = quality;
        self.stability = stability;
        self.map = map;
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

/// The error for a Mac's resource fork that was named.
fn resource_fork(path: &Path) -> Error {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let picture = match name.strip_prefix(APPLE_DOUBLE_PREFIX) {
        Some(picture) if !picture.is_empty() => format!("the picture is {picture}"),
        _ => "the picture is the file that it was kept beside".to_owned(),
    };
    let message = format!("the file is the resource fork of a Mac, not the picture: {picture}");
    Error::new(ErrorKind::Unsupported, message)
}
