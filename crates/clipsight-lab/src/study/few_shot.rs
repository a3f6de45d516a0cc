//! `clipsight study few-shot`: a linear detector on normalised features, by number of training
//! images.
//!
//! Cozzolino et al. 2024 (arXiv 2312.00195), their table of training sizes, on any encoder:
//! penultimate against all-layer features, logistic regression against a linear SVM, resizing
//! against cropping, clean against laundered.

use std::fmt::Write as _;
use std::ops::Range;

use clipsight::Result;
use clipsight::rng::Rng;
use clipsight_measure::fit::{FeatureMatrix, LinearModel, Loss, fit_linear};
use clipsight_native::dataset::Entry;
use half::f16;
use rayon::prelude::*;
use serde::Serialize;

use super::features::{FeatureSource, Layout, View};
use super::{Images, Options};
use crate::dataset::labels;
use crate::features::{CORNERS, Fixed};
use crate::report::plot::{self, Axes, Line, Panel};
use crate::report::{Accuracy, Spread, StudyInputs, rounded, table};
use crate::study::{Samples, draw};

/// Images trained on, half of each class; and all of the smaller class with as many of the other.
const SIZES: [usize; 3] = [10, 100, 1000];

/// Penalties tried; the one with the best mean AUC on `select` over all repeats is taken, for each
/// number of images.
const PENALTIES: [f64; 3] = [0.003, 0.03, 0.3];

const PERTURBATIONS: [(&str, Option<Fixed>); 3] =
    [("clean", None), ("JPEG 60", Some(Fixed::Jpeg60)), ("half size", Some(Fixed::Half))];

#[derive(Serialize)]
struct FewShotReport {
    schema: u32,
    #[serde(rename = "provenance")]
    inputs: StudyInputs,
    cells: Vec<Cell>,
}

/// One line of the study: what was trained and measured, and the results over the repeats.
#[derive(Clone, Debug, Serialize)]
struct Cell {
    features: &'static str,
    classifier: &'static str,
    views: &'static str,
    #[serde(rename = "delivery")]
    perturbation: &'static str,
    /// Images trained on.
    images: usize,
    penalty: f64,
    auc: Spread,
    balanced_accuracy: Spread,
}

/// Which part of a row is learnt from.
struct FeatureSet {
    name: &'static str,
    range: Range<usize>,
    /// Length of the tokens in it, each of which is brought to length 1.
    token: usize,
}

fn feature_sets(layout: &Layout) -> Vec<FeatureSet> {
    let penultimate = layout.penultimate();
    let token = penultimate.len();
    let mut sets = vec![
        FeatureSet { name: "penultimate", range: penultimate, token },
        FeatureSet { name: "all layers", range: layout.all_layers(), token },
    ];
    if let Some(range) = layout.projected() {
        sets.push(FeatureSet { name: "projected", token: range.len(), range });
    }
    sets
}

impl FeatureSet {
    /// The features, every token of length 1.
    fn of(&self, whole: &FeatureMatrix) -> FeatureMatrix {
        let data = whole
            .data
            .par_chunks(whole.width)
            .flat_map_iter(|row| {
                row[self.range.clone()].chunks(self.token).flat_map(|token| {
                    let norm = token.iter().map(|value| value.to_f64().powi(2)).sum::<f64>().sqrt();
                    // In units in which half precision is at its best for components of a unit
                    // vector.
                    let scale = if norm > 0.0 { 16.0 / norm } else { 0.0 };
                    token.iter().map(move |value| f16::from_f64(value.to_f64() * scale))
                })
            })
            .collect();
        FeatureMatrix { data, width: self.range.len() }
    }
}

/// Images measured on, under one view and perturbation.
struct Measure {
    views: &'static str,
    perturbation: &'static str,
    /// The mean logit is taken over the rows of each: one per image, and for five crops the
    /// corners' four.
    features: Vec<FeatureMatrix>,
}

impl Measure {
    fn logits(&self, head: &LinearModel, images: usize) -> Vec<f64> {
        let mut sums = vec![0.0; images];
        let mut views = 0.0;
        for features in &self.features {
            let each = features.rows() / images.max(1);
            views += each as f64;
            for (sum, logits) in sums.iter_mut().zip(head.logits(features).chunks(each.max(1))) {
                *sum += logits.iter().sum::<f64>();
            }
        }
        sums.iter().map(|sum| sum / views).collect()
    }
}

