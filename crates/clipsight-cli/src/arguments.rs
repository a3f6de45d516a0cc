//! Arguments that several commands take.

use std::path::PathBuf;

use clap::ValueEnum;
use clipsight::Result;
use clipsight::image::Rectangle;
use clipsight::weights::Storage;
use clipsight_native::runtime::{DeviceChoice, ModelFolder, Runtime};

/// Where a model runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Device {
    /// The GPU if this build supports it and it passes the self-test, else the CPU
    Auto,
    /// The CPU
    Cpu,
    /// The GPU; an error if there is none
    Gpu,
    /// The CPU in 32-bit floating point: slower; the others are tested against it
    #[cfg(feature = "reference")]
    Reference,
    /// The same on the GPU, through burn-wgpu
    #[cfg(feature = "burn-gpu")]
    ReferenceGpu,
}

impl From<Device> for DeviceChoice {
    fn from(device: Device) -> Self {
        match device {
            Device::Auto => Self::Auto,
            Device::Cpu => Self::Cpu,
            Device::Gpu => Self::Gpu,
            #[cfg(feature = "reference")]
            Device::Reference => Self::Reference,
            #[cfg(feature = "burn-gpu")]
            Device::ReferenceGpu => Self::ReferenceGpu,
        }
    }
}

/// Storage of matrices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Quantisation {
    /// 32-bit floating point
    F32,
    /// 16-bit floating point
    F16,
    /// 8-bit blocks
    Q8,
    /// 6-bit blocks
    Q6,
    /// 4-bit blocks
    Q4,
}

impl From<Quantisation> for Storage {
    fn from(choice: Quantisation) -> Self {
        match choice {
            Quantisation::F32 => Self::F32,
            Quantisation::F16 => Self::F16,
            Quantisation::Q8 => Self::Q8,
            Quantisation::Q6 => Self::Q6,
            Quantisation::Q4 => Self::Q4,
        }
    }
}

/// The arguments of every command that runs a model.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct RuntimeArgs {
    /// The model: compact, standard, or a model's folder [default: $CLIPSIGHT_MODEL, else compact]
    #[arg(long, value_name = "NAME|DIR")]
    model: Option<PathBuf>,
    /// The device that computes
    #[arg(long, value_enum, default_value_t = Device::Auto)]
    device: Device,
}

impl RuntimeArgs {
    /// The model's folder.
    pub(crate) fn folder(&self) -> ModelFolder {
        ModelFolder::find(self.model.as_deref())
    }

    /// Loads the model and tests it.
    ///
    /// # Errors
    /// As [`Runtime::open`].
    pub(crate) fn open(&self) -> Result<Runtime> {
        Runtime::open(&self.folder(), self.device.into())
    }
}

/// `--crop`.
///
/// # Errors
/// A message for anything but four whole numbers, of which the last two are not zero.
pub(crate) fn parse_crop(text: &str) -> std::result::Result<Rectangle, String> {
    let numbers: Option<Vec<u32>> = match text.split(',').collect::<Vec<_>>()[..] {
        [x, y, size] => size.split_once('x').and_then(|(width, height)| {
            [x, y, width, height].map(|number| number.trim().parse().ok()).into_iter().collect()
        }),
        _ => None,
    };
    match numbers.as_deref() {
        Some(&[x, y, width, height]) if width > 0 && height > 0 => {
            Ok(Rectangle { x, y, width, height })
        }
        _ => Err("must be X,Y,WIDTHxHEIGHT in pixels, such as 120,80,640x480".to_owned()),
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
        _ => Err("must be 1, or 5 (the first view and the four corners)".to_owned()),
    }
}
