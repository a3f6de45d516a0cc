//! The robustness matrix: how the figures hold when images reach the viewer recompressed, smaller,
//! cropped, blurred or beside others. Nothing is refitted: one calibration and one threshold
//! throughout.

use clipsight::Result;
use clipsight::calibration::Calibration;
use clipsight::image::{Filter, Rgb8};
use clipsight::limits::{MAX_IMAGE_PIXELS, MAX_IMAGE_SIDE};
use clipsight::rng::Rng;
use clipsight_measure::figures::{CALIBRATION_BINS, Scored, one_class, rounded};
use clipsight_measure::metrics::{Confusion, Sample, auc, expected_calibration_error, flip_rate};
use clipsight_native::dataset::Entry;
use clipsight_native::runtime::Runtime;
use serde::{Deserialize, Serialize};

use crate::perturb::{Chroma, Perturbation, Size, collage, letterbox};

/// The perturbations to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PerturbationSet {
    /// Seven common ones.
    Quick,
    /// All thirty-one.
    Full,
}

/// One condition of the robustness matrix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Condition {
    /// The image as it is: what the others are compared with.
    Untouched,
    Jpeg(u8),
    WebP(u8),
    /// Both sides by a factor.
    Resize(f32),
    /// A part at a random place, its sides a fraction of the image's.
    Crop(f32),
    /// Gaussian, of this standard deviation in pixels.
    Blur(f32),
    /// Gaussian, of this standard deviation in levels of 255.
    Noise(u8),
    /// Five times JPEG, as from one platform to the next.
    Recompressed,
    /// As messengers send: the longer side reduced to this if it is longer, then JPEG.
    Messenger(u32, u8),
    /// Reduced in the same way, then JPEG 80.
    Thumbnail(u32),
    /// A quarter of a collage with three other images of its class.
    Collage,
    /// On a black canvas of 16 to 9, as on a screen.
    Letterbox,
}

const QUICK: [Condition; 8] = {
    use Condition::{Blur, Jpeg, Messenger, Resize, Untouched, WebP};
    [Untouched, Jpeg(90), Jpeg(60), Jpeg(40), WebP(60), Resize(0.5), Blur(1.0), Messenger(512, 40)]
};

const FULL: [Condition; 32] = {
    use Condition::{
        Blur, Collage, Crop, Jpeg, Letterbox, Messenger, Noise, Recompressed, Resize, Thumbnail,
        Untouched, WebP,
    };
    [
        Untouched,
        Jpeg(95),
        Jpeg(90),
        Jpeg(80),
        Jpeg(70),
        Jpeg(60),
        Jpeg(50),
        Jpeg(40),
        Jpeg(30),
        WebP(80),
        WebP(60),
        Resize(0.25),
        Resize(0.5),
        Resize(0.75),
        Resize(1.5),
        Resize(2.0),
        Crop(0.9),
        Crop(0.5),
        Blur(0.5),
        Blur(1.0),
        Blur(2.0),
        Blur(3.0),
        Noise(3),
        Noise(8),
        Recompressed,
        Messenger(768, 60),
        Messenger(512, 40),
        Thumbnail(180),
        Thumbnail(256),
        Thumbnail(320),
        Collage,
        Letterbox,
    ]
};

/// The qualities of [`Condition::Recompressed`], one after the other.
const RECOMPRESSED: [u8; 5] = [85, 75, 90, 70, 80];

/// A collage's cell is the image itself, its longer side reduced to this if it is longer.
const CELL_SIDE: u32 = 512;

/// The screen that letterboxed images are shown on: its sides' ratio and its width.
const SCREEN: ((u32, u32), u32) = ((16, 9), 1920);

/// Images in a collage beside the one that is measured.
pub(super) const PARTNERS: usize = 3;

impl PerturbationSet {
    /// Its conditions, in the order of the report, the untouched image first.
    pub(super) fn conditions(self) -> &'static [Condition] {
        match self {
            Self::Quick => &QUICK,
            Self::Full => &FULL,
        }
    }
}

