//! An engine that is no encoder: it mixes whatever weights and pixels it is given into features, so
//! that a tensor that is missing, moved or changed changes them. Tests of the model format need no
//! more, and build without burn.

use std::collections::BTreeMap;

use clipsight::Result;
use clipsight::clip::{FeatureSpec, TensorSpec, VisionConfig};
use clipsight::engine::{Answer, Encoder, EncoderBuilder, Encoding, Engine};
use clipsight::weights::StoredTensor;

/// See the file.
#[derive(Debug)]
pub(crate) struct Plain;

#[derive(Debug)]
struct Builder {
    features: usize,
    embedding: usize,
    tensors: BTreeMap<String, Vec<f32>>,
}

#[derive(Debug)]
struct Mixer {
    features: usize,
    embedding: usize,
    /// What the weights come to.
    weights: f32,
}

impl Engine for Plain {
    fn begin_valid(
        &self,
        config: &VisionConfig,
        features: &FeatureSpec,
    ) -> Result<Box<dyn EncoderBuilder>> {
        Ok(Box::new(Builder {
            features: features.width(config),
            embedding: config.embedding_width(),
            tensors: BTreeMap::new(),
        }))
    }
}

impl EncoderBuilder for Builder {
    fn take(&mut self, spec: &TensorSpec, tensor: StoredTensor) -> Result<()> {
        self.tensors.insert(spec.name.clone(), tensor.into_host()?.data);
        Ok(())
    }

    fn finish(self: Box<Self>) -> Answer<'static, Box<dyn Encoder>> {
        let Self { features, embedding, tensors } = *self;
        // In the order of their names, whatever order they came in.
        let weights = tensors.values().enumerate().map(|(seed, values)| mix(values, seed)).sum();
        let mixer: Box<dyn Encoder> = Box::new(Mixer { features, embedding, weights });
        Box::pin(std::future::ready(Ok(mixer)))
    }
}

impl Encoder for Mixer {
    fn encode<'a>(&'a self, pixels: &'a [f32], batch: usize) -> Answer<'a, Encoding> {
        let views = || pixels.chunks(pixels.len() / batch.max(1));
        let mixed = |width: usize| {
            views().flat_map(move |view| {
                (0..width).map(move |index| mix(view, index) + self.weights * sign(index, 7))
            })
        };
        let encoding = Encoding {
            features: mixed(self.features).collect(),
            embedding: mixed(self.embedding).collect(),
        };
        Box::pin(std::future::ready(Ok(encoding)))
    }
}

/// Values with pseudo-random signs, summed: near 1 for values near 1 / sqrt(their number).
fn mix(values: &[f32], seed: usize) -> f32 {
    let sum: f32 = values.iter().enumerate().map(|(at, value)| value * sign(at, seed)).sum();
    sum / (values.len() as f32).sqrt()
}

fn sign(at: usize, seed: usize) -> f32 {
    let mixed = (at as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15)
        ^ (seed as u64 + 1).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    if mixed.wrapping_mul(0x94D0_49BB_1331_11EB) >> 63 == 0 { 1.0 } else { -1.0 }
}
