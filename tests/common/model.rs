//! A small model with random weights.

use std::collections::BTreeMap;

use clipsight::calibration::{Calibration, GradeEdges};
use clipsight::clip::{Activation, FeatureSpec, Pool, VisionConfig};
use clipsight::heads::{Head, Transform};
use clipsight::image::{Filter, Preprocessing};
use clipsight::model::{FORMAT_VERSION, Manifest, SelfTest};
use clipsight::weights::{HostTensor, PackedShard, Storage, pack};

/// Knuth's MMIX generator: the tests need no better one.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    pub(crate) fn value(&mut self) -> f32 {
        self.next() as f32 / (1_u64 << 31) as f32 - 0.5
    }
}

pub(crate) fn architecture() -> VisionConfig {
    VisionConfig {
        image_size: 32,
        patch_size: 16,
        width: 48,
        layers: 2,
        heads: 3,
        mlp_width: 100,
        activation: Activation::QuickGelu,
        pre_norm: true,
        patch_bias: false,
        norm_epsilon: 1e-5,
        projection: Some(40),
        projection_bias: false,
    }
}

pub(crate) fn manifest(architecture: VisionConfig, storage: Storage) -> Manifest {
    Manifest {
        format: FORMAT_VERSION,
        id: "test".to_owned(),
        licence: "MIT".to_owned(),
        preprocessing: Preprocessing {
            resize_short_side: None,
            enlarge: false,
            filter: Filter::Bicubic,
            crop: u32::try_from(architecture.image_size).unwrap(),
            whole_first: false,
            centre_rounds_down: false,
            mean: [0.5; 3],
            std: [0.5; 3],
        },
        storage,
        shards: Vec::new(),
        head: Head::Linear {
            features: FeatureSpec::all_layers(&architecture, &[Pool::Class, Pool::Mean, Pool::Std]),
            transform: Transform::SignedSqrt,
        },
        attribution: None,
        quality: None,
        residual: None,
        calibration: Calibration {
            edges: Some(GradeEdges {
                weak_below: 0.4,
                moderate: 0.6,
                strong: 0.8,
                very_strong: 0.95,
            }),
            ..Calibration::none()
        },
        self_test: SelfTest { logit: 0.0, tolerance: 0.02 },
        architecture,
    }
}

pub(crate) fn tensors(manifest: &Manifest) -> BTreeMap<String, HostTensor> {
    let mut random = Random(11);
    manifest
        .tensors()
        .into_iter()
        .map(|spec| {
            // Divided by the root of the fan-in, as encoders are initialised: what a layer answers
            // stays near one.
            let fan_in = if spec.shape.len() > 1 { spec.shape[1..].iter().product() } else { 1 };
            let scale = (12.0 / fan_in as f32).sqrt();
            let data = (0..spec.shape.iter().product()).map(|_| scale * random.value()).collect();
            (spec.name, HostTensor::new(spec.shape, data).unwrap())
        })
        .collect()
}

pub(crate) fn packed(mut manifest: Manifest) -> (Manifest, Vec<PackedShard>) {
    let shards = pack(&manifest.tensors(), &tensors(&manifest), manifest.storage, "test").unwrap();
    manifest.shards = shards.iter().map(|shard| shard.entry.clone()).collect();
    (manifest, shards)
}
