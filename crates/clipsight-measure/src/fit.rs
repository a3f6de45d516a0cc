//! Fits linear heads and calibrations.
//!
//! Everything here is deterministic: sums run over fixed blocks in a fixed order, however many
//! threads there are. The crate `argmin` 0.11 has an L-BFGS, too, but it would replace 65 lines
//! here, at the price of its traits and a mathematics back end.
//!
//! ```
//! use clipsight_measure::fit::{FeatureMatrix, logistic_regression};
//! use half::f16;
//! let data = [-2.0, -1.0, 1.0, 2.0].map(f16::from_f32).to_vec();
//! let features = FeatureMatrix { data, width: 1 };
//! let head = logistic_regression(&features, &[0.0, 0.0, 1.0, 1.0], &[1.0; 4], 0.01);
//! let logits = head.logits(&features);
//! assert!(logits[0] < 0.0 && logits[3] > 0.0);
//! ```

use half::f16;
#[cfg(feature = "parallel")]
use rayon::prelude::*;

#[cfg(not(feature = "parallel"))]
use crate::sequential::{ParallelIterator as _, ParallelSlice as _};

/// Rows of features, stored in half precision: the features of 30,000 views fit in 300 MB.
#[derive(Clone, Debug, Default)]
pub struct FeatureMatrix {
    /// Row-major values.
    pub data: Vec<f16>,
    /// Values per row.
    pub width: usize,
}

impl FeatureMatrix {
    /// The number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.data.len() / self.width.max(1)
    }

    /// Appends rows of the same width.
    pub fn extend(&mut self, other: &Self) {
        debug_assert_eq!(self.width, other.width);
        self.data.extend_from_slice(&other.data);
    }

    /// One row.
    #[must_use]
    pub fn row(&self, index: usize) -> &[f16] {
        &self.data[index * self.width..(index + 1) * self.width]
    }
}

/// A linear function of a feature vector.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearModel {
    /// One weight per feature.
    pub weight: Vec<f64>,
    /// Added to the weighted sum.
    pub bias: f64,
}

impl LinearModel {
    /// The logit of one row.
    #[must_use]
    pub fn logit(&self, row: &[f16]) -> f64 {
        self.weight.iter().zip(row).map(|(weight, value)| weight * value.to_f64()).sum::<f64>()
            + self.bias
    }

    /// The logit of every row.
    #[must_use]
    pub fn logits(&self, features: &FeatureMatrix) -> Vec<f64> {
        features.data.par_chunks(features.width).map(|row| self.logit(row)).collect()
    }
}

/// Rows per block of the sums over samples.
const BLOCK: usize = 512;

/// The loss of a linear classifier, a function of its logit `z` and the class `y`, 1 or -1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// `ln(1 + e^(-y z))`: logistic regression.
    Logistic,
    /// `max(0, 1 - y z)^2`: the linear support vector machine as liblinear solves it by default
    /// (Fan et al. 2008, "L2-regularized L2-loss", primal). Differentiable, unlike the plain hinge,
    /// so that the same minimiser serves.
    SquaredHinge,
}

impl Loss {
    /// The loss and its derivative by the logit, for a label of 1 or 0.
    fn of(self, logit: f64, label: f64) -> (f64, f64) {
        match self {
            Self::Logistic => (softplus(logit) - label * logit, sigmoid(logit) - label),
            Self::SquaredHinge => {
                let class = 2.0 * label - 1.0;
                let short = (1.0 - class * logit).max(0.0);
                (short * short, -2.0 * class * short)
            }
        }
    }
}

/// Fits logistic regression on standardised features and folds the standardisation into the result.
///
/// Minimises, over the weights `v` of the standardised features and a free bias, the weighted mean
/// of the logistic loss plus `penalty / 2 |v|^2`. `labels` are 1 for generated and 0 for not;
/// `weights` are positive, their scale does not matter. Mean and deviation of the features are
/// weighted in the same way; features that do not vary get weight 0.
#[must_use]
pub fn logistic_regression(
    features: &FeatureMatrix,
    labels: &[f32],
    weights: &[f64],
    penalty: f64,
) -> LinearModel {
    fit_linear(features, labels, weights, penalty, Loss::Logistic)
}

/// Like [`logistic_regression`], under any [`Loss`].
#[must_use]
pub fn fit_linear(
    features: &FeatureMatrix,
    labels: &[f32],
    weights: &[f64],
    penalty: f64,
    loss: Loss,
) -> LinearModel {
    fit_linear_from(features, labels, weights, penalty, loss, None)
}

