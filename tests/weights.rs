//! Model files: written, read back, and refused in every way they can be damaged.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

#[path = "common/model.rs"]
mod model;
#[path = "common/plain_engine.rs"]
mod plain_engine;

use clipsight::calibration::{EarlyExit, MeasuredError, ViewCalibration};
use clipsight::clip::{FeatureSpec, TensorRole, VisionConfig};
use clipsight::heads::captions::{CaptionSet, Subject, attribute};
use clipsight::heads::residual::{Platt, ResidualBranch, ResidualConfig, Stage};
use clipsight::heads::{AttributionHead, Head, LinearHead, QualityModel, Transform};
use clipsight::image::{Rgb8, ViewCount};
use clipsight::model::{Analysis, Detector, Manifest, ModelLoader, Verdict, self_test_view};
use clipsight::weights::{PackedShard, Storage, StoredTensor, pack, sha256_hex};
use clipsight::{ErrorKind, Result};
use half::f16;
use model::{Random, architecture, manifest, packed, tensors};
use plain_engine::Plain;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView, serialize};

fn load(manifest: &Manifest, shards: &[Vec<u8>]) -> Result<Detector> {
    // Through JSON, as in life.
    let manifest = Manifest::from_json(manifest.to_json()?.as_bytes())?;
    let mut loader = ModelLoader::new(manifest, &Plain).unwrap();
    for (index, bytes) in shards.iter().enumerate() {
        loader.push_shard(index, bytes)?;
    }
    Detector::new(pollster::block_on(loader.finish())?)
}

fn bytes(shards: &[PackedShard]) -> Vec<Vec<u8>> {
    shards.iter().map(|shard| shard.bytes.clone()).collect()
}

fn logit(detector: &Detector) -> f32 {
    let mut random = Random(5);
    let side = detector.manifest().preprocessing.crop;
    let pixels = (0..side * side * 3).map(|_| random.next() as u8).collect();
    pollster::block_on(detector.logits(&[Rgb8::new(side, side, pixels).unwrap()])).unwrap()[0]
}

/// How far off, as a share of what it should be.
fn deviation(value: f32, truth: f32) -> f32 {
    ((value - truth) / truth).abs()
}

/// Name, type, shape and bytes of a stored tensor.
type Stored = (String, Dtype, Vec<usize>, Vec<u8>);

