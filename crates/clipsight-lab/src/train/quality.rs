//! Quality from learned prompts (method M2), after CLIP-AGIQA (Tang et al. 2024, arXiv 2408.15098).
//!
//! Six prompts share sixteen learned context vectors (CoOp, Zhou et al. 2022, arXiv 2109.01134) and
//! end in one of six words, from terrible to perfect. A frozen text tower encodes them; a
//! regression head reads the image's embedding of length one and the six prompts', likewise, and is
//! trained with squared error on the mean opinion score. Dropout, rates and the rest follow the
//! authors' code, see [`QualityRecipe`]; the last epoch is taken, where they pick the best one on
//! the test set.
//!
//! The prompts do not depend on the image. Once trained, their part of the first layer is a
//! constant that is added to its bias: [`QualityHead`] holds only that, so at inference there is
//! neither a text tower nor a prompt, and the model is exactly an image head whose first bias was
//! learned in a roundabout way. The image-only ablation tells what that is worth
//! (`text: None`).
//!
//! **The head that ships** ([`QualityRecipe::for_models`], [`QualityHead::to_model`]) is such an
//! image head, small, over the features as the model's own head sees them: standardised instead of
//! scaled to length one, which leaves inference nothing but the two products of [`QualityModel`].
//!
//! Augmentation: the encoder is frozen and its features are computed once, for the view and its
//! mirror image. The authors' random resized crops would change the quality that is to be learned.

use std::collections::{BTreeMap, HashMap};
use std::f64::consts::PI;

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::optim::decay::WeightDecayConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{GradientsParams, SgdConfig};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor, TensorData};
use clipsight_measure::metrics::{kendall, pearson, spearman};
use half::f16;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use serde::{Deserialize, Serialize};

use super::captions::normalized;
use clipsight::clip::TextConfig;
use clipsight::heads::QualityModel;
use clipsight::rng::Rng;
use clipsight::weights::{HostTensor, Q8, Storage};
use clipsight::{Error, ErrorKind, Result};
use clipsight_reference::init::{random_text_tower, restricted};
use clipsight_reference::{TextTower, TokenBatch, Tokenizer};

/// The words that the prompts end in, the worst first.
pub const WORDS: [&str; 6] = ["terrible", "bad", "poor", "average", "good", "perfect"];

/// Learned vectors of a prompt.
pub const CONTEXT: usize = 16;

/// Deviation of the context's first values.
const CONTEXT_DEVIATION: f64 = 0.02;

/// How a head is trained; the default is the published recipe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QualityRecipe {
    /// Passes over the images; the first at `warm_up_rate`.
    pub epochs: usize,
    /// Images a step.
    pub batch: usize,
    /// Width of the hidden layer.
    pub hidden: usize,
    /// First rate of the cosine that ends at zero.
    pub rate: f64,
    /// Rate of the first epoch.
    pub warm_up_rate: f64,
    /// Momentum, not dampened.
    pub momentum: f64,
    /// Weight decay, added to the gradient.
    pub weight_decay: f32,
    /// Whether features are standardised, after they are scaled to length one where they are (ours;
    /// folded into the first layer at the end). Embeddings of a plain vision transformer share a
    /// large common direction, beside which what differs between images is small; so is what the
    /// recipe's rate learns of it.
    pub standardize: bool,
    /// How matrices will be stored. The trained head is what storage makes of it, and its first
    /// bias makes up for what rounding does to the mean features.
    pub storage: Storage,
    /// Seed of everything random.
    pub seed: u64,
}

impl Default for QualityRecipe {
    fn default() -> Self {
        Self {
            epochs: 100,
            batch: 32,
            hidden: 512,
            rate: 0.002,
            warm_up_rate: 1e-5,
            momentum: 0.9,
            weight_decay: 5e-4,
            standardize: false,
            storage: Storage::F32,
            seed: 1,
        }
    }
}

impl QualityRecipe {
    /// The recipe of the head that models carry.
    #[must_use]
    pub fn for_models(storage: Storage, seed: u64) -> Self {
        Self { hidden: 32, standardize: true, storage, seed, ..Self::default() }
    }
}

/// The squared length that standardised features are scaled to on average: long enough to be
/// learned from at the recipe's rate, short enough for it not to diverge.
const STANDARD_LENGTH: f64 = 64.0;

/// Scored images: frozen features and mean opinion scores.
#[derive(Clone, Debug)]
pub struct ScoredFeatures {
    width: usize,
    views: usize,
    unit_length: bool,
    features: Vec<f32>,
    scores: Vec<f32>,
}

impl ScoredFeatures {
    /// `features` hold, for every image in turn, `views` rows of `width` values; they are scaled
    /// to length one.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] when the numbers do not fit together, or one is not finite.
    pub fn new(features: Vec<f32>, width: usize, views: usize, scores: Vec<f32>) -> Result<Self> {
        let mut samples = Self::unscaled(features, width, views, scores)?;
        samples.features.chunks_mut(width).for_each(to_length_one);
        samples.unit_length = true;
        Ok(samples)
    }

