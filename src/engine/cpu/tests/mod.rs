//! The engine against plain definitions.

mod plain;

use proptest::prelude::*;

use super::isa::{self, Isa, MAX_COLUMNS, Portable, ROWS, TileSink};
use super::machine::{Machine, with_isa};
use super::packing::SIGNS;
use super::tower::CpuLayer;
use super::{Builder, CpuEncoder};
use crate::ErrorKind;
use crate::clip::{Activation, FeatureSpec, Pool, TensorRole, TensorSpec, VisionConfig};
use crate::engine::Encoding;
use crate::simd::I32x4;
use crate::weights::{Q4, Q8, StoredTensor, StoredValues};
use plain::Plain;

/// Numbers that look random, from -1 to 1.
pub(super) fn noise(seed: u64) -> impl FnMut() -> f32 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    }
}

/// The sums of the columns that all instruction sets have, row by row.
struct Collected(Vec<i32>);

impl TileSink for Collected {
    fn accept<I: Isa>(&mut self, _: I, row: usize, sums: impl Iterator<Item = I32x4>) {
        assert_eq!(self.0.len(), row * Portable::COLUMNS, "rows come in order, each once");
        self.0.extend(sums.flat_map(I32x4::to_array).take(Portable::COLUMNS));
    }
}

fn tile_sums<I: Isa>(
    isa: I,
    rows: usize,
    activations: &[u32],
    weights: &[i8],
    start: &[i32],
) -> Vec<i32> {
    // From columns of bytes to the layout of this instruction set.
    let steps = activations.len() / ROWS;
    let code = |column: usize, at: usize| {
        weights[(column * 4 * steps + at) % weights.len()].cast_unsigned()
    };
    let words: Vec<u32> = (0..steps)
        .flat_map(|step| (0..I::COLUMNS).map(move |column| (step, column)))
        .map(|(step, column)| {
            u32::from_le_bytes(std::array::from_fn(|at| code(column, 4 * step + at)))
        })
        .collect();
    let signs = if isa.signed() { SIGNS } else { 0 };
    let activations: Vec<u32> = activations.iter().map(|word| word ^ signs).collect();
    // What a kernel for signed activations reads is 128 less; its sums start from what makes up for
    // that.
    let start: Vec<i32> = (0..I::COLUMNS)
        .map(|column| {
            let sum: i32 = (0..4 * steps).map(|at| i32::from(code(column, at).cast_signed())).sum();
            start[column] + (0 - isa::effective_zero(isa, 0)) * sum
        })
        .collect();
    let mut sums = Collected(Vec::new());
    isa::tile_product(isa, rows, &activations, &words, &start, &mut sums);
    sums.0
}

proptest! {
    /// Every instruction set computes the same integers, at full range too.
    #[test]
    fn tiles_are_exact(
        rows in 1..=ROWS,
        steps in 1..40_usize,
        full in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let mut next = noise(seed);
        let mut byte = || if full { 255 } else { ((next() + 1.0) * 127.99) as u8 };
        let activations: Vec<u32> = (0..steps * ROWS)
            .map(|_| u32::from_le_bytes(std::array::from_fn(|_| byte())))
            .collect();
        let mut next = noise(!seed);
        let weights: Vec<i8> = (0..4 * steps * MAX_COLUMNS)
            .map(|_| match (full, next()) {
                (true, value) => if value > 0.0 { 127 } else { -127 },
                (false, value) => (value * 127.0) as i8,
            })
            .collect();
        let start: Vec<i32> = (0..MAX_COLUMNS as i32).map(|column| column * 1000 - 7).collect();
        let truth: Vec<i32> = (0..rows).flat_map(|row| {
            let (activations, weights, start) = (&activations, &weights, &start);
            (0..Portable::COLUMNS).map(move |column| {
                start[column] + (0..4 * steps).map(|at| {
                    let code = activations[at / 4 * ROWS + row].to_le_bytes()[at % 4];
                    i32::from(code) * i32::from(weights[(column * 4 * steps + at) % weights.len()])
                }).sum::<i32>()
            })
        }).collect();
        for machine in Machine::all() {
            let sums = with_isa!(machine, isa => {
                tile_sums(isa, rows, &activations, &weights, &start)
            });
            prop_assert_eq!(&sums, &truth, "{}", machine.name());
        }
    }
}

/// A small tower whose every part matters.
fn tower(width: usize, heads: usize, patch: usize, layers: usize) -> VisionConfig {
    VisionConfig {
        image_size: 4 * patch,
        patch_size: patch,
        width,
        layers,
        heads,
        mlp_width: 2 * width + 4,
        activation: Activation::Gelu,
        pre_norm: false,
        patch_bias: true,
        norm_epsilon: 1e-6,
        projection: None,
        projection_bias: false,
    }
}

