//! Fits an attribution head on the features of a frozen encoder: caption matching (method M1)
//! without touching the tower that ships.
//!
//! The image side is one linear map of the features, the text side a small text tower trained from
//! scratch ([`CaptionTower`]); both learn together under the two-way [`caption_loss`]. What is left
//! of the text tower at inference is one constant vector a caption. Features are standardised while
//! it learns, and the standardisation is folded into the map.
//!
//! A generator nobody trained on should get no name. The threshold for that comes from images of
//! such generators ([`open_set_threshold`]).

use crate::train::captions::CaptionsOfImages as _;
use std::collections::BTreeMap;

use burn::module::{Module, Param};
use burn::nn;
use burn::tensor::{Device, Tensor, TensorData};
use clipsight_measure::fit::{FeatureMatrix, moments};
use rayon::ThreadPoolBuilder;

use super::captions::{
    Attribution, CaptionSet, CaptionTower, ImageSource, attribute, caption_logits, caption_loss,
};
use super::parameters::{values_of, with_values};
use super::trainer::{Schedule, Trainer};
use clipsight::heads::AttributionHead;
use clipsight::rng::Rng;
use clipsight::weights::{HostTensor, Q8};
use clipsight::{Error, ErrorKind, Result};

/// The recipe.
#[derive(Clone, Debug, PartialEq)]
pub struct AttributionConfig {
    /// Width of the space in which images and captions meet.
    pub width: usize,
    /// Fewest images that a generator must have to get a caption of its own; every row of features
    /// counts as one.
    pub minimum: usize,
    /// The captions; without them they are made from the images at hand.
    pub captions: Option<CaptionSet>,
    /// Steps in all.
    pub steps: usize,
    /// Steps over which learning rates rise to their full value; they then fall to zero along a
    /// half cosine.
    pub warm_up: usize,
    /// Images a step, drawn by their weights.
    pub batch: usize,
    /// Learning rate of the projection.
    pub learning_rate: f64,
    /// Learning rate of the text tower and the scale.
    pub text_learning_rate: f64,
    /// Weight decay of matrices; vectors have none.
    pub weight_decay: f64,
    /// Share of the features that a step hides, image by image; the others are scaled up by as
    /// much.
    pub dropout: f64,
    /// Share of every target that is spread evenly over all captions.
    pub label_smoothing: f32,
    /// Share of a generated image's target that its family gets; the rest is its generator's.
    pub family_share: f32,
    /// Weight of the direction text -> image in the loss.
    pub text_share: f64,
    /// Seed of everything random.
    pub seed: u64,
}

impl Default for AttributionConfig {
    /// Chosen on images of `fit` that were held out of training; see
    /// `studies/compact/captions.md`.
    fn default() -> Self {
        Self {
            width: 64,
            minimum: 60,
            captions: None,
            steps: 500,
            warm_up: 60,
            batch: 256,
            learning_rate: 1e-3,
            text_learning_rate: 1e-3,
            weight_decay: 0.1,
            dropout: 0.5,
            label_smoothing: 0.05,
            family_share: 0.3,
            text_share: 0.3,
            seed: 1,
        }
    }
}

/// The trainable head: a linear map of the features, and the captions that its result is compared
/// with.
#[derive(Module, Debug)]
pub struct CaptionNetwork {
    projection: nn::Linear,
    captions: CaptionTower,
}

impl CaptionNetwork {
    /// A network with random weights for `set`, reading `features` features.
    ///
    /// # Errors
    /// As [`CaptionTower::random`].
    pub fn random(
        set: &CaptionSet,
        features: usize,
        width: usize,
        seed: u64,
        device: &Device,
    ) -> Result<Self> {
        let mut rng = Rng::new(seed ^ 0x9A0B_57A7_E000_0001);
        let deviation = (features.max(1) as f64).sqrt().recip();
        let weight: Vec<f32> =
            (0..features * width).map(|_| (deviation * rng.normal()) as f32).collect();
        let tensor = Tensor::from_data(TensorData::new(weight, [features, width]), device);
        let bias = Tensor::from_data(TensorData::new(vec![0.0_f32; width], [width]), device);
        let projection =
            nn::Linear { weight: Param::from_tensor(tensor), bias: Some(Param::from_tensor(bias)) };
        Ok(Self { projection, captions: CaptionTower::random(set, width, seed, device)? })
    }

