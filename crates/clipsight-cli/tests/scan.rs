//! `clipsight scan`: the real program on good files, bad files and damaged models.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

#[path = "../../../tests/common/mod.rs"]
mod common;
mod support;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Stdio;

use image::{ImageFormat, Rgb, RgbImage};
use serde_json::Value;
use support::*;

/// A PNG that claims to be 30,000 by 30,000 pixels and holds none.
fn bomb() -> Vec<u8> {
    let mut png = encoded(&RgbImage::new(1, 1), ImageFormat::Png);
    png[16..20].copy_from_slice(&30_000_u32.to_be_bytes());
    png[20..24].copy_from_slice(&30_000_u32.to_be_bytes());
    png
}

fn write(folder: &Path, name: &str, bytes: &[u8]) {
    std::fs::write(folder.join(name), bytes).unwrap();
}

fn by_name<'a>(records: &'a [Value], name: &str) -> &'a Value {
    let found = records
        .iter()
        .find(|record| record["path"].as_str().is_some_and(|path| path.ends_with(name)));
    found.unwrap_or_else(|| panic!("{name} has no line"))
}

fn assert_answered(record: &Value) {
    let status = record["status"].as_str().unwrap();
    assert!(status == "scored" || status == "abstained", "{record}");
    let probability = record["probability"].as_f64().unwrap();
    assert!((0.0..=1.0).contains(&probability), "{record}");
    assert!(record["logit"].as_f64().unwrap().is_finite());
    assert_eq!(record["grade"].is_null(), status == "abstained");
    assert_eq!(record.get("reason").is_some(), status == "abstained");
    assert!(record.get("error").is_none());
    assert_eq!(record["sha256"].as_str().unwrap().len(), 64);
    assert!(record["ms"].as_f64().unwrap() > 0.0);
}

fn assert_failed(record: &Value, code: &str) {
    assert_eq!(record["status"], "error", "{record}");
    assert_eq!(record["error"]["code"], code, "{record}");
    assert!(!record["error"]["message"].as_str().unwrap().is_empty());
    for unknown in ["probability", "logit", "grade", "format", "width"] {
        assert!(record[unknown].is_null(), "{record}");
    }
}

#[test]
fn bad_files_cost_no_good_file_its_result() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let photo = jpeg(&picture(320, 260, 1));
    write(path, "01-photo.jpg", &photo);
    write(path, "02-drawing.png", &encoded(&picture(300, 300, 2), ImageFormat::Png));
    write(path, "03-wrong-name.png", &photo);
    write(
        path,
        "04-flat.png",
        &encoded(&RgbImage::from_pixel(300, 300, Rgb([90, 120, 30])), ImageFormat::Png),
    );
    write(path, "05-one-pixel.png", &encoded(&RgbImage::new(1, 1), ImageFormat::Png));
    write(path, "06-empty.jpg", b"");
    write(path, "07-text.jpg", b"Dear reader, this is a letter and no image at all.\n");
    write(path, "08-cut.jpg", &photo[..photo.len() / 2]);
    write(path, "09-cut-in-header.jpg", &photo[..30]);
    write(path, "10-bomb.png", &bomb());
    write(path, "11-phone.heic", b"\0\0\0\x18ftypheic\0\0\0\0");
    write(path, "12-last.jpg", &photo);
    write(path, "notes.txt", b"no image, and not named as one");
    #[cfg(unix)]
    std::os::unix::fs::symlink("gone", path.join("13-dangling.jpg")).unwrap();

    let output = clipsight().arg("scan").arg(path).output().unwrap();
    assert_status(&output, 2);
    let records = records(&output);
    let names: Vec<&str> = records.iter().map(|record| record["path"].as_str().unwrap()).collect();
    assert!(names.is_sorted() && names.len() == 12 + usize::from(cfg!(unix)), "{names:?}");

    for name in ["01-photo.jpg", "02-drawing.png", "03-wrong-name.png", "12-last.jpg"] {
        assert_answered(by_name(&records, name));
    }
    assert_eq!(by_name(&records, "03-wrong-name.png")["format"], "jpeg");
    assert_eq!(by_name(&records, "02-drawing.png")["width"], 300);
    assert_eq!(by_name(&records, "01-photo.jpg")["height"], 260);
    for field in ["sha256", "logit", "probability", "grade"] {
        assert_eq!(
            by_name(&records, "01-photo.jpg")[field],
            by_name(&records, "12-last.jpg")[field]
        );
    }
    assert_eq!(by_name(&records, "04-flat.png")["reason"], "no-content");
    assert_answered(by_name(&records, "04-flat.png"));
    assert_eq!(by_name(&records, "05-one-pixel.png")["reason"], "too-small");

    for (name, code) in [
        ("06-empty.jpg", "decode"),
        ("07-text.jpg", "decode"),
        ("08-cut.jpg", "decode"),
        ("09-cut-in-header.jpg", "decode"),
        ("10-bomb.png", "limit"),
        ("11-phone.heic", "unsupported"),
    ] {
        assert_failed(by_name(&records, name), code);
        assert_eq!(
            by_name(&records, name)["sha256"].as_str().unwrap().len(),
            64,
            "its bytes were read"
        );
    }
    // Refused from the header: the sides stand there alone, and the decoder, which would meet a
    // wrong checksum first, was never asked. tests/image_hostile.rs bounds what that allocates.
    let bomb = &by_name(&records, "10-bomb.png")["error"]["message"];
    assert!(bomb.as_str().unwrap().contains("30000 x 30000 pixels"), "{bomb}");
    if cfg!(unix) {
        assert_failed(by_name(&records, "13-dangling.jpg"), "io");
        assert!(by_name(&records, "13-dangling.jpg")["sha256"].is_null());
    }
    assert!(stderr(&output).contains("failed"));
}