    /// Like [`new`](Self::new), but the features stay as they are: what heads for models learn
    /// from.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn unscaled(
        features: Vec<f32>,
        width: usize,
        views: usize,
        scores: Vec<f32>,
    ) -> Result<Self> {
        let wrong =
            |what: &str| Err(Error::new(ErrorKind::Argument, format!("scored images: {what}")));
        if width == 0 || views == 0 || features.len() != scores.len() * width * views {
            return wrong("the features do not fit the scores");
        }
        if !features.iter().chain(&scores).all(|value| value.is_finite()) {
            return wrong("a feature or score is not finite");
        }
        Ok(Self { width, views, unit_length: false, features, scores })
    }

    /// The number of images.
    #[must_use]
    pub fn images(&self) -> usize {
        self.scores.len()
    }

    fn row(&self, image: usize, view: usize) -> &[f32] {
        &self.features[(image * self.views + view) * self.width..][..self.width]
    }
}

fn to_length_one(row: &mut [f32]) {
    let length = row.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt().max(1e-12);
    row.iter_mut().for_each(|value| *value = (f64::from(*value) / length) as f32);
}

/// The frozen text tower with the six words' tokens.
#[derive(Clone, Debug)]
pub struct QualityText {
    tower: TextTower,
    words: TokenBatch,
}

impl QualityText {
    /// The prompts of a given tower, whose vocabulary is OpenAI's.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] when vocabulary or context are too small for the prompts.
    pub fn new(tower: TextTower) -> Result<Self> {
        Self::of(tower, &word_tokens())
    }

    /// A small tower with random weights, for encoders that no text tower belongs to. It turns
    /// contexts into features, but knows nothing of the words.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`] for an impossible width.
    pub fn random(width: usize, seed: u64, device: &Device) -> Result<Self> {
        let (words, vocabulary) = restricted(&word_tokens());
        let tower =
            random_text_tower(&TextConfig::small(vocabulary, width), &mut Rng::new(seed), device)?;
        Self::of(tower, &words)
    }

    fn of(tower: TextTower, words: &[Vec<u32>]) -> Result<Self> {
        let words = TokenBatch::new(words, tower.config())?;
        let longest = words.ends().iter().max().map_or(0, |end| end + 1) + CONTEXT;
        if longest > tower.config().context {
            let message =
                format!("the text tower's context is shorter than the prompts' {longest} tokens");
            return Err(Error::new(ErrorKind::Argument, message));
        }
        Ok(Self { tower: tower.no_grad(), words })
    }

    /// Length of the prompts' features.
    fn width(&self) -> usize {
        WORDS.len() * self.tower.config().projection
    }

    /// The prompts' features `[6, projection]`, of length one, for context vectors `[16, width]`.
    fn forward(&self, context: Tensor<2>) -> Tensor<2> {
        let embedded = self.tower.embed(&self.words);
        let [words, length, width] = embedded.dims();
        let start = embedded.clone().narrow(1, 0, 1);
        let rest = embedded.narrow(1, 1, length - 1);
        let context = context.unsqueeze::<3>().expand([words, CONTEXT, width]);
        let ends: Vec<usize> = self.words.ends().iter().map(|end| end + CONTEXT).collect();
        normalized(self.tower.forward_embedded(Tensor::cat(vec![start, context, rest], 1), &ends))
    }
}

fn word_tokens() -> Vec<Vec<u32>> {
    let tokenizer = Tokenizer::new();
    WORDS.iter().map(|word| tokenizer.encode(word, 77)).collect()
}

/// Everything that is trained.
#[derive(Module, Debug)]
struct QualityNetwork {
    context: Option<Param<Tensor<2>>>,
    hidden: Linear,
    output: Linear,
}

impl QualityNetwork {
    fn random(
        width: usize,
        text: Option<&QualityText>,
        hidden: usize,
        rng: &mut Rng,
        device: &Device,
    ) -> Self {
        // PyTorch's default for linear layers: uniform within one over the root of the input's
        // width.
        let mut linear = |input: usize, output: usize| {
            let bound = (input as f64).sqrt().recip();
            let mut values = |count: usize| -> Vec<f32> {
                (0..count).map(|_| rng.between(-bound, bound) as f32).collect()
            };
            let weight = TensorData::new(values(input * output), [input, output]);
            let bias = TensorData::new(values(output), [output]);
            Linear {
                weight: Param::from_tensor(Tensor::from_data(weight, device)),
                bias: Some(Param::from_tensor(Tensor::from_data(bias, device))),
            }
        };
        let hidden_layer = linear(width + text.map_or(0, QualityText::width), hidden);
        let output = linear(hidden, 1);
        let context = text.map(|text| {
            let width = text.tower.config().width;
            let values =
                (0..CONTEXT * width).map(|_| (CONTEXT_DEVIATION * rng.normal()) as f32).collect();
            Param::from_tensor(Tensor::from_data(
                TensorData::new::<f32, _>(values, [CONTEXT, width]),
                device,
            ))
        });
        Self { context, hidden: hidden_layer, output }
    }

    /// The prompts' features in one row, `[1, 6 * projection]`.
    fn prompts(&self, text: Option<&QualityText>) -> Option<Tensor<2>> {
        let (context, text) = (self.context.as_ref()?, text?);
        Some(text.forward(context.val()).reshape([1, text.width()]))
    }

