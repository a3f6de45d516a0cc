//! `clipsight inspect-model`, `eval` and `card`: the real program with the model that ships.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod cli_support;
mod common;

use std::fmt::Write as _;
use std::path::Path;

use cli_support::*;
use image::ImageFormat;
use serde_json::Value;

#[test]
fn inspect_loads_the_model_and_says_what_it_is() {
    let output = clipsight().arg("inspect-model").arg(model()).output().unwrap();
    assert_status(&output, 0);
    let text = String::from_utf8(output.stdout).unwrap();
    let manifest: Value =
        serde_json::from_slice(&std::fs::read(model().join("model.json")).unwrap()).unwrap();
    for part in [
        manifest["id"].as_str().unwrap(),
        manifest["shards"][0]["sha256"].as_str().unwrap(),
        "self-test     passed",
    ] {
        assert!(text.contains(part), "{part} is missing from\n{text}");
    }
}

#[test]
fn inspect_fails_on_any_damage() {
    let folder = tempfile::tempdir().unwrap();
    let model = copy_of_model(folder.path());
    let shard = std::fs::read_dir(&model)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|extension| extension == "safetensors"))
        .unwrap();
    let sound = std::fs::read(&shard).unwrap();
    for place in [0, 8, sound.len() / 2, sound.len() - 1] {
        let mut damaged = sound.clone();
        damaged[place] ^= 0x10;
        std::fs::write(&shard, damaged).unwrap();
        let output = clipsight().arg("inspect-model").arg(&model).output().unwrap();
        assert_status(&output, 1);
        assert!(output.stdout.is_empty() && stderr(&output).contains("[weights-corrupt]"), "byte {place}");
    }
}

/// A small set of labelled images, without anything from outside the repository.
fn labelled(folder: &Path) {
    let mut manifest = "file,label,role,origin,content,orig_width,orig_height,orig_format\n".to_owned();
    for index in 0..24 {
        let name = format!("{index}.png");
        std::fs::write(folder.join(&name), encoded(&picture(240, 240, index), ImageFormat::Png)).unwrap();
        let (label, origin) = if index % 2 == 0 { ("ai", "waves") } else { ("real", "camera") };
        let role = if index < 12 { "fit" } else { "test" };
        writeln!(manifest, "{name},{label},{role},{origin},photo,1024,768,PNG").unwrap();
    }
    std::fs::write(folder.join("manifest.csv"), manifest).unwrap();
}

#[test]
fn eval_writes_the_same_figures_every_time() {
    let folder = tempfile::tempdir().unwrap();
    labelled(folder.path());
    let evaluate = |name: &str| {
        let json = folder.path().join(name);
        let output = clipsight()
            .args(["eval", "--deliveries", "--device", "cpu", "--json"])
            .args([&json, &folder.path().join("manifest.csv")])
            .output()
            .unwrap();
        assert_status(&output, 0);
        (std::fs::read_to_string(json).unwrap(), String::from_utf8(output.stdout).unwrap())
    };
    let (json, table) = evaluate("a.json");
    assert_eq!(json, evaluate("b.json").0);
    let report: Value = serde_json::from_str(&json).unwrap();
    let figures = &report["figures"];
    assert_eq!((figures["generated"].as_u64(), figures["real"].as_u64()), (Some(6), Some(6)));
    for name in
        ["auc", "average_precision", "balanced_accuracy", "best_balanced_accuracy", "calibration_error"]
    {
        assert!((0.0..=1.0).contains(&figures[name].as_f64().unwrap()), "{name}");
    }
    assert!(figures["best_balanced_accuracy"].as_f64() >= figures["balanced_accuracy"].as_f64());
    assert_eq!(figures["origins"].as_array().unwrap().len(), 2);
    assert_eq!(figures["grades"].as_array().unwrap().len(), 4);
    assert_eq!(report["deliveries"].as_array().unwrap().len(), 8);
    // Files of one size and format tell nothing without their pixels.
    assert_eq!(report["confounds"]["stored"], 0.5);
    assert_eq!(report["confounds"]["originals"], 0.5);
    assert_eq!(report["confounds"]["passed"], true);
    for part in ["TPR at 5 % FPR", "The gate passes", "JPEG 60", "waves"] {
        assert!(table.contains(part), "{part} is missing from\n{table}");
    }
}

#[test]
fn eval_refuses_what_it_cannot_measure_whole() {
    let folder = tempfile::tempdir().unwrap();
    labelled(folder.path());
    let manifest = folder.path().join("manifest.csv");
    let evaluate = |arguments: &[&str]| {
        let output = clipsight().arg("eval").arg(&manifest).args(arguments).output().unwrap();
        assert_status(&output, 1);
        assert!(output.stdout.is_empty());
        stderr(&output)
    };
    assert!(evaluate(&["--role", "calibrate"]).contains("both classes"));
    std::fs::write(folder.path().join("20.png"), b"damaged").unwrap();
    let error = evaluate(&[]);
    assert!(error.contains("20.png") && error.contains("[decode]"), "{error}");
    std::fs::write(&manifest, "file,label\na,ai\n").unwrap();
    assert!(evaluate(&[]).contains("column role"));
}

/// A slice of the real images: far from chance, or the program and the trained model do not fit together.
#[test]
fn the_model_tells_real_images_apart() {
    let Some(data) = common::shared("data") else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut reader = csv::Reader::from_path(data.join("manifest.csv")).unwrap();
    let header = reader.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|column| column == name).unwrap();
    let (file, role) = (column("file"), column("role"));
    let manifest = folder.path().join("manifest.csv");
    let mut writer = csv::Writer::from_path(&manifest).unwrap();
    writer.write_record(&header).unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    for (name, every) in [("fit", 20), ("test", 12)] {
        for row in rows.iter().filter(|row| &row[role] == name).step_by(every) {
            let absolute = data.join(&row[file]).canonicalize().unwrap();
            let cells = row.iter().enumerate();
            let cells =
                cells.map(|(index, cell)| if index == file { absolute.to_str().unwrap() } else { cell });
            writer.write_record(cells).unwrap();
        }
    }
    writer.flush().unwrap();
    let json = folder.path().join("eval.json");
    let output =
        clipsight().args(["eval", "--views", "1"]).arg(&manifest).arg("--json").arg(&json).output().unwrap();
    assert_status(&output, 0);
    let report: Value = serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap();
    let auc = report["figures"]["auc"].as_f64().unwrap();
    assert!(auc > 0.75, "AUC {auc} on {} images", report["figures"]["generated"]);
}

/// The committed documents say what the committed report says, and the report is of the committed model.
#[test]
fn documents_hold_the_measured_figures() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = clipsight()
        .args(["card", "--check", "--readme", "README.md", "models/compact"])
        .current_dir(root)
        .output()
        .unwrap();
    assert_status(&output, 0);
}
