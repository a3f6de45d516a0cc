//! Checkpoint and head -> a model of ours in a folder, a tensor at a time; the whole folder or
//! nothing.

use std::io::Read;
use std::path::{Path, PathBuf};

use half::f16;

use super::files::{open, unreadable};
use super::{Architecture, Checkpoint, HeadFile, corrupt, gptq, names};
use clipsight::calibration::Calibration;
use clipsight::clip::{FeatureSpec, Pool, TensorRole, TensorSpec, VisionConfig};
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
    /// The head; none makes an encoder.
    pub head: Option<&'a HeadFile>,
    /// Images that four-bit storage is rounded for, so that what matters on them changes least;
    /// none rounds every weight for itself. Of many some are taken, evenly: see
    /// [`CALIBRATION_TOKENS`].
    pub calibration: &'a [PathBuf],
    /// The folder that is to be made; it must not exist.
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

/// Within this of the known logit, relative to the logit's own size where that is above one, an
/// engine computes what the import did: 8-bit engines keep a cosine of .999 to f32, a relative
/// error of .045, and stay within three deviations.
const SELF_TEST_TOLERANCE: f32 = 0.15;

/// Most tokens that the images for rounding may have together: 83 images of a CLIP B/16, 63 of an
/// L/14, whose tokens take 134 MB. On a ViT-Tiny 64 images do what 256 do but for .001 of the
/// embedding's cosine.
pub const CALIBRATION_TOKENS: usize = 16_384;

/// Writes the model; `progress` hears of every number that is done, and of how many there are.
///
/// # Errors
/// [`ErrorKind::Argument`] when the folder is there or the head does not fit;
/// [`ErrorKind::WeightsCorrupt`] when a tensor is missing or of another shape; [`ErrorKind::Io`].
/// Nothing is left behind then.
pub fn convert(
    checkpoint: &Checkpoint,
    architecture: &Architecture,
    options: &Options<'_>,
    mut progress: impl FnMut(u64, u64),
) -> Result<Converted> {
    let mut folder = Folder::new(options.out)?;
    let mut manifest = manifest(architecture, options)?;
    let head_tensors = match options.head {
        None => Default::default(),
        Some(head) => {
            let fitted = head.fit(architecture)?;
            manifest.head = fitted.head;
            manifest.preprocessing = fitted.preprocessing;
            manifest.calibration = fitted.calibration;
            fitted.tensors
        }
    };
    manifest.head.validate(&architecture.vision)?;
    let text_specs = architecture.text.as_ref().map(|text| text.tensors()).unwrap_or_default();
    let count = |specs: &[TensorSpec]| -> u64 {
        specs.iter().map(|spec| spec.shape.iter().product::<usize>() as u64).sum()
    };
    let specs = manifest.tensors();
    let total = count(&specs) + count(&text_specs);
    let mut done = 0;

    let view = self_test_view(manifest.preprocessing.crop)?;
    let pixels = manifest.preprocessing.tensor(std::slice::from_ref(&view));
    let mut tower = StreamedTower::new(&architecture.vision, manifest.head.features(), pixels)?;
    let mut calibration = match options.calibration {
        [] => None,
        images => Some(calibration(&architecture.vision, &manifest.preprocessing, images)?),
    };
    let mut packer = Packer::new(options.storage, "weights");
    for spec in &specs {
        match head_tensors.get(&spec.name) {
            Some(tensor) => {
                packer.push(spec, tensor, |shard| folder.write(shard, &mut manifest.shards))?
            }
            None => {
                let mut tensor = names::read(checkpoint, architecture.family, spec)?;
                as_halves(&mut tensor, spec.role, options.storage);
                let moments =
                    calibration.as_ref().map(|images| images.moments(spec)).transpose()?.flatten();
                if let Some(images) = &mut calibration {
                    images.take(spec, tensor.clone())?;
                }
                let stored = gptq::stored(tensor, spec, options.storage, moments);
                packer.push_stored(spec, &stored, |shard| {
                    folder.write(shard, &mut manifest.shards)
                })?;
                // The known answer is that of the weights as they are stored.
                tower.take(spec, stored.into_host()?)?;
            }
        }
        done += spec.shape.iter().product::<usize>() as u64;
        progress(done, total);
    }
    if let Some(shard) = packer.finish()? {
        folder.write(shard, &mut manifest.shards)?;
    }
    let encoding = tower.finish()?;
    let mut features =
        if manifest.head.reads_embedding() { encoding.embedding } else { encoding.features };
    let mut tensors = head_tensors.into_iter().collect();
    let scorer = HeadScorer::assemble(&manifest.head, &architecture.vision, &mut tensors)?;
    scorer.transform(&mut features);
    let logit = scorer.forward(&features);
    manifest.self_test =
        SelfTest { logit, tolerance: (SELF_TEST_TOLERANCE * logit.abs().max(1.0)).min(0.99) };

    let text = match &architecture.text {
        None => None,
        Some(config) => {
            let mut text = TextManifest {
                format: FORMAT_VERSION,
                architecture: config.clone(),
                logit_scale: logit_scale(checkpoint)?,
                storage: options.storage,
                shards: Vec::new(),
            };
            let mut packer = Packer::new(options.storage, "text");
            for spec in &text_specs {
                // Nothing of it is computed: a table of hundreds of megabytes goes by in pieces.
                let parts = names::parts(architecture.family, spec);
                let mut rows = names::Rows::open(checkpoint, architecture.family, spec, &parts)?;
                let write = |shard| folder.write(shard, &mut text.shards);
                packer.push_rows(spec, |values| rows.fill(values), write)?;
                done += spec.shape.iter().product::<usize>() as u64;
                progress(done, total);
            }
            if let Some(shard) = packer.finish()? {
                folder.write(shard, &mut text.shards)?;
            }
            let json = text.to_json()?;
            TextManifest::from_json(json.as_bytes())?;
            folder.write_file("text.json", json.as_bytes())?;
            Some(text)
        }
    };
    let json = manifest.to_json()?;
    // What is written is read again, so that no model is made that would be refused later.
    Manifest::from_json(json.as_bytes())?;
    folder.write_file("model.json", json.as_bytes())?;
    folder.keep()?;
    Ok(Converted { manifest, text })
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

/// The images at `paths`, or as many of them as there is room for, before the encoder's first
/// layer.
fn calibration(
    config: &VisionConfig,
    preprocessing: &Preprocessing,
    paths: &[PathBuf],
) -> Result<InputMoments> {
    let most = (CALIBRATION_TOKENS / config.tokens().max(1)).max(1);
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
    Err(corrupt(format!("the checkpoint's logit scale is {scale}, which no CLIP has")))
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
                format!("{} is there already: name another folder, or remove it", out.display());
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
