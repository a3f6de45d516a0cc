//! `clipsight scan --receipts` and `clipsight verify`: receipts of the real program, altered ones,
//! other images, other models.
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
use std::process::Output;

use clipsight::weights::sha256_hex;
use serde_json::{Value, json};
use support::*;

/// A folder with receipts of these scenes, in their order.
fn receipts(options: &[&str], scenes: &[&str]) -> (tempfile::TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = clipsight();
    command.args(["scan", "--device", "cpu"]).args(options);
    command.arg("--receipts").arg(folder.path().join("new/receipts"));
    let output = command.args(scenes.iter().map(|scene| common::scene(scene))).output().unwrap();
    assert_status(&output, 0);
    let paths = records(&output).into_iter().map(|record| {
        let name = format!("{}.json", record["sha256"].as_str().unwrap());
        folder.path().join("new/receipts").join(name)
    });
    let paths = paths.collect();
    (folder, paths)
}

fn verify(receipt: &Path, image: &Path, options: &[&str]) -> Output {
    let mut command = clipsight();
    command.arg("verify").arg(receipt).arg(image).args(options).output().unwrap()
}

/// The answer as JSON, and the exit status that belongs to it.
fn answer(receipt: &Path, image: &Path, options: &[&str]) -> Value {
    let output = verify(receipt, image, &[&["--json"], options].concat());
    let answers = records(&output);
    let [answer] = &answers[..] else { panic!("{}", stderr(&output)) };
    assert_status(&output, if answer["outcome"] == "equal" { 0 } else { 2 });
    answer.clone()
}

/// A receipt with another analysis, and the hash that is right for it.
fn forged(receipt: &Path, change: impl FnOnce(&mut Value)) -> PathBuf {
    let mut value: Value = serde_json::from_slice(&std::fs::read(receipt).unwrap()).unwrap();
    change(&mut value);
    value.as_object_mut().unwrap().remove("sha256");
    let text = serde_json::to_string(&value).unwrap();
    let hashed = format!("{},\n", text.strip_suffix('}').unwrap());
    let sha256 = sha256_hex(hashed.as_bytes());
    let path = receipt.with_extension("forged.json");
    std::fs::write(&path, format!("{hashed} \"sha256\": \"{sha256}\"\n}}\n")).unwrap();
    path
}

const SCENES: [&str; 5] = ["dragon.jpg", "sea.webp", "letter.png", "pixel.png", "meadow.webp"];

#[test]
fn receipts_are_confirmed_whatever_was_asked() {
    for options in [
        &[][..],
        &["--views", "1"],
        &["--views", "5", "--stability"],
        &["--explain", "--abstain-if-unsteady"],
    ] {
        let (_folder, receipts) = receipts(options, &SCENES);
        for (receipt, scene) in receipts.iter().zip(SCENES) {
            let answer = answer(receipt, &common::scene(scene), &[]);
            assert_eq!(answer["outcome"], "equal", "{scene} {options:?}: {answer}");
            assert_eq!(answer["largest_logit_difference"], 0.0, "{scene} {options:?}");
            assert_eq!(answer["differences"], json!([]));
            let text: Value = serde_json::from_slice(&std::fs::read(receipt).unwrap()).unwrap();
            let analysis = &text["analysis"];
            let views = analysis["viewLogits"].as_array().unwrap().len();
            assert_eq!(analysis["input"]["views"], views, "{scene}");
            let shown = scene != "pixel.png";
            assert_eq!(analysis["map"].is_object(), shown && options.contains(&"--explain"));
            assert!(analysis["provenance"].is_object() && analysis["timings"].is_object());
            assert_eq!(text["detector"]["device"], "cpu");
            assert_eq!(text["detector"]["build"], "native");
        }
    }
}

#[test]
fn a_receipt_of_a_part_is_of_that_part() {
    let (folder, _) = receipts(&["--crop", "40,20,300x200"], &SCENES[..1]);
    let image = common::scene(SCENES[0]);
    let name = std::fs::read(&image).map(|bytes| sha256_hex(&bytes)).unwrap();
    let kept = folder.path().join(format!("new/receipts/{name}-40-20-300x200.json"));
    let same = answer(&kept, &image, &[]);
    assert_eq!((&same["outcome"], &same["differences"]), (&json!("equal"), &json!([])));
    let moved = forged(&kept, |value| value["analysis"]["input"]["crop"]["x"] = json!(41));
    assert_eq!(answer(&moved, &image, &[])["outcome"], "differs");
    // No part of this image, and no rectangle at all: nothing can be computed.
    for crop in [json!({"x": 0, "y": 0, "width": 99_999, "height": 1}), json!([1, 2]), json!(-1)] {
        let forged = forged(&kept, |value| value["analysis"]["input"]["crop"] = crop);
        assert_status(&verify(&forged, &image, &[]), 1);
    }
}

#[test]
fn every_altered_byte_is_refused_and_nothing_panics() {
    let (folder, receipts) = receipts(&[], &SCENES[..1]);
    let image = common::scene(SCENES[0]);
    let text = std::fs::read(&receipts[0]).unwrap();
    let altered = folder.path().join("altered.json");
    let refused = |bytes: &[u8]| {
        std::fs::write(&altered, bytes).unwrap();
        let answer = answer(&altered, &image, &[]);
        assert_eq!(answer["outcome"], "altered", "{answer}");
    };
    // Every single byte: crates/clipsight-native/src/receipt. Here the program, now and then.
    for at in (0..text.len()).step_by(97).chain(text.len() - 80..text.len()) {
        let mut bytes = text.clone();
        bytes[at] ^= 1;
        refused(&bytes);
    }
    for bytes in [&b""[..], b"{}", b"\xff\xfe", &text[1..], &text[..text.len() - 1]] {
        refused(bytes);
    }
    // The same content, laid out in another way.
    let value: Value = serde_json::from_slice(&text).unwrap();
    refused(serde_json::to_string(&value).unwrap().as_bytes());
    refused(String::from_utf8(text).unwrap().replace('\n', "\r\n").as_bytes());
}