impl Condition {
    fn name(self) -> String {
        match self {
            Self::Untouched => "as it is".to_owned(),
            Self::Jpeg(quality) => format!("JPEG {quality}"),
            Self::WebP(quality) => format!("WebP {quality}"),
            Self::Resize(factor) => format!("resized by {factor}"),
            Self::Crop(fraction) => format!("cropped to {fraction} of the sides"),
            Self::Blur(sigma) => format!("blur, sigma {sigma} px"),
            Self::Noise(levels) => format!("noise, sigma {levels}/255"),
            Self::Recompressed => "five times JPEG".to_owned(),
            Self::Messenger(side, quality) => format!("at most {side} px, JPEG {quality}"),
            Self::Thumbnail(side) => format!("thumbnail of {side} px"),
            Self::Collage => "collage of four".to_owned(),
            Self::Letterbox => "letterbox, 16:9".to_owned(),
        }
    }

    /// Applies it to an image. `seed` chooses noise and places; `partners` are the others of a
    /// collage.
    ///
    /// # Errors
    /// As [`Perturbation::apply`].
    fn apply(self, image: &Rgb8, seed: u64, partners: &[Rgb8]) -> Result<Rgb8> {
        let jpeg = |quality| Perturbation::Jpeg { quality, chroma: Chroma::Quarter };
        let resize =
            |factor| Perturbation::Resize { size: Size::Scale(factor), filter: Filter::Bicubic };
        let longer = image.width().max(image.height());
        let at_most = |side: u32| (longer > side).then(|| resize(side as f32 / longer as f32));
        let mut rng = Rng::new(seed);
        let perturbation = match self {
            Self::Untouched => return Ok(image.clone()),
            Self::Jpeg(quality) => jpeg(quality),
            Self::WebP(quality) => Perturbation::WebP { quality },
            Self::Resize(factor) => resize(factor.min(largest_factor(image))),
            Self::Crop(fraction) => Perturbation::Crop { fraction },
            Self::Blur(sigma) => Perturbation::Blur { sigma },
            Self::Noise(levels) => Perturbation::Noise { sigma: f32::from(levels) / 255.0 },
            Self::Recompressed => Perturbation::Chain(RECOMPRESSED.map(jpeg).into()),
            Self::Messenger(side, quality) => {
                Perturbation::Chain(at_most(side).into_iter().chain([jpeg(quality)]).collect())
            }
            Self::Thumbnail(side) => {
                Perturbation::Chain(at_most(side).into_iter().chain([jpeg(80)]).collect())
            }
            Self::Collage => {
                let factor = (f64::from(CELL_SIDE) / f64::from(longer)).min(1.0);
                let side = |of: u32| ((f64::from(of) * factor).round() as u32).max(1);
                let mut cells: [&Rgb8; 4] =
                    std::array::from_fn(|place| partners.get(place).unwrap_or(image));
                cells[3] = image;
                cells.swap(3, rng.below(4) as usize);
                return collage(cells, side(image.width()), side(image.height()));
            }
            Self::Letterbox => return letterbox(image, SCREEN.0, SCREEN.1),
        };
        perturbation.apply(image, &mut rng)
    }
}

/// How far an image can be enlarged within the limits of an image.
fn largest_factor(image: &Rgb8) -> f32 {
    let (width, height) = (f64::from(image.width()), f64::from(image.height()));
    let by_side = f64::from(MAX_IMAGE_SIDE) / width.max(height);
    let by_area = (MAX_IMAGE_PIXELS as f64 / (width * height)).sqrt();
    // A hair below, since sides are rounded.
    (by_side.min(by_area) * 0.999) as f32
}

/// The other images of `index`'s collage: places in `entries` of images of its class, drawn by its
/// row. Fewer where the class has fewer.
pub(super) fn partners(entries: &[Entry], index: usize) -> Vec<usize> {
    let label = entries[index].label;
    let mut others: Vec<usize> = (0..entries.len())
        .filter(|other| *other != index && entries[*other].label == label)
        .collect();
    let mut rng = Rng::new(entries[index].row as u64);
    (0..PARTNERS.min(others.len()))
        .map(|_| others.swap_remove(rng.below(others.len() as u32) as usize))
        .collect()
}

/// One image's results under every condition.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Perturbed {
    /// Calibrated probabilities, those of the shipped detector with the matrix's number of views.
    probabilities: Vec<f64>,
    /// Whether the condition changed the image at all.
    altered: Vec<bool>,
}