    /// Scores `[batch]` of features `[batch, width]`; `masks` are what dropout multiplies the two
    /// layers' inputs by.
    fn forward(
        &self,
        features: Tensor<2>,
        text: Option<&QualityText>,
        masks: Option<(Tensor<2>, Tensor<2>)>,
    ) -> Tensor<1> {
        let [batch, _] = features.dims();
        let mut input = match self.prompts(text) {
            Some(prompts) => {
                let width = prompts.dims()[1];
                Tensor::cat(vec![features, prompts.expand([batch, width])], 1)
            }
            None => features,
        };
        let (before, between) = masks.unzip();
        if let Some(mask) = before {
            input = input * mask;
        }
        let mut hidden = relu(self.hidden.forward(input));
        if let Some(mask) = between {
            hidden = hidden * mask;
        }
        self.output.forward(hidden).squeeze_dim(1)
    }

    /// The head that needs no text: the prompts' part of the first layer is constant and goes into
    /// its bias, and so does the features' scaling.
    fn fold(
        &self,
        scaling: &Scaling,
        text: Option<&QualityText>,
        storage: Storage,
    ) -> Result<QualityHead> {
        let width = scaling.mean.len();
        let mut bias = self.hidden.bias.as_ref().map(|bias| bias.val()).ok_or_else(no_bias)?;
        let weight = self.hidden.weight.val();
        if let Some(prompts) = self.prompts(text) {
            let rows = weight.clone().narrow(0, width, prompts.dims()[1]);
            bias = bias + prompts.matmul(rows).squeeze_dim::<1>(0);
        }
        let weight = read(weight.narrow(0, 0, width).transpose())?;
        let mut head = QualityHead {
            width,
            unit_length: scaling.unit_length,
            hidden_weight: weight,
            hidden_bias: read(bias)?,
            output_weight: stored(read(self.output.weight.val())?, storage),
            output_bias: read(
                self.output.bias.as_ref().map(|bias| bias.val()).ok_or_else(no_bias)?,
            )?[0],
        };
        for (row, bias) in head.hidden_weight.chunks_mut(width).zip(&mut head.hidden_bias) {
            row.iter_mut().zip(&scaling.factor).for_each(|(weight, factor)| {
                *weight = (f64::from(*weight) * factor) as f32;
            });
            row.copy_from_slice(&stored(row.to_vec(), storage));
            let shift: f64 =
                row.iter().zip(&scaling.mean).map(|(weight, mean)| f64::from(*weight) * mean).sum();
            *bias = (f64::from(*bias) - shift) as f32;
        }
        Ok(head)
    }
}

/// What storage makes of a row of weights.
fn stored(row: Vec<f32>, storage: Storage) -> Vec<f32> {
    match storage {
        Storage::F32 => row,
        Storage::F16 => row.into_iter().map(|value| f16::from_f32(value).to_f32()).collect(),
        // Of a model in 6 or 4 bits, heads are stored in 8.
        Storage::Q8 | Storage::Q6 | Storage::Q4 => {
            Q8::quantize(&row, row.len()).dequantize(row.len())
        }
    }
}

fn no_bias() -> Error {
    Error::new(ErrorKind::Internal, "a layer of the quality head lost its bias")
}

fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>> {
    tensor
        .into_data()
        .try_into_vec()
        .map_err(|_| Error::new(ErrorKind::Internal, "a trained tensor cannot be read"))
}

/// What features go through before the first layer: `(x - mean) * factor`.
#[derive(Debug)]
struct Scaling {
    unit_length: bool,
    mean: Vec<f64>,
    factor: Vec<f64>,
}

impl Scaling {
    fn of(samples: &ScoredFeatures, images: &[usize], standardize: bool) -> Self {
        let (width, unit_length) = (samples.width, samples.unit_length);
        if !standardize {
            return Self { unit_length, mean: vec![0.0; width], factor: vec![1.0; width] };
        }
        let rows = || {
            images.iter().flat_map(|image| (0..samples.views).map(|view| samples.row(*image, view)))
        };
        let count = (images.len() * samples.views) as f64;
        let mut mean = vec![0.0; width];
        for row in rows() {
            mean.iter_mut().zip(row).for_each(|(sum, value)| *sum += f64::from(*value) / count);
        }
        let mut variance = vec![0.0; width];
        for row in rows() {
            for ((sum, value), mean) in variance.iter_mut().zip(row).zip(&mean) {
                *sum += (f64::from(*value) - mean).powi(2) / count;
            }
        }
        let length = (STANDARD_LENGTH / width as f64).sqrt();
        let factor = variance
            .iter()
            .map(|variance| if *variance > 1e-14 { length / variance.sqrt() } else { 0.0 })
            .collect();
        Self { unit_length, mean, factor }
    }

    fn apply(&self, row: &[f32]) -> impl Iterator<Item = f32> {
        row.iter()
            .zip(&self.mean)
            .zip(&self.factor)
            .map(|((value, mean), factor)| ((f64::from(*value) - mean) * factor) as f32)
    }
}

