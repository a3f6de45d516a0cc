//! `clipsight train quality-set` and `clipsight train quality`: the real program with the encoder
//! that ships.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

#[path = "../../../tests/common/mod.rs"]
mod common;
mod support;

use std::fmt::Write as _;
use std::path::Path;
use std::process::Output;

use image::ImageFormat;
use serde_json::Value;
use support::*;

/// A manifest of four images of two origins, all of role fit.
fn manifest(folder: &Path) {
    let mut manifest = "file,label,role,origin,content\n".to_owned();
    for index in 0..4 {
        let name = format!("{index}.png");
        std::fs::write(folder.join(&name), encoded(&picture(240, 260, index), ImageFormat::Png))
            .unwrap();
        let (label, origin) = if index % 2 == 0 { ("ai", "waves") } else { ("real", "camera") };
        writeln!(manifest, "{name},{label},fit,{origin},photo").unwrap();
    }
    std::fs::write(folder.join("manifest.csv"), manifest).unwrap();
}

fn make_set(folder: &Path, name: &str, sources: &str) -> Output {
    clipsight()
        .args(["train", "quality-set", "--sources", sources, "--data"])
        .arg(folder.join("manifest.csv"))
        .arg("--out")
        .arg(folder.join(name))
        .output()
        .unwrap()
}

fn train(folder: &Path, scores: &Path, out: &str, more: &[&str]) -> Output {
    clipsight()
        .args(["train", "quality", "--features", "embedding", "--scores"])
        .arg(scores)
        .arg("--out")
        .arg(folder.join(out))
        .arg("--cache")
        .arg(folder.join("cache"))
        .args(more)
        .output()
        .unwrap()
}

#[test]
fn a_set_is_made_and_learned() {
    let folder = tempfile::tempdir().unwrap();
    manifest(folder.path());
    assert_status(&make_set(folder.path(), "set", "4"), 0);
    let scores = std::fs::read_to_string(folder.path().join("set/data.csv")).unwrap();
    assert_eq!(scores.lines().count(), 1 + 4 * 17);
    assert!(!folder.path().join("set.part").exists());
    assert_status(&make_set(folder.path(), "again", "4"), 0);
    for name in ["data.csv", "noise_0003_2.png"] {
        let read = |set: &str| std::fs::read(folder.path().join(set).join(name)).unwrap();
        assert_eq!(read("set"), read("again"), "the same seed makes the same set");
    }
    let refused = make_set(folder.path(), "set", "4");
    assert_status(&refused, 1);
    assert!(stderr(&refused).contains("already exists"));
    let refused = make_set(folder.path(), "more", "5");
    assert_status(&refused, 1);
    assert!(
        stderr(&refused).contains("4 images of role fit, not 5")
            && !folder.path().join("more").exists()
    );

    let csv = folder.path().join("set/data.csv");
    let output = train(folder.path(), &csv, "first", &["--epochs", "3"]);
    assert_status(&output, 0);
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(
        table.contains("generator means, no pixels") && table.contains("nobody's opinion"),
        "{table}"
    );
    let report = |out: &str| -> Value {
        serde_json::from_slice(
            &std::fs::read(folder.path().join(out).join("quality.json")).unwrap(),
        )
        .unwrap()
    };
    let first = report("first");
    assert_eq!(
        (first["images"].as_u64(), first["splits"].as_array().unwrap().len()),
        (Some(68), 2)
    );
    let ways: Vec<&str> = first["splits"]
        .as_array()
        .unwrap()
        .iter()
        .map(|split| split["split"].as_str().unwrap())
        .collect();
    assert_eq!(ways, ["image", "prompt"]);
    for split in first["splits"].as_array().unwrap() {
        for method in ["prompts", "image_only", "generator_means"] {
            for name in ["srcc", "plcc", "krcc"] {
                let value = split[method][name].as_f64().unwrap();
                assert!((-1.0..=1.0).contains(&value), "{method} {name}: {value}");
            }
        }
        assert!(
            split["generator_means"]["within_generator_srcc"].is_null(),
            "a constant has no correlation"
        );
    }
    let head = std::fs::read(folder.path().join("first/quality.safetensors")).unwrap();
    assert_eq!(first["head_sha256"], clipsight::weights::sha256_hex(&head));
    // Again, now from the cache: the same head; another seed: another.
    assert_status(&train(folder.path(), &csv, "second", &["--epochs", "3"]), 0);
    assert_eq!(report("second")["head_sha256"], first["head_sha256"]);
    assert_eq!(report("second")["splits"], first["splits"]);
    assert_status(&train(folder.path(), &csv, "third", &["--epochs", "3", "--seed", "2"]), 0);
    assert_ne!(report("third")["head_sha256"], first["head_sha256"]);
}

#[test]
fn bad_scores_are_refused_by_row_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.png"), encoded(&picture(240, 240, 1), ImageFormat::Png))
        .unwrap();
    std::fs::write(folder.path().join("damaged.png"), b"damaged").unwrap();
    let header = "name,prompt,mos_quality";
    for (text, part) in [
        ("name,prompt,score\na.png,p,1\n".to_owned(), "column mos_quality is missing"),
        (format!("{header}\na.png,p,1\nb.png,p,2\n"), "row 2, b.png"),
        (format!("{header}\na.png,p,NaN\n"), "row 1: mos_quality must be a finite number"),
        (format!("{header}\na.png,p,1\na.png,q,2\n"), "row 2: a.png is already in row 1"),
        (format!("{header}\na.png,p,1\ndamaged.png,q,2\n"), "damaged.png"),
        (format!("{header}\na.png,p,1\n"), "at least two prompts"),
    ] {
        let scores = folder.path().join("data.csv");
        std::fs::write(&scores, text).unwrap();
        let output = train(folder.path(), &scores, "out", &["--epochs", "1"]);
        assert_status(&output, 1);
        assert!(stderr(&output).contains(part), "{part}: {}", stderr(&output));
        assert!(output.stdout.is_empty() && !folder.path().join("out").exists());
    }
}

