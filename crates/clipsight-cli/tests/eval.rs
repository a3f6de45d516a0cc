//! `clipsight inspect-model`, `eval` and `card`: the real program with the model that ships.
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

use image::ImageFormat;
use serde_json::Value;
use support::*;

/// A small set of labelled images, without anything from outside the repository.
fn labelled(folder: &Path) {
    let mut manifest =
        "file,label,role,origin,content,orig_width,orig_height,orig_format\n".to_owned();
    for index in 0..24 {
        let name = format!("{index}.png");
        std::fs::write(folder.join(&name), encoded(&picture(240, 240, index), ImageFormat::Png))
            .unwrap();
        let (label, origin) = if index % 2 == 0 { ("ai", "waves") } else { ("real", "camera") };
        let role = if index < 12 { "fit" } else { "test" };
        writeln!(manifest, "{name},{label},{role},{origin},photo,1024,768,PNG").unwrap();
    }
    std::fs::write(folder.join("manifest.csv"), manifest).unwrap();
}

#[test]
fn eval_writes_the_same_report_every_time() {
    let folder = tempfile::tempdir().unwrap();
    labelled(folder.path());
    let evaluate = |name: &str| {
        let [json, html] =
            ["json", "html"].map(|ending| folder.path().join(format!("{name}.{ending}")));
        let output = clipsight()
            .args([
                "eval",
                "--perturbations",
                "quick",
                "--perturbed-images",
                "4",
                "--controls",
                "--device",
                "cpu",
            ])
            .arg("--json")
            .arg(&json)
            .arg("--html")
            .args([&html, &folder.path().join("manifest.csv")])
            .output()
            .unwrap();
        assert_status(&output, 0);
        let [json, html] = [json, html].map(|path| std::fs::read_to_string(path).unwrap());
        (json, html, String::from_utf8(output.stdout).unwrap())
    };
    let (json, html, table) = evaluate("a");
    assert_eq!((json.clone(), html.clone(), table.clone()), evaluate("b"));
    let report: Value = serde_json::from_str(&json).unwrap();
    let figures = &report["figures"];
    assert_eq!((figures["generated"].as_u64(), figures["real"].as_u64()), (Some(6), Some(6)));
    for name in [
        "auc",
        "average_precision",
        "balanced_accuracy",
        "best_balanced_accuracy",
        "calibration_error",
    ] {
        assert!((0.0..=1.0).contains(&figures[name].as_f64().unwrap()), "{name}");
    }
    assert!(figures["best_balanced_accuracy"].as_f64() >= figures["balanced_accuracy"].as_f64());
    assert_eq!(figures["origins"].as_array().unwrap().len(), 2);
    assert_eq!(figures["grades"].as_array().unwrap().len(), 4);
    let perturbations = &report["deliveries"];
    assert_eq!(
        (perturbations["images"].as_u64(), perturbations["of"].as_u64()),
        (Some(4), Some(12))
    );
    let conditions = perturbations["conditions"].as_array().unwrap();
    assert_eq!(conditions.len(), 8);
    assert_eq!(
        (conditions[0]["flip_rate"].as_f64(), conditions[0]["altered"].as_u64()),
        (Some(0.0), Some(0))
    );
    assert_eq!(report["controls"]["passed"], true);
    assert_eq!(report["controls"]["random_heads"]["images"], 12);
    let held: u64 =
        report["curves"]["generated"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).sum();
    assert_eq!(held, 6);
    // Files of one size and format tell nothing without their pixels.
    assert_eq!(report["confounds"]["stored"], 0.5);
    assert_eq!(report["confounds"]["originals"], 0.5);
    assert_eq!(report["confounds"]["passed"], true);
    for part in
        ["TPR at 5 % FPR", "The gate passes", "JPEG 60", "waves", "4 of 12 images", "Controls"]
    {
        assert!(table.contains(part), "{part} is missing from\n{table}");
    }
    for part in ["<!doctype html>", "waves", "What this does not show", "</html>"] {
        assert!(html.contains(part), "{part} is missing from the page");
    }
    assert_eq!(html.matches("<svg ").count(), 5);
    assert!(
        !html.contains("<script") && !html.contains("//"),
        "the page fetches or runs something"
    );
}

