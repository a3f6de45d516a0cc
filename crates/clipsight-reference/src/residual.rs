//! The residual network as a burn module.

use std::collections::HashMap;

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use burn::tensor::activation::relu;
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use clipsight::heads::residual::{KERNEL, ResidualConfig};
use clipsight::{Error, ErrorKind, Result};

use crate::DeviceTensor;

/// Stem at full resolution, strided stages of pre-activation residual blocks (He et al. 2016, arXiv
/// 1603.05027), one logit a position, averaged.
///
/// There is no normalisation, hence no statistics to measure in training and trust afterwards:
/// every block adds to its input the output of its two convolutions times a learnt gain per channel
/// that starts small (SkipInit, De and Smith 2020, arXiv 2002.10444).
#[derive(Module, Debug)]
pub struct ResidualNetwork {
    stem: Convolution,
    stages: Vec<StageLayers>,
    head: Convolution,
}

#[derive(Module, Debug)]
struct StageLayers {
    down: Convolution,
    blocks: Vec<Block>,
}

#[derive(Module, Debug)]
struct Block {
    conv1: Convolution,
    conv2: Convolution,
    gain: Param<Tensor<1>>,
}

/// A convolution that keeps the sides, or with stride 2 halves them, rounded up; zeros beyond the
/// border.
#[derive(Module, Debug)]
struct Convolution {
    /// `[out, in, kernel, kernel]`.
    weight: Param<Tensor<4>>,
    bias: Param<Tensor<1>>,
}

impl ResidualNetwork {
    /// Builds the network from `tensors`, named as in [`ResidualConfig::tensors`]; removes those it
    /// uses.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`] when a tensor is missing or does not fit, or for an invalid
    /// configuration.
    pub fn assemble(
        config: &ResidualConfig,
        tensors: &mut HashMap<String, DeviceTensor>,
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
                        gain: named.vector(&format!("{name}.gain"), channels)?,
                    })
                })
                .collect::<Result<Vec<_>>>()?;
            stages.push(StageLayers { down, blocks });
            input = channels;
        }
        let head = named.convolution("head", 1, input, 1)?;
        Ok(Self { stem, stages, head })
    }

    /// The weights, under the names that [`assemble`](Self::assemble) takes them by.
    #[must_use]
    pub fn tensors(&self) -> Vec<(String, DeviceTensor)> {
        let mut named = Named(Vec::new());
        named.convolution("stem", &self.stem);
        for (index, stage) in self.stages.iter().enumerate() {
            named.convolution(&format!("stages.{index}.down"), &stage.down);
            for (block, layers) in stage.blocks.iter().enumerate() {
                let name = format!("stages.{index}.blocks.{block}");
                named.convolution(&format!("{name}.conv1"), &layers.conv1);
                named.convolution(&format!("{name}.conv2"), &layers.conv2);
                named.vector(&format!("{name}.gain"), &layers.gain);
            }
        }
        named.convolution("head", &self.head);
        named.0
    }

    /// Residuals `[batch, 3, height, width]` -> the map of logits
    /// `[batch, 1, height / 8, width / 8]`, for three stages.
    pub fn map(&self, input: Tensor<4>) -> Tensor<4> {
        let mut features = self.stem.forward(input, 1);
        for stage in &self.stages {
            features = stage.down.forward(relu(features), 2);
            for block in &stage.blocks {
                features = block.forward(features);
            }
        }
        self.head.forward(relu(features), 1)
    }

    /// Residuals `[batch, 3, height, width]` -> logits `[batch]`: the mean over the map.
    pub fn forward(&self, input: Tensor<4>) -> Tensor<1> {
        let map = self.map(input);
        let [batch, _, height, width] = map.dims();
        map.reshape([batch, height * width]).mean_dim(1).squeeze_dim::<1>(1)
    }
}

impl Block {
    fn forward(&self, features: Tensor<4>) -> Tensor<4> {
        let change = self.conv1.forward(relu(features.clone()), 1);
        let change = self.conv2.forward(relu(change), 1);
        let gain = self.gain.val();
        let channels = gain.dims()[0];
        features + change * gain.reshape([1, channels, 1, 1])
    }
}