/// A shard with its tensors changed, and a manifest that vouches for it: damage that no hash can
/// show.
fn forged(
    manifest: &Manifest,
    shard: &[u8],
    change: impl Fn(&str, TensorView<'_>) -> Vec<Stored>,
) -> (Manifest, Vec<u8>) {
    let file = SafeTensors::deserialize(shard).unwrap();
    let changed: Vec<_> = file.iter().flat_map(|(name, view)| change(name, view)).collect();
    let views = changed.iter().map(|(name, dtype, shape, bytes)| {
        (name.clone(), TensorView::new(*dtype, shape.clone(), bytes).unwrap())
    });
    let bytes = serialize(views, None).unwrap();
    let mut manifest = manifest.clone();
    manifest.shards[0].bytes = bytes.len() as u64;
    manifest.shards[0].sha256 = sha256_hex(&bytes);
    (manifest, bytes)
}

fn unchanged(name: &str, view: &TensorView<'_>) -> Stored {
    (name.to_owned(), view.dtype(), view.shape().to_vec(), view.data().to_vec())
}

#[track_caller]
fn refused(result: Result<Detector>, words: &str) {
    let error = result.err().unwrap_or_else(|| panic!("{words}: accepted"));
    assert_eq!(error.kind(), ErrorKind::WeightsCorrupt, "{error}");
    assert!(error.message().contains(words), "{words:?} is not in: {error}");
}

#[test]
fn every_storage_reads_back() {
    let logits: Vec<f32> = [Storage::F32, Storage::F16, Storage::Q8, Storage::Q4]
        .into_iter()
        .map(|storage| {
            let (manifest, shards) = packed(manifest(architecture(), storage));
            logit(&load(&manifest, &bytes(&shards)).unwrap())
        })
        .collect();
    assert!(logits[0].abs() > 1.0, "the test needs an answer other than zero: {logits:?}");
    assert!(deviation(logits[1], logits[0]) < 0.002, "f16: {logits:?}");
    assert!(deviation(logits[2], logits[0]) < 0.02, "q8: {logits:?}");
    assert!(logits[2] != logits[0], "q8 must not be f32 in disguise");
    let off = deviation(logits[3], logits[0]);
    assert!(off > deviation(logits[2], logits[0]) && off < 0.3, "q4: {logits:?}");
}

#[test]
fn large_matrices_are_split_and_joined() {
    let large =
        VisionConfig { width: 256, heads: 4, mlp_width: 18_000, layers: 1, ..architecture() };
    let (f32_manifest, f32_shards) = packed(manifest(large.clone(), Storage::F32));
    assert!(f32_shards.len() > 8);
    for shard in f32_shards.iter() {
        assert!(
            shard.bytes.len() <= 4 << 20,
            "{} has {} bytes",
            shard.entry.file,
            shard.bytes.len()
        );
    }
    let whole = load(&f32_manifest, &bytes(&f32_shards)).unwrap();
    let (q8_manifest, q8_shards) = packed(manifest(large, Storage::Q8));
    assert!(q8_shards.len() >= 2);
    let quantised = load(&q8_manifest, &bytes(&q8_shards)).unwrap();
    // Rows that came back in another order would give quite another answer.
    let logits = [logit(&whole), logit(&quantised)];
    assert!(logits[0].abs() > 1.0 && deviation(logits[1], logits[0]) < 0.02, "{logits:?}");
    // 9 MB of codes of 4 bits, in three parts at least, against the values that they stand for.
    let larger =
        VisionConfig { width: 512, heads: 4, mlp_width: 18_000, layers: 1, ..architecture() };
    let (q4_manifest, q4_shards) = packed(manifest(larger, Storage::Q4));
    assert!(q4_shards.len() >= 3);
    let mut rounded = tensors(&q4_manifest);
    for spec in q4_manifest.architecture.tensors() {
        let tensor = rounded.remove(&spec.name).unwrap();
        let mut tensor = StoredTensor::quantize(tensor, &spec, Storage::Q4).into_host().unwrap();
        if spec.role == TensorRole::Table {
            tensor.data.iter_mut().for_each(|value| *value = f16::from_f32(*value).to_f32());
        }
        rounded.insert(spec.name, tensor);
    }
    let mut exact = Manifest { storage: Storage::F32, ..q4_manifest.clone() };
    let exact_shards = pack(&exact.tensors(), &rounded, Storage::F32, "test").unwrap();
    exact.shards = exact_shards.iter().map(|shard| shard.entry.clone()).collect();
    let of = |manifest, shards: &[PackedShard]| logit(&load(manifest, &bytes(shards)).unwrap());
    assert_eq!(of(&q4_manifest, &q4_shards), of(&exact, &exact_shards));

    // Shards may come in any order.
    let mut loader = ModelLoader::new(q8_manifest.clone(), &Plain).unwrap();
    for (index, shard) in q8_shards.iter().enumerate().rev() {
        loader.push_shard(index, &shard.bytes).unwrap();
    }
    assert_eq!(
        logit(&Detector::new(pollster::block_on(loader.finish()).unwrap()).unwrap()),
        logit(&quantised)
    );
}

#[test]
fn a_hundred_flipped_bits_are_refused() {
    let (manifest, shards) = packed(manifest(architecture(), Storage::Q8));
    let mut random = Random(3);
    for _ in 0..100 {
        let mut shards = bytes(&shards);
        let position = random.next() as usize % shards[0].len();
        shards[0][position] ^= 1 << (random.next() % 8);
        refused(load(&manifest, &shards), "does not match its SHA-256");
    }
}

#[test]
fn a_hash_from_outside_is_compared_all_the_same() {
    let (manifest, shards) = packed(manifest(architecture(), Storage::Q8));
    let push = |hash: &str| {
        let mut loader = ModelLoader::new(manifest.clone(), &Plain).unwrap();
        loader.push_hashed_shard(0, &shards[0].bytes, hash)
    };
    push(&sha256_hex(&shards[0].bytes)).unwrap();
    for wrong in ["", &sha256_hex(b"other bytes"), &manifest.shards[0].sha256.to_uppercase()] {
        let error = push(wrong).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WeightsCorrupt);
        assert!(error.message().contains("does not match its SHA-256"), "{error}");
    }
}

