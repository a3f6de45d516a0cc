//! Fine-tuning: the vision tower and a linear head over its layers, together, from a head that was
//! fitted first.
//!
//! The head is fitted on the frozen tower's features before (linear probing, then fine-tuning;
//! Kumar et al. 2022, arXiv 2202.10054): with a random head the first steps tear up what the tower
//! knows, and generators nobody trained on suffer.
//!
//! The network is the very tower that ships ([`VisionTower`]) on burn's autodiff device.

use crate::train::captions::CaptionsOfImages as _;
use std::collections::{BTreeMap, HashMap};

use burn::module::{Module, Param};
use burn::nn;
use burn::tensor::{Device, Tensor, TensorData};
use clipsight_measure::fit::LinearModel;

use super::attribution::{CaptionNetwork, FittedAttribution};
use super::captions::{CaptionSet, ImageSource, caption_loss};
use super::trainer::{Schedule, StepReport, Trainer, binary_cross_entropy};
use super::transform::transformed;
use clipsight::clip::{FeatureSpec, VisionConfig};
use clipsight::heads::Transform;
use clipsight::rng::Rng;
use clipsight::weights::HostTensor;
use clipsight::{Error, ErrorKind, Result};
use clipsight_reference::VisionTower;
use clipsight_reference::download;
use clipsight_reference::init::on_device;

/// The recipe.
#[derive(Clone, Debug, PartialEq)]
pub struct FinetuneConfig {
    /// Steps in all.
    pub steps: usize,
    /// Steps over which learning rates rise to their full value; they then fall to zero along a
    /// half cosine.
    pub warm_up: usize,
    /// Images a step.
    pub batch: usize,
    /// Images a core takes at a time; divides `batch`.
    pub micro_batch: usize,
    /// Learning rate of the tower's last layer.
    pub learning_rate: f64,
    /// Each layer's rate is this share of the next one's (Clark et al. 2020, arXiv 2003.10555,
    /// section 3).
    pub layer_decay: f64,
    /// Learning rate of the head.
    pub head_learning_rate: f64,
    /// Weight decay of matrices; vectors have none.
    pub weight_decay: f64,
    /// Share of the patches that a step sees, redrawn for every micro-batch (Li et al. 2023,
    /// arXiv 2212.00794): twice the speed at one half, and a regulariser.
    pub patch_keep: f64,
    /// Share of pooled tokens that a step hides from the head, image by image; the others are
    /// scaled up by as much. It keeps the head from leaning on few layers, and lets training go on
    /// longer before unknown generators suffer.
    pub token_dropout: f64,
    /// Labels are moved this far towards one half.
    pub label_smoothing: f64,
    /// Share of the old in the running average of parameters, per step (Polyak averaging); less in
    /// the first steps.
    pub average: f64,
    /// Share of the loss that is caption matching; the rest is the head's. Above zero only with
    /// captions to start from.
    pub caption_share: f64,
    /// Seed of everything random.
    pub seed: u64,
}

/// What is trained.
#[derive(Module, Debug)]
pub struct Network {
    tower: VisionTower,
    head: nn::Linear,
    captions: Option<CaptionNetwork>,
}

/// One image ready for training.
#[derive(Clone, Debug)]
pub struct Example<'a> {
    /// Normalised pixels `[3, side, side]`.
    pub pixels: Vec<f32>,
    /// By a machine or not, and by which.
    pub source: ImageSource<'a>,
}

/// A training run.
#[derive(Debug)]
pub struct Finetune {
    config: FinetuneConfig,
    features: FeatureSpec,
    /// What the captions say, where they are matched.
    captions: Option<CaptionSet>,
    trainer: Trainer<Network>,
}

/// Share of a generated image's target that its family gets, as in
/// [`AttributionConfig`](super::attribution::AttributionConfig).
const FAMILY_SHARE: f32 = 0.3;

/// Weight of the direction text -> image within the captions' loss: little, since a micro-batch has
/// few images to choose from.
const TEXT_SHARE: f64 = 0.1;

