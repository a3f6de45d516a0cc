//! The fit: logistic regression around the shipped head.

use crate::limits::{MAX_EXAMPLES, MIN_EXAMPLES};
use crate::{Error, ErrorKind, Result};

use super::{Change, CheckResult, HeldOut, Label, References, Report, TaughtHead};

/// Variance of the prior: how far the calibrated logit of a typical image may move before the
/// prior holds it back. Chosen on role `select`, see `studies/compact/teach.md`.
pub(super) const STRENGTH: f64 = 3.0;

/// A reference's weight in the fit beside that of an example. Chosen with [`STRENGTH`].
const REFERENCE_WEIGHT: f64 = 1.0;

/// Examples whose standardised features have at least this cosine count once: copies, frames of one
/// scene, the same picture saved twice. Of 1,864 images of role `select`, one in a hundred has such
/// a neighbour; of the same saved again as JPEG of quality 60, 99 in a hundred are found.
pub const NEAR_DUPLICATE: f64 = 0.92;

/// Parts of the examples, each judged by a head that was taught by the others.
const FOLDS: usize = 5;

/// Sweeps over the unknowns at most, and the change in the last that ends them.
const SWEEPS: usize = 2000;
const SETTLED: f64 = 1e-6;

/// An image to learn from, as the head reads its first view.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// The shipped head's calibrated logit.
    pub logit: f32,
    /// The transformed features.
    pub features: Vec<f32>,
}

/// What is taught to whom.
#[derive(Clone, Debug, PartialEq)]
pub struct Lesson {
    /// What all examples are.
    pub label: Label,
    /// What people call it: a generator, a camera.
    pub name: String,
    /// The model's id.
    pub model: String,
    /// The model's hash of weights.
    pub weights_sha256: String,
    /// From the head's logit of one view to the calibrated one: its slope.
    pub slope: f64,
    /// The calibrated logit from which an image counts as AI-generated.
    pub threshold: f64,
}

/// Fits a head to examples of one label.
///
/// # Errors
/// [`ErrorKind::Argument`] for fewer than [`MIN_EXAMPLES`] distinct examples, more than
/// [`MAX_EXAMPLES`], or references of another model.
pub fn teach(lesson: Lesson, references: &References, examples: &[Example]) -> Result<TaughtHead> {
    let refused = |message: String| Err(Error::new(ErrorKind::Argument, message));
    if references.weights_sha256 != lesson.weights_sha256 {
        return refused(format!("the references are not those of {}", lesson.model));
    }
    if examples.len() > MAX_EXAMPLES {
        return refused(format!(
            "{} examples are too many: choose at most {MAX_EXAMPLES}",
            examples.len()
        ));
    }
    let usable = |example: &Example| {
        let finite = example.logit.is_finite() && example.features.iter().all(|x| x.is_finite());
        finite && example.features.len() == references.width()
    };
    if !examples.iter().all(usable) {
        return refused("an example was not made by this model".to_owned());
    }
    let (examples, left_out) = distinct(references, examples);
    if examples.len() < MIN_EXAMPLES {
        let alike = match left_out {
            0 => String::new(),
            1 => ", and 1 that nearly equals another".to_owned(),
            count => format!(", and {count} that nearly equal others"),
        };
        return refused(format!(
            "teaching takes at least {MIN_EXAMPLES} different images, and there are {}{alike}: \
             fewer say too little of what they have in common",
            examples.len()
        ));
    }
    let count = examples.len();
    let mut rows = examples;
    let kept = references.rows.iter().filter(|row| !row.check);
    rows.extend(kept.map(|row| Point {
        label: row.label,
        logit: f64::from(row.logit),
        cost: REFERENCE_WEIGHT,
        values: row.values(),
    }));
    rows[..count].iter_mut().for_each(|row| row.label = lesson.label);
    let problem = Problem::of(rows);

    let right = |logit: f64, label: Label| (logit >= lesson.threshold) == (label == Label::Ai);
    let mut held_out = HeldOut { images: count, right_before: 0, right_after: 0 };
    for fold in 0..FOLDS {
        let shares = problem.solve(|at| at >= count || at % FOLDS != fold);
        for at in (fold..count).step_by(FOLDS) {
            let shipped = problem.points[at].logit;
            let taught = shipped + problem.moved(at, &shares);
            held_out.right_before += usize::from(right(shipped, lesson.label));
            held_out.right_after += usize::from(right(taught, lesson.label));
        }
    }

    let direction = problem.direction(&problem.solve(|_| true));
    let checked = |label: Label| {
        let mut result = CheckResult { images: 0, right_before: 0, right_after: 0 };
        for row in references.rows.iter().filter(|row| row.check && row.label == label) {
            let shipped = f64::from(row.logit);
            result.images += 1;
            result.right_before += usize::from(right(shipped, label));
            result.right_after +=
                usize::from(right(shipped + dot(&direction, &row.values()), label));
        }
        result
    };
    let report = Report {
        label: lesson.label,
        examples: count,
        near_duplicates: left_out,
        held_out,
        check_ai: checked(Label::Ai),
        check_real: checked(Label::Real),
    };
    let change = change(&direction, references, lesson.slope);
    TaughtHead::new(lesson.name, lesson.model, lesson.weights_sha256, report, change)
}

/// One image of the fit.
struct Point {
    label: Label,
    /// What the shipped head says.
    logit: f64,
    /// Its weight.
    cost: f64,
    /// Standardised features.
    values: Vec<f32>,
}

