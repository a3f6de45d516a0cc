//! `clipsight study robust`: which components of the embedding and which attention heads carry over
//! to generators that nothing was fitted on, compared with random choices of the same size.
//!
//! Gaintseva et al. 2024 (arXiv 2406.15035). Every selection is made between parts of `fit` that
//! share no generator and no source, variants are compared on `select`, and `test` only reports:
//! the paper's selection data overlapped its test data.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use clipsight::rng::Rng;
use clipsight::{Error, ErrorKind, Result};
use clipsight_measure::fit::{FeatureMatrix, balanced_weights, logistic_regression};
use clipsight_measure::metrics::{Interval, auc_difference_interval_by_group};
use rayon::prelude::*;
use serde::Serialize;

use super::features::{FeatureSource, View};
use super::{Images, Options};
use crate::dataset::{Entry, Label, ORIGIN_POWER, labels, origins};
use crate::report::plot::{self, Axes, Heat, Line, Panel};
use crate::report::{Accuracy, Spread, StudyInputs, rounded, short, table};
use crate::study::isotropy::{average_cosine, iso_score};
use crate::study::selection::{Removal, prune_heads, remove_components, sum_of_parts};
use crate::study::{Samples, columns, disjoint_parts, draw, shuffle};

/// Penalties tried on the whole embedding; the best on `select` serves throughout.
const PENALTIES: [f64; 5] = [0.003, 0.01, 0.03, 0.1, 0.3];

/// Parts of `fit` that heads are pruned on: twelve ordered pairs.
const PARTS: usize = 4;

/// A family with fewer generated images gets no row or column in the transfer matrix.
const MIN_FAMILY_IMAGES: usize = 40;

/// Points of the curve of removals on `select`.
const CURVE: usize = 12;

/// Names of methods that are one set a repeat.
mod names {
    pub(super) const BOTH: &str = "components removed by both directions";
    pub(super) const RANDOM_BOTH: &str = "random components, as many";
    pub(super) const A_TO_B: &str = "components removed from A to B";
    pub(super) const RANDOM_A_TO_B: &str = "random components, as many as from A to B";
    pub(super) const HEADS: &str = "selected heads";
    pub(super) const RANDOM_HEADS: &str = "random heads, as many";
}

#[derive(Serialize)]
struct RobustReport {
    schema: u32,
    #[serde(rename = "provenance")]
    inputs: StudyInputs,
    penalty: f64,
    components: usize,
    heads: usize,
    methods: Vec<Method>,
    /// The method that is best on `select` among those that are one set, not one set a repeat.
    chosen: String,
    comparisons: Vec<Comparison>,
    selections: Vec<Selection>,
    /// How often each component was removed and each head kept over the repeats: those most often
    /// so, as many as in the mean.
    consensus_removed: Vec<usize>,
    consensus_heads: Vec<usize>,
    curve: Vec<CurvePoint>,
    isotropy: Vec<Isotropy>,
    transfer: Vec<Transfer>,
}

/// A representation, and how a classifier fitted on it on all of `fit` does; spreads are over
/// repeats.
#[derive(Serialize)]
struct Method {
    name: String,
    /// Components of the embedding, or heads in its sum.
    size: Spread,
    select_auc: Spread,
    select_balanced_accuracy: Spread,
    test_auc: Spread,
    test_balanced_accuracy: Spread,
}

/// The difference of two methods' AUCs on `test`.
#[derive(Serialize)]
struct Comparison {
    method: String,
    against: String,
    difference: Spread,
    /// Of two sets of every repeat: in how many repeats the method was ahead.
    ahead_in: Option<usize>,
    /// Of two single sets: the 95 % interval by bootstrap over generators and sources.
    interval: Option<Interval>,
}

/// Rounds of the bootstrap.
const ROUNDS: usize = 1000;

/// What one repeat selected.
#[derive(Serialize)]
struct Selection {
    seed: u64,
    removed_a_to_b: Vec<usize>,
    removed_b_to_a: Vec<usize>,
    removed_by_both: Vec<usize>,
    /// Accuracy on the other part with everything and at its best.
    accuracy_a_to_b: [f64; 2],
    accuracy_b_to_a: [f64; 2],
    heads: Vec<usize>,
    accuracy_heads: [f64; 2],
}