/// What the browser tests rely on: their images get every verdict there is. The README beside the
/// scenes says what to do where the model has changed its mind.
#[test]
fn the_scenes_get_every_verdict() {
    let output = clipsight().arg("scan").arg(common::scenes()).output().unwrap();
    assert_status(&output, 0);
    let records = records(&output);
    records.iter().for_each(assert_answered);
    let seen: BTreeSet<&str> = records
        .iter()
        .map(|record| record["grade"].as_str().or(record["reason"].as_str()).unwrap())
        .collect();
    let verdicts = ["between-grades", "moderate", "strong", "too-small", "very-strong", "weak"];
    for verdict in verdicts {
        assert!(seen.contains(verdict), "no scene is {verdict}: {seen:?}");
    }
    let formats: BTreeSet<&str> =
        records.iter().map(|record| record["format"].as_str().unwrap()).collect();
    assert_eq!(formats, BTreeSet::from(["bmp", "gif", "jpeg", "png", "tiff", "webp"]));
    // Stored on its side, and seen upright.
    let forest = by_name(&records, "forest.jpg");
    assert_eq!((forest["width"].as_u64(), forest["height"].as_u64()), (Some(320), Some(400)));
}

#[test]
fn named_files_are_read_whatever_their_names() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "photo.dat", &jpeg(&picture(280, 240, 3)));
    let image = folder.path().join("photo.dat");
    let output = clipsight().arg("scan").arg(&image).output().unwrap();
    assert_status(&output, 0);
    assert_answered(&records(&output)[0]);
    // In a folder it is not taken for an image, and a folder without images is no failure.
    let output = clipsight().arg("scan").arg(folder.path()).output().unwrap();
    assert_status(&output, 0);
    assert!(output.stdout.is_empty());
    // A path that does not exist is a line like any other; the order is that of the arguments.
    let output = clipsight().args(["scan", "/no/such/file.jpg"]).arg(&image).output().unwrap();
    assert_status(&output, 2);
    let records = records(&output);
    assert_failed(&records[0], "io");
    assert_answered(&records[1]);
}

#[test]
fn results_are_the_same_every_time_and_in_order() {
    let folder = tempfile::tempdir().unwrap();
    for index in 0..9 {
        write(
            folder.path(),
            &format!("{index}.jpg"),
            &jpeg(&picture(300 - 5 * index, 260, u64::from(index))),
        );
    }
    let scan = |views: &str| {
        let output = clipsight()
            .args(["scan", "--views", views, "--device", "cpu"])
            .arg(folder.path())
            .output()
            .unwrap();
        assert_status(&output, 0);
        let mut records = records(&output);
        for (index, record) in records.iter_mut().enumerate() {
            assert!(record["path"].as_str().unwrap().ends_with(&format!("{index}.jpg")));
            record["ms"] = Value::Null;
        }
        records
    };
    let once = scan("1");
    assert_eq!(once, scan("1"));
    let logits: BTreeSet<String> = once.iter().map(|record| record["logit"].to_string()).collect();
    assert_eq!(logits.len(), 9, "different images get different logits");
}

