//! Published checkpoints and heads against transformers, open_clip and the heads' own arithmetic
//! (golden files from `tests/fixtures/import/generate.py`), and files that are not what they should
//! be.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

#[path = "../../../tests/common/mod.rs"]
mod common;

use std::path::{Path, PathBuf};

use burn::tensor::{Tensor, TensorData};
use clipsight::clip::Normalisation;
use clipsight::clip::{FeatureSpec, Pool};
use clipsight::engine::{Cpu, Engine};
use clipsight::heads::HeadScorer;
use clipsight::model::Detector;
use clipsight::model::{LoadedTensors, ModelLoader};
use clipsight::weights::Storage;
use clipsight::{Error, ErrorKind};
use clipsight_import::{
    Architecture, Checkpoint, Configs, Converted, HeadFile, Options, Preset, convert,
};
use clipsight_reference::TokenBatch;
use clipsight_reference::{Reference, ReferenceEncoder, TextLoader};
use safetensors::SafeTensors;

fn fixture(name: &str) -> PathBuf {
    common::fixture("import").join(name)
}

/// The checkpoint of a case, whatever its publisher called it.
fn weights(case: &Path) -> PathBuf {
    let names = [
        "model.safetensors",
        "model.safetensors.index.json",
        "open_clip_model.safetensors",
        "pytorch_model.bin",
        "open_clip_pytorch_model.bin",
        "small.pt",
    ];
    names.iter().map(|name| case.join(name)).find(|path| path.is_file()).unwrap()
}

fn configs(case: &Path) -> Configs {
    let read = |name: &str| std::fs::read(case.join(name)).ok();
    Configs {
        config: read("config.json"),
        open_clip: read("open_clip_config.json"),
        preprocessor: read("preprocessor_config.json"),
        ..Configs::default()
    }
}

fn import(
    case: &Path,
    storage: Storage,
    head: Option<&HeadFile>,
    out: &Path,
) -> Result<Converted, Error> {
    let checkpoint = Checkpoint::open(&weights(case))?;
    let architecture = Architecture::of(&checkpoint, &configs(case))?;
    let options = Options {
        id: "test".to_owned(),
        licence: "CC0-1.0".to_owned(),
        storage,
        head,
        gptq_images: &[],
        out,
    };
    convert(&checkpoint, &architecture, &options, |_, _| {})
}

fn load(converted: &Converted, folder: &Path, engine: &dyn Engine) -> LoadedTensors {
    let mut loader = ModelLoader::new(converted.manifest.clone(), engine).unwrap();
    for (index, shard) in converted.manifest.shards.iter().enumerate() {
        loader.push_shard(index, &std::fs::read(folder.join(&shard.file)).unwrap()).unwrap();
    }
    pollster::block_on(loader.finish()).unwrap()
}

fn floats(file: &SafeTensors<'_>, name: &str) -> Vec<f32> {
    file.tensor(name)
        .unwrap()
        .data()
        .as_chunks()
        .0
        .iter()
        .map(|bytes| f32::from_le_bytes(*bytes))
        .collect()
}

/// Compares rows of `width`: the least cosine and the largest difference.
fn compare(found: &[f32], expected: &[f32], width: usize) -> (f64, f32) {
    assert_eq!(found.len(), expected.len());
    let dot = |a: &[f32], b: &[f32]| {
        a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>()
    };
    let cosine = found
        .chunks(width)
        .zip(expected.chunks(width))
        .map(|(a, b)| dot(a, b) / (dot(a, a) * dot(b, b)).sqrt())
        .fold(f64::MAX, f64::min);
    (cosine, found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max))
}

fn values(tensor: Tensor<2>) -> Vec<f32> {
    tensor.into_data().try_into_vec::<f32>().unwrap()
}

