//! Whether a model sees how images were made, or only what they show and how large they are.
//!
//! The role that is reported on holds few images of both classes that show the same, so these
//! figures come from `select` and `calibrate` too. Those took part in choosing and calibrating the
//! model: their figures compare models, they do not promise anything about other images.

use std::collections::BTreeMap;

use clipsight::Result;
use clipsight::calibration::Grade;
use clipsight::image::{Filter, Rgb8};
use clipsight::model::Verdict;
use clipsight::rng::Rng;
use clipsight_measure::figures::{Scored, rounded, rounded_share};
use clipsight_measure::metrics::{Confusion, Sample, Share, auc, tpr_at_fpr};
use clipsight_native::runtime::Runtime;
use serde::{Deserialize, Serialize};

use super::subset::stratified;
use crate::dataset::{Entry, Label, RECURRING_FAMILY, matched_set};
use crate::perturb::{Chroma, Perturbation, Size, encode_jpeg};

/// What images of paintings, drawings and illustrations are called in a manifest.
const ART: &str = "art";

/// What photographs are called there.
const PHOTO: &str = "photo";

/// Short sides that real photographs are reduced to, in pixels; the first is what the others are
/// compared with.
const SHORT_SIDES: [u32; 6] = [256, 192, 160, 128, 96, 72];

/// Photographs that are reduced.
const PHOTOGRAPHS: usize = 120;

/// All figures about shortcuts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Shortcuts {
    /// Every matched set of `select` and `calibrate`, and all of them together at the end.
    pub(crate) matched: Vec<MatchedFigures>,
    /// Human paintings, drawings and illustrations of `select` and `calibrate` that are below the
    /// threshold.
    pub(crate) art_kept: Option<Share>,
    /// The figures on the role without the generators that other roles have, too.
    pub(crate) without_recurring: Option<WithoutFigures>,
    /// Real photographs of the role, reduced.
    pub(crate) sizes: Vec<SizeFigures>,
}

/// A set whose images of both classes come from the same hands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MatchedFigures {
    /// What the names of its origins begin with; `all` for all sets together.
    pub(crate) set: String,
    /// Generated images.
    pub(crate) generated: usize,
    /// Others.
    pub(crate) real: usize,
    /// Area under the ROC curve, where there are both.
    pub(crate) auc: Option<f64>,
    /// Balanced accuracy at the shipped threshold, where there are both.
    pub(crate) balanced_accuracy: Option<f64>,
}

/// Figures on a part of the images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WithoutFigures {
    /// What the names of the generators begin with that are left out.
    pub(crate) family: String,
    /// Generated images left.
    pub(crate) generated: usize,
    /// Area under the ROC curve.
    pub(crate) auc: f64,
    /// Balanced accuracy at the shipped threshold.
    pub(crate) balanced_accuracy: f64,
    /// Recall at a false-positive rate of 5 %.
    pub(crate) recall_at_5_percent: Share,
}

/// What becomes of real photographs at one size.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SizeFigures {
    /// Their shorter side in pixels.
    pub(crate) short_side: u32,
    /// Graded moderate or stronger.
    pub(crate) accused: Share,
    /// Without a grade, for whatever reason.
    pub(crate) abstained: f64,
}

impl Shortcuts {
    /// From the scores on the role, on `select` and `calibrate`, and the sizes' figures.
    pub(super) fn of(
        scored: &[Scored],
        others: &[Scored],
        sizes: Vec<SizeFigures>,
        threshold: f64,
    ) -> Self {
        Self {
            matched: matched(others, threshold),
            art_kept: art_kept(others, threshold),
            without_recurring: without(scored, RECURRING_FAMILY, threshold),
            sizes,
        }
    }
}

fn matched(scored: &[Scored], threshold: f64) -> Vec<MatchedFigures> {
    let mut sets = BTreeMap::<&str, Vec<Sample>>::new();
    for image in scored {
        if let Some(set) = matched_set(&image.origin) {
            sets.entry(set).or_default().push(image.sample());
        }
    }
    let all = sets.values().flatten().copied().collect();
    sets.into_iter()
        .chain([("all", all)])
        .map(|(set, samples)| {
            let generated = samples.iter().filter(|sample| sample.positive).count();
            MatchedFigures {
                set: set.to_owned(),
                generated,
                real: samples.len() - generated,
                auc: auc(&samples).map(rounded),
                balanced_accuracy: Confusion::at(&samples, threshold)
                    .balanced_accuracy()
                    .map(rounded),
            }
        })
        .collect()
}

fn art_kept(scored: &[Scored], threshold: f64) -> Option<Share> {
    let art = || scored.iter().filter(|image| !image.generated && image.content == ART);
    let kept = art().filter(|image| image.probability < threshold).count();
    Share::clopper_pearson(kept, art().count()).map(rounded_share)
}

fn without(scored: &[Scored], family: &str, threshold: f64) -> Option<WithoutFigures> {
    let left: Vec<Sample> = scored
        .iter()
        .filter(|image| !(image.generated && image.origin.starts_with(family)))
        .map(Scored::sample)
        .collect();
    if left.len() == scored.len() {
        return None;
    }
    Some(WithoutFigures {
        family: family.to_owned(),
        generated: left.iter().filter(|sample| sample.positive).count(),
        auc: rounded(auc(&left)?),
        balanced_accuracy: rounded(Confusion::at(&left, threshold).balanced_accuracy()?),
        recall_at_5_percent: rounded_share(tpr_at_fpr(&left, 0.05)?.0),
    })
}

