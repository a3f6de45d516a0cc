//! `clipsight teach` and `scan --head`: the real program on real files.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

mod support;

use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;
use support::*;

/// Pictures that have nothing in common but the program that painted them.
fn scenes() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/scenes")
}

/// A folder with `count` of the JPEG files among the scenes and others beside.
fn examples(folder: &Path, count: usize) -> PathBuf {
    let into = folder.join("examples");
    std::fs::create_dir(&into).unwrap();
    let mut files: Vec<_> = std::fs::read_dir(scenes())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            !name.ends_with(".md") && !name.ends_with(".py") && !name.starts_with("thumbnail")
        })
        .filter(|path| !path.ends_with("pixel.png"))
        .collect();
    files.sort();
    for path in &files[..count] {
        std::fs::copy(path, into.join(path.file_name().unwrap())).unwrap();
    }
    into
}

fn teach(folder: &Path, paths: &[&Path], more: &[&str]) -> Output {
    let mut command = clipsight();
    command.current_dir(folder).arg("teach").args(paths).args(["--device", "cpu"]).args(more);
    command.output().unwrap()
}

fn scan(folder: &Path, more: &[&str]) -> Output {
    let mut command = clipsight();
    command.current_dir(folder).args(["scan", "examples", "--device", "cpu"]).args(more);
    command.output().unwrap()
}

fn logits(records: &[Value]) -> Vec<f64> {
    records.iter().map(|record| record["logit"].as_f64().unwrap()).collect()
}

