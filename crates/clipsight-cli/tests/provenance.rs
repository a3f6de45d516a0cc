//! `clipsight provenance`: text and JSON lines, errors of single files, exit statuses.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

#[path = "../../../tests/common/mod.rs"]
mod common;
mod support;

use std::io::Write;
use std::path::Path;
use std::process::{Output, Stdio};

use support::*;

/// A PNG with a text, whose checksum nobody reads.
fn png_with(keyword: &str, text: &str) -> Vec<u8> {
    let file = std::fs::read(common::scene("pixel.png")).unwrap();
    let data = [keyword.as_bytes(), b"\0", text.as_bytes()].concat();
    let length = u32::try_from(data.len()).unwrap().to_be_bytes();
    [&file[..33], &length, b"tEXt", &data, &[0; 4], &file[33..]].concat()
}

const NOTES: &str = "a \u{1b}[31mcat\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1";

/// Needs no model: there is none.
fn provenance(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = clipsight();
    command.env("CLIPSIGHT_MODEL", "nowhere").arg("provenance").args(arguments);
    command.current_dir(folder).stdin(Stdio::null()).output().unwrap()
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let files: [(&str, Vec<u8>); 4] = [
        ("a.png", png_with("parameters", NOTES)),
        ("b.png", std::fs::read(common::scene("pixel.png")).unwrap()),
        ("c.jpg", b"no picture".to_vec()),
        ("notes.txt", b"notes".to_vec()),
    ];
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

#[test]
fn every_file_is_a_line_and_one_that_fails_stops_nothing() {
    let folder = folder();
    let output = provenance(folder.path(), &["--json", "."]);
    assert_status(&output, 2);
    let records = records(&output);
    let [a, b, c] = &records[..] else { panic!("{records:?}") };
    assert_eq!(a["path"], "./a.png");
    assert_eq!(a["provenance"]["says"], "generated");
    assert_eq!(a["provenance"]["statements"][0]["mark"], "settings");
    assert_eq!(a["provenance"]["statements"][1]["text"], "a \u{FFFD}[31mcat");
    assert_eq!(b["provenance"]["says"], serde_json::Value::Null);
    assert_eq!(c["provenance"], serde_json::Value::Null);
    assert_eq!(c["error"]["code"], "decode");
    assert!(stderr(&output).contains("2 read, 1 failed"), "{}", stderr(&output));
    assert!(stderr(&output).contains(".txt 1"), "{}", stderr(&output));
}

#[test]
fn text_is_for_people_and_controls_no_terminal() {
    let folder = folder();
    let output = provenance(folder.path(), &["a.png", "b.png"]);
    assert_status(&output, 0);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("the file says: a generative model made the picture"), "{text}");
    assert!(text.contains("PNG text, parameters: settings of Stable Diffusion"), "{text}");
    assert!(text.contains("says nothing of how it was made, which means nothing"), "{text}");
    assert!(!text.contains('\u{1b}'), "{text:?}");
}

#[test]
fn a_picture_is_read_from_standard_input() {
    let mut command = clipsight();
    command.args(["provenance", "--json", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(&png_with("parameters", NOTES)).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_status(&output, 0);
    assert_eq!(records(&output)[0]["path"], "-");
    assert_eq!(records(&output)[0]["provenance"]["says"], "generated");
}

#[test]
fn without_files_nothing_is_done() {
    let folder = folder();
    assert_status(&provenance(folder.path(), &[]), 1);
    let missing = provenance(folder.path(), &["missing.png"]);
    assert_status(&missing, 2);
    let text = String::from_utf8(missing.stdout).unwrap();
    assert!(text.contains("not read") && text.contains("[io]"), "{text}");
}

/// Whose signers are on no list: their authority is made by the tests of clipsight-verify.
#[cfg(feature = "verify")]
fn signed(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../clipsight-verify/tests/fixtures/signed")
        .join(name)
}

#[cfg(feature = "verify")]
#[test]
fn signatures_are_checked_on_request() {
    let folder = folder();
    for name in ["es256.jpg", "changed.jpg"] {
        std::fs::copy(signed(name), folder.path().join(name)).unwrap();
    }
    let files = ["es256.jpg", "changed.jpg", "b.png"];
    let output = provenance(folder.path(), &[&["--verify", "--json"], &files[..]].concat());
    assert_status(&output, 0);
    let records = records(&output);
    let states: Vec<_> = records.iter().map(|record| &record["verification"]["state"]).collect();
    assert_eq!(states, ["valid", "invalid", "absent"]);
    assert!(records.iter().all(|record| record.get("verificationError").is_none()));
    assert_eq!(records[1]["verification"]["problems"][0]["cause"], "content-changed");

    let output = provenance(folder.path(), &[&["--verify"], &files[..]].concat());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("signature: valid, by an unknown signer"), "{text}");
    assert!(text.contains("signature: invalid"), "{text}");
    let unasked = provenance(folder.path(), &["--json", "es256.jpg"]);
    assert!(!String::from_utf8(unasked.stdout).unwrap().contains("verification"));
}
