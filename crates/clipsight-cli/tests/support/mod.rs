//! What the tests of the command line share: they run the real program on real files with a real
//! model.
#![allow(dead_code, reason = "every test program uses its own part")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use clipsight::heads::captions::{CaptionSet, Subject};
use clipsight::heads::{AttributionHead, QualityModel};
use clipsight::model::Manifest;
use clipsight::weights::{HostTensor, pack, sha256_hex};
use image::{ImageFormat, Rgb, RgbImage};
use safetensors::SafeTensors;
use serde_json::Value;

/// The program, without anything of the caller's environment that would change what it does.
pub(crate) fn clipsight() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clipsight"));
    command.env("CLIPSIGHT_MODEL", model());
    command
}

/// The model under test: the committed one, unless `CLIPSIGHT_MODEL` names another.
pub(crate) fn model() -> PathBuf {
    let named = std::env::var_os("CLIPSIGHT_MODEL").map(PathBuf::from);
    named.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/compact"))
}

/// A copy of the model that may be damaged.
pub(crate) fn copy_of_model(folder: &Path) -> PathBuf {
    let copy = folder.join("model");
    std::fs::create_dir(&copy).unwrap();
    for entry in std::fs::read_dir(model()).unwrap() {
        let entry = entry.unwrap();
        // The studies' reports lie in a folder of their own.
        if entry.file_type().unwrap().is_dir() {
            continue;
        }
        std::fs::copy(entry.path(), copy.join(entry.file_name())).unwrap();
    }
    copy
}

/// A copy of the model that gives a verdict of its encoder and nothing beside it, whatever the
/// model under test has.
pub(crate) fn model_with_verdict_only(folder: &Path) -> PathBuf {
    let copy = copy_of_model(folder);
    let mut manifest = read_manifest(&copy);
    manifest.attribution = None;
    manifest.quality = None;
    manifest.residual = None;
    let beside = |name: &str| {
        ["attribution.", "quality.", "residual."].iter().any(|part| name.starts_with(part))
    };
    let shards = std::mem::take(&mut manifest.shards);
    for mut shard in shards {
        let bytes = std::fs::read(copy.join(&shard.file)).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let kept: Vec<_> = file.iter().filter(|(name, _)| !beside(name)).collect();
        if kept.len() < file.len() {
            let bytes = safetensors::serialize(kept.clone(), None).unwrap();
            (shard.bytes, shard.sha256) = (bytes.len() as u64, sha256_hex(&bytes));
            std::fs::write(copy.join(&shard.file), bytes).unwrap();
        }
        if !kept.is_empty() {
            manifest.shards.push(shard);
        }
    }
    write_manifest(&copy, &manifest);
    copy
}

/// A copy of the model with small random heads for attribution and quality.
pub(crate) fn model_with_all_heads(folder: &Path) -> PathBuf {
    let copy = model_with_verdict_only(folder);
    let mut manifest = read_manifest(&copy);
    let family = |name: &str| Subject::Family { name: name.to_owned() };
    let generator =
        Subject::Generator { name: "waves".to_owned(), family: Some("diffusion".to_owned()) };
    let captions = vec![Subject::Real, generator, family("diffusion"), family("gan")];
    let captions = CaptionSet::try_from(captions).unwrap();
    let attribution = AttributionHead { captions, width: 8, scale: 5.0, threshold: 0.0 };
    let quality = QualityModel { hidden: 4 };
    let features = manifest.head.features().width(&manifest.architecture);
    let specs = [attribution.tensors(features), quality.tensors(features)].concat();
    let mut state = 7_u64;
    let mut random = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1_u64 << 24) as f32 - 0.5
    };
    let tensors = specs
        .iter()
        .map(|spec| {
            // Divided by the root of the fan-in, so that qualities are not all clamped.
            let scale = (*spec.shape.last().unwrap() as f32).sqrt().recip();
            let data = (0..spec.shape.iter().product()).map(|_| scale * random()).collect();
            (spec.name.clone(), HostTensor::new(spec.shape.clone(), data).unwrap())
        })
        .collect();
    for shard in pack(&specs, &tensors, manifest.storage, "heads").unwrap() {
        std::fs::write(copy.join(&shard.entry.file), &shard.bytes).unwrap();
        manifest.shards.push(shard.entry);
    }
    manifest.attribution = Some(attribution);
    manifest.quality = Some(quality);
    write_manifest(&copy, &manifest);
    copy
}

fn read_manifest(model: &Path) -> Manifest {
    Manifest::from_json(&std::fs::read(model.join("model.json")).unwrap()).unwrap()
}

fn write_manifest(model: &Path, manifest: &Manifest) {
    std::fs::write(model.join("model.json"), manifest.to_json().unwrap()).unwrap();
}

/// An image with structure on every scale: smooth shapes and texture that depends on `seed`.
pub(crate) fn picture(width: u32, height: u32, seed: u64) -> RgbImage {
    let mut state = seed;
    RgbImage::from_fn(width, height, |x, y| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let noise = (state >> 59) as f32;
        let wave = |scale: f32| {
            100.0 + 80.0 * ((x as f32 / scale).sin() * (y as f32 / (scale + 3.0)).cos())
        };
        Rgb([wave(11.0), wave(29.0), wave(47.0)].map(|value| (value + noise) as u8))
    })
}

/// The bytes of an image file.
pub(crate) fn encoded(image: &RgbImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// A photograph-like JPEG.
pub(crate) fn jpeg(image: &RgbImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (width, height) = (image.width() as u16, image.height() as u16);
    jpeg_encoder::Encoder::new(&mut bytes, 90)
        .encode(image.as_raw(), width, height, jpeg_encoder::ColorType::Rgb)
        .unwrap();
    bytes
}

/// Every line of standard output as JSON.
pub(crate) fn records(output: &Output) -> Vec<Value> {
    let text = std::str::from_utf8(&output.stdout).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

/// Standard error as text.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The exit status, with standard error in the message when it is another.
pub(crate) fn assert_status(output: &Output, status: i32) {
    assert_eq!(output.status.code(), Some(status), "{}", stderr(output));
}
