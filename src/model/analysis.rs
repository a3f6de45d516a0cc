//! What an analysis says: the one answer that the page, the package and the command line show.
//!
//! Serialised in camelCase. The types of the JavaScript package and its JSON Schema are written
//! from here, doc comments included, by `npm run generate` (feature `schema`). So the comments
//! speak to readers of all three, and name values as they are serialised.

use serde::Serialize;

use super::occlusion::OcclusionMap;
use super::score::Score;
use super::stability::Stability;
use crate::calibration::{AbstainReason, Grade, MeasuredError};
use crate::image::{Format, Note, Rectangle};
use crate::provenance::Provenance;
use crate::teach::{Label, Report, TaughtHead};

/// The version of [`Analysis`].
pub const SCHEMA_VERSION: u32 = 1;

/// The result for one image.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Analysis {
    /// Version of this structure.
    #[cfg_attr(feature = "schema", schemars(extend("const" = SCHEMA_VERSION)))]
    pub schema_version: u32,
    /// The file that was read.
    pub file: FileFacts,
    /// The verdict of the model.
    pub model: Verdict,
    /// The logit of every view scored, the first view before the corners. Their mean is `logit` of
    /// the verdict; a first view that shows the whole image weighs as much as all corners together.
    // Left out only by versions before it.
    #[cfg_attr(feature = "schema", schemars(skip_serializing_if = "Vec::is_empty"))]
    pub view_logits: Vec<f32>,
    /// Who made the image, should it be AI-generated; present when the model can tell and the image
    /// shows something to tell from.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "AttributionFacts"))]
    pub attribution: Option<AttributionFacts>,
    /// Technical quality of the views as the encoder sees them, 0 (ruined by blur, noise,
    /// compression or enlargement) to 1 (clean). It says nothing of beauty, and never moves the
    /// verdict. Present when the model has a head for it and the image shows something to judge.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "f64", range(min = 0, max = 1)))]
    pub quality: Option<f64>,
    /// How steady the verdict is; present when it was asked for and the image shows something to
    /// judge.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Stability"))]
    pub stability: Option<Stability>,
    /// Where the model looked; present when it was asked for and the image shows something to look
    /// at.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "OcclusionMap"))]
    pub map: Option<OcclusionMap>,
    /// Pictures inside the image, where it is a screenshot of a page, a picture between bars or a
    /// collage: a verdict on the whole says little of them, so judge each with `crop`. In reading
    /// order; left out where none was found, and where only a part was judged.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pictures: Vec<Rectangle>,
    /// Notes beside the verdict; they never move the model's number.
    pub evidence: Vec<Evidence>,
    /// The taught head that judged; left out where the model's own did. How often a taught head is
    /// wrong has not been measured: `measuredError` is null then.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "TaughtFacts"))]
    pub taught: Option<TaughtFacts>,
    /// What the file says of how it was made; it never moves the model's number. Left out where it
    /// was not asked for, and where there are no bytes of a file.
    // Whoever has the file's own bytes fills it in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Provenance"))]
    pub provenance: Option<Provenance>,
    /// How the pixels came to the model.
    pub input: InputFacts,
    /// How long it took.
    // The core has no clock: whoever has one fills it in. The package always does, so that its
    // types and schema promise it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(!skip_serializing_if, with = "Timings"))]
    pub timings: Option<Timings>,
}

/// The file that was read.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FileFacts {
    /// SHA-256 of its bytes, in lower-case hex.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[0-9a-f]{64}$")))]
    pub sha256: String,
    /// Its length in bytes.
    pub bytes: usize,
    /// Its format, by content, not by name.
    pub format: Format,
    /// Width in pixels, upright.
    pub width: u32,
    /// Height in pixels, upright.
    pub height: u32,
}

