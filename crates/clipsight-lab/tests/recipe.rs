//! The recipe of whole models, on small encoders of both kinds: a plain ViT of timm's and a CLIP.
#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a test that cannot go on fails"
)]

#[path = "../../../tests/common/mod.rs"]
mod common;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clipsight::ErrorKind;
use clipsight::clip::VisionConfig;
use clipsight::heads::captions::Subject;
use clipsight::image::ViewCount;
use clipsight::rng::Rng;
use clipsight::weights::{Storage, random_tensors};
use clipsight_import::PublishedEncoder;
use clipsight_lab::recipe::detector::{self, EncoderState, Inputs};
use clipsight_native::runtime::{ModelFolder, Runtime};
use safetensors::Dtype;
use safetensors::tensor::TensorView;

/// Role, label, origin, family and number of images.
const IMAGES: [(&str, &str, &str, &str, usize); 11] = [
    // As many as a generator needs for a caption of its own.
    ("fit", "ai", "waves", "diffusion", 60),
    ("fit", "ai", "ripples", "gan", 8),
    ("fit", "real", "camera", "", 25),
    ("fit", "real", "phone", "", 25),
    ("fit", "real", "scanner", "", 15),
    ("select", "ai", "swell", "diffusion", 5),
    ("select", "real", "film", "", 5),
    ("calibrate", "ai", "tides", "diffusion", 6),
    ("calibrate", "real", "slides", "", 6),
    ("test", "ai", "surf", "gan", 6),
    ("test", "real", "prints", "", 6),
];

/// Stripes from machines, blotches from cameras, both with noise.
fn picture(ai: bool, seed: u64) -> image::RgbImage {
    let mut rng = Rng::new(seed);
    let (step, shift) = (rng.between(0.05, 0.4), rng.between(0.0, 6.0));
    let blotch: Vec<f64> = (0..64).map(|_| rng.between(40.0, 215.0)).collect();
    image::RgbImage::from_fn(240, 230, |x, y| {
        let stripe = 128.0 + 80.0 * (step * f64::from(x + y) + shift).sin();
        let value = if ai { stripe } else { blotch[(y / 30 * 8 + x / 30) as usize] };
        let mut channel = || (value + rng.between(-30.0, 30.0)).clamp(0.0, 255.0) as u8;
        image::Rgb([channel(), channel(), channel()])
    })
}

fn data(folder: &Path) -> PathBuf {
    let mut manifest = "file,label,role,origin,family,content\n".to_owned();
    for (number, (role, label, origin, family, count)) in IMAGES.into_iter().enumerate() {
        for copy in 0..count {
            let name = format!("{origin}{copy}.png");
            picture(label == "ai", (100 * number + copy) as u64).save(folder.join(&name)).unwrap();
            writeln!(manifest, "{name},{label},{role},{origin},{family},photo").unwrap();
        }
    }
    let path = folder.join("manifest.csv");
    std::fs::write(&path, manifest).unwrap();
    path
}

/// A random ViT of timm's with 32 px, patches of 16, two layers of one head.
fn timm(folder: &Path) -> PathBuf {
    let config = VisionConfig {
        image_size: 32,
        width: 64,
        layers: 2,
        heads: 1,
        mlp_width: 96,
        ..VisionConfig::vit_tiny_patch16_224()
    };
    let tensors = random_tensors(&config.tensors(), 2, &mut Rng::new(3)).unwrap();
    let named: BTreeMap<String, (Vec<usize>, Vec<u8>)> = tensors
        .into_iter()
        .map(|(name, tensor)| {
            let name = name
                .replace("vision.layers.", "blocks.")
                .replace("vision.patch_embedding.", "patch_embed.proj.")
                .replace("vision.class_token", "cls_token")
                .replace("vision.position_embedding", "pos_embed")
                .replace("vision.norm.", "norm.")
                .replace("attention.qkv", "attn.qkv")
                .replace("attention.output", "attn.proj");
            // As timm stores them.
            let shape = match (name.as_str(), tensor.shape.as_slice()) {
                ("patch_embed.proj.weight", &[width, _]) => vec![width, 3, 16, 16],
                ("pos_embed", &[tokens, width]) => vec![1, tokens, width],
                ("cls_token", &[width]) => vec![1, 1, width],
                (_, shape) => shape.to_vec(),
            };
            let bytes = tensor.data.iter().flat_map(|value| value.to_le_bytes()).collect();
            (name, (shape, bytes))
        })
        .collect();
    let views = named.iter().map(|(name, (shape, bytes))| {
        (name, TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap())
    });
    let path = folder.join("vit.safetensors");
    std::fs::write(&path, safetensors::serialize(views, None).unwrap()).unwrap();
    let config =
        r#"{"pretrained_cfg": {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}}"#;
    std::fs::write(folder.join("config.json"), config).unwrap();
    path
}

