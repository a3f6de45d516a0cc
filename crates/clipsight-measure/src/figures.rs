//! All figures of one set of scored images.

use std::borrow::Cow;
use std::collections::BTreeMap;

use clipsight::calibration::{AbstainReason, Calibration, Grade, MeasuredError};
use clipsight::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

use crate::metrics::{
    Confusion, Interval, RiskCoverage, Sample, Share, Tally, area_under_risk_coverage, auc,
    auc_interval_by_group, average_precision, balanced_accuracy_interval_by_group, balanced_share,
    best_balanced_accuracy, expected_calibration_error, risk_coverage, tally, tpr_at_fpr, worst,
};

/// Bins of the expected calibration error.
pub const CALIBRATION_BINS: usize = 15;

/// Bootstrap draws of the intervals, and their seed: the same figures every time.
pub const BOOTSTRAP_ROUNDS: usize = 2000;
/// See [`BOOTSTRAP_ROUNDS`].
pub const BOOTSTRAP_SEED: u64 = 1;

/// With fewer images of a class a bootstrap says next to nothing of its interval: a handful that
/// happen to be right would make one of no width.
pub const MIN_IMAGES_OF_INTERVAL: usize = 20;

/// A generator with fewer images is not called the worst: its recall is mostly chance.
const MIN_IMAGES_OF_GENERATOR: usize = 20;

/// The same for a source of other images.
const MIN_IMAGES_OF_SOURCE: usize = 40;

/// Shares of the images that stay decided, of the risk-coverage curve.
const COVERAGES: [f64; 6] = [0.5, 0.6, 0.7, 0.8, 0.9, 1.0];

/// One labelled image and the detector's answer.
#[derive(Clone, Debug)]
pub struct Scored {
    /// Whether it truly is generated.
    pub generated: bool,
    /// Generator or source.
    pub origin: String,
    /// What it shows.
    pub content: String,
    /// Calibrated probability.
    pub probability: f64,
    /// The grade it got.
    pub grade: Option<Grade>,
    /// Or why it got no grade.
    pub reason: Option<AbstainReason>,
}

impl Scored {
    /// An image with this mean logit over `views` views, graded as the detector would.
    ///
    /// # Errors
    /// When the model is not calibrated for that number of views.
    pub fn from_logit(
        generated: bool,
        origin: &str,
        content: &str,
        logit: f64,
        calibration: &Calibration,
        views: usize,
    ) -> Result<Self> {
        let probability = calibration.for_views(views)?.probability(logit);
        let grade = calibration.grade(probability);
        let reason = grade.is_none().then_some(AbstainReason::BetweenGrades);
        Ok(Self {
            generated,
            origin: origin.to_owned(),
            content: content.to_owned(),
            probability,
            grade,
            reason,
        })
    }

    /// Probability and class.
    #[must_use]
    pub fn sample(&self) -> Sample {
        Sample { score: self.probability, positive: self.generated }
    }

    fn right(&self, threshold: f64) -> bool {
        (self.probability >= threshold) == self.generated
    }
}

/// Every figure. Shares are rounded to four digits, so that the last bits of another machine's
/// arithmetic do not change the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Number of generated images.
    pub generated: usize,
    /// Number of others.
    pub real: usize,
    /// Area under the ROC curve.
    pub auc: f64,
    /// Its 95 % interval, by bootstrap over origins, see [`Drawn`]; `None` where so few images, or
    /// images that all draws agree on, tell of none.
    pub auc_interval: Option<Interval>,
    /// Average precision.
    pub average_precision: f64,
    /// The shipped threshold.
    pub threshold: f64,
    /// Balanced accuracy there.
    pub balanced_accuracy: f64,
    /// Its 95 % interval, in the same way.
    pub balanced_accuracy_interval: Option<Interval>,
    /// Recall there: generated images found.
    pub recall: Share,
    /// Specificity there: others let pass.
    pub specificity: Share,
    /// The highest balanced accuracy of any threshold, chosen on these very images.
    pub best_balanced_accuracy: f64,
    /// That threshold; `None` if nothing beats calling no image generated.
    pub best_threshold: Option<f64>,
    /// Recall at a false-positive rate of 1 %.
    pub recall_at_1_percent: Share,
    /// Recall at a false-positive rate of 5 %.
    pub recall_at_5_percent: Share,
    /// Expected calibration error.
    pub calibration_error: f64,
    /// Positive predictive value at the shipped threshold where 1 % of images are generated.
    pub predictive_value_at_1_percent: Option<f64>,
    /// The same at 10 %.
    pub predictive_value_at_10_percent: Option<f64>,
    /// Images without a grade.
    pub abstained: Abstained,
    /// What each grade is worth, weakest first.
    pub grades: Vec<GradeFigures>,
    /// Wrong decisions among the images farthest from the threshold.
    pub risk_coverage: Vec<RiskCoverage>,
    /// The area under that curve.
    pub risk_coverage_area: f64,
    /// The same for the shipped abstention: the images that got a grade; `None` if no image did.
    pub graded: Option<RiskCoverage>,
    /// Every generator and source: generators first, each by name.
    pub origins: Vec<OriginFigures>,
    /// The generator with the lowest recall, of those with twenty images or more.
    pub worst_generator: Option<OriginFigures>,
    /// The source with the lowest specificity, of those with forty images or more.
    pub worst_source: Option<OriginFigures>,
    /// By what the images show.
    pub contents: Vec<ContentFigures>,
}

