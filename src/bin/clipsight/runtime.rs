//! A model on a device: where models lie, which device runs, and the self-test before anything is
//! believed.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use clap::ValueEnum;
use clipsight::detect::{Analysis, Answers, Detector, Encoded};
use clipsight::engine::Device;
use clipsight::limits::MAX_MANIFEST_BYTES;
use clipsight::weights::{Manifest, ModelLoader, Shard};
use clipsight::{Error, ErrorKind, Result};

use crate::io;

/// Which device was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DeviceChoice {
    /// The GPU if this build has GPU support and one answers the self-test rightly, else the CPU
    Auto,
    /// The CPU
    Cpu,
    /// The GPU, or an error
    Gpu,
    /// The CPU in 32-bit floating point: slower, what the other two are measured against
    Reference,
    /// The same on the GPU, through burn-wgpu
    #[cfg(feature = "burn-gpu")]
    ReferenceGpu,
}

/// The arguments of every command that runs a model.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct RuntimeArgs {
    /// The model's folder [default: $CLIPSIGHT_MODEL, else models/compact beside the program or in
    /// its sources]
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// The device that computes
    #[arg(long, value_enum, default_value_t = DeviceChoice::Auto)]
    device: DeviceChoice,
}

/// The folder of a model: `model.json` and its shards.
#[derive(Clone, Debug)]
pub(crate) struct ModelFolder(PathBuf);

/// A model that passed its self-test, on a device.
#[derive(Debug)]
pub(crate) struct Runtime {
    detector: Detector,
    /// GPUs take one image at a time; meanwhile other threads decode.
    turn: Option<Mutex<()>>,
    engine: Device,
    device: String,
}

impl RuntimeArgs {
    /// The model's folder.
    pub(crate) fn folder(&self) -> ModelFolder {
        ModelFolder::find(self.model.as_deref())
    }

    /// Loads the model and tests it.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] or [`ErrorKind::WeightsCorrupt`] for the model; [`ErrorKind::NoGpu`] or
    /// [`ErrorKind::DeviceLost`] where the GPU was asked for and there is none or it computes wrong
    /// numbers.
    pub(crate) fn open(&self) -> Result<Runtime> {
        let folder = self.folder();
        // Some published heads read what the fast engines never have.
        if self.device == DeviceChoice::Auto && folder.manifest()?.head.needs_reference() {
            return Runtime::reference(&folder);
        }
        match self.device {
            DeviceChoice::Cpu => Runtime::on_cpu(&folder),
            DeviceChoice::Reference => Runtime::reference(&folder),
            #[cfg(feature = "burn-gpu")]
            DeviceChoice::ReferenceGpu => {
                let device = pollster::block_on(Device::reference_gpu())?;
                Runtime::tested(&folder, &device, "GPU, f32 reference")
            }
            DeviceChoice::Gpu => gpu::open(&folder, true),
            DeviceChoice::Auto if gpu::COMPILED_IN => gpu::open(&folder, false).or_else(|error| {
                // A damaged model is no reason to try another device.
                if !matches!(error.kind(), ErrorKind::NoGpu | ErrorKind::DeviceLost) {
                    return Err(error);
                }
                // That a machine has none is nothing to be told every time.
                if error.kind() == ErrorKind::DeviceLost {
                    eprintln!("clipsight: the GPU is not used: {}", error.message());
                }
                Runtime::on_cpu(&folder)
            }),
            DeviceChoice::Auto => Runtime::on_cpu(&folder),
        }
    }
}

