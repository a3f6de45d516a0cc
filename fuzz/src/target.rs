//! What is fuzzed.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use clipsight::calibration::Calibration;
use clipsight::clip::{TensorRole, TensorSpec};
use clipsight::image::{Format, SampleData, decode, probe};
use clipsight::limits::{MAX_DECODE_ALLOCATION, MAX_STATEMENT_CHARACTERS, MAX_STATEMENTS};
use clipsight::model::{Manifest, TextManifest};
use clipsight::provenance;
use clipsight::teach::{References, TaughtHead};
use clipsight::weights::{Assembly, Shard, sha256_hex};
use clipsight::{Error, ErrorKind};
use clipsight_import::{Architecture, Checkpoint, Configs, HeadFile, shards_of_index};
use clipsight_native::dataset::Dataset;
use clipsight_native::receipt::Receipt;

use crate::faults;

/// A reader under test.
pub(crate) struct Target {
    pub(crate) name: &'static str,
    pub(crate) run: fn(&[u8]) -> Answer,
    /// Most memory at any one time, in bytes.
    pub(crate) max_memory: u64,
    /// How many inputs the same at every run has, see `fixed`.
    pub(crate) runs: usize,
    /// Where its seeds lie, from the repository: files and folders, with an ending or any.
    pub(crate) seeds: &'static [(&'static str, &'static str)],
}

/// What became of an input. Two runs on one input must have the same.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Read; a hash of what.
    Read(u64),
    /// Refused as it should be.
    Unread,
    /// Not for this target: it learns nothing from such inputs.
    Foreign,
    /// Not what the target promises.
    Wrong(&'static str),
}

/// What a picture may take: the decoder's bound and our own copies of up to [`MAX_PIXELS`].
const IMAGE_MEMORY: u64 = MAX_DECODE_ALLOCATION + 16 * MAX_PIXELS;

/// What other files may take: none here is longer than 64 kB.
const FILE_MEMORY: u64 = 160 << 20;

/// Some seconds.
const RUNS: usize = 40_000;

/// The same for decoders that take longer, and for one that has threads of its own.
const CODEC_RUNS: usize = 10_000;
const AVIF_RUNS: usize = 100;

/// Pictures above it are not decoded: filling memory takes the time of a thousand small ones.
const MAX_PIXELS: u64 = 1 << 20;

const IMAGES: &str = "tests/fixtures/image";
const IMPORT: &str = "tests/fixtures/import";

const CODECS: &str = "crates/clipsight-codecs/tests/fixtures/files";
const CORNERS: &str = "crates/clipsight-codecs/tests/fixtures/corners";

macro_rules! codec {
    ($name:literal, $format:ident, $runs:expr, $seeds:expr) => {
        Target {
            name: $name,
            run: |bytes| codec(Format::$format, bytes),
            max_memory: IMAGE_MEMORY,
            runs: $runs,
            seeds: $seeds,
        }
    };
}

macro_rules! image {
    ($name:literal, $format:ident, $seeds:expr) => {
        Target {
            name: $name,
            run: |bytes| image(Format::$format, bytes),
            max_memory: IMAGE_MEMORY,
            runs: RUNS,
            seeds: $seeds,
        }
    };
}

const fn file(
    name: &'static str,
    run: fn(&[u8]) -> Answer,
    seeds: &'static [(&'static str, &'static str)],
) -> Target {
    Target { name, run, max_memory: FILE_MEMORY, runs: RUNS, seeds }
}

/// All of them.
pub(crate) const TARGETS: &[Target] = &[
    image!("jpeg", Jpeg, &[(IMAGES, "jpg")]),
    image!("png", Png, &[(IMAGES, "png")]),
    image!("webp", WebP, &[(IMAGES, "webp")]),
    image!("gif", Gif, &[(IMAGES, "gif")]),
    image!("bmp", Bmp, &[(IMAGES, "bmp")]),
    image!("tiff", Tiff, &[(IMAGES, "tif")]),
    codec!("avif", Avif, AVIF_RUNS, &[(CODECS, "avif"), (CORNERS, "avif")]),
    codec!("heic", Heif, CODEC_RUNS, &[(CODECS, "heic"), (CORNERS, "heic")]),
    codec!("jxl", Jxl, CODEC_RUNS, &[(CODECS, "jxl")]),
    file("probe", header, &[(IMAGES, "")]),
    file("provenance", provenance, &[(IMAGES, "")]),
    file("manifest", manifest, &[("models", "model.json")]),
    file("calibration", calibration, &[("models", "model.json")]),
    file("weights", weights, &[]),
    file("checkpoint", checkpoint, &[(IMPORT, "safetensors"), (IMPORT, "bin"), (IMPORT, "pt")]),
    file("pickle", pickle, &[]),
    file("head", head, &[("tests/fixtures/import/heads", "")]),
    file("configs", configs, &[(IMPORT, "json")]),
    file("dataset", dataset, &[]),
    file("receipt", receipt, &[]),
    file("taught", taught, &[]),
    file("references", references, &[]),
    #[cfg(feature = "verify")]
    file("verify", verification, &[("crates/clipsight-verify/tests/fixtures/signed", "")]),
];

