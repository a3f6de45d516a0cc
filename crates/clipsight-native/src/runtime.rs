//! A model on a device: where models are found, which device runs, and the self-test before any
//! result is trusted.
//!
//! ```
//! use clipsight_native::runtime::{DeviceChoice, ModelFolder, Runtime};
//! // The compact model, from the sources.
//! let runtime = Runtime::open(&ModelFolder::find(None), DeviceChoice::Cpu)?;
//! assert_eq!(runtime.device().to_string(), "CPU");
//! # Ok::<(), clipsight::Error>(())
//! ```

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::picture::decode;
use clipsight::engine::{Cpu, Engine};
use clipsight::limits::{MAX_MANIFEST_BYTES, MAX_REFERENCES_BYTES};
use clipsight::model::{
    Analysis, Answers, Detector, Encoded, LoadedTensors, Manifest, ModelLoader, Request,
};
use clipsight::teach::{Example, TaughtHead};
use clipsight::weights::Shard;
use clipsight::{Error, ErrorKind, Result};

use crate::io;

/// The requested device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceChoice {
    /// The GPU if this build supports it and it passes the self-test, else the CPU.
    Auto,
    /// The CPU.
    Cpu,
    /// The GPU; an error if there is none.
    Gpu,
    /// The CPU in 32-bit floating point: slower; the others are tested against it.
    Reference,
    /// The same on the GPU, through burn-wgpu.
    ReferenceGpu,
}

/// The file of a model's labelled rows, beside `model.json`: what heads are taught with.
pub const REFERENCES: &str = "references.bin";

/// The folder of a model: `model.json` and its shards.
#[derive(Clone, Debug)]
pub struct ModelFolder(PathBuf);

/// What computes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Device {
    /// The CPU, in 8-bit integers.
    Cpu,
    /// A GPU, by its name.
    Gpu(String),
    /// The CPU, in f32.
    Reference,
    /// A GPU, in f32.
    ReferenceGpu,
}

impl fmt::Display for Device {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => formatter.write_str("CPU"),
            Self::Gpu(name) => write!(formatter, "GPU: {name}"),
            Self::Reference => formatter.write_str("CPU, f32 reference"),
            Self::ReferenceGpu => formatter.write_str("GPU, f32 reference"),
        }
    }
}

/// A model that passed its self-test, on a device.
#[derive(Debug)]
pub struct Runtime {
    detector: Detector,
    /// GPUs take one image at a time; meanwhile other threads decode.
    turn: Option<Mutex<()>>,
    engine: Arc<dyn Engine>,
    device: Device,
}

/// Names of the models that come with the program, the default first: folders of `models`, beside
/// the program or in its sources.
pub const SHIPPED_MODELS: [&str; 2] = ["compact", "standard"];

impl ModelFolder {
    /// The model that the argument names, else `CLIPSIGHT_MODEL`, else the first of
    /// [`SHIPPED_MODELS`]. One of their names stands for that model, anything else for a folder;
    /// a folder of such a name is written `./compact`.
    pub fn find(argument: Option<&Path>) -> Self {
        let named = argument.map(Path::to_owned).or_else(|| {
            let value = std::env::var_os("CLIPSIGHT_MODEL")?;
            (!value.is_empty()).then(|| value.into())
        });
        let shipped = |path: &Path| SHIPPED_MODELS.into_iter().find(|name| path == Path::new(name));
        match named {
            None => Self::shipped(SHIPPED_MODELS[0]),
            Some(path) => shipped(&path).map_or(Self(path), Self::shipped),
        }
    }

    /// Where models are looked for that nobody names: `CLIPSIGHT_MODEL`, and all of
    /// [`SHIPPED_MODELS`].
    pub fn known() -> impl Iterator<Item = Self> {
        std::iter::once(Self::find(None)).chain(SHIPPED_MODELS.map(Self::shipped))
    }

