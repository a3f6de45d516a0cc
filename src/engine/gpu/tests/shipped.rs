//! The shipped model through every family of kernels.

use std::path::Path;

use super::{cosine, gpu};
use crate::engine::Gpu;
use crate::engine::gpu::GpuEncoder;
use crate::model::{Detector, Manifest, ModelLoader, self_test_view};

fn load(gpu: &Gpu) -> Detector {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/compact");
    let manifest = Manifest::from_json(&std::fs::read(folder.join("model.json")).unwrap()).unwrap();
    let shards = manifest.shards.clone();
    let mut loader = ModelLoader::new(manifest, gpu).unwrap();
    for (index, shard) in shards.iter().enumerate() {
        loader.push_shard(index, &std::fs::read(folder.join(&shard.file)).unwrap()).unwrap();
    }
    Detector::new(pollster::block_on(loader.finish()).unwrap()).unwrap()
}

#[test]
fn f16_leaves_features_as_they_are() {
    let Some(gpu) = gpu() else { return };
    let hardware = gpu.as_hardware();
    let features = |gpu: Gpu, operand: &str| {
        let detector = load(&gpu);
        let encoder: &dyn std::any::Any = detector.encoder();
        let encoder: &GpuEncoder = encoder.downcast_ref().expect("the encoder is on the GPU");
        assert_eq!(encoder.operand(), operand);
        let test = pollster::block_on(detector.self_test()).unwrap();
        assert!(test.passed, "{operand}: {test:?}");
        let view = self_test_view(detector.manifest().preprocessing.crop).unwrap();
        let pixels = detector.manifest().preprocessing.tensor(&[view]);
        pollster::block_on(encoder.encode(&pixels, 1)).unwrap().features
    };
    let exact: Vec<f64> =
        features(hardware.in_f32(), "f32").iter().map(|value| f64::from(*value)).collect();
    let packed = cosine(&features(gpu, "bf16"), &exact);
    assert!(packed >= 0.999, "bf16: {packed}");
    if hardware.half() {
        let half = cosine(&features(hardware, "f16"), &exact);
        assert!(half >= 0.9999, "f16: {half}");
        assert!(half > packed);
    } else {
        eprintln!("SKIPPED: {} has no f16", hardware.name());
    }
}
