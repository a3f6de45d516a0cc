//! How well generated images are attributed to their generators, whether known to the model or not.

use std::collections::{BTreeMap, BTreeSet};

use clipsight::Result;
use clipsight::heads::AttributionHead;
use clipsight::heads::captions::{Subject, attribute};
use clipsight_measure::figures::{rounded, rounded_share};
use clipsight_measure::metrics::{Share, confusion, macro_f1, oscr};
use clipsight_native::dataset::Entry;
use serde::{Deserialize, Serialize};

use crate::train::captions::{CaptionSet, CaptionsOfImages as _, ImageSource};

/// Figures of attribution, over generated images alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AttributionFigures {
    /// Generators that the model knows.
    pub(crate) known_generators: usize,
    /// Of these, the ones that have images here.
    pub(crate) present_generators: usize,
    /// Images of known generators.
    pub(crate) known_images: usize,
    /// Images of generators that the model does not know.
    pub(crate) unknown_images: usize,
    /// Mean F1 over the known generators that have images here, an image without a name being
    /// missed.
    pub(crate) macro_f1: Option<f64>,
    /// Of the images of known generators, the share that gets the right name.
    pub(crate) named_rightly: Option<Share>,
    /// The share that gets a wrong one.
    pub(crate) named_wrongly: Option<Share>,
    /// Of the images of unknown generators, the share that gets a name, which can only be wrong.
    pub(crate) unknown_named: Option<Share>,
    /// Of the images whose family the model knows, the share that gets the right family.
    pub(crate) family_accuracy: Option<Share>,
    /// Area under the curve of right names over named unknowns.
    pub(crate) oscr: Option<f64>,
    /// The names that were assigned, "unknown generator" last: the columns of `rows`.
    pub(crate) columns: Vec<String>,
    /// How often each generator, the known ones first, was assigned each name.
    pub(crate) rows: Vec<AttributionRow>,
}

/// How often one generator's images were assigned each name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AttributionRow {
    /// The generator.
    pub(crate) generator: String,
    /// Whether the model knows it.
    pub(crate) known: bool,
    /// Images by assigned name.
    pub(crate) counts: Vec<usize>,
}

/// The generator that the model named for one image.
#[derive(Clone, Debug)]
pub(super) struct Attributed<'a> {
    entry: &'a Entry,
    /// The named generator's caption; `None` if none is clear.
    named: Option<usize>,
    /// The best generator's caption and its share, clear or not.
    best: (Option<usize>, f64),
    /// The likeliest family's caption.
    family: Option<usize>,
}

impl<'a> Attributed<'a> {
    /// From one logit per caption.
    ///
    /// # Errors
    /// As [`attribute`].
    pub(super) fn new(entry: &'a Entry, logits: &[f32], head: &AttributionHead) -> Result<Self> {
        let said = attribute(logits, &head.captions, head.threshold)?;
        // Every share reaches a threshold of zero.
        let likeliest = attribute(logits, &head.captions, 0.0)?.generator;
        let best = (likeliest, said.generator_share);
        Ok(Self { entry, named: said.generator, best, family: said.family })
    }
}

/// Measures attribution; `None` where no image was attributed.
pub(super) fn measure(
    images: &[Attributed<'_>],
    captions: &CaptionSet,
) -> Option<AttributionFigures> {
    if images.is_empty() {
        return None;
    }
    let truths: Vec<Option<usize>> =
        images.iter().map(|image| captions.generator(image_source(image.entry))).collect();
    let decisions: Vec<(usize, Option<usize>)> = truths
        .iter()
        .zip(images)
        .filter_map(|(truth, image)| Some(((*truth)?, image.named)))
        .collect();
    let open_set: Vec<(f64, Option<bool>)> = truths
        .iter()
        .zip(images)
        .map(|(truth, image)| (image.best.1, truth.map(|truth| image.best.0 == Some(truth))))
        .collect();
    let families: Vec<bool> = images
        .iter()
        .filter_map(|image| Some(image.family == Some(captions.family(image_source(image.entry))?)))
        .collect();
    let unknown: Vec<bool> = truths
        .iter()
        .zip(images)
        .filter(|(truth, _)| truth.is_none())
        .map(|(_, image)| image.named.is_some())
        .collect();
    let share = |part: usize, n: usize| Share::clopper_pearson(part, n).map(rounded_share);
    let count = |list: &[bool]| share(list.iter().filter(|item| **item).count(), list.len());
    let right = decisions.iter().filter(|(truth, named)| *named == Some(*truth)).count();
    let wrong = decisions
        .iter()
        .filter(|(truth, named)| named.is_some_and(|named| named != *truth))
        .count();
    let subjects = captions.subjects();
    let is_generator = |subject: &&Subject| matches!(subject, Subject::Generator { .. });
    let (columns, rows) = names(images, &truths, captions);
    Some(AttributionFigures {
        known_generators: subjects.iter().filter(is_generator).count(),
        present_generators: truths.iter().flatten().collect::<BTreeSet<_>>().len(),
        known_images: decisions.len(),
        unknown_images: unknown.len(),
        macro_f1: macro_f1(&confusion(&decisions, subjects.len())).map(rounded),
        named_rightly: share(right, decisions.len()),
        named_wrongly: share(wrong, decisions.len()),
        unknown_named: count(&unknown),
        family_accuracy: count(&families),
        oscr: oscr(&open_set).map(rounded),
        columns,
        rows,
    })
}

/// Where a generated image comes from.
fn image_source(entry: &Entry) -> ImageSource<'_> {
    let family = entry.other.get("family").map_or("", String::as_str);
    ImageSource::Generated { origin: &entry.origin, family }
}

