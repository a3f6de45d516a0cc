//! What every training run on burn's autodiff has in common: micro-batches on every core, AdamW, a
//! running average, checkpoints.
//!
//! A batch is cut into micro-batches; each is loaded, run forward and backward on one core, and
//! their gradients are summed in the batch's order: the result does not depend on how many cores
//! there are. Parameters, moments and the running average live in host memory, so a checkpoint is a
//! list of vectors.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use burn::module::Module;
use burn::tensor::activation::log_sigmoid;
use burn::tensor::{Device, Tensor, TensorData};
use rayon::ThreadPoolBuilder;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};

use super::parameters::{GradientReader, Reader, with_values};
use super::{AdamW, AdamWConfig};
use clipsight::{Error, ErrorKind, Result};

/// What a step reports.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepReport {
    /// Mean loss over the batch.
    pub loss: f64,
    /// Norm of the gradient before clipping.
    pub gradient_norm: f64,
}

/// How many steps, at what rates, in how many portions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Schedule {
    /// Steps in all.
    pub(super) steps: usize,
    /// Steps over which learning rates rise to their full value; they then fall to zero along a
    /// half cosine.
    pub(super) warm_up: usize,
    /// Micro-batches a step.
    pub(super) micro_batches: usize,
    /// Share of the old in the running average of parameters, per step; less in the first steps.
    pub(super) average: f64,
}

/// A network in training.
#[derive(Debug)]
pub(super) struct Trainer<M> {
    /// On the autodiff device, with the newest parameters.
    pub(super) network: M,
    schedule: Schedule,
    device: Device,
    pub(super) parameters: Vec<Vec<f32>>,
    pub(super) average: Vec<Vec<f32>>,
    optimizer: AdamW,
    /// Full learning rate and weight decay of every parameter.
    pub(super) rates: Vec<f64>,
    decays: Vec<f64>,
}

const OPTIMIZER: AdamWConfig =
    AdamWConfig { beta1: 0.9, beta2: 0.98, epsilon: 1e-8, clip_norm: 1.0 };

impl<M: Module + Sync> Trainer<M> {
    /// A run from the network's parameters. `rate` gives the full learning rate of a parameter by
    /// its path in the module; matrices and kernels decay by `weight_decay`, vectors do not.
    pub(super) fn new(
        network: M,
        device: Device,
        schedule: Schedule,
        weight_decay: f64,
        rate: impl Fn(&str) -> f64,
    ) -> Self {
        let mut reader = Reader::default();
        network.visit(&mut reader);
        let lengths: Vec<usize> = reader.values.iter().map(Vec::len).collect();
        Self {
            network,
            schedule,
            device,
            average: reader.values.clone(),
            optimizer: AdamW::new(OPTIMIZER, &lengths),
            parameters: reader.values,
            rates: reader.paths.iter().map(|path| rate(path)).collect(),
            decays: reader
                .ranks
                .iter()
                .map(|rank| if *rank > 1 { weight_decay } else { 0.0 })
                .collect(),
        }
    }

    /// The device that the network is on.
    pub(super) fn device(&self) -> &Device {
        &self.device
    }

    /// Steps done.
    pub(super) fn step_count(&self) -> usize {
        usize::try_from(self.optimizer.step).unwrap_or(usize::MAX)
    }