#[test]
fn eval_measures_the_whole_matrix() {
    let folder = tempfile::tempdir().unwrap();
    labelled(folder.path());
    let json = folder.path().join("a.json");
    let output = clipsight()
        .args([
            "eval",
            "--perturbations",
            "full",
            "--perturbed-images",
            "4",
            "--views",
            "1",
            "--json",
        ])
        .args([&json, &folder.path().join("manifest.csv")])
        .output()
        .unwrap();
    assert_status(&output, 0);
    let report: Value = serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap();
    let conditions = report["deliveries"]["conditions"].as_array().unwrap();
    assert_eq!(conditions.len(), 32);
    // Images of 240 px are no larger than these limits, so that only the compression is left.
    let of = |name: &str| conditions.iter().find(|figures| figures["condition"] == name).unwrap();
    assert_eq!(of("JPEG 60")["auc"], of("at most 768 px, JPEG 60")["auc"]);
    assert_eq!(of("JPEG 80")["flip_rate"], of("thumbnail of 320 px")["flip_rate"]);
    assert_eq!(of("collage of four")["altered"], 4);
    assert!(report.get("controls").is_none());
}

#[test]
fn eval_refuses_what_it_cannot_measure_whole() {
    let folder = tempfile::tempdir().unwrap();
    labelled(folder.path());
    let manifest = folder.path().join("manifest.csv");
    let sound = std::fs::read_to_string(&manifest).unwrap();
    // Reports of an earlier run, which a failure must leave as they are.
    let [json, html] = ["a.json", "a.html"].map(|name| folder.path().join(name));
    std::fs::write(&json, "earlier").unwrap();
    let refused = |arguments: &[&str]| {
        let output = clipsight()
            .arg("eval")
            .arg(&manifest)
            .arg("--json")
            .arg(&json)
            .arg("--html")
            .arg(&html)
            .args(arguments)
            .output()
            .unwrap();
        assert_status(&output, 1);
        assert!(output.stdout.is_empty());
        assert_eq!(std::fs::read_to_string(&json).unwrap(), "earlier");
        assert!(!html.exists());
        stderr(&output)
    };
    let with = |text: &str, parts: &[&str]| {
        std::fs::write(&manifest, text).unwrap();
        let error = refused(&[]);
        for part in parts {
            assert!(error.contains(part), "{part} is missing from {error}");
        }
    };
    assert!(refused(&["--role", "calibrate"]).contains("role calibrate"));
    assert!(
        refused(&["--perturbed-images", "0", "--perturbations", "quick"])
            .contains("--perturbed-images")
    );
    assert!(refused(&["--perturbed-images", "5"]).contains("--perturbations"));
    // Under its former name, too.
    assert!(refused(&["--delivery-images", "5"]).contains("--perturbations"));

    with("file,label,role\na,ai,test\n", &["row 1", "column origin"]);
    // Without roles it is a table of labels.
    with("file,label\na,ai\n", &["manifest.csv", "names no image that is there"]);
    with("file,label,role,origin\n", &["role test", "both classes"]);
    with("", &["role test", "both classes"]);
    with(&sound.replace("20.png,ai,test", "20.png,ai,final"), &["row 21", "final"]);
    with(&sound.replace("20.png,ai,test", "20.png,fake,test"), &["row 21", "fake"]);
    with(
        &sound.replace(",real,test,", ",real,select,"),
        &["role test", "label real", "both classes"],
    );
    with(
        &sound.replace("20.png,", "19.png,"),
        &["row 21", "19.png is already in row 20", "[argument]"],
    );
    with(&sound.replace("20.png,", "gone.png,"), &["row 21", "gone.png", "[io]"]);
    // Found before anything is scored, even where only the confounds would need it.
    with(&sound.replace("\n3.png,", "\ngone.png,"), &["row 4", "gone.png", "[io]"]);

    std::fs::write(&manifest, &sound).unwrap();
    let absent = folder.path().join("absent/b.html");
    let output = clipsight().arg("eval").arg(&manifest).arg("--html").arg(absent).output().unwrap();
    assert_status(&output, 1);
    assert!(
        stderr(&output).contains("its folder must exist") && !stderr(&output).contains("images")
    );

    std::fs::write(folder.path().join("20.png"), b"damaged").unwrap();
    let error = refused(&[]);
    assert!(
        error.contains("row 21") && error.contains("20.png") && error.contains("[decode]"),
        "{error}"
    );
    let left = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(left.into_iter().all(|name| !name.to_string_lossy().ends_with(".part")));
}