    /// The folder of a model that comes with the program: beside it, else in the sources that it
    /// was built from.
    fn shipped(name: &str) -> Self {
        let folder = Path::new("models").join(name);
        let beside =
            std::env::current_exe().ok().and_then(|program| Some(program.parent()?.join(&folder)));
        match beside.filter(|folder| folder.join("model.json").is_file()) {
            Some(folder) => Self(folder),
            None => Self(sources().join(folder)),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The model's manifest.
    ///
    /// # Errors
    /// [`ErrorKind::Io`], [`ErrorKind::WeightsCorrupt`], [`ErrorKind::Limit`].
    pub fn manifest(&self) -> Result<Manifest> {
        let bytes = io::read_at_most(&self.0.join("model.json"), MAX_MANIFEST_BYTES as u64)
            .map_err(|error| {
                let message = format!(
                    "there is no model in {}: --model takes the name of a model that comes with \
                     the program ({}), or a model's folder",
                    self.0.display(),
                    SHIPPED_MODELS.join(", ")
                );
                Error::new(ErrorKind::Io, message).with_source(error)
            })?;
        Manifest::from_json(&bytes)
    }

    /// One of the model's weight files.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`] when it cannot be read.
    pub fn shard(&self, shard: &Shard) -> Result<Vec<u8>> {
        io::read_at_most(&self.0.join(&shard.file), shard.bytes).map_err(|error| {
            let message =
                format!("the model is incomplete: its weights {} cannot be read", shard.file);
            Error::new(ErrorKind::WeightsCorrupt, message).with_source(error)
        })
    }

    /// The file of the model's labelled rows, for
    /// [`References::from_bytes`](clipsight::teach::References::from_bytes).
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] when the model has none; [`ErrorKind::Io`].
    pub fn references(&self) -> Result<Vec<u8>> {
        let path = self.0.join(REFERENCES);
        if !path.exists() {
            let message = format!(
                "the model in {} cannot be taught: it comes without {REFERENCES}, the labelled \
                 images that keep a head from forgetting; choose a model that comes with the \
                 program",
                self.0.display()
            );
            return Err(Error::new(ErrorKind::Argument, message));
        }
        io::read_at_most(&path, MAX_REFERENCES_BYTES as u64)
    }

    /// Loads the whole model onto `engine`.
    ///
    /// # Errors
    /// As [`manifest`](Self::manifest).
    pub fn load(&self, engine: &dyn Engine) -> Result<Detector> {
        Detector::new(self.tensors(engine)?)
    }

    /// All of the model's tensors, the encoder's on `engine`.
    ///
    /// # Errors
    /// As [`manifest`](Self::manifest).
    pub fn tensors(&self, engine: &dyn Engine) -> Result<LoadedTensors> {
        let manifest = self.manifest()?;
        let shards = manifest.shards.clone();
        let mut loader = ModelLoader::new(manifest, engine)?;
        for (index, shard) in shards.iter().enumerate() {
            loader.push_shard(index, &self.shard(shard)?)?;
        }
        pollster::block_on(loader.finish())
    }
}

/// The repository that this was built in.
fn sources() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().nth(2).unwrap_or(package)
}

impl Runtime {
    /// Loads the model and tests it.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] or [`ErrorKind::WeightsCorrupt`] for the model; [`ErrorKind::NoGpu`] or
    /// [`ErrorKind::DeviceLost`] if the GPU was requested and there is none or it computes wrong
    /// numbers; [`ErrorKind::Argument`] for a device that this build does not have.
    pub fn open(folder: &ModelFolder, device: DeviceChoice) -> Result<Self> {
        // Some published heads read values that the fast engines do not keep.
        if device == DeviceChoice::Auto && folder.manifest()?.head.needs_reference() {
            return Self::reference(folder);
        }
        match device {
            DeviceChoice::Cpu => Self::on_cpu(folder),
            DeviceChoice::Reference => Self::reference(folder),
            DeviceChoice::ReferenceGpu => reference::on_gpu(folder),
            DeviceChoice::Gpu => gpu::open(folder, true),
            DeviceChoice::Auto if gpu::COMPILED_IN => gpu::open(folder, false).or_else(|error| {
                // A damaged model would fail on any device.
                if !matches!(error.kind(), ErrorKind::NoGpu | ErrorKind::DeviceLost) {
                    return Err(error);
                }
                // A machine without a GPU does not need a warning every time.
                if error.kind() == ErrorKind::DeviceLost {
                    eprintln!("clipsight: the GPU is not used: {}", error.message());
                }
                Self::on_cpu(folder)
            }),
            DeviceChoice::Auto => Self::on_cpu(folder),
        }
    }