pub(super) fn run(
    args: &Options,
    source: &FeatureSource<'_>,
    images: &Images,
    inputs: StudyInputs,
) -> Result<(String, Vec<(&'static str, String)>, impl Serialize)> {
    let mut cells = Vec::new();
    for (view, name) in [(View::Crop, "crop"), (View::Resize, "resize")] {
        // The crop's file holds the parts, too, which the other study reads: the encoder runs once
        // for both.
        let parts = view == View::Crop;
        let fit = source.features(&images.fit, view, None, parts)?.whole;
        let select = source.features(&images.select, view, None, parts)?.whole;
        let mut test = Vec::new();
        for (perturbation, fixed) in PERTURBATIONS {
            let whole = source.features(&images.test, view, fixed, parts && fixed.is_none())?.whole;
            let corners = match view {
                View::Crop => {
                    Some(source.features(&images.test, View::Corners, fixed, false)?.whole)
                }
                _ => None,
            };
            test.push((perturbation, whole, corners));
        }
        for set in feature_sets(&source.layout) {
            let (fit, select) = (set.of(&fit), set.of(&select));
            let mut measures = Vec::new();
            for (perturbation, whole, corners) in &test {
                let whole = set.of(whole);
                if let Some(corners) = corners {
                    debug_assert_eq!(corners.rows(), CORNERS * images.test.len());
                    let features = vec![whole.clone(), set.of(corners)];
                    measures.push(Measure { views: "five crops", perturbation, features });
                }
                measures.push(Measure { views: name, perturbation, features: vec![whole] });
            }
            for (classifier, loss) in
                [("logistic regression", Loss::Logistic), ("linear SVM", Loss::SquaredHinge)]
            {
                eprintln!("{name}, {}, {classifier}", set.name);
                let learner = Learner { args, loss, fit: &fit, fit_entries: &images.fit };
                learner.learn(
                    set.name,
                    classifier,
                    &select,
                    &images.select,
                    &measures,
                    &images.test,
                    &mut cells,
                )?;
            }
        }
    }
    let report = FewShotReport { schema: 1, inputs, cells };
    let svg = plot(&report.cells)?;
    Ok((markdown(&report), vec![("few-shot.svg", svg)], report))
}

struct Learner<'a> {
    args: &'a Options,
    loss: Loss,
    fit: &'a FeatureMatrix,
    fit_entries: &'a [Entry],
}

impl Learner<'_> {
    #[expect(clippy::too_many_arguments, reason = "one call, which names them all")]
    fn learn(
        &self,
        features: &'static str,
        classifier: &'static str,
        select: &FeatureMatrix,
        select_entries: &[Entry],
        measures: &[Measure],
        test_entries: &[Entry],
        cells: &mut Vec<Cell>,
    ) -> Result<()> {
        let labels = labels(self.fit_entries);
        let smaller = {
            let generated = labels.iter().filter(|label| **label == 1.0).count();
            generated.min(labels.len() - generated)
        };
        let sizes: Vec<usize> =
            SIZES.into_iter().filter(|size| *size < 2 * smaller).chain([2 * smaller]).collect();
        for size in sizes {
            let drawn: Vec<Samples> = (0..self.args.repeats)
                .map(|repeat| {
                    self.draw(&labels, size, self.args.common.seed.wrapping_add(u64::from(repeat)))
                })
                .collect();
            let mut best: Option<(f64, f64, Vec<LinearModel>)> = None;
            for penalty in PENALTIES {
                let heads: Vec<LinearModel> = drawn
                    .par_iter()
                    .map(|drawn| {
                        fit_linear(
                            &drawn.features,
                            &drawn.labels,
                            &drawn.weights,
                            penalty,
                            self.loss,
                        )
                    })
                    .collect();
                let mut auc = 0.0;
                for head in &heads {
                    auc += Accuracy::of(&head.logits(select), select_entries)?.auc
                        / heads.len() as f64;
                }
                if best.as_ref().is_none_or(|best| auc > best.0) {
                    best = Some((auc, penalty, heads));
                }
            }
            let Some((_, penalty, heads)) = best else { continue };
            for measure in measures {
                let measured = heads
                    .iter()
                    .map(|head| {
                        Accuracy::of(&measure.logits(head, test_entries.len()), test_entries)
                    })
                    .collect::<Result<Vec<_>>>()?;
                let over = |value: fn(&Accuracy) -> f64| {
                    Spread::of(&measured.iter().map(value).collect::<Vec<_>>())
                };
                cells.push(Cell {
                    features,
                    classifier,
                    views: measure.views,
                    perturbation: measure.perturbation,
                    images: size,
                    penalty: rounded(penalty),
                    auc: over(|measured| measured.auc),
                    balanced_accuracy: over(|measured| measured.balanced_accuracy),
                });
            }
        }
        Ok(())
    }

    /// `size` images, half of each class.
    fn draw(&self, labels: &[f32], size: usize, seed: u64) -> Samples {
        let mut rng = Rng::new(seed);
        let mut kept = vec![false; labels.len()];
        for class in [0.0, 1.0] {
            let rows: Vec<usize> = (0..labels.len()).filter(|row| labels[*row] == class).collect();
            draw(rows.len(), size / 2, &mut rng)
                .into_iter()
                .for_each(|place| kept[rows[place]] = true);
        }
        let rows: Vec<usize> = (0..labels.len()).filter(|row| kept[*row]).collect();
        let data = rows.iter().flat_map(|row| self.fit.row(*row).iter().copied()).collect();
        Samples {
            features: FeatureMatrix { data, width: self.fit.width },
            labels: rows.iter().map(|row| labels[*row]).collect(),
            weights: vec![1.0; rows.len()],
        }
    }
}