#[test]
fn csv_and_table() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "=cmd.jpg", &jpeg(&picture(280, 240, 3)));
    write(folder.path(), "b.jpg", b"");
    let scan = |format: &str| {
        // Relative, so that a path can begin with what a spreadsheet would run.
        let mut command = clipsight();
        command.args(["scan", "--format", format, "=cmd.jpg", "b.jpg"]).current_dir(folder.path());
        let output = command.output().unwrap();
        assert_status(&output, 2);
        String::from_utf8(output.stdout).unwrap()
    };
    let text = scan("csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let cell = |row: usize, name: &str| {
        rows[row].get(header.iter().position(|column| column == name).unwrap()).unwrap().to_owned()
    };
    assert_eq!(rows.len(), 2);
    assert_eq!(cell(0, "path"), "'=cmd.jpg");
    assert!(cell(0, "probability").parse::<f64>().is_ok() && cell(0, "format") == "jpeg");
    assert_eq!((cell(1, "status").as_str(), cell(1, "error_code").as_str()), ("error", "decode"));

    let text = scan("table");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(
        lines[0].contains("PROBABILITY")
            && lines[1].ends_with("=cmd.jpg")
            && lines[2].contains("error")
    );
}

/// A white page with a scene on it.
fn page() -> RgbImage {
    let scene = clipsight::image::decode(&std::fs::read(common::scene("dragon.jpg")).unwrap());
    let scene = scene.unwrap().pixels;
    let (width, height) = (scene.width(), scene.height());
    let scene = RgbImage::from_raw(width, height, scene.into_pixels()).unwrap();
    let mut page = RgbImage::from_pixel(900, 700, Rgb([255; 3]));
    image::imageops::replace(&mut page, &scene, 200, 120);
    page
}

#[test]
fn pictures_on_a_page_are_listed_and_on_request_scored() {
    let folder = tempfile::tempdir().unwrap();
    let page = page();
    write(folder.path(), "page.png", &encoded(&page, ImageFormat::Png));
    let alone = image::imageops::crop_imm(&page, 200, 120, 384, 384).to_image();
    write(folder.path(), "alone.png", &encoded(&alone, ImageFormat::Png));
    let scan = |arguments: &[&str]| {
        let mut command = clipsight();
        command.arg("scan").args(arguments).current_dir(folder.path());
        let output = command.output().unwrap();
        assert_status(&output, 0);
        output
    };
    let place = serde_json::json!({ "x": 200, "y": 120, "width": 384, "height": 384 });
    let [whole] = &records(&scan(&["page.png"]))[..] else { panic!("one line") };
    assert_eq!(whole["pictures"], serde_json::json!([place]));
    assert!(whole.get("crop").is_none());
    let [alone] = &records(&scan(&["alone.png"]))[..] else { panic!("one line") };
    assert!(alone.get("pictures").is_none() && alone["logit"] != whole["logit"]);

    let both = records(&scan(&["page.png", "--pictures", "alone.png"]));
    let [first, second, third] = &both[..] else { panic!("{both:?}") };
    assert_eq!((&first["logit"], &first["pictures"]), (&whole["logit"], &whole["pictures"]));
    assert_eq!((&second["path"], &second["crop"]), (&whole["path"], &place));
    assert_eq!((&second["logit"], &second["sha256"]), (&alone["logit"], &whole["sha256"]));
    assert_eq!(third["logit"], alone["logit"]);
    let [part] = &records(&scan(&["page.png", "--crop", "200,120,384x384"]))[..] else {
        panic!("one line")
    };
    assert_eq!((&part["logit"], &part["crop"]), (&alone["logit"], &place));
    assert_eq!(part["width"], 900);

    let text = |arguments: &[&str]| String::from_utf8(scan(arguments).stdout).unwrap();
    let csv = text(&["page.png", "--pictures", "--format", "csv"]);
    let lines: Vec<&str> = csv.lines().collect();
    assert!(lines[0].ends_with(",crop,pictures,head") && lines.len() == 3, "{csv}");
    assert!(lines[1].ends_with(",,\"200,120,384x384\","), "{csv}");
    assert!(lines[2].ends_with(",\"200,120,384x384\",,"), "{csv}");
    let table = text(&["page.png", "--format", "table"]);
    assert!(table.ends_with("page.png (1 picture inside: --pictures scores each)\n"), "{table}");
    let table = text(&["page.png", "--pictures", "--format", "table"]);
    assert!(table.ends_with("page.png [200,120,384x384]\n"), "{table}");
}