    /// Features `[images, features]` -> logits `[images, captions]`.
    #[must_use]
    pub fn logits(&self, features: Tensor<2>) -> Tensor<2> {
        self.captions.logits(self.projection.forward(features))
    }
}

/// A fitted head: what ships, and what fine-tuning can go on from.
#[derive(Clone, Debug)]
pub struct FittedAttribution {
    /// What the manifest says of it.
    pub head: AttributionHead,
    /// Its tensors, under the names of [`AttributionHead::TENSORS`].
    pub tensors: BTreeMap<String, HostTensor>,
    /// Every parameter of the [`CaptionNetwork`] in its order, the standardisation folded in.
    pub(super) parameters: Vec<Vec<f32>>,
}

impl FittedAttribution {
    /// Reads a network whose projection takes features as they are.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] when it holds a value that is not finite.
    pub(super) fn of(network: &CaptionNetwork, set: CaptionSet, threshold: f64) -> Result<Self> {
        let broken =
            || Error::new(ErrorKind::Internal, "the trained captions are not finite numbers");
        let read = |tensor: Tensor<2>| {
            let data = tensor.into_data().try_into_vec::<f32>().map_err(|_| broken())?;
            if data.iter().all(|value| value.is_finite()) { Ok(data) } else { Err(broken()) }
        };
        let [_, width] = network.projection.weight.val().dims();
        let projection = network.projection.weight.val().transpose();
        let features = projection.dims()[1];
        let bias = network.projection.bias.as_ref().ok_or_else(broken)?.val();
        let captions = network.captions.embeddings();
        let [count, _] = captions.dims();
        let [projection_name, bias_name, captions_name] =
            AttributionHead::TENSORS.map(str::to_owned);
        let scale =
            read(network.captions.scale().unsqueeze())?.first().copied().ok_or_else(broken)?;
        let tensors = BTreeMap::from([
            (projection_name, HostTensor::new(vec![width, features], read(projection)?)?),
            (bias_name, HostTensor::new(vec![width], read(bias.unsqueeze())?)?),
            (captions_name, HostTensor::new(vec![count, width], read(captions)?)?),
        ]);
        let head = AttributionHead { captions: set, width, scale, threshold };
        Ok(Self { head, tensors, parameters: values_of(network) })
    }

    /// The network to train on, over `features` features; its parameters are a copy.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] when it was fitted on other features.
    pub(super) fn network(
        &self,
        features: usize,
        seed: u64,
        device: &Device,
    ) -> Result<CaptionNetwork> {
        let AttributionHead { captions, width, .. } = &self.head;
        let network = CaptionNetwork::random(captions, features, *width, seed, device)?;
        let lengths = |values: &[Vec<f32>]| values.iter().map(Vec::len).collect::<Vec<_>>();
        if lengths(&values_of(&network)) != lengths(&self.parameters) {
            let message = "the attribution head to start from reads other features";
            return Err(Error::new(ErrorKind::Argument, message));
        }
        Ok(with_values(network, &self.parameters, device))
    }

    /// The head as models store it: its matrices in 8 bits and back.
    #[must_use]
    pub fn stored(&self) -> Self {
        let mut stored = self.clone();
        for tensor in stored.tensors.values_mut() {
            if let [_, columns] = tensor.shape[..] {
                tensor.data = Q8::quantize(&tensor.data, columns).dequantize(columns);
            }
        }
        stored
    }

