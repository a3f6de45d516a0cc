//! Operating points: thresholds for a limited rate of false alarms.

use serde::{Deserialize, Serialize};

use crate::figures::{Scored, rounded_share};
use crate::metrics::{Confusion, Sample, Share, operating_points};

/// The false-alarm rates on offer. For lower ones a few hundred images show next to nothing.
pub const BUDGETS: [f64; 5] = [0.01, 0.02, 0.05, 0.1, 0.2];

/// One threshold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// The false-alarm rate it was chosen for.
    pub budget: f64,
    /// Probabilities at or above it are marked.
    pub threshold: f64,
    /// Share of the images measured on that are not generated and are marked.
    pub false_alarms: Share,
    /// Share of the generated ones that are marked.
    pub found: Share,
}

impl Point {
    /// The lowest threshold whose false-alarm rate on `chosen_on` is within the budget, and what it
    /// does on `measured_on`.
    #[must_use]
    pub fn of(budget: f64, chosen_on: &[Sample], measured_on: &[Sample]) -> Option<Self> {
        let threshold = threshold_within(budget, chosen_on)?;
        Self::with(budget, threshold, Confusion::at(measured_on, threshold))
    }

    fn with(budget: f64, threshold: f64, confusion: Confusion) -> Option<Self> {
        let Confusion { true_positives, false_positives, true_negatives, false_negatives } =
            confusion;
        Some(Self {
            budget,
            threshold,
            false_alarms: rounded_share(Share::clopper_pearson(
                false_positives,
                false_positives + true_negatives,
            )?),
            found: rounded_share(Share::clopper_pearson(
                true_positives,
                true_positives + false_negatives,
            )?),
        })
    }
}

/// The lowest threshold whose false-alarm rate is within the budget.
fn threshold_within(budget: f64, samples: &[Sample]) -> Option<f64> {
    let within = |threshold: f64| {
        Confusion::at(samples, threshold).false_positive_rate().is_some_and(|rate| rate <= budget)
    };
    let threshold = operating_points(samples)
        .iter()
        .map(|point| point.threshold)
        .filter(|&threshold| threshold <= 1.0 && within(threshold))
        .min_by(f64::total_cmp)?;
    // Four digits are written, rounded up, and the rates are those of what is written: one more
    // alarm must not slip in.
    Some((threshold * 1e4 - 1e-6).ceil() / 1e4)
}

/// Operating points of images that there is only one lot of: every threshold is chosen on all of
/// them, and its rates are those of two others, each chosen on one half and measured on the other.
/// Measured where it was chosen, a threshold would look better than it is.
///
/// Budgets of which a half could not bear a single false alarm are left out. Halves alternate in
/// the order given, within each class.
#[must_use]
pub fn cross_fitted(scored: &[Scored]) -> Vec<Point> {
    let mut halves = [Vec::new(), Vec::new()];
    for class in [true, false] {
        let images = scored.iter().filter(|image| image.generated == class);
        images.enumerate().for_each(|(place, image)| halves[place % 2].push(image.sample()));
    }
    let fewest = |class: bool| {
        let of = |half: &Vec<Sample>| half.iter().filter(|sample| sample.positive == class).count();
        halves.iter().map(of).min().unwrap_or(0)
    };
    if fewest(true) == 0 {
        return Vec::new();
    }
    let all = halves.concat();
    let point = |budget: f64| {
        let decided = |chosen_on: &[Sample], measured_on: &[Sample]| {
            Some(Confusion::at(measured_on, threshold_within(budget, chosen_on)?))
        };
        let [first, second] = &halves;
        let sum = decided(first, second)?.plus(decided(second, first)?);
        Point::with(budget, threshold_within(budget, &all)?, sum)
    };
    // Rounding must not cost a budget its last image: .01 of 100.
    let resolves = |budget: &f64| fewest(false) as f64 * budget >= 1.0 - 1e-9;
    BUDGETS.into_iter().filter(resolves).filter_map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten images of each class; those not generated score 0.0 to 0.9, the others 0.05 above.
    fn samples() -> Vec<Sample> {
        (0..10)
            .flat_map(|step| {
                let score = f64::from(step) / 10.0;
                [Sample { score, positive: false }, Sample { score: score + 0.05, positive: true }]
            })
            .collect()
    }

    #[test]
    fn the_lowest_threshold_within_the_budget() {
        let point = Point::of(0.2, &samples(), &samples()).unwrap();
        // At .75 the scores .8 and .9 are false alarms: two of ten. At .7 there would be three.
        assert!((point.threshold - 0.75).abs() < 1e-9, "{point:?}");
        assert!((point.false_alarms.rate - 0.2).abs() < 1e-9);
        assert!((point.found.rate - 0.3).abs() < 1e-9);
        assert_eq!(point.found.n, 10);
    }

    #[test]
    fn a_budget_of_less_than_one_image_allows_none() {
        let point = Point::of(0.01, &samples(), &samples()).unwrap();
        assert_eq!(Confusion::at(&samples(), point.threshold).false_positives, 0);
        assert_eq!(point.false_alarms.rate, 0.0);
    }

    #[test]
    fn halves_choose_for_each_other() {
        let scored = |generated, probability| Scored {
            generated,
            origin: String::new(),
            content: String::new(),
            probability,
            grade: None,
            reason: None,
        };
        // The first half's real images score .1, but for one of .9; the second half's .2, but for
        // two of .6. Ten images a half bear one false alarm of a budget of .1.
        let mut images = Vec::new();
        for place in 0..10 {
            images.push(scored(false, if place == 0 { 0.9 } else { 0.1 }));
            images.push(scored(false, if place < 2 { 0.6 } else { 0.2 }));
            images.push(scored(true, 0.5));
            images.push(scored(true, 0.95));
        }
        let points = cross_fitted(&images);
        assert_eq!(points.iter().map(|point| point.budget).collect::<Vec<_>>(), [0.1, 0.2]);
        // The first half bears .5, at which the second has two false alarms and all of its
        // generated images; the second bears nothing below .95, at which the first has neither.
        let [ten, _] = points.as_slice() else { panic!("{points:?}") };
        assert_eq!((ten.false_alarms.rate, ten.false_alarms.n), (0.1, 20));
        assert_eq!((ten.found.rate, ten.found.n), (0.5, 20));
        assert_eq!(cross_fitted(&images[..12]).len(), 0);
    }

    #[test]
    fn a_missing_class_is_no_operating_point() {
        let generated: Vec<Sample> =
            samples().into_iter().filter(|sample| sample.positive).collect();
        assert_eq!(Point::of(0.2, &samples(), &generated), None);
        assert_eq!(Point::of(0.2, &generated, &samples()), None);
    }
}
