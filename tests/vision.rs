//! The vision tower against PyTorch (golden files from `tests/fixtures/vit/generate.py`).
#![cfg(feature = "cpu")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod common;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use clipsight::clip::{Activation, FeatureSpec, Pool, VisionConfig, VisionTower};
use clipsight::detect::self_test_view;
use clipsight::image::{Filter, Preprocessing};
use clipsight::weights::{HostTensor, timm, upload};
use safetensors::SafeTensors;

const POOLS: [Pool; 3] = [Pool::Class, Pool::Mean, Pool::Std];

fn fixture(name: &str) -> BTreeMap<String, HostTensor> {
    let bytes = std::fs::read(Path::new("tests/fixtures/vit").join(name)).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    file.iter()
        .map(|(name, view)| {
            let data = view.data().as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
            (name.to_owned(), HostTensor::new(view.shape().to_vec(), data).unwrap())
        })
        .collect()
}

fn tower(config: &VisionConfig, tensors: &BTreeMap<String, HostTensor>, device: &Device) -> VisionTower {
    let mut on_device: HashMap<_, _> = config
        .tensors()
        .into_iter()
        .map(|spec| (spec.name.clone(), upload(&spec, tensors[&spec.name].clone(), device).unwrap()))
        .collect();
    let tower = VisionTower::assemble(config, &mut on_device, device).unwrap();
    assert!(on_device.is_empty(), "the tower left tensors unused: {:?}", on_device.keys());
    tower
}

fn largest_difference(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    found.iter().zip(expected).fold(0.0, |largest, (a, b)| (a - b).abs().max(largest))
}

/// Compares embedding and pooled tokens with the golden file; the features interleave the pools layer by layer.
fn check(
    config: &VisionConfig,
    weights: &BTreeMap<String, HostTensor>,
    pixels: HostTensor,
    golden: &BTreeMap<String, HostTensor>,
    tolerance: f32,
) {
    let device = Device::flex();
    let batch = pixels.shape[0];
    let shape: [usize; 4] = pixels.shape.clone().try_into().unwrap();
    let pixels = Tensor::<4>::from_data(TensorData::new(pixels.data, shape), &device);
    let output = tower(config, weights, &device).forward(pixels, &FeatureSpec::all_layers(config, &POOLS));
    let embedding = output.embedding.into_data().try_into_vec::<f32>().unwrap();
    let difference = largest_difference(&embedding, &golden["test.embedding"].data);
    assert!(difference <= tolerance, "embedding differs by {difference}");

    let features = output.features.into_data().try_into_vec::<f32>().unwrap();
    let width = config.width;
    for (pool, name) in ["test.class", "test.mean", "test.std"].into_iter().enumerate() {
        let found: Vec<f32> = (0..batch * config.layers)
            .flat_map(|row| features[(row * POOLS.len() + pool) * width..][..width].iter().copied())
            .collect();
        let difference = largest_difference(&found, &golden[name].data);
        assert!(difference <= tolerance, "{name} differs by {difference}");
    }
}

#[test]
fn miniature_clip_equals_pytorch() {
    let golden = fixture("clip_small.safetensors");
    let config = VisionConfig {
        image_size: 24,
        patch_size: 8,
        width: 32,
        layers: 3,
        heads: 4,
        mlp_width: 64,
        activation: Activation::QuickGelu,
        pre_norm: true,
        patch_bias: false,
        norm_epsilon: 1e-5,
        projection: Some(20),
        projection_bias: false,
    };
    check(&config, &golden, golden["test.pixels"].clone(), &golden, 2e-5);
}

#[test]
fn miniature_plain_vit_equals_pytorch() {
    let golden = fixture("plain_small.safetensors");
    let config = VisionConfig {
        image_size: 28,
        patch_size: 14,
        width: 24,
        layers: 2,
        heads: 2,
        mlp_width: 48,
        ..VisionConfig::vit_tiny_patch16_224()
    };
    check(&config, &golden, golden["test.pixels"].clone(), &golden, 2e-5);
}

/// The bound: 1e-3 on the 1000 ImageNet logits of the pretrained ViT-Tiny.
#[test]
fn pretrained_vit_tiny_equals_pytorch() {
    let Some(shared) = common::shared("weights/vit_tiny_patch16_224.safetensors") else { return };
    let config = VisionConfig {
        projection: Some(1000),
        projection_bias: true,
        ..VisionConfig::vit_tiny_patch16_224()
    };
    let weights = timm::read_vit(&std::fs::read(shared).unwrap(), &config).unwrap();
    let preprocessing = Preprocessing {
        resize_short_side: None,
        enlarge: false,
        filter: Filter::Bicubic,
        crop: 224,
        mean: [0.5; 3],
        std: [0.5; 3],
    };
    let pixels = preprocessing.tensor(&[self_test_view(224).unwrap()]);
    let pixels = HostTensor::new(vec![1, 3, 224, 224], pixels).unwrap();
    check(&config, &weights, pixels, &fixture("vit_tiny_golden.safetensors"), 1e-3);
}

#[test]
fn a_damaged_weight_file_is_refused() {
    let config = VisionConfig::vit_tiny_patch16_224();
    for bytes in [&b""[..], b"not a safetensors file", &[0xff; 64]] {
        let error = timm::read_vit(bytes, &config).unwrap_err();
        assert_eq!(error.kind(), clipsight::ErrorKind::WeightsCorrupt);
    }
}
