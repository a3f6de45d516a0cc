//! The labelled rows that ship beside a model, for heads that people teach.
//!
//! They are images of role `calibrate`, which no head of the model was fitted to: what the shipped
//! head says of them is what it says of images that it has not seen. Origins go either to the rows
//! that take part in every fit or to the check set, never to both, and both halves hold as many
//! generated images as real ones.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};

use clipsight::teach::{Label as Taught, Reference, References};
use clipsight::weights::sha256_hex;
use clipsight::{Error, ErrorKind, Result};
use clipsight_native::io::write_file;
use clipsight_native::runtime::{ModelFolder, REFERENCES, Runtime};

use crate::dataset::{Dataset, Entry, Label, Role, at_most};
use crate::features::{Extractor, RowCache, Variant, cache_for};

/// Images of each class in each half.
const ROWS: usize = 100;

/// Images of each origin of `fit` that centre and deviation of the features are taken from.
const PER_ORIGIN: u32 = 4;

/// A feature that varies less than this is taken as it is.
const LEAST_DEVIATION: f64 = 1e-6;

/// What is read and written.
#[derive(Clone, Debug)]
pub struct Options {
    /// Labelled images: a manifest.
    pub data: PathBuf,
    /// The model, which gets the file.
    pub model: Option<PathBuf>,
    /// Folder for computed features.
    pub cache: PathBuf,
}

/// Writes a model's references beside it.
///
/// # Errors
/// When model or images cannot be read, or the file not written; [`ErrorKind::Argument`] for a
/// model with a second network, whose verdict is not its head's alone.
pub fn run(options: &Options) -> Result<()> {
    let dataset = Dataset::read(&options.data)?;
    dataset.check_files()?;
    let folder = ModelFolder::find(options.model.as_deref());
    let runtime = Runtime::on_cpu(&folder)?;
    let detector = runtime.detector();
    let manifest = detector.manifest();
    if manifest.residual.is_some() {
        let message = "a model with a residual network cannot be taught: its head is half of it";
        return Err(Error::new(ErrorKind::Argument, message));
    }
    let rows = RowCache { root: &dataset.root, folder: cache_for(&options.cache, detector)? };
    let extractor = Extractor { detector, rows };
    let moments_of = at_most(dataset.role_of_both_classes(Role::Fit)?, PER_ORIGIN);
    let fit = extractor.transformed(Role::Fit, &moments_of, Variant::First)?;
    let (center, deviation) = moments(&fit.data, fit.width);

    let (entries, checks) = chosen(&dataset.role_of_both_classes(Role::Calibrate)?);
    let features = extractor.transformed(Role::Calibrate, &entries, Variant::First)?;
    let mut references = Vec::with_capacity(entries.len());
    for (at, (entry, check)) in entries.iter().zip(checks).enumerate() {
        let row = features.row(at).iter().map(|value| value.to_f32()).collect();
        let example = detector.example_from(row)?;
        let label = if entry.label == Label::Ai { Taught::Ai } else { Taught::Real };
        references.push(Reference {
            label,
            check,
            logit: example.logit,
            features: example.features,
        });
    }
    let bytes =
        References::new(manifest.weights_sha256(), center, deviation, references)?.to_bytes();
    let path = folder.path().join(REFERENCES);
    write_file(&path, &bytes)?;
    report(&path, &entries, bytes.len());
    Ok(())
}

fn report(path: &Path, entries: &[Entry], bytes: usize) {
    eprintln!("{} images, {bytes} bytes, in {}", entries.len(), path.display());
}

/// Mean and deviation of every feature.
fn moments(data: &[half::f16], width: usize) -> (Vec<f32>, Vec<f32>) {
    let count = (data.len() / width.max(1)).max(1) as f64;
    let (mut sums, mut squares) = (vec![0.0_f64; width], vec![0.0_f64; width]);
    for row in data.chunks_exact(width.max(1)) {
        for (at, value) in row.iter().enumerate() {
            sums[at] += value.to_f64();
            squares[at] += value.to_f64().powi(2);
        }
    }
    sums.iter()
        .zip(&squares)
        .map(|(sum, square)| {
            let mean = sum / count;
            let deviation = (square / count - mean * mean).max(0.0).sqrt();
            let deviation = if deviation < LEAST_DEVIATION { 1.0 } else { deviation };
            (mean as f32, deviation as f32)
        })
        .unzip()
}

/// The images of both halves, and whether each belongs to the check set. Of every class, origins go
/// to the halves in turn, in the order of their names' hashes; of every half, images are taken from
/// its origins in turn.
fn chosen(entries: &[Entry]) -> (Vec<Entry>, Vec<bool>) {
    let mut images = Vec::new();
    let mut checks = Vec::new();
    for label in [Label::Ai, Label::Real] {
        let mut origins: BTreeMap<String, Vec<(String, &Entry)>> = BTreeMap::new();
        for entry in entries.iter().filter(|entry| entry.label == label) {
            let image = (sha256_hex(entry.file.as_bytes()), entry);
            origins.entry(sha256_hex(entry.origin.as_bytes())).or_default().push(image);
        }
        for check in [false, true] {
            let half = origins.values().skip(usize::from(check)).step_by(2);
            let mut queues: VecDeque<VecDeque<&Entry>> = half
                .map(|images| {
                    let mut images = images.clone();
                    images.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
                    images.into_iter().map(|(_, entry)| entry).collect()
                })
                .collect();
            let mut taken = 0;
            while let Some(mut queue) = queues.pop_front().filter(|_| taken < ROWS) {
                if let Some(entry) = queue.pop_front() {
                    images.push(entry.clone());
                    checks.push(check);
                    taken += 1;
                    queues.push_back(queue);
                }
            }
        }
    }
    (images, checks)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn entry(row: usize, origin: usize, label: Label) -> Entry {
        Entry {
            row,
            file: format!("{label:?}/{origin}/{row}.jpg"),
            label,
            role: Role::Calibrate,
            origin: format!("{label:?}-{origin}"),
            content: "photo".to_owned(),
            other: BTreeMap::new(),
        }
    }

    #[test]
    fn halves_are_balanced_and_share_no_origin() {
        let mut entries = Vec::new();
        for row in 0..1200 {
            // Sizes from 3 to some hundred.
            let origin = (row as f64).sqrt() as usize;
            let label = if row % 3 == 0 { Label::Ai } else { Label::Real };
            entries.push(entry(row, origin, label));
        }
        let (images, checks) = chosen(&entries);
        let mut origins = [BTreeSet::new(), BTreeSet::new()];
        for check in [false, true] {
            for label in [Label::Ai, Label::Real] {
                let of = images.iter().zip(&checks);
                let of: Vec<_> =
                    of.filter(|(image, half)| image.label == label && **half == check).collect();
                assert_eq!(of.len(), ROWS, "{label:?} {check}");
                origins[usize::from(check)]
                    .extend(of.into_iter().map(|(image, _)| image.origin.clone()));
            }
        }
        assert!(origins[0].is_disjoint(&origins[1]));
        assert_eq!(chosen(&entries).1, checks);
        // What is there once is taken once.
        let rows: BTreeSet<_> = images.iter().map(|image| image.row).collect();
        assert_eq!(rows.len(), images.len());
        let (few, _) = chosen(&entries[..30]);
        assert_eq!(few.len(), 30);
    }

    #[test]
    fn moments_by_hand() {
        let data = [1.0, 5.0, 3.0, 5.0].map(half::f16::from_f32);
        assert_eq!(moments(&data, 2), (vec![2.0, 5.0], vec![1.0, 1.0]));
    }
}
