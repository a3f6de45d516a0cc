//! What the storage of matrices changes on a GPU: embeddings of pictures by a public encoder's
//! weights.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

#[path = "../../../tests/common/mod.rs"]
mod common;

use clipsight::clip::{FeatureSpec, Pool};
use clipsight::engine::Engine;
use clipsight::image::{Filter, Preprocessing, ViewCount, decode};
use clipsight::weights::{Storage, StoredTensor};
use clipsight_import::PublishedEncoder;
use clipsight_reference::Reference;

/// One embedding an image.
fn embeddings(
    engine: &dyn Engine,
    storage: Storage,
    encoder: &PublishedEncoder,
    pixels: &[f32],
) -> Vec<Vec<f32>> {
    let PublishedEncoder { architecture: config, mut tensors, .. } = encoder.clone();
    let features = FeatureSpec::pooled(vec![config.layers + 1], &[Pool::Class]);
    let mut builder = engine.begin(&config, &features).unwrap();
    for spec in config.tensors() {
        let tensor = tensors.remove(&spec.name).unwrap();
        builder.take(&spec, StoredTensor::quantize(tensor, &spec, storage)).unwrap();
    }
    let encoder = pollster::block_on(builder.finish()).unwrap();
    let batch = pixels.len() / (3 * 224 * 224);
    let embedding = pollster::block_on(encoder.encode(pixels, batch)).unwrap().embedding;
    embedding.chunks(config.width).map(<[f32]>::to_vec).collect()
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| {
        a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>()
    };
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

#[test]
fn quantised_embeddings_are_those_of_f32() {
    let gpu = match pollster::block_on(clipsight::engine::gpu::open()) {
        Ok(gpu) => gpu,
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "CI must have a Vulkan driver: {error}");
            eprintln!("SKIPPED: no GPU and no Vulkan driver such as Mesa's lavapipe: {error}");
            return;
        }
    };
    let Some(weights) = common::shared("weights/vit_tiny_patch16_224.safetensors") else { return };
    let encoder = PublishedEncoder::open(&weights).unwrap();
    let preprocessing = Preprocessing {
        resize_short_side: Some(224),
        enlarge: true,
        filter: Filter::Bicubic,
        crop: 224,
        whole_first: false,
        centre_rounds_down: false,
        mean: [0.5; 3],
        std: [0.5; 3],
    };
    let pixels: Vec<f32> = ["ridges.jpg", "portrait.jpg", "sea.webp", "letter.png"]
        .iter()
        .flat_map(|name| {
            let bytes = std::fs::read(common::scene(name)).unwrap();
            let views =
                preprocessing.views(&decode(&bytes).unwrap().pixels, ViewCount::One).unwrap();
            preprocessing.tensor(&views)
        })
        .collect();
    let lowest = |a: &[Vec<f32>], b: &[Vec<f32>]| {
        a.iter().zip(b).map(|(a, b)| cosine(a, b)).fold(1.0, f64::min)
    };
    let exact = embeddings(&Reference::cpu(), Storage::F32, &encoder, &pixels);
    for storage in [Storage::F32, Storage::F16, Storage::Q8, Storage::Q6, Storage::Q4] {
        let found = embeddings(&gpu, storage, &encoder, &pixels);
        let stored = embeddings(&Reference::cpu(), storage, &encoder, &pixels);
        let (to_stored, to_exact) = (lowest(&stored, &found), lowest(&exact, &found));
        eprintln!(
            "{storage:?}: lowest cosine {to_stored:.5} to the same weights in f32, {to_exact:.5} \
             to unrounded ones"
        );
        // Adapters that a CPU plays multiply bfloat16 operands.
        assert!(to_stored >= 0.9995, "{storage:?}: {to_stored}");
        // The goal of issue 4 for 8 bits; 4 bits are too few for an encoder this narrow
        // (`clipsight bench precision`).
        if storage == Storage::Q8 {
            assert!(to_exact >= 0.999, "{storage:?}: {to_exact}");
        }
    }
}
