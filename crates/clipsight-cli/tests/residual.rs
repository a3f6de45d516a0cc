//! `clipsight train residual`: the real program with the encoder that ships.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

mod support;

use std::fmt::Write as _;
use std::path::Path;
use std::process::Output;

use image::ImageFormat;
use serde_json::Value;
use support::*;

/// Two origins of each class in `fit`, one in `calibrate` and in `select`.
fn manifest(folder: &Path) {
    let mut manifest = "file,label,role,origin,content\n".to_owned();
    let origins = [
        ("fit", "ai", "waves"),
        ("fit", "ai", "ripples"),
        ("fit", "real", "camera"),
        ("fit", "real", "phone"),
        ("calibrate", "ai", "tides"),
        ("calibrate", "real", "scanner"),
        ("select", "ai", "swell"),
        ("select", "real", "film"),
    ];
    for (index, (role, label, origin)) in origins.into_iter().enumerate() {
        for copy in 0..3 {
            let name = format!("{origin}{copy}.png");
            let picture = picture(240, 260, (10 * index + copy) as u64);
            std::fs::write(folder.join(&name), encoded(&picture, ImageFormat::Png)).unwrap();
            writeln!(manifest, "{name},{label},{role},{origin},photo").unwrap();
        }
    }
    std::fs::write(folder.join("manifest.csv"), manifest).unwrap();
}

fn train(folder: &Path, model: &Path, out: &str) -> Output {
    clipsight()
        .args(["train", "residual", "--steps", "1", "--data"])
        .arg(folder.join("manifest.csv"))
        .arg("--model")
        .arg(model)
        .arg("--out")
        .arg(folder.join(out))
        .arg("--report")
        .arg(folder.join(out).join("study"))
        .arg("--cache")
        .arg(folder.join("cache"))
        .output()
        .unwrap()
}

#[test]
fn a_model_gets_a_network_and_a_report() {
    let folder = tempfile::tempdir().unwrap();
    manifest(folder.path());
    let model = model_with_verdict_only(folder.path());
    assert_status(&train(folder.path(), &model, "both"), 0);
    let both = folder.path().join("both");
    let read = |name: &str| std::fs::read_to_string(both.join(name)).unwrap();
    let report: Value = serde_json::from_str(&read("study/residual.json")).unwrap();
    assert_eq!(report["images"], serde_json::json!([6, 6, 6, 6]));
    assert_eq!(report["select"].as_array().unwrap().len(), 2);
    assert!((0.0..=1.0).contains(&report["select"][0]["fused"]["auc"].as_f64().unwrap()));
    assert!(read("study/residual.md").replace('\n', " ").contains("1 - (1 - p1) (1 - p2)"));

    // The model with both is loaded, tested and used like any other.
    let scan = |model: &Path| {
        let mut command = clipsight();
        command.args(["scan", "--device", "cpu", "--model"]).arg(model);
        let output = command.arg(folder.path().join("swell0.png")).output().unwrap();
        assert_status(&output, 0);
        records(&output)[0].clone()
    };
    let (alone, with) = (scan(&model), scan(&both));
    assert_eq!(alone["logit"], with["logit"]);
    assert_ne!(alone["probability"], with["probability"]);
    let inspected = clipsight().arg("inspect-model").arg(&both).output().unwrap();
    assert_status(&inspected, 0);
    assert!(
        String::from_utf8(inspected.stdout)
            .unwrap()
            .contains("convolutions over at most 288 x 512 px")
    );

    // From the cache the same comes out, byte for byte; a model that has a network gets no other.
    assert_status(&train(folder.path(), &model, "again"), 0);
    let again = |name: &str| std::fs::read(folder.path().join("again").join(name)).unwrap();
    for name in ["model.json", "residual-00001.safetensors", "study/residual.json"] {
        assert_eq!(again(name), std::fs::read(both.join(name)).unwrap(), "{name}");
    }
    let twice = train(folder.path(), &both, "twice");
    assert_status(&twice, 1);
    assert!(String::from_utf8(twice.stderr).unwrap().contains("already has a residual network"));
}
