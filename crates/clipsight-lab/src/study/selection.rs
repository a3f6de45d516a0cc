//! Greedy removal of embedding components and attention heads that do not carry over to other
//! generators (Gaintseva et al. 2024, arXiv 2406.15035; the algorithm as in Kuznetsov et al. 2024,
//! arXiv 2410.08113).

use clipsight_measure::fit::{FeatureMatrix, LinearModel, Loss, Standardised, softplus};
use half::f16;
use rayon::prelude::*;

use super::samples::Samples;

/// In which order parts were removed, and how well the rest did.
#[derive(Clone, Debug, PartialEq)]
pub struct Removal {
    /// The parts, first removed first; one is always left.
    pub order: Vec<usize>,
    /// The score with all parts, then after each removal.
    pub scores: Vec<f64>,
}

impl Removal {
    /// How many removals led to the best score; the fewest, if several did.
    #[must_use]
    pub fn best(&self) -> usize {
        let mut best = 0;
        for (count, score) in self.scores.iter().enumerate() {
            if *score > self.scores[best] + EQUAL {
                best = count;
            }
        }
        best
    }

    /// The parts removed up to the best score, ascending.
    #[must_use]
    pub fn removed(&self) -> Vec<usize> {
        let mut removed = self.order[..self.best()].to_vec();
        removed.sort_unstable();
        removed
    }
}

/// Accuracies are sums of weights: equal ones may differ by rounding.
const EQUAL: f64 = 1e-12;

/// The search refits after every removal, from where it stood: it needs directions, not the last
/// digits.
const STEPS: usize = 40;
const TOLERANCE: f64 = 3e-3;

/// How well a classifier does: weighted accuracy at logit 0, and where that is equal, the lower
/// loss.
#[derive(Clone, Copy, Debug)]
struct Score {
    accuracy: f64,
    loss: f64,
}

impl Score {
    fn of(logits: impl Iterator<Item = f64>, samples: &Samples) -> Self {
        let (mut right, mut loss, mut total) = (0.0, 0.0, 0.0);
        for ((logit, label), weight) in logits.zip(&samples.labels).zip(&samples.weights) {
            let generated = *label == 1.0;
            total += weight;
            loss += weight * softplus(if generated { -logit } else { logit });
            if (logit > 0.0) == generated {
                right += weight;
            }
        }
        Self { accuracy: right / total, loss: loss / total }
    }

    fn mean(scores: &[Self]) -> Self {
        let n = scores.len() as f64;
        Self {
            accuracy: scores.iter().map(|score| score.accuracy).sum::<f64>() / n,
            loss: scores.iter().map(|score| score.loss).sum::<f64>() / n,
        }
    }

    fn beats(&self, other: &Self) -> bool {
        let gain = self.accuracy - other.accuracy;
        gain > EQUAL || (gain > -EQUAL && self.loss < other.loss)
    }
}

/// The best of the candidates' scores; the first, where several are.
fn best_of(scores: &[Score]) -> Option<usize> {
    let mut best: Option<usize> = None;
    for (place, score) in scores.iter().enumerate() {
        if best.is_none_or(|best| score.beats(&scores[best])) {
            best = Some(place);
        }
    }
    best
}

/// Fits logistic regression on `from` and drops, one after the other, the component whose absence
/// most improves the accuracy on `to`, until one is left.
///
/// Candidates are compared without refitting: a component held at its mean over `from` changes
/// every logit by one product. After each removal the classifier is fitted again on what is left.
#[must_use]
pub fn remove_components(from: &Samples, to: &Samples, penalty: f64) -> Removal {
    let mut kept: Vec<usize> = (0..from.features.width).collect();
    let mut standardised = Standardised::of(&from.features, &from.labels, &from.weights);
    // The other source in the same units, column by column: a candidate reads one of them.
    let mut columns: Vec<Vec<f64>> = kept
        .par_iter()
        .map(|column| {
            let (mean, inverse) = (standardised.mean[*column], standardised.inverse[*column]);
            let rows = (0..to.features.rows()).map(|row| to.features.row(row)[*column].to_f64());
            rows.map(|value| (value - mean) * inverse).collect()
        })
        .collect();
    let mut solution = vec![0.0; kept.len() + 1];
    let mut removal = Removal { order: Vec::new(), scores: Vec::new() };
    loop {
        solution = standardised.minimise(penalty, Loss::Logistic, solution, STEPS, TOLERANCE);
        let mut logits = vec![solution[kept.len()]; to.features.rows()];
        for (column, weight) in columns.iter().zip(&solution) {
            logits.iter_mut().zip(column).for_each(|(logit, value)| *logit += weight * value);
        }
        removal.scores.push(Score::of(logits.iter().copied(), to).accuracy);
        if kept.len() < 2 {
            return removal;
        }
        let scores: Vec<Score> = columns
            .par_iter()
            .zip(&solution[..kept.len()])
            .map(|(column, weight)| {
                let without =
                    logits.iter().zip(column).map(|(logit, value)| logit - weight * value);
                Score::of(without, to)
            })
            .collect();
        let Some(worst) = best_of(&scores) else { return removal };
        removal.order.push(kept.remove(worst));
        columns.remove(worst);
        standardised.remove(worst);
        solution.remove(worst);
    }
}