/// Images without a grade.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Abstained {
    /// Share of the generated images.
    pub generated: f64,
    /// Share of the others.
    pub real: f64,
    /// Number of images for each reason.
    pub reasons: BTreeMap<String, usize>,
}

/// What a grade is worth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GradeFigures {
    /// The grade.
    pub grade: Grade,
    /// Generated images that got it.
    pub generated: usize,
    /// Others that got it.
    pub real: usize,
    /// How often it is wrong, both classes weighted equally; `None` if no image got it.
    pub error: Option<MeasuredError>,
}

/// Accuracy on one generator or source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OriginFigures {
    /// Its name.
    pub origin: String,
    /// Whether it is a generator.
    pub generated: bool,
    /// Share decided rightly at the shipped threshold: recall of a generator, specificity of a
    /// source.
    pub accuracy: Share,
}

/// Figures on one kind of content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ContentFigures {
    /// What the images show.
    pub content: String,
    /// Generated images.
    pub generated: usize,
    /// Others.
    pub real: usize,
    /// Area under the ROC curve, where there are both.
    pub auc: Option<f64>,
    /// Balanced accuracy at the shipped threshold, where there are both.
    pub balanced_accuracy: Option<f64>,
    /// Recall there, where there are generated images.
    pub recall: Option<Share>,
    /// Specificity there, where there are others.
    pub specificity: Option<Share>,
}

impl Figures {
    /// The measured error of each grade, as a model's calibration holds it.
    pub fn measured_errors(&self) -> [Option<MeasuredError>; 4] {
        Grade::ALL.map(|grade| self.grades.iter().find(|figures| figures.grade == grade)?.error)
    }
}

/// Measures everything at the threshold that ships.
///
/// # Errors
/// [`ErrorKind::Argument`] unless there are images of both classes, and for a score that is not a
/// number, naming the image by its place in the list.
pub fn evaluate(scored: &[Scored], threshold: f64) -> Result<Figures> {
    if let Some(place) = scored.iter().position(|image| !image.probability.is_finite()) {
        let message =
            format!("the score of image {} of {} is not a number", place + 1, scored[place].origin);
        return Err(Error::new(ErrorKind::Argument, message));
    }
    measure(scored, threshold).ok_or_else(one_class)
}

