//! Checkpoint and head -> a clipsight model in a folder, a tensor at a time; the whole folder or
//! nothing.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use half::f16;

use super::files::{open, unreadable};
use super::{Architecture, Checkpoint, HeadFile, corrupt, gptq, names};
use clipsight::calibration::Calibration;
use clipsight::clip::{FeatureSpec, Pool, TensorRole, TensorSpec, TextConfig, VisionConfig};
use clipsight::engine::Encoding;
use clipsight::heads::{Head, HeadScorer};
use clipsight::image::{Preprocessing, ViewCount, decode};
use clipsight::limits::{MAX_CAPTION_SCALE, MAX_IMAGE_BYTES};
use clipsight::model::{FORMAT_VERSION, Manifest, SelfTest, TextManifest, self_test_view};
use clipsight::weights::{HostTensor, PackedShard, Packer, Shard, Storage};
use clipsight::{Error, ErrorKind, Result};
use clipsight_reference::{InputMoments, StreamedTower};

/// What a model is to be.
#[derive(Debug)]
pub struct Options<'a> {
    /// Its name.
    pub id: String,
    /// SPDX expression of its weights' licence.
    pub licence: String,
    /// How matrices are stored.
    pub storage: Storage,
    /// The head; without one the model is an encoder.
    pub head: Option<&'a HeadFile>,
    /// Images that four-bit storage is rounded for by GPTQ, so that what matters on them changes
    /// least; without any, every weight is rounded to the nearest code. Of many images an evenly
    /// spaced part is taken: see [`GPTQ_TOKENS`].
    pub gptq_images: &'a [PathBuf],
    /// The folder to make; it must not exist.
    pub out: &'a Path,
}

/// What was made.
#[derive(Debug)]
pub struct Converted {
    /// The model.
    pub manifest: Manifest,
    /// Its text tower, where the checkpoint had one.
    pub text: Option<TextManifest>,
}

/// An engine whose logit is within this of the known one, relative to its size where that is above
/// one, computes what the import did: 8-bit engines keep a cosine of .999 to f32, a relative error
/// of .045, and stay within three standard deviations.
const SELF_TEST_TOLERANCE: f32 = 0.15;

/// Most tokens that the calibration images may have together: 83 images of a CLIP B/16, 63 of an
/// L/14, whose tokens take 134 MB. On a ViT-Tiny, 64 images come within .001 of what 256 do for the
/// embedding's cosine.
pub const GPTQ_TOKENS: usize = 16_384;

/// Writes the model; `progress` is told after each tensor how many numbers are done, and of how
/// many.
///
/// # Errors
/// [`ErrorKind::Argument`] when the folder exists or the head does not fit;
/// [`ErrorKind::WeightsCorrupt`] when a tensor is missing or of another shape; [`ErrorKind::Io`].
/// Nothing is left behind then.
pub fn convert(
    checkpoint: &Checkpoint,
    architecture: &Architecture,
    options: &Options<'_>,
    progress: impl FnMut(u64, u64),
) -> Result<Converted> {
    let folder = Folder::new(options.out)?;
    let mut manifest = manifest(architecture, options)?;
    let mut head_tensors = BTreeMap::new();
    if let Some(head) = options.head {
        let fitted = head.fit(architecture)?;
        manifest.head = fitted.head;
        manifest.preprocessing = fitted.preprocessing;
        manifest.calibration = fitted.calibration;
        head_tensors = fitted.tensors;
    }
    manifest.head.validate(&architecture.vision)?;
    let text_specs = architecture.text.as_ref().map(|text| text.tensors()).unwrap_or_default();
    let total = manifest.tensors().iter().chain(&text_specs).map(numbers).sum();
    let mut conversion =
        Conversion { checkpoint, architecture, options, folder, done: 0, total, progress };

    let encoding = conversion.vision(&mut manifest, &head_tensors)?;
    manifest.self_test = self_test(&manifest, &architecture.vision, head_tensors, encoding)?;
    let text = architecture.text.as_ref().map(|text| conversion.text(text)).transpose()?;

    let json = manifest.to_json()?;
    // What is written is read again, so that no model is made that would be refused later.
    Manifest::from_json(json.as_bytes())?;
    conversion.folder.write_file("model.json", json.as_bytes())?;
    conversion.folder.keep()?;
    Ok(Converted { manifest, text })
}

