//! The plain residual network gives what the burn module gives.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "small numbers")]

use std::collections::HashMap;

use burn::tensor::{Device, Tensor, TensorData};
use clipsight::heads::residual::{ResidualConfig, ResidualScorer, Stage};
use clipsight::image::Rgb8;
use clipsight::weights::HostTensor;
use clipsight_reference::{ResidualNetwork, upload};

/// Knuth's MMIX generator.
fn random(state: &mut u64) -> f32 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
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

fn tensors(state: &mut u64) -> HashMap<String, HostTensor> {
    let specs = config().tensors().into_iter();
    specs
        .map(|spec| {
            let values = (0..spec.shape.iter().product()).map(|_| random(state)).collect();
            (spec.name, HostTensor::new(spec.shape, values).unwrap())
        })
        .collect()
}

/// The burn module, which its own tests compare with convolution by the definition.
#[test]
fn scores_as_the_network_that_is_trained_at_every_size() {
    let mut state = 5;
    let mut weights = tensors(&mut state);
    let device = Device::flex();
    let specs = config().tensors();
    let mut on_device = specs
        .iter()
        .map(|spec| {
            (spec.name.clone(), upload(spec, weights[&spec.name].clone(), &device).unwrap())
        })
        .collect();
    let network = ResidualNetwork::assemble(&config(), &mut on_device).unwrap();
    let scorer = ResidualScorer::assemble(&config(), &mut weights).unwrap();
    assert!(weights.is_empty());
    for (height, width) in [(1, 1), (2, 7), (9, 6), (16, 13), (33, 40)] {
        let pixels =
            (0..3 * height * width).map(|_| (255.0 * (random(&mut state) + 0.5)) as u8).collect();
        let image = Rgb8::new(width, height, pixels).unwrap();
        let shape = [1, 3, height as usize, width as usize];
        let input =
            Tensor::from_data(TensorData::new(ResidualConfig::input(&image), shape), &device);
        let expected = network.forward(input).into_data().try_into_vec::<f32>().unwrap()[0];
        let found = scorer.logit(&image);
        assert!((found - expected).abs() < 1e-5, "{height} x {width}: {found}, not {expected}");
    }
}
