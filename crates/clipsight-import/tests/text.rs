//! The text tower and its tokenizer against transformers and open_clip (golden files from
//! `tests/fixtures/text/generate.py`).
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

#[path = "../../../tests/common/mod.rs"]
mod common;

use std::collections::{BTreeMap, HashMap};

use burn::tensor::{Device, Tensor, TensorData};
use clipsight::ErrorKind;
use clipsight::clip::{Activation, FeatureSpec, Pool, TensorSpec, TextConfig, VisionConfig};
use clipsight::weights::HostTensor;
use clipsight_import::hf_clip;
use clipsight_reference::upload;
use clipsight_reference::{DeviceTensor, TextTower, TokenBatch, Tokenizer, VisionTower};
use safetensors::SafeTensors;

fn read(name: &str) -> Vec<u8> {
    std::fs::read(common::fixture("text").join(name)).unwrap()
}

fn floats(file: &SafeTensors<'_>, name: &str) -> Vec<f32> {
    file.tensor(name)
        .unwrap()
        .data()
        .as_chunks()
        .0
        .iter()
        .map(|bytes| f32::from_le_bytes(*bytes))
        .collect()
}

fn on_device(
    specs: Vec<TensorSpec>,
    mut tensors: BTreeMap<String, HostTensor>,
) -> HashMap<String, DeviceTensor> {
    let upload = |spec: TensorSpec| {
        let tensor = tensors.remove(&spec.name).unwrap();
        (spec.name.clone(), upload(&spec, tensor, &Device::flex()).unwrap())
    };
    specs.into_iter().map(upload).collect()
}

fn largest_difference(found: Tensor<2>, expected: &[f32]) -> f32 {
    let found = found.into_data().try_into_vec::<f32>().unwrap();
    assert_eq!(found.len(), expected.len());
    found.iter().zip(expected).fold(0.0, |largest, (a, b)| (a - b).abs().max(largest))
}

fn small(activation: Activation) -> TextConfig {
    TextConfig {
        vocabulary: 60,
        context: 16,
        width: 32,
        layers: 3,
        heads: 4,
        mlp_width: 80,
        activation,
        norm_epsilon: 1e-5,
        projection: 20,
    }
}

#[test]
fn miniature_text_towers_equal_pytorch() {
    for (name, activation) in
        [("quick_gelu.safetensors", Activation::QuickGelu), ("gelu.safetensors", Activation::Gelu)]
    {
        let bytes = read(name);
        let config = small(activation);
        let mut tensors = on_device(config.tensors(), hf_clip::read_text(&bytes, &config).unwrap());
        let tower = TextTower::assemble(&config, &mut tensors, &Device::flex()).unwrap();
        assert!(tensors.is_empty(), "the tower left tensors unused: {:?}", tensors.keys());

        let golden = SafeTensors::deserialize(&bytes).unwrap();
        let ids: Vec<u32> = golden
            .tensor("test.ids")
            .unwrap()
            .data()
            .as_chunks()
            .0
            .iter()
            .map(|bytes| u32::from_le_bytes(*bytes))
            .collect();
        // Padded with the end token there; here nothing stands behind the first of them.
        let texts: Vec<Vec<u32>> = ids
            .chunks(config.context)
            .map(|text| text[..=text.iter().position(|id| *id == 59).unwrap()].to_vec())
            .collect();
        let expected = floats(&golden, "test.embedding");
        let batch = TokenBatch::new(&texts, &config).unwrap();
        let difference = largest_difference(tower.forward(&batch), &expected);
        assert!(difference <= 2e-5, "{name}: the embeddings differ by {difference}");
        // One at a time, so without padding: the same.
        for (text, expected) in texts.iter().zip(expected.chunks(config.projection)) {
            let batch = TokenBatch::new(std::slice::from_ref(text), &config).unwrap();
            let difference = largest_difference(tower.forward(&batch), expected);
            assert!(difference <= 2e-5, "{name}: {text:?} differs by {difference}");
        }
    }
}

#[test]
fn miniature_hf_vision_tower_equals_pytorch() {
    let bytes = read("vision.safetensors");
    let config = VisionConfig {
        image_size: 24,
        patch_size: 8,
        width: 32,
        layers: 2,
        heads: 4,
        mlp_width: 64,
        projection: Some(20),
        ..VisionConfig::openai_clip_vit_base_patch32()
    };
    let mut tensors = on_device(config.tensors(), hf_clip::read_vision(&bytes, &config).unwrap());
    let tower = VisionTower::assemble(&config, &mut tensors, &Device::flex()).unwrap();
    let golden = SafeTensors::deserialize(&bytes).unwrap();
    let pixels = TensorData::new(floats(&golden, "test.pixels"), [2, 3, 24, 24]);
    let features = FeatureSpec::all_layers(&config, &[Pool::Class]);
    let output = tower.forward(Tensor::from_data(pixels, &Device::flex()), &features);
    let difference = largest_difference(output.embedding, &floats(&golden, "test.embedding"));
    assert!(difference <= 2e-5, "the embeddings differ by {difference}");
}

#[test]
fn a_file_that_does_not_fit_is_refused() {
    let bytes = read("gelu.safetensors");
    let config = small(Activation::Gelu);
    for (bytes, config, part) in [
        (&bytes[..], TextConfig { layers: 4, ..config.clone() }, "lacks the tensor"),
        (&bytes[..], TextConfig { width: 64, ..config.clone() }, "has shape"),
        (&bytes[..], TextConfig { vocabulary: 61, ..config.clone() }, "has shape"),
        (&bytes[..bytes.len() - 1], config.clone(), "not a safetensors file"),
        (b"", config, "not a safetensors file"),
    ] {
        let error = hf_clip::read_text(bytes, &config).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WeightsCorrupt);
        assert!(error.message().contains(part), "{}", error.message());
    }
}

#[test]
fn the_shape_of_a_tower_is_read_from_its_file() {
    let expected = TextConfig { heads: 1, ..small(Activation::QuickGelu) };
    assert_eq!(hf_clip::text_config(&read("quick_gelu.safetensors")).unwrap(), expected);
    let error = hf_clip::text_config(&read("vision.safetensors")).unwrap_err();
    assert!(error.message().contains("no CLIP text tower"), "{}", error.message());
}

#[derive(serde::Deserialize)]
struct Golden {
    text: String,
    ids: Vec<u32>,
}

#[test]
fn ids_equal_open_clips() {
    let tokenizer = Tokenizer::new();
    for (file, least) in [("tokens.json", 200), ("hard.json", 300)] {
        let golden: Vec<Golden> = serde_json::from_slice(&read(file)).unwrap();
        assert!(golden.len() >= least);
        let differing: Vec<&Golden> =
            golden.iter().filter(|row| tokenizer.encode(&row.text, 77) != row.ids).collect();
        for Golden { text, ids } in &differing {
            eprintln!("{text:?}\n  ours   {:?}\n  theirs {ids:?}", tokenizer.encode(text, 77));
        }
        assert!(differing.is_empty(), "{file}: {} differ", differing.len());
    }
}