impl ModelFolder {
    /// The folder named by the argument, else by `CLIPSIGHT_MODEL`, else `models/compact` beside
    /// the program, else in the sources that it was built from.
    pub(crate) fn find(argument: Option<&Path>) -> Self {
        if let Some(folder) = argument {
            return Self(folder.to_owned());
        }
        if let Some(folder) = std::env::var_os("CLIPSIGHT_MODEL").filter(|value| !value.is_empty())
        {
            return Self(folder.into());
        }
        let compact = Path::new("models").join("compact");
        let beside =
            std::env::current_exe().ok().and_then(|program| Some(program.parent()?.join(&compact)));
        match beside.filter(|folder| folder.join("model.json").is_file()) {
            Some(folder) => Self(folder),
            None => Self(Path::new(env!("CARGO_MANIFEST_DIR")).join(compact)),
        }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The model's manifest.
    ///
    /// # Errors
    /// [`ErrorKind::Io`], [`ErrorKind::WeightsCorrupt`], [`ErrorKind::Limit`].
    pub(crate) fn manifest(&self) -> Result<Manifest> {
        let bytes = io::read_at_most(&self.0.join("model.json"), MAX_MANIFEST_BYTES as u64)
            .map_err(|error| {
                let message = format!(
                    "there is no model in {}: name its folder with --model",
                    self.0.display()
                );
                Error::new(ErrorKind::Io, message).with_source(error)
            })?;
        Manifest::from_json(&bytes)
    }

    /// One of the model's weight files.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`] when it cannot be read.
    pub(crate) fn shard(&self, shard: &Shard) -> Result<Vec<u8>> {
        io::read_at_most(&self.0.join(&shard.file), shard.bytes).map_err(|error| {
            let message =
                format!("the model is incomplete: its weights {} cannot be read", shard.file);
            Error::new(ErrorKind::WeightsCorrupt, message).with_source(error)
        })
    }

    /// Loads the whole model onto `device`.
    ///
    /// # Errors
    /// As [`manifest`](Self::manifest).
    pub(crate) fn load(&self, device: &Device) -> Result<Detector> {
        let manifest = self.manifest()?;
        let shards = manifest.shards.clone();
        let mut loader = ModelLoader::new(manifest, device)?;
        for (index, shard) in shards.iter().enumerate() {
            loader.push_shard(index, &self.shard(shard)?)?;
        }
        Detector::new(pollster::block_on(loader.finish())?)
    }
}

impl Runtime {
    /// The model on the CPU: in 8-bit integers, unless its head needs the reference.
    pub(crate) fn on_cpu(folder: &ModelFolder) -> Result<Self> {
        if folder.manifest()?.head.needs_reference() {
            return Self::reference(folder);
        }
        Self::tested(folder, &Device::Cpu, "CPU")
    }

    /// The model in f32 on burn: for what looks into its layers, and to measure the others against.
    pub(crate) fn reference(folder: &ModelFolder) -> Result<Self> {
        Self::tested(folder, &Device::reference(), "CPU, f32 reference")
    }

    fn tested(folder: &ModelFolder, device: &Device, name: &str) -> Result<Self> {
        let detector = folder.load(device)?;
        // The CPU is what the stored logit was computed on: if they differ, one of the two is
        // damaged.
        self_test(&detector, ErrorKind::WeightsCorrupt)?;
        Ok(Self { detector, turn: None, engine: device.clone(), device: name.to_owned() })
    }

    /// The model.
    pub(crate) fn detector(&self) -> &Detector {
        &self.detector
    }

    /// The device.
    pub(crate) fn engine(&self) -> &Device {
        &self.engine
    }

    /// The device, for people.
    pub(crate) fn device(&self) -> &str {
        &self.device
    }

    /// Checks that the model gives verdicts, and can be asked for this number of views.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`].
    pub(crate) fn check_views(&self, asked: Option<usize>) -> Result<()> {
        self.detector.check_head()?;
        asked.map_or(Ok(()), |views| {
            self.detector.manifest().calibration.for_views(views).map(|_| ())
        })
    }

    /// Scores a prepared image.
    ///
    /// # Errors
    /// As [`Detector::score`].
    pub(crate) fn score(&self, image: Encoded) -> Result<Analysis> {
        self.in_turn(|| pollster::block_on(self.detector.score(image)))
    }