#[test]
fn truncated_missing_and_repeated_shards_are_refused() {
    let (manifest, shards) = packed(manifest(architecture(), Storage::Q8));
    let whole = bytes(&shards);
    refused(load(&manifest, &[whole[0][..whole[0].len() / 2].to_vec()]), "bytes instead of");
    refused(load(&manifest, &[Vec::new()]), "bytes instead of");
    refused(load(&manifest, &[]), "test-00001.safetensors is missing");

    let mut loader = ModelLoader::new(manifest, &Plain).unwrap();
    loader.push_shard(0, &whole[0]).unwrap();
    assert_eq!(loader.push_shard(0, &whole[0]).unwrap_err().kind(), ErrorKind::Argument);
    assert_eq!(loader.push_shard(9, &whole[0]).unwrap_err().kind(), ErrorKind::Argument);
}

#[test]
fn wrong_tensors_are_refused_by_name() {
    let (manifest, shards) = packed(manifest(architecture(), Storage::Q8));
    let shard = &shards[0].bytes;
    let name = "vision.layers.0.norm1.bias";
    let check = |words: &str, change: &dyn Fn(&str, TensorView<'_>) -> Vec<Stored>| {
        let (manifest, shard) = forged(&manifest, shard, change);
        refused(load(&manifest, &[shard]), words);
    };
    // The forger itself changes nothing.
    let (same, bytes) = forged(&manifest, shard, |name, view| vec![unchanged(name, &view)]);
    load(&same, &[bytes]).unwrap();

    check("vision.layers.0.norm1.bias is missing", &|found, view| {
        if found == name { vec![] } else { vec![unchanged(found, &view)] }
    });
    check("unknown tensor vision.more", &|found, view| {
        let mut all = vec![unchanged(found, &view)];
        if found == name {
            all.push(("vision.more".to_owned(), Dtype::F32, vec![1], vec![0; 4]));
        }
        all
    });
    check("is not finite", &|found, view| {
        let mut tensor = unchanged(found, &view);
        if found == name {
            tensor.3[..4].copy_from_slice(&f32::NAN.to_le_bytes());
        }
        vec![tensor]
    });
    check("has shape [1, 48] instead of [48]", &|found, view| {
        let mut tensor = unchanged(found, &view);
        if found == name {
            tensor.2 = vec![1, 48];
        }
        vec![tensor]
    });
    check("stored as I32", &|found, view| {
        let mut tensor = unchanged(found, &view);
        if found == name {
            tensor.1 = Dtype::I32;
        }
        vec![tensor]
    });
    check("has no scales", &|found, view| {
        if found == "vision.layers.0.mlp.fc1.weight.scale" {
            vec![]
        } else {
            vec![unchanged(found, &view)]
        }
    });
    check("must be f16 of shape [100, 2]", &|found, view| {
        let mut tensor = unchanged(found, &view);
        if found == "vision.layers.0.mlp.fc1.weight.scale" {
            tensor.2 = vec![200];
        }
        vec![tensor]
    });
    for (part, words) in
        [("@0", "shape"), ("@99999999999999999999", "unknown tensor"), ("@-1", "unknown tensor")]
    {
        check(words, &|found, view| {
            let mut tensor = unchanged(found, &view);
            if found == name {
                tensor.0 = format!("{name}{part}");
            }
            vec![tensor]
        });
    }
}

#[test]
fn a_shard_that_is_not_a_safetensors_file_is_refused() {
    let (mut manifest, _) = packed(manifest(architecture(), Storage::Q8));
    for garbage in [vec![0xff_u8; 100], b"GIF89a".to_vec(), vec![0; 8]] {
        manifest.shards[0].bytes = garbage.len() as u64;
        manifest.shards[0].sha256 = sha256_hex(&garbage);
        refused(load(&manifest, &[garbage]), "is not a safetensors file");
    }
}