    /// Takes one step. `loss` gives a micro-batch's mean loss by the network it is handed; it is
    /// called from several threads.
    ///
    /// # Errors
    /// The first error of `loss`; [`ErrorKind::Internal`] when the loss is no longer finite.
    pub(super) fn step(
        &mut self,
        loss: impl Fn(&M, usize) -> Result<Tensor<1>> + Sync,
    ) -> Result<StepReport> {
        let count = self.schedule.micro_batches;
        let cores = std::thread::available_parallelism().map_or(1, usize::from).min(count);
        let next = AtomicUsize::new(0);
        let results: Vec<Mutex<Option<Result<LossAndGradients>>>> =
            (0..count).map(|_| Mutex::new(None)).collect();
        let this = &*self;
        std::thread::scope(|scope| {
            for _ in 0..cores {
                scope.spawn(|| {
                    // One thread per micro-batch: burn's own parallelism within each product would
                    // leave cores waiting.
                    let Ok(pool) = ThreadPoolBuilder::new().num_threads(1).build() else { return };
                    pool.install(|| {
                        loop {
                            let index = next.fetch_add(1, Ordering::Relaxed);
                            let Some(slot) = results.get(index) else { break };
                            let part = this.micro_batch(index, &loss);
                            if let Ok(mut slot) = slot.lock() {
                                *slot = Some(part);
                            }
                        }
                    });
                });
            }
        });
        let mut sum: Option<LossAndGradients> = None;
        for slot in results {
            let part = slot.into_inner().ok().flatten().ok_or_else(|| {
                Error::new(ErrorKind::Internal, "a training thread could not be run")
            })??;
            match &mut sum {
                None => sum = Some(part),
                Some(sum) => sum.add(part),
            }
        }
        let Some(LossAndGradients { loss, mut gradients }) = sum else {
            return Err(Error::new(ErrorKind::Internal, "the batch is empty"));
        };
        let share = 1.0 / count as f32;
        gradients.iter_mut().flatten().for_each(|value| *value *= share);
        let loss = loss / count as f64;
        if !loss.is_finite() {
            return Err(Error::new(
                ErrorKind::Internal,
                "the loss is no longer a finite number: lower the learning rate",
            ));
        }
        let scale = self.lr_scale(self.step_count());
        let rates: Vec<f64> = self.rates.iter().map(|rate| rate * scale).collect();
        let gradient_norm =
            self.optimizer.update(&mut self.parameters, &gradients, &rates, &self.decays);
        let step = self.optimizer.step as f64;
        let keep = self.schedule.average.min(step / (step + 9.0)) as f32;
        for (average, value) in
            self.average.iter_mut().flatten().zip(self.parameters.iter().flatten())
        {
            *average += (1.0 - keep) * (value - *average);
        }
        self.network = self.with(&self.parameters);
        Ok(StepReport { loss, gradient_norm })
    }

    /// What learning rates are multiplied by at a step.
    pub(super) fn lr_scale(&self, step: usize) -> f64 {
        let Schedule { steps, warm_up, .. } = self.schedule;
        let rise = ((step + 1) as f64 / warm_up.max(1) as f64).min(1.0);
        rise * 0.5 * (1.0 + (std::f64::consts::PI * step as f64 / steps as f64).cos())
    }

    /// Forward and backward over one micro-batch.
    fn micro_batch(
        &self,
        index: usize,
        loss: &(impl Fn(&M, usize) -> Result<Tensor<1>> + Sync),
    ) -> Result<LossAndGradients> {
        let network = self.network.clone().fork(&self.device);
        let loss = loss(&network, index)?;
        let value = loss
            .clone()
            .into_data()
            .try_into_vec::<f32>()
            .ok()
            .and_then(|values| values.first().copied())
            .unwrap_or(f32::NAN);
        let gradients = loss.backward();
        let mut reader = GradientReader { gradients: &gradients, values: Vec::new() };
        network.visit(&mut reader);
        Ok(LossAndGradients { loss: f64::from(value), gradients: reader.values })
    }

    /// The network with these values.
    fn with(&self, values: &[Vec<f32>]) -> M {
        with_values(self.network.clone(), values, &self.device)
    }

    /// The network with the running average of its parameters.
    pub(super) fn averaged(&self) -> M {
        self.with(&self.average)
    }