/// Names in a manifest come from strangers.
#[test]
fn hostile_names_stay_text_in_every_report() {
    let folder = tempfile::tempdir().unwrap();
    labelled(folder.path());
    let manifest = folder.path().join("manifest.csv");
    let hostile = "<script>alert(1)</script>|\u{1b}[2J\u{202e}";
    let text = std::fs::read_to_string(&manifest).unwrap().replace("waves", hostile);
    std::fs::write(&manifest, text.replace(",photo,", ",<img src=x>,")).unwrap();
    let html = folder.path().join("a.html");
    let output = clipsight()
        .args(["eval", "--views", "1", "--html"])
        .args([&html, &manifest])
        .output()
        .unwrap();
    assert_status(&output, 0);
    let html = std::fs::read_to_string(html).unwrap();
    assert!(
        html.contains("&lt;script&gt;alert(1)&lt;/script&gt;|")
            && html.contains("&lt;img src=x&gt;")
    );
    let table = String::from_utf8(output.stdout).unwrap();
    for text in [&html, &table] {
        assert!(!text.contains(['\u{1b}', '\u{202e}']));
    }
    assert!(!html.contains("<script") && !html.contains("<img"));
}

#[test]
fn eval_measures_attribution_where_the_model_names_generators() {
    let folder = tempfile::tempdir().unwrap();
    labelled(folder.path());
    let model = model_with_all_heads(folder.path());
    let manifest = folder.path().join("manifest.csv");
    // Two of the six generated images are by a generator that the model does not know; none says
    // its family.
    let rows = std::fs::read_to_string(&manifest).unwrap();
    let rows = rows
        .replace("12.png,ai,test,waves", "12.png,ai,test,new")
        .replace("14.png,ai,test,waves", "14.png,ai,test,new");
    std::fs::write(&manifest, rows).unwrap();
    let [json, html] = ["a.json", "a.html"].map(|name| folder.path().join(name));
    let output = clipsight()
        .args(["eval", "--views", "1", "--model"])
        .args([&model, &manifest])
        .arg("--json")
        .arg(&json)
        .arg("--html")
        .arg(&html)
        .output()
        .unwrap();
    assert_status(&output, 0);
    let report: Value = serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap();
    let figures = &report["attribution"];
    let number = |name: &str| figures[name].as_u64().unwrap();
    assert_eq!((number("known_generators"), number("present_generators")), (1, 1));
    assert_eq!((number("known_images"), number("unknown_images")), (4, 2));
    // With a threshold of zero a name is always given, to unknown generators, too.
    assert_eq!(figures["unknown_named"]["rate"], 1.0);
    let rate = |name: &str| figures[name]["rate"].as_f64().unwrap();
    assert_eq!(
        (rate("named_rightly"), rate("named_wrongly"), figures["macro_f1"].as_f64()),
        (1.0, 0.0, Some(1.0))
    );
    assert!(figures["family_accuracy"].is_null());
    assert!((0.0..=1.0).contains(&figures["oscr"].as_f64().unwrap()));
    let rows = figures["rows"].as_array().unwrap();
    assert_eq!(
        (rows[0]["generator"].as_str(), rows[0]["known"].as_bool()),
        (Some("waves"), Some(true))
    );
    assert_eq!(
        (rows[1]["generator"].as_str(), rows[1]["known"].as_bool()),
        (Some("new"), Some(false))
    );
    let html = std::fs::read_to_string(html).unwrap();
    assert!(html.contains("Confusion matrix") && html.contains("Only one has images here"));
}

/// Two folders of classes, and one table that says the same of them.
fn sorted(folder: &Path) {
    let mut table = "path;label\n".to_owned();
    for index in 0..24 {
        let (class, label) = if index % 2 == 0 { ("Fake", "1") } else { ("0_real", "human") };
        let path = format!("{class}/{index}.png");
        std::fs::create_dir_all(folder.join(class)).unwrap();
        std::fs::write(folder.join(&path), encoded(&picture(240, 240, index), ImageFormat::Png))
            .unwrap();
        writeln!(table, "{path};{label}").unwrap();
    }
    std::fs::write(folder.join("Fake/torn.png"), b"\x89PNG\r\n\x1a\nno more").unwrap();
    std::fs::write(folder.join("aside.png"), b"").unwrap();
    std::fs::write(folder.join("notes.txt"), b"").unwrap();
    std::fs::write(folder.parent().unwrap().join("labels.csv"), table).unwrap();
}

