//! What the scores of a folder's images say.

use std::collections::HashMap;

use clipsight::calibration::{AbstainReason, Calibration, Grade};
use clipsight::image::Format;
use clipsight::weights::sha256_hex;
use clipsight::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

use super::Problem;
use crate::confounds::{Confounds, MIN_IMAGES, Stored, within};
use crate::curves::Curves;
use crate::figures::{Drawn, Figures, MIN_IMAGES_OF_INTERVAL, Scored, evaluate, rounded};
use crate::operating::{Point, cross_fitted};

/// The version of a report.
pub const SCHEMA: u32 = 1;

/// What stands in the place of a role.
const ROLE: &str = "folder";

/// Mistakes that are named.
const MAX_MISTAKES: usize = 24;

/// Which model exactly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelName {
    /// Its name.
    pub id: String,
    /// One hash for all its weights.
    pub weights_sha256: String,
    /// Name of its calibration.
    pub calibration_id: String,
}

/// Which images exactly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataName {
    /// SHA-256 of the CSV file, which holds every image's; of a folder, of the list of its images'
    /// SHA-256 with their labels.
    pub manifest_sha256: String,
    /// The role measured on, or `folder`.
    pub role: String,
    /// The shorter sides of the images in pixels: the least, the median and the most.
    pub short_sides: [u32; 3],
}

impl DataName {
    /// The least, the median and the most of shorter sides; zeros if there are none.
    #[must_use]
    pub fn short_sides(mut sides: Vec<u32>) -> [u32; 3] {
        sides.sort_unstable();
        let last = sides.len().saturating_sub(1);
        [0, sides.len() / 2, last].map(|place| sides.get(place).copied().unwrap_or(0))
    }
}

/// One labelled image and the detector's answer.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Image {
    /// As [`sort`](super::sort) calls it.
    pub name: String,
    /// Whether it is generated.
    pub generated: bool,
    /// Generator or source.
    pub origin: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Its format.
    pub format: Format,
    /// Width in pixels, upright.
    pub width: u32,
    /// Height in pixels, upright.
    pub height: u32,
    /// Length in bytes.
    pub bytes: usize,
    /// As [`mean_quantiser`](crate::confounds::mean_quantiser) says.
    #[serde(default)]
    pub quantiser: Option<f64>,
    /// Calibrated probability.
    pub probability: f64,
    /// The grade it got.
    #[serde(default)]
    pub grade: Option<Grade>,
    /// Or why it got no grade.
    #[serde(default)]
    pub reason: Option<AbstainReason>,
}

/// A labelled image that could not be judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unjudged {
    /// As [`sort`](super::sort) calls it.
    pub name: String,
    /// Whether it is generated.
    pub generated: bool,
    /// The code of the error.
    pub code: String,
}

/// Everything that a report is made of.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    /// The model's name.
    pub model_id: String,
    /// The hash of its weights.
    pub weights_sha256: String,
    /// Its calibration, as its manifest has it.
    pub calibration: Calibration,
    /// Views of each image, where a number was asked for.
    #[serde(default)]
    pub views: Option<usize>,
    /// The images that were judged.
    pub images: Vec<Image>,
    /// Those that were not.
    pub unjudged: Vec<Unjudged>,
}

/// All figures of a folder: a part of what `clipsight eval` writes of a data set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The version of this structure.
    pub schema: u32,
    /// The model.
    pub model: ModelName,
    /// The images.
    pub data: DataName,
    /// Views of each image.
    pub views: usize,
    /// Whether five views were scored only where one gave no grade.
    #[serde(rename = "second_look")]
    pub early_exit: bool,
    /// The figures on the images.
    pub figures: Figures,
    /// What the plots are drawn from.
    pub curves: Curves,
    /// What can be inferred without looking at a pixel; `None` of too few images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confounds: Option<Confounds>,
    /// What only a folder has.
    pub folder: FolderFigures,
}

/// Something of each class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Classes<T> {
    /// Of generated images.
    pub generated: T,
    /// Of the others.
    pub real: T,
}

/// What only the report of a folder has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FolderFigures {
    /// Images of each class that it takes.
    pub least: Least,
    /// What the bootstrap drew of each class.
    pub drawn: Classes<Drawn>,
    /// Thresholds by false-alarm rate, where there are images enough to tell.
    pub points: Vec<Point>,
    /// Images that are, byte for byte, another one again.
    pub repeated: usize,
    /// Wrong decisions at the shipped threshold: the farthest from it first, not all of many.
    pub mistakes: Vec<Mistake>,
    /// Images that could not be judged, by name.
    pub unjudged: Vec<Unjudged>,
}

