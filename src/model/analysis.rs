//! What an analysis says: the one answer that the page, the package and the command line show.
//!
//! Serialised in camelCase; `www/lib/types.ts` holds the same types in TypeScript.

use serde::Serialize;

use crate::calibration::{AbstainReason, Grade, MeasuredError};
use crate::image::{Format, Note};

/// Everything known about one image.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Analysis {
    /// Version of this structure.
    pub schema_version: u32,
    /// The file itself.
    pub file: FileFacts,
    /// What the model says.
    pub model: Verdict,
    /// Who made the image, should it be generated: present when the model can tell and there is
    /// content to tell from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribution: Option<AttributionFacts>,
    /// Technical quality, 0 (ruined by blur, noise, compression or enlargement) to 1 (clean), of
    /// the views as the encoder sees them; present when the model has a head for it and there is
    /// content to tell from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quality: Option<f64>,
    /// Lines beside the model's number, which never move it.
    pub evidence: Vec<Evidence>,
    /// How the pixels came here.
    pub input: InputFacts,
    /// How long it took, where a clock was at hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timings: Option<Timings>,
}

/// The file itself.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FileFacts {
    /// SHA-256 of its bytes, lower-case hex.
    pub sha256: String,
    /// Its length.
    pub bytes: usize,
    /// Its format, by content.
    pub format: Format,
    /// Width in pixels, upright.
    pub width: u32,
    /// Height in pixels, upright.
    pub height: u32,
}

/// The model's answer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(tag = "status", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Verdict {
    /// A graded answer.
    Scored {
        /// Logit and probability.
        #[serde(flatten)]
        score: Score,
        /// Strength of the evidence for AI generation.
        grade: Grade,
        /// How often this grade was wrong on the test images.
        measured_error: Option<MeasuredError>,
    },
    /// No grade, and why.
    Abstained {
        /// Logit and probability, where there is content to compute them from.
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

/// Logit and probability.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Score {
    /// Calibrated probability of AI generation at even odds.
    pub probability: f64,
    /// Mean logit over the views, before calibration.
    pub logit: f64,
}

/// Who made an image, given that it is generated: nothing here says whether it is, nor moves the
/// verdict. Worth showing where the grade is moderate or stronger.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AttributionFacts {
    /// The likeliest family of generators; `None` where the model knows no families.
    pub family: Option<Maker>,
    /// The generator; `None` where none is clear ("unknown generator").
    pub generator: Option<Maker>,
}

/// A generator or a family of them.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Maker {
    /// Its name, as the model's captions say it.
    pub name: String,
    /// Its share of the probability of all generated captions together, 0 to 1.
    pub share: f64,
}

/// One line of evidence.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Evidence {
    /// Decoding changed or left out something.
    Note {
        /// What.
        code: Note,
    },
}

/// How the pixels came here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct InputFacts {
    /// Whether the file's own bytes were read.
    pub fidelity: Fidelity,
    /// Number of views scored.
    pub views: usize,
}

/// Whether the pixels are the file's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fidelity {
    /// Decoded from the file's own bytes.
    OriginalBytes,
}

/// Milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Timings {
    /// Decoding, resizing, cutting views.
    pub decode_ms: f64,
    /// Encoder and head, until the logits are back.
    pub encode_ms: f64,
    /// All of it.
    pub total_ms: f64,
}
