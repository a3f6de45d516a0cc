//! The engines against the definition on burn: random architectures, ragged sizes, every storage,
//! batches of 1 to 8; then the shipped model on real images.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

#[path = "../../../tests/common/mod.rs"]
mod common;

use clipsight::clip::{Activation, FeatureSpec, Pool, TensorRole, TensorSpec, VisionConfig};
use clipsight::engine::{Cpu, Encoder, Encoding, Engine, Gpu};
use clipsight::weights::{HostTensor, Storage, StoredTensor};
use clipsight_reference::Reference;
use proptest::prelude::*;

/// Knuth's MMIX generator; sums of four are close enough to normal.
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f32 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
    }

    fn normal(&mut self) -> f32 {
        (0..4).map(|_| self.uniform()).sum::<f32>() * 0.87
    }

    fn tensor(&mut self, spec: &TensorSpec, storage: Storage) -> StoredTensor {
        let count = spec.shape.iter().product::<usize>();
        let columns = *spec.shape.last().unwrap();
        let (mean, deviation) = match spec.role {
            TensorRole::Matrix => (0.0, (columns as f32).sqrt().recip()),
            TensorRole::Table => (0.0, 0.3),
            TensorRole::Vector if spec.name.contains("norm") && spec.name.ends_with("weight") => {
                (1.0, 0.2)
            }
            TensorRole::Vector => (0.0, 0.2),
        };
        let values: Vec<f32> = (0..count).map(|_| mean + deviation * self.normal()).collect();
        let tensor = HostTensor::new(spec.shape.clone(), values).unwrap();
        StoredTensor::quantize(tensor, spec, storage)
    }
}

/// What is computed, and on what.
#[derive(Clone, Debug)]
struct Case {
    config: VisionConfig,
    features: FeatureSpec,
    storage: Storage,
    batch: usize,
    seed: u64,
}

impl Case {
    fn encode(&self, engine: &dyn Engine) -> Encoding {
        let mut random = Random(self.seed);
        let mut builder = engine.begin(&self.config, &self.features).unwrap();
        for spec in self.config.tensors() {
            builder.take(&spec, random.tensor(&spec, self.storage)).unwrap();
        }
        let encoder = pollster::block_on(builder.finish()).unwrap();
        let pixels: Vec<f32> =
            (0..self.batch * 3 * self.config.image_size.pow(2)).map(|_| random.normal()).collect();
        let first = encode(encoder.as_ref(), &pixels, self.batch);
        // Workspaces are reused: nothing of one batch may show in the next.
        assert_eq!(encode(encoder.as_ref(), &pixels, self.batch), first);
        first
    }
}

fn encode(encoder: &dyn Encoder, pixels: &[f32], batch: usize) -> Encoding {
    pollster::block_on(encoder.encode(pixels, batch)).unwrap()
}

fn cases(heads: bool) -> impl Strategy<Value = Case> {
    let config = (
        (1..=4_usize, prop_oneof![Just(4_usize), Just(7), Just(14)]),
        (1..=4_usize, prop_oneof![Just(4_usize), Just(8), Just(20), Just(64)]),
        (1..=3_usize, 3..=150_usize),
        (any::<bool>(), any::<bool>(), any::<bool>()),
        prop::option::of(1..=70_usize),
    );
    let config = config.prop_map(
        |(
            (grid, patch),
            (heads, head_width),
            (layers, mlp_width),
            (quick, pre_norm, patch_bias),
            projection,
        )| {
            VisionConfig {
                image_size: grid * patch,
                patch_size: patch,
                width: heads * head_width,
                layers,
                heads,
                mlp_width,
                activation: if quick { Activation::QuickGelu } else { Activation::Gelu },
                pre_norm,
                patch_bias,
                norm_epsilon: 1e-5,
                projection,
                projection_bias: projection.is_some_and(|width| width % 2 == 0),
            }
        },
    );
    let storage =
        prop_oneof![Just(Storage::F32), Just(Storage::Q8), Just(Storage::Q6), Just(Storage::Q4)];
    (config, storage, 1..=8_usize, any::<u64>(), 0..4_u8).prop_map(
        move |(config, storage, batch, seed, which)| {
            let mut features = match which {
                0 => FeatureSpec::all_layers(&config, &[Pool::Class, Pool::Mean, Pool::Std]),
                1 => FeatureSpec::pooled(vec![config.layers + 1], &[Pool::Std, Pool::Class]),
                // The last layer's class token alone: the others' last layer need not be computed.
                2 => FeatureSpec::pooled(vec![config.layers, config.layers + 1], &[Pool::Class]),
                _ => FeatureSpec::pooled(vec![1], &[Pool::Mean]),
            };
            if heads && which == 3 {
                features.heads = (0..config.layers * config.heads).step_by(2).collect();
            }
            Case { config, features, storage, batch, seed }
        },
    )
}

/// One minus the cosine of the angle between two vectors, and the largest difference over the
/// largest value.
fn distance(found: &[f32], expected: &[f32]) -> (f64, f32) {
    assert_eq!(found.len(), expected.len());
    assert!(found.iter().all(|value| value.is_finite()));
    let dot = |a: &[f32], b: &[f32]| {
        a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>()
    };
    let lengths = (dot(found, found) * dot(expected, expected)).sqrt();
    let angle = if lengths == 0.0 { 0.0 } else { 1.0 - dot(found, expected) / lengths };
    let largest = expected.iter().fold(1e-6_f32, |largest, value| largest.max(value.abs()));
    (
        angle,
        found.iter().zip(expected).fold(0.0_f32, |most, (a, b)| most.max((a - b).abs())) / largest,
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// In 8-bit integers: each of a handful of products is off by about one part in a hundred.
    #[test]
    fn the_cpu_engine_computes_what_burn_computes(case in cases(true)) {
        let (found, expected) = (case.encode(&Cpu), case.encode(&Reference::cpu()));
        for (found, expected) in
            [(&found.features, &expected.features), (&found.embedding, &expected.embedding)]
        {
            let (angle, largest) = distance(found, expected);
            prop_assert!(angle < 2e-3 && largest < 0.15, "1 - cosine {angle}, largest difference \
                                                          {largest}");
        }
    }
}

mod gpu {
    use super::*;

    /// The machine's GPU, or a software one; `None` and a loud line where there is neither. In CI
    /// there must be one.
    fn device() -> Option<Gpu> {
        match pollster::block_on(clipsight::engine::gpu::open()) {
            Ok(gpu) => Some(gpu),
            Err(error) => {
                assert!(std::env::var_os("CI").is_none(), "CI must have a Vulkan driver: {error}");
                eprintln!("SKIPPED: no GPU and no Vulkan driver such as Mesa's lavapipe: {error}");
                None
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

        #[test]
        fn the_gpu_engine_computes_what_burn_computes(case in cases(false)) {
            let Some(device) = device() else { return Ok(()) };
            let (found, expected) = (case.encode(&device), case.encode(&Reference::cpu()));
            for (found, expected) in
                [(&found.features, &expected.features), (&found.embedding, &expected.embedding)]
            {
                let (angle, largest) = distance(found, expected);
                prop_assert!(angle < 2e-3 && largest < 0.15, "1 - cosine {angle}, largest \
                                                              difference {largest}");
            }
        }
    }
}
