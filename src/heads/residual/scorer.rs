//! The network in plain Rust and f32, which scores images on every device.

use std::collections::HashMap;

use super::ResidualConfig;
use super::config::KERNEL;
use crate::image::Rgb8;
use crate::weights::HostTensor;
use crate::{Error, ErrorKind, Result};

/// The network of [`ResidualConfig`], ready to score. `ResidualNetwork` of `clipsight-reference` is
/// the same network as a burn module, for training.
#[derive(Debug)]
pub struct ResidualScorer {
    stem: Convolution,
    stages: Vec<Stage>,
    head: Convolution,
}

#[derive(Debug)]
struct Stage {
    down: Convolution,
    blocks: Vec<Block>,
}

#[derive(Debug)]
struct Block {
    conv1: Convolution,
    conv2: Convolution,
    gain: Vec<f32>,
}

/// A convolution that keeps the sides, or with stride 2 halves them, rounded up; zeros beyond the
/// border.
#[derive(Debug)]
struct Convolution {
    /// `[out, in, kernel, kernel]`.
    weight: Vec<f32>,
    bias: Vec<f32>,
    input: usize,
    kernel: usize,
}

/// Channels of rows of columns.
#[derive(Debug)]
struct Planes {
    height: usize,
    width: usize,
    /// `[channels, height, width]`.
    data: Vec<f32>,
}

impl ResidualScorer {
    /// Builds the network from `tensors`, named as in [`ResidualConfig::tensors`]; removes those it
    /// uses.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`] when a tensor is missing or does not fit, or for an invalid
    /// configuration.
    pub fn assemble(
        config: &ResidualConfig,
        tensors: &mut HashMap<String, HostTensor>,
    ) -> Result<Self> {
        config.validate()?;
        let mut named = NamedTensors(tensors);
        let mut input = config.stem;
        let stem = named.convolution("stem", config.stem, 3, KERNEL)?;
        let mut stages = Vec::with_capacity(config.stages.len());
        for (index, stage) in config.stages.iter().enumerate() {
            let channels = stage.channels;
            let name = format!("stages.{index}");
            let down = named.convolution(&format!("{name}.down"), channels, input, KERNEL)?;
            let blocks = (0..stage.blocks)
                .map(|block| {
                    let name = format!("{name}.blocks.{block}");
                    Ok(Block {
                        conv1: named.convolution(
                            &format!("{name}.conv1"),
                            channels,
                            channels,
                            KERNEL,
                        )?,
                        conv2: named.convolution(
                            &format!("{name}.conv2"),
                            channels,
                            channels,
                            KERNEL,
                        )?,
                        gain: named.take(&format!("{name}.gain"), &[channels])?,
                    })
                })
                .collect::<Result<Vec<_>>>()?;
            stages.push(Stage { down, blocks });
            input = channels;
        }
        let head = named.convolution("head", 1, input, 1)?;
        Ok(Self { stem, stages, head })
    }

    /// The logit of an image that [`ResidualConfig::crop`] has cut: the mean over the map of
    /// logits.
    #[must_use]
    pub fn logit(&self, image: &Rgb8) -> f32 {
        let (height, width) = (image.height() as usize, image.width() as usize);
        let mut features =
            self.stem.forward(&Planes { height, width, data: ResidualConfig::input(image) }, 1);
        for stage in &self.stages {
            features = stage.down.forward(&features.rectified(), 2);
            for block in &stage.blocks {
                let change = block.conv1.forward(&features.rectified(), 1);
                let change = block.conv2.forward(&change.rectified(), 1);
                let plane = features.height * features.width;
                let channels = features.data.chunks_mut(plane).zip(change.data.chunks(plane));
                for ((to, from), gain) in channels.zip(&block.gain) {
                    to.iter_mut().zip(from).for_each(|(to, from)| *to += gain * from);
                }
            }
        }
        let map = self.head.forward(&features.rectified(), 1).data;
        #[expect(
            clippy::cast_precision_loss,
            reason = "a mean over at most some million positions"
        )]
        let mean = map.iter().map(|logit| f64::from(*logit)).sum::<f64>() / map.len() as f64;
        #[expect(clippy::cast_possible_truncation, reason = "a mean of f32")]
        let mean = mean as f32;
        mean
    }
}

impl Planes {
    fn rectified(&self) -> Self {
        Self { data: self.data.iter().map(|value| value.max(0.0)).collect(), ..*self }
    }