/// Balanced accuracy after `removed` removals from A to B: on B, which chose them, and on `select`.
#[derive(Serialize)]
struct CurvePoint {
    removed: usize,
    chosen_on: Spread,
    select: Spread,
    select_random: Spread,
}

#[derive(Serialize)]
struct Isotropy {
    representation: &'static str,
    average_cosine: Option<f64>,
    iso_score: Option<f64>,
}

/// AUC by families trained on (rows) and measured on (columns).
#[derive(Serialize)]
struct Transfer {
    representation: &'static str,
    rows: Vec<String>,
    columns: Vec<String>,
    /// `None` where a class is missing.
    auc: Vec<Vec<Option<f64>>>,
    /// Means of the cells of `fit` off the diagonal, and of those of `test`.
    mean_fit_across: Option<f64>,
    mean_test: Option<f64>,
}

/// The images' embeddings and their parts, by role.
struct Data<'a> {
    images: &'a Images,
    /// Fit, select, test.
    embedding: [FeatureMatrix; 3],
    parts: [FeatureMatrix; 3],
    width: usize,
    labels: Vec<f32>,
    weights: Vec<f64>,
    penalty: f64,
}

impl<'a> Data<'a> {
    fn read(source: &FeatureSource<'_>, images: &'a Images) -> Result<Self> {
        let layout = &source.layout;
        let range = layout.projected().unwrap_or_else(|| layout.penultimate());
        let kept: Vec<usize> = range.collect();
        let read = |entries: &[Entry]| -> Result<_> {
            let features = source.features(entries, View::Crop, None, true)?;
            Ok((columns(&features.whole, &kept), features.parts))
        };
        let (fit, select, test) = (read(&images.fit)?, read(&images.select)?, read(&images.test)?);
        let labels = labels(&images.fit);
        let weights = balanced_weights(&labels, &origins(&images.fit), ORIGIN_POWER);
        let mut data = Self {
            images,
            embedding: [fit.0, select.0, test.0],
            parts: [fit.1, select.1, test.1],
            width: layout.part(),
            labels,
            weights,
            penalty: PENALTIES[0],
        };
        let mut best = f64::NEG_INFINITY;
        for penalty in PENALTIES {
            let head =
                logistic_regression(&data.embedding[0], &data.labels, &data.weights, penalty);
            let auc = Accuracy::of(&head.logits(&data.embedding[1]), &images.select)?.auc;
            if auc > best {
                (best, data.penalty) = (auc, penalty);
            }
        }
        Ok(data)
    }

    /// All heads' numbers among the parts, whose first is what no head wrote.
    fn heads(&self) -> usize {
        self.parts[0].width / self.width - 1
    }

    /// The embedding without some of its components, of every role.
    fn without(&self, removed: &[usize]) -> [FeatureMatrix; 3] {
        let kept: Vec<usize> = (0..self.width).filter(|column| !removed.contains(column)).collect();
        self.embedding.each_ref().map(|matrix| columns(matrix, &kept))
    }

    /// The sum of some heads' parts, of every role.
    fn of_heads(&self, heads: &[usize]) -> [FeatureMatrix; 3] {
        let parts: Vec<usize> = heads.iter().map(|head| head + 1).collect();
        self.parts.each_ref().map(|matrix| sum_of_parts(matrix, self.width, &parts))
    }

    /// The logits on `select` and `test` of a classifier fitted on all of `fit`.
    fn logits(&self, [fit, select, test]: &[FeatureMatrix; 3]) -> [Vec<f64>; 2] {
        let head = logistic_regression(fit, &self.labels, &self.weights, self.penalty);
        [head.logits(select), head.logits(test)]
    }

    fn measure(&self, features: &[FeatureMatrix; 3]) -> Result<[Accuracy; 2]> {
        self.measured(&self.logits(features))
    }

    fn measured(&self, [select, test]: &[Vec<f64>; 2]) -> Result<[Accuracy; 2]> {
        Ok([Accuracy::of(select, &self.images.select)?, Accuracy::of(test, &self.images.test)?])
    }