#[test]
fn nonsense_manifests_are_refused() {
    let (good, _) = packed(manifest(architecture(), Storage::Q8));
    let json = good.to_json().unwrap();
    assert_eq!(Manifest::from_json(json.as_bytes()).unwrap(), good);
    let cases = [
        ("", "not a model manifest"),
        ("{}", "not a model manifest"),
        (&json[..json.len() / 2], "not a model manifest"),
        (&json.replace("\"format\": 1", "\"format\": 2"), "format 2"),
        (&json.replace("\"licence\"", "\"license\""), "not a model manifest"),
        (&json.replace("\"heads\": 3", "\"heads\": 5"), "heads"),
        (&json.replace("\"heads\": 3", "\"heads\": 0"), "heads"),
        (&json.replace("\"layers\": 2", "\"layers\": 100000"), "number of layers"),
        (&json.replace("\"crop\": 32", "\"crop\": 64"), "crop"),
        (&json.replace("\"weak_below\": 0.4", "\"weak_below\": 0.9"), "calibration"),
        (&json.replace("test-00001.safetensors", "../../etc/passwd"), "shard name"),
        (&json.replace("test-00001.safetensors", ".hidden"), "shard name"),
        (&json.replace(&good.shards[0].sha256, "00"), "SHA-256"),
        (
            &json.replace(&format!("\"bytes\": {}", good.shards[0].bytes), "\"bytes\": 99999999"),
            "bytes",
        ),
    ];
    for (json, words) in cases {
        let error = Manifest::from_json(json.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WeightsCorrupt, "{words}: {error}");
        assert!(error.message().contains(words), "{words:?} is not in: {error}");
    }
    let huge = vec![b' '; (4 << 20) + 1];
    assert_eq!(Manifest::from_json(&huge).unwrap_err().kind(), ErrorKind::Limit);
}

#[test]
fn the_head_is_what_its_tensors_say() {
    // With weights of zero only the bias is left.
    let mut manifest = manifest(architecture(), Storage::F32);
    let mut tensors = tensors(&manifest);
    let [weight, bias] = LinearHead::TENSORS;
    tensors.get_mut(weight).unwrap().data.fill(0.0);
    tensors.get_mut(bias).unwrap().data[0] = 1.25;
    let shards = pack(&manifest.tensors(), &tensors, Storage::F32, "test").unwrap();
    manifest.shards = shards.iter().map(|shard| shard.entry.clone()).collect();
    assert_eq!(logit(&load(&manifest, &bytes(&shards)).unwrap()), 1.25);
}

#[test]
fn attention_heads_must_exist_and_stand_in_order() {
    let mut manifest = manifest(architecture(), Storage::F32);
    manifest.head =
        Head::Linear { features: FeatureSpec::of_heads(vec![1, 4]), transform: Transform::None };
    let (manifest, _) = packed(manifest);
    let json = manifest.to_json().unwrap();
    let pretty: serde_json::Value = serde_json::from_str(&json).unwrap();
    for wrong in [serde_json::json!([4, 1]), serde_json::json!([6])] {
        let mut manifest = pretty.clone();
        manifest["head"]["features"]["heads"] = wrong;
        let error = Manifest::from_json(manifest.to_string().as_bytes()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WeightsCorrupt);
        assert!(error.message().contains("heads from 0 to 5"), "{error}");
    }
}

/// A manifest whose model attributes and judges quality.
fn with_all_heads(storage: Storage) -> Manifest {
    let captions = vec![
        Subject::Real,
        Subject::Generator { name: "waves".to_owned(), family: Some("diffusion".to_owned()) },
        Subject::Family { name: "diffusion".to_owned() },
        Subject::Family { name: "gan".to_owned() },
    ];
    let captions = CaptionSet::try_from(captions).unwrap();
    Manifest {
        attribution: Some(AttributionHead { captions, width: 8, scale: 20.0, threshold: 0.2 }),
        quality: Some(QualityModel { hidden: 5 }),
        ..manifest(architecture(), storage)
    }
}

/// Views of noise, each another.
fn views(count: u64) -> Vec<Rgb8> {
    let pixels = |mut random: Random| (0..32 * 32 * 3).map(|_| random.next() as u8).collect();
    (0..count).map(|seed| Rgb8::new(32, 32, pixels(Random(seed + 5))).unwrap()).collect()
}