impl Convolution {
    fn forward(&self, features: Tensor<4>, stride: usize) -> Tensor<4> {
        let weight = self.weight.val();
        let padding = weight.dims()[2] / 2;
        let options = ConvOptions::new([stride; 2], [padding; 2], [1; 2], 1);
        conv2d(features, weight, Some(self.bias.val()), options)
    }
}

/// Takes named tensors out of the map.
struct NamedTensors<'a>(&'a mut HashMap<String, DeviceTensor>);

impl NamedTensors<'_> {
    fn vector(&mut self, name: &str, length: usize) -> Result<Param<Tensor<1>>> {
        match self.0.remove(&format!("residual.{name}")) {
            Some(DeviceTensor::Vector(tensor)) if tensor.dims() == [length] => {
                Ok(Param::from_tensor(tensor))
            }
            _ => Err(lacks(name)),
        }
    }

    fn convolution(
        &mut self,
        name: &str,
        output: usize,
        input: usize,
        kernel: usize,
    ) -> Result<Convolution> {
        let weight = format!("{name}.weight");
        let matrix = match self.0.remove(&format!("residual.{weight}")) {
            // Turned to `[in, out]` on its way here, as every matrix is.
            Some(DeviceTensor::Matrix(tensor))
                if tensor.dims() == [input * kernel * kernel, output] =>
            {
                tensor
            }
            _ => return Err(lacks(&weight)),
        };
        let weight = matrix.transpose().reshape([output, input, kernel, kernel]);
        let bias = self.vector(&format!("{name}.bias"), output)?;
        Ok(Convolution { weight: Param::from_tensor(weight), bias })
    }
}

fn lacks(name: &str) -> Error {
    Error::new(ErrorKind::WeightsCorrupt, format!("the model lacks the tensor residual.{name}"))
}

/// Collects the tensors of modules under their names.
struct Named(Vec<(String, DeviceTensor)>);

impl Named {
    fn vector(&mut self, name: &str, param: &Param<Tensor<1>>) {
        self.0.push((format!("residual.{name}"), DeviceTensor::Vector(param.val())));
    }

