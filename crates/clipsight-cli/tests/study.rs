//! `clipsight study`: the real program with the model that ships, on images made here.
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

use serde_json::Value;
use support::*;

/// A labelled set: four generators and four sources to fit on, one each to select, to calibrate and
/// to test on. The generated images have a grid on them.
fn labelled(folder: &Path, each: u64) {
    let mut manifest = "file,label,role,origin,family,content\n".to_owned();
    let mut seed = 0;
    for (role, origins) in [("fit", 4), ("select", 1), ("calibrate", 1), ("test", 1)] {
        for (label, family) in [("ai", "waves"), ("real", "")] {
            for origin in 0..origins {
                for _ in 0..each {
                    seed += 1;
                    let mut image = picture(240, 240, seed);
                    if label == "ai" {
                        for (x, y, pixel) in image.enumerate_pixels_mut() {
                            if x % 16 == 0 || y % 16 == 0 {
                                pixel.0 = pixel.0.map(|value| value.saturating_add(60));
                            }
                        }
                    }
                    let name = format!("{seed}.jpg");
                    std::fs::write(folder.join(&name), jpeg(&image)).unwrap();
                    writeln!(
                        manifest,
                        "{name},{label},{role},{role}-{label}-{origin},{family},photo"
                    )
                    .unwrap();
                }
            }
        }
    }
    std::fs::write(folder.join("manifest.csv"), manifest).unwrap();
}

fn study(folder: &Path, name: &str, out: &str) -> Output {
    clipsight()
        .args(["study", name, "--repeats", "2", "--data"])
        .arg(folder.join("manifest.csv"))
        .arg("--cache")
        .arg(folder.join("cache"))
        .arg("--out")
        .arg(folder.join(out))
        .output()
        .unwrap()
}

#[test]
fn the_studies_report_and_go_on_where_they_were_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    labelled(folder, 10);
    assert_status(&study(folder, "robust", "first"), 0);
    let read = |path: &str| std::fs::read_to_string(folder.join(path)).unwrap();
    let report: Value = serde_json::from_str(&read("first/robust.json")).unwrap();
    let methods = report["methods"].as_array().unwrap();
    assert_eq!(methods.len(), 10);
    assert_eq!(methods[0]["name"], "the whole embedding");
    // A grid on half of the images is no riddle.
    assert!(methods[0]["test_auc"]["mean"].as_f64().unwrap() > 0.95, "{}", methods[0]);
    assert_eq!((report["components"].as_u64(), report["heads"].as_u64()), (Some(192), Some(36)));
    for selection in report["selections"].as_array().unwrap() {
        let set = |name: &str| selection[name].as_array().unwrap().clone();
        let (a, b) = (set("removed_a_to_b"), set("removed_b_to_a"));
        assert!(set("removed_by_both").iter().all(|part| a.contains(part) && b.contains(part)));
        assert!(!set("heads").is_empty());
    }
    assert_eq!(report["transfer"][0]["rows"].as_array().unwrap().len(), 1);
    assert!(read("first/robust.md").contains("## Transfer"));
    assert!(read("first/robust-transfer.svg").starts_with("<svg"));
    assert!(read("first/robust-removal.svg").contains("components removed"));

    // Stopped in the middle of a write: the cache is cut back, not trusted, and the report is the
    // same.
    let cache = std::fs::read_dir(folder.join("cache")).unwrap().next().unwrap().unwrap().path();
    let mut files: Vec<_> =
        std::fs::read_dir(cache).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let file = std::fs::File::options().write(true).open(&files[0]).unwrap();
    let length = file.metadata().unwrap().len();
    file.set_len(length - 1001).unwrap();
    assert_status(&study(folder, "robust", "second"), 0);
    assert_eq!(std::fs::metadata(&files[0]).unwrap().len(), length);
    for name in ["robust.json", "robust.md", "robust-transfer.svg", "robust-removal.svg"] {
        assert_eq!(read(&format!("first/{name}")), read(&format!("second/{name}")), "{name}");
    }

    assert_status(&study(folder, "few-shot", "first"), 0);
    let report: Value = serde_json::from_str(&read("first/few-shot.json")).unwrap();
    let cells = report["cells"].as_array().unwrap();
    // Two feature sets, two classifiers, two sizes (10 and all 80), three views, three
    // perturbations.
    assert_eq!(cells.len(), 2 * 2 * 2 * 3 * 3);
    let cell = |perturbation: &str, images: u64| {
        let of = |cell: &&Value| {
            cell["features"] == "all layers"
                && cell["views"] == "crop"
                && cell["delivery"] == perturbation
                && cell["images"] == images
        };
        cells.iter().find(of).unwrap()["auc"]["mean"].as_f64().unwrap()
    };
    assert!(cell("clean", 80) > 0.95, "{}", cell("clean", 80));
    assert!(cell("clean", 80) >= cell("clean", 10) - 0.05);
    assert!(read("first/few-shot.md").contains("five crops"));
    assert!(read("first/few-shot.svg").contains("training images"));
}

