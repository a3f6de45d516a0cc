//! A head that somebody taught, and its file.

use serde::{Deserialize, Serialize};

use crate::limits::{MAX_HEAD_NAME_CHARACTERS, MAX_TAUGHT_HEAD_BYTES};
use crate::weights::sha256_hex;
use crate::{Error, ErrorKind, Result};

/// What the file begins with; the number is its version.
const MAGIC: &[u8] = b"clipsight head 1\n";

/// Bytes of a SHA-256 in hex.
const HASH: usize = 64;

/// What an image is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "TaughtLabel"))]
pub enum Label {
    /// AI-generated.
    Ai,
    /// By cameras and human hands.
    Real,
}

/// What is added to the shipped head.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// One value per feature.
    pub weight: Vec<f32>,
    /// Added to the bias.
    pub bias: f32,
}

/// Examples, each judged by a head that was taught by others.
pub type HeldOut = CheckResult;

/// How many of some images were judged right, at the model's threshold and by their first view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CheckResult {
    /// Number of images.
    pub images: usize,
    /// By the shipped head.
    pub right_before: usize,
    /// By the taught head.
    pub right_after: usize,
}

/// What teaching did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Report {
    /// What all examples are.
    pub label: Label,
    /// How many different examples took part.
    pub examples: usize,
    /// How many were left out, as they nearly equal others.
    pub near_duplicates: usize,
    /// The examples, each judged by a head that was taught by the others.
    pub held_out: HeldOut,
    /// The AI-generated images of the model's check set.
    pub check_ai: CheckResult,
    /// Its real images.
    pub check_real: CheckResult,
}

impl CheckResult {
    /// How many points of a hundred more are judged right than before.
    #[must_use]
    pub fn gain(&self) -> f64 {
        let points = 100.0 / self.images.max(1) as f64;
        (self.right_after as f64 - self.right_before as f64) * points
    }

    fn holds(&self) -> bool {
        self.right_before.max(self.right_after) <= self.images
    }
}

impl Report {
    /// How many points of balanced accuracy the check set gained; below zero it lost them.
    #[must_use]
    pub fn check_gain(&self) -> f64 {
        f64::midpoint(self.check_ai.gain(), self.check_real.gain())
    }

    /// Whether the check set lost more than one point: the head forgets more than it should.
    #[must_use]
    pub fn forgets(&self) -> bool {
        self.check_gain() < -1.0
    }
}

/// A change of one model's head, and what is known of it.
///
/// The file: a line of magic, a line of JSON, the change as f32, bias last, and the SHA-256 of all
/// that in hex. The hash says that nothing was altered since, not who wrote it.
#[derive(Clone, Debug, PartialEq)]
pub struct TaughtHead {
    header: Header,
    change: Change,
    sha256: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Header {
    name: String,
    model_id: String,
    weights_sha256: String,
    report: Report,
}

fn damaged() -> Error {
    let message = "the head file is damaged or was altered: export it again, or teach again";
    Error::new(ErrorKind::WeightsCorrupt, message)
}

impl TaughtHead {
    /// A head with its report.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] for a name that is empty, too long, or holds control characters.
    pub fn new(
        name: String,
        model_id: String,
        weights_sha256: String,
        report: Report,
        change: Change,
    ) -> Result<Self> {
        let head = Header { name, model_id, weights_sha256, report };
        if !named(&head.name) {
            let message = format!(
                "the name of a taught head has 1 to {MAX_HEAD_NAME_CHARACTERS} characters, all on \
                 one line"
            );
            return Err(Error::new(ErrorKind::Argument, message));
        }
        let mut taught = Self { header: head, change, sha256: String::new() };
        taught.sha256 = sha256_hex(&taught.content()?);
        Ok(taught)
    }

    /// Everything but the hash.
    fn content(&self) -> Result<Vec<u8>> {
        let json = serde_json::to_vec(&self.header).map_err(|error| {
            Error::new(ErrorKind::Internal, "the head cannot be written").with_source(error)
        })?;
        let mut bytes = [MAGIC, &json, b"\n"].concat();
        for value in self.change.weight.iter().chain([&self.change.bias]) {
            bytes.extend(value.to_le_bytes());
        }
        Ok(bytes)
    }

    /// The file's bytes.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] when a number cannot be written.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = self.content()?;
        // Of what is written: what was read may have been laid out otherwise.
        let hash = sha256_hex(&bytes);
        bytes.extend(hash.as_bytes());
        Ok(bytes)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`] when it is damaged, altered or none; [`ErrorKind::Limit`] when
    /// it is too large.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        if bytes.len() > MAX_TAUGHT_HEAD_BYTES {
            return Err(Error::new(ErrorKind::Limit, "the head file is too large for one"));
        }
        if !bytes.starts_with(MAGIC) {
            let message = "the file is not a taught head: choose one that clipsight exported";
            return Err(Error::new(ErrorKind::WeightsCorrupt, message));
        }
        Self::parse(bytes).ok_or_else(damaged)
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let (content, hash) = bytes.split_at_checked(bytes.len().checked_sub(HASH)?)?;
        let sha256 = sha256_hex(content);
        if sha256.as_bytes() != hash {
            return None;
        }
        let rest = content.strip_prefix(MAGIC)?;
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let header: Header = serde_json::from_slice(&rest[..end]).ok()?;
        let (values, odd) = rest[end + 1..].as_chunks::<4>();
        let mut weight: Vec<f32> = values.iter().map(|value| f32::from_le_bytes(*value)).collect();
        let bias = weight.pop()?;
        let report = &header.report;
        let plausible = named(&header.name)
            && [report.held_out, report.check_ai, report.check_real].iter().all(CheckResult::holds);
        let finite = bias.is_finite() && weight.iter().all(|value| value.is_finite());
        let sound = plausible && finite && odd.is_empty();
        sound.then_some(Self { header, change: Change { weight, bias }, sha256 })
    }

    /// What people call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.header.name
    }

    /// The model that it was taught on.
    #[must_use]
    pub fn model_id(&self) -> &str {
        &self.header.model_id
    }

    /// That model's hash of weights.
    #[must_use]
    pub fn weights_sha256(&self) -> &str {
        &self.header.weights_sha256
    }

    /// What teaching did.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.header.report
    }

    /// What is added to the shipped head.
    #[must_use]
    pub fn change(&self) -> &Change {
        &self.change
    }

    /// The SHA-256 of all that the file says, in hex: the head's own name.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }
}

fn named(name: &str) -> bool {
    (1..=MAX_HEAD_NAME_CHARACTERS).contains(&name.chars().count())
        && !name.trim().is_empty()
        && !name.chars().any(char::is_control)
}