/// The repository.
pub(crate) fn root() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// An error that an input may end in.
fn refused(error: &Error, fair: &[ErrorKind]) -> Answer {
    if fair.contains(&error.kind()) { Answer::Unread } else { Answer::Wrong("the kind of error") }
}

const FILE_ERRORS: &[ErrorKind] = &[ErrorKind::Decode, ErrorKind::Unsupported, ErrorKind::Limit];
const MODEL_ERRORS: &[ErrorKind] =
    &[ErrorKind::WeightsCorrupt, ErrorKind::Unsupported, ErrorKind::Limit];

fn image(format: Format, bytes: &[u8]) -> Answer {
    match probe(bytes) {
        Ok(header) if header.format != format => return Answer::Foreign,
        Ok(header) if u64::from(header.width) * u64::from(header.height) > MAX_PIXELS => {
            return Answer::Foreign;
        }
        Ok(_) => {}
        // Kept if it begins like this format, so that headers are found that are read.
        Err(error) if begins_as(format, bytes) => return refused(&error, FILE_ERRORS),
        Err(_) => return Answer::Foreign,
    }
    match decode(bytes) {
        Err(error) => refused(&error, FILE_ERRORS),
        Ok(decoded) => {
            let pixels = &decoded.pixels;
            if decoded.format != format {
                return Answer::Wrong("another format");
            }
            if (decoded.width, decoded.height) != (pixels.width(), pixels.height()) {
                return Answer::Wrong("another size");
            }
            let notes = format!("{:?}", decoded.notes);
            Answer::Read(hash(&(pixels.pixels(), decoded.width, decoded.orientation, notes)))
        }
    }
}

/// Whether a file begins as its format does.
fn begins_as(format: Format, bytes: &[u8]) -> bool {
    let begins: &[&[u8]] = match format {
        Format::Jpeg => &[b"\xFF\xD8"],
        Format::Png => &[b"\x89PNG"],
        Format::WebP => &[b"RIFF"],
        Format::Gif => &[b"GIF8"],
        Format::Bmp => &[b"BM"],
        Format::Tiff => &[b"II", b"MM"],
        // Decoded outside of the core.
        Format::Avif | Format::Heif | Format::Jxl => &[],
    };
    begins.iter().any(|start| bytes.starts_with(start))
}

/// AVIF, HEIC, JPEG XL: others' decoders, whose panics are caught as a rule; ours are not.
fn codec(format: Format, bytes: &[u8]) -> Answer {
    let header = clipsight_codecs::header(bytes);
    let told = header.map(|header| u64::from(header.width) * u64::from(header.height));
    if clipsight_codecs::format(bytes).map(Format::from) != Some(format)
        || told.is_some_and(|pixels| pixels > MAX_PIXELS)
    {
        return Answer::Foreign;
    }
    let _ = clipsight_codecs::last_panic();
    let decoded = clipsight_codecs::decode(bytes);
    if let Some(place) = clipsight_codecs::last_panic() {
        faults::note(&place, place.contains("clipsight"));
    }
    let samples = match decoded {
        Some(Ok(samples)) => samples,
        Some(Err(error)) => return refused(&error, FILE_ERRORS),
        None => return Answer::Wrong("no decoder for what was told by its content"),
    };
    let (width, height) = (samples.width, samples.height);
    if header.is_none_or(|header| (header.width, header.height) != (width, height)) {
        return Answer::Wrong("another size than the header's");
    }
    let count = match &samples.data {
        SampleData::U8(samples) => samples.len(),
        SampleData::U16(samples) => samples.len(),
    };
    if samples.format != format
        || count != width as usize * height as usize * samples.layout.channels()
    {
        return Answer::Wrong("samples that are not as announced");
    }
    match samples.into_decoded() {
        Err(error) => refused(&error, FILE_ERRORS),
        Ok(decoded) => {
            let notes = format!("{:?}", decoded.notes);
            Answer::Read(hash(&(decoded.pixels.pixels(), decoded.width, notes)))
        }
    }
}

