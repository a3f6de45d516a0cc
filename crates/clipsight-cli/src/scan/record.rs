//! One line of a scan.

use std::borrow::Cow;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use clipsight::calibration::{AbstainReason, Grade, MeasuredError};
use clipsight::image::{Format, Note, Rectangle};
use clipsight::model::{
    Analysis, AttributionFacts, Evidence, IfUnsteady, OcclusionMap, Request, Stability, Timings,
    Verdict,
};
use clipsight::provenance;
use clipsight::weights::sha256_hex;
use clipsight_native::io::{is_apple_double, resource_fork};
use clipsight_native::names::Passed;
use clipsight_native::receipt::{self, Receipt};
use clipsight_native::runtime::Runtime;
use clipsight_native::walk::Item;
use serde::{Deserialize, Serialize};

use crate::files::{Failure, Place, caught, read};

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
    /// The part that was judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) crop: Option<Rectangle>,
    /// Whether each picture inside an image was to be judged by itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) each_picture: bool,
}

impl Judge {
    /// The model of `runtime`, and what it is asked.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] when the manifest cannot be written.
    pub(super) fn of(
        runtime: &Runtime,
        request: Request,
        each_picture: bool,
    ) -> clipsight::Result<Self> {
        let Request { views, explain, stability: if_unsteady, crop } = request;
        let manifest = runtime.detector().manifest();
        let model_sha256 = sha256_hex(manifest.to_json()?.as_bytes());
        let head = runtime.detector().taught().map(|head| head.sha256().to_owned());
        Ok(Self {
            model: manifest.id.clone(),
            model_sha256,
            views,
            if_unsteady,
            head,
            explain,
            crop,
            each_picture,
        })
    }

    fn request(&self) -> Request {
        let Self { views, explain, if_unsteady: stability, crop, .. } = *self;
        Request { views, explain, stability, crop }
    }
}

/// What became of an item.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Its line, and one for each picture inside it that was to be judged.
    Lines(Vec<Record>),
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
    /// Pictures inside the image.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) pictures: Vec<Rectangle>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) notes: Vec<Note>,
    #[serde(flatten)]
    pub(super) judge: Judge,
    /// A file of its own, where receipts are wanted.
    #[serde(skip)]
    pub(super) receipt: Option<String>,
}

/// What scores, and whether its receipts are wanted.
#[derive(Clone, Copy)]
struct Scorer<'a> {
    runtime: &'a Runtime,
    receipts: bool,
}

impl Record {
    /// The name of its receipt's file: the image's hash, and the part that was judged.
    pub(super) fn receipt_name(&self) -> Option<String> {
        let sha256 = self.sha256.as_ref()?;
        Some(match self.judge.crop {
            None => format!("{sha256}.json"),
            Some(Rectangle { x, y, width, height }) => {
                format!("{sha256}-{x}-{y}-{width}x{height}.json")
            }
        })
    }

    /// Scores an item, and makes receipts if those are wanted. Never fails: errors are reported in
    /// the record.
    pub(super) fn of(item: &Item, runtime: &Runtime, judge: &Judge, receipts: bool) -> Outcome {
        let scorer = Scorer { runtime, receipts };
        let (whole, bytes) = match Self::of_part(item, scorer, judge, None) {
            Ok(scored) => scored,
            Err(passed) => return Outcome::Passed(passed),
        };
        let inside = if judge.each_picture { whole.pictures.clone() } else { Vec::new() };
        let mut lines = vec![whole];
        for crop in inside {
            let judge = Judge { crop: Some(crop), ..judge.clone() };
            lines.extend(Self::of_part(item, scorer, &judge, bytes.as_deref()).map(|(one, _)| one));
        }
        Outcome::Lines(lines)
    }

    /// Scores what the judge is to look at, of an item or of its bytes, which come back.
    fn of_part(
        item: &Item,
        scorer: Scorer<'_>,
        judge: &Judge,
        bytes: Option<&[u8]>,
    ) -> Result<(Self, Option<Vec<u8>>), Passed> {
        let begun = Instant::now();
        let mut record = Self::empty(item.path(), judge);
        let mut kept = None;
        match caught(item.path(), || record.fill(item, scorer, bytes, &mut kept)) {
            Ok(None) => {}
            Ok(Some(passed)) => return Err(passed),
            Err(error) => record.error = Some(Failure::from(&error)),
        }
        // Whole microseconds: further digits would be noise.
        record.ms = (begun.elapsed().as_secs_f64() * 1e6).round() / 1e3;
        Ok((record, kept))
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
            pictures: Vec::new(),
            notes: Vec::new(),
            judge: judge.clone(),
            receipt: None,
        }
    }

    /// Scores the image, unless it is one to pass over. Its bytes are kept where they are needed
    /// again.
    fn fill(
        &mut self,
        item: &Item,
        scorer: Scorer<'_>,
        bytes: Option<&[u8]>,
        kept: &mut Option<Vec<u8>>,
    ) -> clipsight::Result<Option<Passed>> {
        if let Some(bytes) = bytes {
            self.score(bytes.into(), scorer)?;
            return Ok(None);
        }
        let bytes = read(item)?;
        if is_apple_double(&bytes) {
            if let Item::Found(_) = item {
                return Ok(Some(Passed::AppleDouble));
            }
            self.sha256 = Some(sha256_hex(&bytes));
            return Err(resource_fork(item.path()));
        }
        if self.judge.each_picture {
            self.score(Cow::Borrowed(&bytes), scorer)?;
            *kept = Some(bytes);
        } else {
            self.score(bytes.into(), scorer)?;
        }
        Ok(None)
    }

    fn score(&mut self, bytes: Cow<'_, [u8]>, scorer: Scorer<'_>) -> clipsight::Result<()> {
        let Scorer { runtime, receipts } = scorer;
        let begun = Instant::now();
        let prepared = runtime.prepare(&bytes, self.judge.request()).inspect_err(|_| {
            self.sha256 = Some(sha256_hex(&bytes));
        })?;
        let decoded = begun.elapsed();
        let provenance = receipts.then(|| provenance::read(&bytes).ok()).flatten();
        // Only the views are needed from here on.
        drop(bytes);
        let waited = Instant::now();
        let mut analysis = runtime.score(prepared)?;
        if receipts {
            let encoded = waited.elapsed();
            let ms = |time: Duration| time.as_secs_f64() * 1e3;
            analysis.provenance = provenance;
            analysis.timings = Some(Timings {
                decode_ms: ms(decoded),
                encode_ms: ms(encoded),
                total_ms: ms(decoded + encoded),
            });
            let judge = receipt::Judge::of(runtime)?;
            self.receipt = Some(Receipt::of(&analysis, judge, SystemTime::now())?.to_text()?);
        }
        let Analysis {
            file, model, attribution, quality, stability, map, pictures, evidence, ..
        } = analysis;
        self.pictures = pictures;
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