/// The same, the search beginning at the solution of a similar problem: another penalty, other
/// folds of the same rows. It ends near the same minimum, after fewer passes over the rows.
#[must_use]
pub fn fit_linear_from(
    features: &FeatureMatrix,
    labels: &[f32],
    weights: &[f64],
    penalty: f64,
    loss: Loss,
    start: Option<&LinearModel>,
) -> LinearModel {
    let standardised = Standardised::of(features, labels, weights);
    let origin = vec![0.0; features.width + 1];
    let mut tolerance = 1e-5;
    let start = match start {
        None => origin,
        Some(model) => {
            // As near to the minimum as from the origin, where gradients are steeper.
            let start = standardised.solution_of(model);
            let slope = |point: &[f64]| norm(&standardised.objective(penalty, loss, point).1);
            tolerance *= slope(&origin) / slope(&start).max(f64::MIN_POSITIVE);
            start
        }
    };
    let solution = standardised.minimise(penalty, loss, start, 500, tolerance);
    standardised.linear(&solution)
}

/// Standardised rows to fit on: computed once, in f32, since two passes over them are the cost of
/// an iteration.
#[derive(Clone, Debug)]
pub struct Standardised {
    data: Vec<f32>,
    labels: Vec<f32>,
    weights: Vec<f64>,
    /// Weighted mean of every column.
    pub mean: Vec<f64>,
    /// One over its deviation, 0 where it does not vary.
    pub inverse: Vec<f64>,
}

impl Standardised {
    /// These rows, labels and positive weights.
    #[must_use]
    pub fn of(features: &FeatureMatrix, labels: &[f32], weights: &[f64]) -> Self {
        let total: f64 = weights.iter().sum();
        let weights: Vec<f64> = weights.iter().map(|weight| weight / total).collect();
        let (mean, inverse) = moments(features, &weights);
        let data = features
            .data
            .par_chunks(features.width)
            .flat_map_iter(|row| {
                row.iter()
                    .zip(&mean)
                    .zip(&inverse)
                    .map(|((value, mean), inverse)| ((value.to_f64() - mean) * inverse) as f32)
            })
            .collect();
        Self { data, labels: labels.to_vec(), weights, mean, inverse }
    }

    /// Without one of the columns.
    pub fn remove(&mut self, column: usize) {
        let width = self.mean.len();
        let mut place = 0;
        self.data.retain(|_| {
            place += 1;
            (place - 1) % width != column
        });
        self.mean.remove(column);
        self.inverse.remove(column);
    }

    /// Weights of the columns, then the bias, that minimise the loss; the search begins at `start`.
    pub fn minimise(
        &self,
        penalty: f64,
        loss: Loss,
        start: Vec<f64>,
        iterations: usize,
        tolerance: f64,
    ) -> Vec<f64> {
        let objective = |parameters: &[f64]| self.objective(penalty, loss, parameters);
        minimise(start, objective, iterations, tolerance)
    }

    /// The penalised loss and its gradient.
    fn objective(&self, penalty: f64, loss: Loss, parameters: &[f64]) -> (f64, Vec<f64>) {
        let width = self.mean.len();
        let (slope, bias) = (&parameters[..width], parameters[width]);
        let slope32: Vec<f32> = slope.iter().map(|value| *value as f32).collect();
        let blocks: Vec<(f64, Vec<f64>)> = self
            .data
            .par_chunks(BLOCK * width)
            .enumerate()
            .map(|(block, rows)| {
                let mut sum = 0.0;
                let mut gradient = vec![0.0_f32; width];
                let mut bias_gradient = 0.0;
                for (offset, row) in rows.chunks(width).enumerate() {
                    let index = block * BLOCK + offset;
                    let logit = f64::from(dot(row, &slope32)) + bias;
                    let weight = self.weights[index];
                    let (value, derivative) = loss.of(logit, f64::from(self.labels[index]));
                    sum += weight * value;
                    let residual = weight * derivative;
                    bias_gradient += residual;
                    let residual = residual as f32;
                    gradient.iter_mut().zip(row).for_each(|(sum, value)| *sum += residual * value);
                }
                let mut gradient: Vec<f64> = gradient.into_iter().map(f64::from).collect();
                gradient.push(bias_gradient);
                (sum, gradient)
            })
            .collect();
        let mut sum = 0.5 * penalty * slope.iter().map(|value| value * value).sum::<f64>();
        let mut gradient: Vec<f64> =
            slope.iter().map(|value| penalty * value).chain([0.0]).collect();
        for (part, slopes) in blocks {
            sum += part;
            gradient.iter_mut().zip(slopes).for_each(|(sum, slope)| *sum += slope);
        }
        (sum, gradient)
    }