/// The cells with these names, by number of images.
fn series<'a>(
    cells: &'a [Cell],
    kind: (&str, &str),
    views: &str,
    perturbation: &str,
) -> Vec<&'a Cell> {
    cells
        .iter()
        .filter(|cell| (cell.features, cell.classifier) == kind)
        .filter(|cell| cell.views == views && cell.perturbation == perturbation)
        .collect()
}

/// Feature sets and classifiers, in the order in which they were tried.
fn kinds(cells: &[Cell]) -> Vec<(&'static str, &'static str)> {
    let mut kinds = Vec::new();
    for cell in cells {
        if !kinds.contains(&(cell.features, cell.classifier)) {
            kinds.push((cell.features, cell.classifier));
        }
    }
    kinds
}

fn plot(cells: &[Cell]) -> Result<String> {
    let sizes = sizes(cells);
    let last = sizes.len().saturating_sub(1);
    let mark = |(place, size): (usize, &usize)| {
        if place == last { format!("all {size}") } else { size.to_string() }
    };
    let panels: Vec<Panel> = PERTURBATIONS
        .iter()
        .map(|(perturbation, _)| {
            let line = |kind: (&'static str, &'static str)| Line {
                label: format!("{}, {}", kind.0, kind.1),
                points: series(cells, kind, "crop", perturbation)
                    .iter()
                    .enumerate()
                    .map(|(place, cell)| (place as f64, cell.auc.mean, cell.auc.deviation))
                    .collect(),
            };
            Panel {
                title: format!("centre crop, {perturbation}"),
                lines: kinds(cells).into_iter().map(line).collect(),
            }
        })
        .collect();
    let marks = Some(sizes.iter().enumerate().map(mark).collect());
    plot::lines(&panels, &Axes { x: "training images", y: "AUC on test", marks })
}

fn sizes(cells: &[Cell]) -> Vec<usize> {
    let sizes: std::collections::BTreeSet<usize> = cells.iter().map(|cell| cell.images).collect();
    sizes.into_iter().collect()
}

fn markdown(report: &FewShotReport) -> String {
    let cells = &report.cells;
    let sizes = sizes(cells);
    let mut text = format!(
        "# Few-shot linear detector\n\nThe method of Cozzolino et al. 2024 (arXiv 2312.00195) on \
         this project's encoder and images: every token of the features brought to length 1, then \
         a linear classifier; an image is called generated where its logit is above 0, with no \
         calibration. {}\n\nTraining images are drawn at random from `fit`, half of each class, \
         the last column being all of the smaller class and as many of the other. The classifier \
         is logistic regression or a linear SVM with squared hinge loss (liblinear's default), \
         both minimised by the project's own L-BFGS; the penalty (of {PENALTIES:?}) is the one \
         with the best mean AUC on `select`. All figures are means over the repeats ± one \
         deviation, on role `test`, on generators and sources that no training image comes \
         from.\n\n![AUC by number of training images](few-shot.svg)\n",
        report.inputs.sentence()
    );
    let header: Vec<String> = sizes.iter().map(|size| format!("{size} images")).collect();
    let header = |first: &'static str| -> Vec<&str> {
        std::iter::once(first).chain(header.iter().map(String::as_str)).collect()
    };
    for (title, value) in [
        ("AUC", (|cell: &Cell| cell.auc.text()) as fn(&Cell) -> String),
        ("Balanced accuracy", |cell| cell.balanced_accuracy.text()),
    ] {
        let _ = writeln!(text, "\n## {title} by number of images: centre crop, clean\n");
        let rows: Vec<Vec<String>> = kinds(cells)
            .into_iter()
            .map(|kind| {
                let cells = series(cells, kind, "crop", "clean").into_iter().map(value);
                std::iter::once(format!("{}, {}", kind.0, kind.1)).chain(cells).collect()
            })
            .collect();
        text += &table(&header("features, classifier"), &rows);
    }
    let _ = writeln!(text, "\n## Views and perturbations: logistic regression, all images\n");
    let columns: Vec<String> = PERTURBATIONS
        .iter()
        .flat_map(|(perturbation, _)| {
            [format!("{perturbation}: AUC"), format!("{perturbation}: balanced accuracy")]
        })
        .collect();
    let header: Vec<&str> =
        std::iter::once("features, views").chain(columns.iter().map(String::as_str)).collect();
    let mut rows = Vec::new();
    for kind in kinds(cells).into_iter().filter(|kind| kind.1 == "logistic regression") {
        for views in ["resize", "crop", "five crops"] {
            let mut row = vec![format!("{}, {views}", kind.0)];
            for (perturbation, _) in PERTURBATIONS {
                if let Some(cell) = series(cells, kind, views, perturbation).last() {
                    row.extend([cell.auc.text(), cell.balanced_accuracy.text()]);
                }
            }
            rows.push(row);
        }
    }
    text += &table(&header, &rows);
    text += "\n`resize` trains and measures on the whole square reduced to the input's size, \
             `crop` on the centre of the stored pixels; `five crops` measures what `crop` trained \
             on the centre and the corners, logits averaged. A half-sized image is enlarged to the \
             input's size before any crop, which leaves one crop only.\n";
    text
}