#[test]
fn the_captions_study_names_what_it_can_and_says_what_it_cannot() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    labelled(folder, 12);
    let captions = |minimum: &str| {
        clipsight()
            .args(["study", "captions", "--steps", "30", "--minimum", minimum, "--data"])
            .arg(folder.join("manifest.csv"))
            .arg("--cache")
            .arg(folder.join("cache"))
            .arg("--out")
            .arg(folder.join("out"))
            .output()
            .unwrap()
    };
    assert_status(&captions("8"), 0);
    let read = |path: &str| std::fs::read_to_string(folder.join("out").join(path)).unwrap();
    let report: Value = serde_json::from_str(&read("captions.json")).unwrap();
    // Real, four generators, one family.
    let said: Vec<&Value> = report["captions"].as_array().unwrap().iter().collect();
    assert_eq!(said.len(), 6);
    assert_eq!(said[0], "real");
    let auc = |head: &str| report[head]["auc"].as_f64().unwrap();
    assert!(auc("trained") > 0.9, "a grid on half of the images is no riddle: {}", auc("trained"));
    // All four generators draw alike: there is nothing to tell them apart by.
    assert!(report["trained"]["macro_f1"].as_f64().unwrap() < 0.7);
    let roles: Vec<&str> = report["roles"]
        .as_array()
        .unwrap()
        .iter()
        .map(|role| role["role"].as_str().unwrap())
        .collect();
    assert_eq!(roles, ["select", "calibrate", "test"]);
    for role in report["roles"].as_array().unwrap() {
        assert_eq!(role["unknown"], 12, "no generator of the other roles was trained on");
    }
    assert!(read("captions.md").contains("macro-F1"));
    assert!(read("captions-confusion.svg").starts_with("<svg"));
    assert!(read("captions-open-set.svg").starts_with("<svg"));

    // No generator has so many images: the family alone is left.
    let output = captions("40");
    let report = read("captions.json");
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("[argument]"), "{}", stderr(&output));
    assert_eq!(read("captions.json"), report, "the earlier report stays");
}

#[test]
fn bad_manifests_are_refused_by_row() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    labelled(folder, 1);
    let manifest = folder.join("manifest.csv");
    let good = std::fs::read_to_string(&manifest).unwrap();
    let refused = |text: &str, parts: &[&str]| {
        std::fs::write(&manifest, text).unwrap();
        for name in ["robust", "few-shot"] {
            let output = study(folder, name, "out");
            assert_status(&output, 1);
            let error = stderr(&output);
            assert!(parts.iter().all(|part| error.contains(part)), "{parts:?} is not in {error}");
            assert!(
                !folder.join("out").join(format!("{name}.json")).exists(),
                "nothing half-written"
            );
        }
    };
    let first = good.lines().nth(1).unwrap();
    refused(&format!("{good}{first}\n"), &["row 15", "is already in row 1", "[argument]"]);
    refused(&good.replacen(",fit,", ",train,", 1), &["row 1", "\"train\"", "[argument]"]);
    refused(&good.replacen("2.jpg", "gone.jpg", 1), &["row 2", "gone.jpg", "[io]"]);
    let one_class: String = good.lines().filter(|line| !line.contains("real,test")).fold(
        String::new(),
        |mut text, line| {
            writeln!(text, "{line}").unwrap();
            text
        },
    );
    refused(&one_class, &["role test", "label real", "[argument]"]);
    // A file that is there but no image is named by its row, too.
    std::fs::write(folder.join("1.jpg"), b"damaged").unwrap();
    refused(&good, &["row 1", "1.jpg", "[decode]"]);
}

#[test]
fn selection_needs_several_origins() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    labelled(folder, 1);
    let manifest = folder.join("manifest.csv");
    let text = std::fs::read_to_string(&manifest).unwrap().replace("fit-ai-3", "fit-ai-2");
    std::fs::write(&manifest, text).unwrap();
    let output = study(folder, "robust", "out");
    assert_status(&output, 1);
    assert!(stderr(&output).contains("role fit has 3 generators"), "{}", stderr(&output));
}
