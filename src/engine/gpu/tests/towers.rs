use half::f16;

use super::super::kernels::{Family, MAX_HEAD};
use super::super::{Builder, GpuEncoder};
use super::{Gpu, Noise, cosine, error, families, gpu, plain};
use crate::ErrorKind;
use crate::clip::{Activation, FeatureSpec, Pool, TensorRole, VisionConfig};
use crate::weights::{Q4, Q8, StoredTensor, StoredValues};

/// How the matrices of a test's tower are stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Stored {
    F32,
    F16,
    Q8,
    Q4,
}

pub(super) fn small() -> VisionConfig {
    VisionConfig {
        image_size: 12,
        patch_size: 4,
        width: 24,
        layers: 2,
        heads: 4,
        mlp_width: 50,
        activation: Activation::Gelu,
        pre_norm: false,
        patch_bias: true,
        norm_epsilon: 1e-5,
        projection: None,
        projection_bias: false,
    }
}

/// A tower of random weights, as stored and as the values that are meant.
fn tower(
    config: &VisionConfig,
    stored: Stored,
    noise: &mut Noise,
) -> (Vec<StoredTensor>, plain::Tensors) {
    let mut values = plain::Tensors::new();
    let tensors = config
        .tensors()
        .into_iter()
        .map(|spec| {
            let count = spec.shape.iter().product();
            let columns = *spec.shape.last().unwrap();
            let mut numbers = noise.values(count);
            if spec.role == TensorRole::Matrix {
                numbers.iter_mut().for_each(|x| *x *= (3.0 / columns as f32).sqrt());
            } else if spec.name.contains("norm") && spec.name.ends_with("weight") {
                numbers.iter_mut().for_each(|x| *x = 1.0 + 0.5 * *x);
            }
            let numbers = match (spec.role, stored) {
                (TensorRole::Matrix, Stored::Q8) => {
                    StoredValues::Q8(Q8::quantize(&numbers, columns))
                }
                (TensorRole::Matrix, Stored::Q4) => {
                    StoredValues::Q4(Q4::quantize(&numbers, columns))
                }
                (TensorRole::Matrix, Stored::F16) => StoredValues::F32(
                    numbers.into_iter().map(|x| f16::from_f32(x).to_f32()).collect(),
                ),
                _ => StoredValues::F32(numbers),
            };
            let tensor = StoredTensor { shape: spec.shape.clone(), values: numbers };
            values.insert(spec.name, tensor.to_f32());
            tensor
        })
        .collect();
    (tensors, values)
}

fn build(
    gpu: &Gpu,
    (config, spec): (&VisionConfig, &FeatureSpec),
    tensors: &[StoredTensor],
    family: Family,
    limit: usize,
) -> crate::Result<GpuEncoder> {
    let mut builder = Builder::new(gpu, config, spec, family, limit)?;
    for (spec, tensor) in config.tensors().iter().zip(tensors) {
        builder.take(spec, tensor.clone())?;
    }
    pollster::block_on(builder.finish())
}

/// An encoder of random weights, always the same.
pub(super) fn small_encoder(gpu: &Gpu, stored: Stored, family: Family) -> GpuEncoder {
    let spec = FeatureSpec::all_layers(&small(), &[Pool::Class, Pool::Mean]);
    let (tensors, _) = tower(&small(), stored, &mut Noise(11));
    build(gpu, (&small(), &spec), &tensors, family, NO_LIMIT).unwrap()
}

