//! Training of the residual network (method M4's second branch) on random crops.

use std::collections::{BTreeMap, HashMap};

use burn::tensor::{Device, Tensor, TensorData};

use super::trainer::{Schedule, StepReport, Trainer, binary_cross_entropy};
use clipsight::clip::TensorRole;
use clipsight::heads::residual::ResidualConfig;
use clipsight::rng::Rng;
use clipsight::weights::HostTensor;
use clipsight::{Error, ErrorKind, Result};
use clipsight_reference::ResidualNetwork;
use clipsight_reference::download;
use clipsight_reference::init::on_device;

/// A part of an image, ready for training.
#[derive(Clone, Debug)]
pub struct Crop {
    /// As [`ResidualConfig::input`] gives it.
    pub pixels: Vec<f32>,
    /// Whether the image was generated.
    pub generated: bool,
}

/// The recipe.
#[derive(Clone, Debug, PartialEq)]
pub struct ResidualRecipe {
    /// What is trained.
    pub network: ResidualConfig,
    /// Steps in all.
    pub steps: usize,
    /// Steps over which the learning rate rises to its full value; it then falls to zero along a
    /// half cosine.
    pub warm_up: usize,
    /// Crops a step.
    pub batch: usize,
    /// Crops a core takes at a time; divides `batch`.
    pub micro_batch: usize,
    /// Side of the square crops in pixels.
    pub crop: usize,
    /// Learning rate.
    pub learning_rate: f64,
    /// Learning rate of the last layer. It weighs means over the whole map, which differ little
    /// between images: at the others' rate the first hundreds of steps pass before it has grown to
    /// any size.
    pub head_learning_rate: f64,
    /// Weight decay of kernels; biases and gains have none.
    pub weight_decay: f64,
    /// Labels are moved this far towards one half.
    pub label_smoothing: f64,
    /// Share of the old in the running average of parameters, per step (Polyak averaging); less in
    /// the first steps.
    pub average: f64,
    /// Seed of everything random.
    pub seed: u64,
}

/// A training run.
#[derive(Debug)]
pub struct ResidualTraining {
    recipe: ResidualRecipe,
    trainer: Trainer<ResidualNetwork>,
}

/// The gain that blocks start with: small, so that the network starts as a shallow one.
const FIRST_GAIN: f32 = 0.2;

impl ResidualTraining {
    /// A run from random weights: kernels after He et al. 2015 (arXiv 1502.01852), the last one
    /// zero.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] for a recipe that is not valid; [`ErrorKind::WeightsCorrupt`] for
    /// a network that is not.
    pub fn new(recipe: ResidualRecipe) -> Result<Self> {
        let sound = recipe.micro_batch > 0
            && recipe.batch > 0
            && recipe.batch.is_multiple_of(recipe.micro_batch)
            && recipe.crop > 0
            && recipe.steps > 0;
        if !sound {
            return Err(Error::new(ErrorKind::Argument, "the training recipe is not valid"));
        }
        recipe.network.validate()?;
        let device = Device::flex().autodiff();
        let mut rng = Rng::new(recipe.seed ^ 0x4E57_0000_0000_0000);
        let mut tensors =
            tensors(&recipe.network, first_weights(&recipe.network, &mut rng)?, &device)?;
        let network = ResidualNetwork::assemble(&recipe.network, &mut tensors)?;
        let schedule = Schedule {
            steps: recipe.steps,
            warm_up: recipe.warm_up,
            micro_batches: recipe.batch / recipe.micro_batch,
            average: recipe.average,
        };
        let rate = |path: &str| match path.starts_with("head") {
            true => recipe.head_learning_rate,
            false => recipe.learning_rate,
        };
        let trainer = Trainer::new(network, device, schedule, recipe.weight_decay, rate);
        Ok(Self { recipe, trainer })
    }

    /// Steps done.
    #[must_use]
    pub fn step_count(&self) -> usize {
        self.trainer.step_count()
    }