/// The numbers of a tensor.
fn numbers(spec: &TensorSpec) -> u64 {
    spec.shape.iter().product::<usize>() as u64
}

/// A conversion in progress.
struct Conversion<'a, P> {
    checkpoint: &'a Checkpoint,
    architecture: &'a Architecture,
    options: &'a Options<'a>,
    folder: Folder,
    /// Numbers written, and all that there are to write.
    done: u64,
    total: u64,
    progress: P,
}

impl<P: FnMut(u64, u64)> Conversion<'_, P> {
    fn advance(&mut self, spec: &TensorSpec) {
        self.done += numbers(spec);
        (self.progress)(self.done, self.total);
    }

    /// Writes the image tower and the head, and gives what the tower, as it is stored, makes of the
    /// self-test's view.
    fn vision(
        &mut self,
        manifest: &mut Manifest,
        head_tensors: &BTreeMap<String, HostTensor>,
    ) -> Result<Encoding> {
        let storage = self.options.storage;
        let config = &self.architecture.vision;
        let view = self_test_view(manifest.preprocessing.crop)?;
        let pixels = manifest.preprocessing.tensor(std::slice::from_ref(&view));
        let mut tower = StreamedTower::new(config, manifest.head.features(), pixels)?;
        let mut inputs = match self.options.gptq_images {
            [] => None,
            images => Some(input_moments(config, &manifest.preprocessing, images)?),
        };
        let mut packer = Packer::new(storage, "weights");
        for spec in &manifest.tensors() {
            let write = |shard| self.folder.write(shard, &mut manifest.shards);
            match head_tensors.get(&spec.name) {
                Some(tensor) => packer.push(spec, tensor, write)?,
                None => {
                    let mut tensor = names::read(self.checkpoint, self.architecture.family, spec)?;
                    as_halves(&mut tensor, spec.role, storage);
                    let moments =
                        inputs.as_ref().map(|inputs| inputs.moments(spec)).transpose()?.flatten();
                    if let Some(inputs) = &mut inputs {
                        inputs.take(spec, tensor.clone())?;
                    }
                    let stored = gptq::stored(tensor, spec, storage, moments);
                    packer.push_stored(spec, &stored, write)?;
                    // The known answer is that of the weights as they are stored.
                    tower.take(spec, stored.into_host()?)?;
                }
            }
            self.advance(spec);
        }
        if let Some(shard) = packer.finish()? {
            self.folder.write(shard, &mut manifest.shards)?;
        }
        tower.finish()
    }

    /// Writes the text tower.
    fn text(&mut self, config: &TextConfig) -> Result<TextManifest> {
        let mut text = TextManifest {
            format: FORMAT_VERSION,
            architecture: config.clone(),
            logit_scale: logit_scale(self.checkpoint)?,
            storage: self.options.storage,
            shards: Vec::new(),
        };
        let mut packer = Packer::new(self.options.storage, "text");
        for spec in &config.tensors() {
            // Nothing of it is computed: a table of hundreds of megabytes is copied in pieces.
            let family = self.architecture.family;
            let parts = names::parts(family, spec);
            let mut rows = names::Rows::open(self.checkpoint, family, spec, &parts)?;
            let write = |shard| self.folder.write(shard, &mut text.shards);
            packer.push_rows(spec, |values| rows.fill(values), write)?;
            self.advance(spec);
        }
        if let Some(shard) = packer.finish()? {
            self.folder.write(shard, &mut text.shards)?;
        }
        let json = text.to_json()?;
        TextManifest::from_json(json.as_bytes())?;
        self.folder.write_file("text.json", json.as_bytes())?;
        Ok(text)
    }
}

/// The known answer: the logit of what the tower makes of the self-test's view.
fn self_test(
    manifest: &Manifest,
    config: &VisionConfig,
    head_tensors: BTreeMap<String, HostTensor>,
    encoding: Encoding,
) -> Result<SelfTest> {
    let mut features =
        if manifest.head.reads_embedding() { encoding.embedding } else { encoding.features };
    let mut tensors = head_tensors.into_iter().collect();
    let scorer = HeadScorer::assemble(&manifest.head, config, &mut tensors)?;
    scorer.transform(&mut features);
    let logit = scorer.forward(&features);
    Ok(SelfTest { logit, tolerance: (SELF_TEST_TOLERANCE * logit.abs().max(1.0)).min(0.99) })
}

