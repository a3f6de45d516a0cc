//! Receipts: what was found in an image and by what, as a file that another machine can check.
//!
//! A receipt is UTF-8 text: one JSON object, laid out as `JSON.stringify(receipt, null, 1)` does,
//! and a line end. Its members are `receiptVersion` (1), `clipsight` (the version that wrote it),
//! `time` (RFC 3339, of the clock of that machine), `detector` ([`Judge`]), `analysis`
//! (as `pkg/schema.json` describes it, unchanged), and on the last line before the closing brace
//! `sha256`: the SHA-256, in lower-case hex, of **all bytes before that line**.
//!
//! So the hash is of the text as it stands, and no two programs need to agree on how a number or a
//! letter is written: `head -n -2 RECEIPT | sha256sum` computes it. Any change of any byte is
//! found, also one of layout alone. That finds what happens by accident or carelessness. It is no
//! signature: whoever changes a receipt on purpose can hash it again, and then only [`recompute`]
//! finds that the image does not say so; and nothing tells who made a receipt, or when.
//!
//! The package writes the same in `www/lib/receipt.ts`.

mod compare;

use std::path::Path;
use std::time::SystemTime;

use clipsight::model::{Analysis, Manifest};
use clipsight::weights::sha256_hex;
use clipsight::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

pub use self::compare::{Comparison, Difference, recompute};
use crate::io;
use crate::runtime::{Device, ModelFolder, Runtime};

/// The version of a receipt.
pub const RECEIPT_VERSION: u64 = 1;

/// Most bytes of a receipt that is read: many times what the most talkative file makes of one.
const MAX_RECEIPT_BYTES: u64 = 8 << 20;

/// What stands before the hash, and behind it.
const TAIL: (&[u8], &[u8]) = (b" \"sha256\": \"", b"\"\n}\n");

/// Digits of the hash.
const DIGITS: usize = 64;

/// A receipt, but for its hash. What is read has values in place of an analysis: another version
/// may have written it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt<A = Value> {
    receipt_version: u64,
    /// The version that wrote it.
    pub clipsight: String,
    /// When that was, by the clock of that machine.
    pub time: String,
    /// Who judged.
    pub detector: Judge,
    /// What was found.
    pub analysis: A,
}

/// Who judged an image: a model, and what it ran on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Judge {
    /// The model's name.
    pub model_id: String,
    /// SHA-256 over its weights: [`Manifest::weights_sha256`].
    pub weights_sha256: String,
    /// The name of its calibration, which follows from all numbers in it.
    pub calibration_id: String,
    /// The calibration's threshold: probabilities at or above it speak for AI generation.
    pub threshold: f64,
    /// `cpu` (8-bit integers), `webgpu` (the kernels for GPUs), `reference` (f32), or what later
    /// versions know.
    pub device: String,
    /// The build: `native`, or one of the package's.
    pub build: String,
    /// The GPU's name, where there is one that has a name.
    pub adapter: String,
}

/// Why a file is not taken for a receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is none, or was changed.
    Altered(&'static str),
    /// A later version wrote it.
    Later(u64),
}

impl Judge {
    /// Who judges in `runtime`.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] when the calibration cannot be written.
    pub fn of(runtime: &Runtime) -> Result<Self> {
        let manifest = runtime.detector().manifest();
        let (device, adapter) = match runtime.device() {
            Device::Cpu => ("cpu", ""),
            Device::Gpu(name) => ("webgpu", name.as_str()),
            Device::Reference | Device::ReferenceGpu => ("reference", ""),
        };
        Ok(Self {
            model_id: manifest.id.clone(),
            weights_sha256: manifest.weights_sha256(),
            calibration_id: manifest.calibration.id()?,
            threshold: manifest.calibration.threshold,
            device: device.to_owned(),
            build: "native".to_owned(),
            adapter: adapter.to_owned(),
        })
    }

    /// Whether this is the model: its weights and its calibration.
    ///
    /// # Errors
    /// As [`of`](Self::of).
    pub fn is(&self, manifest: &Manifest) -> Result<bool> {
        let same = self.weights_sha256 == manifest.weights_sha256();
        Ok(same && self.calibration_id == manifest.calibration.id()?)
    }