/// The examples, each once, and how many were left out.
fn distinct(references: &References, examples: &[Example]) -> (Vec<Point>, usize) {
    let mut kept: Vec<Point> = Vec::new();
    for example in examples {
        let values = references.standardised(&example.features);
        let length = |values: &[f32]| dot(values, values).sqrt();
        let alike = |other: &Point| {
            dot(&values, &other.values) >= NEAR_DUPLICATE * length(&values) * length(&other.values)
        };
        if !kept.iter().any(alike) {
            let logit = f64::from(example.logit);
            kept.push(Point { label: Label::Ai, logit, cost: 1.0, values });
        }
    }
    let left_out = examples.len() - kept.len();
    (kept, left_out)
}

/// Logistic regression in its dual: the change of the head is a sum over the rows, each with a
/// share of its own, and only their products matter.
struct Problem {
    points: Vec<Point>,
    /// Products of all rows with all, as the prior scales them, `[points, points]`.
    products: Vec<f32>,
}

impl Problem {
    fn of(points: Vec<Point>) -> Self {
        let count = points.len();
        let mut products = vec![0.0; count * count];
        for a in 0..count {
            for b in 0..=a {
                let product = scale(&points[a]) * dot(&points[a].values, &points[b].values);
                #[expect(clippy::cast_possible_truncation, reason = "a mean of products of f32")]
                let product = product as f32;
                products[a * count + b] = product;
                products[b * count + a] = product;
            }
        }
        Self { points, products }
    }

    /// Every row's share: minimises, over the change of the head, half its squared length as the
    /// prior measures it, and the weighted logistic loss of the rows that take `part`. In the dual,
    /// one share after the other, by bisection (Yu, Huang and Lin 2011): a share is the row's
    /// weight times how far its probability lies from its label.
    fn solve(&self, part: impl Fn(usize) -> bool) -> Vec<f64> {
        let count = self.points.len();
        let mut shares = vec![0.0; count];
        let mut logits: Vec<f64> = self.points.iter().map(|point| point.logit).collect();
        for _ in 0..SWEEPS {
            let mut most = 0.0_f64;
            for at in (0..count).filter(|at| part(*at)) {
                let Point { label, cost, .. } = self.points[at];
                let products = &self.products[at * count..(at + 1) * count];
                let rest = logits[at] - f64::from(products[at]) * shares[at];
                let (mut low, mut high) = match label {
                    Label::Ai => (0.0, cost),
                    Label::Real => (-cost, 0.0),
                };
                for _ in 0..48 {
                    let share = 0.5 * (low + high);
                    let probability = sigmoid(rest + f64::from(products[at]) * share);
                    let target = if label == Label::Ai { 1.0 } else { 0.0 };
                    if share < cost * (target - probability) { low = share } else { high = share }
                }
                let step = 0.5 * (low + high) - shares[at];
                shares[at] += step;
                most = most.max(step.abs());
                for (logit, product) in logits.iter_mut().zip(products) {
                    *logit += step * f64::from(*product);
                }
            }
            if most < SETTLED {
                break;
            }
        }
        shares
    }

    /// How far the shares move a row's logit.
    fn moved(&self, at: usize, shares: &[f64]) -> f64 {
        let count = self.points.len();
        let products = &self.products[at * count..(at + 1) * count];
        products.iter().zip(shares).map(|(product, share)| f64::from(*product) * share).sum()
    }

    /// The change of the head, on standardised features.
    fn direction(&self, shares: &[f64]) -> Vec<f32> {
        let mut sum = vec![0.0_f64; self.points.first().map_or(0, |point| point.values.len())];
        for (point, share) in self.points.iter().zip(shares) {
            let by = scale(point) * share;
            sum.iter_mut().zip(&point.values).for_each(|(sum, x)| *sum += by * f64::from(*x));
        }
        #[expect(clippy::cast_possible_truncation, reason = "weights are f32")]
        let direction = sum.into_iter().map(|value| value as f32).collect();
        direction
    }
}

/// The prior's variance of one standardised weight: [`STRENGTH`] over all of them.
fn scale(point: &Point) -> f64 {
    STRENGTH / point.values.len().max(1) as f64
}

/// The same change on the features as the head reads them, before calibration.
fn change(direction: &[f32], references: &References, slope: f64) -> Change {
    let mut bias = 0.0;
    let moments = references.center.iter().zip(&references.deviation);
    let weight = direction.iter().zip(moments).map(|(value, (mean, deviation))| {
        let weight = f64::from(*value) / (f64::from(*deviation) * slope);
        bias -= weight * f64::from(*mean);
        #[expect(clippy::cast_possible_truncation, reason = "weights are f32")]
        let weight = weight as f32;
        weight
    });
    let weight = weight.collect();
    #[expect(clippy::cast_possible_truncation, reason = "weights are f32")]
    let bias = bias as f32;
    Change { weight, bias }
}

fn sigmoid(logit: f64) -> f64 {
    1.0 / (1.0 + (-logit).exp())
}

/// Scalar product: summed in parts, then in f64, the same on every machine.
fn dot(a: &[f32], b: &[f32]) -> f64 {
    const PARTS: usize = 16;
    let mut sums = [0.0_f32; PARTS];
    let ((a, rest_a), (b, rest_b)) = (a.as_chunks::<PARTS>(), b.as_chunks::<PARTS>());
    for (a, b) in a.iter().zip(b) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    let rest = rest_a.iter().zip(rest_b).map(|(a, b)| a * b);
    sums.into_iter().chain(rest).map(f64::from).sum()
}
