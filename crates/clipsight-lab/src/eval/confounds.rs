//! The confound gate of a data set: how well a classifier that sees no pixel does.
//!
//! If generated images were stored larger, or as PNG, a detector could score well by that alone,
//! and fail on the first screenshot. So a classifier that sees only how a file is stored is fitted
//! on role `fit` and measured on the evaluated role, as the detector is. It must be about as good
//! as a coin toss, or no other figure counts.

use clipsight::Result;
use clipsight_measure::confounds::{Confounds, LIMIT, Stored, separation, size_features};
use clipsight_measure::figures::rounded;
use clipsight_native::io;
use rayon::prelude::*;

use crate::dataset::{Dataset, Entry, Label, Role};

/// Measures the confounds; `None` if the manifest has no images of both classes to fit on.
///
/// # Errors
/// When a file cannot be read.
pub(super) fn measure(dataset: &Dataset, role: Role) -> Result<Option<Confounds>> {
    let fit = dataset.role(Role::Fit);
    let evaluated = dataset.role(role);
    let both = |entries: &[Entry]| {
        [Label::Ai, Label::Real]
            .iter()
            .all(|label| entries.iter().any(|entry| entry.label == *label))
    };
    if !both(&fit) || !both(&evaluated) {
        return Ok(None);
    }
    let stored = |entries: &[Entry]| -> Result<Vec<Stored>> {
        entries
            .par_iter()
            .map(|entry| Stored::read(&io::read_image(&dataset.root.join(&entry.file))?))
            .collect()
    };
    let (fit_files, files) = (stored(&fit)?, stored(&evaluated)?);
    let of_stored = |with_length: bool| {
        let rows = |files: &[Stored], entries: &[Entry]| {
            let features = files.iter().map(|file| file.features(with_length));
            features.zip(entries).map(labelled).collect::<Vec<_>>()
        };
        separation(&rows(&fit_files, &fit), &rows(&files, &evaluated))
    };
    let (Some(stored), Some(stored_with_length)) = (of_stored(false), of_stored(true)) else {
        return Ok(None);
    };
    let of_originals = |habits: bool| {
        let rows = |entries: &[Entry]| -> Option<Vec<_>> {
            let row = |entry: &Entry| Some(labelled((original_features(entry, habits)?, entry)));
            entries.iter().map(row).collect()
        };
        separation(&rows(&fit)?, &rows(&evaluated)?).map(rounded)
    };
    Ok(Some(Confounds {
        stored: rounded(stored),
        stored_with_length: rounded(stored_with_length),
        originals: of_originals(false),
        originals_and_habits: of_originals(true),
        limit: LIMIT,
        passed: rounded(stored) <= LIMIT,
        stored_interval: None,
    }))
}

fn labelled((features, entry): (Vec<f64>, &Entry)) -> (Vec<f64>, bool) {
    (features, entry.label == Label::Ai)
}

/// Width, height and format before packing, from the manifest's columns.
fn original_features(entry: &Entry, habits: bool) -> Option<Vec<f64>> {
    const FORMATS: [&str; 4] = ["JPEG", "PNG", "WEBP", "GIF"];
    let side =
        |column: &str| entry.other.get(column)?.parse::<f64>().ok().filter(|side| *side >= 1.0);
    let format = entry.other.get("orig_format")?;
    let mut features = size_features(side("orig_width")?, side("orig_height")?, habits);
    features.extend(FORMATS.map(|known| f64::from(u8::from(format.eq_ignore_ascii_case(known)))));
    Some(features)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn originals_need_their_columns() {
        let mut entry = Entry {
            row: 1,
            file: String::new(),
            label: Label::Ai,
            role: Role::Fit,
            origin: String::new(),
            content: String::new(),
            other: std::collections::BTreeMap::new(),
        };
        assert_eq!(original_features(&entry, true), None);
        for (column, value) in
            [("orig_width", "1024"), ("orig_height", "768"), ("orig_format", "png")]
        {
            entry.other.insert(column.to_owned(), value.to_owned());
        }
        assert!(original_features(&entry, true).is_some());
        entry.other.insert("orig_width".to_owned(), "0".to_owned());
        assert_eq!(original_features(&entry, true), None);
    }
}