fn check_parity(case: &Path) {
    let name = case.file_name().unwrap().to_string_lossy().into_owned();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("model");
    let converted = import(case, Storage::F32, None, &out).unwrap();
    let golden = std::fs::read(case.join("golden.safetensors")).unwrap();
    let golden = SafeTensors::deserialize(&golden).unwrap();
    let held = |what: &str, found: &[f32], expected: &[f32], width: usize| {
        let (cosine, difference) = compare(found, expected, width);
        eprintln!("{name:<20} {what:<12} cosine {cosine:.7}, largest difference {difference:.2e}");
        assert!(cosine >= 0.99999 && difference <= 1e-3, "{name}: {what}: {cosine} {difference}");
    };

    let loaded = load(&converted, &out, &Reference::cpu());
    let encoder = ReferenceEncoder::of(loaded.encoder.as_ref()).unwrap();
    let (tower, device) = (encoder.tower(), encoder.device());
    let config = tower.config().clone();
    let shape = golden.tensor("pixels").unwrap().shape().to_vec();
    let pixels = || {
        let pixels = TensorData::new(floats(&golden, "pixels"), [shape[0], 3, shape[2], shape[3]]);
        Tensor::from_data(pixels, device)
    };
    for (what, pool) in [("class_tokens", Pool::Class), ("mlp_inputs", Pool::MlpInputClass)] {
        let output =
            tower.forward(pixels(), &FeatureSpec::pooled((1..=config.layers).collect(), &[pool]));
        // Ours is [image, layer], theirs [layer, image].
        let rows = values(output.features);
        let width = config.width;
        let turned: Vec<f32> = (0..config.layers)
            .flat_map(|layer| {
                (0..shape[0]).map(move |image| (image * config.layers + layer) * width)
            })
            .flat_map(|start| rows[start..start + width].to_vec())
            .collect();
        held(what, &turned, &floats(&golden, what), width);
        if pool == Pool::Class {
            held(
                "embedding",
                &values(output.embedding),
                &floats(&golden, "embedding"),
                config.embedding_width(),
            );
        }
    }
    drop(loaded);

    let text = converted.text.clone().unwrap();
    let mut loader = TextLoader::new(text.clone(), &Reference::cpu());
    for (index, shard) in text.shards.iter().enumerate() {
        loader.push_shard(index, &std::fs::read(out.join(&shard.file)).unwrap()).unwrap();
    }
    let tower = loader.finish().unwrap();
    let ids = golden.tensor("text_ids").unwrap();
    let context = ids.shape()[1];
    let numbers: Vec<u32> = ids
        .data()
        .as_chunks()
        .0
        .iter()
        .map(|bytes| u32::try_from(i64::from_le_bytes(*bytes)).unwrap())
        .collect();
    let texts: Vec<Vec<u32>> = numbers.chunks(context).map(<[u32]>::to_vec).collect();
    let texts = TokenBatch::new(&texts, &text.architecture).unwrap();
    held(
        "text",
        &values(tower.forward(&texts)),
        &floats(&golden, "text"),
        text.architecture.projection,
    );
}

/// Every published format and naming; with `CLIPSIGHT_PARITY` the exact architectures of
/// `scripts/parity/exact.py`.
#[test]
fn parity_with_the_reference_libraries() {
    let mut cases: Vec<PathBuf> = [
        "hf",
        "hf-sharded",
        "hf-zip",
        "hf-legacy",
        "open-clip",
        "open-clip-bf16",
        "openai-jit",
        "openai-state",
    ]
    .map(fixture)
    .to_vec();
    if let Some(more) = std::env::var_os("CLIPSIGHT_PARITY") {
        let more = std::fs::read_dir(more).unwrap().map(|entry| entry.unwrap().path());
        cases.extend(more.filter(|path| path.join("golden.safetensors").is_file()));
        cases.sort();
    }
    for case in cases {
        check_parity(&case);
    }
}

