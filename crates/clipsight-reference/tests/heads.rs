//! Heads that read inside the encoder, which only the reference computes.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../../../tests/common/model.rs"]
mod model;

use clipsight::clip::FeatureSpec;
use clipsight::heads::{Head, LinearHead, Transform};
use clipsight::model::{Detector, Manifest, ModelLoader, self_test_view};
use clipsight::weights::Storage;
use clipsight_reference::{Reference, tower};
use model::{architecture, manifest, packed, tensors};

#[test]
fn a_head_over_attention_heads_reads_their_direct_effects() {
    let mut manifest = manifest(architecture(), Storage::F32);
    let chosen = [1, 4];
    manifest.head = Head::Linear {
        features: FeatureSpec::of_heads(chosen.to_vec()),
        transform: Transform::None,
    };
    let (manifest, shards) = packed(manifest);
    let manifest = Manifest::from_json(manifest.to_json().unwrap().as_bytes()).unwrap();
    let mut loader = ModelLoader::new(manifest.clone(), &Reference::cpu()).unwrap();
    for (index, shard) in shards.iter().enumerate() {
        loader.push_shard(index, &shard.bytes).unwrap();
    }
    let detector = Detector::new(pollster::block_on(loader.finish()).unwrap()).unwrap();
    let view = self_test_view(32).unwrap();
    let pixels = clipsight_reference::pixels(&detector, std::slice::from_ref(&view)).unwrap();
    let parts: Vec<f32> =
        tower(&detector).unwrap().head_contributions(pixels).into_data().try_into_vec().unwrap();
    let tensors = tensors(&manifest);
    let [weight, bias] = LinearHead::TENSORS.map(|name| &tensors[name].data);
    let width = weight.len();
    assert_eq!(width, 40, "the width of the projected embedding");
    let of = |head: &usize| {
        parts[head * width..][..width].iter().zip(weight).map(|(a, b)| a * b).sum::<f32>()
    };
    let expected = chosen.iter().map(of).sum::<f32>() + bias[0];
    let found = pollster::block_on(detector.logits(&[view])).unwrap()[0];
    assert!((found - expected).abs() < 1e-4, "{found} instead of {expected}");
}