#[test]
fn a_part_beyond_the_image_is_that_files_error() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "page.png", &encoded(&page(), ImageFormat::Png));
    write(folder.path(), "small.jpg", &jpeg(&picture(280, 240, 3)));
    let mut command = clipsight();
    command.args(["scan", "--crop", "300,200,300x300"]).arg(folder.path());
    let output = command.output().unwrap();
    assert_status(&output, 2);
    let lines = records(&output);
    assert_answered(by_name(&lines, "page.png"));
    assert_eq!(by_name(&lines, "small.jpg")["error"]["code"], "argument");
}

#[test]
fn maker_and_quality_stand_beside_the_verdict() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "1.jpg", &jpeg(&picture(280, 240, 3)));
    write(
        folder.path(),
        "2.png",
        &encoded(&RgbImage::from_pixel(300, 300, Rgb([90, 120, 30])), ImageFormat::Png),
    );
    write(folder.path(), "3.jpg", b"");
    let [plain, all] =
        [model_with_verdict_only as fn(&Path) -> _, model_with_all_heads].map(|make| {
            let own = tempfile::tempdir_in(folder.path()).unwrap().keep();
            make(&own)
        });
    let scan = |model: &Path, format: &str| {
        let output = clipsight()
            .args(["scan", "--device", "cpu", "--format", format, "--model"])
            .arg(model)
            .args(["1.jpg", "2.png", "3.jpg"])
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert_status(&output, 2);
        output
    };
    let (without, with) = (records(&scan(&plain, "json")), records(&scan(&all, "json")));
    for (without, with) in without.iter().zip(&with) {
        for same in ["status", "probability", "logit", "grade"] {
            assert_eq!(without[same], with[same], "the verdict does not move");
        }
        assert!(without.get("attribution").is_none() && without.get("quality").is_none());
    }
    let beside = &with[0];
    assert!((0.0..=1.0).contains(&beside["quality"].as_f64().unwrap()), "{beside}");
    let attribution = &beside["attribution"];
    assert!(
        ["diffusion", "gan"].contains(&attribution["family"]["name"].as_str().unwrap()),
        "{beside}"
    );
    // Any share is enough for this model to name a generator.
    assert_eq!(attribution["generator"]["name"], "waves");
    assert!((0.0..=1.0).contains(&attribution["generator"]["share"].as_f64().unwrap()));
    for nothing in &with[1..] {
        assert!(
            nothing.get("attribution").is_none() && nothing.get("quality").is_none(),
            "{nothing}"
        );
    }

    let csv = scan(&all, "csv");
    let mut reader = csv::Reader::from_reader(&csv.stdout[..]);
    let header = reader.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let cell = |row: usize, name: &str| {
        rows[row][header.iter().position(|column| column == name).unwrap()].to_owned()
    };
    assert_eq!(cell(0, "generator"), "waves");
    assert_eq!(cell(0, "family"), attribution["family"]["name"].as_str().unwrap());
    // serde_json reads back to the last digit but one.
    let quality = beside["quality"].as_f64().unwrap();
    assert!((cell(0, "quality").parse::<f64>().unwrap() - quality).abs() < 1e-12);
    assert_eq!((cell(1, "generator"), cell(1, "quality")), (String::new(), String::new()));

    let table = String::from_utf8(scan(&all, "table").stdout).unwrap();
    let line = table.lines().nth(1).unwrap();
    let speaks = beside["grade"].as_str().is_some_and(|grade| grade != "weak");
    assert_eq!(
        line.contains("waves"),
        speaks,
        "a maker is named only where the grade speaks for one: {line}"
    );
    assert!(line.contains(&format!("{:.2}", beside["quality"].as_f64().unwrap())), "{line}");
}