/// The sum of the parts `kept`, `width` values each, of every row.
#[must_use]
pub fn sum_of_parts(parts: &FeatureMatrix, width: usize, kept: &[usize]) -> FeatureMatrix {
    let data = parts
        .data
        .par_chunks(parts.width)
        .flat_map_iter(|row| {
            let mut sum = vec![0.0_f32; width];
            for part in kept {
                let part = &row[part * width..(part + 1) * width];
                sum.iter_mut().zip(part).for_each(|(sum, value)| *sum += value.to_f32());
            }
            sum.into_iter().map(f16::from_f32)
        })
        .collect();
    FeatureMatrix { data, width }
}

/// Prunes heads: the embedding is taken to be the sum of the kept heads' parts, and the head is
/// dropped, one after the other, without which classifiers fitted on each of the `sources` do best
/// on all the others, in the mean over all ordered pairs. One branch is followed to its end,
/// without going back.
///
/// Every source's features are the heads' parts, `width` values each. As in [`remove_components`],
/// candidates are compared without refitting.
#[must_use]
pub fn prune_heads(sources: &[Samples], width: usize, penalty: f64) -> Removal {
    let mut kept: Vec<usize> =
        (0..sources.first().map_or(0, |first| first.features.width / width)).collect();
    let mut removal = Removal { order: Vec::new(), scores: Vec::new() };
    loop {
        let sums: Vec<FeatureMatrix> =
            sources.iter().map(|source| sum_of_parts(&source.features, width, &kept)).collect();
        let mut whole = Vec::new();
        let mut without = vec![Vec::new(); kept.len()];
        for (from, (source, sum)) in sources.iter().zip(&sums).enumerate() {
            let standardised = Standardised::of(sum, &source.labels, &source.weights);
            let start = vec![0.0; width + 1];
            let linear = standardised.linear(&standardised.minimise(
                penalty,
                Loss::Logistic,
                start,
                STEPS,
                TOLERANCE,
            ));
            // Logits as sums over heads, each head's part measured from its mean over the source.
            let means = weighted_mean(&head_logits(source, width, &kept, &linear), source);
            for (to, (target, sum)) in sources.iter().zip(&sums).enumerate() {
                if from == to {
                    continue;
                }
                let logits = linear.logits(sum);
                whole.push(Score::of(logits.iter().copied(), target));
                let parts = head_logits(target, width, &kept, &linear);
                let scores: Vec<Score> = (0..kept.len())
                    .into_par_iter()
                    .map(|head| {
                        let parts = parts.chunks_exact(kept.len());
                        let logits = logits.iter().zip(parts);
                        Score::of(
                            logits.map(|(logit, parts)| logit - (parts[head] - means[head])),
                            target,
                        )
                    })
                    .collect();
                without.iter_mut().zip(scores).for_each(|(list, score)| list.push(score));
            }
        }
        removal.scores.push(Score::mean(&whole).accuracy);
        if kept.len() < 2 {
            return removal;
        }
        let scores: Vec<Score> = without.iter().map(|scores| Score::mean(scores)).collect();
        let Some(worst) = best_of(&scores) else { return removal };
        removal.order.push(kept.remove(worst));
    }
}

/// What every kept head adds to the logit of every row, `[rows, kept]`.
fn head_logits(samples: &Samples, width: usize, kept: &[usize], linear: &LinearModel) -> Vec<f64> {
    let weight: Vec<f32> = linear.weight.iter().map(|weight| *weight as f32).collect();
    samples
        .features
        .data
        .par_chunks(samples.features.width)
        .flat_map_iter(|row| {
            let weight = &weight;
            kept.iter().map(move |head| {
                let part = &row[head * width..(head + 1) * width];
                f64::from(
                    part.iter()
                        .zip(weight)
                        .map(|(value, weight)| value.to_f32() * weight)
                        .sum::<f32>(),
                )
            })
        })
        .collect()
}

fn weighted_mean(parts: &[f64], samples: &Samples) -> Vec<f64> {
    let total: f64 = samples.weights.iter().sum();
    let mut mean = vec![0.0; parts.len() / samples.weights.len().max(1)];
    if !mean.is_empty() {
        for (row, weight) in parts.chunks_exact(mean.len()).zip(&samples.weights) {
            mean.iter_mut().zip(row).for_each(|(sum, value)| *sum += weight / total * value);
        }
    }
    mean
}

