//! The kernels and the whole pass against plain definitions. They need an adapter;
//! `mesa-vulkan-drivers` has one that runs on every CPU.

mod kernels;
mod limits;
mod plain;
mod shipped;
mod towers;

use std::sync::OnceLock;

use super::device::{Gpu, open};
use super::kernels::Family;

/// The GPU; says loudly where there is none.
fn gpu() -> Option<Gpu> {
    static GPU: OnceLock<Option<Gpu>> = OnceLock::new();
    let gpu = GPU.get_or_init(|| pollster::block_on(open()).ok());
    if gpu.is_none() {
        eprintln!(
            "SKIPPED, nothing was tested: there is no GPU (apt-get install mesa-vulkan-drivers)"
        );
    }
    gpu.clone()
}

/// The families that run there: all where it has f16.
fn families(gpu: &Gpu) -> Vec<Family> {
    let mut families = vec![Family::Registers, Family::Tiles];
    if gpu.half() {
        families.push(Family::HalfTiles);
    } else {
        eprintln!("SKIPPED: {} has no f16", gpu.name());
    }
    families
}

/// Reproducible numbers in -1..1.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f32 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1 << 23) as f32 - 1.0
    }

    fn values(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.next()).collect()
    }
}

/// The largest difference, as a share of the largest expected value (or of 1, where all are
/// smaller); infinite where a number is not finite.
fn error(found: &[f32], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    if found.iter().any(|value| !value.is_finite()) {
        return f64::INFINITY;
    }
    let largest = expected.iter().fold(1.0_f64, |largest, value| largest.max(value.abs()));
    found.iter().zip(expected).fold(0.0, |worst: f64, (a, b)| worst.max((f64::from(*a) - b).abs()))
        / largest
}

/// The cosine of the angle between two vectors.
fn cosine(found: &[f32], expected: &[f64]) -> f64 {
    let dot = |a: &mut dyn Iterator<Item = (f64, f64)>| a.map(|(a, b)| a * b).sum::<f64>();
    let wide = || found.iter().map(|value| f64::from(*value));
    let squares =
        dot(&mut wide().zip(wide())) * dot(&mut expected.iter().map(|value| (*value, *value)));
    dot(&mut wide().zip(expected.iter().copied())) / squares.sqrt()
}