    /// `fit` in parts without a common origin; the weights are balanced within each.
    fn split(&self, features: &FeatureMatrix, parts: usize, seed: u64) -> Vec<Samples> {
        let origins = origins(&self.images.fit);
        let part_of = disjoint_parts(&origins, &self.labels, parts, seed);
        let whole = Samples {
            features: features.clone(),
            labels: self.labels.clone(),
            weights: vec![1.0; self.labels.len()],
        };
        (0..parts)
            .map(|part| {
                let mut samples = whole.filter(|row| part_of[row] == part);
                let of_part = origins.iter().zip(&part_of).filter(|(_, of)| **of == part);
                let groups: Vec<&str> = of_part.map(|(origin, _)| *origin).collect();
                samples.weights = balanced_weights(&samples.labels, &groups, ORIGIN_POWER);
                samples
            })
            .collect()
    }
}

/// Figures of one method over the repeats.
#[derive(Default)]
struct Runs {
    sizes: Vec<f64>,
    measured: Vec<[Accuracy; 2]>,
}

impl Runs {
    fn add(&mut self, size: usize, measured: [Accuracy; 2]) {
        self.sizes.push(size as f64);
        self.measured.push(measured);
    }

    fn method(&self, name: &str) -> Method {
        let over = |role: usize, value: fn(&Accuracy) -> f64| {
            Spread::of(
                &self.measured.iter().map(|measured| value(&measured[role])).collect::<Vec<_>>(),
            )
        };
        Method {
            name: name.to_owned(),
            size: Spread::of(&self.sizes),
            select_auc: over(0, |measured| measured.auc),
            select_balanced_accuracy: over(0, |measured| measured.balanced_accuracy),
            test_auc: over(1, |measured| measured.auc),
            test_balanced_accuracy: over(1, |measured| measured.balanced_accuracy),
        }
    }
}

/// The methods that are one set per repeat, in the order of [`Repeats::runs`].
const METHODS: [&str; 6] = [
    names::BOTH,
    names::RANDOM_BOTH,
    names::A_TO_B,
    names::RANDOM_A_TO_B,
    names::HEADS,
    names::RANDOM_HEADS,
];

/// The results of the repeats.
#[derive(Default)]
struct Repeats {
    /// Of each of [`METHODS`].
    runs: [Runs; 6],
    selections: Vec<Selection>,
    curves: Vec<Curve>,
}

impl Repeats {
    /// Adds the repeat with this seed: selects components and heads, and measures them and random
    /// choices of the same size. `head_parts` are the heads' parts of `fit`.
    fn add(&mut self, data: &Data<'_>, head_parts: &FeatureMatrix, seed: u64) -> Result<()> {
        let (width, heads) = (data.width, data.heads());
        let mut rng = Rng::new(seed ^ 0x5EED);
        let halves = data.split(&data.embedding[0], 2, seed);
        let (a_to_b, b_to_a) = rayon::join(
            || remove_components(&halves[0], &halves[1], data.penalty),
            || remove_components(&halves[1], &halves[0], data.penalty),
        );
        let (removed_a, removed_b) = (a_to_b.removed(), b_to_a.removed());
        let both: Vec<usize> =
            removed_a.iter().filter(|part| removed_b.contains(part)).copied().collect();
        let pruned = prune_heads(&data.split(head_parts, PARTS, seed), width, data.penalty);
        let kept: Vec<usize> = (0..heads).filter(|head| !pruned.removed().contains(head)).collect();

        let random = |rng: &mut Rng, count: usize| draw(width, count, rng);
        let (random_both, random_a) =
            (random(&mut rng, both.len()), random(&mut rng, removed_a.len()));
        let removals = [&both, &random_both, &removed_a, &random_a];
        for (runs, removed) in self.runs.iter_mut().zip(removals) {
            runs.add(width - removed.len(), data.measure(&data.without(removed))?);
        }
        let random_heads = draw(heads, kept.len(), &mut rng);
        for (runs, kept) in self.runs[4..].iter_mut().zip([&kept, &random_heads]) {
            runs.add(kept.len(), data.measure(&data.of_heads(kept))?);
        }
        self.curves.push(curve(data, &a_to_b, &mut rng)?);

        eprintln!(
            "repeat {}: {} components removed from A to B, {} from B to A, {} by both; {} heads \
             kept",
            self.curves.len(),
            removed_a.len(),
            removed_b.len(),
            both.len(),
            kept.len()
        );
        let reached =
            |removal: &Removal| [removal.scores[0], removal.scores[removal.best()]].map(rounded);
        self.selections.push(Selection {
            seed,
            accuracy_a_to_b: reached(&a_to_b),
            accuracy_b_to_a: reached(&b_to_a),
            accuracy_heads: reached(&pruned),
            removed_a_to_b: removed_a,
            removed_b_to_a: removed_b,
            removed_by_both: both,
            heads: kept,
        });
        Ok(())
    }
}

