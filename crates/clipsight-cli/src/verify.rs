//! `clipsight verify`: whether a receipt is unaltered, and whether it is confirmed here.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clipsight::teach::TaughtHead;
use clipsight::{Error, ErrorKind, Result};
use clipsight_native::io::{print, printable, read_image};
use clipsight_native::receipt::{Comparison, Difference, Receipt, Refusal, recompute};
use clipsight_native::runtime::{Runtime, SHIPPED_MODELS};
use serde::Serialize;
use serde_json::Value;

use crate::files::{Place, SOME_FAILED, caught, taught_head};

/// Most differences that are told in words.
const MOST_TOLD: usize = 20;

/// Arguments of `verify`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The receipt, as the page, the extension, the package or `scan --receipts` wrote it
    receipt: PathBuf,
    /// The image that it is about: the same file, byte for byte
    image: PathBuf,
    /// The model that made it: compact, standard, or a model's folder [default: whichever of the
    /// program's models, or $CLIPSIGHT_MODEL, has the weights that the receipt names]
    #[arg(long, value_name = "NAME|DIR")]
    model: Option<PathBuf>,
    /// The taught head that judged, where the receipt names one
    #[arg(long, value_name = "FILE")]
    head: Option<PathBuf>,
    /// JSON instead of text
    #[arg(long)]
    json: bool,
}

/// What became of a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Outcome {
    /// This machine finds the same.
    Equal,
    /// It finds something else.
    Differs,
    /// The receipt is not as it was written.
    Altered,
    /// The receipt is about another file.
    OtherImage,
    /// Another model made the receipt.
    OtherModel,
    /// Another taught head, or none, judged.
    OtherHead,
}

/// The answer: part of the public interface.
#[derive(Debug, Serialize)]
struct Answer {
    outcome: Outcome,
    /// In words.
    message: String,
    receipt: Place,
    image: Place,
    /// The receipt's model and device, once it is known to be unaltered.
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<String>,
    /// Where something was computed.
    #[serde(flatten)]
    comparison: Option<Comparison>,
}

/// Checks the receipt. What is not confirmed is an answer, not an error.
///
/// # Errors
/// When a file cannot be read, the receipt is of a later version, the model is missing or damaged,
/// or the answer cannot be written.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let answer = caught(&args.image, || args.answer())?;
    if args.json {
        let line = serde_json::to_string(&answer).map_err(|error| {
            Error::new(ErrorKind::Internal, format!("the answer cannot be written: {error}"))
        })?;
        print(&(line + "\n"))?;
    } else {
        print(&told(&answer))?;
    }
    let confirmed = answer.outcome == Outcome::Equal;
    Ok(if confirmed { ExitCode::SUCCESS } else { ExitCode::from(SOME_FAILED) })
}

impl Args {
    fn answer(&self) -> Result<Answer> {
        // First what costs nothing. A receipt that was changed says nothing that can be believed.
        let receipt = match Receipt::read(&self.receipt)? {
            Ok(receipt) => receipt,
            Err(Refusal::Altered(why)) => return Ok(self.refused(Outcome::Altered, why, None)),
            Err(Refusal::Later(version)) => {
                let message = format!(
                    "the receipt has version {version}, which this program does not know: update it"
                );
                return Err(Error::new(ErrorKind::Unsupported, message));
            }
        };
        let image = read_image(&self.image)?;
        if !receipt.is_of(&image) {
            let why = "the receipt is about another file: one byte more, less or changed is enough";
            return Ok(self.refused(Outcome::OtherImage, why, Some(&receipt)));
        }
        let Some(folder) = receipt.detector.folder(self.model.as_deref())? else {
            let judge = &receipt.detector;
            let name = printable(&judge.model_id);
            let why = match &self.model {
                Some(named) => format!(
                    "{} is not the model that the receipt names, {name}: its weights or its \
                     calibration are others",
                    named.display()
                ),
                None => format!(
                    "the receipt names the model {name} with weights {}, which is none of those \
                     that come with the program ({}): name its folder with --model",
                    printable(&judge.weights_sha256),
                    SHIPPED_MODELS.join(", ")
                ),
            };
            return Ok(self.refused(Outcome::OtherModel, &why, Some(&receipt)));
        };
        let head = self.head.as_deref().map(taught_head).transpose()?;
        if let Some(why) = other_head(&receipt, head.as_ref()) {
            return Ok(self.refused(Outcome::OtherHead, &why, Some(&receipt)));
        }
        let mut runtime = Runtime::on_cpu(&folder)?;
        head.map_or(Ok(()), |head| runtime.use_head(head))?;
        let comparison = recompute(&runtime, &image, &receipt)?;
        let (outcome, why) = if comparison.is_equal() {
            (Outcome::Equal, "this machine finds what the receipt says")
        } else {
            (Outcome::Differs, "this machine does not find what the receipt says")
        };
        let answer = self.refused(outcome, why, Some(&receipt));
        Ok(Answer { comparison: Some(comparison), ..answer })
    }