/// Trains a head on some of the images and takes it as the last epoch leaves it. `text: None` is
/// the image-only ablation. `watch` is called with every epoch and its mean squared error, dropout
/// included.
///
/// # Errors
/// [`ErrorKind::Argument`] when there is nothing to train on or the recipe is not valid;
/// [`ErrorKind::Internal`] when training diverges.
pub fn train(
    samples: &ScoredFeatures,
    images: &[usize],
    text: Option<&QualityText>,
    recipe: &QualityRecipe,
    mut watch: impl FnMut(usize, f64),
) -> Result<QualityHead> {
    if images.is_empty() || images.iter().any(|image| *image >= samples.images()) {
        return Err(Error::new(ErrorKind::Argument, "there are no images to train quality on"));
    }
    if recipe.epochs == 0 || recipe.batch == 0 || recipe.hidden == 0 {
        let message =
            "quality training needs at least one epoch, one image a step and one hidden unit";
        return Err(Error::new(ErrorKind::Argument, message));
    }
    let (trained, scaling) = run(samples, images, text, recipe, &mut watch)?;
    trained.valid().fold(&scaling, text.map(QualityText::off_autodiff).as_ref(), recipe.storage)
}

impl QualityText {
    /// The same without gradients.
    fn off_autodiff(&self) -> Self {
        Self { tower: self.tower.valid(), words: self.words.clone() }
    }
}

fn run(
    samples: &ScoredFeatures,
    images: &[usize],
    text: Option<&QualityText>,
    recipe: &QualityRecipe,
    watch: &mut impl FnMut(usize, f64),
) -> Result<(QualityNetwork, Scaling)> {
    let device = Device::flex().autodiff();
    let mut rng = Rng::new(recipe.seed);
    let scaling = Scaling::of(samples, images, recipe.standardize);
    let mut trained = QualityNetwork::random(samples.width, text, recipe.hidden, &mut rng, &device);
    let input = samples.width + text.map_or(0, QualityText::width);
    let mut optimizer = SgdConfig::new()
        // burn dampens momentum unless told not to; PyTorch does not.
        .with_momentum(Some(
            MomentumConfig::new().with_momentum(recipe.momentum).with_dampening(0.0),
        ))
        .with_weight_decay(Some(WeightDecayConfig::new(recipe.weight_decay)))
        .init();
    let mut order = images.to_vec();
    for epoch in 0..recipe.epochs {
        for last in (1..order.len()).rev() {
            order.swap(last, below(&mut rng, last + 1));
        }
        let rate = rate(recipe, epoch);
        let mut sum = 0.0;
        for batch in order.chunks(recipe.batch) {
            let rows: Vec<f32> = batch
                .iter()
                .flat_map(|image| {
                    scaling.apply(samples.row(*image, below(&mut rng, samples.views)))
                })
                .collect();
            let features =
                Tensor::from_data(TensorData::new(rows, [batch.len(), samples.width]), &device);
            let scores: Vec<f32> = batch.iter().map(|image| samples.scores[*image]).collect();
            let scores = Tensor::<1>::from_data(TensorData::new(scores, [batch.len()]), &device);
            let masks = (
                dropout(batch.len(), input, &mut rng, &device),
                dropout(batch.len(), recipe.hidden, &mut rng, &device),
            );
            let error = trained.forward(features, text, Some(masks)) - scores;
            let loss = (error.clone() * error).mean();
            sum += f64::from(loss.clone().into_scalar::<f32>()) * batch.len() as f64;
            let gradients = GradientsParams::from_grads(loss.backward(), &trained);
            trained = optimizer.step(rate, trained, gradients);
        }
        let mean = sum / order.len() as f64;
        if !mean.is_finite() {
            let message = format!("quality training diverged in epoch {}", epoch + 1);
            return Err(Error::new(ErrorKind::Internal, message));
        }
        watch(epoch, mean);
    }
    Ok((trained, scaling))
}

/// The learning rate of an epoch: one of warming up, then the cosine from where it would be by then
/// (CoOp's schedule).
fn rate(recipe: &QualityRecipe, epoch: usize) -> f64 {
    if epoch == 0 {
        return recipe.warm_up_rate;
    }
    recipe.rate * 0.5 * (1.0 + (PI * epoch as f64 / recipe.epochs as f64).cos())
}

/// A mask that drops one half and doubles the rest, from seeded bits.
fn dropout(rows: usize, columns: usize, rng: &mut Rng, device: &Device) -> Tensor<2> {
    let mut mask = Vec::with_capacity(rows * columns + 64);
    while mask.len() < rows * columns {
        let bits = rng.next_u64();
        mask.extend((0..64).map(|bit| if bits >> bit & 1 == 1 { 2.0_f32 } else { 0.0 }));
    }
    mask.truncate(rows * columns);
    Tensor::from_data(TensorData::new(mask, [rows, columns]), device)
}

fn below(rng: &mut Rng, end: usize) -> usize {
    rng.below(u32::try_from(end).unwrap_or(u32::MAX)) as usize
}

/// A trained head, prompts and scaling folded in: `output . relu(hidden x + bias) + bias` for
/// features `x`, which are scaled to length one first if those that it learned from were.
#[derive(Clone, Debug, PartialEq)]
pub struct QualityHead {
    width: usize,
    unit_length: bool,
    /// `[hidden, width]`, row-major.
    hidden_weight: Vec<f32>,
    hidden_bias: Vec<f32>,
    output_weight: Vec<f32>,
    output_bias: f32,
}