fn measure(scored: &[Scored], threshold: f64) -> Option<Figures> {
    let samples: Vec<Sample> = scored.iter().map(Scored::sample).collect();
    let units = units(scored);
    let grouped: Vec<(&str, Sample)> =
        units.iter().zip(scored).map(|(unit, image)| (unit.as_ref(), image.sample())).collect();
    let confusion = Confusion::at(&samples, threshold);
    let generated = confusion.true_positives + confusion.false_negatives;
    let real = confusion.true_negatives + confusion.false_positives;
    let (best_balanced_accuracy, best) = best_balanced_accuracy(&samples)?;
    let origins = [origins(scored, true, threshold), origins(scored, false, threshold)];
    let worst_of = |class, least| worst_origin(scored, class, threshold, least);
    let enough = generated.min(real) >= MIN_IMAGES_OF_INTERVAL;
    let interval = |interval: Option<Interval>| interval.filter(|_| enough).and_then(shown);
    Some(Figures {
        generated,
        real,
        auc: rounded(auc(&samples)?),
        auc_interval: interval(auc_interval_by_group(&grouped, BOOTSTRAP_ROUNDS, BOOTSTRAP_SEED)),
        average_precision: rounded(average_precision(&samples)?),
        threshold,
        balanced_accuracy: rounded(confusion.balanced_accuracy()?),
        balanced_accuracy_interval: interval(balanced_accuracy_interval_by_group(
            &grouped,
            threshold,
            BOOTSTRAP_ROUNDS,
            BOOTSTRAP_SEED,
        )),
        recall: rounded_share(Share::clopper_pearson(confusion.true_positives, generated)?),
        specificity: rounded_share(Share::clopper_pearson(confusion.true_negatives, real)?),
        best_balanced_accuracy: rounded(best_balanced_accuracy),
        best_threshold: best.threshold.is_finite().then_some(rounded(best.threshold)),
        recall_at_1_percent: rounded_share(tpr_at_fpr(&samples, 0.01)?.0),
        recall_at_5_percent: rounded_share(tpr_at_fpr(&samples, 0.05)?.0),
        calibration_error: rounded(expected_calibration_error(&samples, CALIBRATION_BINS)?),
        predictive_value_at_1_percent: confusion.positive_predictive_value(0.01).map(rounded),
        predictive_value_at_10_percent: confusion.positive_predictive_value(0.1).map(rounded),
        abstained: abstained(scored, generated, real),
        grades: Grade::ALL.map(|grade| grade_figures(scored, grade, generated, real)).into(),
        risk_coverage: risk_coverage(&samples, threshold, &COVERAGES)
            .into_iter()
            .map(|point| RiskCoverage {
                coverage: rounded(point.coverage),
                risk: rounded(point.risk),
            })
            .collect(),
        risk_coverage_area: rounded(area_under_risk_coverage(&samples, threshold)?),
        graded: graded(scored, threshold, generated, real),
        origins: origins.concat(),
        worst_generator: worst_of(true, MIN_IMAGES_OF_GENERATOR),
        worst_source: worst_of(false, MIN_IMAGES_OF_SOURCE),
        contents: contents(scored, threshold),
    })
}

/// What a bootstrap draws of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Drawn {
    /// Whole origins: images of one generator, or of one source, err together.
    Origins,
    /// Single images, where all are of one origin: drawing that one again and again would tell of
    /// no spread at all.
    Images,
}

impl Drawn {
    /// What is drawn of the images of a class.
    #[must_use]
    pub fn of(scored: &[Scored], generated: bool) -> Self {
        let mut origins = scored
            .iter()
            .filter(|image| image.generated == generated)
            .map(|image| image.origin.as_str());
        let first = origins.next();
        if origins.any(|origin| Some(origin) != first) { Self::Origins } else { Self::Images }
    }
}

/// For every image the name of what it is drawn with.
fn units(scored: &[Scored]) -> Vec<Cow<'_, str>> {
    let [real, generated] = [false, true].map(|class| Drawn::of(scored, class));
    scored
        .iter()
        .enumerate()
        .map(|(place, image)| match if image.generated { generated } else { real } {
            Drawn::Origins => Cow::Borrowed(image.origin.as_str()),
            Drawn::Images => Cow::Owned(format!("{place:08}")),
        })
        .collect()
}

/// An interval as it is reported: none if it has no width, since then every draw gave the same, and
/// nobody knows how far off that is.
pub fn shown(interval: Interval) -> Option<Interval> {
    let interval = rounded_interval(interval);
    (interval.low < interval.high).then_some(interval)
}

fn abstained(scored: &[Scored], generated: usize, real: usize) -> Abstained {
    let mut reasons = BTreeMap::new();
    for reason in scored.iter().filter_map(|image| image.reason) {
        *reasons.entry(reason.name().to_owned()).or_insert(0) += 1;
    }
    let share = |class: bool, n: usize| {
        let count =
            scored.iter().filter(|image| image.generated == class && image.grade.is_none()).count();
        rounded(count as f64 / n as f64)
    };
    Abstained { generated: share(true, generated), real: share(false, real), reasons }
}

/// Coverage and risk of deciding the images that got a grade, both classes weighted equally.
fn graded(
    scored: &[Scored],
    threshold: f64,
    generated: usize,
    real: usize,
) -> Option<RiskCoverage> {
    let (mut coverage, mut wrong) = (0.0, 0.0);
    for image in scored.iter().filter(|image| image.grade.is_some()) {
        let weight = 0.5 / if image.generated { generated } else { real } as f64;
        coverage += weight;
        wrong += if image.right(threshold) { 0.0 } else { weight };
    }
    (coverage > 0.0)
        .then(|| RiskCoverage { coverage: rounded(coverage), risk: rounded(wrong / coverage) })
}