/// The number of views to measure with: one if the model is calibrated for it, since thirty
/// conditions of five views each would take hours.
///
/// # Errors
/// As [`Calibration::for_views`].
pub(super) fn views(calibration: &Calibration) -> Result<usize> {
    let default = calibration.default_views();
    let fewest =
        calibration.by_views.iter().map(|calibration| calibration.views).min().unwrap_or(default);
    calibration.for_views(fewest).map(|calibration| calibration.views)
}

/// The probability of `image` under each condition; the encoder sees all views in one batch.
///
/// # Errors
/// As [`Condition::apply`] and [`Runtime::logits`].
pub(super) fn perturb(
    runtime: &Runtime,
    image: &Rgb8,
    seed: u64,
    partners: &[Rgb8],
    set: PerturbationSet,
) -> Result<Perturbed> {
    let detector = runtime.detector();
    let manifest = detector.manifest();
    let count = views(&manifest.calibration)?;
    let (mut all, mut residuals, mut altered) = (Vec::new(), Vec::new(), Vec::new());
    for condition in set.conditions() {
        let perturbed = condition.apply(image, seed, partners)?;
        altered.push(perturbed != *image);
        all.extend(manifest.preprocessing.views(&perturbed, count.try_into()?)?);
        residuals.push(runtime.residual_logit(&perturbed)?);
    }
    let shares = manifest.preprocessing.view_shares(count);
    let probabilities = runtime
        .logits(&all)?
        .chunks(count)
        .zip(residuals)
        .map(|(logits, residual)| {
            let mean =
                logits.iter().zip(&shares).map(|(logit, share)| f64::from(*logit) * share).sum();
            detector.probability(count, mean, residual)
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(Perturbed { probabilities, altered })
}

/// The figures of the whole matrix.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Robustness {
    /// Which perturbations.
    #[serde(rename = "matrix")]
    pub(crate) set: PerturbationSet,
    /// Images that were perturbed.
    pub(crate) images: usize,
    /// Images of the role.
    pub(crate) of: usize,
    /// Views of each perturbed image.
    pub(crate) views: usize,
    /// Every condition, the untouched image first.
    pub(crate) conditions: Vec<PerturbedFigures>,
    /// The condition that costs most balanced accuracy.
    pub(crate) worst: PerturbedFigures,
    /// Mean flip rate over the perturbations.
    pub(crate) mean_flip_rate: f64,
    /// Share of images whose verdict differs from that on the untouched image under at least one
    /// perturbation.
    pub(crate) ever_flipped: f64,
}

/// Figures under one condition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PerturbedFigures {
    /// The condition.
    pub(crate) condition: String,
    /// Images that it changed: small ones fit a messenger's limit as they are.
    pub(crate) altered: usize,
    /// Area under the ROC curve.
    pub(crate) auc: f64,
    /// Balanced accuracy at the shipped threshold.
    pub(crate) balanced_accuracy: f64,
    /// How much lower that is than on the untouched images.
    pub(crate) loss: f64,
    /// True positive rate at the shipped threshold.
    pub(crate) recall: f64,
    /// False positive rate there.
    pub(crate) false_alarms: f64,
    /// Share of images whose verdict differs from that on the untouched image.
    pub(crate) flip_rate: f64,
    /// Expected calibration error.
    pub(crate) calibration_error: f64,
}

