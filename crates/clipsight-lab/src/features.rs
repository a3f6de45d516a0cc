//! Features of labelled images, computed once: every command that learns from an encoder reads them
//! from here.

use std::collections::HashMap;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use clipsight::calibration::MIN_GRADED_SIDE;
use clipsight::image::{Filter, Preprocessing, Rgb8, ViewCount};
use clipsight::model::Detector;
use clipsight::rng::Rng;
use clipsight::weights::sha256_hex;
use clipsight::{Error, ErrorKind, Result};
use clipsight_measure::fit::FeatureMatrix;
use clipsight_native::io::{read_file, read_image};
use clipsight_native::picture::decode;
use clipsight_native::progress::progress;
use half::f16;
use rayon::prelude::*;

use crate::dataset::{Entry, Role};
use crate::perturb::{Chroma, Perturbation, Size};

/// Views of `ViewCount::Five` beside the first.
pub(crate) const CORNERS: usize = 4;

/// Images per step: enough to keep all cores busy, few enough to lose little when interrupted.
const STEP: usize = 16;

/// The change of an image before its features are computed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Variant {
    /// The first view.
    First,
    /// The four corner crops: four rows per image.
    Corners,
    /// A random perturbation, the same for the same seed, copy and image.
    Augmented { seed: u64, copy: u32 },
    /// The same, then one of its corner crops.
    AugmentedCrop { seed: u64, copy: u32 },
    /// A fixed perturbation, then the first view.
    Perturbed(Fixed),
}

/// Perturbations that are the same for every image.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fixed {
    /// Encoded as JPEG 60, 4:2:0.
    Jpeg60,
    /// Reduced to half of the sides.
    Half,
    /// Reduced to a short side of 96 pixels.
    Thumbnail,
}

impl Fixed {
    /// Its part of a cache file's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Jpeg60 => "jpeg60",
            Self::Half => "half",
            Self::Thumbnail => "thumbnail",
        }
    }

    pub(crate) fn perturbation(self) -> Perturbation {
        match self {
            Self::Jpeg60 => Perturbation::Jpeg { quality: 60, chroma: Chroma::Quarter },
            Self::Half => Perturbation::Resize { size: Size::Scale(0.5), filter: Filter::Bicubic },
            Self::Thumbnail => {
                let size = Size::ShortSideAtMost(96);
                Perturbation::Resize { size, filter: Filter::Bicubic }
            }
        }
    }
}

impl Variant {
    /// Name of the cache file.
    fn name(self) -> String {
        match self {
            Self::First => "first".to_owned(),
            Self::Corners => "corners".to_owned(),
            Self::Augmented { seed, copy } => format!("augmented-{seed}-{copy}"),
            Self::AugmentedCrop { seed, copy } => format!("augmented-crop-{seed}-{copy}"),
            Self::Perturbed(fixed) => fixed.name().to_owned(),
        }
    }

    fn views(
        self,
        image: &Rgb8,
        of_image: u64,
        preprocessing: &Preprocessing,
    ) -> Result<Vec<Rgb8>> {
        match self {
            Self::First => preprocessing.views(image, ViewCount::One),
            Self::Corners => Ok(preprocessing.views(image, ViewCount::Five)?.split_off(1)),
            Self::Augmented { seed, copy } => {
                let mut rng = Rng::new(seed ^ (u64::from(copy) << 40) ^ (of_image << 8));
                let perturbed =
                    Perturbation::random(&mut rng, MIN_GRADED_SIDE).apply(image, &mut rng)?;
                preprocessing.views(&perturbed, ViewCount::One)
            }
            Self::AugmentedCrop { seed, copy } => {
                let mut rng =
                    Rng::new(seed ^ (u64::from(copy) << 40) ^ (of_image << 8) ^ (1 << 62));
                let perturbed =
                    Perturbation::random(&mut rng, MIN_GRADED_SIDE).apply(image, &mut rng)?;
                let mut views = preprocessing.views(&perturbed, ViewCount::Five)?;
                Ok(vec![views.swap_remove(1 + rng.below(CORNERS as u32) as usize)])
            }
            Self::Perturbed(fixed) => preprocessing.views(
                &fixed.perturbation().apply(image, &mut Rng::new(of_image))?,
                ViewCount::One,
            ),
        }
    }
}