fn weights(config: &VisionConfig, seed: u64) -> Vec<(TensorSpec, Vec<f32>)> {
    let mut next = noise(seed);
    let specs = config.tensors().into_iter();
    specs
        .map(|spec| {
            let gain = if spec.role == TensorRole::Matrix {
                2.0 / (spec.shape[1] as f32).sqrt()
            } else {
                0.5
            };
            let base =
                if spec.name.contains("norm") && spec.name.ends_with("weight") { 1.0 } else { 0.0 };
            let values = (0..spec.shape.iter().product()).map(|_| base + gain * next()).collect();
            (spec, values)
        })
        .collect()
}

fn encoder(
    machine: Machine,
    config: &VisionConfig,
    features: &FeatureSpec,
    weights: &[(TensorSpec, Vec<f32>)],
    store: impl Fn(&TensorSpec, &[f32]) -> StoredValues,
) -> CpuEncoder {
    let mut builder = Builder::new(machine, config, features).unwrap();
    for (spec, values) in weights.iter().rev() {
        builder
            .take(spec, StoredTensor { shape: spec.shape.clone(), values: store(spec, values) })
            .unwrap();
    }
    builder.finish().unwrap()
}

fn in_f32(_: &TensorSpec, values: &[f32]) -> StoredValues {
    StoredValues::F32(values.to_vec())
}

/// One minus the cosine.
fn distance(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    let dot = |a: &[f32], b: &[f32]| {
        a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>()
    };
    (1.0 - dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()) as f32
}

fn pixels(config: &VisionConfig, batch: usize, seed: u64) -> Vec<f32> {
    let mut next = noise(seed);
    (0..batch * 3 * config.image_size * config.image_size).map(|_| next()).collect()
}

fn shapes() -> Vec<(VisionConfig, FeatureSpec)> {
    let all = [Pool::Class, Pool::Mean, Pool::Std];
    let plain = tower(64, 1, 4, 3);
    let clip = VisionConfig {
        activation: Activation::QuickGelu,
        pre_norm: true,
        patch_bias: false,
        norm_epsilon: 1e-5,
        projection: Some(20),
        ..tower(128, 2, 8, 2)
    };
    let biased = VisionConfig { projection: Some(33), projection_bias: true, ..tower(36, 3, 7, 3) };
    vec![
        (plain.clone(), FeatureSpec::pooled(vec![1, 3, 4], &all)),
        (plain.clone(), FeatureSpec::pooled(vec![2], &[Pool::Std])),
        (tower(40, 2, 6, 2), FeatureSpec::pooled(vec![1, 2, 3], &[Pool::Mean, Pool::Class])),
        (clip.clone(), FeatureSpec::pooled(vec![3], &[Pool::Class])),
        (
            clip.clone(),
            FeatureSpec { heads: vec![0, 3], ..FeatureSpec::pooled(vec![1, 2], &[Pool::Class]) },
        ),
        (biased.clone(), FeatureSpec::of_heads(vec![1, 4, 8])),
        (biased, FeatureSpec { heads: vec![5], ..FeatureSpec::pooled(vec![1], &all) }),
        (
            VisionConfig { mlp_width: 256, ..tower(256, 4, 16, 2) },
            FeatureSpec::pooled(vec![2], &all),
        ),
    ]
}

#[test]
fn encodings_are_those_of_the_definition() {
    for (number, (config, features)) in shapes().into_iter().enumerate() {
        let weights = weights(&config, number as u64);
        let plain = Plain::new(&config, &weights);
        for machine in Machine::all() {
            let encoder = encoder(machine, &config, &features, &weights, in_f32);
            for batch in [1, 3] {
                let pixels = pixels(&config, batch, 5);
                let encoding = encoder.encode(&pixels, batch).unwrap();
                let truth = plain.encode(&pixels, batch, &features);
                let name = format!("{} on {}, batch {batch}", number, machine.name());
                let error = distance(&encoding.embedding, &truth.embedding);
                assert!(error < 2e-3, "embedding of {name}: {error}");
                let error = distance(&encoding.features, &truth.features);
                assert!(error < 2e-3, "features of {name}: {error}");
            }
        }
    }
}

/// What narrow encoders keep of their weights' rounding makes up for most of its effect on what
/// heads read.
#[test]
fn remainders_bring_class_tokens_and_means_closer() {
    let config = VisionConfig { mlp_width: 256, ..tower(128, 2, 8, 2) };
    let features = FeatureSpec::pooled(vec![1, 2, 3], &[Pool::Class, Pool::Mean]);
    let weights = weights(&config, 11);
    let pixels = pixels(&config, 4, 12);
    let truth = Plain::new(&config, &weights).encode(&pixels, 4, &features);
    for machine in Machine::all() {
        let mut encoder = encoder(machine, &config, &features, &weights, in_f32);
        let error = |encoder: &CpuEncoder| {
            distance(&encoder.encode(&pixels, 4).unwrap().features, &truth.features)
        };
        let with = error(&encoder);
        encoder.tower.patch_embedding.remainder = None;
        for layer in &mut encoder.tower.layers {
            let CpuLayer { queries, keys, values, output, fc1, fc2, .. } = layer;
            for linear in [queries, keys, values, output, fc1, fc2] {
                assert!(linear.remainder.take().is_some());
            }
        }
        let without = error(&encoder);
        assert!(with < without / 2.0, "{}: {with} with, {without} without", machine.name());
    }
}

