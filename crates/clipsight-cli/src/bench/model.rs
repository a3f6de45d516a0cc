//! Models of the published shapes with random weights: as fast or slow as the real ones, and free
//! to distribute.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::ValueEnum;
use clipsight::calibration::{Calibration, GradeEdges};
use clipsight::clip::{FeatureSpec, Normalisation, Pool, TensorRole, TensorSpec, VisionConfig};
use clipsight::heads::{Head, LinearHead, Transform};
use clipsight::image::{Filter, Preprocessing};
use clipsight::model::{Detector, FORMAT_VERSION, Manifest, ModelLoader, SelfTest};
use clipsight::rng::Rng;
use clipsight::weights::{HostTensor, PackedShard, pack, random_tensors};
use clipsight::{Error, ErrorKind, Result};
use clipsight_native::io::write_file;

use crate::arguments::Quantisation;

/// Arguments of `bench model`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The published shape
    #[arg(long, value_enum)]
    architecture: Architecture,
    /// How matrices are stored
    #[arg(long, value_enum, default_value_t = Quantisation::Q8)]
    storage: Quantisation,
    /// Seed of the weights: the same numbers for the same seed, whatever the storage
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder for the model
    out: PathBuf,
}

/// Published encoders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Architecture {
    /// timm's vit_tiny_patch16_224
    #[value(name = "vit-ti-16")]
    VitTi16,
    /// openai/clip-vit-base-patch32
    #[value(name = "clip-vit-b-32")]
    ClipVitB32,
    /// openai/clip-vit-base-patch16
    #[value(name = "clip-vit-b-16")]
    ClipVitB16,
    /// openai/clip-vit-large-patch14
    #[value(name = "clip-vit-l-14")]
    ClipVitL14,
}

impl Architecture {
    fn config(self) -> VisionConfig {
        match self {
            Self::VitTi16 => VisionConfig::vit_tiny_patch16_224(),
            Self::ClipVitB32 => VisionConfig::openai_clip_vit_base_patch32(),
            Self::ClipVitB16 => VisionConfig::openai_clip_vit_base_patch16(),
            Self::ClipVitL14 => VisionConfig::openai_clip_vit_large_patch14(),
        }
    }
}

/// Deviation of gains around 1.
const GAIN_DEVIATION: f64 = 0.2;

/// Deviation of biases. Trained encoders have them; zeros would hide an engine that forgets to add
/// one.
const BIAS_DEVIATION: f64 = 0.1;

/// Deviation of the class token, of the order of the patches' embeddings, as training makes it.
const CLASS_TOKEN_DEVIATION: f64 = 0.5;

/// The logit's deviation is about 1, and that of its error about the relative error of the class
/// token. Right encoders whose 8-bit arithmetic leaves a cosine of .999 to f32, a relative error of
/// .045, stay within three deviations.
const SELF_TEST_TOLERANCE: f32 = 0.15;

/// Writes the model.
///
/// # Errors
/// When the folder cannot be written.
pub(crate) fn run(args: &Args) -> Result<()> {
    let mut manifest = manifest(args);
    let tensors = tensors(&manifest, args.seed)?;
    let shards = pack(&manifest.tensors(), &tensors, manifest.storage, "weights")?;
    manifest.shards = shards.iter().map(|shard| shard.entry.clone()).collect();
    manifest.self_test.logit = logit(&manifest, &shards)?;
    std::fs::create_dir_all(&args.out).map_err(|error| {
        let message = format!("{} cannot be created: {error}", args.out.display());
        Error::new(ErrorKind::Io, message).with_source(error)
    })?;
    for shard in &shards {
        write_file(&args.out.join(&shard.entry.file), &shard.bytes)?;
    }
    write_file(&args.out.join("model.json"), manifest.to_json()?.as_bytes())?;
    eprintln!(
        "{}: {} bytes of weights in {}",
        manifest.id,
        manifest.total_bytes(),
        args.out.display()
    );
    Ok(())
}