/// The verdict of the model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(tag = "status", rename_all = "kebab-case", rename_all_fields = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Verdict {
    /// The model could grade the image.
    #[cfg_attr(feature = "schema", schemars(title = "Scored"))]
    Scored {
        /// Probability and logit.
        #[serde(flatten)]
        score: Score,
        /// Strength of the evidence for AI generation.
        grade: Grade,
        /// How often this grade was wrong; null where too few labelled images got it to measure,
        /// and where a taught head judged.
        measured_error: Option<MeasuredError>,
    },
    /// The model cannot tell.
    #[cfg_attr(feature = "schema", schemars(title = "Abstained"))]
    Abstained {
        /// Probability and logit.
        #[serde(flatten)]
        score: Score,
        /// Why there is no grade.
        reason: AbstainReason,
    },
}

impl Verdict {
    /// Logit and probability, graded or not.
    #[must_use]
    pub fn score(&self) -> Score {
        match self {
            Self::Scored { score, .. } | Self::Abstained { score, .. } => *score,
        }
    }

    /// The grade, where there is one.
    #[must_use]
    pub fn grade(&self) -> Option<Grade> {
        match self {
            Self::Scored { grade, .. } => Some(*grade),
            Self::Abstained { .. } => None,
        }
    }
}

/// Who made the image, given that it is AI-generated: nothing here says whether it is, nor moves
/// the verdict. Worth showing where the grade is `moderate` or stronger.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Attribution"))]
pub struct AttributionFacts {
    /// The likeliest family of generators; null where the model knows no families.
    pub family: Option<Maker>,
    /// The generator; null where none is clear ("unknown generator").
    pub generator: Option<Maker>,
}

/// A generator or a family of generators.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Maker {
    /// Its name, as the model's captions say it, such as `sd15` or `diffusion`.
    pub name: String,
    /// Its share of the probability of all generated captions together, 0 to 1.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1)))]
    pub share: f64,
}

/// A head that somebody taught with examples of their own, and that judged in the place of the
/// model's.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Taught"))]
pub struct TaughtFacts {
    /// What its teacher called it.
    pub name: String,
    /// What its examples are.
    pub label: Label,
    /// How many different examples it was taught with.
    pub examples: usize,
    /// SHA-256 of its file's content, in lower-case hex.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[0-9a-f]{64}$")))]
    pub sha256: String,
}

impl From<&TaughtHead> for TaughtFacts {
    fn from(head: &TaughtHead) -> Self {
        let &Report { label, examples, .. } = head.report();
        Self { name: head.name().to_owned(), label, examples, sha256: head.sha256().to_owned() }
    }
}

/// Something worth knowing beside the model's verdict. Later versions may add kinds and codes.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Evidence {
    /// Decoding changed or left out something.
    Note {
        /// What it changed or left out.
        code: Note,
    },
}

/// How the pixels came to the model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InputFacts {
    /// How faithful the bytes are to the file they come from.
    pub fidelity: Fidelity,
    /// Number of views scored.
    pub views: usize,
    /// SHA-256, in lower-case hex, of what the encoder was shown: the pixels of every view scored,
    /// one view after the other, row by row, a byte each for red, green and blue, before
    /// normalisation; behind them what a residual network was shown, where a model has one. It is
    /// the same wherever the image was decoded, turned, converted, reduced and cut in the same way.
    // Left out only by versions before it.
    #[cfg_attr(
        feature = "schema",
        schemars(skip_serializing_if = "String::is_empty", regex(pattern = "^[0-9a-f]{64}$"))
    )]
    pub views_sha256: String,
    /// The part of the image that was judged; left out where all of it was. What is said of the
    /// file is said of all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Rectangle"))]
    pub crop: Option<Rectangle>,
}

/// How faithful bytes are to the file they come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum Fidelity {
    /// The file's own bytes were decoded.
    OriginalBytes,
    /// The pixels were encoded anew, such as those of an `ImageBitmap`.
    // This and the next: callers of the package say where bytes come from, the core cannot know.
    // Natively the Python package does, which takes pixels, too.
    #[cfg(any(feature = "schema", not(target_family = "wasm")))]
    ReEncoded,
    /// The image was cut out of a picture of the screen.
    #[cfg(feature = "schema")]
    ScreenCapture,
}

/// Wall-clock milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Timings {
    /// Decoding, resizing, cutting views.
    pub decode_ms: f64,
    /// Encoder and head, until the logits are back.
    pub encode_ms: f64,
    /// All of it.
    pub total_ms: f64,
}