/// Measures every condition from the results of every perturbed image; the role has `of` images.
///
/// # Errors
/// As [`super::evaluate`].
pub(super) fn evaluate(
    images: &[(&Scored, &Perturbed)],
    of: usize,
    set: PerturbationSet,
    calibration: &Calibration,
) -> Result<Robustness> {
    let views = views(calibration)?;
    let threshold = calibration.threshold;
    let samples = |condition: usize| -> Vec<Sample> {
        let sample = |(image, perturbed): &(&Scored, &Perturbed)| Sample {
            score: perturbed.probabilities[condition],
            positive: image.generated,
        };
        images.iter().map(sample).collect()
    };
    let untouched = samples(0);
    let mut ever = vec![false; images.len()];
    let mut conditions: Vec<PerturbedFigures> = Vec::new();
    for (index, condition) in set.conditions().iter().enumerate() {
        let samples = samples(index);
        let verdicts: Vec<(bool, bool)> = untouched
            .iter()
            .zip(&samples)
            .map(|(before, after)| (before.score >= threshold, after.score >= threshold))
            .collect();
        ever.iter_mut().zip(&verdicts).for_each(|(ever, (before, after))| *ever |= before != after);
        let decisions = Confusion::at(&samples, threshold);
        let figures = || {
            let balanced_accuracy = rounded(decisions.balanced_accuracy()?);
            let before =
                conditions.first().map_or(balanced_accuracy, |first| first.balanced_accuracy);
            Some(PerturbedFigures {
                condition: condition.name(),
                altered: images.iter().filter(|(_, perturbed)| perturbed.altered[index]).count(),
                auc: rounded(auc(&samples)?),
                balanced_accuracy,
                loss: rounded(before - balanced_accuracy),
                recall: rounded(decisions.true_positive_rate()?),
                false_alarms: rounded(decisions.false_positive_rate()?),
                flip_rate: rounded(flip_rate(&verdicts)?),
                calibration_error: rounded(expected_calibration_error(&samples, CALIBRATION_BINS)?),
            })
        };
        conditions.push(figures().ok_or_else(one_class)?);
    }
    let perturbations = &conditions[1..];
    let mean_flip_rate = perturbations.iter().map(|figures| figures.flip_rate).sum::<f64>()
        / perturbations.len().max(1) as f64;
    // The first of equals: perturbations come from mild to harsh.
    let mut worst = &conditions[0];
    for figures in perturbations {
        if worst.condition == conditions[0].condition || figures.loss > worst.loss {
            worst = figures;
        }
    }
    let ever_flipped = ever.iter().filter(|ever| **ever).count() as f64 / images.len() as f64;
    Ok(Robustness {
        set,
        images: images.len(),
        of,
        views,
        worst: worst.clone(),
        mean_flip_rate: rounded(mean_flip_rate),
        ever_flipped: rounded(ever_flipped),
        conditions,
    })
}

#[cfg(test)]
mod tests {
    use clipsight::calibration::GradeEdges;

    use super::*;
    use crate::dataset::{Label, Role};

    fn picture(width: u32, height: u32) -> Rgb8 {
        let pixels = (0..width * height * 3).map(|i| (i / 7 % 256) as u8).collect();
        Rgb8::new(width, height, pixels).unwrap()
    }

    #[test]
    fn conditions_do_what_they_say() {
        let image = picture(600, 400);
        let partners = [picture(300, 500), picture(600, 400), picture(20, 20)];
        let mut names = std::collections::HashSet::new();
        for condition in FULL {
            let perturbed = condition.apply(&image, 5, &partners).unwrap();
            let expected = match condition {
                Condition::Resize(factor) => ((600.0 * factor) as u32, (400.0 * factor) as u32),
                Condition::Crop(fraction) => ((600.0 * fraction) as u32, (400.0 * fraction) as u32),
                Condition::Messenger(512, _) => (512, 341),
                Condition::Thumbnail(side) => (side, (f64::from(side) * 2.0 / 3.0).round() as u32),
                Condition::Collage => (1024, 682),
                Condition::Letterbox => (712, 400),
                _ => (600, 400),
            };
            assert_eq!((perturbed.width(), perturbed.height()), expected, "{}", condition.name());
            assert_eq!(
                perturbed == image,
                condition == Condition::Untouched,
                "{}",
                condition.name()
            );
            assert_eq!(
                perturbed,
                condition.apply(&image, 5, &partners).unwrap(),
                "the seed decides"
            );
            assert!(names.insert(condition.name()), "{} stands twice", condition.name());
        }
        for condition in QUICK {
            assert!(FULL.contains(&condition), "{}", condition.name());
        }
    }

