//! One line of a scan.

use std::path::Path;
use std::time::Instant;

use clipsight::calibration::{AbstainReason, Grade, MeasuredError};
use clipsight::image::{Format, Note};
use clipsight::model::{
    Analysis, AttributionFacts, Evidence, IfUnsteady, OcclusionMap, Request, Stability, Verdict,
};
use clipsight::weights::sha256_hex;
use clipsight_native::io::is_apple_double;
use clipsight_native::names::Passed;
use clipsight_native::runtime::Runtime;
use clipsight_native::walk::Item;
use serde::{Deserialize, Serialize};

use crate::files::{Failure, Place, caught, read, resource_fork};

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
    /// SHA-256 of the taught head that judges, if one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) head: Option<String>,
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
        let head = runtime.detector().taught().map(|head| head.sha256().to_owned());
        Ok(Self { model: manifest.id.clone(), model_sha256, views, if_unsteady, head, explain })
    }

    fn request(&self) -> Request {
        Request { views: self.views, explain: self.explain, stability: self.if_unsteady }
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

impl Record {
    /// Scores an item. Never fails: errors are reported in the record.
    pub(super) fn of(item: &Item, runtime: &Runtime, judge: &Judge) -> Outcome {
        let begun = Instant::now();
        let mut record = Self::empty(item.path(), judge);
        match caught(item.path(), || record.fill(item, runtime)) {
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
        let bytes = read(item)?;
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