/// Content Credentials: never better than they are is for the tests that sign files; here that
/// what is said of any file can be shown.
#[cfg(feature = "verify")]
fn verification(bytes: &[u8]) -> Answer {
    let found = match clipsight_verify::verify(bytes) {
        Ok(found) => found,
        Err(clipsight_verify::Error::Broken) => return Answer::Unread,
        Err(_) => return Answer::Wrong("the kind of error"),
    };
    let is_invalid = found.state == clipsight_verify::State::Invalid;
    let Ok(json) = serde_json::to_value(&found) else { return Answer::Wrong("it has no JSON") };
    if !is_harmless(&json) {
        return Answer::Wrong("a text that is long or controls");
    }
    if is_invalid && found.problems.is_empty() {
        return Answer::Wrong("invalid without a reason");
    }
    Answer::Read(hash(&json.to_string()))
}

fn header(bytes: &[u8]) -> Answer {
    match probe(bytes) {
        Ok(header) => Answer::Read(hash(&format!("{header:?}"))),
        Err(error) => refused(&error, FILE_ERRORS),
    }
}

/// What a file says: within its bounds, and nothing that a terminal or a page would obey.
fn provenance(bytes: &[u8]) -> Answer {
    let read = match provenance::read(bytes) {
        Ok(read) => read,
        Err(error) => return refused(&error, FILE_ERRORS),
    };
    let Ok(json) = serde_json::to_value(&read) else { return Answer::Wrong("it has no JSON") };
    if !is_harmless(&json) {
        return Answer::Wrong("a text that is long or controls");
    }
    if read.statements.len() > MAX_STATEMENTS {
        return Answer::Wrong("too many statements");
    }
    let strongest = read.statements.iter().filter_map(|statement| statement.claim).min();
    if read.says != strongest {
        return Answer::Wrong("the strongest claim");
    }
    Answer::Read(hash(&json.to_string()))
}

/// Whether no text of a value is too long, or holds what controls terminals or turns writing.
fn is_harmless(value: &serde_json::Value) -> bool {
    use serde_json::Value::{Array, Object, String};
    let controls = |c: char| c.is_control() || matches!(c, '\u{200E}' | '\u{202A}'..='\u{202E}');
    match value {
        String(text) => {
            text.chars().count() <= MAX_STATEMENT_CHARACTERS + 1 && !text.contains(controls)
        }
        Array(items) => items.iter().all(is_harmless),
        Object(map) => map.values().all(is_harmless),
        _ => true,
    }
}

fn manifest(bytes: &[u8]) -> Answer {
    let read = Manifest::from_json(bytes).map(|manifest| {
        let tensors = manifest.tensors().len();
        let sum = manifest.weights_sha256();
        (manifest.to_json(), tensors, manifest.total_bytes(), sum)
    });
    let text = TextManifest::from_json(bytes).map(|manifest| manifest.to_json());
    match (read, text) {
        (Ok((Ok(json), tensors, bytes, sum)), _) => match Manifest::from_json(json.as_bytes()) {
            Ok(_) => Answer::Read(hash(&(json, tensors, bytes, sum))),
            Err(_) => Answer::Wrong("what is written cannot be read"),
        },
        (_, Ok(Ok(json))) => match TextManifest::from_json(json.as_bytes()) {
            Ok(_) => Answer::Read(hash(&json)),
            Err(_) => Answer::Wrong("what is written cannot be read"),
        },
        (Ok(_), _) | (_, Ok(_)) => Answer::Wrong("it cannot be written"),
        (Err(error), Err(_)) => refused(&error, MODEL_ERRORS),
    }
}

fn calibration(bytes: &[u8]) -> Answer {
    let Ok(read) = serde_json::from_slice::<Calibration>(bytes) else { return Answer::Unread };
    if let Err(error) = read.validate() {
        return refused(&error, MODEL_ERRORS);
    }
    let mut seen = Vec::new();
    for views in [1, 5] {
        let Ok(platt) = read.for_views(views) else { continue };
        for logit in [-1e6, -3.5, 0.0, 1e-300, 2.25, 1e6] {
            let probability = platt.probability(logit);
            if !(0.0..=1.0).contains(&probability) {
                return Answer::Wrong("a probability");
            }
            seen.push((probability.to_bits(), format!("{:?}", read.grade(probability))));
        }
    }
    Answer::Read(hash(&seen))
}