/// Runs `work` on the pixels of a row's image.
///
/// # Errors
/// When the image cannot be read, and those of `work`, naming the row.
pub(crate) fn with_pixels<T>(
    root: &Path,
    entry: &Entry,
    work: impl FnOnce(&Rgb8) -> Result<T>,
) -> Result<T> {
    read_image(&root.join(&entry.file))
        .and_then(|bytes| work(&decode(&bytes)?.pixels))
        .map_err(|error| of_row(root, entry, error))
}

/// The error, with the row and the path of the image that it is about.
pub(crate) fn of_row(root: &Path, entry: &Entry, error: Error) -> Error {
    let path = root.join(&entry.file);
    let message = format!("row {}, {}: {}", entry.row, path.display(), error.message());
    Error::new(error.kind(), message).with_source(error)
}

/// The folder below `parent` for values that depend on everything in `key`; created if missing.
///
/// # Errors
/// [`ErrorKind::Io`].
pub(crate) fn folder_for(parent: &Path, prefix: &str, key: &str) -> Result<PathBuf> {
    let folder = parent.join(format!("{prefix}{}", &sha256_hex(key.as_bytes())[..16]));
    std::fs::create_dir_all(&folder).map_err(|error| cannot("make", &folder, error))?;
    Ok(folder)
}

/// The folder for features of this model.
pub(crate) fn cache_for(parent: &Path, detector: &Detector) -> Result<PathBuf> {
    let manifest = detector.manifest();
    let key =
        format!("{} {:?} {:?}", manifest.weights_sha256(), manifest.preprocessing, manifest.head);
    folder_for(parent, "", &key)
}

/// Rows of values computed from images, kept in files: an interrupted run resumes from them.
pub(crate) struct RowCache<'a> {
    /// The folder that the images' paths start from.
    pub(crate) root: &'a Path,
    /// The folder of the files, which must exist. The caller names it after everything that the
    /// values depend on.
    pub(crate) folder: PathBuf,
}

impl RowCache<'_> {
    /// `width` values per image, from its pixels and its number; found in the file `name` or
    /// computed. Rows are found by what is in an image's file, and so is its number, a seed: a data
    /// set that has grown computes only what is new, and gets the same for what it had.
    ///
    /// # Errors
    /// That of the first image that cannot be read, with its path; [`ErrorKind::Io`] for the file.
    pub(crate) fn rows(
        &self,
        name: &str,
        entries: &[Entry],
        width: usize,
        compute: impl Fn(&Rgb8, u64) -> Result<Vec<f32>> + Sync,
    ) -> Result<Vec<f16>> {
        let path = self.folder.join(format!("{name}.rows"));
        let mut known = read_cached(&path, width)?;
        let numbers = self.numbers(entries)?;
        let mut missing: Vec<(u64, &Entry)> = numbers.iter().copied().zip(entries).collect();
        missing.retain(|(number, _)| !known.contains_key(number));
        if !missing.is_empty() {
            let bar = progress(missing.len(), name);
            let mut file = File::options()
                .append(true)
                .create(true)
                .open(&path)
                .map_err(|error| cannot("write", &path, error))?;
            for chunk in missing.chunks(STEP) {
                // One image a task: the encoder's own parallelism, within each product, would leave
                // cores waiting.
                let rows = chunk
                    .par_iter()
                    .map(|(number, entry)| {
                        let row = with_pixels(self.root, entry, |pixels| compute(pixels, *number))?;
                        Ok((*number, row.into_iter().map(f16::from_f32).collect()))
                    })
                    .collect::<Result<Vec<(u64, Vec<f16>)>>>()?;
                let mut bytes = Vec::with_capacity(rows.len() * record_bytes(width));
                for (number, row) in &rows {
                    bytes.extend(number.to_le_bytes());
                    bytes.extend(row.iter().flat_map(|value| value.to_le_bytes()));
                }
                file.write_all(&bytes).map_err(|error| cannot("write", &path, error))?;
                known.extend(rows);
                bar.inc(chunk.len() as u64);
            }
            bar.finish_and_clear();
        }
        let row = |number| known.get(number).map(Vec::as_slice).unwrap_or_default();
        Ok(numbers.iter().flat_map(row).copied().collect())
    }

    /// For every image the number that stands for what is in its file.
    pub(crate) fn numbers(&self, entries: &[Entry]) -> Result<Vec<u64>> {
        let number = |entry: &Entry| {
            let hash = sha256_hex(&read_image(&self.root.join(&entry.file))?);
            Ok(u64::from_str_radix(&hash[..16], 16).unwrap_or_default())
        };
        entries
            .par_iter()
            .map(|entry| number(entry).map_err(|error| of_row(self.root, entry, error)))
            .collect()
    }
}