    /// The logits of every row of transformed features, one list per row.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] for features of another width.
    pub fn logits(&self, features: &FeatureMatrix) -> Result<Vec<Vec<f32>>> {
        let [projection, bias, captions] =
            AttributionHead::TENSORS.map(|name| self.tensors.get(name));
        let (Some(projection), Some(bias), Some(captions)) = (projection, bias, captions) else {
            return Err(Error::new(ErrorKind::Internal, "an attribution head lacks a tensor"));
        };
        let wide = projection.shape.get(1).copied().unwrap_or(0);
        if features.width != wide {
            let message = format!("attribution reads {wide} features, not {}", features.width);
            return Err(Error::new(ErrorKind::Argument, message));
        }
        let device = Device::flex();
        let width = self.head.width;
        let matrix = |tensor: &HostTensor| {
            let shape = [
                tensor.data.len() / tensor.shape.last().copied().unwrap_or(1).max(1),
                tensor.shape.last().copied().unwrap_or(1),
            ];
            Tensor::<2>::from_data(TensorData::new(tensor.data.clone(), shape), &device)
        };
        let (projection, captions) = (matrix(projection).transpose(), matrix(captions));
        let bias = Tensor::<1>::from_data(TensorData::new(bias.data.clone(), [width]), &device);
        let scale = Tensor::<1>::from_data(TensorData::new(vec![self.head.scale], [1]), &device);
        let mut logits = Vec::with_capacity(features.rows());
        for rows in features.data.chunks(ROWS * wide) {
            let values: Vec<f32> = rows.iter().map(|value| value.to_f32()).collect();
            let rows =
                Tensor::<2>::from_data(TensorData::new(values, [rows.len() / wide, wide]), &device);
            let images = rows.matmul(projection.clone()) + bias.clone().unsqueeze();
            let data = caption_logits(images, captions.clone(), scale.clone()).into_data();
            let data = data.try_into_vec::<f32>().map_err(|_| {
                Error::new(ErrorKind::Internal, "the logits of captions cannot be read")
            })?;
            logits.extend(data.chunks(self.head.captions.subjects().len()).map(<[f32]>::to_vec));
        }
        Ok(logits)
    }

    /// What every row of transformed features is attributed to, at the head's threshold.
    ///
    /// # Errors
    /// As [`logits`](Self::logits); [`ErrorKind::Argument`] for features that are not finite.
    pub fn attribute(&self, features: &FeatureMatrix) -> Result<Vec<Attribution>> {
        let AttributionHead { captions, threshold, .. } = &self.head;
        self.logits(features)?
            .iter()
            .map(|logits| attribute(logits, captions, *threshold))
            .collect()
    }
}

/// Rows at a time in [`FittedAttribution::logits`].
const ROWS: usize = 512;

/// Learns to match images with captions: `features` holds one row per image and variant, under the
/// model's transform; `images` and `weights` (positive, their scale does not matter) belong to the
/// rows. Its threshold is still to be set: it is 0 here, which always names a generator.
///
/// Runs on one thread, so that the result does not depend on how many cores there are.
///
/// # Errors
/// [`ErrorKind::Argument`] when rows, images and weights do not belong together, the recipe is
/// not valid, or there is nothing to tell apart (see [`CaptionSet::new`]); [`ErrorKind::Internal`]
/// when the loss is no longer finite.
pub fn fit_attribution(
    features: &FeatureMatrix,
    images: &[ImageSource<'_>],
    weights: &[f64],
    config: &AttributionConfig,
) -> Result<FittedAttribution> {
    let rows = features.rows();
    if rows == 0 || images.len() != rows || weights.len() != rows {
        let message = format!(
            "attribution needs an image and a weight for every row of features: {} and {} for \
             {rows}",
            images.len(),
            weights.len()
        );
        return Err(Error::new(ErrorKind::Argument, message));
    }
    let total: f64 = weights.iter().sum();
    if !(weights.iter().all(|weight| *weight >= 0.0) && total > 0.0 && total.is_finite()) {
        return Err(Error::new(
            ErrorKind::Argument,
            "the weights of images must be positive numbers",
        ));
    }
    let sound = config.width > 0
        && config.batch > 0
        && config.steps > 0
        && (0.0..1.0).contains(&config.dropout)
        && (0.0..1.0).contains(&config.label_smoothing)
        && (0.0..=1.0).contains(&config.text_share);
    if !sound {
        return Err(Error::new(ErrorKind::Argument, "the attribution recipe is not valid"));
    }
    let pool = ThreadPoolBuilder::new().num_threads(1).build().map_err(|error| {
        Error::new(ErrorKind::Internal, "a training thread cannot be started").with_source(error)
    })?;
    pool.install(|| {
        let weights: Vec<f64> = weights.iter().map(|weight| weight / total).collect();
        Fit { features, images, weights, config }.run()
    })
}

/// The head before any training, standardised on `features`: what a recipe starts from, and the
/// chance level to compare with. Its text tower has random weights, so there is nothing zero-shot
/// about it.
///
/// # Errors
/// As [`fit_attribution`].
pub fn untrained_attribution(
    features: &FeatureMatrix,
    captions: CaptionSet,
    config: &AttributionConfig,
) -> Result<FittedAttribution> {
    let device = Device::flex();
    let mut network =
        CaptionNetwork::random(&captions, features.width, config.width, config.seed, &device)?;
    let (mean, inverse) =
        standardisation(features, &vec![1.0 / features.rows().max(1) as f64; features.rows()]);
    fold(&mut network.projection, &mean, &inverse, &device)?;
    FittedAttribution::of(&network, captions, 0.0)
}

/// Means of features and one over their deviations, in single precision; `weights` sum to 1.
fn standardisation(features: &FeatureMatrix, weights: &[f64]) -> (Vec<f32>, Vec<f32>) {
    let (mean, inverse) = moments(features, weights);
    mean.iter().zip(&inverse).map(|(mean, inverse)| (*mean as f32, *inverse as f32)).unzip()
}

struct Fit<'a> {
    features: &'a FeatureMatrix,
    images: &'a [ImageSource<'a>],
    weights: Vec<f64>,
    config: &'a AttributionConfig,
}