#[test]
fn all_heads_read_the_same_features() {
    let (manifest, shards) = packed(with_all_heads(Storage::F32));
    let detector = load(&manifest, &bytes(&shards)).unwrap();
    let views = views(3);
    let answers = pollster::block_on(detector.answers(&views)).unwrap();
    assert_eq!(answers.logits, pollster::block_on(detector.logits(&views)).unwrap());

    // The other two once more, on the host and with the formulas of the documents.
    let tensors = tensors(&manifest);
    let of = |name: &str| &tensors[name].data;
    let features = pollster::block_on(detector.features(&views)).unwrap();
    let width = features.len() / views.len();
    let product = |matrix: &[f32], row: &[f32]| -> Vec<f32> {
        matrix
            .chunks(row.len())
            .map(|weights| weights.iter().zip(row).map(|(a, b)| a * b).sum())
            .collect()
    };
    let (mut captions, mut quality) = (vec![0.0_f32; 4], 0.0_f32);
    for row in features.chunks(width) {
        let mut row = row.to_vec();
        manifest.head.transform().apply(&mut row, 48);
        let embedding: Vec<f32> = product(of("attribution.projection"), &row)
            .iter()
            .zip(of("attribution.bias"))
            .map(|(value, bias)| value + bias)
            .collect();
        let length = |row: &[f32]| row.iter().map(|value| value * value).sum::<f32>().sqrt();
        for (caption, sum) in of("attribution.captions").chunks(8).zip(&mut captions) {
            let cosine = product(caption, &embedding)[0] / length(caption) / length(&embedding);
            *sum += 20.0 * cosine / views.len() as f32;
        }
        let hidden: Vec<f32> = product(of("quality.fc1.weight"), &row)
            .iter()
            .zip(of("quality.fc1.bias"))
            .map(|(value, bias)| (value + bias).max(0.0))
            .collect();
        let output = product(of("quality.fc2.weight"), &hidden)[0] + of("quality.fc2.bias")[0];
        quality += output / views.len() as f32;
    }
    let found = answers.captions.unwrap();
    assert!(
        captions.iter().any(|logit| logit.abs() > 0.5),
        "the test needs logits apart: {captions:?}"
    );
    for (found, expected) in found.iter().zip(&captions) {
        assert!((found - expected).abs() < 1e-3, "{found:?} instead of {captions:?}");
    }
    let expected = f64::from(quality.clamp(0.0, 1.0));
    assert!(
        (answers.quality.unwrap() - expected).abs() < 1e-3,
        "{:?} and {quality}",
        answers.quality
    );
}

/// A photograph's worth of noise as PNG.
fn noise_png() -> Vec<u8> {
    let mut random = Random(8);
    let noise = image::RgbImage::from_fn(80, 70, |_, _| {
        image::Rgb([0; 3].map(|_: u8| random.next() as u8))
    });
    let mut png = std::io::Cursor::new(Vec::new());
    noise.write_to(&mut png, image::ImageFormat::Png).unwrap();
    png.into_inner()
}

