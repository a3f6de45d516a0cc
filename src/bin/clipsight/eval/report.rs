//! The report of an evaluation: JSON for programs, tables for people, Markdown for model cards.

use clipsight::metrics::Share;
use clipsight::weights::Manifest;
use clipsight::{Error, ErrorKind, Result};
use comfy_table::{CellAlignment, Table, TableComponent, presets};
use serde::{Deserialize, Serialize};

use super::confounds::Confounds;
use super::figures::{Figures, OriginFigures};
use super::robustness::DeliveryFigures;

/// The version of [`Report`].
pub(super) const SCHEMA: u32 = 1;

/// Everything measured. It holds no clock and no path: the same model and images give the same report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Report {
    /// The version of this structure.
    pub(crate) schema: u32,
    /// The model.
    pub(crate) model: ModelName,
    /// The images.
    pub(crate) data: DataName,
    /// Views of each image.
    pub(crate) views: usize,
    /// The figures on the images as they are.
    pub(crate) figures: Figures,
    /// The figures on recompressed, resized and blurred copies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) deliveries: Option<Vec<DeliveryFigures>>,
    /// What could be told without looking at a pixel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) confounds: Option<Confounds>,
}

/// Which model exactly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ModelName {
    /// Its name.
    pub(crate) id: String,
    /// One hash for all its weights.
    pub(crate) weights_sha256: String,
    /// Name of its calibration.
    pub(crate) calibration_id: String,
}

/// Which images exactly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DataName {
    /// SHA-256 of the CSV file, which holds every image's.
    pub(crate) manifest_sha256: String,
    /// The role measured on.
    pub(crate) role: String,
}

/// A titled table.
#[derive(Clone, Debug)]
pub(crate) struct Section {
    title: &'static str,
    header: Vec<&'static str>,
    rows: Vec<Vec<String>>,
    note: Option<String>,
}

impl ModelName {
    /// The names of a model.
    ///
    /// # Errors
    /// As [`Calibration::id`](clipsight::detect::Calibration::id).
    pub(crate) fn of(manifest: &Manifest) -> Result<Self> {
        Ok(Self {
            id: manifest.id.clone(),
            weights_sha256: manifest.weights_sha256(),
            calibration_id: manifest.calibration.id()?,
        })
    }
}

impl Report {
    /// The report as JSON, a line at the end.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`].
    pub(crate) fn to_json(&self) -> Result<String> {
        serde_json::to_string_pretty(self).map(|json| json + "\n").map_err(|error| {
            Error::new(ErrorKind::Internal, "the report cannot be written").with_source(error)
        })
    }

    /// Reads a report.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] when it is none, or one of another version.
    pub(crate) fn from_json(json: &str) -> Result<Self> {
        let report: Self = serde_json::from_str(json).map_err(|error| {
            Error::new(ErrorKind::Argument, format!("this is no report of `clipsight eval`: {error}"))
                .with_source(error)
        })?;
        if report.schema != SCHEMA {
            let message = format!(
                "the report is of version {}, not {SCHEMA}: run `clipsight eval` again",
                report.schema
            );
            return Err(Error::new(ErrorKind::Argument, message));
        }
        Ok(report)
    }

    /// All figures as tables.
    pub(crate) fn sections(&self) -> Vec<Section> {
        let mut sections = vec![self.overview(), self.grades(), self.risk_coverage()];
        sections.extend(self.deliveries.as_deref().map(deliveries));
        sections.push(self.confounds());
        if !self.figures.contents.is_empty() {
            sections.push(self.contents());
        }
        sections.push(origins(
            "Generators (recall at the shipped threshold)",
            "generator",
            &self.figures,
            true,
        ));
        sections.push(origins("Sources of other images (specificity)", "source", &self.figures, false));
        sections
    }

    /// What a README shows.
    pub(crate) fn summary(&self) -> Section {
        let figures = &self.figures;
        Section {
            title: "Accuracy",
            header: vec!["model", "images", "AUC", "balanced accuracy", "TPR at 5 % FPR", "ECE"],
            rows: vec![vec![
                self.model.id.clone(),
                format!("{} generated, {} not", figures.generated, figures.real),
                number(figures.auc),
                number(figures.balanced_accuracy),
                number(figures.recall_at_5_percent.rate),
                number(figures.calibration_error),
            ]],
            note: None,
        }
    }