#[test]
fn eval_measures_a_folder_without_a_manifest() {
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("mine");
    std::fs::create_dir(&folder).unwrap();
    sorted(&folder);
    let evaluate = |data: &Path, name: &str| {
        let [json, html] =
            ["json", "html"].map(|ending| outer.path().join(format!("{name}.{ending}")));
        let output = clipsight()
            .args(["eval", "--device", "cpu", "--json"])
            .arg(&json)
            .arg("--html")
            .args([&html, data])
            .output()
            .unwrap();
        assert_status(&output, 0);
        let [json, html] = [json, html].map(|path| std::fs::read_to_string(path).unwrap());
        let report: Value = serde_json::from_str(&json).unwrap();
        (report, html, String::from_utf8(output.stdout).unwrap(), output.stderr)
    };
    let (report, html, table, notes) = evaluate(&folder, "folder");
    let figures = &report["figures"];
    assert_eq!((figures["generated"].as_u64(), figures["real"].as_u64()), (Some(12), Some(12)));
    assert_eq!(report["data"]["role"], "folder");
    // Twelve of a class are too few for a bootstrap, and enough for the files' own classifier:
    // these are all of one size and format.
    assert!(figures["auc_interval"].is_null());
    assert_eq!(report["confounds"]["stored"], 0.5);
    assert_eq!(report["folder"]["unjudged"][0]["name"], "Fake/torn.png");
    assert_eq!(report["folder"]["unjudged"][0]["code"], "decode");
    assert_eq!(report["folder"]["drawn"]["real"], "images");
    for part in ["over images of the generated ones", "Thresholds by false-alarm", "torn.png"] {
        assert!(table.contains(part), "{part} is missing from\n{table}");
        assert!(html.contains(part), "{part} is missing from the page");
    }
    let notes = String::from_utf8(notes).unwrap();
    for part in ["not images by name 1 (.txt 1)", "without a label 1, the first aside.png"] {
        assert!(notes.contains(part), "{part} is missing from\n{notes}");
    }
    // The table knows nothing of the torn file.
    let table = folder.join("labels.csv");
    std::fs::rename(outer.path().join("labels.csv"), &table).unwrap();
    let (mut listed, ..) = evaluate(&table, "table");
    assert_eq!(evaluate(&folder, "again").0, listed);
    let mut report = report;
    for report in [&mut report, &mut listed] {
        report["folder"]["unjudged"].take();
        // Origins are named by folders, or are not.
        report["figures"]["origins"].take();
    }
    assert_eq!(report, listed);
}

#[test]
fn eval_refuses_what_a_folder_cannot_give() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |args: &[&str]| {
        let output = clipsight().arg("eval").args(args).arg(folder.path()).output().unwrap();
        assert_status(&output, 1);
        String::from_utf8(output.stderr).unwrap()
    };
    let message = refused(&[]);
    assert!(
        message.contains("two folders beside each other, such as `ai` and `real`"),
        "{message}"
    );
    for option in ["--controls", "--shortcuts"] {
        let message = refused(&[option]);
        assert!(message.contains(option) && message.contains("has no roles"), "{message}");
    }
}

/// A slice of the real images: far from chance, or the program and the trained model do not fit
/// together.
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
            let cells = cells
                .map(|(index, cell)| if index == file { absolute.to_str().unwrap() } else { cell });
            writer.write_record(cells).unwrap();
        }
    }
    writer.flush().unwrap();
    let json = folder.path().join("eval.json");
    let output = clipsight()
        .args(["eval", "--views", "1"])
        .arg(&manifest)
        .arg("--json")
        .arg(&json)
        .output()
        .unwrap();
    assert_status(&output, 0);
    let report: Value = serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap();
    let auc = report["figures"]["auc"].as_f64().unwrap();
    assert!(auc > 0.75, "AUC {auc} on {} images", report["figures"]["generated"]);
}

/// The committed documents say what the committed reports say, and the reports are of the committed
/// models.
#[test]
fn documents_hold_the_measured_figures() {
    let root = common::repository();
    let output = clipsight()
        .args(["card", "--check", "--readme", "README.md"])
        .current_dir(root)
        .output()
        .unwrap();
    assert_status(&output, 0);
}