impl QualityHead {
    /// The number of features that it reads.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// The score of one image's features, of any length.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] when there are more or fewer than [`width`](Self::width).
    pub fn score(&self, features: &[f32]) -> Result<f64> {
        if features.len() != self.width {
            let message =
                format!("the quality head reads {} features, not {}", self.width, features.len());
            return Err(Error::new(ErrorKind::Argument, message));
        }
        let mut features = features.to_vec();
        if self.unit_length {
            to_length_one(&mut features);
        }
        let rows =
            self.hidden_weight.chunks(self.width).zip(&self.hidden_bias).zip(&self.output_weight);
        Ok(rows.fold(f64::from(self.output_bias), |sum, ((row, bias), output)| {
            let hidden: f64 = row
                .iter()
                .zip(&features)
                .map(|(weight, value)| f64::from(*weight) * f64::from(*value))
                .sum();
            sum + f64::from(*output) * (hidden + f64::from(*bias)).max(0.0)
        }))
    }

    /// The scores of some of the images, from their first view.
    ///
    /// # Errors
    /// As [`score`](Self::score).
    pub fn scores(&self, samples: &ScoredFeatures, images: &[usize]) -> Result<Vec<f64>> {
        images.iter().map(|image| self.score(samples.row(*image, 0))).collect()
    }

    /// The head as a model carries it, scores from 0 to `best` turned into qualities from 0 to 1.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] for a head over features of length one: models do not bring theirs
    /// to it.
    pub fn to_model(&self, best: f32) -> Result<(QualityModel, BTreeMap<String, HostTensor>)> {
        if self.unit_length || !(best > 0.0 && best.is_finite()) {
            let message =
                "a model's quality head needs unscaled features and a positive best score";
            return Err(Error::new(ErrorKind::Argument, message));
        }
        let hidden = self.hidden_bias.len();
        let scaled = |values: &[f32]| values.iter().map(|value| value / best).collect();
        let data = [
            (vec![hidden, self.width], self.hidden_weight.clone()),
            (vec![hidden], self.hidden_bias.clone()),
            (vec![1, hidden], scaled(&self.output_weight)),
            (vec![1], scaled(&[self.output_bias])),
        ];
        let tensors = QualityModel::TENSORS.into_iter().zip(data);
        let tensors = tensors
            .map(|(name, (shape, data))| Ok((name.to_owned(), HostTensor::new(shape, data)?)));
        Ok((QualityModel { hidden }, tensors.collect::<Result<_>>()?))
    }

    /// The head as a safetensors file.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`].
    pub fn to_safetensors(&self) -> Result<Vec<u8>> {
        let hidden = self.hidden_bias.len();
        let output_bias = [self.output_bias];
        let names = QualityModel::TENSORS;
        let tensors: [(&str, Vec<usize>, &[f32]); 4] = [
            (names[0], vec![hidden, self.width], &self.hidden_weight),
            (names[1], vec![hidden], &self.hidden_bias),
            (names[2], vec![1, hidden], &self.output_weight),
            (names[3], vec![1], &output_bias),
        ];
        let internal = |error| {
            Error::new(ErrorKind::Internal, "the quality head cannot be stored").with_source(error)
        };
        let bytes: Vec<(&str, Vec<usize>, Vec<u8>)> = tensors
            .into_iter()
            .map(|(name, shape, data)| {
                (name, shape, data.iter().flat_map(|value| value.to_le_bytes()).collect())
            })
            .collect();
        let views = bytes
            .iter()
            .map(|(name, shape, data)| {
                Ok((*name, TensorView::new(Dtype::F32, shape.clone(), data)?))
            })
            .collect::<std::result::Result<BTreeMap<_, _>, _>>()
            .map_err(internal)?;
        let length = if self.unit_length { "one" } else { "any" };
        let metadata = HashMap::from([(Self::LENGTH.to_owned(), length.to_owned())]);
        safetensors::serialize(views, Some(metadata)).map_err(internal)
    }

    /// Reads what [`to_safetensors`](Self::to_safetensors) wrote.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`].
    pub fn from_safetensors(bytes: &[u8]) -> Result<Self> {
        let corrupt =
            |what: &str| Error::new(ErrorKind::WeightsCorrupt, format!("the quality head {what}"));
        let file = SafeTensors::deserialize(bytes)
            .map_err(|error| corrupt("is not a safetensors file").with_source(error))?;
        let tensor = |name: &str| -> Result<(Vec<usize>, Vec<f32>)> {
            let view = file
                .tensor(name)
                .map_err(|error| corrupt(&format!("lacks the tensor {name}")).with_source(error))?;
            let data: Vec<f32> =
                view.data().as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
            if view.dtype() != Dtype::F32 || !data.iter().all(|value| value.is_finite()) {
                return Err(corrupt(&format!("holds other than finite F32 values in {name}")));
            }
            Ok((view.shape().to_vec(), data))
        };
        let [weight, bias, output, output_bias] = QualityModel::TENSORS.map(tensor);
        let (weight, bias, output, output_bias) = (weight?, bias?, output?, output_bias?);
        let hidden = bias.1.len();
        let fits = weight.0.len() == 2
            && weight.0[0] == hidden
            && weight.0[1] > 0
            && hidden > 0
            && output.0 == [1, hidden]
            && output_bias.0 == [1];
        if !fits {
            return Err(corrupt("has tensors that do not fit together"));
        }
        let (_, header) = SafeTensors::read_metadata(bytes)
            .map_err(|error| corrupt("is not a safetensors file").with_source(error))?;
        let length = header.metadata().as_ref().and_then(|metadata| metadata.get(Self::LENGTH));
        let unit_length = match length.map(String::as_str) {
            Some("one") => true,
            Some("any") => false,
            _ => return Err(corrupt("does not say what length its features have")),
        };
        Ok(Self {
            width: weight.0[1],
            unit_length,
            hidden_weight: weight.1,
            hidden_bias: bias.1,
            output_weight: output.1,
            output_bias: output_bias.1[0],
        })
    }