#[test]
fn all_views_are_scored_only_where_the_first_gives_no_grade() {
    let png = noise_png();
    let measured = |rate| [Some(MeasuredError { rate, low: 0.0, high: 1.0, n: 9 }); 4];
    let analyze = |offset: f64, views: Option<usize>| {
        let mut manifest = with_all_heads(Storage::F32);
        manifest.preprocessing.whole_first = true;
        let of =
            |views, rate| ViewCalibration { views, slope: 1e-6, offset, measured: measured(rate) };
        manifest.calibration.by_views = vec![of(1, 0.1), of(5, 0.5)];
        manifest.calibration.early_exit = Some(EarlyExit { measured: measured(0.2) });
        let (manifest, shards) = packed(manifest);
        let detector = load(&manifest, &bytes(&shards)).unwrap();
        let analysis = pollster::block_on(detector.analyze(&png, views)).unwrap();
        (detector, analysis)
    };
    let error_of = |analysis: &Analysis| match analysis.model {
        Verdict::Scored { measured_error, .. } => measured_error.map(|error| error.rate),
        Verdict::Abstained { .. } => None,
    };
    // Sure at once: one view, and the error of verdicts that come about in this way.
    let (detector, sure) = analyze(5.0, None);
    assert_eq!((sure.input.views, error_of(&sure)), (1, Some(0.2)));
    // Asked for a number of views: that many, and their error.
    for (views, rate) in [(1, 0.1), (5, 0.5)] {
        let (_, asked) = analyze(5.0, Some(views));
        assert_eq!((asked.input.views, error_of(&asked)), (views, Some(rate)));
    }
    // Unsure: the corners, too, half of the weight.
    let (_, unsure) = analyze(0.0, None);
    assert_eq!((unsure.input.views, error_of(&unsure)), (5, None));
    let pixels = clipsight::image::decode(&png).unwrap().pixels;
    let views = detector.manifest().preprocessing.views(&pixels, ViewCount::Five).unwrap();
    let logits = pollster::block_on(detector.logits(&views)).unwrap();
    let logit = |verdict: &Verdict| match verdict {
        Verdict::Scored { score, .. } | Verdict::Abstained { score, .. } => score.logit,
    };
    let corners = logits[1..].iter().map(|logit| f64::from(*logit)).sum::<f64>();
    assert!((logit(&unsure.model) - (0.5 * f64::from(logits[0]) + 0.125 * corners)).abs() < 1e-5);
    assert!((logit(&sure.model) - f64::from(logits[0])).abs() < 1e-5);
    assert!((logit(&sure.model) - logit(&unsure.model)).abs() > 1e-4, "the views must differ");
    // All heads see the same views.
    let answers = pollster::block_on(detector.answers(&views)).unwrap();
    assert!((unsure.quality.unwrap() - answers.quality.unwrap()).abs() < 1e-6);
    // Asked for one view only, it abstains after that.
    let (_, one) = analyze(0.0, Some(1));
    assert_eq!((one.input.views, error_of(&one)), (1, None));
}

#[test]
fn what_is_said_beside_the_verdict_never_moves_it() {
    let (plain, shards) = packed(manifest(architecture(), Storage::Q8));
    let plain = load(&plain, &bytes(&shards)).unwrap();
    let (manifest, shards) = packed(with_all_heads(Storage::Q8));
    // The same encoder and head in both: the tests' tensors are drawn in the manifest's order.
    let all = load(&manifest, &bytes(&shards)).unwrap();
    let png = noise_png();
    let analyze = |detector: &Detector, bytes: &[u8]| {
        pollster::block_on(detector.analyze(bytes, None)).unwrap()
    };
    let (without, with) = (analyze(&plain, &png), analyze(&all, &png));
    assert_eq!(without.model, with.model);
    assert_eq!((without.attribution, without.quality), (None, None));
    let json = serde_json::to_value(&with).unwrap();
    let quality = json["quality"].as_f64().unwrap();
    assert!((0.0..=1.0).contains(&quality));
    let family = &json["attribution"]["family"];
    assert!(["diffusion", "gan"].contains(&family["name"].as_str().unwrap()), "{json}");
    assert!((0.0..=1.0).contains(&family["share"].as_f64().unwrap()));
    assert!(json["attribution"].as_object().unwrap().contains_key("generator"));

    // The analysis names what the logits say.
    let pixels = image::load_from_memory(&png).unwrap().to_rgb8();
    let decoded = Rgb8::new(80, 70, pixels.into_raw()).unwrap();
    let view = all.manifest().preprocessing.views(&decoded, ViewCount::One).unwrap();
    let logits = pollster::block_on(all.answers(&view)).unwrap().captions.unwrap();
    let head = all.manifest().attribution.as_ref().unwrap();
    let found = attribute(&logits, &head.captions, head.threshold).unwrap();
    let facts = with.attribution.unwrap();
    assert_eq!(facts.family.unwrap().share, found.family_share);
    assert_eq!(
        facts.generator.map(|maker| maker.name),
        found.generator.map(|_| "waves".to_owned())
    );

    // Too small, or nothing in it: no more is said than the reason.
    for side in [40, 80] {
        let mut png = std::io::Cursor::new(Vec::new());
        image::RgbImage::from_pixel(side, side, image::Rgb([90, 120, 30]))
            .write_to(&mut png, image::ImageFormat::Png)
            .unwrap();
        let analysis = analyze(&all, png.get_ref());
        assert_eq!((analysis.attribution, analysis.quality), (None, None));
    }
}