impl Finetune {
    /// A run that starts from `encoder` and a head over its `features` under
    /// [`Transform::TokenNorm`], and where captions have a share of the loss from an attribution
    /// head over the same features.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`] when the encoder lacks a tensor; [`ErrorKind::Argument`] for a
    /// recipe that is not valid.
    pub fn new(
        config: FinetuneConfig,
        architecture: &VisionConfig,
        encoder: &BTreeMap<String, HostTensor>,
        features: FeatureSpec,
        head: &LinearModel,
        attribution: Option<&FittedAttribution>,
    ) -> Result<Self> {
        let sound = config.micro_batch > 0
            && config.batch.is_multiple_of(config.micro_batch)
            && config.patch_keep > 0.0
            && config.patch_keep <= 1.0
            && (0.0..1.0).contains(&config.token_dropout)
            && (0.0..=1.0).contains(&config.caption_share)
            && (config.caption_share > 0.0) == attribution.is_some()
            && config.steps > 0;
        if !sound {
            return Err(Error::new(ErrorKind::Argument, "the training recipe is not valid"));
        }
        features.validate(architecture)?;
        let device = Device::flex().autodiff();
        let mut tensors = on_device(&architecture.tensors(), encoder.clone(), &device)?;
        let width = features.width(architecture);
        if head.weight.len() != width {
            return Err(Error::new(
                ErrorKind::Argument,
                "the head to start from reads other features",
            ));
        }
        let weight: Vec<f32> = head.weight.iter().map(|value| *value as f32).collect();
        let weight = TensorData::new(weight, [width, 1]);
        let bias = TensorData::new(vec![head.bias as f32], [1]);
        let linear = nn::Linear {
            weight: Param::from_tensor(Tensor::from_data(weight, &device)),
            bias: Some(Param::from_tensor(Tensor::from_data(bias, &device))),
        };
        let captions =
            attribution.map(|fitted| fitted.network(width, config.seed, &device)).transpose()?;
        let tower = VisionTower::assemble(architecture, &mut tensors, &device)?;
        let network = Network { tower, head: linear, captions };
        let depth = architecture.layers + 1;
        let rate = |path: &str| match layer_of(path, depth) {
            None => config.head_learning_rate,
            Some(layer) => {
                let above = i32::try_from(depth - layer).unwrap_or(i32::MAX);
                config.learning_rate * config.layer_decay.powi(above)
            }
        };
        let schedule = Schedule {
            steps: config.steps,
            warm_up: config.warm_up,
            micro_batches: config.batch / config.micro_batch,
            average: config.average,
        };
        let trainer = Trainer::new(network, device, schedule, config.weight_decay, rate);
        let captions = attribution.map(|fitted| fitted.head.captions.clone());
        Ok(Self { config, features, captions, trainer })
    }

    /// Steps done.
    #[must_use]
    pub fn step_count(&self) -> usize {
        self.trainer.step_count()
    }