    /// Entry of the file's metadata: what length features are scaled to.
    const LENGTH: &str = "feature_length";
}

/// How scored images are divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Split {
    /// By image, as published: prompts stand on both sides.
    Image,
    /// By prompt: no prompt stands on both sides.
    Prompt,
}

/// Divides images four to one into training and test; gives the two lists in ascending order.
///
/// # Errors
/// [`ErrorKind::Argument`] when one side would be empty.
pub fn split(prompts: &[&str], split: Split, seed: u64) -> Result<(Vec<usize>, Vec<usize>)> {
    let mut units: BTreeMap<(&str, usize), Vec<usize>> = BTreeMap::new();
    for (image, prompt) in prompts.iter().enumerate() {
        let unit = if split == Split::Image { ("", image) } else { (*prompt, 0) };
        units.entry(unit).or_default().push(image);
    }
    let mut units: Vec<Vec<usize>> = units.into_values().collect();
    let mut rng = Rng::new(seed);
    for last in (1..units.len()).rev() {
        units.swap(last, below(&mut rng, last + 1));
    }
    let wanted = prompts.len().div_ceil(5);
    let (mut train, mut test) = (Vec::new(), Vec::new());
    for unit in units {
        if test.len() < wanted { test.extend(unit) } else { train.extend(unit) }
    }
    if train.is_empty() || test.is_empty() {
        let message = "quality needs images of at least two prompts, so that some can be held out";
        return Err(Error::new(ErrorKind::Argument, message));
    }
    train.sort_unstable();
    test.sort_unstable();
    Ok((train, test))
}

/// How well predicted scores follow the true ones; `None` where undefined.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QualityFigures {
    /// Images measured.
    pub images: usize,
    /// Spearman's rank correlation.
    pub srcc: Option<f64>,
    /// Pearson's linear correlation.
    pub plcc: Option<f64>,
    /// Kendall's rank correlation, tau-b.
    pub krcc: Option<f64>,
    /// Mean of Spearman's correlation within each generator of at least [`MIN_WITHIN`] images.
    pub within_generator_srcc: Option<f64>,
    /// The same within each prompt.
    pub within_prompt_srcc: Option<f64>,
}

/// Fewest images of a group whose correlation is counted.
pub const MIN_WITHIN: usize = 5;

/// Measures predictions.
#[must_use]
pub fn figures(
    predicted: &[f64],
    scores: &[f64],
    generators: &[&str],
    prompts: &[&str],
) -> QualityFigures {
    let within = |groups: &[&str]| {
        let mut members: BTreeMap<&str, (Vec<f64>, Vec<f64>)> = BTreeMap::new();
        for ((group, predicted), score) in groups.iter().zip(predicted).zip(scores) {
            let member = members.entry(group).or_default();
            member.0.push(*predicted);
            member.1.push(*score);
        }
        let each: Vec<f64> = members
            .values()
            .filter(|(predicted, _)| predicted.len() >= MIN_WITHIN)
            .filter_map(|(predicted, scores)| spearman(predicted, scores))
            .collect();
        (!each.is_empty()).then(|| each.iter().sum::<f64>() / each.len() as f64)
    };
    QualityFigures {
        images: scores.len(),
        srcc: spearman(predicted, scores),
        plcc: pearson(predicted, scores),
        krcc: kendall(predicted, scores),
        within_generator_srcc: within(generators),
        within_prompt_srcc: within(prompts),
    }
}