impl Fit<'_> {
    fn run(&self) -> Result<FittedAttribution> {
        let config = self.config;
        let width = self.features.width;
        let set = match &config.captions {
            Some(set) => set.clone(),
            None => CaptionSet::new(self.images.iter().copied(), config.minimum)?,
        };
        let device = Device::flex().autodiff();
        let network = CaptionNetwork::random(&set, width, config.width, config.seed, &device)?;
        let (mean, inverse) = standardisation(self.features, &self.weights);
        // One micro-batch a step: captions choose among all images of the batch.
        let schedule = Schedule {
            steps: config.steps,
            warm_up: config.warm_up,
            micro_batches: 1,
            average: 0.0,
        };
        let rate = |path: &str| match path.starts_with("projection") {
            true => config.learning_rate,
            false => config.text_learning_rate,
        };
        let mut trainer =
            Trainer::new(network, device.clone(), schedule, config.weight_decay, rate);
        let ends: Vec<f64> = self
            .weights
            .iter()
            .scan(0.0, |sum, weight| {
                *sum += weight;
                Some(*sum)
            })
            .collect();
        let mut rng = Rng::new(config.seed ^ 0x9A0B_57A7_E000_0002);
        for _ in 0..config.steps {
            let rows: Vec<usize> = (0..config.batch)
                .map(|_| {
                    let draw = rng.uniform();
                    ends.partition_point(|end| *end <= draw).min(ends.len() - 1)
                })
                .collect();
            let batch = self.batch(&rows, &mean, &inverse, &mut rng);
            let batch =
                Tensor::<2>::from_data(TensorData::new(batch, [rows.len(), width]), &device);
            let images: Vec<ImageSource<'_>> = rows.iter().map(|row| self.images[*row]).collect();
            let mut targets = set.targets(&images, config.family_share, &device)?;
            let smooth = config.label_smoothing;
            let even = smooth / set.subjects().len() as f32;
            targets.targets = targets.targets * (1.0 - smooth) + even;
            trainer.step(|network, _| {
                let logits = network.logits(batch.clone());
                Ok(caption_loss(logits, &targets, None).total(config.text_share))
            })?;
        }
        let mut network = trainer.network;
        fold(&mut network.projection, &mean, &inverse, &device)?;
        FittedAttribution::of(&network, set, 0.0)
    }

    /// Standardised rows, some of their features hidden.
    fn batch(&self, rows: &[usize], mean: &[f32], inverse: &[f32], rng: &mut Rng) -> Vec<f32> {
        let drop = self.config.dropout;
        let scale = (1.0 / (1.0 - drop)) as f32;
        let mut batch = Vec::with_capacity(rows.len() * mean.len());
        for row in rows {
            let row = self.features.row(*row).iter().zip(mean.iter().zip(inverse));
            batch.extend(row.map(|(value, (mean, inverse))| (value.to_f32() - mean) * inverse));
        }
        if drop > 0.0 {
            batch
                .iter_mut()
                .for_each(|value| *value = if rng.chance(drop) { 0.0 } else { *value * scale });
        }
        batch
    }
}

