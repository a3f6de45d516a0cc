//! Measures within and over groups: generators and sources.

use std::collections::BTreeMap;

use super::{Confusion, Interval, Sample, auc};

/// How many of a group were decided rightly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Decided rightly.
    pub right: usize,
    /// In all.
    pub n: usize,
}

impl Tally {
    /// Accuracy within the group: recall for a generator, specificity for a source of real images.
    #[must_use]
    pub fn rate(&self) -> f64 {
        if self.n == 0 { 0.0 } else { self.right as f64 / self.n as f64 }
    }
}

/// Counts right decisions by group, from (group, right).
#[must_use]
pub fn tally<'a>(decisions: impl IntoIterator<Item = (&'a str, bool)>) -> BTreeMap<String, Tally> {
    let mut groups = BTreeMap::<String, Tally>::new();
    for (group, right) in decisions {
        let tally = groups.entry(group.to_owned()).or_default();
        tally.right += usize::from(right);
        tally.n += 1;
    }
    groups
}

/// The group of at least `least` images with the lowest accuracy; the first by name where several
/// are equal.
#[must_use]
pub fn worst(groups: &BTreeMap<String, Tally>, least: usize) -> Option<(&str, Tally)> {
    groups
        .iter()
        .filter(|(_, tally)| tally.n >= least)
        .min_by(|(_, a), (_, b)| a.rate().total_cmp(&b.rate()))
        .map(|(name, tally)| (name.as_str(), *tally))
}

/// A 95 % interval of the AUC by bootstrap over groups: within each class as many groups as there
/// are, drawn with replacement, all samples of a drawn group together (Efron & Tibshirani 1993,
/// percentile method). Images of one generator err together; an interval that drew single images
/// would be far too narrow.
///
/// Deterministic for a seed. `None` when a class is missing or `rounds` is 0.
#[must_use]
pub fn auc_interval_by_group(
    samples: &[(&str, Sample)],
    rounds: usize,
    seed: u64,
) -> Option<Interval> {
    let samples: Vec<_> =
        samples.iter().map(|(group, sample)| (*group, sample.positive, *sample)).collect();
    interval_by_group(&samples, rounds, seed, auc)
}

/// The same of the balanced accuracy at `threshold`.
///
/// `None` when a class is missing or `rounds` is 0.
#[must_use]
pub fn balanced_accuracy_interval_by_group(
    samples: &[(&str, Sample)],
    threshold: f64,
    rounds: usize,
    seed: u64,
) -> Option<Interval> {
    let samples: Vec<_> =
        samples.iter().map(|(group, sample)| (*group, sample.positive, *sample)).collect();
    interval_by_group(&samples, rounds, seed, |drawn| {
        Confusion::at(drawn, threshold).balanced_accuracy()
    })
}

/// A 95 % interval of the difference between the AUCs of two detectors' scores for the same images
/// (`[of one, of the other]`, the former minus the latter), by the bootstrap of
/// [`auc_interval_by_group`]: both are measured on every draw, so that what makes a draw easy or
/// hard for both cancels out.
///
/// `None` when a class is missing or `rounds` is 0.
#[must_use]
pub fn auc_difference_interval_by_group(
    samples: &[(&str, bool, [f64; 2])],
    rounds: usize,
    seed: u64,
) -> Option<Interval> {
    let samples: Vec<_> = samples
        .iter()
        .map(|(group, positive, scores)| {
            (*group, *positive, scores.map(|score| Sample { score, positive: *positive }))
        })
        .collect();
    interval_by_group(&samples, rounds, seed, |drawn| {
        let of = |which: usize| {
            auc(&drawn.iter().map(|pair: &[Sample; 2]| pair[which]).collect::<Vec<_>>())
        };
        Some(of(0)? - of(1)?)
    })
}