/// The baseline that sees no pixel: for every image of `test` the mean score of its generator in
/// `train`, or of all of `train` for a generator that is not there.
#[must_use]
pub fn generator_means(
    scores: &[f64],
    generators: &[&str],
    train: &[usize],
    test: &[usize],
) -> Vec<f64> {
    let mut sums: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    let mut all = (0.0, 0.0);
    for image in train {
        let sum = sums.entry(generators[*image]).or_default();
        for sum in [sum, &mut all] {
            sum.0 += scores[*image];
            sum.1 += 1.0;
        }
    }
    let mean = |(sum, count): (f64, f64)| sum / count.max(1.0);
    test.iter().map(|image| mean(sums.get(generators[*image]).copied().unwrap_or(all))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clipsight::clip::TensorRole;
    use clipsight::heads::QualityPerceptron;
    use clipsight::weights::pack;

    /// Features whose second coordinate, in front of a large common one, tells the score.
    fn samples(images: usize) -> ScoredFeatures {
        let mut rng = Rng::new(9);
        let (mut features, mut scores) = (Vec::new(), Vec::new());
        for _ in 0..images {
            let score = rng.between(0.0, 5.0);
            for _view in 0..2 {
                features.push(10.0);
                features.push(score as f32 - 2.5);
                features.extend((0..6).map(|_| rng.normal() as f32));
            }
            scores.push(score as f32);
        }
        ScoredFeatures::new(features, 8, 2, scores).unwrap()
    }

    fn recipe() -> QualityRecipe {
        QualityRecipe { epochs: 30, hidden: 32, standardize: true, ..QualityRecipe::default() }
    }

    #[test]
    fn a_known_score_is_learned_and_the_seed_decides() {
        let samples = samples(400);
        let text = QualityText::random(16, 5, &Device::flex().autodiff()).unwrap();
        let (train_images, test): (Vec<usize>, Vec<usize>) =
            (0..400).partition(|image| image % 5 > 0);
        let learn = |text: Option<&QualityText>, seed, epochs| {
            let recipe = QualityRecipe { seed, epochs, ..recipe() };
            train(&samples, &train_images, text, &recipe, |_, _| ()).unwrap()
        };
        let head = learn(Some(&text), 1, 30);
        let truth: Vec<f64> = test.iter().map(|image| f64::from(samples.scores[*image])).collect();
        let srcc =
            |head: &QualityHead| spearman(&head.scores(&samples, &test).unwrap(), &truth).unwrap();
        assert!(srcc(&head) > 0.9, "{}", srcc(&head));
        assert!(srcc(&learn(None, 1, 30)) > 0.9);
        let short = |seed| learn(Some(&text), seed, 2);
        assert_eq!(short(1), short(1), "the same seed gives the same head, bit for bit");
        assert_ne!(short(1), short(2));
        assert_eq!(QualityHead::from_safetensors(&head.to_safetensors().unwrap()).unwrap(), head);
    }

    #[test]
    fn the_folded_head_is_the_trained_one_and_the_context_is_trained() {
        let samples = samples(64);
        let text = QualityText::random(16, 5, &Device::flex().autodiff()).unwrap();
        let images: Vec<usize> = (0..64).collect();
        let recipe = QualityRecipe { epochs: 4, ..recipe() };
        let (trained, scaling) =
            run(&samples, &images, Some(&text), &recipe, &mut |_, _| ()).unwrap();
        let begun =
            QualityNetwork::random(8, Some(&text), 32, &mut Rng::new(recipe.seed), &Device::flex());
        let context =
            |trained: &QualityNetwork| read(trained.context.as_ref().unwrap().val()).unwrap();
        assert_ne!(context(&begun), context(&trained), "gradients pass through the frozen tower");

        let (trained, text) = (trained.valid(), text.off_autodiff());
        let rows: Vec<f32> =
            images.iter().flat_map(|image| scaling.apply(samples.row(*image, 0))).collect();
        let features = Tensor::from_data(TensorData::new(rows, [64, 8]), &Device::flex());
        let whole = read(trained.forward(features, Some(&text), None)).unwrap();
        let folded = trained
            .fold(&scaling, Some(&text), Storage::F32)
            .unwrap()
            .scores(&samples, &images)
            .unwrap();
        for (whole, folded) in whole.iter().zip(folded) {
            assert!((f64::from(*whole) - folded).abs() < 1e-5, "{whole} {folded}");
        }
        // The prompts carry weight: without them the scores are others.
        let without =
            trained.fold(&scaling, None, Storage::F32).unwrap().scores(&samples, &images).unwrap();
        assert!((without[0] - f64::from(whole[0])).abs() > 1e-3);
    }

    /// What a model computes with the head, stored and loaded, is what the head scores; rounding
    /// its weights costs little.
    #[test]
    fn a_head_for_models_scores_the_same_inside_one() {
        let features = samples(400).features;
        let scores = samples(400).scores;
        let samples = ScoredFeatures::unscaled(features.clone(), 8, 2, scores).unwrap();
        let images: Vec<usize> = (0..400).collect();
        let learn = |storage| {
            let recipe = QualityRecipe { epochs: 20, ..QualityRecipe::for_models(storage, 3) };
            train(&samples, &images, None, &recipe, |_, _| ()).unwrap()
        };
        let (head, exact) = (learn(Storage::Q8), learn(Storage::F32));
        assert_eq!(QualityHead::from_safetensors(&head.to_safetensors().unwrap()).unwrap(), head);
        let (model, tensors) = head.to_model(5.0).unwrap();
        let specs = model.tensors(8);
        let shards = pack(&specs, &tensors, Storage::Q8, "quality").unwrap();
        let file = SafeTensors::deserialize(&shards[0].bytes).unwrap();
        assert_eq!(file.tensor(QualityModel::TENSORS[0]).unwrap().dtype(), Dtype::I8);
        let mut loaded: HashMap<String, HostTensor> = specs
            .iter()
            .map(|spec| {
                let mut tensor = tensors[&spec.name].clone();
                if spec.role == TensorRole::Matrix {
                    tensor.data = tensor
                        .data
                        .chunks(spec.shape[1])
                        .flat_map(|row| stored(row.to_vec(), Storage::Q8))
                        .collect();
                }
                (spec.name.clone(), tensor)
            })
            .collect();
        let perceptron = QualityPerceptron::assemble(&mut loaded).unwrap();
        let found = images.iter().map(|image| perceptron.forward(samples.row(*image, 0)));
        let own = head.scores(&samples, &images).unwrap();
        for (found, score) in found.zip(&own) {
            assert!((f64::from(found) - score / 5.0).abs() < 2e-3, "{found} {score}");
        }
        let truth: Vec<f64> = samples.scores.iter().map(|score| f64::from(*score)).collect();
        assert!(spearman(&own, &truth).unwrap() > 0.9);
        let exact = exact.scores(&samples, &images).unwrap();
        let mean = |scores: &[f64]| scores.iter().sum::<f64>() / scores.len() as f64;
        assert!((mean(&own) - mean(&exact)).abs() < 0.02, "the bias makes up for rounding");
        let short = ScoredFeatures::new(features, 8, 2, vec![1.0; 400]).unwrap();
        let unfit =
            train(&short, &images, None, &QualityRecipe { epochs: 1, ..recipe() }, |_, _| ())
                .unwrap();
        assert!(unfit.to_model(5.0).is_err() && head.to_model(0.0).is_err());
    }

    #[test]
    fn the_schedule_is_coops() {
        let recipe = QualityRecipe::default();
        assert_eq!(rate(&recipe, 0), 1e-5);
        assert!((rate(&recipe, 50) - 0.001).abs() < 1e-12);
        assert!(rate(&recipe, 1) < 0.002 && rate(&recipe, 99) < 1e-6);
    }

    #[test]
    fn dropout_halves_and_doubles() {
        let mask = read(dropout(50, 101, &mut Rng::new(2), &Device::flex())).unwrap();
        assert_eq!(mask.len(), 5050);
        let kept = mask.iter().filter(|value| **value == 2.0).count();
        assert!(
            (2300..2750).contains(&kept) && mask.iter().all(|value| *value == 0.0 || *value == 2.0)
        );
    }

    #[test]
    fn splits_keep_prompts_together() {
        let names: Vec<String> = (0..100).map(|image| format!("prompt {}", image / 7)).collect();
        let prompts: Vec<&str> = names.iter().map(String::as_str).collect();
        let (train, test) = split(&prompts, Split::Prompt, 1).unwrap();
        assert_eq!(train.len() + test.len(), 100);
        assert!((20..27).contains(&test.len()));
        assert!(
            test.iter().all(|image| train.iter().all(|other| prompts[*image] != prompts[*other]))
        );
        let (train, test) = split(&prompts, Split::Image, 1).unwrap();
        assert_eq!((train.len(), test.len()), (80, 20));
        assert!(split(&["one"; 9], Split::Prompt, 1).is_err());
        assert!(split(&[], Split::Image, 1).is_err());
    }

    #[test]
    fn figures_and_baseline_by_hand() {
        let scores = [1.0, 2.0, 3.0, 4.0, 5.0, 1.0, 2.0, 3.0, 4.0, 5.0];
        let generators = ["a", "a", "a", "a", "a", "b", "b", "b", "b", "b"];
        let predicted = [1.0, 2.0, 3.0, 4.0, 5.0, 15.0, 14.0, 13.0, 12.0, 11.0];
        let found = figures(&predicted, &scores, &generators, &["p"; 10]);
        assert_eq!((found.images, found.within_generator_srcc), (10, Some(0.0)));
        assert_eq!(found.srcc, found.within_prompt_srcc);
        let means = generator_means(&scores, &generators, &[0, 1, 5], &[2, 6, 9]);
        assert_eq!(means, [1.5, 1.0, 1.0]);
        let unseen = generator_means(&scores, &["a", "b", "c"], &[0, 1], &[2]);
        assert_eq!(unseen, [1.5]);
        assert_eq!(figures(&[1.5, 1.5], &[1.0, 2.0], &["a", "a"], &["p", "p"]).srcc, None);
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(ScoredFeatures::new(vec![1.0; 5], 2, 1, vec![1.0; 2]).is_err());
        assert!(ScoredFeatures::new(vec![f32::NAN; 4], 2, 1, vec![1.0; 2]).is_err());
        assert!(ScoredFeatures::new(vec![1.0; 4], 2, 1, vec![1.0, f32::INFINITY]).is_err());
        let samples = samples(4);
        let attempt = |images: &[usize], recipe| train(&samples, images, None, &recipe, |_, _| ());
        assert!(attempt(&[], recipe()).is_err());
        assert!(attempt(&[4], recipe()).is_err());
        assert!(attempt(&[0], QualityRecipe { batch: 0, ..recipe() }).is_err());
        let head = attempt(&[0, 1], QualityRecipe { epochs: 1, ..recipe() }).unwrap();
        assert!(head.score(&[1.0; 7]).is_err());
        let bytes = head.to_safetensors().unwrap();
        assert!(QualityHead::from_safetensors(&bytes[..bytes.len() - 4]).is_err());
    }
}