    /// Row `y` of `channel`, where `y` counts from `reach` rows above the first, with `reach` zeros
    /// at both ends, split into `stride` rows of every `stride`-th value, so that a strided
    /// convolution reads neighbours.
    fn phases(
        &self,
        channel: usize,
        y: usize,
        reach: usize,
        stride: usize,
        phases: &mut [Vec<f32>],
    ) {
        let inside = (reach..self.height + reach).contains(&y);
        let row = inside
            .then(|| &self.data[(channel * self.height + y - reach) * self.width..][..self.width]);
        let padded = self.width + 2 * reach;
        for (phase, values) in phases.iter_mut().enumerate() {
            values.clear();
            values.extend((phase..padded.next_multiple_of(stride) + stride).step_by(stride).map(
                |x| {
                    let x = x.wrapping_sub(reach);
                    row.and_then(|row| row.get(x)).copied().unwrap_or(0.0)
                },
            ));
        }
    }
}

impl Convolution {
    fn forward(&self, input: &Planes, stride: usize) -> Planes {
        let (kernel, reach, output) = (self.kernel, self.kernel / 2, self.bias.len());
        let (height, width) = (input.height.div_ceil(stride), input.width.div_ceil(stride));
        let mut data = vec![0.0; output * height * width];
        let mut phases = vec![Vec::new(); stride];
        for y in 0..height {
            for (channel, bias) in self.bias.iter().enumerate() {
                data[(channel * height + y) * width..][..width].fill(*bias);
            }
            for channel in 0..self.input {
                for ky in 0..kernel {
                    input.phases(channel, y * stride + ky, reach, stride, &mut phases);
                    for out in 0..output {
                        let row = &mut data[(out * height + y) * width..][..width];
                        let weights = &self.weight
                            [((out * self.input + channel) * kernel + ky) * kernel..][..kernel];
                        for (kx, weight) in weights.iter().enumerate() {
                            let values = &phases[kx % stride][kx / stride..];
                            row.iter_mut()
                                .zip(values)
                                .for_each(|(sum, value)| *sum += weight * value);
                        }
                    }
                }
            }
        }
        Planes { height, width, data }
    }
}

/// Takes named tensors out of the map.
struct NamedTensors<'a>(&'a mut HashMap<String, HostTensor>);

impl NamedTensors<'_> {
    fn take(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let tensor =
            self.0.remove(&format!("residual.{name}")).filter(|tensor| tensor.shape == shape);
        tensor.map(|tensor| tensor.data).ok_or_else(|| {
            let message = format!("the model lacks the tensor residual.{name}");
            Error::new(ErrorKind::WeightsCorrupt, message)
        })
    }

    fn convolution(
        &mut self,
        name: &str,
        output: usize,
        input: usize,
        kernel: usize,
    ) -> Result<Convolution> {
        let weight = self.take(&format!("{name}.weight"), &[output, input * kernel * kernel])?;
        let bias = self.take(&format!("{name}.bias"), &[output])?;
        Ok(Convolution { weight, bias, input, kernel })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use super::*;
    use crate::heads::residual::Stage;

    /// Knuth's MMIX generator.
    fn random(state: &mut u64) -> f32 {
        *state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*state >> 33) as f32 / (1_u64 << 31) as f32 - 0.5
    }

    fn config() -> ResidualConfig {
        ResidualConfig {
            short_side: 64,
            long_side: 96,
            stem: 4,
            stages: vec![Stage { channels: 5, blocks: 1 }, Stage { channels: 6, blocks: 2 }],
        }
    }

    fn tensors(state: &mut u64) -> HashMap<String, HostTensor> {
        let specs = config().tensors().into_iter();
        specs
            .map(|spec| {
                let values = (0..spec.shape.iter().product()).map(|_| random(state)).collect();
                (spec.name, HostTensor::new(spec.shape, values).unwrap())
            })
            .collect()
    }

    #[test]
    fn every_tensor_is_needed() {
        for name in config().tensors().into_iter().map(|spec| spec.name) {
            let mut weights = tensors(&mut 3);
            weights.remove(&name);
            let error = ResidualScorer::assemble(&config(), &mut weights).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::WeightsCorrupt);
            assert!(error.message().contains(&name), "{error}");
        }
        let mut wider = config();
        wider.stem = 5;
        assert!(ResidualScorer::assemble(&wider, &mut tensors(&mut 3)).is_err());
    }
}