/// Scans `0.png` with a model, or with the one under test.
fn scan(folder: &Path, model: Option<&Path>) -> Value {
    let mut command = clipsight();
    command.args(["scan", "--device", "cpu"]).arg(folder.join("0.png"));
    if let Some(model) = model {
        command.arg("--model").arg(model);
    }
    let output = command.output().unwrap();
    assert_status(&output, 0);
    records(&output).remove(0)
}

#[test]
fn a_model_is_given_a_quality_head() {
    let folder = tempfile::tempdir().unwrap();
    manifest(folder.path());
    let bare = model_with_verdict_only(folder.path());
    let give = |model: &Path, out: &str| {
        clipsight()
            .args(["train", "quality-head", "--data"])
            .arg(folder.path().join("manifest.csv"))
            .arg("--model")
            .arg(model)
            .arg("--cache")
            .arg(folder.path().join("cache"))
            .arg("--out")
            .arg(folder.path().join(out))
            .output()
            .unwrap()
    };
    let output = give(&bare, "given");
    assert_status(&output, 0);
    assert!(
        String::from_utf8(output.stdout).unwrap().contains("1 sources held out of 2, 13 images")
    );
    let given = folder.path().join("given");
    let report: Value =
        serde_json::from_slice(&std::fs::read(given.join("quality.json")).unwrap()).unwrap();
    for figures in ["held_out", "no_pixels"] {
        for name in ["srcc", "plcc", "krcc", "within_prompt_srcc"] {
            assert!(
                report[figures][name].as_f64().unwrap().abs() <= 1.0,
                "{figures} {name}: {report}"
            );
        }
    }
    let bytes = |path: &Path| std::fs::metadata(path).unwrap().len();
    assert!(bytes(&given.join("quality-00001.safetensors")) < 300_000);
    let (plain, with) = (scan(folder.path(), Some(&bare)), scan(folder.path(), Some(&given)));
    assert!(plain.get("quality").is_none());
    assert!((0.0..=1.0).contains(&with["quality"].as_f64().unwrap()), "{with}");
    for same in ["logit", "probability", "grade", "status"] {
        assert_eq!(plain[same], with[same], "the verdict does not move");
    }
    let refused = give(&given, "twice");
    assert_status(&refused, 1);
    assert!(
        stderr(&refused).contains("already has a quality head")
            && !folder.path().join("twice").exists()
    );
    // The same seed gives the same head.
    assert_status(&give(&bare, "again"), 0);
    let shard = |out: &str| {
        std::fs::read(folder.path().join(out).join("quality-00001.safetensors")).unwrap()
    };
    assert_eq!(shard("given"), shard("again"));
}

#[test]
fn scored_images_make_a_head_for_a_model() {
    let folder = tempfile::tempdir().unwrap();
    manifest(folder.path());
    let bare = model_with_verdict_only(folder.path());
    let scores = folder.path().join("data.csv");
    std::fs::write(
        &scores,
        "name,prompt,mos_quality\n0.png,p,1\n1.png,q,2\n2.png,r,3\n3.png,s,4\n",
    )
    .unwrap();
    let train = |more: &[&str]| {
        clipsight()
            .args(["train", "quality", "--for-model", "--epochs", "2", "--scores"])
            .arg(&scores)
            .arg("--model")
            .arg(&bare)
            .arg("--out")
            .arg(folder.path().join("out"))
            .arg("--cache")
            .arg(folder.path().join("cache"))
            .args(more)
            .output()
            .unwrap()
    };
    assert_status(&train(&["--features", "embedding"]), 1);
    let output = train(&[]);
    assert_status(&output, 0);
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.contains("image only") && !table.contains("prompts"), "{table}");
    let quality =
        scan(folder.path(), Some(&folder.path().join("out")))["quality"].as_f64().unwrap();
    assert!((0.0..=1.0).contains(&quality));
}

#[test]
fn a_text_tower_that_does_not_fit_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.png", "b.png"] {
        std::fs::write(folder.path().join(name), encoded(&picture(240, 240, 1), ImageFormat::Png))
            .unwrap();
    }
    let scores = folder.path().join("data.csv");
    std::fs::write(&scores, "name,prompt,mos_quality\na.png,p,1\nb.png,q,2\n").unwrap();
    for (file, part) in [
        ("quick_gelu.safetensors", "not in the vocabulary of 60"),
        ("vision.safetensors", "has no CLIP text tower"),
        ("tokens.json", "not a safetensors file"),
    ] {
        let tower = common::fixture("text").join(file);
        let output = train(folder.path(), &scores, "out", &["--text", tower.to_str().unwrap()]);
        assert_status(&output, 1);
        assert!(stderr(&output).contains(part), "{part}: {}", stderr(&output));
        assert!(!folder.path().join("out").exists());
    }
}

#[test]
fn train_still_takes_its_own_arguments() {
    let output = clipsight()
        .args(["train", "--data", "/nowhere/manifest.csv", "--encoder", "/nowhere/vit"])
        .output()
        .unwrap();
    assert_status(&output, 1);
    assert!(stderr(&output).contains("/nowhere/manifest.csv"), "{}", stderr(&output));
    // Nothing outside the repository is taken for granted.
    let output = clipsight().arg("train").output().unwrap();
    assert_status(&output, 1);
    assert!(stderr(&output).contains("--data <MANIFEST>"), "{}", stderr(&output));
    let output =
        clipsight().args(["train", "--copies", "1", "quality", "--scores", "x"]).output().unwrap();
    assert_status(&output, 1);
}