    fn convolution(&mut self, name: &str, layer: &Convolution) {
        let weight = layer.weight.val();
        let [output, input, height, width] = weight.dims();
        let matrix = weight.reshape([output, input * height * width]).transpose();
        self.0.push((format!("residual.{name}.weight"), DeviceTensor::Matrix(matrix)));
        self.vector(&format!("{name}.bias"), &layer.bias);
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;
    use clipsight::heads::residual::Stage;

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

    type Weights = HashMap<String, (Vec<usize>, Vec<f32>)>;

    fn weights() -> Weights {
        let mut state = 3;
        config()
            .tensors()
            .into_iter()
            .map(|spec| {
                let values = (0..spec.shape.iter().product()).map(|_| random(&mut state)).collect();
                (spec.name, (spec.shape, values))
            })
            .collect()
    }

    fn on_device(weights: &Weights) -> HashMap<String, DeviceTensor> {
        let device = Device::flex();
        weights
            .iter()
            .map(|(name, (shape, values))| {
                let data = TensorData::new(values.clone(), shape.clone());
                let tensor = match shape.len() {
                    1 => DeviceTensor::Vector(Tensor::from_data(data, &device)),
                    _ => DeviceTensor::Matrix(Tensor::<2>::from_data(data, &device).transpose()),
                };
                (name.clone(), tensor)
            })
            .collect()
    }

    /// Channels of rows of columns.
    type Planes = Vec<Vec<Vec<f32>>>;

    fn convolved(
        input: &Planes,
        weights: &Weights,
        name: &str,
        stride: usize,
        kernel: usize,
    ) -> Planes {
        let (height, width) = (input[0].len(), input[0][0].len());
        let (shape, weight) = &weights[&format!("residual.{name}.weight")];
        let bias = &weights[&format!("residual.{name}.bias")].1;
        let reach = kernel / 2;
        let value = |channel: usize, y: usize, x: usize| {
            let inside =
                (reach..height + reach).contains(&y) && (reach..width + reach).contains(&x);
            if inside { input[channel][y - reach][x - reach] } else { 0.0 }
        };
        (0..shape[0])
            .map(|output| {
                (0..height.div_ceil(stride))
                    .map(|y| {
                        (0..width.div_ceil(stride))
                            .map(|x| {
                                let mut sum = bias[output];
                                for channel in 0..input.len() {
                                    for dy in 0..kernel {
                                        for dx in 0..kernel {
                                            let at = output * shape[1]
                                                + channel * kernel * kernel
                                                + dy * kernel
                                                + dx;
                                            sum += weight[at]
                                                * value(channel, stride * y + dy, stride * x + dx);
                                        }
                                    }
                                }
                                sum
                            })
                            .collect()
                    })
                    .collect()
            })
            .collect()
    }

    fn rectified(mut planes: Planes) -> Planes {
        planes.iter_mut().flatten().flatten().for_each(|value| *value = value.max(0.0));
        planes
    }

    /// The network by the definition.
    fn by_hand(input: &[f32], height: usize, width: usize, weights: &Weights) -> f32 {
        let planes = input
            .chunks(height * width)
            .map(|plane| plane.chunks(width).map(<[f32]>::to_vec).collect())
            .collect();
        let mut features = convolved(&planes, weights, "stem", 1, 3);
        for (index, stage) in config().stages.iter().enumerate() {
            features =
                convolved(&rectified(features), weights, &format!("stages.{index}.down"), 2, 3);
            for block in 0..stage.blocks {
                let name = format!("stages.{index}.blocks.{block}");
                let change = convolved(
                    &rectified(features.clone()),
                    weights,
                    &format!("{name}.conv1"),
                    1,
                    3,
                );
                let change = convolved(&rectified(change), weights, &format!("{name}.conv2"), 1, 3);
                let gain = &weights[&format!("residual.{name}.gain")].1;
                for (channel, gain) in gain.iter().enumerate() {
                    for (row, change) in features[channel].iter_mut().zip(&change[channel]) {
                        row.iter_mut()
                            .zip(change)
                            .for_each(|(value, change)| *value += gain * change);
                    }
                }
            }
        }
        let map = convolved(&rectified(features), weights, "head", 1, 1);
        let count = map[0].len() * map[0][0].len();
        map[0].iter().flatten().sum::<f32>() / count as f32
    }

    #[test]
    fn equals_convolution_by_hand_at_every_size_and_in_batches() {
        let weights = weights();
        let network = ResidualNetwork::assemble(&config(), &mut on_device(&weights)).unwrap();
        let device = Device::flex();
        let mut state = 9;
        for (height, width) in [(1, 1), (2, 7), (9, 6), (16, 13), (33, 40)] {
            let images: Vec<Vec<f32>> = (0..3)
                .map(|_| (0..3 * height * width).map(|_| 4.0 * random(&mut state)).collect())
                .collect();
            let batch = TensorData::new(images.concat(), [3, 3, height, width]);
            let logits = network.forward(Tensor::from_data(batch, &device));
            let logits = logits.into_data().try_into_vec::<f32>().unwrap();
            let mut spread = 0.0_f32;
            for (image, logit) in images.iter().zip(&logits) {
                let expected = by_hand(image, height, width, &weights);
                assert!(
                    (logit - expected).abs() < 1e-5,
                    "{height} x {width}: {logit}, not {expected}"
                );
                spread = spread.max((logit - logits[0]).abs());
            }
            assert!(spread > 1e-4, "the test needs distinct logits: {logits:?}");
        }
    }

    #[test]
    fn every_tensor_is_needed_and_taken() {
        let weights = weights();
        for name in weights.keys() {
            let mut tensors = on_device(&weights);
            tensors.remove(name);
            let error = ResidualNetwork::assemble(&config(), &mut tensors).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::WeightsCorrupt);
            assert!(error.message().contains(name), "{error}");
        }
        let mut tensors = on_device(&weights);
        ResidualNetwork::assemble(&config(), &mut tensors).unwrap();
        assert!(tensors.is_empty());
        let mut wider = config();
        wider.stem = 5;
        assert!(ResidualNetwork::assemble(&wider, &mut on_device(&weights)).is_err());
        wider.stages.clear();
        assert!(ResidualNetwork::assemble(&wider, &mut on_device(&weights)).is_err());
    }
}