    /// Takes one step. `load` gives the batch's image of a number below [`FinetuneConfig::batch`];
    /// it is called from several threads.
    ///
    /// # Errors
    /// The first error of `load`; [`ErrorKind::Internal`] when the loss is no longer finite.
    pub fn step<'a>(
        &mut self,
        load: impl Fn(usize) -> Result<Example<'a>> + Sync,
    ) -> Result<StepReport> {
        let step = self.trainer.step_count() as u64;
        let Self { config, features, captions, trainer } = self;
        trainer.step(|network, index| {
            let size = config.micro_batch;
            let examples = (index * size..(index + 1) * size)
                .map(&load)
                .collect::<Result<Vec<Example<'_>>>>()?;
            let mut rng = Rng::new(
                config.seed ^ (step << 20) ^ ((index as u64) << 8) ^ 0x5EED_0000_0000_0000,
            );
            loss(config, features, network, captions.as_ref(), &examples, &mut rng)
        })
    }

    /// The averaged tower and head, as a model stores them.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] when the network cannot be read back.
    pub fn averaged(&self) -> Result<FinetunedModel> {
        let network = self.trainer.averaged();
        let specs = network.tower.config().tensors();
        let specs: HashMap<&str, _> = specs.iter().map(|spec| (spec.name.as_str(), spec)).collect();
        let tower = network
            .tower
            .tensors()
            .into_iter()
            .filter_map(|(name, tensor)| specs.get(name.as_str()).map(|spec| (name, *spec, tensor)))
            .map(|(name, spec, tensor)| Ok((name, download(spec, tensor)?)))
            .collect::<Result<_>>()?;
        let read = |tensor: Tensor<2>| {
            tensor
                .into_data()
                .try_into_vec::<f32>()
                .map_err(|_| Error::new(ErrorKind::Internal, "the head cannot be read back"))
        };
        let weight = read(network.head.weight.val())?;
        let bias = network
            .head
            .bias
            .as_ref()
            .map_or(Ok(vec![0.0]), |bias| read(bias.val().unsqueeze()))?;
        let weight = weight.into_iter().map(f64::from).collect();
        let bias = bias.first().copied().map_or(0.0, f64::from);
        let attribution = match (&network.captions, &self.captions) {
            (Some(captions), Some(set)) => Some(FittedAttribution::of(captions, set.clone(), 0.0)?),
            _ => None,
        };
        Ok(FinetunedModel { tower, head: LinearModel { weight, bias }, attribution })
    }

    /// Everything needed to go on later, in one safetensors file.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] when it cannot be put together.
    pub fn checkpoint(&self) -> Result<Vec<u8>> {
        self.trainer.checkpoint(&format!("{:?}", self.config))
    }

    /// Goes on from a checkpoint of the same recipe.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`] when it is damaged or of another recipe; the run is then
    /// unchanged.
    pub fn resume(&mut self, bytes: &[u8]) -> Result<()> {
        self.trainer.resume(&format!("{:?}", self.config), bytes)
    }
}

/// What training gives.
#[derive(Clone, Debug)]
pub struct FinetunedModel {
    /// The tower's tensors, named as [`VisionConfig::tensors`] names them.
    pub tower: BTreeMap<String, HostTensor>,
    /// The head, over features under [`Transform::TokenNorm`].
    pub head: LinearModel,
    /// Where captions were matched: the attribution head over the same features, whose threshold is
    /// still to be set.
    pub attribution: Option<FittedAttribution>,
}