    /// The folder of the model: of those that come with the program and that of `CLIPSIGHT_MODEL`,
    /// unless one is named. `None` where none of them is the one.
    ///
    /// # Errors
    /// As [`ModelFolder::manifest`], for a model that was named.
    pub fn folder(&self, named: Option<&Path>) -> Result<Option<ModelFolder>> {
        if let Some(named) = named {
            let folder = ModelFolder::find(Some(named));
            return Ok(self.is(&folder.manifest()?)?.then_some(folder));
        }
        for folder in ModelFolder::known() {
            // One that is not installed is not the one.
            if folder.manifest().and_then(|manifest| self.is(&manifest)).unwrap_or(false) {
                return Ok(Some(folder));
            }
        }
        Ok(None)
    }
}

impl<'a> Receipt<&'a Analysis> {
    /// Of an analysis that was made at this time.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] for a time that is no date.
    pub fn of(analysis: &'a Analysis, detector: Judge, made: SystemTime) -> Result<Self> {
        let seconds = OffsetDateTime::from(made).replace_nanosecond(0);
        let time = seconds.map(|made| made.format(&Rfc3339));
        let Ok(Ok(time)) = time else {
            let message = "the clock of this machine shows no date that can be written";
            return Err(Error::new(ErrorKind::Internal, message));
        };
        let clipsight = env!("CARGO_PKG_VERSION").to_owned();
        Ok(Self { receipt_version: RECEIPT_VERSION, clipsight, time, detector, analysis })
    }
}

impl<A: Serialize> Receipt<A> {
    /// The receipt as a file holds it, its hash included.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] for a number that is none.
    pub fn to_text(&self) -> Result<String> {
        let mut bytes = Vec::new();
        let layout = serde_json::ser::PrettyFormatter::with_indent(b" ");
        let mut writer = serde_json::Serializer::with_formatter(&mut bytes, layout);
        let written = self.serialize(&mut writer);
        let text = written.ok().and_then(|()| String::from_utf8(bytes).ok());
        let Some(text) = text.as_deref().and_then(|text| text.strip_suffix("\n}")) else {
            return Err(Error::new(ErrorKind::Internal, "the receipt cannot be written"));
        };
        let hashed = format!("{text},\n");
        let sha256 = sha256_hex(hashed.as_bytes());
        Ok(format!("{hashed} \"sha256\": \"{sha256}\"\n}}\n"))
    }
}

impl Receipt {
    /// Reads the file of a receipt.
    ///
    /// # Errors
    /// [`ErrorKind::Io`]; the inner one for a file that is no receipt, or a changed one.
    pub fn read(path: &Path) -> Result<std::result::Result<Self, Refusal>> {
        let bytes = io::read_at_most(path, MAX_RECEIPT_BYTES)?;
        if bytes.len() as u64 > MAX_RECEIPT_BYTES {
            return Ok(Err(Refusal::Altered("it is far too long for a receipt")));
        }
        Ok(Self::parse(&bytes))
    }