/// Makes a map of standardised features one of the features themselves.
fn fold(projection: &mut nn::Linear, mean: &[f32], inverse: &[f32], device: &Device) -> Result<()> {
    let internal = || Error::new(ErrorKind::Internal, "the projection cannot be read back");
    let [features, width] = projection.weight.val().dims();
    let mut weight =
        projection.weight.val().into_data().try_into_vec::<f32>().map_err(|_| internal())?;
    let bias = projection.bias.as_ref().ok_or_else(internal)?.val();
    let mut bias: Vec<f64> = bias
        .into_data()
        .try_into_vec::<f32>()
        .map_err(|_| internal())?
        .into_iter()
        .map(f64::from)
        .collect();
    for (row, (mean, inverse)) in weight.chunks_mut(width).zip(mean.iter().zip(inverse)) {
        for (weight, bias) in row.iter_mut().zip(&mut bias) {
            *weight *= inverse;
            *bias -= f64::from(*weight) * f64::from(*mean);
        }
    }
    let bias: Vec<f32> = bias.into_iter().map(|value| value as f32).collect();
    let weight = Tensor::from_data(TensorData::new(weight, [features, width]), device);
    projection.weight = Param::from_tensor(weight);
    projection.bias =
        Some(Param::from_tensor(Tensor::from_data(TensorData::new(bias, [width]), device)));
    Ok(())
}

/// The least threshold at which at most `max_named` of the images of unknown generators are given
/// a name, from the [shares](Attribution::generator_share) that their best generator got. The lower
/// a threshold, the more images of known generators are named: of all thresholds that keep to the
/// bound, this one names the most of them correctly.
///
/// # Errors
/// [`ErrorKind::Argument`] when there is no share, or one is not between 0 and 1.
pub fn open_set_threshold(unknown: &[f64], max_named: f64) -> Result<f64> {
    if unknown.is_empty() || !unknown.iter().all(|share| (0.0..=1.0).contains(share)) {
        let message = "the open-set threshold needs images of generators that were not trained on";
        return Err(Error::new(ErrorKind::Argument, message));
    }
    let mut shares = unknown.to_vec();
    shares.sort_by(|a, b| b.total_cmp(a));
    let allowed = (max_named.clamp(0.0, 1.0) * shares.len() as f64).floor() as usize;
    let Some(first_refused) = shares.get(allowed).copied() else { return Ok(0.0) };
    // Between it and the next that is higher, so that rounding on another device moves neither over
    // the threshold.
    let higher = shares[..allowed]
        .iter()
        .rev()
        .find(|share| **share > first_refused)
        .copied()
        .unwrap_or(1.0);
    Ok(f64::midpoint(first_refused, higher))
}

#[cfg(test)]
mod tests {
    use half::f16;

    use super::*;

    fn config() -> AttributionConfig {
        AttributionConfig {
            width: 8,
            minimum: 20,
            steps: 120,
            warm_up: 5,
            learning_rate: 1e-2,
            batch: 32,
            ..AttributionConfig::default()
        }
    }

    const SOURCES: [ImageSource<'_>; 4] = [
        ImageSource::Real,
        ImageSource::Generated { origin: "sd15", family: "diffusion" },
        ImageSource::Generated { origin: "flux1", family: "diffusion" },
        ImageSource::Generated { origin: "stylegan2", family: "gan" },
    ];

    /// Every source leaves a mark in one of twelve noisy features, whose means and deviations
    /// differ; the last never varies.
    fn images(count: usize, seed: u64) -> (FeatureMatrix, Vec<ImageSource<'static>>) {
        let mut rng = Rng::new(seed);
        let mut data = Vec::new();
        let mut sources = Vec::new();
        for index in 0..count {
            let source = index % SOURCES.len();
            sources.push(SOURCES[source]);
            for feature in 0..12_u32 {
                let mark = if feature as usize == source { 3.0 } else { 0.0 };
                data.push(f16::from_f64((rng.normal() + mark) * (1.0 + f64::from(feature)) + 20.0));
            }
            data.push(f16::from_f64(5.0));
        }
        (FeatureMatrix { data, width: 13 }, sources)
    }

