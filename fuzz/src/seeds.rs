//! What the fuzzers begin with: files of the tests, and what only this program can write.

use std::collections::BTreeMap;
use std::io::Result;
use std::path::{Path, PathBuf};

use clipsight::teach::{Label, Reference, References};
use clipsight::weights::{HostTensor, Storage, pack};

use crate::metadata;
use crate::target::{Target, root, specs};

/// Longer files are no seeds: small ones are tried more often.
const MAX_SEED_BYTES: u64 = 64 << 10;

/// Writes the seeds of a target into a folder; how many there are.
pub(crate) fn write(target: &Target, folder: &Path) -> Result<usize> {
    std::fs::create_dir_all(folder)?;
    let seeds = of(target)?;
    for (index, seed) in seeds.iter().enumerate() {
        std::fs::write(folder.join(format!("seed-{index:03}")), seed)?;
    }
    Ok(seeds.len())
}

/// The seeds of a target.
pub(crate) fn of(target: &Target) -> Result<Vec<Vec<u8>>> {
    let mut seeds = Vec::new();
    for (place, ending) in target.seeds {
        let mut files = Vec::new();
        collect(&root().join(place), ending, &mut files)?;
        for file in files {
            seeds.push(std::fs::read(file)?);
        }
    }
    match target.name {
        "tiff" => seeds.extend(tiffs()),
        "weights" => seeds.extend(shards()),
        "calibration" => seeds = seeds.iter().filter_map(|seed| calibration(seed)).collect(),
        "pickle" => seeds.extend(pickles()?),
        "provenance" => seeds.extend(metadata::files()),
        "dataset" => seeds.push(
            b"file,label,role,origin,content,family,group\n\
              a.jpg,ai,fit,sd15,photo,diffusion,g1\n\"b,c.png\",real,test,camera,art,,\n"
                .to_vec(),
        ),
        "receipt" => seeds.push(
            br#"{"receiptVersion": 1, "clipsight": "0.1.0", "time": "2026-01-31T12:00:00Z",
"detector": {"modelId": "m", "weightsSha256": "w", "calibrationId": "c", "threshold": 0.5,
"device": "cpu", "build": "native", "adapter": ""}, "analysis": {"file": {"bytes": 7}},
"#
            .to_vec(),
        ),
        "taught" => seeds.push(taught()),
        "references" => seeds.extend(references()),
        _ => {}
    }
    Ok(seeds)
}