    fn overview(&self) -> Section {
        let figures = &self.figures;
        let row = |name: &str, value: f64, interval: Option<(f64, f64)>| {
            let interval =
                interval.map_or(String::new(), |(low, high)| format!("{} to {}", number(low), number(high)));
            vec![name.to_owned(), number(value), interval]
        };
        let share = |name: &str, share: &Share| row(name, share.rate, Some((share.low, share.high)));
        let mut rows = vec![
            row("AUC", figures.auc, Some((figures.auc_interval.low, figures.auc_interval.high))),
            row("average precision", figures.average_precision, None),
            row(
                &format!("balanced accuracy at the shipped threshold ({})", figures.threshold),
                figures.balanced_accuracy,
                None,
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
                worst.as_ref().map(|worst| share(&format!("{name}: {}", worst.origin), &worst.accuracy)),
            );
        }
        Section {
            title: "Figures",
            header: vec!["measure", "value", "95 % interval"],
            rows,
            note: Some(format!(
                "{}, calibration {}, weights {}. Role `{}`: {} generated images, {} others; {} view{} of each. AUC's interval: \
                 bootstrap over generators and sources; the others': Clopper-Pearson.",
                self.model.id,
                self.model.calibration_id,
                &self.model.weights_sha256[..self.model.weights_sha256.len().min(16)],
                self.data.role,
                figures.generated,
                figures.real,
                self.views,
                if self.views == 1 { "" } else { "s" },
            )),
        }
    }

    fn grades(&self) -> Section {
        let row = |grade: &super::figures::GradeFigures| {
            let error = grade.error.map_or("-".to_owned(), |error| number(error.rate));
            let interval = grade
                .error
                .map_or(String::new(), |error| format!("{} to {}", number(error.low), number(error.high)));
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
                "Wrong: for `weak`, the share that is generated, for the others the share that is not, both classes \
                 weighted alike. Interval: Wilson's, with the effective number of images."
                    .to_owned(),
            ),
        }
    }

    fn risk_coverage(&self) -> Section {
        let row = |point: &clipsight::metrics::RiskCoverage| vec![number(point.coverage), number(point.risk)];
        Section {
            title: "Risk and coverage",
            header: vec!["decided", "wrong of these"],
            rows: self.figures.risk_coverage.iter().map(row).collect(),
            note: Some("If only the images farthest from the threshold were decided.".to_owned()),
        }
    }

    fn contents(&self) -> Section {
        let optional = |value: Option<f64>| value.map_or("-".to_owned(), number);
        let row = |content: &super::figures::ContentFigures| {
            vec![
                content.content.clone(),
                content.generated.to_string(),
                content.real.to_string(),
                optional(content.auc),
                optional(content.balanced_accuracy),
            ]
        };
        Section {
            title: "Content",
            header: vec!["content", "generated", "not", "AUC", "balanced accuracy"],
            rows: self.figures.contents.iter().map(row).collect(),
            note: None,
        }
    }

    fn confounds(&self) -> Section {
        let (rows, note) = match &self.confounds {
            None => (
                Vec::new(),
                "Not measured: the manifest has no role `fit` with both classes to fit on.".to_owned(),
            ),
            Some(confounds) => {
                let mut rows = vec![
                    vec!["stored width, height, format, JPEG quality".to_owned(), number(confounds.stored)],
                    vec![
                        "the same and the length of the file".to_owned(),
                        number(confounds.stored_with_length),
                    ],
                ];
                for (name, auc) in [
                    ("width, height, format of the originals", confounds.originals),
                    ("the same, squares and multiples of 64 marked", confounds.originals_and_habits),
                ] {
                    rows.extend(auc.map(|auc| vec![name.to_owned(), number(auc)]));
                }
                let verdict =
                    if confounds.passed { "passes" } else { "FAILS: the other figures do not count" };
                (rows, format!("The gate {verdict}: the first must be at most {}.", confounds.limit))
            }
        };
        Section {
            title: "Confounds: without a pixel",
            header: vec!["what is seen", "AUC"],
            rows,
            note: Some(note),
        }
    }
}

fn deliveries(deliveries: &[DeliveryFigures]) -> Section {
    let row = |figures: &DeliveryFigures| {
        vec![
            figures.condition.clone(),
            number(figures.auc),
            number(figures.balanced_accuracy),
            number(figures.recall_at_5_percent),
            number(figures.flip_rate),
        ]
    };
    Section {
        title: "Deliveries",
        header: vec!["delivered as", "AUC", "balanced accuracy", "TPR at 5 % FPR", "verdicts flipped"],
        rows: deliveries.iter().map(row).collect(),
        note: Some("The centre view of each image; the same threshold throughout.".to_owned()),
    }
}