/// The files of a model, by name.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .filter(|path| path.is_file())
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read(path).unwrap())
        })
        .collect()
}

fn check(encoder: &Path, views: ViewCount, layers: &[usize], mean: [f32; 3]) {
    let folder = tempfile::tempdir().unwrap();
    let data = data(folder.path());
    let out = |name: &str| folder.path().join(name);
    let train = |seed: u64, name: &str, cache: &str| {
        let inputs = Inputs {
            data: vec![data.clone()],
            encoder: encoder.to_owned(),
            state: EncoderState::Frozen,
            layers: None,
            storage: Storage::Q8,
            copies: detector::COPIES,
            views,
            cache: out(cache),
            seed,
            id: "stripes-1".to_owned(),
            licence: "CC0-1.0".to_owned(),
            reports: out("reports"),
        };
        detector::run(&inputs, &out(name)).unwrap();
        files(&out(name))
    };
    let first = train(1, "first", "cache");
    assert!(first.len() >= 2, "{:?}", first.keys());
    assert!(train(1, "again", "other-cache") == first, "the same seed gives the same bytes");
    assert!(train(2, "other", "cache") != first, "another seed gives another model");

    let runtime = Runtime::on_cpu(&ModelFolder::find(Some(&out("first")))).unwrap();
    let manifest = runtime.detector().manifest();
    assert_eq!((manifest.id.as_str(), manifest.licence.as_str()), ("stripes-1", "CC0-1.0"));
    assert!(out("reports").join("quality.json").is_file() && !out("first").join("study").exists());
    assert_eq!(manifest.architecture.image_size, 32);
    let calibrated: Vec<usize> =
        manifest.calibration.by_views.iter().map(|calibration| calibration.views).collect();
    assert_eq!(calibrated, if views == ViewCount::One { vec![1] } else { vec![1, 5] });
    assert_eq!(manifest.calibration.early_exit.is_some(), views == ViewCount::Five);
    assert_eq!(manifest.head.features().layers, layers);
    assert_eq!(manifest.preprocessing.mean, mean);
    let captions = &manifest.attribution.as_ref().unwrap().captions;
    let names_waves =
        |subject: &Subject| matches!(subject, Subject::Generator { name, .. } if name == "waves");
    assert!(captions.subjects().iter().any(names_waves), "{captions:?}");
    assert!(manifest.quality.is_some());
    // Stripes are easy to tell from blotches: a head that learnt nothing would not.
    let logit = |name: &str| {
        let bytes = std::fs::read(folder.path().join(name)).unwrap();
        runtime
            .score(runtime.detector().prepare(&bytes, Some(1)).unwrap())
            .unwrap()
            .model
            .score()
            .logit
    };
    assert!(logit("surf0.png") > logit("prints0.png"));
}

#[test]
fn a_plain_vit_of_timms_becomes_a_detector() {
    let folder = tempfile::tempdir().unwrap();
    check(&timm(folder.path()), ViewCount::Five, &[1, 2, 3], [0.485, 0.456, 0.406]);
}

#[test]
fn an_encoder_of_unknown_normalisation_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let encoder = timm(folder.path());
    std::fs::remove_file(folder.path().join("config.json")).unwrap();
    let error = PublishedEncoder::open(&encoder).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.message().contains("config.json"), "{error}");
}

#[test]
fn a_clip_becomes_a_detector() {
    let clip = common::fixture("import/hf");
    // What its preprocessor_config.json says, on purpose no published mean.
    check(&clip, ViewCount::One, &[1, 2, 3], [0.4, 0.5, 0.6]);
}