    /// Takes one step. `load` gives the batch's crop of a number below [`ResidualRecipe::batch`],
    /// as [`ResidualConfig::input`] makes it; it is called from several threads.
    ///
    /// # Errors
    /// The first error of `load`; [`ErrorKind::Internal`] when the loss is no longer finite.
    pub fn step(&mut self, load: impl Fn(usize) -> Result<Crop> + Sync) -> Result<StepReport> {
        let Self { recipe, trainer } = self;
        let ResidualRecipe { micro_batch: size, crop: side, .. } = *recipe;
        let device = trainer.device().clone();
        trainer.step(|network, index| {
            let examples =
                (index * size..(index + 1) * size).map(&load).collect::<Result<Vec<Crop>>>()?;
            let pixels: Vec<f32> =
                examples.iter().flat_map(|example| example.pixels.iter().copied()).collect();
            if pixels.len() != size * 3 * side * side {
                return Err(Error::new(ErrorKind::Internal, "a training crop has the wrong size"));
            }
            let input = Tensor::from_data(TensorData::new(pixels, [size, 3, side, side]), &device);
            let labels = examples.iter().map(|example| example.generated);
            Ok(binary_cross_entropy(network.forward(input), labels, recipe.label_smoothing))
        })
    }

    /// The averaged network's tensors, named as [`ResidualConfig::tensors`] names them.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] when the network cannot be read back.
    pub fn averaged(&self) -> Result<BTreeMap<String, HostTensor>> {
        let specs = self.recipe.network.tensors();
        let specs: HashMap<&str, _> = specs.iter().map(|spec| (spec.name.as_str(), spec)).collect();
        self.trainer
            .averaged()
            .tensors()
            .into_iter()
            .filter_map(|(name, tensor)| specs.get(name.as_str()).map(|spec| (name, *spec, tensor)))
            .map(|(name, spec, tensor)| Ok((name, download(spec, tensor)?)))
            .collect()
    }

    /// Everything needed to go on later, in one safetensors file.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] when it cannot be put together.
    pub fn checkpoint(&self) -> Result<Vec<u8>> {
        self.trainer.checkpoint(&format!("{:?}", self.recipe))
    }

    /// Goes on from a checkpoint of the same recipe.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`] when it is damaged or of another recipe; the run is then
    /// unchanged.
    pub fn resume(&mut self, bytes: &[u8]) -> Result<()> {
        self.trainer.resume(&format!("{:?}", self.recipe), bytes)
    }
}

fn first_weights(config: &ResidualConfig, rng: &mut Rng) -> Result<BTreeMap<String, HostTensor>> {
    config
        .tensors()
        .into_iter()
        .map(|spec| {
            let count = spec.shape.iter().product();
            let data = match (spec.role, spec.shape.as_slice()) {
                (TensorRole::Matrix, &[output, input]) if output > 1 => {
                    let deviation = (2.0 / input as f64).sqrt();
                    (0..count).map(|_| (deviation * rng.normal()) as f32).collect()
                }
                _ if spec.name.ends_with("gain") => vec![FIRST_GAIN; count],
                _ => vec![0.0; count],
            };
            Ok((spec.name, HostTensor::new(spec.shape, data)?))
        })
        .collect()
}

/// The network with these weights, on the CPU.
///
/// # Errors
/// [`ErrorKind::WeightsCorrupt`] for missing or misshapen tensors.
pub fn assembled(
    config: &ResidualConfig,
    weights: BTreeMap<String, HostTensor>,
) -> Result<ResidualNetwork> {
    ResidualNetwork::assemble(config, &mut tensors(config, weights, &Device::flex())?)
}