#[test]
fn another_image_is_refused() {
    let (folder, receipts) = receipts(&[], &SCENES[..1]);
    let other = answer(&receipts[0], &common::scene(SCENES[1]), &[]);
    assert_eq!(other["outcome"], "other-image");
    // One byte behind the picture's end, which no decoder reads.
    let longer = folder.path().join("longer.jpg");
    let picture = std::fs::read(common::scene(SCENES[0])).unwrap();
    std::fs::write(&longer, [&picture[..], b"\0"].concat()).unwrap();
    assert_eq!(answer(&receipts[0], &longer, &[])["outcome"], "other-image");
    let text = verify(&receipts[0], &longer, &[]);
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.starts_with("another image: the receipt is about another file"), "{text}");
}

#[test]
fn another_model_is_refused() {
    let (folder, receipts) = receipts(&[], &SCENES[..1]);
    let image = common::scene(SCENES[0]);
    let named = |model: &Path| {
        let model = model.to_str().unwrap();
        answer(&receipts[0], &image, &["--model", model])["outcome"].clone()
    };
    assert_eq!(named(&model()), "equal");
    // The same weights with other thresholds judge otherwise.
    let copy = copy_of_model(folder.path());
    let manifest = copy.join("model.json");
    let text = std::fs::read_to_string(&manifest).unwrap();
    let mut value: Value = serde_json::from_str(&text).unwrap();
    value["calibration"]["edges"]["strong"] = json!(0.81);
    std::fs::write(&manifest, value.to_string()).unwrap();
    assert_eq!(named(&copy), "other-model");
    let unknown = forged(&receipts[0], |receipt| {
        receipt["detector"]["weightsSha256"] = json!("0".repeat(64));
    });
    assert_eq!(answer(&unknown, &image, &[])["outcome"], "other-model");
    // The receipt says by which model it was made: the program's default is not asked.
    let mut command = clipsight();
    command.env("CLIPSIGHT_MODEL", &copy).arg("verify").arg(&receipts[0]).arg(&image);
    assert_status(&command.output().unwrap(), 0);
}

#[test]
fn what_was_never_found_is_told() {
    let (_folder, receipts) = receipts(&["--stability"], &SCENES[..1]);
    let image = common::scene(SCENES[0]);
    let changes: [(&str, Value); 9] = [
        ("/model/grade", json!("weak")),
        ("/model/probability", json!(0.5)),
        ("/model/logit", json!(1e300)),
        ("/viewLogits/0", json!(-1)),
        ("/input/viewsSha256", json!("0".repeat(64))),
        ("/file/width", json!(1)),
        ("/stability/unsteady", json!("perhaps")),
        ("/evidence", json!([{"kind": "note", "code": "\u{202e}"}])),
        ("/provenance/says", json!("captured")),
    ];
    for (pointer, value) in changes {
        let forged = forged(&receipts[0], |receipt| {
            *receipt["analysis"].pointer_mut(pointer).unwrap() = value;
        });
        let answer = answer(&forged, &image, &[]);
        assert_eq!(answer["outcome"], "differs", "{pointer}: {answer}");
        let differences = answer["differences"].as_array().unwrap();
        assert_eq!(differences.len(), 1, "{pointer}: {answer}");
        let field = differences[0]["field"].as_str().unwrap().replace(['[', '.'], "/");
        assert!(field.starts_with(pointer[1..].trim_end_matches('/')), "{field} {pointer}");
        let output = verify(&forged, &image, &[]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.starts_with("differs: ") && !text.contains('\u{202e}'), "{text}");
    }
    // Nonsense where values are read, under a hash that is right.
    for (pointer, value) in [
        ("/input/views", json!(7)),
        ("/input/views", json!(-1)),
        ("/input", json!(null)),
        ("/model", json!([])),
        ("", json!(null)),
    ] {
        let forged = forged(&receipts[0], |receipt| {
            *receipt["analysis"].pointer_mut(pointer).unwrap() = value;
        });
        let status = verify(&forged, &image, &[]).status.code();
        assert!(matches!(status, Some(1 | 2)), "{pointer}: {status:?}");
    }
}

#[test]
fn what_cannot_be_checked_at_all_is_an_error() {
    let (folder, receipts) = receipts(&[], &SCENES[..1]);
    let image = common::scene(SCENES[0]);
    let nowhere = folder.path().join("nowhere");
    for output in [
        verify(&nowhere, &image, &[]),
        verify(&receipts[0], &nowhere, &[]),
        verify(&receipts[0], &image, &["--model", nowhere.to_str().unwrap()]),
        clipsight().arg("verify").output().unwrap(),
    ] {
        assert_status(&output, 1);
    }
    let later = forged(&receipts[0], |receipt| receipt["receiptVersion"] = json!(2));
    let output = verify(&later, &image, &[]);
    assert_status(&output, 1);
    assert!(stderr(&output).contains("version 2, which this program does not know"));
}
