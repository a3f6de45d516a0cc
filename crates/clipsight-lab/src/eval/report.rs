//! The report of an evaluation: JSON for programs, tables for terminals, Markdown for model cards.

use clipsight::model::Manifest;
use clipsight::{Error, ErrorKind, Result};
use clipsight_measure::confounds::{Confounds, MIN_IMAGES};
use clipsight_measure::curves::Curves;
use clipsight_measure::figures::{Drawn, Figures};
use clipsight_measure::folder::{
    DataName, FolderFigures, Mistake, ModelName, Report, SCHEMA, Unjudged,
};
use clipsight_measure::metrics::{Interval, RiskCoverage, Share};
use clipsight_measure::operating::Point;
use serde::{Deserialize, Serialize};

use super::attribution::{AttributionFigures, AttributionRow};
use super::controls::{ControlFigures, Controls};
use super::robustness::{PerturbationSet, PerturbedFigures, Robustness};
use super::section::Section;
use super::shortcuts::{MatchedFigures, Shortcuts, SizeFigures};

/// All figures. It contains no time and no path: the same model and images produce the same report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvalReport {
    /// The version of this structure.
    pub(crate) schema: u32,
    /// The model.
    pub(crate) model: ModelName,
    /// The images.
    pub(crate) data: DataName,
    /// Views of each image.
    pub(crate) views: usize,
    /// Whether five views were scored only where one gave no grade.
    #[serde(default, rename = "second_look")]
    pub(crate) early_exit: bool,
    /// The figures on the images as they are.
    pub(crate) figures: Figures,
    /// What the plots are drawn from.
    pub(crate) curves: Curves,
    /// The figures on recompressed, resized, cropped and blurred copies.
    #[serde(default, rename = "deliveries", skip_serializing_if = "Option::is_none")]
    pub(crate) perturbations: Option<Robustness>,
    /// Which generator made the images, if the model names generators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) attribution: Option<AttributionFigures>,
    /// Controls, which must score like chance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) controls: Option<Controls>,
    /// What can be inferred without looking at a pixel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) confounds: Option<Confounds>,
    /// Whether content or size stands for the class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) shortcuts: Option<Shortcuts>,
    /// What only a folder without roles has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) folder: Option<FolderFigures>,
}

/// The names of a model.
///
/// # Errors
/// As [`Calibration::id`](clipsight::calibration::Calibration::id).
pub(crate) fn model_name(manifest: &Manifest) -> Result<ModelName> {
    Ok(ModelName {
        id: manifest.id.clone(),
        weights_sha256: manifest.weights_sha256(),
        calibration_id: manifest.calibration.id()?,
    })
}

impl From<Report> for EvalReport {
    fn from(report: Report) -> Self {
        let Report { schema, model, data, views, early_exit, figures, curves, confounds, folder } =
            report;
        Self {
            schema,
            model,
            data,
            views,
            early_exit,
            figures,
            curves,
            perturbations: None,
            attribution: None,
            controls: None,
            confounds,
            shortcuts: None,
            folder: Some(folder),
        }
    }
}