/// A representation that is one set: its name, its size, its features by role.
type Representation = (&'static str, usize, [FeatureMatrix; 3]);

/// Fits a classifier on each of the `representations`, and compares each with the first.
fn compare_representations(
    data: &Data<'_>,
    representations: &[Representation],
) -> Result<(Vec<Method>, Vec<Comparison>)> {
    let (mut methods, mut comparisons) = (Vec::new(), Vec::new());
    let mut first: Option<Vec<f64>> = None;
    for (name, size, features) in representations {
        let mut runs = Runs::default();
        let logits = data.logits(features);
        runs.add(*size, data.measured(&logits)?);
        methods.push(runs.method(name));
        let [_, test] = logits;
        match &first {
            None => first = Some(test),
            Some(whole) => {
                comparisons.push(compare_sets(data, name, representations[0].0, [&test, whole])?)
            }
        }
    }
    Ok((methods, comparisons))
}

pub(super) fn run(
    args: &Options,
    source: &FeatureSource<'_>,
    images: &Images,
    inputs: StudyInputs,
) -> Result<(String, Vec<(&'static str, String)>, impl Serialize)> {
    enough_origins(&images.fit)?;
    let data = Data::read(source, images)?;
    let (width, heads) = (data.width, data.heads());
    // The parts of heads alone, for pruning.
    let of_heads: Vec<usize> = (width..(heads + 1) * width).collect();
    let head_parts = columns(&data.parts[0], &of_heads);

    let mut repeats = Repeats::default();
    for repeat in 0..args.repeats {
        repeats.add(&data, &head_parts, args.common.seed.wrapping_add(u64::from(repeat)))?;
    }
    let Repeats { runs, selections, curves } = repeats;

    let removed = consensus(selections.iter().map(|selection| &selection.removed_by_both), width);
    let kept = consensus(selections.iter().map(|selection| &selection.heads), heads);
    let all_heads: Vec<usize> = (0..heads).collect();
    let representations: [Representation; 4] = [
        ("the whole embedding", width, data.embedding.clone()),
        ("consensus of components", width - removed.len(), data.without(&removed)),
        ("all heads, without MLPs", heads, data.of_heads(&all_heads)),
        ("consensus of heads", kept.len(), data.of_heads(&kept)),
    ];
    let (mut methods, mut comparisons) = compare_representations(&data, &representations)?;
    for pair in [[0, 1], [2, 3], [4, 5]] {
        comparisons.push(compare_runs(pair.map(|place| (METHODS[place], &runs[place]))));
    }
    let best = methods.iter().max_by(|a, b| a.select_auc.mean.total_cmp(&b.select_auc.mean));
    let chosen = best.map(|method| method.name.clone()).unwrap_or_default();
    methods.extend(runs.iter().zip(METHODS).map(|(runs, name)| runs.method(name)));

    let isotropy = representations
        .iter()
        .map(|(name, _, features)| Isotropy {
            representation: name,
            average_cosine: average_cosine(&features[2]).map(rounded),
            iso_score: iso_score(&features[2]).map(rounded),
        })
        .collect();
    let transfer = representations
        .iter()
        .filter(|(name, ..)| *name != "all heads, without MLPs")
        .map(|(name, _, features)| transfer(&data, name, features, args.common.seed))
        .collect();

    let report = RobustReport {
        schema: 1,
        inputs,
        penalty: data.penalty,
        components: width,
        heads,
        methods,
        chosen,
        comparisons,
        selections,
        consensus_removed: removed,
        consensus_heads: kept,
        curve: mean_curve(&curves),
        isotropy,
        transfer,
    };
    let plots = vec![
        ("robust-transfer.svg", plot_transfer(&report.transfer)?),
        ("robust-removal.svg", plot_curve(&report.curve)?),
    ];
    Ok((markdown(&report, source.layout.heads_per_layer()), plots, report))
}

/// Checks that every part of `fit` gets images of both classes: selection needs several sources to
/// carry over between.
fn enough_origins(fit: &[Entry]) -> Result<()> {
    for (label, what) in [(Label::Ai, "generators"), (Label::Real, "sources of real images")] {
        let of_class = fit.iter().filter(|entry| entry.label == label);
        let count = of_class.map(|entry| &entry.origin).collect::<BTreeSet<_>>().len();
        if count < PARTS {
            let message =
                format!("role fit has {count} {what}; selecting features needs at least {PARTS}");
            return Err(Error::new(ErrorKind::Argument, message));
        }
    }
    Ok(())
}

/// Two single sets, by their logits on `test`.
fn compare_sets(
    data: &Data<'_>,
    method: &str,
    against: &str,
    logits: [&Vec<f64>; 2],
) -> Result<Comparison> {
    let entries = &data.images.test;
    let samples: Vec<_> = entries
        .iter()
        .enumerate()
        .map(|(row, entry)| {
            (entry.origin.as_str(), entry.label == Label::Ai, logits.map(|logits| logits[row]))
        })
        .collect();
    let interval = auc_difference_interval_by_group(&samples, ROUNDS, 1)
        .map(|interval| Interval { low: rounded(interval.low), high: rounded(interval.high) });
    let difference = Accuracy::of(logits[0], entries)?.auc - Accuracy::of(logits[1], entries)?.auc;
    Ok(Comparison {
        method: method.to_owned(),
        against: against.to_owned(),
        difference: Spread::of(&[difference]),
        ahead_in: None,
        interval,
    })
}

/// Two methods repeat by repeat, on `test`.
fn compare_runs([method, against]: [(&str, &Runs); 2]) -> Comparison {
    let pairs = method.1.measured.iter().zip(&against.1.measured);
    let differences: Vec<f64> = pairs.map(|(ours, theirs)| ours[1].auc - theirs[1].auc).collect();
    Comparison {
        method: method.0.to_owned(),
        against: against.0.to_owned(),
        difference: Spread::of(&differences),
        ahead_in: Some(differences.iter().filter(|difference| **difference > 0.0).count()),
        interval: None,
    }
}

/// The numbers most often in the `sets`, as many as these hold in the mean.
fn consensus<'a>(sets: impl Iterator<Item = &'a Vec<usize>>, all: usize) -> Vec<usize> {
    let (mut counts, mut total, mut repeats) = (vec![0_usize; all], 0, 0_usize);
    for set in sets {
        set.iter().for_each(|number| counts[*number] += 1);
        total += set.len();
        repeats += 1;
    }
    let mut order: Vec<usize> = (0..all).filter(|number| counts[*number] > 0).collect();
    order.sort_by_key(|number| (std::cmp::Reverse(counts[*number]), *number));
    order.truncate((total as f64 / repeats.max(1) as f64).round() as usize);
    order.sort_unstable();
    order
}

/// Removals, balanced accuracy where they were chosen, on `select`, and on `select` after random
/// ones.
type Curve = Vec<(usize, [f64; 3])>;

fn curve(data: &Data<'_>, removal: &Removal, rng: &mut Rng) -> Result<Curve> {
    let mut random: Vec<usize> = (0..data.width).collect();
    shuffle(&mut random, rng);
    let counts: Vec<usize> = (0..CURVE).map(|point| point * data.width / CURVE).collect();
    counts
        .into_par_iter()
        .map(|count| {
            let accuracy = |removed: &[usize]| -> Result<f64> {
                Ok(data.measure(&data.without(removed))?[0].balanced_accuracy)
            };
            let chosen_on = removal.scores[count.min(removal.scores.len() - 1)];
            Ok((
                count,
                [chosen_on, accuracy(&removal.order[..count])?, accuracy(&random[..count])?],
            ))
        })
        .collect()
}

fn mean_curve(curves: &[Curve]) -> Vec<CurvePoint> {
    let points = curves.first().map_or(0, Vec::len);
    (0..points)
        .map(|point| {
            let spread = |figure: usize| {
                Spread::of(&curves.iter().map(|curve| curve[point].1[figure]).collect::<Vec<_>>())
            };
            CurvePoint {
                removed: curves[0][point].0,
                chosen_on: spread(0),
                select: spread(1),
                select_random: spread(2),
            }
        })
        .collect()
}

/// Families with enough generated images, by name.
fn families(entries: &[Entry]) -> Vec<String> {
    let mut counts = BTreeMap::<&str, usize>::new();
    for entry in entries.iter().filter(|entry| entry.label == Label::Ai) {
        *counts.entry(family(entry)).or_default() += 1;
    }
    counts
        .into_iter()
        .filter(|(_, count)| *count >= MIN_FAMILY_IMAGES)
        .map(|(name, _)| name.to_owned())
        .collect()
}

fn family(entry: &Entry) -> &str {
    entry.other.get("family").map_or("unknown", String::as_str)
}

/// Trains on every family of `fit`, each with sources of real images of its own, and measures on
/// every other family with that one's, and on the families of `test` with all of its real images.
/// On the diagonal one half of the images is measured by what was trained on the other.
fn transfer(
    data: &Data<'_>,
    representation: &'static str,
    [fit, _, test]: &[FeatureMatrix; 3],
    seed: u64,
) -> Transfer {
    let (entries, test_entries) = (&data.images.fit, &data.images.test);
    let rows = families(entries);
    let test_columns = families(test_entries);
    let real_part = disjoint_parts(&origins(entries), &data.labels, rows.len().max(1), seed);
    let member = |row: usize, part: usize| match entries[row].label {
        Label::Ai => family(&entries[row]) == rows[part],
        Label::Real => real_part[row] == part,
    };
    let whole = Samples {
        features: fit.clone(),
        labels: data.labels.clone(),
        weights: vec![1.0; data.labels.len()],
    };
    let train = |keep: &dyn Fn(usize) -> bool| {
        let samples = whole.filter(keep);
        let groups: Vec<&str> = (0..entries.len())
            .filter(|row| keep(*row))
            .map(|row| entries[row].origin.as_str())
            .collect();
        let weights = balanced_weights(&samples.labels, &groups, ORIGIN_POWER);
        logistic_regression(&samples.features, &samples.labels, &weights, data.penalty)
    };
    let measure = |logits: &[f64], entries: &[Entry], keep: &dyn Fn(usize) -> bool| {
        let rows: Vec<usize> = (0..entries.len()).filter(|row| keep(*row)).collect();
        let logits: Vec<f64> = rows.iter().map(|row| logits[*row]).collect();
        let entries: Vec<Entry> = rows.iter().map(|row| entries[*row].clone()).collect();
        Accuracy::of(&logits, &entries).ok().map(|measured| rounded(measured.auc))
    };
    let auc: Vec<Vec<Option<f64>>> = (0..rows.len())
        .into_par_iter()
        .map(|part| {
            let head = train(&|row| member(row, part));
            let (on_fit, on_test) = (head.logits(fit), head.logits(test));
            let of_fit = (0..rows.len()).map(|other| {
                if other != part {
                    return measure(&on_fit, entries, &|row| member(row, other));
                }
                let halves = [0, 1].map(|half| {
                    let head = train(&|row| member(row, part) && row % 2 == half);
                    measure(&head.logits(fit), entries, &|row| member(row, part) && row % 2 != half)
                });
                Some(rounded(f64::midpoint(halves[0]?, halves[1]?)))
            });
            let of_test = test_columns.iter().map(|name| {
                let keep = |row: usize| {
                    test_entries[row].label == Label::Real || family(&test_entries[row]) == name
                };
                measure(&on_test, test_entries, &keep)
            });
            of_fit.chain(of_test).collect()
        })
        .collect();
    let mean = |values: Vec<Option<f64>>| {
        let values: Vec<f64> = values.into_iter().flatten().collect();
        (!values.is_empty()).then(|| rounded(values.iter().sum::<f64>() / values.len() as f64))
    };
    let cells =
        || auc.iter().enumerate().flat_map(|(row, line)| (0..line.len()).map(move |at| (row, at)));
    let across = cells().filter(|(row, at)| *at < rows.len() && row != at);
    let on_test = cells().filter(|(_, at)| *at >= rows.len());
    Transfer {
        representation,
        columns: rows
            .iter()
            .map(|name| format!("fit: {name}"))
            .chain(test_columns.iter().map(|name| format!("test: {name}")))
            .collect(),
        mean_fit_across: mean(across.map(|(row, at)| auc[row][at]).collect()),
        mean_test: mean(on_test.map(|(row, at)| auc[row][at]).collect()),
        rows,
        auc,
    }
}

fn plot_transfer(transfers: &[Transfer]) -> Result<String> {
    let heats: Vec<Heat> = transfers
        .iter()
        .map(|transfer| Heat {
            title: transfer.representation.to_owned(),
            rows: transfer.rows.clone(),
            columns: transfer.columns.clone(),
            cells: transfer.auc.clone(),
            white: 0.5,
        })
        .collect();
    plot::heats(&heats)
}

fn plot_curve(curve: &[CurvePoint]) -> Result<String> {
    let line = |label: &str, spread: fn(&CurvePoint) -> Spread| Line {
        label: label.to_owned(),
        points: curve
            .iter()
            .map(|point| (point.removed as f64, spread(point).mean, spread(point).deviation))
            .collect(),
    };
    let panel = Panel {
        title: "greedy removal from A to B".to_owned(),
        lines: vec![
            line("on B, which chose", |point| point.chosen_on),
            line("on select", |point| point.select),
            line("on select, removed at random", |point| point.select_random),
        ],
    };
    plot::lines(&[panel], &Axes { x: "components removed", y: "balanced accuracy", marks: None })
}

fn markdown(report: &RobustReport, heads_per_layer: usize) -> String {
    let mut text = format!(
        "# Robust features\n\nThe method of Gaintseva et al. 2024 (arXiv 2406.15035) on this \
         project's encoder and images (centre crop of the stored pixels). {}\n\n",
        report.inputs.sentence()
    );
    let _ = writeln!(
        text,
        "Every repeat splits `fit` into halves A and B without a common generator or source, fits \
         logistic regression on A (penalty {}, the best on `select` for the whole embedding), \
         drops component after component as helps most on B, keeps the best prefix, and the same \
         from B to A; what both removed is removed. Heads are pruned on the twelve ordered pairs \
         of {PARTS} such parts of `fit`, the embedding taken as the sum of the kept heads' direct \
         effects. Then a classifier is fitted on all of `fit`. Figures are means ± one deviation \
         over the repeats; a consensus is one set from all repeats (what was selected most often, \
         as much as in the mean). Random choices of as many are the controls.\n",
        report.penalty
    );
    text += &methods_table(report);
    let _ = writeln!(text, "\nBest on `select` among the single sets: **{}**.", report.chosen);
    text += "\n## Findings\n\n";
    for comparison in &report.comparisons {
        let _ = writeln!(text, "- {}", sentence(comparison, report.selections.len()));
    }
    text += &agreement(report, heads_per_layer);
    text += "\n![Balanced accuracy by components removed](robust-removal.svg)\n";
    text += &isotropy_section(report);
    text += &transfer_section(report);
    text
}

/// The table of methods.
fn methods_table(report: &RobustReport) -> String {
    let rows: Vec<Vec<String>> = report
        .methods
        .iter()
        .map(|method| {
            let size = if method.size.deviation > 0.0 {
                format!("{:.0} ± {:.0}", method.size.mean, method.size.deviation)
            } else {
                format!("{:.0}", method.size.mean)
            };
            let figures = [
                method.select_auc,
                method.select_balanced_accuracy,
                method.test_auc,
                method.test_balanced_accuracy,
            ];
            [method.name.clone(), size]
                .into_iter()
                .chain(figures.iter().map(Spread::text))
                .collect()
        })
        .collect();
    let header = [
        "features",
        "components or heads",
        "select: AUC",
        "select: balanced accuracy",
        "test: AUC",
        "test: balanced accuracy",
    ];
    table(&header, &rows)
}

/// How far the repeats agree, and the heads that most of them kept.
fn agreement(report: &RobustReport, heads_per_layer: usize) -> String {
    let mut text = String::new();
    let removed_often = report.selections.len();
    let overlap =
        mean_jaccard(report.selections.iter().map(|selection| &selection.removed_by_both));
    let head_overlap = mean_jaccard(report.selections.iter().map(|selection| &selection.heads));
    let _ = writeln!(
        text,
        "- Agreement between the {removed_often} repeats (mean Jaccard index of two): components \
         {}, heads {}.",
        or_dash(overlap),
        or_dash(head_overlap)
    );
    let name =
        |head: &usize| format!("{}.{}", head / heads_per_layer + 1, head % heads_per_layer + 1);
    let list = report.consensus_heads.iter().map(name).collect::<Vec<_>>().join(", ");
    let _ = writeln!(text, "- Consensus of heads (layer.head, from 1): {list}.");
    text
}

fn isotropy_section(report: &RobustReport) -> String {
    let mut text = String::from("\n## Isotropy (role `test`)\n\n");
    let rows: Vec<Vec<String>> = report
        .isotropy
        .iter()
        .map(|isotropy| {
            vec![
                isotropy.representation.to_owned(),
                or_dash(isotropy.average_cosine),
                or_dash(isotropy.iso_score),
            ]
        })
        .collect();
    text += &table(&["features", "average cosine", "IsoScore"], &rows);
    text += "\nAverage cosine: Ethayarajh 2019; near 0 where directions are used evenly. IsoScore: \
             Rudman et al. 2022; 1 where the variance is the same in all directions.\n";
    text
}

fn transfer_section(report: &RobustReport) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "\n## Transfer\n\nAUC, trained on one family of `fit` (rows) with sources of real images \
         of its own. The columns of `fit` have taken part in the selection; those of `test` have \
         not. Families with fewer than {MIN_FAMILY_IMAGES} generated images are left \
         out.\n\n![Transfer matrices](robust-transfer.svg)"
    );
    for transfer in &report.transfer {
        let _ = writeln!(
            text,
            "\n### {}: mean across families of `fit` {}, on `test` {}\n",
            transfer.representation,
            or_dash(transfer.mean_fit_across),
            or_dash(transfer.mean_test)
        );
        let header: Vec<&str> = std::iter::once("trained on")
            .chain(transfer.columns.iter().map(String::as_str))
            .collect();
        let rows: Vec<Vec<String>> = transfer
            .rows
            .iter()
            .zip(&transfer.auc)
            .map(|(name, line)| {
                std::iter::once(name.clone())
                    .chain(line.iter().map(|value| or_dash(*value)))
                    .collect()
            })
            .collect();
        text += &table(&header, &rows);
    }
    text
}