/// Images of each class that parts of a report take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Least {
    /// For the intervals of AUC and balanced accuracy.
    pub intervals: usize,
    /// For the confounds.
    pub confounds: usize,
}

/// An image that was decided wrongly.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mistake {
    /// Its name.
    pub name: String,
    /// Whether it is generated.
    pub generated: bool,
    /// Its probability.
    pub probability: f64,
}

impl Input {
    /// The report.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] when a class has no image that was judged, or a score is not a
    /// number.
    pub fn report(mut self) -> Result<Report> {
        // In the order of their names, so that the same folder gives the same report.
        self.images.sort_by(|a, b| a.name.cmp(&b.name));
        self.unjudged.sort_by(|a, b| a.name.cmp(&b.name));
        let Self { model_id: id, weights_sha256, calibration, views, images, unjudged } = self;
        if let Some(first) = images.first()
            && images.iter().all(|image| image.generated == first.generated)
        {
            return Err(Problem::OneClass { generated: first.generated }.error());
        }
        if images.iter().any(|image| image.width == 0 || image.height == 0) {
            return Err(Error::new(ErrorKind::Argument, "an image without pixels was judged"));
        }
        let scored: Vec<Scored> = images.iter().map(Image::scored).collect();
        let files: Vec<(Stored, bool)> =
            images.iter().map(|image| (image.stored(), image.generated)).collect();
        let threshold = calibration.threshold;
        let drawn = |class| Drawn::of(&scored, class);
        Ok(Report {
            schema: SCHEMA,
            data: DataName {
                manifest_sha256: list_sha256(&images),
                role: ROLE.to_owned(),
                short_sides: DataName::short_sides(
                    images.iter().map(|image| image.width.min(image.height)).collect(),
                ),
            },
            model: ModelName { id, weights_sha256, calibration_id: calibration.id()? },
            views: views.unwrap_or_else(|| calibration.default_views()),
            early_exit: views.is_none() && calibration.early_exit.is_some(),
            figures: evaluate(&scored, threshold)?,
            curves: Curves::of(&scored, threshold),
            confounds: within(&files),
            folder: FolderFigures {
                least: Least { intervals: MIN_IMAGES_OF_INTERVAL, confounds: MIN_IMAGES },
                drawn: Classes { generated: drawn(true), real: drawn(false) },
                points: cross_fitted(&scored),
                repeated: repeated(&images),
                mistakes: mistakes(&images, threshold),
                unjudged,
            },
        })
    }
}

impl Image {
    fn scored(&self) -> Scored {
        Scored {
            generated: self.generated,
            origin: self.origin.clone(),
            content: String::new(),
            probability: self.probability,
            grade: self.grade,
            reason: self.reason,
        }
    }

    fn stored(&self) -> Stored {
        let Self { format, width, height, bytes, quantiser, .. } = *self;
        Stored { format, width, height, bytes, quantiser }
    }
}

fn list_sha256(images: &[Image]) -> String {
    let mut lines: Vec<String> = images
        .iter()
        .map(|image| format!("{},{}\n", image.sha256, if image.generated { "ai" } else { "real" }))
        .collect();
    lines.sort_unstable();
    sha256_hex(lines.concat().as_bytes())
}

fn repeated(images: &[Image]) -> usize {
    let mut times: HashMap<&str, usize> = HashMap::new();
    images.iter().for_each(|image| *times.entry(&image.sha256).or_default() += 1);
    times.values().map(|times| times - 1).sum()
}

fn mistakes(images: &[Image], threshold: f64) -> Vec<Mistake> {
    let mut wrong: Vec<&Image> =
        images.iter().filter(|image| (image.probability >= threshold) != image.generated).collect();
    let distance = |image: &Image| (image.probability - threshold).abs();
    wrong.sort_by(|a, b| distance(b).total_cmp(&distance(a)));
    wrong
        .into_iter()
        .take(MAX_MISTAKES)
        .map(|image| Mistake {
            name: image.name.clone(),
            generated: image.generated,
            probability: rounded(image.probability),
        })
        .collect()
}