/// What the weights are to be: matrices of an even and an odd length, a table, a vector.
pub(crate) fn specs() -> Vec<TensorSpec> {
    let spec = |name: &str, shape: &[usize], role| TensorSpec {
        name: name.to_owned(),
        shape: shape.to_vec(),
        role,
    };
    vec![
        spec("a", &[6, 64], TensorRole::Matrix),
        spec("b", &[5, 33], TensorRole::Matrix),
        spec("c", &[7, 16], TensorRole::Table),
        spec("d", &[9], TensorRole::Vector),
    ]
}

/// A shard whose length and hash are right.
fn weights(bytes: &[u8]) -> Answer {
    let sha256 = sha256_hex(bytes);
    let shard = Shard { file: "s".to_owned(), bytes: bytes.len() as u64, sha256: sha256.clone() };
    let specs = specs();
    let mut assembly = Assembly::new(&[shard], specs.clone());
    let mut seen = Vec::new();
    let pushed = assembly.push_shard(
        0,
        bytes,
        || sha256,
        |spec, tensor| {
            let values = tensor.to_f32();
            let right = specs.contains(spec)
                && tensor.shape == spec.shape
                && values.len() == spec.shape.iter().product::<usize>()
                && values.iter().all(|value| value.is_finite());
            let bits: Vec<u32> = values.into_iter().map(f32::to_bits).collect();
            seen.push((spec.name.clone(), right, bits));
            Ok(())
        },
    );
    if seen.iter().any(|(_, right, _)| !right) {
        return Answer::Wrong("a tensor that is not as announced");
    }
    match pushed.and_then(|()| assembly.finish()) {
        Ok(()) if seen.len() == specs.len() => {
            seen.sort();
            Answer::Read(hash(&seen))
        }
        Ok(()) => Answer::Wrong("a tensor is missing"),
        Err(error) => refused(&error, MODEL_ERRORS),
    }
}

/// Writes an input where a reader of files finds it.
fn written(name: &str, bytes: &[u8]) -> PathBuf {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    let memory = Path::new("/dev/shm");
    let folder = FOLDER.get_or_init(|| {
        let place = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        tempfile::tempdir_in(place).expect("a folder for the inputs")
    });
    let path = folder.path().join(name);
    let mut file = std::fs::File::create(&path).expect("a file for the input");
    file.write_all(bytes).expect("a file for the input");
    path
}

fn checkpoint(bytes: &[u8]) -> Answer {
    read_checkpoint(&written("checkpoint", bytes))
}

fn read_checkpoint(path: &Path) -> Answer {
    let checkpoint = match Checkpoint::open(path) {
        Ok(checkpoint) => checkpoint,
        Err(error) => return refused(&error, MODEL_ERRORS),
    };
    let mut seen = Vec::new();
    for name in checkpoint.names() {
        match (checkpoint.shape(name), checkpoint.read(name)) {
            (Ok(shape), Ok(tensor)) => {
                if tensor.shape != shape || tensor.data.len() != shape.iter().product::<usize>() {
                    return Answer::Wrong("a tensor that is not as announced");
                }
                let bits: Vec<u32> = tensor.data.into_iter().map(f32::to_bits).collect();
                seen.push((name.to_owned(), hash(&bits)));
            }
            (_, Err(error)) | (Err(error), _) => match refused(&error, MODEL_ERRORS) {
                Answer::Unread => {}
                wrong => return wrong,
            },
        }
    }
    // What it describes, whatever it is.
    let _ = Architecture::of(&checkpoint, &Configs::default());
    Answer::Read(hash(&seen))
}

/// The description in an archive whose checksums are right.
fn pickle(bytes: &[u8]) -> Answer {
    read_checkpoint(&written("archive", &archive(bytes)))
}

/// An archive as PyTorch writes it, around a description.
pub(crate) fn archive(description: &[u8]) -> Vec<u8> {
    let storage: Vec<u8> = (0..4096_u32).flat_map(|n| (n as f32 / 64.0).to_le_bytes()).collect();
    let mut bytes = Vec::new();
    let mut archive = rawzip::ZipArchiveWriter::new(&mut bytes);
    let members: [(&str, &[u8]); 4] = [
        ("archive/data.pkl", description),
        ("archive/data/0", &storage),
        ("archive/data/1", &storage[..256]),
        ("archive/byteorder", b"little"),
    ];
    for (name, content) in members {
        let (mut entry, config) = archive.new_file(name).start().expect("a member");
        let mut writer = config.wrap(&mut entry);
        writer.write_all(content).expect("a member's bytes");
        let (_, descriptor) = writer.finish().expect("a member's end");
        entry.finish(descriptor).expect("a member's end");
    }
    archive.finish().expect("the archive's end");
    bytes
}