/// A head of three weights, but for its hash.
fn taught() -> Vec<u8> {
    let result = r#"{"images": 10, "rightBefore": 1, "rightAfter": 9}"#;
    let checks = format!(r#""heldOut": {result}, "checkAi": {result}, "checkReal": {result}"#);
    let report = format!(r#"{{"label": "ai", "examples": 10, "nearDuplicates": 0, {checks}}}"#);
    let header =
        format!(r#"{{"name": "a", "modelId": "m", "weightsSha256": "w", "report": {report}}}"#);
    let values = [0.5_f32, -1.0, 2.0, 0.25].map(f32::to_le_bytes).concat();
    [b"clipsight head 1\n", header.as_bytes(), b"\n", &values].concat()
}

/// Four rows of three features, but for their hash.
fn references() -> Option<Vec<u8>> {
    let row = |at: u8| Reference {
        label: if at % 2 == 0 { Label::Ai } else { Label::Real },
        check: at >= 2,
        logit: f32::from(at),
        features: vec![f32::from(at), 1.0, -1.0],
    };
    let rows = (0..4).map(row).collect();
    let made = References::new("w".repeat(64), vec![0.0; 3], vec![1.0; 3], rows).ok()?.to_bytes();
    made.len().checked_sub(64).map(|content| made[..content].to_vec())
}

/// The files below a place whose names end so, by name.
fn collect(place: &Path, ending: &str, files: &mut Vec<PathBuf>) -> Result<()> {
    let mut entries =
        std::fs::read_dir(place)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    entries.sort();
    for path in entries {
        if path.is_dir() {
            collect(&path, ending, files)?;
        } else if path.to_string_lossy().ends_with(ending)
            && path.metadata()?.len() <= MAX_SEED_BYTES
        {
            files.push(path);
        }
    }
    Ok(())
}

/// TIFFs of every layout that decoders have code of its own for, which mutations hardly come upon:
/// samples, depth, planes, tiles, prediction.
fn tiffs() -> Vec<Vec<u8>> {
    let mut files = Vec::new();
    for samples in 1..=5 {
        for bits in [8, 16, 32] {
            for planar in [1, 2] {
                for tiled in [false, true] {
                    for predictor in [1, 2, 3] {
                        files.push(tiff(samples, bits, planar, tiled, predictor));
                    }
                }
            }
        }
    }
    files
}

/// A TIFF of 20 x 18 pixels, uncompressed, in strips of 16 rows or tiles of 16 pixels.
fn tiff(samples: u32, bits: u32, planar: u32, tiled: bool, predictor: u32) -> Vec<u8> {
    let (width, height, side) = (20, 18, 16_u32);
    let planes = if planar == 2 { samples } else { 1 };
    let row = if tiled { side } else { width } * samples / planes * (bits / 8);
    let lengths: Vec<u32> = match tiled {
        true => vec![row * side; 4],
        false => vec![row * side, row * (height - side)],
    };
    let lengths = lengths.repeat(planes as usize);
    let data: Vec<u8> = (0..lengths.iter().sum()).map(|n: u32| (n * 7 % 253) as u8).collect();
    let mut starts = Vec::new();
    let mut at = 8;
    for length in &lengths {
        starts.push(at);
        at += length;
    }
    let color = if samples < 3 { 1 } else { 2 };
    let (offsets, counts) = if tiled { (324, 325) } else { (273, 279) };
    let mut tags: Vec<(u16, Vec<u32>)> = vec![
        (256, vec![width]),
        (257, vec![height]),
        (258, vec![bits; samples as usize]),
        (259, vec![1]),
        (262, vec![color]),
        (277, vec![samples]),
        (284, vec![planar]),
        (317, vec![predictor]),
        (offsets, starts),
        (counts, lengths),
        (339, vec![if predictor == 3 { 3 } else { 1 }; samples as usize]),
    ];
    if tiled {
        tags.extend([(322, vec![side]), (323, vec![side])]);
    } else {
        tags.push((278, vec![side]));
    }
    let extra = samples - if color == 1 { 1 } else { 3 };
    if extra > 0 {
        tags.push((338, vec![2; extra as usize]));
    }
    tags.sort();
    let mut file = b"II*\0".to_vec();
    file.extend(at.to_le_bytes());
    file.extend(data);
    let mut beyond = at + 2 + 12 * tags.len() as u32 + 4;
    let mut values = Vec::new();
    file.extend((tags.len() as u16).to_le_bytes());
    for (tag, list) in tags {
        file.extend(tag.to_le_bytes());
        // Four bytes each, which stand in the entry itself where there is one.
        file.extend(4_u16.to_le_bytes());
        file.extend((list.len() as u32).to_le_bytes());
        if let [value] = list[..] {
            file.extend(value.to_le_bytes());
        } else {
            file.extend(beyond.to_le_bytes());
            beyond += 4 * list.len() as u32;
            values.extend(list.into_iter().flat_map(u32::to_le_bytes));
        }
    }
    file.extend([0; 4]);
    file.extend(values);
    file
}

/// Shards of every storage.
fn shards() -> Vec<Vec<u8>> {
    let specs = specs();
    let tensors: BTreeMap<String, HostTensor> = specs
        .iter()
        .map(|spec| {
            let count = spec.shape.iter().product();
            let data = (0..count).map(|n: usize| (n as f32 * 0.37).sin()).collect();
            let tensor = HostTensor::new(spec.shape.clone(), data).expect("a tensor of its shape");
            (spec.name.clone(), tensor)
        })
        .collect();
    [Storage::F32, Storage::F16, Storage::Q8, Storage::Q6, Storage::Q4]
        .into_iter()
        .flat_map(|storage| pack(&specs, &tensors, storage, "s").expect("shards"))
        .map(|shard| shard.bytes)
        .collect()
}

/// The calibration of a model's manifest.
fn calibration(manifest: &[u8]) -> Option<Vec<u8>> {
    let manifest: serde_json::Value = serde_json::from_slice(manifest).ok()?;
    serde_json::to_vec(manifest.get("calibration")?).ok()
}

/// The descriptions in the archives of the tests.
fn pickles() -> Result<Vec<Vec<u8>>> {
    let mut files = Vec::new();
    for ending in ["bin", "pt", "pth", "ckpt"] {
        collect(&root().join("tests/fixtures/import"), ending, &mut files)?;
    }
    let mut pickles = Vec::new();
    for file in files {
        let bytes = std::fs::read(file)?;
        pickles.extend(description(&bytes));
    }
    Ok(pickles)
}

/// `data.pkl` of an archive.
fn description(bytes: &[u8]) -> Option<Vec<u8>> {
    let archive = rawzip::ZipArchive::from_slice(bytes).ok()?;
    for entry in archive.entries() {
        let entry = entry.ok()?;
        if entry.file_path().as_ref().ends_with(b"data.pkl")
            && entry.uncompressed_size_hint() < 65536
        {
            return Some(archive.get_entry(entry.wayfinder()).ok()?.data().to_vec());
        }
    }
    None
}
