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

use serde_json::Value;
use support::*;

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
        assert!(
            output.stdout.is_empty() && stderr(&output).contains("[weights-corrupt]"),
            "byte {place}"
        );
    }
}