#[test]
fn hostile_heads_are_refused() {
    let (good, shards) = packed(with_all_heads(Storage::Q8));
    let json: serde_json::Value = serde_json::from_str(&good.to_json().unwrap()).unwrap();
    let cases = [
        ("/attribution/width", serde_json::json!(0), "attribution"),
        ("/attribution/width", serde_json::json!(u64::MAX), "attribution"),
        ("/attribution/scale", serde_json::json!(1e30), "attribution"),
        ("/attribution/scale", serde_json::json!(-1.0), "attribution"),
        ("/attribution/threshold", serde_json::json!(1.5), "attribution"),
        ("/attribution/captions", serde_json::json!([]), "captions"),
        ("/attribution/captions", serde_json::json!(["real"]), "captions"),
        ("/attribution/captions/0", serde_json::json!({"family": {"name": "x"}}), "captions"),
        ("/attribution/captions/2/family/name", serde_json::json!("x".repeat(65)), "captions"),
        ("/quality/hidden", serde_json::json!(0), "quality"),
        ("/quality/hidden", serde_json::json!(1_u64 << 40), "quality"),
    ];
    for (pointer, value, words) in cases {
        let mut wrong = json.clone();
        *wrong.pointer_mut(pointer).unwrap() = value;
        let error = Manifest::from_json(wrong.to_string().as_bytes()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WeightsCorrupt, "{pointer}: {error}");
        assert!(error.message().contains(words), "{words:?} is not in: {error}");
    }
    // One caption more than the tensor has rows, a head without tensors, tensors without a head.
    let mut more = json.clone();
    let captions = more["attribution"]["captions"].as_array_mut().unwrap();
    captions.push(serde_json::json!({"family": {"name": "autoregressive"}}));
    let more = Manifest::from_json(more.to_string().as_bytes()).unwrap();
    refused(load(&more, &bytes(&shards)), "attribution.captions has shape");
    let (plain, plain_shards) = packed(manifest(architecture(), Storage::Q8));
    let headless = Manifest { shards: plain.shards.clone(), ..good.clone() };
    refused(load(&headless, &bytes(&plain_shards)), "attribution.projection is missing");
    let stray = Manifest { quality: None, ..good };
    refused(load(&stray, &bytes(&shards)), "unknown tensor quality.");
}

fn with_residual(storage: Storage) -> Manifest {
    Manifest {
        residual: Some(ResidualBranch {
            network: ResidualConfig {
                short_side: 40,
                long_side: 60,
                stem: 4,
                stages: vec![Stage { channels: 6, blocks: 1 }, Stage { channels: 8, blocks: 1 }],
            },
            calibration: Platt { slope: 1.5, offset: 0.25 },
            fused: Platt { slope: 0.75, offset: -0.5 },
            self_test: 0.0,
        }),
        ..manifest(architecture(), storage)
    }
}

/// The manifest with the logits of the self-test that the model itself computes.
fn tested(mut manifest: Manifest, shards: &[Vec<u8>]) -> Manifest {
    let detector = load(&manifest, shards).unwrap();
    let view = self_test_view(manifest.preprocessing.crop).unwrap();
    manifest.self_test.logit =
        pollster::block_on(detector.logits(std::slice::from_ref(&view))).unwrap()[0];
    if let Some(branch) = &mut manifest.residual {
        branch.self_test = detector.residual_logit(&view).unwrap();
    }
    manifest
}