#[test]
fn architectures_are_read_off_files() {
    let of = |name: &str| {
        let case = fixture(name);
        Architecture::of(&Checkpoint::open(&weights(&case)).unwrap(), &configs(&case)).unwrap()
    };
    let hf = of("hf");
    assert_eq!((hf.vision.image_size, hf.vision.patch_size, hf.vision.heads), (32, 8, 2));
    assert_eq!(hf.preprocessing.mean, [0.4, 0.5, 0.6]);
    assert!(hf.preprocessing.centre_rounds_down, "its processor is of transformers'");
    assert!(!of("open-clip").preprocessing.centre_rounds_down);
    assert!(hf.assumed.is_empty());
    assert_eq!(hf.vision, of("hf-legacy").vision);
    let openai = of("openai-jit");
    assert_eq!(openai, of("openai-state"));
    assert_eq!((openai.vision.heads, openai.text.as_ref().unwrap().context), (1, 12));
    assert!(openai.assumed.is_empty(), "OpenAI's own numbers tell its files apart");
    // Without its configuration OpenCLIP's default is taken, and said.
    let checkpoint = Checkpoint::open(&weights(&fixture("open-clip"))).unwrap();
    let assumed = Architecture::of(&checkpoint, &Configs::default());
    assert!(assumed.is_err() || !assumed.unwrap().assumed.is_empty());
    let other =
        Configs { config: Some(br#"{"model_type": "siglip"}"#.to_vec()), ..Configs::default() };
    let checkpoint = Checkpoint::open(&weights(&fixture("hf"))).unwrap();
    assert_eq!(Architecture::of(&checkpoint, &other).unwrap_err().kind(), ErrorKind::Unsupported);
}

/// A processor's file is followed to the letter, or refused; what none says, a published name may.
#[test]
fn every_step_of_a_processor_counts() {
    let checkpoint = Checkpoint::open(&weights(&fixture("hf"))).unwrap();
    let of = |text: &str| {
        let preprocessor = Some(text.as_bytes().to_vec());
        Architecture::of(&checkpoint, &Configs { preprocessor, ..configs(&fixture("hf")) })
            .map(|architecture| architecture.preprocessing)
    };
    let plain = of("{}").unwrap();
    assert_eq!((plain.mean, plain.std), (Normalisation::CLIP.mean, Normalisation::CLIP.std));
    assert_eq!((plain.resize_short_side, plain.crop), (Some(32), 32));
    assert_eq!(
        of(r#"{"crop_size": 32, "size": 40, "do_center_crop": true}"#).unwrap().resize_short_side,
        Some(40)
    );
    assert_eq!(of(r#"{"do_resize": false, "size": 40}"#).unwrap().resize_short_side, None);
    let raw = of(r#"{"do_normalize": false, "image_mean": [0.1, 0.1, 0.1]}"#).unwrap();
    assert_eq!((raw.mean, raw.std), ([0.0; 3], [1.0; 3]));
    for wrong in [
        r#"{"crop_size": 48}"#,
        r#"{"crop_size": {"height": 32, "width": 40}}"#,
        r#"{"size": {"height": 32, "width": 40}}"#,
        r#"{"do_center_crop": false}"#,
        r#"{"do_rescale": false}"#,
    ] {
        assert_eq!(of(wrong).unwrap_err().kind(), ErrorKind::Unsupported, "{wrong}");
    }
    // open_clip's table says .5 of this one, its files nothing.
    let known = Preset::find("laion/CLIP-ViT-L-14-laion2B-s32B-b82K").unwrap().normalisation;
    assert_eq!(known, Normalisation::INCEPTION);
    let mut silent: serde_json::Value =
        serde_json::from_slice(&configs(&fixture("open-clip")).open_clip.unwrap()).unwrap();
    silent.as_object_mut().unwrap().remove("preprocess_cfg").unwrap();
    let mean = |case: &str, configs: Configs| {
        let checkpoint = Checkpoint::open(&weights(&fixture(case))).unwrap();
        let configs = Configs { normalisation: Some(known), ..configs };
        Architecture::of(&checkpoint, &configs).unwrap().preprocessing.mean
    };
    assert_eq!(mean("hf", configs(&fixture("hf"))), [0.4, 0.5, 0.6]);
    assert_eq!(mean("hf", Configs { preprocessor: None, ..configs(&fixture("hf")) }), known.mean);
    assert_eq!(mean("open-clip", configs(&fixture("open-clip"))), Normalisation::CLIP.mean);
    let silent = Configs { open_clip: Some(silent.to_string().into_bytes()), ..Configs::default() };
    assert_eq!(mean("open-clip", silent), known.mean);
}

/// What the authors' arithmetic gives for the same pixels; see the script for each head's.
#[test]
fn heads_give_their_authors_logits() {
    let golden = std::fs::read(fixture("heads/golden.safetensors")).unwrap();
    let golden = SafeTensors::deserialize(&golden).unwrap();
    let pixels = floats(&golden, "pixels");
    let batch = golden.tensor("pixels").unwrap().shape()[0];
    for (file, key, kind, resized) in [
        ("univfd.pth", "univfd", "UnivFD", false),
        ("clipdet.pth", "clipdet", "ClipDet", true),
        ("clip_cues_linear.ckpt", "clip_cues_linear", "clip-cues probe", true),
        ("clip_cues_orthogonal.ckpt", "clip_cues_orthogonal", "clip-cues probe", true),
        ("clip_cues_concepts.ckpt", "clip_cues_concepts", "clip-cues concepts", true),
        ("rine.pth", "rine", "RINE", false),
        ("linear.npy", "linear.npy", "linear", true),
        ("linear.npz", "linear.npz", "linear", true),
        ("linear.json", "linear.json", "linear", true),
    ] {
        let head = HeadFile::open(&fixture("heads").join(file)).unwrap();
        assert_eq!(head.kind(), kind);
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("model");
        let converted = import(&fixture("open-clip"), Storage::F32, Some(&head), &out).unwrap();
        assert_eq!(converted.manifest.preprocessing.resize_short_side.is_some(), resized, "{file}");
        assert_eq!(converted.manifest.calibration.edges, None, "{file} was never calibrated");
        let mut loaded = load(&converted, &out, &Reference::cpu());
        let spec = &converted.manifest.head;
        let encoding = pollster::block_on(loaded.encoder.encode(&pixels, batch)).unwrap();
        let rows = if spec.reads_embedding() { encoding.embedding } else { encoding.features };
        let scorer = HeadScorer::assemble(
            spec,
            &converted.manifest.architecture,
            &mut loaded.tensors.clone(),
        )
        .unwrap();
        let expected = floats(&golden, key);
        for (row, expected) in rows.chunks(rows.len() / batch).zip(&expected) {
            let mut row = row.to_vec();
            scorer.transform(&mut row);
            let logit = scorer.forward(&row);
            assert!((logit - expected).abs() < 1e-4, "{file}: {logit} instead of {expected}");
        }
        // The known answer came from a tower that was streamed; it is the whole tower's.
        loaded.manifest.self_test.tolerance = 1e-4;
        let detector = Detector::new(loaded).unwrap();
        let test = pollster::block_on(detector.self_test()).unwrap();
        assert!(test.passed, "{file}: {test:?}");
        assert!(detector.check_head().is_ok());
    }
}

#[test]
fn an_encoder_gives_no_verdict_and_engines_agree_on_it() {
    for storage in [Storage::F16, Storage::Q8, Storage::Q6, Storage::Q4] {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("model");
        let converted = import(&fixture("hf"), storage, None, &out).unwrap();
        let detector = Detector::new(load(&converted, &out, &Reference::cpu())).unwrap();
        let test = pollster::block_on(detector.self_test()).unwrap();
        assert!((test.logit - test.expected).abs() < 1e-4, "{storage:?}: {test:?}");
        assert_eq!(detector.prepare(b"", None).unwrap_err().kind(), ErrorKind::Argument);
        let cpu = Detector::new(load(&converted, &out, &Cpu)).unwrap();
        assert!(pollster::block_on(cpu.self_test()).unwrap().passed, "{storage:?}");
    }
}

/// Imports a case of which something was changed; nothing may be left behind.
fn refused(case: &str, change: impl FnOnce(&Path), head: Option<&str>) -> Error {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("case");
    std::fs::create_dir(&copy).unwrap();
    for entry in std::fs::read_dir(fixture(case)).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), copy.join(entry.file_name())).unwrap();
    }
    change(&copy);
    let out = folder.path().join("model");
    let head = head.map(|name| HeadFile::open(&fixture("heads").join(name)).unwrap());
    let error = import(&copy, Storage::Q8, head.as_ref(), &out).unwrap_err();
    let left = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 1, "only the case itself is there: {error}");
    error
}

fn truncate(path: &Path, length: usize) {
    let bytes = std::fs::read(path).unwrap();
    std::fs::write(path, &bytes[..length.min(bytes.len())]).unwrap();
}

/// Writes `tensors` of a safetensors file again.
fn rewrite(
    path: &Path,
    change: impl Fn(&str) -> Option<(safetensors::Dtype, Vec<usize>, Vec<u8>)>,
) {
    let bytes = std::fs::read(path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let tensors: Vec<_> = file
        .iter()
        .filter_map(|(name, view)| match change(name) {
            None => {
                Some((name.to_owned(), view.dtype(), view.shape().to_vec(), view.data().to_vec()))
            }
            Some((_, shape, _)) if shape.is_empty() => None,
            Some((dtype, shape, data)) => Some((name.to_owned(), dtype, shape, data)),
        })
        .collect();
    let views = tensors.iter().map(|(name, dtype, shape, data)| {
        (name.as_str(), safetensors::tensor::TensorView::new(*dtype, shape.clone(), data).unwrap())
    });
    std::fs::write(path, safetensors::serialize(views, None).unwrap()).unwrap();
}

#[test]
fn bad_files_are_refused_by_name_and_leave_nothing() {
    const NORM: &str = "vision_model.post_layernorm.weight";
    let check = |error: Error, kind: ErrorKind, part: &str| {
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.message().contains(part), "{error}");
    };
    // 10 GB of header in a file of a few kilobytes.
    let huge = |case: &Path| {
        let path = case.join("model.safetensors");
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[..8].copy_from_slice(&10_000_000_000_u64.to_le_bytes());
        std::fs::write(path, bytes).unwrap();
    };
    check(refused("hf", huge, None), ErrorKind::WeightsCorrupt, "10000000000");
    let wrong_dtype = |case: &Path| {
        rewrite(&case.join("model.safetensors"), |name| {
            (name == NORM).then(|| (safetensors::Dtype::I32, vec![16], vec![0; 64]))
        });
    };
    check(refused("hf", wrong_dtype, None), ErrorKind::WeightsCorrupt, NORM);
    let wrong_shape = |case: &Path| {
        rewrite(&case.join("model.safetensors"), |name| {
            (name == NORM).then(|| (safetensors::Dtype::F32, vec![8], vec![0; 32]))
        });
    };
    check(refused("hf", wrong_shape, None), ErrorKind::WeightsCorrupt, NORM);
    let not_finite = |case: &Path| {
        rewrite(&case.join("model.safetensors"), |name| {
            (name == NORM).then(|| (safetensors::Dtype::F32, vec![16], vec![0xff; 64]))
        });
    };
    check(refused("hf", not_finite, None), ErrorKind::WeightsCorrupt, "vision.norm.weight");
    let missing = |case: &Path| {
        rewrite(&case.join("model.safetensors"), |name| {
            (name == NORM).then(|| (safetensors::Dtype::F32, vec![], vec![]))
        });
    };
    check(refused("hf", missing, None), ErrorKind::WeightsCorrupt, NORM);
    let cut = |case: &Path| truncate(&case.join("model.safetensors"), 40_000);
    check(refused("hf", cut, None), ErrorKind::WeightsCorrupt, "cut off");
    for (case, file) in [
        ("hf-zip", "pytorch_model.bin"),
        ("openai-jit", "small.pt"),
        ("hf-legacy", "pytorch_model.bin"),
    ] {
        let cut = |folder: &Path| truncate(&folder.join(file), 30_000);
        let error = refused(case, cut, None);
        assert_eq!(error.kind(), ErrorKind::WeightsCorrupt, "{case}: {error}");
    }
    // On every system, also where it would be a file's name, and such a file is there.
    for name in ["../case/model.safetensors", "a\\\\b.safetensors", "c:b.safetensors", ".."] {
        let outside = |case: &Path| {
            let index = format!(r#"{{"weight_map": {{"a": "{name}"}}}}"#);
            std::fs::write(case.join("model.safetensors.index.json"), index).unwrap();
            std::fs::remove_file(case.join("golden.safetensors")).unwrap();
        };
        let error = refused("hf-sharded", outside, None);
        check(error, ErrorKind::WeightsCorrupt, "not a file beside it");
    }
    let gone =
        |case: &Path| std::fs::remove_file(case.join("model-00002-of-00005.safetensors")).unwrap();
    check(refused("hf-sharded", gone, None), ErrorKind::Io, "00002");
}

#[test]
fn heads_of_other_encoders_are_refused() {
    for (case, head) in [
        ("openai-state", "clipdet.pth"),
        ("openai-state", "rine.pth"),
        ("openai-state", "clip_cues_linear.ckpt"),
    ] {
        let error = refused(case, |_| {}, Some(head));
        assert_eq!(error.kind(), ErrorKind::Argument, "{head}: {error}");
    }
}

/// A pickle that would run a command: it is named, and not run.
#[test]
fn code_is_never_run() {
    let mark = Path::new("/tmp/clipsight-was-run");
    let _ = std::fs::remove_file(mark);
    let error = HeadFile::open(&fixture("bad/code.pth")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    assert!(error.message().contains("system"), "{error}");
    assert!(!mark.exists());
}

/// Cut anywhere or with a byte changed, a file is refused or read, and nothing panics.
#[test]
fn damaged_files_never_panic() {
    for (case, file) in [
        ("hf", "model.safetensors"),
        ("hf-zip", "pytorch_model.bin"),
        ("hf-legacy", "pytorch_model.bin"),
        ("openai-jit", "small.pt"),
        ("heads", "rine.pth"),
        ("heads", "linear.npz"),
    ] {
        let bytes = std::fs::read(fixture(case).join(file)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(file);
        for step in 0..60 {
            let at = bytes.len() * step / 60;
            for damaged in [bytes[..at].to_vec(), {
                let mut damaged = bytes.clone();
                damaged[at] ^= 0x55;
                damaged
            }] {
                std::fs::write(&path, &damaged).unwrap();
                if let Ok(checkpoint) = Checkpoint::open(&path) {
                    for name in checkpoint.names() {
                        let _ = checkpoint.read(name);
                    }
                }
                let _ = HeadFile::open(&path);
            }
        }
    }
}

/// The folder of `scripts/parity/inputs.py`, where somebody made one.
fn parity_inputs(file: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("CLIPSIGHT_PARITY").map(PathBuf::from);
    let found = folder.filter(|folder| folder.join(file).exists());
    if found.is_none() {
        eprintln!(
            "skipped: CLIPSIGHT_PARITY names no folder with {file}; scripts/parity/inputs.py makes \
             one"
        );
    }
    found
}

/// On 10,000 texts; CI compares those of `tests/text.rs`.
#[test]
fn tokenizer_parity() {
    let Some(folder) = parity_inputs("tokens.json") else { return };
    #[derive(serde::Deserialize)]
    struct Row {
        kind: String,
        text: String,
        ids: Vec<u32>,
    }
    let rows: Vec<Row> =
        serde_json::from_slice(&std::fs::read(folder.join("tokens.json")).unwrap()).unwrap();
    let tokenizer = clipsight_reference::Tokenizer::new();
    let differing: Vec<&Row> =
        rows.iter().filter(|row| tokenizer.encode(&row.text, 77) != row.ids).collect();
    // A caption cannot end itself here; and what Python's own tables do not know is left to theirs.
    let explained = |kind: &str| ["marker", "unassigned"].contains(&kind);
    let count = |kind: &str| rows.iter().filter(|row| row.kind == kind).count();
    let (explained, others): (Vec<&Row>, Vec<&Row>) =
        differing.into_iter().partition(|row| explained(&row.kind));
    eprintln!(
        "tokenizer: {} of {} texts differ; {} of {} with a marker or unassigned characters do",
        others.len(),
        rows.len(),
        explained.len(),
        count("marker") + count("unassigned"),
    );
    assert!(
        others.is_empty(),
        "{:?}",
        others.iter().map(|row| &row.text).take(5).collect::<Vec<_>>()
    );
}

/// On real images of many shapes; CI compares the resize with Pillow's in `tests/image_resize.rs`.
#[test]
fn preprocessing_parity() {
    let Some(folder) = parity_inputs("images.safetensors") else { return };
    let expected = std::fs::read(folder.join("images.safetensors")).unwrap();
    let expected = SafeTensors::deserialize(&expected).unwrap();
    let case = fixture("openai-state");
    let architecture =
        Architecture::of(&Checkpoint::open(&weights(&case)).unwrap(), &configs(&case)).unwrap();
    let mut preprocessing = architecture.preprocessing;
    (preprocessing.resize_short_side, preprocessing.crop) = (Some(224), 224);
    for (library, centre_rounds_down) in [("open_clip", false), ("transformers", true)] {
        preprocessing.centre_rounds_down = centre_rounds_down;
        let mut largest = 0.0_f32;
        let names: Vec<&str> =
            expected.names().into_iter().filter(|name| name.starts_with(library)).collect();
        assert!(names.len() >= 200);
        for name in &names {
            let file = format!("{}.png", &name[library.len() + 1..]);
            let bytes = std::fs::read(folder.join("images").join(file)).unwrap();
            let image = clipsight::image::decode(&bytes).unwrap().pixels;
            let views = preprocessing.views(&image, clipsight::image::ViewCount::One).unwrap();
            let found = preprocessing.tensor(&views);
            largest = largest.max(compare(&found, &floats(&expected, name), 3 * 224 * 224).1);
        }
        eprintln!(
            "preprocessing of {library}: {} images, largest difference {largest:.2e}",
            names.len()
        );
        assert!(largest <= 1e-5);
    }
}

/// Tensors that are turned, cut out of others, or begin late in their storage.
#[test]
fn views_are_read_in_their_own_order() {
    let folder = fixture("views");
    let golden = std::fs::read(folder.join("golden.safetensors")).unwrap();
    let golden = SafeTensors::deserialize(&golden).unwrap();
    for file in ["views.pt", "views-legacy.pt"] {
        let checkpoint = Checkpoint::open(&folder.join(file)).unwrap();
        for name in ["turned", "cut", "late"] {
            let found = checkpoint.read(name).unwrap();
            assert_eq!(found.shape, golden.tensor(name).unwrap().shape(), "{file}: {name}");
            assert_eq!(found.data, floats(&golden, name), "{file}: {name}");
        }
        // No weights are stored like this; a file could ask for any amount of memory by it.
        let error = checkpoint.read("repeated").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WeightsCorrupt, "{file}: {error}");
    }
    // A bit of the numbers is wrong: the archive's checksum tells, in whatever order they are read.
    let damaged = tempfile::tempdir().unwrap();
    let path = damaged.path().join("views.pt");
    let mut bytes = std::fs::read(folder.join("views.pt")).unwrap();
    let first = golden.tensor("late").unwrap().data()[..4].to_vec();
    let at = bytes.windows(4).position(|window| window == first).unwrap();
    bytes[at] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let checkpoint = Checkpoint::open(&path).unwrap();
    let error = checkpoint.read("turned").unwrap_err();
    assert!(error.to_string().contains("checksum"), "{error}");
}