fn tensors(
    config: &ResidualConfig,
    weights: BTreeMap<String, HostTensor>,
    device: &Device,
) -> Result<HashMap<String, clipsight_reference::DeviceTensor>> {
    on_device(&config.tensors(), weights, device)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clipsight::heads::residual::Stage;
    use clipsight::image::Rgb8;

    fn recipe() -> ResidualRecipe {
        ResidualRecipe {
            network: ResidualConfig {
                short_side: 64,
                long_side: 64,
                stem: 4,
                stages: vec![Stage { channels: 6, blocks: 0 }, Stage { channels: 8, blocks: 1 }],
            },
            steps: 40,
            warm_up: 4,
            batch: 8,
            micro_batch: 2,
            crop: 24,
            learning_rate: 1e-2,
            head_learning_rate: 1e-1,
            weight_decay: 0.01,
            label_smoothing: 0.0,
            average: 0.8,
            seed: 7,
        }
    }

    /// Noise from pixel to pixel is generated, noise of pairs of pixels is not.
    fn example(step: usize, index: usize) -> Result<Crop> {
        let generated = index.is_multiple_of(2);
        let mut rng = Rng::new((step * 100 + index) as u64);
        let mut pixels = Vec::with_capacity(24 * 24 * 3);
        for _ in 0..24 * 24 / 2 {
            let first = [100 + rng.below(16) as u8; 3];
            let second = if generated { [100 + rng.below(16) as u8; 3] } else { first };
            pixels.extend(first.into_iter().chain(second));
        }
        let image = Rgb8::new(24, 24, pixels)?;
        Ok(Crop { pixels: ResidualConfig::input(&image), generated })
    }

    fn steps(run: &mut ResidualTraining, count: usize) -> Vec<f64> {
        (0..count)
            .map(|_| {
                let step = run.step_count();
                run.step(|index| example(step, index)).unwrap().loss
            })
            .collect()
    }

    #[test]
    fn learns_and_moves_every_parameter() {
        let mut run = ResidualTraining::new(recipe()).unwrap();
        let before = run.trainer.parameters.clone();
        let losses = steps(&mut run, 40);
        assert!(losses[39] < 0.5 * losses[0], "{losses:?}");
        let still = before
            .iter()
            .zip(&run.trainer.parameters)
            .filter(|(before, after)| before == after)
            .count();
        assert_eq!(still, 0);
        // What is averaged is a network that gives right answers, rebuilt from its tensors.
        let network = assembled(&recipe().network, run.averaged().unwrap()).unwrap();
        for index in 0..4 {
            let Crop { pixels, generated } = example(1000, index).unwrap();
            let input = Tensor::from_data(TensorData::new(pixels, [1, 3, 24, 24]), &Device::flex());
            let logit = network.forward(input).into_data().try_into_vec::<f32>().unwrap()[0];
            assert_eq!(logit > 0.0, generated, "{index}: {logit}");
        }
    }

    #[test]
    fn a_resumed_run_goes_on_bit_for_bit() {
        let mut whole = ResidualTraining::new(recipe()).unwrap();
        steps(&mut whole, 5);
        let mut first = ResidualTraining::new(recipe()).unwrap();
        steps(&mut first, 2);
        let checkpoint = first.checkpoint().unwrap();
        let mut second = ResidualTraining::new(recipe()).unwrap();
        second.resume(&checkpoint).unwrap();
        assert_eq!(second.step_count(), 2);
        steps(&mut second, 3);
        assert_eq!(whole.trainer.parameters, second.trainer.parameters);
        assert_eq!(whole.averaged().unwrap(), second.averaged().unwrap());

        let mut other = ResidualTraining::new(ResidualRecipe { seed: 8, ..recipe() }).unwrap();
        assert_eq!(other.resume(&checkpoint).unwrap_err().kind(), ErrorKind::WeightsCorrupt);
        assert_eq!(other.step_count(), 0);
    }

    #[test]
    fn bad_recipes_and_bad_crops_are_errors() {
        for broken in [
            ResidualRecipe { micro_batch: 3, ..recipe() },
            ResidualRecipe { micro_batch: 0, ..recipe() },
            ResidualRecipe { batch: 0, ..recipe() },
            ResidualRecipe { steps: 0, ..recipe() },
        ] {
            assert_eq!(ResidualTraining::new(broken).unwrap_err().kind(), ErrorKind::Argument);
        }
        let mut run = ResidualTraining::new(recipe()).unwrap();
        let small = |_: usize| Ok(Crop { pixels: vec![0.0; 3], generated: true });
        assert_eq!(run.step(small).unwrap_err().kind(), ErrorKind::Internal);
        let unreadable = |_: usize| Err(Error::new(ErrorKind::Io, "gone"));
        assert_eq!(run.step(unreadable).unwrap_err().kind(), ErrorKind::Io);
    }
}
