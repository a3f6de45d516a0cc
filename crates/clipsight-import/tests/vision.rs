//! The vision tower against PyTorch (golden files from `tests/fixtures/vit/generate.py`), its
//! embedding's parts against NumPy.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

#[path = "../../../tests/common/mod.rs"]
mod common;

use std::collections::{BTreeMap, HashMap};

use burn::tensor::{Device, Tensor, TensorData};
use clipsight::clip::{Activation, FeatureSpec, Pool, VisionConfig};
use clipsight::image::{Filter, Preprocessing};
use clipsight::model::{Detector, self_test_view};
use clipsight::model::{Manifest, ModelLoader};
use clipsight::weights::HostTensor;
use clipsight_import::{Architecture, Checkpoint, Configs, read_vision};
use clipsight_reference::upload;
use clipsight_reference::{Contributions, VisionTower};
use safetensors::SafeTensors;

const POOLS: [Pool; 3] = [Pool::Class, Pool::Mean, Pool::Std];

fn fixture(name: &str) -> BTreeMap<String, HostTensor> {
    let bytes = std::fs::read(common::fixture("vit").join(name)).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    file.iter()
        .map(|(name, view)| {
            let data =
                view.data().as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
            (name.to_owned(), HostTensor::new(view.shape().to_vec(), data).unwrap())
        })
        .collect()
}

fn tower(
    config: &VisionConfig,
    tensors: &BTreeMap<String, HostTensor>,
    device: &Device,
) -> VisionTower {
    let mut on_device: HashMap<_, _> = config
        .tensors()
        .into_iter()
        .map(|spec| {
            (spec.name.clone(), upload(&spec, tensors[&spec.name].clone(), device).unwrap())
        })
        .collect();
    let tower = VisionTower::assemble(config, &mut on_device, device).unwrap();
    assert!(on_device.is_empty(), "the tower left tensors unused: {:?}", on_device.keys());
    tower
}

fn largest_difference(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    found.iter().zip(expected).fold(0.0, |largest, (a, b)| (a - b).abs().max(largest))
}

/// Compares embedding and pooled tokens with the golden file; the features interleave the pools
/// layer by layer.
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
    let output =
        tower(config, weights, &device).forward(pixels, &FeatureSpec::all_layers(config, &POOLS));
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

fn miniature_clip() -> VisionConfig {
    VisionConfig {
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
    }
}

fn miniature_plain_vit() -> VisionConfig {
    VisionConfig {
        image_size: 28,
        patch_size: 14,
        width: 24,
        layers: 2,
        heads: 2,
        mlp_width: 48,
        ..VisionConfig::vit_tiny_patch16_224()
    }
}

#[test]
fn miniature_clip_equals_pytorch() {
    let golden = fixture("clip_small.safetensors");
    let config = miniature_clip();
    check(&config, &golden, golden["test.pixels"].clone(), &golden, 2e-5);
}

#[test]
fn miniature_plain_vit_equals_pytorch() {
    let golden = fixture("plain_small.safetensors");
    let config = miniature_plain_vit();
    check(&config, &golden, golden["test.pixels"].clone(), &golden, 2e-5);
}

/// The bound: 1e-3 on the 1000 ImageNet logits of the pretrained ViT-Tiny.
#[test]
fn pretrained_vit_tiny_equals_pytorch() {
    let Some(shared) = common::shared("weights/vit_tiny_patch16_224.safetensors") else { return };
    let checkpoint = Checkpoint::open(&shared).unwrap();
    let mut architecture = Architecture::of_encoder(&checkpoint, &Configs::default()).unwrap();
    assert_eq!(architecture.vision, VisionConfig::vit_tiny_patch16_224());
    // With its classifier.
    architecture.vision.projection = Some(1000);
    architecture.vision.projection_bias = true;
    let weights = read_vision(&checkpoint, &architecture).unwrap();
    let config = architecture.vision;
    let preprocessing = Preprocessing {
        resize_short_side: None,
        enlarge: false,
        filter: Filter::Bicubic,
        crop: 224,
        whole_first: false,
        centre_rounds_down: false,
        mean: [0.5; 3],
        std: [0.5; 3],
    };
    let pixels = preprocessing.tensor(&[self_test_view(224).unwrap()]);
    let pixels = HostTensor::new(vec![1, 3, 224, 224], pixels).unwrap();
    check(&config, &weights, pixels, &fixture("vit_tiny_golden.safetensors"), 1e-3);
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec().unwrap()
}