impl EvalReport {
    /// The report as JSON, with a final newline.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`].
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string_pretty(self).map(|json| json + "\n").map_err(|error| {
            Error::new(ErrorKind::Internal, "the report cannot be written").with_source(error)
        })
    }

    /// Reads a report.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] when it is not such a report, or has another version.
    pub fn from_json(json: &str) -> Result<Self> {
        let report: Self = serde_json::from_str(json).map_err(|error| {
            Error::new(
                ErrorKind::Argument,
                format!("this is not a report of `clipsight eval`: {error}"),
            )
            .with_source(error)
        })?;
        if report.schema != SCHEMA {
            let message = format!(
                "the report has version {}, not {SCHEMA}: run `clipsight eval` again",
                report.schema
            );
            return Err(Error::new(ErrorKind::Argument, message));
        }
        Ok(report)
    }

    /// All figures as tables.
    pub fn sections(&self) -> Vec<Section> {
        let mut sections = vec![self.overview(), self.grades(), self.risk_coverage()];
        sections.extend(self.perturbations());
        if !self.figures.contents.is_empty() {
            sections.push(self.contents());
        }
        sections.extend([self.origins(true), self.origins(false)]);
        sections.extend(self.matched_sets());
        sections.extend(self.sizes());
        sections.extend(self.attribution());
        sections.extend(self.named());
        sections.extend(self.controls());
        sections.extend(self.operating_points());
        sections.push(self.confounds());
        sections.extend(self.mistakes());
        sections.extend(self.unjudged());
        sections
    }

    /// The short table for a README.
    pub(crate) fn summary(&self) -> Section {
        let figures = &self.figures;
        let mut header =
            vec!["model", "images", "AUC", "balanced accuracy", "TPR at 5 % FPR", "ECE"];
        let mut row = vec![
            self.model.id.clone(),
            format!("{} generated, {} not", figures.generated, figures.real),
            number(figures.auc),
            number(figures.balanced_accuracy),
            number(figures.recall_at_5_percent.rate),
            number(figures.calibration_error),
        ];
        if let Some(worst) = self.perturbations.as_ref().map(|robustness| &robustness.worst) {
            header.push("worst perturbation: change of balanced accuracy");
            row.push(format!("{}: {:+.3}", worst.condition, 0.0 - worst.loss));
        }
        Section { title: "Accuracy", header, rows: vec![row], note: None }
    }

    pub(super) fn overview(&self) -> Section {
        let figures = &self.figures;
        let row = |name: &str, value: f64, interval: Option<(f64, f64)>| {
            let interval = interval.map_or(String::new(), |(low, high)| {
                format!("{} to {}", number(low), number(high))
            });
            vec![name.to_owned(), number(value), interval]
        };
        let ends = |interval: &Option<Interval>| interval.map(|ends| (ends.low, ends.high));
        let share =
            |name: &str, share: &Share| row(name, share.rate, Some((share.low, share.high)));
        let mut rows = vec![
            row("AUC", figures.auc, ends(&figures.auc_interval)),
            row("average precision", figures.average_precision, None),
            row(
                &format!("balanced accuracy at the shipped threshold ({})", figures.threshold),
                figures.balanced_accuracy,
                ends(&figures.balanced_accuracy_interval),
            ),
            share("recall there", &figures.recall),
            share("specificity there", &figures.specificity),
            row(
                &figures
                    .best_threshold
                    .map_or("balanced accuracy at the best threshold".to_owned(), |threshold| {
                        format!("balanced accuracy at the best threshold ({threshold:.3})")
                    }),
                figures.best_balanced_accuracy,
                None,
            ),
            share("TPR at 1 % FPR", &figures.recall_at_1_percent),
            share("TPR at 5 % FPR", &figures.recall_at_5_percent),
            row("ECE", figures.calibration_error, None),
        ];
        for (name, value) in [
            ("precision where 1 % are generated", figures.predictive_value_at_1_percent),
            ("precision where 10 % are generated", figures.predictive_value_at_10_percent),
        ] {
            rows.extend(value.map(|value| row(name, value, None)));
        }
        rows.push(row("no grade, generated images", figures.abstained.generated, None));
        rows.push(row("no grade, other images", figures.abstained.real, None));
        for (name, worst) in
            [("worst generator", &figures.worst_generator), ("worst source", &figures.worst_source)]
        {
            rows.extend(
                worst
                    .as_ref()
                    .map(|worst| share(&format!("{name}: {}", worst.origin), &worst.accuracy)),
            );
        }
        Section {
            title: "Figures",
            header: vec!["measure", "value", "95 % interval"],
            rows,
            note: Some(self.measured_on()),
        }
    }

    /// Model, images and where the intervals are from, in a sentence each.
    fn measured_on(&self) -> String {
        let drawn = match &self.folder {
            None => "over generators and sources".to_owned(),
            Some(folder) => {
                let of = |drawn: Drawn, origins: &str| match drawn {
                    Drawn::Origins => format!("over {origins}"),
                    Drawn::Images => "over images".to_owned(),
                };
                let generated = of(folder.drawn.generated, "generators");
                let real = of(folder.drawn.real, "sources");
                format!("{generated} of the generated ones, {real} of the others")
            }
        };
        let few = [self.figures.auc_interval, self.figures.balanced_accuracy_interval]
            .iter()
            .any(Option::is_none);
        format!(
            "{}, calibration {}, weights {}. Role `{}`: {} generated images, {} others, their \
             shorter sides {} to {} px; {} view{} of each{}. Intervals of AUC and balanced \
             accuracy: bootstrap {drawn}{}; the others': Clopper-Pearson.",
            self.model.id,
            self.model.calibration_id,
            &self.model.weights_sha256[..self.model.weights_sha256.len().min(16)],
            self.data.role,
            self.figures.generated,
            self.figures.real,
            self.data.short_sides[0],
            self.data.short_sides[2],
            self.views,
            if self.views == 1 { "" } else { "s" },
            if self.early_exit { ", or five if that gave no grade" } else { "" },
            if few {
                ", none where so few images, or images on which all draws agree, tell of none"
            } else {
                ""
            },
        )
    }

    pub(super) fn operating_points(&self) -> Option<Section> {
        let folder = self.folder.as_ref()?;
        let row = |point: &Point| {
            vec![
                number(point.budget),
                format!("{:.4}", point.threshold),
                optional_share(Some(point.false_alarms)),
                optional_share(Some(point.found)),
            ]
        };
        Some(Section {
            title: "Thresholds by false-alarm rate",
            header: vec!["at most", "threshold", "false alarms", "found"],
            rows: folder.points.iter().map(row).collect(),
            note: Some(if folder.points.is_empty() {
                "Too few images for any: half of the images that are not generated must bear at \
                 least one false alarm."
                    .to_owned()
            } else {
                "Chosen on all images; the rates are those of thresholds chosen on one half and \
                 measured on the other."
                    .to_owned()
            }),
        })
    }

    pub(super) fn mistakes(&self) -> Option<Section> {
        let folder = self.folder.as_ref()?;
        let row = |mistake: &Mistake| {
            let class = if mistake.generated { "generated" } else { "not" };
            vec![mistake.name.clone(), class.to_owned(), number(mistake.probability)]
        };
        let repeated = match folder.repeated {
            0 => None,
            1 => Some("One image is, byte for byte, another one again.".to_owned()),
            n => Some(format!("{n} images are, byte for byte, another one again.")),
        };
        (!folder.mistakes.is_empty() || repeated.is_some()).then(|| Section {
            title: "Farthest from right",
            header: vec!["image", "is", "probability"],
            rows: folder.mistakes.iter().map(row).collect(),
            note: repeated,
        })
    }

    pub(super) fn unjudged(&self) -> Option<Section> {
        let unjudged = &self.folder.as_ref()?.unjudged;
        let row = |image: &Unjudged| vec![image.name.clone(), image.code.clone()];
        (!unjudged.is_empty()).then(|| Section {
            title: "Not judged, and in no figure",
            header: vec!["image", "error"],
            rows: unjudged.iter().map(row).collect(),
            note: None,
        })
    }

    pub(super) fn grades(&self) -> Section {
        let row = |grade: &clipsight_measure::figures::GradeFigures| {
            let error = grade.error.map_or("-".to_owned(), |error| number(error.rate));
            let interval = grade.error.map_or(String::new(), |error| {
                format!("{} to {}", number(error.low), number(error.high))
            });
            vec![
                grade.grade.name().to_owned(),
                grade.generated.to_string(),
                grade.real.to_string(),
                error,
                interval,
            ]
        };
        Section {
            title: "Grades",
            header: vec!["grade", "generated", "not", "wrong", "95 % interval"],
            rows: self.figures.grades.iter().map(row).collect(),
            note: Some(
                "Wrong: for `weak`, the share that is generated, for the others the share that is \
                 not, both classes weighted equally. Interval: Wilson's, with the effective number \
                 of images."
                    .to_owned(),
            ),
        }
    }

    pub(super) fn risk_coverage(&self) -> Section {
        let row = |name: String, point: &RiskCoverage| {
            vec![name, number(point.coverage), number(point.risk), number(1.0 - point.risk)]
        };
        let asked = |point: &RiskCoverage| row("farthest from the threshold".to_owned(), point);
        let mut rows: Vec<Vec<String>> = self.figures.risk_coverage.iter().map(asked).collect();
        rows.extend(
            self.figures.graded.iter().map(|point| row("all that get a grade".to_owned(), point)),
        );
        Section {
            title: "Risk and coverage",
            header: vec!["images decided", "share", "wrong of these", "right"],
            rows,
            note: Some(format!(
                "Both classes weighted equally. Area under the curve: {}.",
                number(self.figures.risk_coverage_area)
            )),
        }
    }

    pub(super) fn contents(&self) -> Section {
        let row = |content: &clipsight_measure::figures::ContentFigures| {
            vec![
                content.content.clone(),
                content.generated.to_string(),
                content.real.to_string(),
                optional(content.auc),
                optional(content.balanced_accuracy),
                optional_share(content.recall),
                optional_share(content.specificity),
            ]
        };
        Section {
            title: "Content",
            header: vec![
                "content",
                "generated",
                "not",
                "AUC",
                "balanced accuracy",
                "recall",
                "specificity",
            ],
            rows: self.figures.contents.iter().map(row).collect(),
            note: Some("In brackets: 95 % intervals (Clopper-Pearson).".to_owned()),
        }
    }

    pub(super) fn confounds(&self) -> Section {
        let (rows, note) = match &self.confounds {
            None if self.folder.is_some() => {
                (Vec::new(), format!("Not measured: that takes {MIN_IMAGES} images of each class."))
            }
            None => (
                Vec::new(),
                "Not measured: the manifest has no role `fit` with both classes to fit on."
                    .to_owned(),
            ),
            Some(confounds) => {
                let mut rows = vec![
                    vec![
                        "stored width, height, format, JPEG quality".to_owned(),
                        match confounds.stored_interval {
                            None => number(confounds.stored),
                            Some(Interval { low, high }) => format!(
                                "{} ({} to {})",
                                number(confounds.stored),
                                number(low),
                                number(high)
                            ),
                        },
                    ],
                    vec![
                        "the same and the length of the file".to_owned(),
                        number(confounds.stored_with_length),
                    ],
                ];
                for (name, auc) in [
                    ("width, height, format of the originals", confounds.originals),
                    (
                        "the same, squares and multiples of 64 marked",
                        confounds.originals_and_habits,
                    ),
                ] {
                    rows.extend(auc.map(|auc| vec![name.to_owned(), number(auc)]));
                }
                let verdict = if confounds.passed {
                    "passes"
                } else {
                    "FAILS: the other figures do not count"
                };
                let parts = if self.folder.is_some() {
                    " Each fifth of the images is judged by what was fitted to the others."
                } else {
                    ""
                };
                (
                    rows,
                    format!(
                        "The gate {verdict}: the first must be at most {}.{parts}",
                        confounds.limit
                    ),
                )
            }
        };
        Section {
            title: "Confounds: without a pixel",
            header: vec!["what is seen", "AUC"],
            rows,
            note: Some(note),
        }
    }

    pub(super) fn perturbations(&self) -> Option<Section> {
        let robustness = self.perturbations.as_ref()?;
        let row = |figures: &PerturbedFigures| {
            vec![
                figures.condition.clone(),
                figures.altered.to_string(),
                number(figures.auc),
                number(figures.balanced_accuracy),
                format!("{:+.3}", 0.0 - figures.loss),
                number(figures.recall),
                number(figures.false_alarms),
                number(figures.flip_rate),
                number(figures.calibration_error),
            ]
        };
        let Robustness { set, images, of, views, conditions, worst, mean_flip_rate, ever_flipped } =
            robustness;
        let chosen = if images == of {
            format!("all {of} images")
        } else {
            format!("{images} of {of} images, every generator and source by its share")
        };
        Some(Section {
            title: "Perturbations",
            header: vec![
                "perturbation",
                "altered",
                "AUC",
                "balanced accuracy",
                "change",
                "TPR",
                "FPR",
                "verdicts flipped",
                "ECE",
            ],
            rows: conditions.iter().map(row).collect(),
            note: Some(format!(
                "The {} set on {chosen}; {} of each copy, the same calibration and threshold \
                 throughout. Worst: {}, which changes balanced accuracy by {:+.3}. On average a \
                 perturbation flips {} of the verdicts; {} of the images are flipped by at least \
                 one. Altered: images that the perturbation changes at all; small ones fit a limit \
                 as they are.",
                match set {
                    PerturbationSet::Quick => "quick",
                    PerturbationSet::Full => "full",
                },
                if *views == 1 { "the first view".to_owned() } else { format!("{views} views") },
                worst.condition,
                0.0 - worst.loss,
                number(*mean_flip_rate),
                number(*ever_flipped),
            )),
        })
    }

    pub(super) fn origins(&self, generated: bool) -> Section {
        let row = |origin: &clipsight_measure::figures::OriginFigures| {
            let Share { rate, low, high, n } = origin.accuracy;
            vec![
                origin.origin.clone(),
                n.to_string(),
                number(rate),
                format!("{} to {}", number(low), number(high)),
            ]
        };
        let (title, name) = if generated {
            ("Generators (recall at the shipped threshold)", "generator")
        } else {
            ("Sources of other images (specificity)", "source")
        };
        let origins = self.figures.origins.iter().filter(|origin| origin.generated == generated);
        Section {
            title,
            header: vec![name, "images", "right", "95 % interval"],
            rows: origins.map(row).collect(),
            note: None,
        }
    }

    pub(super) fn matched_sets(&self) -> Option<Section> {
        let Shortcuts { matched, art_kept, without_recurring, .. } = self.shortcuts.as_ref()?;
        let row = |set: &MatchedFigures| {
            vec![
                set.set.clone(),
                set.generated.to_string(),
                set.real.to_string(),
                optional(set.auc),
                optional(set.balanced_accuracy),
            ]
        };
        let mut note = "Sets whose images of both classes come from the same hands and show the \
                        same, of roles `select` and `calibrate`: they took part in choosing and \
                        calibrating the model, so they compare models and promise nothing."
            .to_owned();
        if let Some(kept) = art_kept {
            note += &format!(
                " Human paintings, drawings and illustrations of these roles below the threshold: \
                 {} of {} ({} to {}).",
                number(kept.rate),
                kept.n,
                number(kept.low),
                number(kept.high)
            );
        }
        if let Some(without) = without_recurring {
            note += &format!(
                " Role `{}` without the {} family, which other roles have, too: AUC {}, balanced \
                 accuracy {}, TPR at 5 % FPR {}.",
                self.data.role,
                without.family,
                number(without.auc),
                number(without.balanced_accuracy),
                number(without.recall_at_5_percent.rate)
            );
        }
        Some(Section {
            title: "Same content, both classes",
            header: vec!["set", "generated", "not", "AUC", "balanced accuracy"],
            rows: matched.iter().map(row).collect(),
            note: Some(note),
        })
    }

    pub(super) fn sizes(&self) -> Option<Section> {
        let sizes = &self.shortcuts.as_ref()?.sizes;
        let row = |size: &SizeFigures| {
            vec![
                format!("{} px", size.short_side),
                size.accused.n.to_string(),
                optional_share(Some(size.accused)),
                number(size.abstained),
            ]
        };
        (!sizes.is_empty()).then(|| Section {
            title: "Real photographs by size",
            header: vec!["shorter side", "images", "graded moderate or stronger", "no grade"],
            rows: sizes.iter().map(row).collect(),
            note: Some(
                "The same photographs, reduced and stored as JPEG 85. In brackets: 95 % intervals."
                    .to_owned(),
            ),
        })
    }

    pub(super) fn attribution(&self) -> Option<Section> {
        let figures = self.attribution.as_ref()?;
        let row = |name: &str, value: Option<f64>, share: Option<Share>| {
            let interval = share.map_or(String::new(), |share| {
                format!("{} to {}", number(share.low), number(share.high))
            });
            vec![name.to_owned(), optional(value.or(share.map(|share| share.rate))), interval]
        };
        let thin = match figures.present_generators {
            0 => {
                " None of them has images here: only the rejection of unknown ones can be measured."
            }
            1 => " Only one has images here: its row says little about the others.",
            _ => "",
        };
        Some(Section {
            title: "Attribution",
            header: vec!["measure", "value", "95 % interval"],
            rows: vec![
                row("macro-F1 over the known generators here", figures.macro_f1, None),
                row("known generators: named rightly", None, figures.named_rightly),
                row("known generators: named wrongly", None, figures.named_wrongly),
                row("unknown generators: assigned a name", None, figures.unknown_named),
                row("right family", None, figures.family_accuracy),
                row("OSCR", figures.oscr, None),
            ],
            note: Some(format!(
                "Generated images alone. The model knows {} generators; {} of them made {} of the \
                 images here, {} images are by others.{thin} OSCR: the area under right names over \
                 named unknowns.",
                figures.known_generators,
                figures.present_generators,
                figures.known_images,
                figures.unknown_images,
            )),
        })
    }

    /// The names most often assigned to each generator.
    pub(super) fn named(&self) -> Option<Section> {
        let figures = self.attribution.as_ref()?;
        let row = |row: &AttributionRow| {
            let total: usize = row.counts.iter().sum();
            let mut given: Vec<(&String, usize)> = figures
                .columns
                .iter()
                .zip(row.counts.iter().copied())
                .filter(|(_, count)| *count > 0)
                .collect();
            given.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
            let most = given.iter().take(3).map(|(name, count)| format!("{name} {count}"));
            vec![
                row.generator.clone(),
                if row.known { "yes" } else { "no" }.to_owned(),
                total.to_string(),
                most.collect::<Vec<_>>().join(", "),
            ]
        };
        Some(Section {
            title: "Names assigned",
            header: vec!["generator", "known to the model", "images", "most often named"],
            rows: figures.rows.iter().map(row).collect(),
            note: None,
        })
    }

    pub(super) fn controls(&self) -> Option<Section> {
        let controls = self.controls.as_ref()?;
        let row = |name: &str, figures: &ControlFigures| {
            vec![
                name.to_owned(),
                figures.images.to_string(),
                figures.seeds.to_string(),
                number(figures.mean),
                format!("{} to {}", number(figures.low), number(figures.high)),
                number(figures.chance_deviation),
            ]
        };
        Some(Section {
            title: "Controls",
            header: vec!["control", "images", "seeds", "mean AUC", "range", "deviation by chance"],
            rows: vec![
                row("the scores, labels shuffled", &controls.shuffled_labels),
                row("the head, its weights shuffled", &controls.random_heads),
            ],
            note: Some(format!(
                "Shuffled labels must score .5: they {}. A head whose weights are in random order \
                 knows nothing, but its AUC scatters more than by chance, since features are \
                 correlated.",
                if controls.passed { "do" } else { "DO NOT: the other figures do not count" }
            )),
        })
    }
}