    /// What [`linear`](Self::linear) makes a function of: its inverse.
    fn solution_of(&self, model: &LinearModel) -> Vec<f64> {
        let slope = |(weight, inverse): (&f64, &f64)| {
            if *inverse == 0.0 { 0.0 } else { weight / inverse }
        };
        let slopes = model.weight.iter().zip(&self.inverse).map(slope);
        let shift: f64 =
            model.weight.iter().zip(&self.mean).map(|(weight, mean)| weight * mean).sum();
        slopes.chain([model.bias + shift]).collect()
    }

    /// A solution as a function of the features themselves.
    pub fn linear(&self, solution: &[f64]) -> LinearModel {
        let weight: Vec<f64> =
            solution.iter().zip(&self.inverse).map(|(slope, inverse)| slope * inverse).collect();
        let shift: f64 = weight.iter().zip(&self.mean).map(|(weight, mean)| weight * mean).sum();
        LinearModel { bias: solution[weight.len()] - shift, weight }
    }
}

/// Platt scaling: the slope and offset that make `sigmoid(slope * logit + offset)` the likeliest
/// probabilities.
///
/// Platt 1999, without his smoothing of the labels: there are hundreds of them.
#[must_use]
pub fn platt(logits: &[f64], labels: &[f32], weights: &[f64]) -> (f64, f64) {
    let total: f64 = weights.iter().sum();
    let objective = |parameters: &[f64]| -> (f64, Vec<f64>) {
        let mut loss = 0.0;
        let mut gradient = vec![0.0; 2];
        for ((logit, label), weight) in logits.iter().zip(labels).zip(weights) {
            let (label, weight) = (f64::from(*label), weight / total);
            let scaled = parameters[0] * logit + parameters[1];
            loss += weight * (softplus(scaled) - label * scaled);
            let residual = weight * (sigmoid(scaled) - label);
            gradient[0] += residual * logit;
            gradient[1] += residual;
        }
        (loss, gradient)
    };
    let solution = minimise(vec![1.0, 0.0], objective, 200, 1e-9);
    (solution[0], solution[1])
}

/// Weights such that every class has the same total, and within a class each group the total of its
/// size to the power `power`: 1 weights every image equally, 0 every group.
#[must_use]
pub fn balanced_weights(labels: &[f32], groups: &[&str], power: f64) -> Vec<f64> {
    let mut sizes = std::collections::HashMap::new();
    for (label, group) in labels.iter().zip(groups) {
        *sizes.entry((label.to_bits(), *group)).or_insert(0_u32) += 1;
    }
    let mut weights: Vec<f64> = labels
        .iter()
        .zip(groups)
        .map(|(label, group)| f64::from(sizes[&(label.to_bits(), *group)]).powf(power - 1.0))
        .collect();
    for class in [0.0_f32, 1.0] {
        let total: f64 = weights
            .iter()
            .zip(labels)
            .filter(|(_, label)| **label == class)
            .map(|(weight, _)| weight)
            .sum();
        weights
            .iter_mut()
            .zip(labels)
            .filter(|(_, label)| **label == class)
            .for_each(|(weight, _)| *weight *= 0.5 / total);
    }
    weights
}

/// Weighted mean of every feature, and one over its deviation (0 where it does not vary).
#[must_use]
pub fn moments(features: &FeatureMatrix, weights: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let width = features.width;
    let sums: Vec<(Vec<f64>, Vec<f64>)> = features
        .data
        .par_chunks(BLOCK * width)
        .zip(weights.par_chunks(BLOCK))
        .map(|(rows, weights)| {
            let (mut first, mut second) = (vec![0.0; width], vec![0.0; width]);
            for (row, weight) in rows.chunks(width).zip(weights) {
                for ((value, first), second) in row.iter().zip(&mut first).zip(&mut second) {
                    let value = value.to_f64();
                    *first += weight * value;
                    *second += weight * value * value;
                }
            }
            (first, second)
        })
        .collect();
    let (mut mean, mut square) = (vec![0.0; width], vec![0.0; width]);
    for (first, second) in sums {
        mean.iter_mut().zip(first).for_each(|(sum, part)| *sum += part);
        square.iter_mut().zip(second).for_each(|(sum, part)| *sum += part);
    }
    let inverse = mean
        .iter()
        .zip(&square)
        .map(|(mean, square)| {
            let variance = square - mean * mean;
            if variance > 1e-10 * square.max(1e-10) { variance.sqrt().recip() } else { 0.0 }
        })
        .collect();
    (mean, inverse)
}