    /// The model on the CPU: in 8-bit integers, unless its head needs the reference.
    pub fn on_cpu(folder: &ModelFolder) -> Result<Self> {
        if folder.manifest()?.head.needs_reference() {
            return Self::reference(folder);
        }
        Self::tested(folder, Arc::new(Cpu), Device::Cpu)
    }

    /// The model in f32 on burn: for callers that look into its layers, and to measure the others
    /// against.
    pub fn reference(folder: &ModelFolder) -> Result<Self> {
        reference::on_cpu(folder)
    }

    /// The model on an engine.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn tested(folder: &ModelFolder, engine: Arc<dyn Engine>, device: Device) -> Result<Self> {
        let detector = folder.load(engine.as_ref())?;
        // The stored logit was computed on a CPU: if they differ, the model or the machine is
        // faulty.
        self_test(&detector, ErrorKind::WeightsCorrupt)?;
        Ok(Self { detector, turn: None, engine, device })
    }

    /// The model.
    pub fn detector(&self) -> &Detector {
        &self.detector
    }

    /// The engine.
    #[must_use]
    pub fn engine(&self) -> &dyn Engine {
        self.engine.as_ref()
    }

    /// What computes; its text is for display.
    #[must_use]
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Checks that the model can give verdicts, and with this number of views.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`].
    pub fn check_views(&self, asked: Option<usize>) -> Result<()> {
        self.detector.check_head()?;
        asked.map_or(Ok(()), |views| {
            self.detector.manifest().calibration.for_views(views).map(|_| ())
        })
    }

    /// Decodes an image of any format that [`picture`](crate::picture) reads, and prepares what was
    /// asked for.
    ///
    /// # Errors
    /// As [`Detector::prepare`].
    pub fn prepare(&self, bytes: &[u8], request: impl Into<Request>) -> Result<Encoded> {
        self.detector.check_head()?;
        self.detector.prepare_decoded(bytes, decode(bytes)?, request)
    }

    /// Judges with a taught head from now on.
    ///
    /// # Errors
    /// As [`Detector::use_head`].
    pub fn use_head(&mut self, head: TaughtHead) -> Result<()> {
        self.detector.use_head(Some(head))
    }

    /// A prepared image as an example to teach with.
    ///
    /// # Errors
    /// As [`Detector::example`].
    pub fn example(&self, image: &Encoded) -> Result<Example> {
        self.in_turn(|| pollster::block_on(self.detector.example(image)))
    }

    /// Scores a prepared image.
    ///
    /// # Errors
    /// As [`Detector::score`].
    pub fn score(&self, image: Encoded) -> Result<Analysis> {
        self.in_turn(|| pollster::block_on(self.detector.score(image)))
    }

    /// One logit per view.
    ///
    /// # Errors
    /// As [`Detector::logits`].
    pub fn logits(&self, views: &[clipsight::image::Rgb8]) -> Result<Vec<f32>> {
        self.in_turn(|| pollster::block_on(self.detector.logits(views)))
    }

    /// The residual network's logit of an upright image; `None` if the model has no such network.
    ///
    /// # Errors
    /// As [`Detector::whole`].
    pub fn residual_logit(&self, image: &clipsight::image::Rgb8) -> Result<Option<f64>> {
        let Some(whole) = self.detector.whole(image)? else { return Ok(None) };
        Ok(self.detector.residual_logit(&whole).map(f64::from))
    }

    /// The head's features of every view, one after the other.
    ///
    /// # Errors
    /// As [`Detector::features`].
    pub fn features(&self, views: &[clipsight::image::Rgb8]) -> Result<Vec<f32>> {
        self.in_turn(|| pollster::block_on(self.detector.features(views)))
    }

    /// The answers of every head for the views of one image.
    ///
    /// # Errors
    /// As [`Detector::answers`].
    pub fn answers(&self, views: &[clipsight::image::Rgb8]) -> Result<Answers> {
        self.in_turn(|| pollster::block_on(self.detector.answers(views)))
    }

    fn in_turn<T>(&self, compute: impl FnOnce() -> Result<T>) -> Result<T> {
        let Some(turn) = &self.turn else { return compute() };
        let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
        compute()
    }
}

/// Computes the known logit; `kind` is the kind of the error if the device computes a different
/// one.
fn self_test(detector: &Detector, kind: ErrorKind) -> Result<()> {
    let result = pollster::block_on(detector.self_test())?;
    if result.passed {
        return Ok(());
    }
    let message = format!(
        "the self-test computed the logit {} instead of {} +- {}: {}",
        result.logit,
        result.expected,
        result.tolerance,
        if kind == ErrorKind::DeviceLost {
            "this GPU computes wrong numbers"
        } else {
            "download or import the model again"
        },
    );
    Err(Error::new(kind, message))
}

#[cfg(feature = "webgpu")]
mod gpu {
    use std::sync::{Arc, Mutex};

    use clipsight::engine::gpu;
    use clipsight::{Error, ErrorKind, Result};

    use super::{Device, ModelFolder, Runtime, self_test};

    pub(super) const COMPILED_IN: bool = true;

    /// The model on the GPU; unless `any`, a software rasteriser is refused.
    pub(super) fn open(folder: &ModelFolder, any: bool) -> Result<Runtime> {
        let gpu = pollster::block_on(gpu::open())?;
        if !any && gpu.software() {
            let message = format!(
                "{} is a software rasteriser, slower than this program's CPU engine",
                gpu.name()
            );
            return Err(Error::new(ErrorKind::NoGpu, message));
        }
        let device = Device::Gpu(format!("{} ({})", gpu.name(), gpu.backend()));
        let detector = folder.load(&gpu)?;
        self_test(&detector, ErrorKind::DeviceLost)?;
        Ok(Runtime { detector, turn: Some(Mutex::new(())), engine: Arc::new(gpu), device })
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

#[cfg(feature = "reference")]
mod reference {
    use std::sync::Arc;

    use clipsight::Result;
    use clipsight_reference::Reference;

    use super::{Device, ModelFolder, Runtime};

    pub(super) fn on_cpu(folder: &ModelFolder) -> Result<Runtime> {
        Runtime::tested(folder, Arc::new(Reference::cpu()), Device::Reference)
    }

    #[cfg(feature = "burn-gpu")]
    pub(super) fn on_gpu(folder: &ModelFolder) -> Result<Runtime> {
        let engine = pollster::block_on(Reference::gpu())?;
        Runtime::tested(folder, Arc::new(engine), Device::ReferenceGpu)
    }

    #[cfg(not(feature = "burn-gpu"))]
    pub(super) fn on_gpu(_: &ModelFolder) -> Result<Runtime> {
        super::not_built("the f32 reference on the GPU", "burn-gpu")
    }
}

#[cfg(not(feature = "reference"))]
mod reference {
    use clipsight::Result;

    use super::{ModelFolder, Runtime};

    pub(super) fn on_cpu(_: &ModelFolder) -> Result<Runtime> {
        super::not_built("the f32 reference", "reference")
    }

    pub(super) fn on_gpu(_: &ModelFolder) -> Result<Runtime> {
        super::not_built("the f32 reference on the GPU", "burn-gpu")
    }
}

#[cfg(not(all(feature = "reference", feature = "burn-gpu")))]
fn not_built(what: &str, feature: &str) -> Result<Runtime> {
    let message = format!("this build does not have {what}; build with --features {feature}");
    Err(Error::new(ErrorKind::Argument, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_for_the_models_that_come_with_the_program() {
        for name in SHIPPED_MODELS {
            let folder = ModelFolder::find(Some(Path::new(name)));
            assert_eq!(folder.path(), sources().join("models").join(name));
            let id = folder.manifest().map(|manifest| manifest.id);
            assert!(id.is_ok_and(|id| id.starts_with(&format!("clipsight-{name}-"))));
            // A folder that is called so.
            let own = format!("./{name}");
            assert_eq!(ModelFolder::find(Some(Path::new(&own))).path(), Path::new(&own));
        }
        assert_eq!(ModelFolder::find(Some(Path::new("mine"))).path(), Path::new("mine"));
    }
}