/// Which images share a batch and what was encoded before do not matter, and neither does the
/// instruction set, if it rounds alike: a page and the native program give the same verdicts.
#[test]
fn encodings_are_reproducible() {
    let (config, features) = shapes().swap_remove(0);
    let weights = weights(&config, 1);
    let images = pixels(&config, 8, 9);
    let mut seen: Vec<(bool, Encoding)> = Vec::new();
    for machine in Machine::all() {
        let encoder = encoder(machine, &config, &features, &weights, in_f32);
        let together = encoder.encode(&images, 8).unwrap();
        let apart: Vec<Encoding> = images
            .chunks(images.len() / 8)
            .map(|image| encoder.encode(image, 1).unwrap())
            .collect();
        assert_eq!(
            together.embedding,
            apart.iter().flat_map(|one| one.embedding.clone()).collect::<Vec<_>>()
        );
        assert_eq!(
            together.features,
            apart.iter().flat_map(|one| one.features.clone()).collect::<Vec<_>>()
        );
        fn fused<I: Isa>(_: I) -> bool {
            I::FUSED
        }
        let fused = with_isa!(machine, isa => fused(isa));
        if let Some((_, first)) = seen.iter().find(|(other, _)| *other == fused) {
            assert_eq!(*first, together, "{}", machine.name());
        }
        seen.push((fused, together));
    }
}

#[test]
fn stored_forms_are_read_as_they_are_meant() {
    let (config, features) = shapes().swap_remove(2);
    let weights = weights(&config, 3);
    let pixels = pixels(&config, 2, 4);
    type Store = fn(&TensorSpec, &[f32]) -> StoredValues;
    let q8: Store = |spec, values| StoredValues::Q8(Q8::quantize(values, spec.shape[1]));
    let q4: Store = |spec, values| StoredValues::Q4(Q4::quantize(values, spec.shape[1]));
    for store in [q8, q4] {
        let only_matrices = |spec: &TensorSpec, values: &[f32]| match spec.role {
            TensorRole::Matrix => store(spec, values),
            _ => in_f32(spec, values),
        };
        let restored: Vec<_> = weights
            .iter()
            .map(|(spec, values)| {
                let tensor =
                    StoredTensor { shape: spec.shape.clone(), values: only_matrices(spec, values) };
                (spec.clone(), tensor.to_f32())
            })
            .collect();
        let machine = Machine::best();
        let stored = encoder(machine, &config, &features, &weights, only_matrices)
            .encode(&pixels, 2)
            .unwrap();
        let truth =
            encoder(machine, &config, &features, &restored, in_f32).encode(&pixels, 2).unwrap();
        assert_eq!(stored, truth);
    }
}

#[test]
fn wrong_input_is_refused() {
    let (config, features) = shapes().swap_remove(0);
    let weights = weights(&config, 1);
    let encoder = encoder(Machine::best(), &config, &features, &weights, in_f32);
    for (length, batch) in [(1, 1), (0, 1), (3 * 16 * 16, 2), (3, usize::MAX)] {
        let error = encoder.encode(&vec![0.0; length], batch).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Argument);
    }
    assert!(encoder.encode(&[], 0).unwrap().embedding.is_empty());
    let builder = || CpuEncoder::builder(&config, &features).unwrap();
    assert_eq!(builder().finish().unwrap_err().kind(), ErrorKind::WeightsCorrupt);
    for (spec, values) in &weights {
        let tensor = |values: Vec<f32>| StoredTensor {
            shape: spec.shape.clone(),
            values: StoredValues::F32(values),
        };
        let mut twice = builder();
        twice.take(spec, tensor(values.clone())).unwrap();
        let mut wrong = values.clone();
        wrong[0] = f32::NAN;
        let short = StoredTensor { shape: vec![1], values: StoredValues::F32(vec![0.0]) };
        let cut = tensor(values[1..].to_vec());
        for (mut builder, tensor) in [
            (twice, tensor(values.clone())),
            (builder(), tensor(wrong)),
            (builder(), short),
            (builder(), cut),
        ] {
            let error = builder.take(spec, tensor).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::WeightsCorrupt, "{}", spec.name);
        }
    }
}

/// Constant images have patches without range, and black ones nothing but the shift.
#[test]
fn flat_images_encode() {
    let (config, features) = shapes().swap_remove(0);
    let weights = weights(&config, 1);
    let plain = Plain::new(&config, &weights);
    let encoder = encoder(Machine::best(), &config, &features, &weights, in_f32);
    for value in [0.0, 1.0, -0.3] {
        let pixels = vec![value; 3 * config.image_size * config.image_size];
        let truth = plain.encode(&pixels, 1, &features);
        let error = distance(&encoder.encode(&pixels, 1).unwrap().features, &truth.features);
        assert!(error < 2e-3, "{value}: {error}");
    }
}