/// The manifest, its shards and self-test yet to come. The head reads the class token after the
/// final norm.
fn manifest(args: &Args) -> Manifest {
    let architecture = args.architecture.config();
    let clip = architecture.pre_norm;
    let Normalisation { mean, std } =
        if clip { Normalisation::CLIP } else { Normalisation::INCEPTION };
    let name = args.architecture.to_possible_value();
    let name = name.as_ref().map_or("", |value| value.get_name());
    Manifest {
        format: FORMAT_VERSION,
        id: format!("random-{name}-{}", args.seed),
        licence: "CC0-1.0".to_owned(),
        preprocessing: Preprocessing {
            resize_short_side: Some(architecture.image_size as u32),
            enlarge: true,
            filter: Filter::Bicubic,
            crop: architecture.image_size as u32,
            whole_first: false,
            centre_rounds_down: false,
            mean,
            std,
        },
        storage: args.storage.into(),
        shards: Vec::new(),
        head: Head::Linear {
            features: FeatureSpec::pooled(vec![architecture.layers + 1], &[Pool::Class]),
            transform: Transform::None,
        },
        attribution: None,
        quality: None,
        residual: None,
        calibration: Calibration {
            edges: Some(GradeEdges {
                weak_below: 0.4,
                moderate: 0.6,
                strong: 0.8,
                very_strong: 0.95,
            }),
            ..Calibration::none()
        },
        self_test: SelfTest { logit: 0.0, tolerance: SELF_TEST_TOLERANCE },
        architecture,
    }
}

/// Random weights of a trained encoder's statistics: matrices as CLIP begins with them, which keeps
/// activations in range; gains, biases and the class token as training leaves them.
fn tensors(manifest: &Manifest, seed: u64) -> Result<BTreeMap<String, HostTensor>> {
    let architecture = &manifest.architecture;
    let mut rng = Rng::new(seed);
    let specs = architecture.tensors();
    let mut tensors = random_tensors(&specs, architecture.layers, &mut rng)?;
    for spec in specs.iter().filter(|spec| spec.role == TensorRole::Vector) {
        tensors.insert(spec.name.clone(), vector(spec, &mut rng)?);
    }
    let width = manifest.head.features().width(architecture);
    let deviation = (width as f64).sqrt().recip();
    let weights = (0..width).map(|_| (deviation * rng.normal()) as f32).collect();
    let [weight, bias] = LinearHead::TENSORS;
    tensors.insert(weight.to_owned(), HostTensor::new(vec![width], weights)?);
    tensors.insert(bias.to_owned(), HostTensor::new(vec![1], vec![0.25])?);
    Ok(tensors)
}

fn vector(spec: &TensorSpec, rng: &mut Rng) -> Result<HostTensor> {
    let (mean, deviation) = if spec.name.ends_with("class_token") {
        (0.0, CLASS_TOKEN_DEVIATION)
    } else if spec.name.ends_with(".weight") {
        (1.0, GAIN_DEVIATION)
    } else {
        (0.0, BIAS_DEVIATION)
    };
    let count = spec.shape.iter().product();
    let data = (0..count).map(|_| (mean + deviation * rng.normal()) as f32).collect();
    HostTensor::new(spec.shape.clone(), data)
}

/// The logit of the known image, from the weights as they are stored.
fn logit(manifest: &Manifest, shards: &[PackedShard]) -> Result<f32> {
    let mut loader = ModelLoader::new(manifest.clone(), &engine())?;
    for (index, shard) in shards.iter().enumerate() {
        loader.push_shard(index, &shard.bytes)?;
    }
    Ok(pollster::block_on(Detector::new(pollster::block_on(loader.finish())?)?.self_test())?.logit)
}

/// What computes the known answer: the definition, where it is built in.
#[cfg(feature = "reference")]
fn engine() -> clipsight_reference::Reference {
    clipsight_reference::Reference::cpu()
}

/// What computes the known answer: the CPU in 8-bit integers, as burn is not built in.
#[cfg(not(feature = "reference"))]
fn engine() -> clipsight::engine::Cpu {
    clipsight::engine::Cpu
}