/// A dot product over independent lanes, which the compiler turns into vector instructions.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    const LANES: usize = 16;
    let (a, a_rest) = a.as_chunks::<LANES>();
    let (b, b_rest) = b.as_chunks::<LANES>();
    let mut sums = [0.0_f32; LANES];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum::<f32>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f32>()
}

/// `1 / (1 + e^-x)`.
#[must_use]
pub fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// `ln(1 + e^x)` without overflow.
#[must_use]
pub fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

fn norm(vector: &[f64]) -> f64 {
    vector.iter().map(|value| value * value).sum::<f64>().sqrt()
}

/// Limited-memory BFGS with a backtracking line search (Nocedal & Wright 2006, algorithms 7.4 and
/// 3.1), for the convex functions above. Stops when the gradient's norm is below `tolerance` times
/// its first, or no progress is made any more.
fn minimise(
    mut point: Vec<f64>,
    objective: impl Fn(&[f64]) -> (f64, Vec<f64>),
    iterations: usize,
    tolerance: f64,
) -> Vec<f64> {
    const MEMORY: usize = 10;
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let (mut value, mut gradient) = objective(&point);
    let first_norm = norm(&gradient);
    let mut history: std::collections::VecDeque<(Vec<f64>, Vec<f64>, f64)> =
        std::collections::VecDeque::new();
    for _ in 0..iterations {
        let norm = norm(&gradient);
        if norm <= tolerance * first_norm {
            break;
        }
        let mut direction: Vec<f64> = gradient.iter().map(|slope| -slope).collect();
        let mut factors = Vec::with_capacity(history.len());
        for (step, change, curvature) in history.iter().rev() {
            let factor = dot(step, &direction) / curvature;
            direction.iter_mut().zip(change).for_each(|(value, change)| *value -= factor * change);
            factors.push(factor);
        }
        let scale = history
            .back()
            .map_or(1.0 / norm.max(1.0), |(_, change, curvature)| curvature / dot(change, change));
        direction.iter_mut().for_each(|value| *value *= scale);
        for ((step, change, curvature), factor) in history.iter().zip(factors.into_iter().rev()) {
            let correction = factor - dot(change, &direction) / curvature;
            direction.iter_mut().zip(step).for_each(|(value, step)| *value += correction * step);
        }
        let slope = dot(&gradient, &direction);
        let mut length = 1.0;
        let next = loop {
            let candidate: Vec<f64> =
                point.iter().zip(&direction).map(|(value, step)| value + length * step).collect();
            let (next_value, next_gradient) = objective(&candidate);
            if next_value <= value + 1e-4 * length * slope {
                break Some((candidate, next_value, next_gradient));
            }
            length *= 0.5;
            if length < 1e-10 {
                break None;
            }
        };
        let Some((candidate, next_value, next_gradient)) = next else { break };
        let step: Vec<f64> =
            candidate.iter().zip(&point).map(|(next, value)| next - value).collect();
        let change: Vec<f64> =
            next_gradient.iter().zip(&gradient).map(|(next, slope)| next - slope).collect();
        let curvature = dot(&step, &change);
        if curvature > 1e-16 {
            history.push_back((step, change, curvature));
            if history.len() > MEMORY {
                history.pop_front();
            }
        }
        (point, value, gradient) = (candidate, next_value, next_gradient);
    }
    point
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The minimum is where the gradient vanishes: checked against the optimality conditions, not
    /// against a second implementation.
    #[test]
    fn a_fit_that_starts_at_another_ends_where_it_would_anyway() {
        let mut rng = clipsight::rng::Rng::new(4);
        let rows = 400;
        let labels: Vec<f32> = (0..rows).map(|row| (row % 2) as f32).collect();
        let data = (0..rows * 5)
            .map(|place| {
                let (row, column) = (place / 5, place % 5);
                // A column that never varies gets no weight.
                let shift = if column == 4 { 3.0 } else { rng.between(-1.0, 1.0) };
                f16::from_f64(shift + 0.3 * f64::from(labels[row]) * (column % 2) as f64)
            })
            .collect();
        let features = FeatureMatrix { data, width: 5 };
        let weights = vec![1.0; rows];
        let fit = |penalty, start: Option<&LinearModel>| {
            fit_linear_from(&features, &labels, &weights, penalty, Loss::Logistic, start)
        };
        let strong = fit(0.5, None);
        let (cold, warm) = (fit(0.01, None), fit(0.01, Some(&strong)));
        let off = cold
            .logits(&features)
            .iter()
            .zip(warm.logits(&features))
            .fold(0.0_f64, |most, (cold, warm)| most.max((cold - warm).abs()));
        assert!(off < 1e-3, "{off}");
        assert!((strong.weight[1] - warm.weight[1]).abs() > 0.1, "{strong:?} {warm:?}");
    }

    #[test]
    fn linear_classifiers_are_at_their_optimum() {
        let mut state = 3_u64;
        let mut random = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f64 / f64::from(1 << 24) - 0.5
        };
        let (rows, width, penalty) = (1300, 7, 0.01);
        let labels: Vec<f32> = (0..rows).map(|row| f32::from(u8::from(row % 3 == 0))).collect();
        let data = (0..rows * width)
            .map(|i| {
                f16::from_f64(
                    random() * (1.0 + (i % width) as f64)
                        + f64::from(labels[i / width]) * 0.3 * (i % 2) as f64
                        + 2.0,
                )
            })
            .collect();
        let features = FeatureMatrix { data, width };
        let groups = vec![""; rows];
        let weights = balanced_weights(&labels, &groups, 1.0);
        let (mean, inverse) = moments(&features, &weights);
        for loss in [Loss::Logistic, Loss::SquaredHinge] {
            let fitted = fit_linear(&features, &labels, &weights, penalty, loss);
            let logits = fitted.logits(&features);
            // The derivatives written out once more, by the class's sign.
            let residual = |row: usize| {
                let class = if labels[row] == 1.0 { 1.0 } else { -1.0 };
                let margin = class * logits[row];
                weights[row]
                    * class
                    * match loss {
                        Loss::Logistic => -1.0 / (1.0 + margin.exp()),
                        Loss::SquaredHinge if margin < 1.0 => -2.0 * (1.0 - margin),
                        Loss::SquaredHinge => 0.0,
                    }
            };
            let bias_gradient: f64 = (0..rows).map(residual).sum();
            assert!(bias_gradient.abs() < 1e-5, "{loss:?}: {bias_gradient}");
            for column in 0..width {
                let slope = fitted.weight[column] / inverse[column];
                let gradient: f64 = (0..rows)
                    .map(|row| {
                        let value = features.row(row)[column].to_f64();
                        residual(row) * (value - mean[column]) * inverse[column]
                    })
                    .sum::<f64>()
                    + penalty * slope;
                assert!(gradient.abs() < 1e-5, "{loss:?}, column {column}: {gradient}");
            }
            assert!(fitted.weight[1] > 0.05, "{loss:?}: the informative columns carry weight");
        }
    }

    #[test]
    fn constant_features_get_no_weight() {
        let data = [1.0, 5.0, 2.0, 5.0, 3.0, 5.0, 4.0, 5.0].map(f16::from_f32).to_vec();
        let features = FeatureMatrix { data, width: 2 };
        let fitted = logistic_regression(&features, &[0.0, 0.0, 1.0, 1.0], &[1.0; 4], 0.1);
        assert!(fitted.weight[0] > 0.0);
        assert!(fitted.weight[1].abs() < 1e-12);
    }

    #[test]
    fn platt_recovers_a_known_scaling() {
        // Weighted so that the share of ones at each logit is exactly sigmoid(2 x - 1).
        let grid: Vec<f64> = (-20..=20).map(|step| f64::from(step) / 10.0).collect();
        let logits: Vec<f64> = grid.iter().chain(&grid).copied().collect();
        let labels: Vec<f32> =
            (0..grid.len() * 2).map(|i| f32::from(u8::from(i < grid.len()))).collect();
        let weights: Vec<f64> =
            logits
                .iter()
                .zip(&labels)
                .map(|(x, label)| {
                    if *label == 1.0 {
                        sigmoid(2.0 * x - 1.0)
                    } else {
                        1.0 - sigmoid(2.0 * x - 1.0)
                    }
                })
                .collect();
        let (slope, offset) = platt(&logits, &labels, &weights);
        assert!((slope - 2.0).abs() < 1e-4 && (offset + 1.0).abs() < 1e-4, "{slope} {offset}");
    }

    #[test]
    fn weights_balance_classes_and_groups() {
        let labels = [1.0, 1.0, 1.0, 0.0];
        let weights = balanced_weights(&labels, &["a", "a", "b", "c"], 0.0);
        assert_eq!(weights, [0.125, 0.125, 0.25, 0.5]);
        let weights = balanced_weights(&labels, &["a", "a", "b", "c"], 1.0);
        assert!(weights[..3].iter().all(|weight| (weight - 1.0 / 6.0).abs() < 1e-12));
    }
}