    #[test]
    fn a_collage_holds_the_image_wherever_the_seed_puts_it() {
        let plain = |value| Rgb8::new(4, 4, vec![value; 48]).unwrap();
        let partners = [plain(1), plain(2), plain(3)];
        let mut places = std::collections::HashSet::new();
        for seed in 0..40 {
            let collage = Condition::Collage.apply(&plain(9), seed, &partners).unwrap();
            let cells = [(0, 0), (4, 0), (0, 4), (4, 4)]
                .map(|(x, y)| collage.crop(x, y, 1, 1).unwrap().pixels()[0]);
            let mut sorted = cells;
            sorted.sort_unstable();
            assert_eq!(sorted, [1, 2, 3, 9]);
            places.extend(cells.iter().position(|value| *value == 9));
        }
        assert_eq!(places.len(), 4);
    }

    #[test]
    fn enlarging_stays_within_the_limits() {
        let strip = picture(12_000, 3);
        let perturbed = Condition::Resize(2.0).apply(&strip, 0, &[]).unwrap();
        assert!(perturbed.width() > 16_000 && perturbed.width() <= MAX_IMAGE_SIDE);
    }

    #[test]
    fn partners_are_others_of_the_same_class() {
        let entry = |row: usize, label| Entry {
            row,
            file: row.to_string(),
            label,
            role: Role::Test,
            origin: String::new(),
            content: String::new(),
            other: std::collections::BTreeMap::new(),
        };
        let mut entries: Vec<Entry> = (1..=20)
            .map(|row| entry(row, if row % 2 == 0 { Label::Ai } else { Label::Real }))
            .collect();
        for index in 0..20 {
            let mut drawn = partners(&entries, index);
            assert_eq!(drawn, partners(&entries, index));
            drawn.sort_unstable();
            drawn.dedup();
            assert_eq!(drawn.len(), PARTNERS);
            assert!(
                drawn
                    .iter()
                    .all(|other| *other != index && entries[*other].label == entries[index].label)
            );
        }
        entries.truncate(3);
        assert_eq!((partners(&entries, 0), partners(&entries, 1)), (vec![2], vec![]));
    }

    #[test]
    fn figures_of_the_matrix_by_hand() {
        let calibration = Calibration {
            edges: Some(GradeEdges {
                weak_below: 0.4,
                moderate: 0.6,
                strong: 0.8,
                very_strong: 0.95,
            }),
            ..Calibration::none()
        };
        let scored = |generated| Scored {
            generated,
            origin: String::new(),
            content: String::new(),
            probability: 0.5,
            grade: None,
            reason: None,
        };
        // Two generated images and two others, all right as they are. JPEG 40 loses one of the
        // former, blur raises one of the latter and loses the same image again; nothing else does
        // anything.
        let perturbed = |generated: bool, flips: &[usize]| Perturbed {
            probabilities: (0..8)
                .map(|at| if flips.contains(&at) == generated { 0.1 } else { 0.9 })
                .collect(),
            altered: (0..8).map(|at| flips.contains(&at)).collect(),
        };
        let images = [
            (scored(true), perturbed(true, &[])),
            (scored(true), perturbed(true, &[3, 6])),
            (scored(false), perturbed(false, &[6])),
            (scored(false), perturbed(false, &[])),
        ];
        let pairs: Vec<_> = images.iter().map(|(scored, perturbed)| (scored, perturbed)).collect();
        let robustness = evaluate(&pairs, 9, PerturbationSet::Quick, &calibration).unwrap();
        assert_eq!((robustness.images, robustness.of, robustness.views), (4, 9, 1));
        let jpeg = &robustness.conditions[3];
        assert_eq!((jpeg.condition.as_str(), jpeg.altered), ("JPEG 40", 1));
        assert_eq!((jpeg.recall, jpeg.false_alarms, jpeg.balanced_accuracy), (0.5, 0.0, 0.75));
        assert_eq!((jpeg.loss, jpeg.flip_rate, jpeg.auc), (0.25, 0.25, 0.75));
        assert_eq!(
            (robustness.worst.condition.as_str(), robustness.worst.loss),
            ("blur, sigma 1 px", 0.5)
        );
        assert_eq!(robustness.mean_flip_rate, rounded((0.25 + 0.5) / 7.0));
        assert_eq!(robustness.ever_flipped, 0.5);
        // Probabilities .9 and .1 where the shares are 1 and 0.
        assert_eq!(robustness.conditions[0].calibration_error, 0.1);
        assert!(evaluate(&pairs[..2], 9, PerturbationSet::Quick, &calibration).is_err());
    }
}
