//! The network's architecture.

use serde::{Deserialize, Serialize};

use crate::clip::{TensorRole, TensorSpec};
use crate::limits::{MAX_RESIDUAL_MACS, MAX_VIEW_SIDE};
use crate::{Error, ErrorKind, Result};

/// Architecture of the network, and how much of an image it reads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResidualConfig {
    /// Pixels of an image's shorter side that are read at most; the rest is cut off evenly at both
    /// ends.
    pub short_side: u32,
    /// The same for the longer side.
    pub long_side: u32,
    /// Channels of the stem, a convolution at full resolution.
    pub stem: usize,
    /// The stages after it, each at half the resolution of the one before.
    pub stages: Vec<Stage>,
}

/// A convolution of stride 2, then residual blocks of two convolutions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// Channels of all its convolutions.
    pub channels: usize,
    /// Residual blocks.
    pub blocks: usize,
}

/// Side of every kernel except the last.
pub const KERNEL: usize = 3;

impl ResidualConfig {
    /// The compact model's: 183,000 weights, .43 billion multiplications for an image of 288 x 288
    /// pixels.
    #[must_use]
    pub fn compact() -> Self {
        Self {
            short_side: 288,
            long_side: 512,
            stem: 8,
            stages: vec![
                Stage { channels: 24, blocks: 0 },
                Stage { channels: 40, blocks: 1 },
                Stage { channels: 80, blocks: 1 },
            ],
        }
    }

    /// Every tensor of the network. Kernels are matrices `[out, in * 3 * 3]`.
    #[must_use]
    pub fn tensors(&self) -> Vec<TensorSpec> {
        let mut specs = Vec::new();
        let mut push = |name: String, shape: Vec<usize>, role: TensorRole| {
            specs.push(TensorSpec { name: format!("residual.{name}"), shape, role });
        };
        self.convolutions(|name, shape| {
            push(format!("{name}.weight"), vec![shape.output, shape.fan_in()], TensorRole::Matrix);
            push(format!("{name}.bias"), vec![shape.output], TensorRole::Vector);
            if name.ends_with(Self::SECOND) {
                let gain = format!("{}gain", name.trim_end_matches(Self::SECOND));
                push(gain, vec![shape.output], TensorRole::Vector);
            }
        });
        specs
    }

    /// Multiplications for an input of `height` x `width` pixels.
    #[must_use]
    pub fn macs(&self, height: u32, width: u32) -> u64 {
        let mut sum = 0_u64;
        self.convolutions(|_, shape| {
            let side = |side: u32| u64::from(side).div_ceil(1_u64 << shape.halvings);
            let weights = (shape.output * shape.fan_in()) as u64;
            sum = sum
                .saturating_add(side(height).saturating_mul(side(width)).saturating_mul(weights));
        });
        sum
    }

    /// Checks that the network can be built and that an image stays within the permitted cost.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`]: the numbers come from a model's manifest.
    pub fn validate(&self) -> Result<()> {
        let corrupt = |why: &str| {
            Err(Error::new(
                ErrorKind::WeightsCorrupt,
                format!("the model's residual network: {why}"),
            ))
        };
        let channels = |channels: usize| (1..=1024).contains(&channels);
        if !(1..=self.long_side).contains(&self.short_side) || self.long_side > MAX_VIEW_SIDE {
            return corrupt("the sides of its input are out of range");
        }
        if !(1..=6).contains(&self.stages.len())
            || !channels(self.stem)
            || !self.stages.iter().all(|stage| channels(stage.channels) && stage.blocks <= 16)
        {
            return corrupt("its stages or channels are out of range");
        }
        if self.macs(self.short_side, self.long_side) > MAX_RESIDUAL_MACS {
            return corrupt("an image would take too long");
        }
        Ok(())
    }

    /// End of the name of a block's second convolution.
    const SECOND: &str = "conv2";

    /// Calls `each` with the name and shape of every convolution, from the pixels to the logit.
    fn convolutions(&self, mut each: impl FnMut(&str, Convolution)) {
        let mut shape = Convolution { output: self.stem, input: 3, kernel: KERNEL, halvings: 0 };
        each("stem", shape);
        for (index, stage) in self.stages.iter().enumerate() {
            let (input, output) = (shape.output, stage.channels);
            shape = Convolution { output, input, kernel: KERNEL, halvings: shape.halvings + 1 };
            each(&format!("stages.{index}.down"), shape);
            shape.input = output;
            for block in 0..stage.blocks {
                each(&format!("stages.{index}.blocks.{block}.conv1"), shape);
                each(&format!("stages.{index}.blocks.{block}.{}", Self::SECOND), shape);
            }
        }
        each("head", Convolution { output: 1, input: shape.output, kernel: 1, ..shape });
    }
}

/// The shape of a convolution, and how many strides of 2 its output has behind it.
#[derive(Clone, Copy, Debug)]
struct Convolution {
    output: usize,
    input: usize,
    kernel: usize,
    halvings: u32,
}

impl Convolution {
    fn fan_in(self) -> usize {
        self.input * self.kernel * self.kernel
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_what_the_documents_say() {
        let config = ResidualConfig::compact();
        config.validate().unwrap();
        let weights: usize =
            config.tensors().iter().map(|spec| spec.shape.iter().product::<usize>()).sum();
        assert!((180_000..190_000).contains(&weights), "{weights}");
        assert!(
            (420_000_000..440_000_000).contains(&config.macs(288, 288)),
            "{}",
            config.macs(288, 288)
        );
        // Stem 3 -> 2 on 4 x 6, one stage 2 -> 5 on 2 x 3 with a block, a logit from 5.
        let small = ResidualConfig {
            short_side: 4,
            long_side: 6,
            stem: 2,
            stages: vec![Stage { channels: 5, blocks: 1 }],
        };
        assert_eq!(small.macs(4, 6), 24 * 54 + 6 * (90 + 2 * 225 + 5));
        let names: Vec<String> = small.tensors().into_iter().map(|spec| spec.name).collect();
        assert_eq!(names.iter().filter(|name| name.contains("blocks.0")).count(), 5, "{names:?}");
        assert!(names.contains(&"residual.stages.0.blocks.0.gain".to_owned()));
    }

    #[test]
    fn hostile_networks_are_refused() {
        let valid = ResidualConfig::compact();
        let stage = Stage { channels: 8, blocks: 1 };
        for (config, part) in [
            (ResidualConfig { short_side: 0, ..valid.clone() }, "sides"),
            (ResidualConfig { short_side: 513, ..valid.clone() }, "sides"),
            (ResidualConfig { long_side: u32::MAX, ..valid.clone() }, "sides"),
            (ResidualConfig { stem: 0, ..valid.clone() }, "channels"),
            (ResidualConfig { stem: usize::MAX, ..valid.clone() }, "channels"),
            (ResidualConfig { stages: Vec::new(), ..valid.clone() }, "stages"),
            (ResidualConfig { stages: vec![stage; 7], ..valid.clone() }, "stages"),
            (
                ResidualConfig {
                    stages: vec![Stage { blocks: usize::MAX, ..stage }],
                    ..valid.clone()
                },
                "stages",
            ),
            (
                ResidualConfig { stages: vec![Stage { channels: 0, ..stage }], ..valid.clone() },
                "channels",
            ),
            (ResidualConfig { stem: 1024, ..valid.clone() }, "too long"),
            (
                ResidualConfig { stages: vec![Stage { channels: 1024, blocks: 16 }; 6], ..valid },
                "too long",
            ),
        ] {
            let error = config.validate().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::WeightsCorrupt);
            assert!(error.message().contains(part), "{error} {part}");
        }
    }
}
