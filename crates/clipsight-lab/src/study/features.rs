//! The features that the studies work on: an encoder's features of a view, whole and in parts.

use burn::tensor::Tensor;
use clipsight::clip::{FeatureSpec, Pool, VisionConfig};
use clipsight::image::{Filter, Preprocessing, Rgb8, ViewCount};
use clipsight::model::Detector;
use clipsight::rng::Rng;
use clipsight::weights::sha256_hex;
use clipsight::{Error, ErrorKind, Result};
use clipsight_measure::fit::FeatureMatrix;
use clipsight_native::dataset::Entry;
use clipsight_reference::tower;
use half::f16;

use crate::features::{CORNERS, Fixed, RowCache};

/// How a view is made of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    /// The short side resized to the encoder's input (bicubic), then the centre square: ClipDet's
    /// way.
    Resize,
    /// The centre square of the stored pixels.
    Crop,
    /// The four corner squares of the stored pixels: four rows per image.
    Corners,
}

impl View {
    fn name(self) -> &'static str {
        match self {
            Self::Resize => "resize",
            Self::Crop => "crop",
            Self::Corners => "corners",
        }
    }

    fn rows(self) -> usize {
        if self == Self::Corners { CORNERS } else { 1 }
    }

    /// The views, with the size and normalisation of `model`.
    fn of(self, image: &Rgb8, model: &Preprocessing) -> Result<Vec<Rgb8>> {
        let preprocessing = Preprocessing {
            resize_short_side: (self == Self::Resize).then_some(model.crop),
            enlarge: self == Self::Resize,
            filter: Filter::Bicubic,
            ..model.clone()
        };
        match self {
            Self::Resize | Self::Crop => preprocessing.views(image, ViewCount::One),
            Self::Corners => Ok(preprocessing.views(image, ViewCount::Five)?.split_off(1)),
        }
    }
}

/// Where the features stand in a row: for every layer, and once more after the final norm, class
/// token and mean token; then the projected embedding, where there is a projection.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    config: VisionConfig,
    spec: FeatureSpec,
}

impl Layout {
    pub(crate) fn of(config: &VisionConfig) -> Self {
        let layers = (1..=config.layers + 1).collect();
        Self {
            config: config.clone(),
            spec: FeatureSpec::pooled(layers, &[Pool::Class, Pool::Mean]),
        }
    }

    /// Class and mean token of all layers.
    pub(crate) fn all_layers(&self) -> std::ops::Range<usize> {
        0..self.spec.width(&self.config)
    }

    /// The class token after the final norm, before any projection.
    pub(crate) fn penultimate(&self) -> std::ops::Range<usize> {
        let start = self.spec.width(&self.config) - self.spec.pools.len() * self.config.width;
        start..start + self.config.width
    }

    /// The projected class token.
    pub(crate) fn projected(&self) -> Option<std::ops::Range<usize>> {
        let start = self.spec.width(&self.config);
        self.config.projection.map(|width| start..start + width)
    }

    fn whole(&self) -> usize {
        self.spec.width(&self.config) + self.config.projection.unwrap_or(0)
    }

    fn heads(&self) -> usize {
        self.config.layers * self.config.heads
    }

    /// Attention heads of a layer.
    pub(crate) fn heads_per_layer(&self) -> usize {
        self.config.heads
    }

    /// Length of the embedding and of every part of it.
    pub(crate) fn part(&self) -> usize {
        self.config.embedding_width()
    }
}

/// Features of images under one view and perturbation.
pub(crate) struct Features {
    /// See [`Layout`]; one row per view.
    pub(crate) whole: FeatureMatrix,
    /// For every embedding first what no head wrote (MLPs, the embedded class token, biases), then
    /// every head's part. Empty unless requested.
    pub(crate) parts: FeatureMatrix,
}

/// Computes features, or finds them in the cache.
pub(crate) struct FeatureSource<'a> {
    pub(crate) detector: &'a Detector,
    pub(crate) layout: Layout,
    pub(crate) rows: RowCache<'a>,
}

impl FeatureSource<'_> {
    /// The features of `entries`.
    ///
    /// # Errors
    /// That of the first image that cannot be read, and those of the cache's file.
    pub(crate) fn features(
        &self,
        entries: &[Entry],
        view: View,
        perturbation: Option<Fixed>,
        with_parts: bool,
    ) -> Result<Features> {
        let (whole, part) = (self.layout.whole(), self.layout.part());
        let parts = if with_parts { (1 + self.layout.heads()) * part } else { 0 };
        let name = format!(
            "{}-{}{}-{}",
            view.name(),
            perturbation.map_or("clean", Fixed::name),
            if with_parts { "-parts" } else { "" },
            fingerprint(entries)
        );
        let preprocessing = &self.detector.manifest().preprocessing;
        let data =
            self.rows.rows(&name, entries, (whole + parts) * view.rows(), |image, index| {
                let perturbed = match perturbation {
                    Some(fixed) => &fixed.perturbation().apply(image, &mut Rng::new(index))?,
                    None => image,
                };
                let views = view.of(perturbed, preprocessing)?;
                let mut values: Vec<f32> = Vec::with_capacity((whole + parts) * views.len());
                for (place, view) in views.iter().enumerate() {
                    // Corners of an image no larger than the view are all the same.
                    match views[..place].iter().position(|earlier| earlier == view) {
                        Some(same) => values.extend_from_within(
                            same * (whole + parts)..(same + 1) * (whole + parts),
                        ),
                        None => values.extend(self.encode(view, with_parts)?),
                    }
                }
                Ok(values)
            })?;
        let take = |range: std::ops::Range<usize>| FeatureMatrix {
            width: range.len(),
            data: data
                .chunks_exact(whole + parts)
                .flat_map(|row| row[range.clone()].iter().copied())
                .collect(),
        };
        Ok(Features { whole: take(0..whole), parts: take(whole..whole + parts) })
    }

    fn encode(&self, view: &Rgb8, with_parts: bool) -> Result<Vec<f32>> {
        let detector = self.detector;
        let pixels = clipsight_reference::pixels(detector, std::slice::from_ref(view))?;
        let (output, parts) = if with_parts {
            let (output, parts) = tower(detector)?.forward_in_parts(pixels, &self.layout.spec);
            let rest = parts.mlps.sum_dim(1).squeeze_dim::<2>(1) + parts.embedding + parts.biases;
            (output, Some((rest, parts.heads)))
        } else {
            (tower(detector)?.forward(pixels, &self.layout.spec), None)
        };
        let mut values = read(output.features)?;
        if self.layout.config.projection.is_some() {
            values.extend(read(output.embedding)?);
        }
        if let Some((rest, heads)) = parts {
            values.extend(read(rest)?);
            values.extend(read(heads)?);
        }
        // Stored in half precision, whose range ends at 65,504.
        if values.iter().all(|value| f16::from_f32(*value).is_finite()) {
            Ok(values)
        } else {
            Err(Error::new(
                ErrorKind::DeviceLost,
                "the encoder returned values that are not finite in half precision",
            ))
        }
    }
}

fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>> {
    tensor
        .into_data()
        .try_into_vec()
        .map_err(|_| Error::new(ErrorKind::Internal, "features are not f32"))
}

/// A name for exactly these images in this order.
fn fingerprint(entries: &[Entry]) -> String {
    let names: String = entries
        .iter()
        .map(|entry| {
            format!("{}\t{}\n", entry.file, entry.other.get("sha256").map_or("", String::as_str))
        })
        .collect();
    let mut name = sha256_hex(names.as_bytes());
    name.truncate(12);
    name
}