    #[test]
    fn learns_to_name_makers_of_images_not_seen() {
        let (features, sources) = images(240, 1);
        let fitted = fit_attribution(&features, &sources, &[1.0; 240], &config()).unwrap();
        assert_eq!(
            fitted.head.captions.subjects().len(),
            6,
            "real, three generators, two families"
        );
        let shapes: Vec<&[usize]> =
            fitted.tensors.values().map(|tensor| tensor.shape.as_slice()).collect();
        assert_eq!(shapes, [[8].as_slice(), &[6, 8], &[8, 13]], "bias, captions, projection");
        let [projection, _, captions] =
            AttributionHead::TENSORS.map(|name| &fitted.tensors[name].data);
        assert!(
            projection.chunks(13).all(|row| row[12] == 0.0),
            "what does not vary has no weight"
        );
        let lengths =
            captions.chunks(8).map(|row| row.iter().map(|value| value * value).sum::<f32>());
        assert!(lengths.into_iter().all(|square| (square - 1.0).abs() < 1e-5));

        let (features, sources) = images(80, 2);
        let found = fitted.attribute(&features).unwrap();
        let right = found.iter().zip(&sources).filter(|(found, source)| match source {
            ImageSource::Real => found.generated < 0.5,
            _ => {
                let set = &fitted.head.captions;
                found.generated > 0.5
                    && found.generator == set.generator(**source)
                    && found.family == set.family(**source)
            }
        });
        let right = right.count();
        // Marks of three deviations leave about one in ten in doubt.
        assert!(right >= 66, "{right} of 80");
    }

    #[test]
    fn the_same_seed_gives_the_same_head() {
        let (features, sources) = images(120, 1);
        let fit = |seed| {
            let config = AttributionConfig { steps: 5, seed, ..config() };
            fit_attribution(&features, &sources, &[1.0; 120], &config).unwrap().tensors
        };
        assert_eq!(fit(3), fit(3));
        assert_ne!(fit(3), fit(4));
    }

    #[test]
    fn images_without_weight_are_not_learnt_from() {
        let (features, sources) = images(160, 1);
        let mut wrong = sources.clone();
        wrong[80..].rotate_left(1);
        let weights: Vec<f64> = (0..160).map(|index| if index < 80 { 2.0 } else { 0.0 }).collect();
        let config = AttributionConfig { steps: 5, ..config() };
        let one = fit_attribution(&features, &sources, &weights, &config).unwrap();
        let other = fit_attribution(&features, &wrong, &weights, &config).unwrap();
        assert_eq!(one.tensors, other.tensors);
    }

    #[test]
    fn the_threshold_keeps_to_its_bound() {
        let shares = [0.1, 0.9, 0.5, 0.3, 0.7];
        let named = |threshold: f64| shares.iter().filter(|share| **share >= threshold).count();
        for (most, expected, count) in
            [(0.0, 0.95, 0), (0.2, 0.8, 1), (0.59, 0.6, 2), (1.0, 0.0, 5)]
        {
            let threshold = open_set_threshold(&shares, most).unwrap();
            assert!((threshold - expected).abs() < 1e-12, "{most}: {threshold}");
            assert_eq!(named(threshold), count);
        }
        // Ties are refused together.
        assert!((open_set_threshold(&[0.5, 0.5, 0.5, 0.2], 0.5).unwrap() - 0.75).abs() < 1e-12);
        assert_eq!(open_set_threshold(&[], 0.2).unwrap_err().kind(), ErrorKind::Argument);
        assert_eq!(open_set_threshold(&[f64::NAN], 0.2).unwrap_err().kind(), ErrorKind::Argument);
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        let (features, sources) = images(80, 1);
        let refused = |sources: &[ImageSource<'_>], weights: &[f64], config: &AttributionConfig| {
            let error = fit_attribution(&features, sources, weights, config).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Argument, "{error}");
        };
        refused(&sources[1..], &[1.0; 80], &config());
        refused(&sources, &[1.0; 79], &config());
        refused(&sources, &[f64::NAN; 80], &config());
        refused(&sources, &[0.0; 80], &config());
        refused(&[ImageSource::Real; 80], &[1.0; 80], &config());
        refused(&sources, &[1.0; 80], &AttributionConfig { dropout: 1.0, ..config() });
        refused(&sources, &[1.0; 80], &AttributionConfig { label_smoothing: f32::NAN, ..config() });
        let fitted = fit_attribution(
            &features,
            &sources,
            &[1.0; 80],
            &AttributionConfig { steps: 1, ..config() },
        )
        .unwrap();
        let narrow = FeatureMatrix { data: vec![f16::ONE; 12], width: 12 };
        assert_eq!(fitted.logits(&narrow).unwrap_err().kind(), ErrorKind::Argument);
    }
}