    /// What a receipt says, once its hash is found to be right.
    ///
    /// # Errors
    /// For what is no receipt, or a changed one.
    pub fn parse(bytes: &[u8]) -> std::result::Result<Self, Refusal> {
        let tail = TAIL.0.len() + DIGITS + TAIL.1.len();
        let (hashed, tail) = bytes.split_at(bytes.len().saturating_sub(tail));
        let sha256 = tail.strip_prefix(TAIL.0).and_then(|tail| tail.strip_suffix(TAIL.1));
        let Some(sha256) = sha256.filter(|sha256| sha256.len() == DIGITS) else {
            let why = "it does not end in a hash as a receipt does: it is none, was changed, or \
                       was saved anew by a program that lays it out in its own way";
            return Err(Refusal::Altered(why));
        };
        if sha256 != sha256_hex(hashed).as_bytes() {
            let why = "its hash is not that of its text: it was changed after it was written, or \
                       saved anew by a program that lays it out in its own way";
            return Err(Refusal::Altered(why));
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Version {
            receipt_version: u64,
        }
        let foreign = Refusal::Altered("its hash is right, but it is not what clipsight writes");
        match serde_json::from_slice(bytes) {
            Ok(Version { receipt_version: RECEIPT_VERSION }) => {
                serde_json::from_slice(bytes).map_err(|_| foreign)
            }
            Ok(Version { receipt_version }) => Err(Refusal::Later(receipt_version)),
            Err(_) => Err(foreign),
        }
    }

    /// Whether it is about the file with these bytes.
    #[must_use]
    pub fn is_of(&self, image: &[u8]) -> bool {
        let file = &self.analysis["file"];
        file["sha256"] == sha256_hex(image) && file["bytes"] == image.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JUDGE: &str = r#""detector": {"modelId": "m", "weightsSha256": "w",
        "calibrationId": "c", "threshold": 0.5, "device": "cpu", "build": "b", "adapter": ""}"#;

    /// A text with the hash behind it that is right.
    fn hashed(text: &str) -> String {
        let sha256 = sha256_hex(text.as_bytes());
        format!("{text} \"sha256\": \"{sha256}\"\n}}\n")
    }

    fn with_analysis(analysis: &str) -> String {
        let start = r#"{"receiptVersion": 1, "clipsight": "1.2.3", "time": "","#;
        hashed(&format!("{start} {JUDGE}, \"analysis\": {analysis},\n"))
    }

    #[test]
    fn the_text_counts_however_it_writes_numbers_and_letters() {
        // What JavaScript writes and Rust does not, or the other way round, and what both lose.
        for analysis in [
            r#"{"n": [1e21, 1E21, 100000000000000000000, 1e-7, 5e-324, -0, 0.30000000000000004]}"#,
            r#"{"n": [0.1, 0.10000000149011612, 123456789012345678901234567890, 1.0, 1]}"#,
            "{\"t\": \"Größe 日本 😀 \u{202e} \u{2028} \\u00e9 \\ud83d\\ude00 \\u0000 \\/\"}",
            r#"{"a": 1, "a": 2}"#,
        ] {
            let text = with_analysis(analysis);
            let read = Receipt::parse(text.as_bytes()).unwrap();
            assert_eq!(read.clipsight, "1.2.3");
            assert!(read.analysis.is_object());
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let text = with_analysis(r#"{"t": "Größe 日本 😀 \u2028", "n": [1e300, -0.0, 3, 0.1]}"#);
        let read = Receipt::parse(text.as_bytes()).unwrap();
        let written = read.to_text().unwrap();
        assert_eq!(Receipt::parse(written.as_bytes()).unwrap(), read);
        assert!(written.starts_with("{\n \"receiptVersion\": 1,\n \"clipsight\": \"1.2.3\",\n"));
        // The hash as `head -n -2 | sha256sum` computes it.
        let lines: Vec<&str> = written.split_inclusive('\n').collect();
        let (hashed, end) = lines.split_at(lines.len() - 2);
        let sha256 = sha256_hex(hashed.concat().as_bytes());
        assert_eq!(end.concat(), format!(" \"sha256\": \"{sha256}\"\n}}\n"));
    }

    #[test]
    fn every_changed_byte_is_found() {
        let text = with_analysis(r#"{"t": "日本", "n": [1e3, 0.5, 7]}"#).into_bytes();
        for at in 0..text.len() {
            for change in [1_u8, 0x20, 0x80, 0xff] {
                let mut altered = text.clone();
                altered[at] ^= change;
                let read = Receipt::parse(&altered);
                assert!(matches!(read, Err(Refusal::Altered(_))), "{at}");
            }
            let shorter = [&text[..at], &text[at + 1..]].concat();
            assert!(Receipt::parse(&shorter).is_err(), "{at}");
            assert!(Receipt::parse(&text[..at]).is_err(), "{at}");
        }
    }

    #[test]
    fn a_right_hash_does_not_make_a_receipt() {
        let nested = "[".repeat(100_000);
        for text in ["{", "[]", "{\"receiptVersion\": 1,\n", "", "\u{0}", "null", &nested] {
            let read = Receipt::parse(hashed(text).as_bytes());
            assert!(matches!(read, Err(Refusal::Altered(_))), "{text:.20}");
        }
        let later = hashed("{\"receiptVersion\": 2, \"new\": true,\n");
        assert_eq!(Receipt::parse(later.as_bytes()), Err(Refusal::Later(2)));
        assert!(Receipt::parse(b"").is_err());
    }
}