/// The manifest of an encoder, its shards and self-test yet to come.
fn manifest(architecture: &Architecture, options: &Options<'_>) -> Result<Manifest> {
    architecture.vision.validate()?;
    Ok(Manifest {
        format: FORMAT_VERSION,
        id: options.id.clone(),
        licence: options.licence.clone(),
        architecture: architecture.vision.clone(),
        preprocessing: architecture.preprocessing.clone(),
        storage: options.storage,
        shards: Vec::<Shard>::new(),
        head: Head::None {
            features: FeatureSpec::pooled(vec![architecture.vision.layers + 1], &[Pool::Class]),
        },
        attribution: None,
        quality: None,
        residual: None,
        calibration: Calibration::none(),
        self_test: SelfTest { logit: 0.0, tolerance: SELF_TEST_TOLERANCE },
    })
}

/// The moments of the images at `paths`, or of as many of them as there is room for, before the
/// encoder's first layer.
fn input_moments(
    config: &VisionConfig,
    preprocessing: &Preprocessing,
    paths: &[PathBuf],
) -> Result<InputMoments> {
    let most = (GPTQ_TOKENS / config.tokens().max(1)).max(1);
    let mut pixels = Vec::new();
    for path in paths.iter().step_by(paths.len().div_ceil(most).max(1)) {
        let mut bytes = Vec::new();
        let mut file = open(path)?.take(MAX_IMAGE_BYTES as u64 + 1);
        file.read_to_end(&mut bytes).map_err(|error| unreadable(path, error))?;
        let image = decode(&bytes).map_err(|error| {
            Error::new(error.kind(), format!("{}: {error}", path.display())).with_source(error)
        })?;
        pixels.extend(preprocessing.tensor(&preprocessing.views(&image.pixels, ViewCount::One)?));
    }
    InputMoments::new(config, pixels)
}

/// Rounds what a file of `storage` holds in 16 bits.
fn as_halves(tensor: &mut HostTensor, role: TensorRole, storage: Storage) {
    let halves = match role {
        TensorRole::Vector => false,
        TensorRole::Table => storage != Storage::F32,
        TensorRole::Matrix => storage == Storage::F16,
    };
    if halves {
        tensor.data.iter_mut().for_each(|value| *value = f16::from_f32(*value).to_f32());
    }
}

/// CLIP's temperature is learned as its logarithm.
fn logit_scale(checkpoint: &Checkpoint) -> Result<f32> {
    let HostTensor { data, .. } = checkpoint.read("logit_scale")?;
    let scale = data.first().map_or(f32::NAN, |value| value.exp());
    if scale > 0.0 && scale <= MAX_CAPTION_SCALE {
        return Ok(scale);
    }
    Err(corrupt(format!(
        "the checkpoint's logit scale is {scale}; CLIP's is above 0 and at most {MAX_CAPTION_SCALE}"
    )))
}

/// A folder under construction: gone again unless it is kept.
struct Folder {
    part: PathBuf,
    out: PathBuf,
    kept: bool,
}

impl Folder {
    fn new(out: &Path) -> Result<Self> {
        if out.exists() {
            let message =
                format!("{} already exists: name another folder, or remove it", out.display());
            return Err(Error::new(ErrorKind::Argument, message));
        }
        let mut part = out.as_os_str().to_owned();
        part.push(format!(".part-{}", std::process::id()));
        let part = PathBuf::from(part);
        std::fs::create_dir_all(&part).map_err(|error| unwritable(&part, error))?;
        Ok(Self { part, out: out.to_owned(), kept: false })
    }

    fn write(&self, shard: PackedShard, shards: &mut Vec<Shard>) -> Result<()> {
        self.write_file(&shard.entry.file, &shard.bytes)?;
        shards.push(shard.entry);
        Ok(())
    }

    fn write_file(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.part.join(name);
        std::fs::write(&path, bytes).map_err(|error| unwritable(&path, error))
    }

    fn keep(&mut self) -> Result<()> {
        std::fs::rename(&self.part, &self.out).map_err(|error| unwritable(&self.out, error))?;
        self.kept = true;
        Ok(())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.kept {
            // There is nobody left to tell.
            let _ = std::fs::remove_dir_all(&self.part);
        }
    }
}

fn unwritable(path: &Path, error: std::io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("{} cannot be written: {error}", path.display()))
        .with_source(error)
}