#[test]
fn what_is_taught_judges_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let images = examples(path, 13);
    std::fs::write(images.join("broken.jpg"), b"no picture").unwrap();
    let output = teach(path, &[&images], &["--label", "ai", "--name", "Painter"]);
    // One of the files failed, the others taught.
    assert_status(&output, 2);
    assert!(stderr(&output).contains("broken.jpg"), "{}", stderr(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    for part in ["\"Painter\"", "13 AI-generated images", "of 13", "of 100", "Painter.head"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    std::fs::remove_file(images.join("broken.jpg")).unwrap();

    // One view, so that what is not judged by the head is the same to the bit.
    let before = scan(path, &["--views", "1"]);
    assert_status(&before, 0);
    let after = scan(path, &["--views", "1", "--head", "Painter.head"]);
    assert_status(&after, 0);
    assert!(stderr(&after).contains("taught head \"Painter\""), "{}", stderr(&after));
    let (before, after) = (records(&before), records(&after));
    for (record, taught) in before.iter().zip(&after) {
        assert!(record.get("head").is_none(), "{record}");
        assert_eq!(taught["head"].as_str().unwrap().len(), 64);
        assert!(taught.get("measured_error").is_none(), "{taught}");
        assert_eq!(record["attribution"], taught["attribution"]);
        assert_eq!(record["quality"], taught["quality"]);
    }
    let rise = logits(&after).iter().sum::<f64>() - logits(&before).iter().sum::<f64>();
    assert!(rise > 13.0 * 0.3, "{rise}");

    // The same examples, the same head: to the byte.
    let again = teach(path, &[&images], &["--label", "ai", "--name", "Painter", "--out", "b"]);
    assert_status(&again, 0);
    let read = |name: &str| std::fs::read(path.join(name)).unwrap();
    assert_eq!(read("Painter.head"), read("b"));
    // As real they move the other way.
    assert_status(&teach(path, &[&images], &["--label", "real", "--out", "c"]), 0);
    let real = records(&scan(path, &["--views", "1", "--head", "c"]));
    assert!(logits(&real).iter().sum::<f64>() < logits(&before).iter().sum());

    // A scan by another head is another scan.
    std::fs::write(path.join("lines"), scan(path, &[]).stdout).unwrap();
    let resumed = scan(path, &["--resume", "lines", "--head", "c"]);
    assert_status(&resumed, 1);
    assert!(stderr(&resumed).contains("a taught head of the hash"), "{}", stderr(&resumed));
    let csv = String::from_utf8(scan(path, &["--format", "csv", "--head", "c"]).stdout).unwrap();
    let hash = real[0]["head"].as_str().unwrap();
    assert!(csv.lines().next().unwrap().ends_with(",head") && csv.contains(hash), "{csv}");
}

/// Receipts of what a taught head found are confirmed by that head, and by no other.
#[test]
fn receipts_are_confirmed_by_the_head_that_judged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let images = examples(path, 10);
    for (label, head) in [("ai", "ai.head"), ("real", "real.head")] {
        assert_status(&teach(path, &[&images], &["--label", label, "--out", head]), 0);
    }
    assert_status(&scan(path, &["--head", "ai.head", "--receipts", "taught"]), 0);
    assert_status(&scan(path, &["--receipts", "plain"]), 0);
    let image = images.join("bricks.jpg");
    let name = format!("{}.json", clipsight::weights::sha256_hex(&std::fs::read(&image).unwrap()));
    let verify = |receipts: &str, more: &[&str], outcome: &str, part: &str| {
        let mut command = clipsight();
        command.current_dir(path).arg("verify").arg(path.join(receipts).join(&name)).arg(&image);
        let output = command.args(more).output().unwrap();
        let text = String::from_utf8(output.stdout.clone()).unwrap();
        assert_status(&output, if outcome == "equal" { 0 } else { 2 });
        assert!(text.starts_with(outcome) && text.contains(part), "{text}");
    };
    verify("taught", &["--head", "ai.head"], "equal", "");
    verify("taught", &[], "another head", "name its file with --head");
    verify("taught", &["--head", "real.head"], "another head", "the file named holds");
    verify("plain", &[], "equal", "");
    verify("plain", &["--head", "ai.head"], "another head", "leave --head out");
}

#[test]
fn heads_that_do_not_fit_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let images = examples(path, 12);
    assert_status(&teach(path, &[&images], &["--label", "ai", "--out", "a.head"]), 0);
    let refused = |output: &Output, parts: &[&str]| {
        assert_status(output, 1);
        let text = stderr(output);
        assert!(parts.iter().all(|part| text.contains(part)), "{text}");
        assert!(output.stdout.is_empty());
    };
    let mut bytes = std::fs::read(path.join("a.head")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(path.join("b.head"), &bytes).unwrap();
    let output = scan(path, &["--head", "b.head"]);
    refused(&output, &["b.head", "altered", "[weights-corrupt]"]);
    std::fs::write(path.join("c.head"), b"{}").unwrap();
    refused(&scan(path, &["--head", "c.head"]), &["not a taught head", "[weights-corrupt]"]);
    refused(&scan(path, &["--head", "none"]), &["none", "[io]"]);

    let other = model_with_verdict_only(path);
    let output = scan(path, &["--head", "a.head", "--model", other.to_str().unwrap()]);
    refused(&output, &["was taught on", "[argument]"]);
    // Its references are those of the model that it was made from.
    let model = other.to_str().unwrap();
    let output = teach(path, &[&images], &["--label", "ai", "--out", "d", "--model", model]);
    refused(&output, &["references are not those of", "[argument]"]);
    std::fs::remove_file(other.join("references.bin")).unwrap();
    let output = teach(path, &[&images], &["--label", "ai", "--out", "d", "--model", model]);
    refused(&output, &["comes without references.bin", "[argument]"]);
    assert!(!path.join("d").exists());
}

#[test]
fn too_few_images_and_files_that_are_there_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let images = examples(path, 9);
    // A copy, and the same picture saved again, count once.
    std::fs::copy(images.join("bricks.jpg"), images.join("copy.jpg")).unwrap();
    let decoded = image::open(images.join("dragon.jpg")).unwrap().to_rgb8();
    std::fs::write(images.join("saved.jpg"), jpeg(&decoded)).unwrap();
    let output = teach(path, &[&images], &["--label", "ai"]);
    assert_status(&output, 1);
    let text = stderr(&output);
    assert!(text.contains("at least 10 different images, and there are 9"), "{text}");
    assert!(text.contains("2 that nearly equal others"), "{text}");
    assert!(!path.join("examples.head").exists());

    std::fs::write(path.join("examples.head"), b"mine").unwrap();
    let output = teach(path, &[&images], &["--label", "ai"]);
    assert_status(&output, 1);
    assert!(stderr(&output).contains("is not written over"), "{}", stderr(&output));
    assert_eq!(std::fs::read(path.join("examples.head")).unwrap(), b"mine");
    assert_status(&teach(path, &[&images], &["--label", "unknown"]), 1);
    assert_status(&teach(path, &[&images], &[]), 1);
}