#[cfg(unix)]
#[test]
fn names_that_are_no_unicode_and_readers_that_go_away() {
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().unwrap();
    let photo = jpeg(&picture(230, 230, 4));
    let name = std::ffi::OsStr::from_bytes(b"odd-\xff.jpg");
    std::fs::write(folder.path().join(name), &photo).unwrap();
    let output = clipsight().arg("scan").arg(name).current_dir(folder.path()).output().unwrap();
    assert_status(&output, 0);
    let record = &records(&output)[0];
    assert_answered(record);
    assert_eq!(record["path"], "odd-\u{fffd}.jpg");
    assert_eq!(record["path_bytes"], "6f64642dff2e6a7067");

    for index in 0..20 {
        write(folder.path(), &format!("{index}.jpg"), &photo);
    }
    let mut child = clipsight()
        .arg("scan")
        .arg(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_status(&output, 0);
    assert!(
        !stderr(&output).contains("panicked") && !stderr(&output).contains("cannot be written")
    );
}

#[test]
fn without_a_sound_model_nothing_starts() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a.jpg", &jpeg(&picture(230, 230, 5)));
    let image = folder.path().join("a.jpg");
    let scan = |model: &Path| {
        let output = clipsight()
            .args(["scan", "--device", "cpu", "--model"])
            .arg(model)
            .arg(&image)
            .output()
            .unwrap();
        assert_status(&output, 1);
        assert!(output.stdout.is_empty(), "no result of a damaged model");
        stderr(&output)
    };
    let missing = scan(&folder.path().join("nowhere"));
    assert!(missing.contains("there is no model in") && missing.contains("[io]"), "{missing}");
    assert!(missing.contains("compact, standard"), "{missing}");

    let model = copy_of_model(folder.path());
    let shards: Vec<_> = std::fs::read_dir(&model)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "safetensors"))
        .collect();
    let shard = shards.first().expect("a model has shards");
    let sound = std::fs::read(shard).unwrap();

    let mut flipped = sound.clone();
    *flipped.last_mut().unwrap() ^= 1;
    let mut longer = sound.clone();
    longer.push(0);
    for damaged in [&flipped[..], &sound[..sound.len() - 1], &longer, b""] {
        std::fs::write(shard, damaged).unwrap();
        let error = scan(&model);
        assert!(error.contains("[weights-corrupt]") && error.contains("safetensors"), "{error}");
    }
    std::fs::remove_file(shard).unwrap();
    assert!(scan(&model).contains("[weights-corrupt]"));
    std::fs::write(shard, &sound).unwrap();

    let manifest = std::fs::read_to_string(model.join("model.json")).unwrap();
    for damaged in
        [String::new(), "{}".to_owned(), manifest.replacen("\"format\": 1", "\"format\": 99", 1)]
    {
        assert_ne!(damaged, manifest);
        std::fs::write(model.join("model.json"), damaged).unwrap();
        assert!(scan(&model).contains("[weights-corrupt]"));
    }
    // Sound weights that do not compute what the manifest says.
    let mut value: Value = serde_json::from_str(&manifest).unwrap();
    value["self_test"]["logit"] = Value::from(1234.5);
    std::fs::write(model.join("model.json"), value.to_string()).unwrap();
    assert!(scan(&model).contains("self-test"));
    // And with everything put back it runs.
    std::fs::write(model.join("model.json"), &manifest).unwrap();
    let output = clipsight().args(["scan", "--model"]).arg(&model).arg(&image).output().unwrap();
    assert_status(&output, 0);
}

#[test]
fn bad_arguments_are_refused() {
    for arguments in [
        &["scan"][..],
        &["scan", "--views", "3", "a.jpg"],
        &["scan", "--format", "xml", "a.jpg"],
        &["scan", "--crop", "1,2,3", "a.jpg"],
        &["scan", "--crop", "1,2,0x9", "a.jpg"],
        &["scan", "--crop", "-1,2,9x9", "a.jpg"],
        &["scan", "--crop", "1,2,9x9", "--pictures", "a.jpg"],
        &["scan", "--pictures", "--resume", "a.jsonl", "a.jpg"],
        &["frobnicate"],
        &[],
    ] {
        let output = clipsight().args(arguments).output().unwrap();
        assert_status(&output, 1);
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{arguments:?}");
    }
    for arguments in [&["--help"][..], &["--version"], &["scan", "--help"]] {
        let output = clipsight().args(arguments).output().unwrap();
        assert_status(&output, 0);
        assert!(!output.stdout.is_empty() && output.stderr.is_empty());
    }
}

#[cfg(not(feature = "webgpu"))]
#[test]
fn a_build_without_gpu_support_says_so() {
    let output = clipsight().args(["scan", "--device", "gpu", "a.jpg"]).output().unwrap();
    assert_status(&output, 1);
    assert!(stderr(&output).contains("no GPU support") && stderr(&output).contains("[no-gpu]"));
}