fn grade_figures(
    scored: &[Scored],
    grade: Grade,
    all_generated: usize,
    all_real: usize,
) -> GradeFigures {
    let count = |class: bool| {
        scored.iter().filter(|image| image.generated == class && image.grade == Some(grade)).count()
    };
    let (generated, real) = (count(true), count(false));
    let (generated_part, real_part) = ((generated, all_generated), (real, all_real));
    // "Weak" is wrong about generated images, every other grade about the rest.
    let share = if grade == Grade::Weak {
        balanced_share(generated_part, real_part)
    } else {
        balanced_share(real_part, generated_part)
    };
    let error = share.map(rounded_share).map(|Share { rate, low, high, n }| MeasuredError {
        rate,
        low,
        high,
        n: u32::try_from(n).unwrap_or(u32::MAX),
    });
    GradeFigures { grade, generated, real, error }
}

fn decisions(scored: &[Scored], class: bool, threshold: f64) -> impl Iterator<Item = (&str, bool)> {
    scored
        .iter()
        .filter(move |image| image.generated == class)
        .map(move |image| (image.origin.as_str(), image.right(threshold)))
}

fn origins(scored: &[Scored], class: bool, threshold: f64) -> Vec<OriginFigures> {
    let figures = |(origin, tally): (String, Tally)| {
        let accuracy = rounded_share(Share::clopper_pearson(tally.right, tally.n)?);
        Some(OriginFigures { origin, generated: class, accuracy })
    };
    tally(decisions(scored, class, threshold)).into_iter().filter_map(figures).collect()
}

fn worst_origin(
    scored: &[Scored],
    class: bool,
    threshold: f64,
    least: usize,
) -> Option<OriginFigures> {
    let groups = tally(decisions(scored, class, threshold));
    let (origin, tally) = worst(&groups, least)?;
    let accuracy = rounded_share(Share::clopper_pearson(tally.right, tally.n)?);
    Some(OriginFigures { origin: origin.to_owned(), generated: class, accuracy })
}

fn contents(scored: &[Scored], threshold: f64) -> Vec<ContentFigures> {
    let mut groups = BTreeMap::<&str, Vec<Sample>>::new();
    for image in scored.iter().filter(|image| !image.content.is_empty()) {
        groups.entry(&image.content).or_default().push(image.sample());
    }
    groups
        .into_iter()
        .map(|(content, samples)| {
            let generated = samples.iter().filter(|sample| sample.positive).count();
            let real = samples.len() - generated;
            let decisions = Confusion::at(&samples, threshold);
            ContentFigures {
                content: content.to_owned(),
                generated,
                real,
                auc: auc(&samples).map(rounded),
                balanced_accuracy: decisions.balanced_accuracy().map(rounded),
                recall: Share::clopper_pearson(decisions.true_positives, generated)
                    .map(rounded_share),
                specificity: Share::clopper_pearson(decisions.true_negatives, real)
                    .map(rounded_share),
            }
        })
        .collect()
}

/// The error of images of one class only.
#[must_use]
pub fn one_class() -> Error {
    Error::new(
        ErrorKind::Argument,
        "the images to measure on must include both classes, ai and real",
    )
}

/// Rounded to four decimals.
#[must_use]
pub fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

fn rounded_interval(interval: Interval) -> Interval {
    Interval { low: rounded(interval.low), high: rounded(interval.high) }
}

