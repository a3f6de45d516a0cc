//! Tables and rounded figures of reports.

use std::fmt::Write as _;
use std::path::Path;

use clipsight::{Error, ErrorKind, Result};
use clipsight_measure::metrics::{Confusion, Sample, auc, mean_and_deviation};
use clipsight_native::io::write_file;
use serde::Serialize;

use super::wrapped;
use crate::dataset::{Entry, Label};

/// The model, images and random choices of a study.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct StudyInputs {
    /// The model's name.
    pub(crate) model: String,
    /// One hash for all its weights.
    pub(crate) weights_sha256: String,
    /// SHA-256 of the manifest of the images.
    pub(crate) manifest_sha256: String,
    /// The most images used of each origin.
    pub(crate) per_origin: u32,
    /// Images used, of fit, select and test.
    pub(crate) images: [usize; 3],
    pub(crate) seed: u64,
    pub(crate) repeats: u32,
}

impl StudyInputs {
    pub(crate) fn sentence(&self) -> String {
        let [fit, select, test] = self.images;
        format!(
            "Model {} (weights {}), {fit} images of role `fit`, {select} of `select` (none with a \
             prompt of `fit`), {test} of `test`, at most {} an origin; seed {}, {} repeats. \
             Written by `clipsight study`.",
            self.model,
            &self.weights_sha256[..12.min(self.weights_sha256.len())],
            self.per_origin,
            self.seed,
            self.repeats
        )
    }
}

/// Mean and deviation over repeats.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Spread {
    pub(crate) mean: f64,
    pub(crate) deviation: f64,
}

impl Spread {
    pub(crate) fn of(values: &[f64]) -> Self {
        let (mean, deviation) = mean_and_deviation(values);
        Self { mean: rounded(mean), deviation: rounded(deviation) }
    }

    pub(crate) fn text(&self) -> String {
        if self.deviation > 0.0 {
            format!("{} ± {}", short(self.mean), short(self.deviation))
        } else {
            short(self.mean)
        }
    }
}

/// Four decimals: what several hundred images can resolve.
pub(crate) fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

/// Three decimals, without the zero before the point.
pub(crate) fn short(value: f64) -> String {
    format!("{value:.3}").replacen("0.", ".", 1)
}

/// AUC and balanced accuracy at logit 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Accuracy {
    pub(crate) auc: f64,
    pub(crate) balanced_accuracy: f64,
}

impl Accuracy {
    pub(crate) fn of(logits: &[f64], entries: &[Entry]) -> Result<Self> {
        let samples: Vec<Sample> = logits
            .iter()
            .zip(entries)
            .map(|(score, entry)| Sample { score: *score, positive: entry.label == Label::Ai })
            .collect();
        let one_class = || {
            Error::new(ErrorKind::Argument, "images of both classes are needed for a measurement")
        };
        Ok(Self {
            auc: auc(&samples).ok_or_else(one_class)?,
            balanced_accuracy: Confusion::at(&samples, 0.0)
                .balanced_accuracy()
                .ok_or_else(one_class)?,
        })
    }
}

/// A Markdown table, numbers to the right.
pub(crate) fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let mut text = format!("| {} |\n|", header.join(" | "));
    for column in 0..header.len() {
        text.push_str(if column == 0 { " --- |" } else { " ---: |" });
    }
    text.push('\n');
    for row in rows {
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
    text
}

/// Writes a report: JSON, Markdown and plots, each file completely or not at all.
pub(crate) fn write_report(
    folder: &Path,
    name: &str,
    report: &impl Serialize,
    markdown: &str,
    plots: &[(&str, String)],
) -> Result<()> {
    let json = serde_json::to_string_pretty(report).map_err(|error| {
        Error::new(ErrorKind::Internal, "the report cannot be written").with_source(error)
    })?;
    for (plot, svg) in plots {
        write_file(&folder.join(plot), svg.as_bytes())?;
    }
    write_file(&folder.join(format!("{name}.md")), wrapped(markdown).as_bytes())?;
    write_file(&folder.join(format!("{name}.json")), (json + "\n").as_bytes())
}