/// The parts of `pixels`' embeddings sum to them, and the pass that finds them gives what the usual
/// one gives.
fn check_parts(tower: &VisionTower, pixels: &Tensor<4>) -> Contributions {
    let features = FeatureSpec::all_layers(tower.config(), &POOLS);
    let usual = tower.forward(pixels.clone(), &features);
    let (output, parts) = tower.forward_in_parts(pixels.clone(), &features);
    let [embedding, usual_features] = [usual.embedding, usual.features].map(values);
    assert!(largest_difference(&values(output.features), &usual_features) <= 1e-5);
    assert!(largest_difference(&values(output.embedding), &embedding) <= 1e-5);
    let difference = largest_difference(&values(parts.total()), &embedding);
    assert!(difference <= 1e-4, "the parts sum to an embedding that differs by {difference}");
    assert_eq!(values(tower.head_contributions(pixels.clone())), values(parts.heads.clone()));
    parts
}

/// Each head and MLP by itself against NumPy (`tests/fixtures/vit/contributions.py`).
#[test]
fn parts_of_the_embedding_equal_numpy_and_sum_to_it() {
    let golden = fixture("contributions.safetensors");
    let device = Device::flex();
    for (name, config) in [("clip", miniature_clip()), ("plain", miniature_plain_vit())] {
        let weights = fixture(&format!("{name}_small.safetensors"));
        let HostTensor { shape, data } = weights["test.pixels"].clone();
        let batch = shape[0];
        let shape: [usize; 4] = shape.try_into().unwrap();
        let pixels = Tensor::from_data(TensorData::new(data, shape), &device);
        let parts = check_parts(&tower(&config, &weights, &device), &pixels);
        assert_eq!(
            parts.heads.dims(),
            [batch, config.layers * config.heads, config.embedding_width()]
        );
        for (part, found) in [("heads", parts.heads), ("mlps", parts.mlps)] {
            let golden = &golden[&format!("{name}.{part}")];
            assert_eq!(found.dims().to_vec(), golden.shape);
            let difference = largest_difference(&values(found), &golden.data);
            assert!(difference <= 2e-5, "{name}.{part} differs by {difference}");
        }

        // As features: the pooled tokens, then the sum over the heads named.
        let chosen = [0, 3];
        let mut features = FeatureSpec::pooled(vec![1], &[Pool::Mean]);
        let tower = tower(&config, &weights, &device);
        let mean = values(tower.forward(pixels.clone(), &features).features);
        features.heads = chosen.to_vec();
        let found = values(tower.forward(pixels.clone(), &features).features);
        let alone = values(tower.forward(pixels, &FeatureSpec::of_heads(chosen.to_vec())).features);
        let (width, heads) = (config.embedding_width(), &golden[&format!("{name}.heads")]);
        for row in 0..batch {
            let found = &found[row * (config.width + width)..][..config.width + width];
            assert!(
                largest_difference(
                    &found[..config.width],
                    &mean[row * config.width..][..config.width]
                ) <= 1e-5
            );
            assert_eq!(found[config.width..], alone[row * width..][..width]);
            let of = |head: usize| &heads.data[(row * heads.shape[1] + head) * width..][..width];
            let sum: Vec<f32> =
                of(chosen[0]).iter().zip(of(chosen[1])).map(|(a, b)| a + b).collect();
            assert!(largest_difference(&found[config.width..], &sum) <= 4e-5);
        }
    }
}

/// The encoder that ships, whose residual stream holds values in the hundreds.
#[test]
fn parts_of_the_shipped_models_embedding_sum_to_it() {
    let folder = common::repository().join("models/compact");
    let manifest = Manifest::from_json(&std::fs::read(folder.join("model.json")).unwrap()).unwrap();
    let mut loader =
        ModelLoader::new(manifest.clone(), &clipsight_reference::Reference::cpu()).unwrap();
    for (index, shard) in manifest.shards.iter().enumerate() {
        loader.push_shard(index, &std::fs::read(folder.join(&shard.file)).unwrap()).unwrap();
    }
    let detector = Detector::new(pollster::block_on(loader.finish()).unwrap()).unwrap();
    let side = manifest.preprocessing.crop;
    let pixels = clipsight_reference::pixels(&detector, &[self_test_view(side).unwrap()]).unwrap();
    check_parts(clipsight_reference::tower(&detector).unwrap(), &pixels);
}