/// The confusion matrix, reduced to the names that were assigned and the generators that have
/// images.
fn names(
    images: &[Attributed<'_>],
    truths: &[Option<usize>],
    captions: &CaptionSet,
) -> (Vec<String>, Vec<AttributionRow>) {
    // A name that is right for some image has a column even if it was never assigned.
    let given: BTreeSet<usize> = images
        .iter()
        .filter_map(|image| image.named)
        .chain(truths.iter().flatten().copied())
        .collect();
    let mut rows = BTreeMap::<(bool, &str), Vec<usize>>::new();
    for (image, truth) in images.iter().zip(truths) {
        let counts = rows
            .entry((truth.is_none(), &image.entry.origin))
            .or_insert_with(|| vec![0; given.len() + 1]);
        let column = image.named.and_then(|named| given.iter().position(|given| *given == named));
        counts[column.unwrap_or(given.len())] += 1;
    }
    let name = |caption: &usize| captions.name(*caption).unwrap_or_default().to_owned();
    let columns = given.iter().map(name).chain(["unknown generator".to_owned()]).collect();
    let rows = rows
        .into_iter()
        .map(|((unknown, generator), counts)| AttributionRow {
            generator: generator.to_owned(),
            known: !unknown,
            counts,
        })
        .collect();
    (columns, rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Label, Role};

    fn entry(origin: &str, family: &str) -> Entry {
        Entry {
            row: 1,
            file: String::new(),
            label: Label::Ai,
            role: Role::Test,
            origin: origin.to_owned(),
            content: String::new(),
            other: BTreeMap::from([("family".to_owned(), family.to_owned())]),
        }
    }

    #[test]
    fn figures_by_hand() {
        let images = |origin, family| ImageSource::Generated { origin, family };
        let training = [
            ImageSource::Real,
            images("flux", "diffusion"),
            images("sd", "diffusion"),
            images("gan1", "gan"),
        ];
        // Captions: real, flux, gan1, sd, then the families diffusion, gan.
        let captions = CaptionSet::new(training, 1).unwrap();
        let entries = [
            entry("sd", "diffusion"),
            entry("flux", "diffusion"),
            entry("new", "diffusion"),
            entry("gan-unknown", "unknown"),
        ];
        let said = |entry: usize, named: Option<usize>, best: usize, share, family| Attributed {
            entry: &entries[entry],
            named,
            best: (Some(best), share),
            family: Some(family),
        };
        let attributed = [
            said(0, Some(3), 3, 0.9, 4),
            said(0, Some(3), 3, 0.8, 4),
            said(0, Some(1), 1, 0.7, 4),
            said(1, None, 1, 0.3, 5),
            said(2, Some(1), 1, 0.6, 4),
            said(2, None, 3, 0.2, 5),
            said(3, None, 2, 0.1, 5),
        ];
        let figures = measure(&attributed, &captions).unwrap();
        assert_eq!((figures.known_generators, figures.present_generators), (3, 2));
        assert_eq!((figures.known_images, figures.unknown_images), (4, 3));
        // sd: TP 2, FN 1, FP 0: F1 .8. flux: TP 0: 0.
        assert_eq!(figures.macro_f1, Some(0.4));
        assert_eq!(figures.named_rightly.unwrap().rate, 0.5);
        assert_eq!(figures.named_wrongly.unwrap().rate, 0.25);
        assert_eq!(figures.unknown_named.unwrap().rate, rounded(1.0 / 3.0));
        // Of six images of a known family, the fourth and the sixth are wrong.
        assert_eq!(
            (figures.family_accuracy.unwrap().rate, figures.family_accuracy.unwrap().n),
            (rounded(4.0 / 6.0), 6)
        );
        // Shares of unknown ones: .6, .2, .1. Above .6: two of four right; above .2 and .1: three
        // (flux at .3).
        assert_eq!(figures.oscr, Some(rounded((0.5 + 0.75 + 0.75) / 3.0)));
        assert_eq!(figures.columns, ["flux", "sd", "unknown generator"]);
        let rows: Vec<(&str, bool, &[usize])> = figures
            .rows
            .iter()
            .map(|row| (row.generator.as_str(), row.known, row.counts.as_slice()))
            .collect();
        let expected: [(&str, bool, &[usize]); 4] = [
            ("flux", true, &[0, 0, 1]),
            ("sd", true, &[1, 2, 0]),
            ("gan-unknown", false, &[0, 0, 1]),
            ("new", false, &[1, 0, 1]),
        ];
        assert_eq!(rows, expected);
        assert_eq!(measure(&[], &captions), None);
    }

    #[test]
    fn what_cannot_be_measured_is_left_out() {
        let training =
            [ImageSource::Real, ImageSource::Generated { origin: "sd", family: "diffusion" }];
        let captions = CaptionSet::new(training, 1).unwrap();
        let unknown = entry("new", "");
        let head = AttributionHead { captions, width: 1, scale: 1.0, threshold: 0.6 };
        // Two captions of equal logits share p(AI): the generator's half is below the threshold.
        let attributed = Attributed::new(&unknown, &[0.0, 1.0, 1.0], &head).unwrap();
        assert_eq!(
            (attributed.named, attributed.best, attributed.family),
            (None, (Some(1), 0.5), Some(2))
        );
        assert!(Attributed::new(&unknown, &[0.0, f32::NAN, 1.0], &head).is_err());
        let figures = measure(&[attributed], &head.captions).unwrap();
        assert_eq!((figures.macro_f1, figures.named_rightly, figures.oscr), (None, None, None));
        assert_eq!((figures.family_accuracy, figures.unknown_named.unwrap().rate), (None, 0.0));
    }
}