    /// One logit a view.
    ///
    /// # Errors
    /// As [`Detector::logits`].
    pub(crate) fn logits(&self, views: &[clipsight::image::Rgb8]) -> Result<Vec<f32>> {
        self.in_turn(|| pollster::block_on(self.detector.logits(views)))
    }

    /// The residual network's logit of an upright image; `None` where the model has none.
    ///
    /// # Errors
    /// As [`Detector::whole`].
    pub(crate) fn residual_logit(&self, image: &clipsight::image::Rgb8) -> Result<Option<f64>> {
        let Some(whole) = self.detector.whole(image)? else { return Ok(None) };
        Ok(self.detector.residual_logit(&whole).map(f64::from))
    }

    /// The head's features of every view, one after the other.
    ///
    /// # Errors
    /// As [`Detector::features`].
    pub(crate) fn features(&self, views: &[clipsight::image::Rgb8]) -> Result<Vec<f32>> {
        self.in_turn(|| pollster::block_on(self.detector.features(views)))
    }

    /// What every head answers to the views of one image.
    ///
    /// # Errors
    /// As [`Detector::answers`].
    pub(crate) fn answers(&self, views: &[clipsight::image::Rgb8]) -> Result<Answers> {
        self.in_turn(|| pollster::block_on(self.detector.answers(views)))
    }

    fn in_turn<T>(&self, compute: impl FnOnce() -> Result<T>) -> Result<T> {
        let Some(turn) = &self.turn else { return compute() };
        let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
        compute()
    }
}

/// Computes the known logit; `kind` is the error of a device that gives another.
fn self_test(detector: &Detector, kind: ErrorKind) -> Result<()> {
    let result = pollster::block_on(detector.self_test())?;
    if result.passed {
        return Ok(());
    }
    let message = format!(
        "the self-test gives the logit {} where {} +- {} is expected: {}",
        result.logit,
        result.expected,
        result.tolerance,
        if kind == ErrorKind::DeviceLost {
            "this GPU computes wrong numbers"
        } else {
            "get the model anew"
        },
    );
    Err(Error::new(kind, message))
}

#[cfg(feature = "webgpu")]
mod gpu {
    use std::sync::Mutex;

    use clipsight::engine::{Device, gpu};
    use clipsight::{Error, ErrorKind, Result};

    use super::{ModelFolder, Runtime, self_test};

    pub(super) const COMPILED_IN: bool = true;

    /// The model on the GPU; unless `any`, one that the CPU only plays is refused.
    pub(super) fn open(folder: &ModelFolder, any: bool) -> Result<Runtime> {
        let gpu = pollster::block_on(gpu::open())?;
        if !any && gpu.software() {
            let message =
                format!("{} is a software rasteriser, slower than the CPU's own path", gpu.name());
            return Err(Error::new(ErrorKind::NoGpu, message));
        }
        let device = format!("GPU: {} ({})", gpu.name(), gpu.backend());
        let engine = Device::Gpu(gpu);
        let detector = folder.load(&engine)?;
        self_test(&detector, ErrorKind::DeviceLost)?;
        Ok(Runtime { detector, turn: Some(Mutex::new(())), engine, device })
    }
}

#[cfg(not(feature = "webgpu"))]
mod gpu {
    use clipsight::{Error, ErrorKind, Result};

    use super::{ModelFolder, Runtime};

    pub(super) const COMPILED_IN: bool = false;

    pub(super) fn open(_: &ModelFolder, _: bool) -> Result<Runtime> {
        let message =
            "this build has no GPU support; build with --features webgpu, or use --device cpu";
        Err(Error::new(ErrorKind::NoGpu, message))
    }
}

/// `--views`.
///
/// # Errors
/// A message for any number but 1 and 5.
pub(crate) fn parse_views(text: &str) -> std::result::Result<usize, String> {
    match text {
        "1" => Ok(1),
        "5" => Ok(5),
        _ => Err("must be 1, or 5 (that one and the corners)".to_owned()),
    }
}