#[cfg(test)]
mod tests {
    use super::*;
    use clipsight::rng::Rng;

    const PENALTY: f64 = 0.01;

    /// Rows whose value in each column is `signals[column]` times the class, plus noise.
    fn source(signals: &[f64], rows: usize, seed: u64) -> Samples {
        let mut rng = Rng::new(seed);
        let labels: Vec<f32> = (0..rows).map(|row| (row % 2) as f32).collect();
        let mut data = Vec::new();
        for label in &labels {
            let class = if *label == 1.0 { 1.0 } else { -1.0 };
            data.extend(signals.iter().map(|signal| f16::from_f64(signal * class + rng.normal())));
        }
        let features = FeatureMatrix { data, width: signals.len() };
        Samples { features, weights: vec![1.0; rows], labels }
    }

    #[test]
    fn a_component_that_lies_elsewhere_is_removed_and_the_honest_one_stays() {
        // Column 2 separates the classes in A and does the opposite in B; column 5 holds
        // everywhere, 0 weakly.
        let mut a = [0.0; 8];
        (a[0], a[2], a[5]) = (0.3, 1.5, 1.0);
        let mut b = a;
        b[2] = -1.5;
        let (a, b) = (source(&a, 1200, 1), source(&b, 1200, 2));
        for (from, to) in [(&a, &b), (&b, &a)] {
            let removal = remove_components(from, to, PENALTY);
            assert_eq!(removal.order.len(), 7);
            assert_eq!(removal.scores.len(), 8);
            assert_eq!(removal.order[0], 2, "the spurious component goes first");
            let removed = removal.removed();
            assert!(removed.contains(&2) && !removed.contains(&5), "{removed:?}");
            assert!(
                removal.scores[removal.best()] > removal.scores[0] + 0.2,
                "{:?}",
                removal.scores
            );
            assert!(removal.scores[removal.best()] > 0.8, "{:?}", removal.scores);
        }
    }

    #[test]
    fn nothing_is_removed_where_everything_helps() {
        let signals = [0.8; 4];
        let removal =
            remove_components(&source(&signals, 4000, 3), &source(&signals, 4000, 4), PENALTY);
        assert_eq!(removal.best(), 0, "{:?}", removal.scores);
        assert!(removal.removed().is_empty());
    }

    #[test]
    fn the_search_does_not_depend_on_threads() {
        let (a, b) = (source(&[0.5; 6], 700, 5), source(&[0.3; 6], 700, 6));
        let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let removal = remove_components(&a, &b, PENALTY);
        assert_eq!(removal, alone.install(|| remove_components(&a, &b, PENALTY)));
    }

    /// Heads of three values. Head 1 holds in every source; head 3 is strong but its sign differs
    /// from source to source; the others are noise.
    #[test]
    fn a_planted_head_is_kept_and_a_fickle_one_pruned() {
        let (heads, width) = (5, 3);
        let sources: Vec<Samples> = (0..3)
            .map(|source_number| {
                let mut signals = vec![0.0; heads * width];
                signals[width..2 * width].fill(0.9);
                let fickle = if source_number == 1 { -2.0 } else { 2.0 };
                signals[3 * width..4 * width].copy_from_slice(&[fickle, -fickle, fickle]);
                source(&signals, 900, 10 + source_number)
            })
            .collect();
        let removal = prune_heads(&sources, width, PENALTY);
        assert_eq!(removal.order[0], 3);
        let removed = removal.removed();
        assert!(!removed.contains(&1) && removed.contains(&3), "{removal:?}");
        assert!(removal.scores[removal.best()] > removal.scores[0] + 0.1, "{:?}", removal.scores);
        // The last to stand is the planted one.
        assert!(!removal.order.contains(&1));
    }

    #[test]
    fn sums_of_parts_by_hand() {
        let parts =
            FeatureMatrix { data: (0..12).map(|i| f16::from_f32(i as f32)).collect(), width: 6 };
        let sum = sum_of_parts(&parts, 2, &[0, 2]);
        assert_eq!(
            sum.data.iter().map(|value| value.to_f32()).collect::<Vec<_>>(),
            [4.0, 6.0, 16.0, 18.0]
        );
        assert_eq!(sum.width, 2);
    }

    #[test]
    fn the_fewest_removals_win_a_draw() {
        let removal = Removal { order: vec![4, 1, 2], scores: vec![0.5, 0.7, 0.7, 0.6] };
        assert_eq!((removal.best(), removal.removed()), (1, vec![4]));
    }
}