pub(super) fn number(value: f64) -> String {
    format!("{value:.3}")
}

fn optional(value: Option<f64>) -> String {
    value.map_or("-".to_owned(), number)
}

fn optional_share(share: Option<Share>) -> String {
    share.map_or("-".to_owned(), |Share { rate, low, high, .. }| {
        format!("{} ({} to {})", number(rate), number(low), number(high))
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::shortcuts::by_size;
    use super::*;
    use clipsight_measure::figures::{Scored, evaluate, rounded_share};

    /// A small report of made-up scores, with every optional part.
    pub(crate) fn example() -> EvalReport {
        let image = |generated, probability| Scored {
            generated,
            origin: if generated { "sd" } else { "cam|era" }.to_owned(),
            content: "photo".to_owned(),
            probability,
            grade: Some(clipsight::calibration::Grade::Weak),
            reason: None,
        };
        let perturbation = |condition: &str, loss| PerturbedFigures {
            condition: condition.to_owned(),
            altered: 3,
            auc: 0.7,
            balanced_accuracy: 0.75 - loss,
            loss,
            recall: 0.5,
            false_alarms: 0.1,
            flip_rate: loss,
            calibration_error: 0.05,
        };
        let control = ControlFigures {
            images: 4,
            seeds: 20,
            mean: 0.5,
            low: 0.25,
            high: 0.75,
            chance_deviation: 0.1,
        };
        let images = [image(true, 0.9), image(true, 0.3), image(false, 0.6), image(false, 0.2)];
        EvalReport {
            schema: SCHEMA,
            model: ModelName {
                id: "m".to_owned(),
                weights_sha256: "0".repeat(64),
                calibration_id: "1".repeat(16),
            },
            data: DataName {
                manifest_sha256: "2".repeat(64),
                role: "test".to_owned(),
                short_sides: [224, 288, 512],
            },
            views: 1,
            early_exit: false,
            figures: evaluate(&images, 0.5).unwrap(),
            curves: Curves::of(&images, 0.5),
            perturbations: Some(Robustness {
                set: PerturbationSet::Quick,
                images: 3,
                of: 4,
                views: 1,
                worst: perturbation("JPEG 90", 0.1),
                conditions: vec![perturbation("as it is", 0.0), perturbation("JPEG 90", 0.1)],
                mean_flip_rate: 0.1,
                ever_flipped: 0.2,
            }),
            attribution: Some(AttributionFigures {
                known_generators: 2,
                present_generators: 1,
                known_images: 5,
                unknown_images: 4,
                macro_f1: Some(0.8),
                named_rightly: Share::clopper_pearson(4, 5).map(rounded_share),
                named_wrongly: Share::clopper_pearson(0, 5).map(rounded_share),
                unknown_named: Share::clopper_pearson(1, 4).map(rounded_share),
                family_accuracy: None,
                oscr: Some(0.7),
                columns: vec!["sd".to_owned(), "unknown generator".to_owned()],
                rows: vec![
                    AttributionRow { generator: "sd".to_owned(), known: true, counts: vec![4, 1] },
                    AttributionRow {
                        generator: "<b>new".to_owned(),
                        known: false,
                        counts: vec![1, 3],
                    },
                ],
            }),
            controls: Some(Controls {
                shuffled_labels: control,
                random_heads: control,
                passed: true,
            }),
            confounds: Some(Confounds {
                stored: 0.61,
                stored_with_length: 0.62,
                originals: Some(0.7),
                originals_and_habits: None,
                limit: 0.6,
                passed: false,
                stored_interval: None,
            }),
            folder: None,
            shortcuts: Some(Shortcuts::of(
                &images,
                &[image(true, 0.7), image(false, 0.1)].map(|image| Scored {
                    origin: "dgame-x".to_owned(),
                    content: "art".to_owned(),
                    ..image
                }),
                by_size(&[[Some(clipsight::calibration::Grade::Weak); 6]]),
                0.5,
            )),
        }
    }

    #[test]
    fn reports_survive_their_json() {
        let report = example();
        let json = report.to_json().unwrap();
        assert_eq!(EvalReport::from_json(&json).unwrap(), report);
        let newer = json.replace("\"schema\": 1", "\"schema\": 2");
        assert!(EvalReport::from_json(&newer).unwrap_err().message().contains("version 2"));
        assert!(EvalReport::from_json("{}").is_err());
    }

    /// The names of fields in the file are an interface, whatever they are called here.
    #[test]
    fn the_committed_report_keeps_its_bytes() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/compact/eval.json");
        let json = std::fs::read_to_string(path).unwrap();
        assert!(json.contains("\"deliveries\"") && json.contains("\"second_look\""));
        assert!(EvalReport::from_json(&json).unwrap().to_json().unwrap() == json, "{path}");
    }

    #[test]
    fn tables_say_what_the_figures_are() {
        let text: String = example().sections().iter().map(Section::markdown).collect();
        // Notes are wrapped.
        let text = text.replace('\n', " ");
        for part in [
            "| AUC | 0.750 |",
            "FAILS",
            "| JPEG 90 | 3 | 0.700 | 0.650 | -0.100 |",
            "cam\\|era",
            "### Grades",
            "3 of 4 images",
            "Only one has images here",
            "| <b>new | no | 4 | unknown generator 3, sd 1 |",
            "they do.",
            "| all that get a grade | 1.000 |",
            "| dgame | 1 | 1 | 1.000 | 1.000 |",
            "below the threshold: 1.000 of 1",
            "| 96 px | 1 | 0.000 (0.000 to",
        ] {
            assert!(text.contains(part), "{part} is missing from\n{text}");
        }
        let summary = example().summary().markdown_table();
        assert!(
            summary.contains("ECE | worst perturbation") && summary.contains("| JPEG 90: -0.100 |"),
            "{summary}"
        );
        let mut report = example();
        report.confounds = None;
        report.perturbations = None;
        report.controls = None;
        report.attribution = None;
        report.shortcuts = None;
        let text: String = report.sections().iter().map(Section::table).collect();
        assert!(
            text.contains("Not measured")
                && !["JPEG 90", "Controls", "OSCR", "96 px"].iter().any(|part| text.contains(part))
        );
    }
}