fn head(bytes: &[u8]) -> Answer {
    let holds = |word: &[u8]| bytes.windows(word.len()).any(|part| part == word);
    let name = match bytes {
        [b'{', ..] => "head.json",
        [b'P', b'K', ..] if !holds(b"data.pkl") => "head.npz",
        _ => "head.pth",
    };
    match HeadFile::open(&written(name, bytes)) {
        Ok(head) => Answer::Read(hash(&head.kind())),
        Err(error) => refused(&error, MODEL_ERRORS),
    }
}

/// Configurations beside a sound checkpoint, and an index of shards.
fn configs(bytes: &[u8]) -> Answer {
    static CHECKPOINTS: OnceLock<Vec<Checkpoint>> = OnceLock::new();
    let checkpoints = CHECKPOINTS.get_or_init(|| {
        let open = |name| Checkpoint::open(&root().join(IMPORT).join(name));
        ["hf/model.safetensors", "open-clip-bf16/open_clip_model.safetensors"]
            .map(|name| open(name).expect("the checkpoints of the tests"))
            .into()
    });
    let bytes = || Some(bytes.to_vec());
    let configs = Configs {
        config: bytes(),
        open_clip: bytes(),
        preprocessor: bytes(),
        ..Configs::default()
    };
    let mut seen = Vec::new();
    for checkpoint in checkpoints {
        match Architecture::of(checkpoint, &configs) {
            Ok(architecture) => seen.push(format!("{architecture:?}")),
            Err(error) => {
                if let wrong @ Answer::Wrong(_) = refused(&error, MODEL_ERRORS) {
                    return wrong;
                }
            }
        }
    }
    if let Ok(shards) = shards_of_index(&bytes().unwrap_or_default()) {
        // Whatever system it is read on.
        let outside = |name: &String| name.contains(['/', '\\', ':', '\0']) || name.ends_with('.');
        if shards.iter().any(outside) {
            return Answer::Wrong("a shard outside the folder");
        }
        seen.push(format!("{shards:?}"));
    }
    if seen.is_empty() { Answer::Unread } else { Answer::Read(hash(&seen)) }
}

/// A receipt whose hash is right, whatever stands in it.
fn receipt(bytes: &[u8]) -> Answer {
    let hash_line = format!(" \"sha256\": \"{}\"\n}}\n", sha256_hex(bytes));
    match Receipt::parse(&[bytes, hash_line.as_bytes()].concat()) {
        Ok(receipt) => Answer::Read(hash(&format!("{receipt:?} {}", receipt.is_of(bytes)))),
        Err(_) => Answer::Unread,
    }
}

/// Bytes with the hash that is right for them, whatever stands in them.
fn hashed(bytes: &[u8]) -> Vec<u8> {
    [bytes, sha256_hex(bytes).as_bytes()].concat()
}

/// A head that somebody taught. What is read is written so that it is read again.
fn taught(bytes: &[u8]) -> Answer {
    let head = match TaughtHead::from_bytes(&hashed(bytes)) {
        Ok(head) => head,
        Err(error) => return refused(&error, MODEL_ERRORS),
    };
    let again = head.to_bytes().and_then(|file| TaughtHead::from_bytes(&file));
    if again.is_ok_and(|again| again.report() == head.report() && again.change() == head.change()) {
        Answer::Read(hash(&format!("{head:?}")))
    } else {
        Answer::Wrong("a head that is not read again as it was written")
    }
}

/// The labelled rows that heads are taught with.
fn references(bytes: &[u8]) -> Answer {
    let file = hashed(bytes);
    match References::from_bytes(&file) {
        Ok(references) if references.to_bytes() == file => {
            Answer::Read(hash(&format!("{references:?}")))
        }
        Ok(_) => Answer::Wrong("references that are written otherwise than they were read"),
        Err(error) => refused(&error, MODEL_ERRORS),
    }
}

fn dataset(bytes: &[u8]) -> Answer {
    match Dataset::read(&written("manifest.csv", bytes)) {
        Ok(dataset) => Answer::Read(hash(&format!("{:?}", dataset.entries))),
        Err(error) => refused(&error, &[ErrorKind::Argument, ErrorKind::Limit, ErrorKind::Io]),
    }
}