    /// An answer for which nothing was computed.
    fn refused(&self, outcome: Outcome, message: &str, receipt: Option<&Receipt>) -> Answer {
        let judge = receipt.map(|receipt| &receipt.detector);
        Answer {
            outcome,
            message: message.to_owned(),
            receipt: Place::of(&self.receipt),
            image: Place::of(&self.image),
            model: judge.map(|judge| judge.model_id.clone()),
            device: judge.map(|judge| judge.device.clone()),
            comparison: None,
        }
    }
}

/// What is wrong with the head that was named, or with naming none.
fn other_head(receipt: &Receipt, head: Option<&TaughtHead>) -> Option<String> {
    let taught = &receipt.analysis["taught"];
    let theirs = taught["sha256"].as_str();
    if theirs == head.map(TaughtHead::sha256) {
        return None;
    }
    let Some(theirs) = theirs else {
        let why = "the receipt is of the model's own head: leave --head out";
        return Some(why.to_owned());
    };
    let name = printable(taught["name"].as_str().unwrap_or_default());
    let hash = printable(theirs);
    Some(match head {
        None => format!(
            "the receipt is of the taught head \"{name}\" of the hash {hash}: name its file with \
             --head"
        ),
        Some(head) => format!(
            "the receipt is of the taught head \"{name}\" of the hash {hash}; the file named holds \
             \"{}\" of the hash {}",
            printable(head.name()),
            head.sha256()
        ),
    })
}

/// The answer in words.
fn told(answer: &Answer) -> String {
    let outcome = match answer.outcome {
        Outcome::Equal => "equal",
        Outcome::Differs => "differs",
        Outcome::Altered => "altered",
        Outcome::OtherImage => "another image",
        Outcome::OtherModel => "another model",
        Outcome::OtherHead => "another head",
    };
    let mut text = format!("{outcome}: {}\n", answer.message);
    let Some(comparison) = &answer.comparison else { return text };
    for difference in comparison.differences.iter().take(MOST_TOLD) {
        text += &told_difference(difference);
    }
    // Writing to a string cannot fail.
    if comparison.differences.len() > MOST_TOLD {
        let _ = writeln!(text, "  and {} more", comparison.differences.len() - MOST_TOLD);
    }
    for field in &comparison.unchecked {
        let _ = writeln!(text, "  not checked, only its maker knows it: {}", printable(field));
    }
    let _ = writeln!(
        text,
        "  {} on {} there, on CPU here; logits differ by at most {:.6} ({} is rounding)",
        printable(answer.model.as_deref().unwrap_or_default()),
        printable(&answer.device.as_deref().unwrap_or_default().to_uppercase()),
        comparison.largest_logit_difference,
        comparison.allowed_logit_difference,
    );
    text
}

fn told_difference(difference: &Difference) -> String {
    let Difference { field, receipt, here, allowed } = difference;
    let rounding =
        allowed.map_or(String::new(), |allowed| format!(" (up to {allowed} is rounding)"));
    format!("  {}: {} there, {} here{rounding}\n", printable(field), short(receipt), short(here))
}

/// A value on a line.
fn short(value: &Value) -> String {
    const LONGEST: usize = 80;
    let text = match value {
        Value::Null => "nothing".to_owned(),
        value => printable(&value.to_string()),
    };
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