/// Encodes random images in batches of these sizes, and compares with the plain definition.
fn compare(
    config: &VisionConfig,
    spec: &FeatureSpec,
    stored: Stored,
    batches: &[usize],
    limit: usize,
) {
    let Some(gpu) = gpu() else { return };
    let mut noise = Noise(7);
    let (tensors, values) = tower(config, stored, &mut noise);
    let image = 3 * config.image_size * config.image_size;
    for family in families(&gpu) {
        let tolerance = match family {
            Family::Registers => 0.02,
            Family::Tiles => 5e-5,
            Family::HalfTiles => 2e-3,
        };
        let encoder = build(&gpu, (config, spec), &tensors, family, limit).unwrap();
        for batch in batches {
            let pixels = noise.values(batch * image);
            let found = pollster::block_on(encoder.encode(&pixels, *batch)).unwrap();
            let expected: Vec<_> = pixels
                .chunks(image)
                .map(|image| plain::forward(&values, config, spec, image))
                .collect();
            let features: Vec<f64> =
                expected.iter().flat_map(|(features, _)| features.clone()).collect();
            let embedding: Vec<f64> =
                expected.iter().flat_map(|(_, embedding)| embedding.clone()).collect();
            let errors = [error(&found.features, &features), error(&found.embedding, &embedding)];
            assert!(
                errors.iter().all(|error| *error < tolerance),
                "{family:?} {stored:?} batch {batch}: {errors:?}"
            );
            if family == Family::HalfTiles {
                for (found, expected) in
                    [(&found.features, &features), (&found.embedding, &embedding)]
                {
                    let cosine = cosine(found, expected);
                    assert!(cosine >= 0.9999, "{stored:?} batch {batch}: cosine {cosine}");
                }
            }
        }
    }
}

const NO_LIMIT: usize = 1 << 27;

#[test]
fn every_form_and_batch_size() {
    let spec = FeatureSpec::all_layers(&small(), &[Pool::Class, Pool::Mean]);
    for stored in [Stored::F32, Stored::F16, Stored::Q8, Stored::Q4] {
        compare(&small(), &spec, stored, &[1, 2, 3, 8, 5, 9], NO_LIMIT);
    }
}

#[test]
fn every_variation_of_the_architecture() {
    let clip = VisionConfig {
        activation: Activation::QuickGelu,
        pre_norm: true,
        patch_bias: false,
        projection: Some(10),
        ..small()
    };
    let spec = FeatureSpec::pooled(vec![1, 2, 3], &[Pool::Std, Pool::Class, Pool::Mean]);
    compare(&clip, &spec, Stored::Q8, &[2], NO_LIMIT);
    let biased = VisionConfig { projection_bias: true, ..clip.clone() };
    compare(&biased, &spec, Stored::Q8, &[1], NO_LIMIT);
    // Heads of 2, 12 and 32; more tokens than a tile of any kernel; rows wider than a tile.
    for (width, heads, image_size) in [(6, 3, 12), (24, 2, 40), (64, 2, 36), (200, 5, 12)] {
        compare(
            &VisionConfig { width, heads, image_size, ..clip.clone() },
            &spec,
            Stored::Q8,
            &[2],
            NO_LIMIT,
        );
    }
}

/// What is pooled decides how much of the last layer is computed.
#[test]
fn every_kind_of_features() {
    let projected = VisionConfig { projection: Some(10), ..small() };
    for config in [small(), projected] {
        for layers in [vec![1], vec![2], vec![1, 3], vec![2, 3]] {
            for pools in [&[Pool::Class][..], &[Pool::Class, Pool::Std]] {
                let spec = FeatureSpec::pooled(layers.clone(), pools);
                compare(&config, &spec, Stored::Q8, &[2], NO_LIMIT);
            }
        }
    }
}

/// Matrices, kept layers and batches that no binding can hold whole.
#[test]
fn small_bindings() {
    let config =
        VisionConfig { width: 100, heads: 2, mlp_width: 200, image_size: 8, layers: 5, ..small() };
    let spec = FeatureSpec::all_layers(&config, &[Pool::Mean]);
    for stored in [Stored::F32, Stored::F16, Stored::Q8, Stored::Q4] {
        // A matrix of 300 x 128 numbers is cut into 3 to 19 parts.
        compare(&config, &spec, stored, &[3, 1], 8192);
    }
}

#[test]
fn odd_heads_are_left_to_the_other_family() {
    assert_eq!(Family::choose(true, true, 64), Family::Registers);
    assert_eq!(Family::choose(true, false, 5), Family::Tiles);
    assert_eq!(Family::choose(false, false, 64), Family::Tiles);
    assert_eq!(Family::choose(false, true, 5), Family::HalfTiles);
    let Some(gpu) = gpu() else { return };
    let config = VisionConfig { width: 15, heads: 3, ..small() };
    let spec = FeatureSpec::all_layers(&config, &[Pool::Class]);
    let mut noise = Noise(3);
    let (tensors, values) = tower(&config, Stored::Q4, &mut noise);
    let encoder =
        build(&gpu, (&config, &spec), &tensors, Family::choose(true, false, 5), NO_LIMIT).unwrap();
    let pixels = noise.values(3 * 144);
    let found = pollster::block_on(encoder.encode(&pixels, 1)).unwrap();
    let (features, _) = plain::forward(&values, &config, &spec, &pixels);
    assert!(error(&found.features, &features) < 5e-5);
}