/// The loss over one micro-batch.
fn loss(
    recipe: &FinetuneConfig,
    features: &FeatureSpec,
    network: &Network,
    captions: Option<&CaptionSet>,
    examples: &[Example<'_>],
    rng: &mut Rng,
) -> Result<Tensor<1>> {
    let config = network.tower.config();
    let (size, side) = (examples.len(), config.image_size);
    let pixels: Vec<f32> =
        examples.iter().flat_map(|example| example.pixels.iter().copied()).collect();
    if pixels.len() != size * 3 * side * side {
        return Err(Error::new(ErrorKind::Internal, "a training image has the wrong size"));
    }
    let device = network.head.weight.val().device();
    let pixels = Tensor::from_data(TensorData::new(pixels, [size, 3, side, side]), &device);
    let patches = config.grid() * config.grid();
    let kept = sample(rng, patches, recipe.patch_keep);
    let features = network.tower.forward_patches(pixels, &kept, features).features;
    let width = config.width;
    let features = transformed(Transform::TokenNorm, features, width);
    let features = drop_tokens(features, width, recipe.token_dropout, rng);
    let logits = network.head.forward(features.clone()).squeeze_dim::<1>(1);
    let labels = examples.iter().map(|example| example.source != ImageSource::Real);
    let of_head = binary_cross_entropy(logits, labels, recipe.label_smoothing);
    let (Some(matched), Some(set)) = (&network.captions, captions) else { return Ok(of_head) };
    let sources: Vec<ImageSource<'_>> = examples.iter().map(|example| example.source).collect();
    let targets = set.targets(&sources, FAMILY_SHARE, &device)?;
    let of_captions = caption_loss(matched.logits(features), &targets, None).total(TEXT_SHARE);
    let share = recipe.caption_share;
    Ok(of_head * (1.0 - share) + of_captions * share)
}

/// Hides whole pooled tokens: see [`FinetuneConfig::token_dropout`].
fn drop_tokens(features: Tensor<2>, width: usize, drop: f64, rng: &mut Rng) -> Tensor<2> {
    if drop == 0.0 {
        return features;
    }
    let [batch, length] = features.dims();
    let tokens = length / width;
    let mask: Vec<f32> = (0..batch * tokens)
        .map(|_| if rng.chance(drop) { 0.0 } else { (1.0 / (1.0 - drop)) as f32 })
        .collect();
    let mask =
        Tensor::<3>::from_data(TensorData::new(mask, [batch, tokens, 1]), &features.device());
    (features.reshape([batch, tokens, width]) * mask).reshape([batch, length])
}

/// The number of the layer that a parameter belongs to: 0 for the embedding, `depth` for the final
/// norm; `None` outside the tower.
fn layer_of(path: &str, depth: usize) -> Option<usize> {
    let inside = path.strip_prefix("tower.")?;
    let layer = match inside.strip_prefix("layers.") {
        Some(rest) => rest.split('.').next()?.parse::<usize>().ok()? + 1,
        None if inside.starts_with("norm") || inside.starts_with("projection") => depth,
        None => 0,
    };
    Some(layer)
}

/// `share` of the numbers below `count`, at least one, ascending.
fn sample(rng: &mut Rng, count: usize, share: f64) -> Vec<i64> {
    let wanted = ((count as f64 * share).round() as usize).clamp(1, count);
    let mut numbers: Vec<i64> = (0..count as i64).collect();
    // The first steps of a Fisher-Yates shuffle.
    for index in 0..wanted {
        let other = index + rng.below((count - index) as u32) as usize;
        numbers.swap(index, other);
    }
    numbers.truncate(wanted);
    numbers.sort_unstable();
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::attribution::{AttributionConfig, fit_attribution};
    use clipsight::clip::{Activation, Pool};
    use clipsight::weights::random_tensors;
    use clipsight_measure::fit::FeatureMatrix;

    fn architecture() -> VisionConfig {
        VisionConfig {
            image_size: 32,
            patch_size: 8,
            width: 24,
            layers: 2,
            heads: 3,
            mlp_width: 48,
            activation: Activation::Gelu,
            pre_norm: false,
            patch_bias: true,
            norm_epsilon: 1e-6,
            projection: None,
            projection_bias: false,
        }
    }

    fn config() -> FinetuneConfig {
        FinetuneConfig {
            steps: 40,
            warm_up: 4,
            batch: 8,
            micro_batch: 2,
            learning_rate: 3e-3,
            layer_decay: 0.8,
            head_learning_rate: 3e-3,
            weight_decay: 0.01,
            patch_keep: 0.75,
            token_dropout: 0.1,
            label_smoothing: 0.0,
            average: 0.8,
            caption_share: 0.0,
            seed: 7,
        }
    }

    const GENERATED: ImageSource<'_> =
        ImageSource::Generated { origin: "stripes", family: "diffusion" };

    /// An attribution head that was hardly trained, over `width` features.
    fn attribution(width: usize) -> FittedAttribution {
        let mut rng = Rng::new(2);
        let data = (0..8 * width).map(|_| half::f16::from_f64(rng.normal())).collect();
        let sources: Vec<ImageSource<'_>> = (0..8)
            .map(|index| if index % 2 == 0 { GENERATED } else { ImageSource::Real })
            .collect();
        let recipe = AttributionConfig {
            width: 8,
            minimum: 1,
            steps: 2,
            batch: 8,
            ..AttributionConfig::default()
        };
        fit_attribution(&FeatureMatrix { data, width }, &sources, &[1.0; 8], &recipe).unwrap()
    }

    fn run(config: FinetuneConfig) -> Finetune {
        let architecture = architecture();
        let encoder = random_tensors(&architecture.tensors(), 2, &mut Rng::new(1)).unwrap();
        let features = FeatureSpec {
            layers: vec![1, 2, 3],
            pools: vec![Pool::Class, Pool::Mean],
            heads: Vec::new(),
        };
        let head = LinearModel { weight: vec![0.0; features.width(&architecture)], bias: 0.0 };
        let captions = (config.caption_share > 0.0).then(|| attribution(head.weight.len()));
        Finetune::new(config, &architecture, &encoder, features, &head, captions.as_ref()).unwrap()
    }

    /// Fine stripes are generated, coarse ones are not: nothing but texture tells.
    fn example(step: usize, index: usize) -> Result<Example<'static>> {
        let generated = index.is_multiple_of(2);
        let period = if generated { 2 } else { 8 };
        let mut rng = Rng::new((step * 100 + index) as u64);
        let phase = rng.below(8) as usize;
        let pixels = (0..3 * 32 * 32)
            .map(|at| f32::from(((at % 32 + phase) / (period / 2)).is_multiple_of(2)))
            .collect();
        Ok(Example { pixels, source: if generated { GENERATED } else { ImageSource::Real } })
    }

    fn steps(run: &mut Finetune, count: usize) -> Vec<f64> {
        (0..count)
            .map(|_| {
                let step = run.step_count();
                run.step(|index| example(step, index)).unwrap().loss
            })
            .collect()
    }

    #[test]
    fn learns_and_moves_every_parameter() {
        let mut trained = run(config());
        let before = trained.trainer.parameters.clone();
        let losses = steps(&mut trained, 40);
        assert!(losses[39] < 0.2 * losses[0], "{losses:?}");
        let still = before
            .iter()
            .zip(&trained.trainer.parameters)
            .filter(|(before, after)| before == after)
            .count();
        assert_eq!(still, 0);
        // What is averaged is the network itself: it gives right answers, too.
        let FinetunedModel { tower, head, attribution } = trained.averaged().unwrap();
        assert!(attribution.is_none());
        assert_eq!(tower.len(), architecture().tensors().len());
        assert!(head.weight.iter().any(|weight| *weight != 0.0));
    }

    #[test]
    fn captions_train_along() {
        let config = FinetuneConfig { caption_share: 0.5, ..config() };
        let mut trained = run(config);
        let before = trained.trainer.parameters.clone();
        let losses = steps(&mut trained, 40);
        assert!(losses[39] < 0.6 * losses[0], "{losses:?}");
        let still = before
            .iter()
            .zip(&trained.trainer.parameters)
            .filter(|(before, after)| before == after)
            .count();
        assert_eq!(still, 0, "the tower, the head, the projection and the caption tower move");
        let found = trained.averaged().unwrap().attribution.unwrap();
        assert_eq!(found.head.captions.subjects().len(), 3);
        let pixels: Vec<f32> =
            (0..2).flat_map(|index| example(99, index).unwrap().pixels).collect();
        let pixels = Tensor::<4>::from_data(
            TensorData::new(pixels, [2, 3, 32, 32]),
            trained.trainer.device(),
        );
        let network = trained.trainer.averaged();
        let features = network.tower.forward(pixels, &trained.features).features;
        let features = transformed(Transform::TokenNorm, features, 24);
        let width = features.dims()[1];
        let values = features.into_data().try_into_vec::<f32>().unwrap();
        let data = values.into_iter().map(half::f16::from_f32).collect();
        let found = found.attribute(&FeatureMatrix { data, width }).unwrap();
        assert!(found[0].generated > 0.5 && found[1].generated < 0.5, "{found:?}");
        assert!(found[0].generator.is_some());
    }

    #[test]
    fn captions_need_a_head_to_start_from() {
        let architecture = architecture();
        let encoder = random_tensors(&architecture.tensors(), 2, &mut Rng::new(1)).unwrap();
        let features = FeatureSpec::all_layers(&architecture, &[Pool::Class]);
        let width = features.width(&architecture);
        let head = LinearModel { weight: vec![0.0; width], bias: 0.0 };
        for (caption_share, captions) in [
            (0.5, None),
            (0.0, Some(attribution(width))),
            (f64::NAN, None),
            (0.5, Some(attribution(width + 1))),
        ] {
            let config = FinetuneConfig { caption_share, ..config() };
            let features = features.clone();
            let error =
                Finetune::new(config, &architecture, &encoder, features, &head, captions.as_ref());
            assert_eq!(error.unwrap_err().kind(), ErrorKind::Argument);
        }
    }

    #[test]
    fn a_resumed_run_goes_on_bit_for_bit() {
        resumes(config());
    }

    #[test]
    fn a_resumed_run_with_captions_goes_on_bit_for_bit() {
        resumes(FinetuneConfig { caption_share: 0.3, ..config() });
        // A checkpoint without them does not fit.
        let checkpoint = run(config()).checkpoint().unwrap();
        let mut other = run(FinetuneConfig { caption_share: 0.3, ..config() });
        assert_eq!(other.resume(&checkpoint).unwrap_err().kind(), ErrorKind::WeightsCorrupt);
    }

    fn resumes(config: FinetuneConfig) {
        let mut whole = run(config.clone());
        steps(&mut whole, 6);
        let mut first = run(config.clone());
        steps(&mut first, 3);
        let checkpoint = first.checkpoint().unwrap();
        let mut second = run(config.clone());
        second.resume(&checkpoint).unwrap();
        assert_eq!(second.step_count(), 3);
        steps(&mut second, 3);
        assert_eq!(whole.trainer.parameters, second.trainer.parameters);
        assert_eq!(whole.trainer.average, second.trainer.average);

        let mut other = run(FinetuneConfig { seed: 8, ..config });
        assert_eq!(other.resume(&checkpoint).unwrap_err().kind(), ErrorKind::WeightsCorrupt);
        assert!(other.resume(&checkpoint[..checkpoint.len() / 2]).is_err());
        assert_eq!(other.step_count(), 0);
    }

    #[test]
    fn all_patches_are_the_whole_image() {
        let run = run(config());
        let pixels = example(0, 0).unwrap().pixels;
        let pixels =
            Tensor::<4>::from_data(TensorData::new(pixels, [1, 3, 32, 32]), run.trainer.device());
        let all: Vec<i64> = (0..16).collect();
        let read = |tensor: Tensor<2>| tensor.into_data().try_into_vec::<f32>().unwrap();
        let whole = read(run.trainer.network.tower.forward(pixels.clone(), &run.features).features);
        assert_eq!(
            whole,
            read(
                run.trainer
                    .network
                    .tower
                    .forward_patches(pixels.clone(), &all, &run.features)
                    .features
            )
        );
        let half = read(
            run.trainer.network.tower.forward_patches(pixels, &all[..8], &run.features).features,
        );
        assert!(whole != half && half.iter().all(|value| value.is_finite()));
    }

    #[test]
    fn rates_fall_from_layer_to_layer() {
        assert_eq!(layer_of("tower.class_token", 3), Some(0));
        assert_eq!(layer_of("tower.layers.1.fc1.weight", 3), Some(2));
        assert_eq!(layer_of("tower.norm.gamma", 3), Some(3));
        assert_eq!(layer_of("head.weight", 3), None);
        let run = run(config());
        let head = run.trainer.rates.last().unwrap();
        assert!((head - 3e-3).abs() < 1e-12 && run.trainer.rates.iter().all(|scale| scale <= head));
        assert!(
            run.trainer.lr_scale(0) < run.trainer.lr_scale(3) && run.trainer.lr_scale(39) < 0.01
        );
    }

    #[test]
    fn bad_recipes_and_bad_losses_are_errors() {
        let architecture = architecture();
        let features = FeatureSpec::all_layers(&architecture, &[Pool::Class]);
        let head = LinearModel { weight: vec![0.0; 3], bias: 0.0 };
        let encoder = random_tensors(&architecture.tensors(), 2, &mut Rng::new(1)).unwrap();
        let error =
            Finetune::new(config(), &architecture, &encoder, features, &head, None).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Argument);
        let mut run = run(config());
        let broken = |index: usize| {
            example(0, index)
                .map(|example| Example { pixels: vec![f32::NAN; example.pixels.len()], ..example })
        };
        assert_eq!(run.step(broken).unwrap_err().kind(), ErrorKind::Internal);
        let unreadable = |_: usize| Err(Error::new(ErrorKind::Io, "gone"));
        assert_eq!(run.step(unreadable).unwrap_err().kind(), ErrorKind::Io);
    }
}