fn origins(title: &'static str, name: &'static str, figures: &Figures, generated: bool) -> Section {
    let row = |origin: &OriginFigures| {
        let Share { rate, low, high, n } = origin.accuracy;
        vec![
            origin.origin.clone(),
            n.to_string(),
            number(rate),
            format!("{} to {}", number(low), number(high)),
        ]
    };
    Section {
        title,
        header: vec![name, "images", "right", "95 % interval"],
        rows: figures.origins.iter().filter(|origin| origin.generated == generated).map(row).collect(),
        note: None,
    }
}

fn number(value: f64) -> String {
    format!("{value:.3}")
}

impl Section {
    /// For a terminal.
    pub(crate) fn table(&self) -> String {
        let mut text = format!("{}\n", self.title);
        if !self.rows.is_empty() {
            let mut table = Table::new();
            table.load_preset(presets::NOTHING).set_header(self.header.clone());
            table
                .set_style(TableComponent::HeaderLines, '─')
                .set_style(TableComponent::MiddleHeaderIntersections, '─');
            let inert =
                |row: &Vec<String>| row.iter().map(|cell| crate::io::printable(cell)).collect::<Vec<_>>();
            table.add_rows(self.rows.iter().map(inert));
            for column in table.column_iter_mut().skip(1) {
                column.set_cell_alignment(CellAlignment::Right);
            }
            text += &format!("{table}\n");
        }
        text + &self.note.as_ref().map_or(String::new(), |note| format!("{note}\n"))
    }

    /// For a model card, under a heading of the third level.
    pub(crate) fn markdown(&self) -> String {
        let mut text = format!("### {}\n\n", self.title);
        text += &self.markdown_table();
        text + &self.note.as_ref().map_or(String::new(), |note| format!("\n{note}\n"))
    }

    /// The table alone.
    pub(crate) fn markdown_table(&self) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        // Names come from a CSV file; a bar would break the table.
        let escaped = |row: &Vec<String>| row.iter().map(|cell| cell.replace('|', "\\|")).collect::<Vec<_>>();
        let header: Vec<String> = self.header.iter().map(ToString::to_string).collect();
        let rule: Vec<String> = header.iter().map(|_| "---".to_owned()).collect();
        let rows: String = self.rows.iter().map(|row| line(&escaped(row))).collect();
        line(&header) + &line(&rule) + &rows
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::figures::{Scored, evaluate};
    use super::*;

    /// A small report of made-up scores, with every optional part.
    pub(crate) fn example() -> Report {
        let image = |generated, probability| Scored {
            generated,
            origin: if generated { "sd" } else { "cam|era" }.to_owned(),
            content: "photo".to_owned(),
            probability,
            grade: Some(clipsight::detect::Grade::Weak),
            reason: None,
        };
        let images = [image(true, 0.9), image(true, 0.3), image(false, 0.6), image(false, 0.2)];
        Report {
            schema: SCHEMA,
            model: ModelName {
                id: "m".to_owned(),
                weights_sha256: "0".repeat(64),
                calibration_id: "1".repeat(16),
            },
            data: DataName { manifest_sha256: "2".repeat(64), role: "test".to_owned() },
            views: 1,
            figures: evaluate(&images, 0.5).unwrap(),
            deliveries: Some(vec![DeliveryFigures {
                condition: "JPEG 90".to_owned(),
                auc: 0.7,
                balanced_accuracy: 0.6,
                recall_at_5_percent: 0.5,
                flip_rate: 0.1,
            }]),
            confounds: Some(Confounds {
                stored: 0.61,
                stored_with_length: 0.62,
                originals: Some(0.7),
                originals_and_habits: None,
                limit: 0.6,
                passed: false,
            }),
        }
    }

    #[test]
    fn reports_survive_their_json() {
        let report = example();
        let json = report.to_json().unwrap();
        assert_eq!(Report::from_json(&json).unwrap(), report);
        let newer = json.replace("\"schema\": 1", "\"schema\": 2");
        assert!(Report::from_json(&newer).unwrap_err().message().contains("version 2"));
        assert!(Report::from_json("{}").is_err());
    }

    #[test]
    fn tables_say_what_the_figures_are() {
        let text: String = example().sections().iter().map(Section::markdown).collect();
        for part in ["| AUC | 0.750 |", "FAILS", "| JPEG 90 | 0.700 |", "cam\\|era", "### Grades"] {
            assert!(text.contains(part), "{part} is missing from\n{text}");
        }
        let mut report = example();
        report.confounds = None;
        report.deliveries = None;
        let text: String = report.sections().iter().map(Section::table).collect();
        assert!(text.contains("Not measured") && !text.contains("JPEG 90"));
    }
}