    /// Everything needed to go on later, in one safetensors file; `recipe` is what
    /// [`resume`](Self::resume) compares.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] when it cannot be put together.
    pub(super) fn checkpoint(&self, recipe: &str) -> Result<Vec<u8>> {
        let lists = self.lists();
        let bytes: Vec<(String, Vec<u8>)> = lists
            .iter()
            .flat_map(|(name, list)| {
                list.iter().enumerate().map(move |(index, values)| {
                    (
                        format!("{name}.{index}"),
                        values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>(),
                    )
                })
            })
            .collect();
        let internal = |error: safetensors::SafeTensorError| {
            Error::new(ErrorKind::Internal, format!("the checkpoint cannot be written: {error}"))
        };
        let views = bytes
            .iter()
            .map(|(name, bytes)| {
                Ok((
                    name,
                    TensorView::new(Dtype::F32, vec![bytes.len() / 4], bytes).map_err(internal)?,
                ))
            })
            .collect::<Result<Vec<_>>>()?;
        let facts = HashMap::from([
            ("step".to_owned(), self.optimizer.step.to_string()),
            ("config".to_owned(), recipe.to_owned()),
        ]);
        safetensors::serialize(views, Some(facts)).map_err(internal)
    }

    /// Goes on from a checkpoint of the same recipe.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`] when it is damaged or of another recipe; the run is then
    /// unchanged.
    pub(super) fn resume(&mut self, recipe: &str, bytes: &[u8]) -> Result<()> {
        let corrupt = || {
            Error::new(
                ErrorKind::WeightsCorrupt,
                "the checkpoint is damaged or belongs to another recipe: delete it to start over",
            )
        };
        let (_, header) =
            SafeTensors::read_metadata(bytes).map_err(|error| corrupt().with_source(error))?;
        let facts = header.metadata().as_ref().ok_or_else(corrupt)?;
        if facts.get("config").is_none_or(|config| config != recipe) {
            return Err(corrupt());
        }
        let step = facts.get("step").and_then(|step| step.parse().ok()).ok_or_else(corrupt)?;
        let file = SafeTensors::deserialize(bytes).map_err(|error| corrupt().with_source(error))?;
        let read = |name: &str, like: &[Vec<f32>]| {
            like.iter()
                .enumerate()
                .map(|(index, like)| {
                    let view = file.tensor(&format!("{name}.{index}")).map_err(|_| corrupt())?;
                    let values: Vec<f32> = view
                        .data()
                        .as_chunks()
                        .0
                        .iter()
                        .map(|bytes| f32::from_le_bytes(*bytes))
                        .collect();
                    if values.len() == like.len() { Ok(values) } else { Err(corrupt()) }
                })
                .collect::<Result<Vec<_>>>()
        };
        let [parameters, average, first, second] =
            self.lists().map(|(name, like)| read(name, like));
        let (parameters, average, first, second) = (parameters?, average?, first?, second?);
        (self.parameters, self.average) = (parameters, average);
        (self.optimizer.first, self.optimizer.second) = (first, second);
        self.optimizer.step = step;
        self.network = self.with(&self.parameters);
        Ok(())
    }

    fn lists(&self) -> [(&'static str, &[Vec<f32>]); 4] {
        [
            ("parameters", &self.parameters),
            ("average", &self.average),
            ("first", &self.optimizer.first),
            ("second", &self.optimizer.second),
        ]
    }
}

/// Mean binary cross-entropy of logits `[batch]` against labels, which are first moved by
/// `smoothing` towards one half.
pub(super) fn binary_cross_entropy(
    logits: Tensor<1>,
    generated: impl Iterator<Item = bool>,
    smoothing: f64,
) -> Tensor<1> {
    let smooth = smoothing as f32;
    let targets: Vec<f32> = generated
        .map(|generated| if generated { 1.0 - smooth / 2.0 } else { smooth / 2.0 })
        .collect();
    let count = targets.len();
    let targets = Tensor::<1>::from_data(TensorData::new(targets, [count]), &logits.device());
    let positive = log_sigmoid(logits.clone());
    let negative = log_sigmoid(-logits);
    -(targets.clone() * positive + (-targets + 1.0) * negative).mean()
}

/// Loss and gradients of a micro-batch, or of several together.
struct LossAndGradients {
    loss: f64,
    gradients: Vec<Vec<f32>>,
}

impl LossAndGradients {
    fn add(&mut self, other: Self) {
        self.loss += other.loss;
        for (sum, value) in
            self.gradients.iter_mut().flatten().zip(other.gradients.iter().flatten())
        {
            *sum += value;
        }
    }
}