/// Computes the features of a model's head, or finds them in the cache.
pub(crate) struct Extractor<'a> {
    pub(crate) detector: &'a Detector,
    pub(crate) rows: RowCache<'a>,
}

impl Extractor<'_> {
    /// The features of `entries` (all of one role, in the manifest's order): one row per image and
    /// view.
    fn features(&self, role: Role, entries: &[Entry], variant: Variant) -> Result<FeatureMatrix> {
        let width =
            self.detector.manifest().head.features().width(&self.detector.manifest().architecture);
        let rows_each = if matches!(variant, Variant::Corners) { CORNERS } else { 1 };
        let name = format!("{}-{}", role.name(), variant.name());
        let data = self.rows.rows(&name, entries, width * rows_each, |pixels, of_image| {
            let views = variant.views(pixels, of_image, &self.detector.manifest().preprocessing)?;
            pollster::block_on(self.detector.features(&views))
        })?;
        Ok(FeatureMatrix { data, width })
    }

    /// The features as the head sees them.
    pub(crate) fn transformed(
        &self,
        role: Role,
        entries: &[Entry],
        variant: Variant,
    ) -> Result<FeatureMatrix> {
        let transform = self.detector.manifest().head.transform();
        let token_width = self.detector.manifest().architecture.width;
        let mut features = self.features(role, entries, variant)?;
        features.data.par_chunks_mut(features.width.max(1)).for_each(|row| {
            let mut values: Vec<f32> = row.iter().map(|value| value.to_f32()).collect();
            transform.apply(&mut values, token_width);
            row.iter_mut().zip(values).for_each(|(stored, value)| *stored = f16::from_f32(value));
        });
        Ok(features)
    }
}

/// Bytes of an image's row in a cache: its number, and `width` values.
fn record_bytes(width: usize) -> usize {
    size_of::<u64>() + width * size_of::<f16>()
}

/// Rows computed earlier, by image. A run may have ended in the middle of a write: what is left of
/// a row is cut off.
fn read_cached(path: &Path, width: usize) -> Result<HashMap<u64, Vec<f16>>> {
    if !path.exists() {
        return Ok(HashMap::new());
    }
    let bytes = read_file(path)?;
    let records = bytes.chunks_exact(record_bytes(width));
    if !records.remainder().is_empty() {
        let whole = bytes.len() - records.remainder().len();
        let file =
            File::options().write(true).open(path).map_err(|error| cannot("write", path, error))?;
        file.set_len(whole as u64).map_err(|error| cannot("write", path, error))?;
    }
    Ok(records
        .filter_map(|record| {
            let (seed, row) = record.split_first_chunk()?;
            let row = row.as_chunks().0.iter().map(|bytes| f16::from_le_bytes(*bytes)).collect();
            Some((u64::from_le_bytes(*seed), row))
        })
        .collect())
}

/// The error of a file or folder that the program makes.
pub(crate) fn cannot(what: &str, path: &Path, error: std::io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("cannot {what} {}: {error}", path.display()))
        .with_source(error)
}