fn or_dash(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), short)
}

/// A comparison in words: a difference counts as one where chance among generators and sources does
/// not explain it.
fn sentence(comparison: &Comparison, repeats: usize) -> String {
    let Comparison { method, against, difference, ahead_in, interval } = comparison;
    let signed =
        |value: f64| format!("{}{}", if value < 0.0 { "-" } else { "+" }, short(value.abs()));
    let amount = signed(difference.mean);
    let spread = match (ahead_in, interval) {
        (Some(ahead), _) => {
            format!(
                "± {} in pairs, ahead in {ahead} of {repeats} repeats",
                short(difference.deviation)
            )
        }
        (None, Some(Interval { low, high })) => {
            let decided = if *low > 0.0 {
                "a gain"
            } else if *high < 0.0 {
                "a loss"
            } else {
                "no difference that these generators and sources could show"
            };
            format!("(95 % interval {} to {}): {decided}", signed(*low), signed(*high))
        }
        (None, None) => String::new(),
    };
    format!("{method} against {against}: {amount} AUC on `test` {spread}.")
}

/// The mean over all pairs of sets of the share of what either holds that both hold.
fn mean_jaccard<'a>(sets: impl Iterator<Item = &'a Vec<usize>>) -> Option<f64> {
    let sets: Vec<&Vec<usize>> = sets.collect();
    let mut values = Vec::new();
    for (place, a) in sets.iter().enumerate() {
        for b in &sets[..place] {
            let common = a.iter().filter(|number| b.contains(number)).count();
            let either = a.len() + b.len() - common;
            if either > 0 {
                values.push(common as f64 / either as f64);
            }
        }
    }
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_consensus_is_what_was_selected_most_often() {
        let sets = [vec![1, 4], vec![1, 2], vec![1, 4, 0]];
        assert_eq!(consensus(sets.iter(), 6), [1, 4]);
        assert!(consensus([vec![], vec![]].iter(), 6).is_empty());
        // {1,4} {1,2}: 1/3; {1,4} {0,1,4}: 2/3; {1,2} {0,1,4}: 1/4.
        let expected = (1.0 / 3.0 + 2.0 / 3.0 + 0.25) / 3.0;
        assert!((mean_jaccard(sets.iter()).unwrap() - expected).abs() < 1e-12);
        assert_eq!(mean_jaccard([vec![], vec![]].iter()), None);
    }
}