#[test]
fn a_residual_network_joins_the_verdict() {
    let (plain, shards) = packed(manifest(architecture(), Storage::Q8));
    let plain = load(&plain, &bytes(&shards)).unwrap();
    for storage in [Storage::Q8, Storage::F16, Storage::F32] {
        let (manifest, shards) = packed(with_residual(storage));
        let shards = bytes(&shards);
        let manifest = tested(manifest, &shards);
        let detector = load(&manifest, &shards).unwrap();
        assert!(pollster::block_on(detector.self_test()).unwrap().passed);

        let mut random = Random(8);
        let noise = (0..90 * 70 * 3).map(|_| (random.next() % 40) as u8).collect();
        let image = Rgb8::new(90, 70, noise).unwrap();
        let mut png = std::io::Cursor::new(Vec::new());
        image::RgbImage::from_raw(90, 70, image.pixels().to_vec())
            .unwrap()
            .write_to(&mut png, image::ImageFormat::Png)
            .unwrap();
        // The whole image around its centre, at its own size.
        let whole = detector.whole(&image).unwrap().unwrap();
        assert_eq!(whole, image.crop(15, 15, 60, 40).unwrap());
        let residual = f64::from(detector.residual_logit(&whole).unwrap());
        assert!(residual.abs() > 1e-3, "the test needs a logit: {residual}");
        let analysis = pollster::block_on(detector.analyze(png.get_ref(), None)).unwrap();
        let score = |analysis: &Analysis| match analysis.model {
            Verdict::Scored { score, .. } | Verdict::Abstained { score, .. } => score,
        };
        let score_of_both = score(&analysis);
        let sigmoid = |logit: f64| 1.0 / (1.0 + (-logit).exp());
        let (p1, p2) = (sigmoid(score_of_both.logit), sigmoid(1.5 * residual + 0.25));
        let fused: f64 = 1.0 - (1.0 - p1) * (1.0 - p2);
        let expected = sigmoid(0.75 * (fused / (1.0 - fused)).ln() - 0.5);
        assert!(
            (score_of_both.probability - expected).abs() < 1e-9,
            "{score_of_both:?}, not {expected}"
        );
        if storage == Storage::Q8 {
            // The encoder's own logit is the one it had alone.
            let alone = pollster::block_on(plain.analyze(png.get_ref(), None)).unwrap();
            assert_eq!(score(&alone).logit, score_of_both.logit);
            assert_eq!(score(&alone).probability, sigmoid(score_of_both.logit));
        }
    }
    let view = self_test_view(32).unwrap();
    assert_eq!(plain.whole(&view).unwrap(), None);
    assert_eq!(plain.residual_logit(&view), None);
}

#[test]
fn hostile_and_broken_residual_networks_are_refused() {
    let (good, shards) = packed(with_residual(Storage::Q8));
    let shards = bytes(&shards);
    let good = tested(good, &shards);
    let json: serde_json::Value = serde_json::from_str(&good.to_json().unwrap()).unwrap();
    for (pointer, value) in [
        ("/residual/network/stem", serde_json::json!(0)),
        ("/residual/network/stem", serde_json::json!(1_u64 << 40)),
        ("/residual/network/long_side", serde_json::json!(4_000_000_000_u32)),
        ("/residual/network/stages", serde_json::json!([])),
        ("/residual/network/stages/0/blocks", serde_json::json!(1_u64 << 60)),
        ("/residual/calibration/slope", serde_json::json!(-1.0)),
        ("/residual/fused/slope", serde_json::json!(0.0)),
        ("/residual/fused", serde_json::json!({"slope": 1.0})),
    ] {
        let mut wrong = json.clone();
        *wrong.pointer_mut(pointer).unwrap() = value;
        let error = Manifest::from_json(wrong.to_string().as_bytes()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WeightsCorrupt, "{pointer}: {error}");
    }
    // Another width than the tensors', a network without tensors, tensors without a network.
    let mut wider = json.clone();
    wider["residual"]["network"]["stem"] = serde_json::json!(5);
    let wider = Manifest::from_json(wider.to_string().as_bytes()).unwrap();
    // The stem's tensors or the next layer's: which comes first is the file reader's affair.
    refused(load(&wider, &shards), "the tensor residual.st");
    let (plain, plain_shards) = packed(manifest(architecture(), Storage::Q8));
    let without = Manifest { shards: plain.shards.clone(), ..good.clone() };
    refused(load(&without, &bytes(&plain_shards)), "residual.stem.weight is missing");
    refused(
        load(&Manifest { residual: None, ..good.clone() }, &shards),
        "unknown tensor residual.",
    );

    // A device that computes this network wrongly fails the self-test, though the encoder is right.
    let mut other = good;
    if let Some(branch) = &mut other.residual {
        branch.self_test += 0.1;
    }
    let result = pollster::block_on(load(&other, &shards).unwrap().self_test()).unwrap();
    assert!(!result.passed && (result.expected - result.logit - 0.1).abs() < 1e-4, "{result:?}");
}