/// A share and its interval, rounded to four decimals.
#[must_use]
pub fn rounded_share(share: Share) -> Share {
    Share {
        rate: rounded(share.rate),
        low: rounded(share.low),
        high: rounded(share.high),
        n: share.n,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scored(origin: &str, generated: bool, probability: f64) -> Scored {
        let grade = match probability {
            p if p < 0.4 => Some(Grade::Weak),
            p if p < 0.6 => None,
            p if p < 0.8 => Some(Grade::Moderate),
            p if p < 0.95 => Some(Grade::Strong),
            _ => Some(Grade::VeryStrong),
        };
        Scored {
            generated,
            origin: origin.to_owned(),
            content: if generated { "art" } else { "photo" }.to_owned(),
            probability,
            grade,
            reason: grade.is_none().then_some(AbstainReason::BetweenGrades),
        }
    }

    fn images() -> Vec<Scored> {
        let mut images = Vec::new();
        for index in 0..20 {
            images.push(scored("sd", true, 0.9));
            images.push(scored("gan", true, if index < 5 { 0.7 } else { 0.1 }));
            for copy in 0..2 {
                let far = if index + copy < 3 { 0.7 } else { 0.1 };
                images.push(scored("camera", false, far));
            }
        }
        images.push(scored("film", false, 0.55));
        images
    }

    #[test]
    fn figures_by_hand() {
        let figures = evaluate(&images(), 0.5).unwrap();
        assert_eq!((figures.generated, figures.real), (40, 41));
        // 25 of 40 found, 35 of 41 let pass.
        assert_eq!((figures.recall.rate, figures.recall.n), (0.625, 40));
        assert_eq!(figures.specificity.rate, rounded(35.0 / 41.0));
        assert_eq!(figures.balanced_accuracy, rounded((0.625 + 35.0 / 41.0) / 2.0));
        assert_eq!(figures.worst_generator.as_ref().unwrap().origin, "gan");
        assert_eq!(figures.worst_generator.unwrap().accuracy.rate, 0.25);
        // "film" is worse, but it is a single image.
        assert_eq!(figures.worst_source.unwrap().origin, "camera");
        let names: Vec<&str> =
            figures.origins.iter().map(|origin| origin.origin.as_str()).collect();
        assert_eq!(names, ["gan", "sd", "camera", "film"]);
        assert_eq!(figures.abstained.real, rounded(1.0 / 41.0));
        assert_eq!(figures.abstained.reasons, BTreeMap::from([("between-grades".to_owned(), 1)]));
        let [art, photo] = figures.contents.as_slice() else { panic!("{:?}", figures.contents) };
        assert_eq!((art.auc, art.specificity, art.recall.unwrap().rate), (None, None, 0.625));
        assert_eq!((photo.recall, photo.specificity.unwrap().rate), (None, rounded(35.0 / 41.0)));
        // All are graded but the film: of what is, 15 of 40 and 5 of 41 are wrong.
        let graded = figures.graded.unwrap();
        let coverage = 0.5 + 0.5 * 40.0 / 41.0;
        assert_eq!(graded.coverage, rounded(coverage));
        assert_eq!(graded.risk, rounded((0.5 * 0.375 + 0.5 * 5.0 / 41.0) / coverage));
        // Each class has two origins: the bootstrap's ends are those of drawing one of them twice.
        let interval = figures.balanced_accuracy_interval.unwrap();
        assert!(
            interval.low < figures.balanced_accuracy && interval.high > figures.balanced_accuracy
        );
        assert!(
            figures.risk_coverage_area > 0.0
                && figures.risk_coverage_area < 1.0 - figures.balanced_accuracy
        );
    }

    #[test]
    fn a_grade_is_wrong_about_the_class_it_speaks_against() {
        let figures = evaluate(&images(), 0.5).unwrap();
        let [weak, moderate, strong, very_strong] = figures.measured_errors();
        // Weak: 15 of 40 generated, 35 of 41 others.
        let weak = weak.unwrap();
        assert_eq!((weak.rate, weak.n), (rounded(0.375 / (0.375 + 35.0 / 41.0)), 50));
        // Moderate: 5 of 40 generated, 5 of 41 others.
        assert_eq!(moderate.unwrap().rate, rounded((5.0 / 41.0) / (5.0 / 41.0 + 0.125)));
        assert_eq!(strong.unwrap().rate, 0.0);
        assert_eq!(very_strong, None);
    }

    #[test]
    fn an_interval_that_nothing_tells_of_is_none() {
        // Nineteen of a class are too few.
        let few: Vec<Scored> = (0..19)
            .flat_map(|index| {
                let p = 0.3 + 0.02 * f64::from(index);
                [scored("a", true, p + 0.05), scored("b", false, p)]
            })
            .collect();
        let figures = evaluate(&few, 0.5).unwrap();
        assert_eq!((figures.auc_interval, figures.balanced_accuracy_interval), (None, None));
        let mut enough = few;
        enough.extend([scored("a", true, 0.4), scored("b", false, 0.6)]);
        // One origin a class: single images are drawn, or every draw would be the same.
        assert_eq!(Drawn::of(&enough, true), Drawn::Images);
        let figures = evaluate(&enough, 0.5).unwrap();
        let interval = figures.auc_interval.unwrap();
        assert!(
            interval.low < figures.auc - 0.05 && interval.high > figures.auc + 0.05,
            "{interval:?}"
        );
        // All right in every draw: that tells of no spread.
        let apart: Vec<Scored> =
            (0..20).flat_map(|_| [scored("a", true, 0.9), scored("b", false, 0.1)]).collect();
        let figures = evaluate(&apart, 0.5).unwrap();
        assert_eq!((figures.auc, figures.auc_interval), (1.0, None));
        assert_eq!(Drawn::of(&images(), false), Drawn::Origins);
    }

    #[test]
    fn one_class_is_refused() {
        let error = evaluate(&[scored("sd", true, 0.5)], 0.5).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Argument);
        assert!(evaluate(&[], 0.5).is_err());
        let mut images = images();
        images[3].probability = f64::NAN;
        let error = evaluate(&images, 0.5).unwrap_err();
        assert!(
            error.message().contains("image 4 of") && error.message().contains("not a number"),
            "{error}"
        );
    }
}
