//! Attribution heads learnt from a manifest's images: what training and studies share.

use clipsight::Result;
use clipsight_measure::fit::{FeatureMatrix, balanced_weights};

use crate::dataset::{Dataset, Entry, Label, Role, labels, origins};
use crate::features::{Extractor, Variant};
use crate::train::attribution::{
    AttributionConfig, FittedAttribution, fit_attribution, open_set_threshold,
};
use crate::train::captions::{CaptionSet, CaptionsOfImages as _, ImageSource};

/// Largest share of the images of unknown generators that may get a name.
pub(crate) const MAX_NAMED_SHARE: f64 = 0.2;

/// The exponent of an origin's size in its weight. Macro-F1 counts every generator equally: nearer
/// to that than the detector's.
const ORIGIN_POWER: f64 = 0.5;

/// Where an image comes from.
pub(crate) fn image_source(entry: &Entry) -> ImageSource<'_> {
    match entry.label {
        Label::Real => ImageSource::Real,
        Label::Ai => ImageSource::Generated {
            origin: &entry.origin,
            family: entry.other.get("family").map_or("", String::as_str),
        },
    }
}

/// The head learnt from images and their features under one or more variants, weights balanced by
/// class and origin.
///
/// # Errors
/// As [`fit_attribution`].
pub(crate) fn fitted(
    variants: &[(&[Entry], &FeatureMatrix)],
    config: &AttributionConfig,
) -> Result<FittedAttribution> {
    let width = variants.first().map_or(0, |(_, features)| features.width);
    let mut all = FeatureMatrix { data: Vec::new(), width };
    let (mut sources, mut weights) = (Vec::new(), Vec::new());
    for (entries, features) in variants {
        all.extend(features);
        sources.extend(entries.iter().map(image_source));
        weights.extend(balanced_weights(&labels(entries), &origins(entries), ORIGIN_POWER));
    }
    fit_attribution(&all, &sources, &weights, config)
}

/// The open-set threshold from the generated images whose generator has no caption.
///
/// # Errors
/// As [`open_set_threshold`]: there must be such images.
pub(crate) fn threshold(
    head: &FittedAttribution,
    entries: &[Entry],
    features: &FeatureMatrix,
) -> Result<f64> {
    let set = &head.head.captions;
    let unknown =
        |entry: &Entry| entry.label == Label::Ai && set.generator(image_source(entry)).is_none();
    let shares: Vec<f64> = entries
        .iter()
        .zip(head.attribute(features)?)
        .filter(|(entry, _)| unknown(entry))
        .map(|(_, found)| found.generator_share)
        .collect();
    open_set_threshold(&shares, MAX_NAMED_SHARE)
}

/// The attribution head of a model: learnt from all of `fit`, plain and augmented `copies` times.
///
/// # Errors
/// When images cannot be read, or there is nothing to distinguish.
pub(crate) fn of_fit(
    extractor: &Extractor<'_>,
    dataset: &Dataset,
    copies: u32,
    seed: u64,
) -> Result<FittedAttribution> {
    let fit = dataset.role(Role::Fit);
    let config = AttributionConfig { seed, ..AttributionConfig::default() };
    let copies = (1..=copies).map(|copy| Variant::Augmented { seed, copy });
    let variants = std::iter::once(Variant::First)
        .chain(copies)
        .map(|variant| extractor.transformed(Role::Fit, &fit, variant))
        .collect::<Result<Vec<_>>>()?;
    // Generators are counted by images, not by rows.
    let captions = Some(CaptionSet::new(fit.iter().map(image_source), config.minimum)?);
    let variants: Vec<(&[Entry], &FeatureMatrix)> =
        variants.iter().map(|features| (fit.as_slice(), features)).collect();
    fitted(&variants, &AttributionConfig { captions, ..config })
}

/// The head as a model stores it, its threshold set on `calibrate`, whose generators must not have
/// been trained on.
///
/// # Errors
/// When images cannot be read, or none is by an unknown generator.
pub(crate) fn finished(
    head: &FittedAttribution,
    extractor: &Extractor<'_>,
    dataset: &Dataset,
) -> Result<FittedAttribution> {
    let calibrate = dataset.role(Role::Calibrate);
    let features = extractor.transformed(Role::Calibrate, &calibrate, Variant::First)?;
    let mut stored = head.stored();
    let threshold = threshold(&stored, &calibrate, &features)?;
    stored.head.threshold = threshold;
    Ok(stored)
}