/// The grades of one photograph, if any, reduced to every size and stored as JPEG 85. The whole
/// detector runs on the files: what size does to a verdict includes abstaining from one.
///
/// # Errors
/// As [`Runtime::score`].
pub(super) fn grades(
    runtime: &Runtime,
    photograph: &Rgb8,
) -> Result<[Option<Grade>; SHORT_SIDES.len()]> {
    let mut grades = [None; SHORT_SIDES.len()];
    for (short_side, found) in SHORT_SIDES.into_iter().zip(&mut grades) {
        let (size, filter) = (Size::ShortSideAtMost(short_side), Filter::Lanczos3);
        let reduced = Perturbation::Resize { size, filter }.apply(photograph, &mut Rng::new(0))?;
        let file = encode_jpeg(&reduced, 85, Chroma::Quarter)?;
        let analysis = runtime.score(runtime.prepare(&file, None)?)?;
        if let Verdict::Scored { grade, .. } = analysis.model {
            *found = Some(grade);
        }
    }
    Ok(grades)
}

/// The figures of every size from the grades of every photograph.
pub(super) fn by_size(grades: &[[Option<Grade>; SHORT_SIDES.len()]]) -> Vec<SizeFigures> {
    let of_size = |(place, short_side): (usize, u32)| {
        let grades = || grades.iter().map(|of_one| of_one[place]);
        let accused = grades().flatten().filter(|grade| *grade >= Grade::Moderate).count();
        let abstained = grades().filter(Option::is_none).count();
        Some(SizeFigures {
            short_side,
            accused: rounded_share(Share::clopper_pearson(accused, grades().count())?),
            abstained: rounded(abstained as f64 / grades().count() as f64),
        })
    };
    SHORT_SIDES.into_iter().enumerate().filter_map(of_size).collect()
}

/// The photographs of a role whose sizes are measured: every source of them by its share.
pub(super) fn photographs(entries: &[Entry]) -> Vec<Entry> {
    let real: Vec<Entry> = entries
        .iter()
        .filter(|entry| entry.label == Label::Real && entry.content == PHOTO)
        .cloned()
        .collect();
    let chosen = stratified(&real, PHOTOGRAPHS);
    real.into_iter().zip(chosen).filter(|(_, chosen)| *chosen).map(|(entry, _)| entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(generated: bool, origin: &str, content: &str, probability: f64) -> Scored {
        Scored {
            generated,
            origin: origin.to_owned(),
            content: content.to_owned(),
            probability,
            grade: None,
            reason: None,
        }
    }

    #[test]
    fn figures_of_matched_sets_and_of_art() {
        let others = [
            image(true, "dgame-sd", "art", 0.9),
            image(true, "dgame-dalle3", "art", 0.4),
            image(false, "dgame-human", "art", 0.6),
            image(false, "dgame-human", "art", 0.1),
            image(false, "aia-human", "photo", 0.95),
            image(false, "painter", "art", 0.2),
            // No set: its name only begins like one's.
            image(true, "aiart", "art", 0.0),
        ];
        let role = [
            image(true, "nano-banana-pro", "photo", 0.1),
            image(true, "sd15", "photo", 0.9),
            image(false, "camera", "photo", 0.2),
        ];
        let found = Shortcuts::of(&role, &others, Vec::new(), 0.5);
        let sets: Vec<_> = found
            .matched
            .iter()
            .map(|set| (set.set.as_str(), set.generated, set.real, set.auc, set.balanced_accuracy))
            .collect();
        assert_eq!(
            sets,
            [
                ("aia", 0, 1, None, None),
                ("dgame", 2, 2, Some(0.75), Some(0.5)),
                ("all", 2, 3, Some(0.5), Some(0.4167)),
            ]
        );
        // Three human pictures, one of them accused.
        assert_eq!(found.art_kept.map(|share| (share.rate, share.n)), Some((0.6667, 3)));
        let without = found.without_recurring.unwrap();
        assert_eq!((without.generated, without.auc, without.balanced_accuracy), (1, 1.0, 1.0));
        assert_eq!(without_none(), None);
    }

    fn without_none() -> Option<WithoutFigures> {
        without(&[image(true, "sd15", "photo", 0.9)], RECURRING_FAMILY, 0.5)
    }

    #[test]
    fn the_accused_are_those_of_moderate_and_above() {
        let mut grades = [[Some(Grade::Weak); SHORT_SIDES.len()]; 4];
        for (of_one, grade) in grades.iter_mut().zip([
            Some(Grade::Weak),
            None,
            Some(Grade::Moderate),
            Some(Grade::Strong),
        ]) {
            of_one[1] = grade;
        }
        let figures = by_size(&grades);
        assert_eq!(figures.iter().map(|size| size.short_side).collect::<Vec<_>>(), SHORT_SIDES);
        assert_eq!((figures[0].accused.rate, figures[0].abstained), (0.0, 0.0));
        assert_eq!((figures[1].accused.rate, figures[1].accused.n), (0.5, 4));
        assert_eq!(figures[1].abstained, 0.25);
        assert!(by_size(&[]).is_empty());
    }
}
