//! `clipsight bench`: models with random weights are real models, and can be measured.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

#[path = "../../../tests/common/mod.rs"]
mod common;
mod support;

use std::path::{Path, PathBuf};

use serde_json::Value;
use support::*;

fn model_of(folder: &Path, name: &str, arguments: &[&str]) -> PathBuf {
    let out = folder.join(name);
    let output = clipsight()
        .args(["bench", "model", "--architecture", "vit-ti-16"])
        .args(arguments)
        .arg(&out)
        .output()
        .unwrap();
    assert_status(&output, 0);
    out
}

fn manifest(folder: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(folder.join("model.json")).unwrap()).unwrap()
}

#[test]
fn random_models_repeat_and_pass_their_own_test() {
    let folder = tempfile::tempdir().unwrap();
    let q8 = model_of(folder.path(), "q8", &["--storage", "q8"]);
    let again = model_of(folder.path(), "again", &["--storage", "q8"]);
    let other = model_of(folder.path(), "other", &["--storage", "q8", "--seed", "2"]);
    let f32 = model_of(folder.path(), "f32", &["--storage", "f32"]);
    assert_eq!(manifest(&q8), manifest(&again), "the same seed gives the same bytes");
    assert_ne!(manifest(&q8)["shards"], manifest(&other)["shards"]);
    // The same weights but for their rounding: the logit, of deviation 1, hardly moves.
    let logit = |folder: &Path| manifest(folder)["self_test"]["logit"].as_f64().unwrap();
    assert!((logit(&q8) - logit(&f32)).abs() < 0.1, "{} and {}", logit(&q8), logit(&f32));
    assert!((logit(&q8) - logit(&other)).abs() > 0.1, "another seed is another model");
    assert_status(&clipsight().arg("inspect-model").arg(&q8).output().unwrap(), 0);
}

#[test]
fn measures_a_model() {
    let folder = tempfile::tempdir().unwrap();
    let images = folder.path().join("images");
    let output = clipsight()
        .args(["bench", "images", "--count", "2", "--width", "320", "--height", "240"])
        .arg(&images)
        .output()
        .unwrap();
    assert_status(&output, 0);
    let output = clipsight()
        .args(["bench", "run", "--device", "cpu", "--repetitions", "1", "--model"])
        .arg(model())
        .args([images.join("00.jpg"), images.join("01.jpg")])
        .output()
        .unwrap();
    assert_status(&output, 0);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["images"], 2);
    for figure in ["viewMs", "verdictMs", "imagesPerSecond"] {
        assert!(report[figure].as_f64().unwrap() > 0.0, "{figure}");
    }
    let output = clipsight()
        .args(["bench", "run", "--model"])
        .arg(model())
        .arg("none.jpg")
        .output()
        .unwrap();
    assert_status(&output, 1);
}

#[test]
#[cfg(feature = "webgpu")]
fn measures_passes_of_a_gpu() {
    let folder = tempfile::tempdir().unwrap();
    let images = folder.path().join("images");
    let output =
        clipsight().args(["bench", "images", "--count", "1"]).arg(&images).output().unwrap();
    assert_status(&output, 0);
    let run = |peak: &str| {
        clipsight()
            .args([
                "bench",
                "run",
                "--device",
                "gpu",
                "--repetitions",
                "1",
                "--peak-tflops",
                peak,
                "--model",
            ])
            .arg(model())
            .arg(images.join("00.jpg"))
            .output()
            .unwrap()
    };
    assert_status(&run("0"), 1);
    let output = run("2");
    if output.status.code() == Some(1)
        && String::from_utf8_lossy(&output.stderr).contains("no usable GPU")
    {
        assert!(std::env::var_os("CI").is_none(), "CI must have a Vulkan driver");
        eprintln!("SKIPPED: no GPU and no Vulkan driver such as Mesa's lavapipe");
        return;
    }
    assert_status(&output, 0);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let pass = &report["gpu"][0];
    let figure = |name: &str| pass[name].as_f64().unwrap();
    assert_eq!(figure("batch"), 1.0);
    assert!(figure("cpuMs") > 0.0 && figure("cpuMs") < figure("ms"));
    // 1.26 GMAC for the whole tower.
    assert!(figure("macs") > 1.0e9 && figure("macs") < 1.3e9, "{pass}");
    let gmac_per_second = figure("macs") / figure("ms") / 1e6;
    assert!((figure("gmacPerSecond") / gmac_per_second - 1.0).abs() < 1e-6);
    assert!((figure("shareOfPeak") / (gmac_per_second / 1000.0) - 1.0).abs() < 1e-6);
}