/// The 95 % interval of a statistic over draws of groups, from (group, class, sample).
///
/// `None` when a class is missing, `rounds` is 0, or a draw has no such statistic.
pub fn interval_by_group<T: Copy>(
    samples: &[(&str, bool, T)],
    rounds: usize,
    seed: u64,
    statistic: impl Fn(&[T]) -> Option<f64>,
) -> Option<Interval> {
    let class = |positive: bool| {
        let mut groups = BTreeMap::<&str, Vec<T>>::new();
        for (group, _, sample) in samples.iter().filter(|(_, class, _)| *class == positive) {
            groups.entry(group).or_default().push(*sample);
        }
        groups.into_values().collect::<Vec<_>>()
    };
    let classes = [class(true), class(false)];
    if classes.iter().any(Vec::is_empty) || rounds == 0 {
        return None;
    }
    let mut state = seed;
    let mut values = Vec::with_capacity(rounds);
    let mut drawn = Vec::new();
    for _ in 0..rounds {
        drawn.clear();
        for groups in &classes {
            for _ in 0..groups.len() {
                // The bias of a remainder of 64 bits by some dozen groups is nothing.
                let index = (split_mix(&mut state) % groups.len() as u64) as usize;
                drawn.extend_from_slice(&groups[index]);
            }
        }
        values.push(statistic(&drawn)?);
    }
    values.sort_by(f64::total_cmp);
    let at = |quantile: f64| values[((rounds - 1) as f64 * quantile).round() as usize];
    Some(Interval { low: at(0.025), high: at(0.975) })
}

/// SplitMix64 (Steele, Lea & Flood 2014).
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tallies_and_the_worst_by_hand() {
        let groups = tally([
            ("b", true),
            ("a", false),
            ("b", false),
            ("c", false),
            ("a", false),
            ("b", true),
        ]);
        assert_eq!(groups["b"], Tally { right: 2, n: 3 });
        assert_eq!(worst(&groups, 1), Some(("a", Tally { right: 0, n: 2 })));
        assert_eq!(worst(&groups, 3).unwrap().0, "b");
        assert_eq!(worst(&groups, 4), None);
    }

    #[test]
    fn the_generator_is_the_published_one() {
        // The reference implementation's first output for the seed 0 (Vigna, splitmix64.c).
        assert_eq!(split_mix(&mut 0), 0xE220_A839_7B1D_CDAF);
    }

    #[test]
    fn the_interval_is_wide_when_groups_differ() {
        // Two generators: one always found, one always missed. Half of the draws hold both: AUC .5;
        // a quarter each hold one twice: 1 or 0.
        let sample = |score, positive| Sample { score, positive };
        let mut samples = Vec::new();
        for _ in 0..20 {
            samples.push(("found", sample(0.9, true)));
            samples.push(("missed", sample(0.1, true)));
            samples.push(("camera", sample(0.5, false)));
        }
        assert_eq!(auc_interval_by_group(&samples, 200, 7), Some(Interval { low: 0.0, high: 1.0 }));
        let accuracy = balanced_accuracy_interval_by_group(&samples, 0.6, 200, 7);
        assert_eq!(accuracy, Some(Interval { low: 0.5, high: 1.0 }));
        let found: Vec<_> = samples.into_iter().filter(|(group, _)| *group != "missed").collect();
        assert_eq!(auc_interval_by_group(&found, 200, 7), Some(Interval { low: 1.0, high: 1.0 }));
        assert_eq!(auc_interval_by_group(&found[..1], 200, 7), None);
        // The camera's .5 is below .6: specificity 1, recall 0, .5 or 1.
        let of =
            |samples: &[(&str, Sample)]| balanced_accuracy_interval_by_group(samples, 0.6, 200, 7);
        assert_eq!(of(&found), Some(Interval { low: 1.0, high: 1.0 }));
        assert_eq!(of(&found[..1]), None);
    }

    #[test]
    fn a_difference_is_measured_on_the_same_draws() {
        // Two detectors, one of which is right on every pair and one on none; then one against
        // itself.
        let names: Vec<String> = (0..20).map(|group| group.to_string()).collect();
        let pairs = |scores: fn(bool) -> [f64; 2]| -> Vec<(&str, bool, [f64; 2])> {
            (0..20)
                .map(|group| (names[group].as_str(), group % 2 == 0, scores(group % 2 == 0)))
                .collect()
        };
        let apart = pairs(|positive| if positive { [0.9, 0.1] } else { [0.1, 0.9] });
        let interval = auc_difference_interval_by_group(&apart, 50, 1).unwrap();
        assert_eq!((interval.low, interval.high), (1.0, 1.0));
        let same = pairs(|positive| if positive { [0.7, 0.7] } else { [0.2, 0.2] });
        let interval = auc_difference_interval_by_group(&same, 50, 1).unwrap();
        assert_eq!((interval.low, interval.high), (0.0, 0.0));
        assert!(auc_difference_interval_by_group(&apart, 0, 1).is_none());
        assert!(auc_difference_interval_by_group(&apart[..1], 50, 1).is_none());
    }
}