/// Seven dispatches per layer, and five around them where every layer is pooled.
#[test]
fn dispatches_of_a_pass() {
    let Some(gpu) = gpu() else { return };
    let clip = VisionConfig { pre_norm: true, projection: Some(10), ..small() };
    for (config, spec, around) in [
        (&clip, FeatureSpec::pooled(vec![2], &[Pool::Class]), 5),
        (&small(), FeatureSpec::all_layers(&small(), &[Pool::Class, Pool::Mean]), 3),
    ] {
        let (tensors, _) = tower(config, Stored::Q8, &mut Noise(5));
        let encoder = build(&gpu, (config, &spec), &tensors, Family::Tiles, NO_LIMIT).unwrap();
        pollster::block_on(encoder.encode(&vec![0.0; 2 * 3 * 144], 2)).unwrap();
        pollster::block_on(encoder.encode(&[0.0; 3 * 144], 1)).unwrap();
        let state = encoder.lock();
        assert_eq!(state.plans.len(), 2);
        assert_eq!(state.plans[&1].len(), 7 * config.layers + around);
        // One pass at a time needs one buffer to read from.
        assert_eq!(state.idle.len(), 1);
    }
}

#[test]
fn errors_have_their_kinds() {
    let Some(gpu) = gpu() else { return };
    let config = small();
    let spec = FeatureSpec::all_layers(&config, &[Pool::Class]);
    let heads = GpuEncoder::builder(&gpu, &config, &FeatureSpec::of_heads(vec![1]));
    assert_eq!(heads.unwrap_err().kind(), ErrorKind::Unsupported);
    let width = MAX_HEAD + 2;
    let wide = VisionConfig { width, heads: 1, ..config.clone() };
    assert_eq!(GpuEncoder::builder(&gpu, &wide, &spec).unwrap_err().kind(), ErrorKind::DeviceLost);
    let (mut tensors, _) = tower(&config, Stored::Q8, &mut Noise(1));
    let tiny = build(&gpu, (&config, &spec), &tensors, Family::Tiles, 64).unwrap_err();
    assert_eq!(tiny.kind(), ErrorKind::DeviceLost);
    let encoder = build(&gpu, (&config, &spec), &tensors, Family::Tiles, NO_LIMIT).unwrap();
    let most = encoder.max_batch().unwrap();
    let pixels = vec![0.0; (most + 1) * 432];
    assert_eq!(encoder.begin(&pixels, most + 1).unwrap_err().kind(), ErrorKind::Argument);
    let (first, second) = (encoder.begin(&pixels[432..], most), encoder.begin(&pixels[..432], 1));
    let second = pollster::block_on(encoder.finish(second.unwrap())).unwrap();
    let first = pollster::block_on(encoder.finish(first.unwrap())).unwrap();
    assert_eq!(first.embedding[..24], second.embedding, "passes under way do not mix");
    let wrong = pollster::block_on(encoder.encode(&[0.0; 5], 1)).unwrap_err();
    assert_eq!(wrong.kind(), ErrorKind::Argument);
    assert_eq!(pollster::block_on(encoder.encode(&[], 0)).unwrap_err().kind(), ErrorKind::Argument);

    let mut builder = GpuEncoder::builder(&gpu, &config, &spec).unwrap();
    builder.take(&config.tensors()[0], tensors[0].clone()).unwrap();
    let missing = pollster::block_on(builder.finish()).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::WeightsCorrupt);
    tensors[0].shape = vec![1, 1];
    let misshapen = build(&gpu, (&config, &spec), &tensors, Family::Tiles, NO_LIMIT).unwrap_err();
    assert_eq!(misshapen.kind(), ErrorKind::WeightsCorrupt);
    gpu.check().unwrap();
}
