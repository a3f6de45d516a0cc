//! What `torch.save` wrote, through burn's own reader: pickles are interpreted, never run.

use std::io;
use std::path::Path;

use pytorch_reader::{DType, PickleError, PickleValue, PytorchError, PytorchReader, Tensor};

use super::checkpoint::{Dtype, unknown, unreadable};
use super::{corrupt, unsupported};
use crate::limits::MAX_IMPORT_NESTING;
use crate::{Error, ErrorKind, Result};

/// Python names that a checkpoint may mention beside its tensors: training arguments, random states, numbers.
/// Everything else could only have been meant to be run.
const HARMLESS: [&str; 8] =
    ["torch.", "numpy.", "collections.", "argparse.Namespace", "int", "_codecs.encode", "pathlib.", "torchvision."];

/// All tensors of a file.
pub(super) fn open(path: &Path) -> Result<Vec<Tensor>> {
    refuse_code(path, &values(path)?, 0)?;
    let reader = PytorchReader::new(path).map_err(|error| failed(path, error))?;
    Ok(reader.into_tensors().into_values().collect())
}

/// What a file holds beside its tensors.
pub(super) fn values(path: &Path) -> Result<PickleValue> {
    PytorchReader::read_pickle_data(path, None).map_err(|error| failed(path, error))
}

/// The bytes of a tensor, row-major.
pub(super) fn read(tensor: &Tensor) -> Result<Vec<u8>> {
    tensor.read().map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
            corrupt(format!("the checkpoint is damaged: {error}")).with_source(error)
        }
        _ => Error::new(ErrorKind::Io, format!("the checkpoint cannot be read: {error}")).with_source(error),
    })
}

pub(super) fn dtype(dtype: DType) -> Dtype {
    match dtype {
        DType::F64 => Dtype::F64,
        DType::F32 => Dtype::F32,
        DType::F16 => Dtype::F16,
        DType::BF16 => Dtype::Bf16,
        _ => Dtype::Other,
    }
}

fn refuse_code(path: &Path, value: &PickleValue, depth: usize) -> Result<()> {
    if depth > MAX_IMPORT_NESTING {
        return Err(corrupt(format!("{} is nested too deeply", path.display())));
    }
    match value {
        PickleValue::Unsupported(name) if !HARMLESS.iter().any(|harmless| name.starts_with(harmless)) => {
            Err(code(path, name))
        }
        PickleValue::List(items) => items.iter().try_for_each(|item| refuse_code(path, item, depth + 1)),
        PickleValue::Dict(items) => items.values().try_for_each(|item| refuse_code(path, item, depth + 1)),
        _ => Ok(()),
    }
}

/// The error of a pickle that calls for something to be run.
pub(super) fn code(path: &Path, name: &str) -> Error {
    unsupported(format!(
        "{} asks to call {name}, which a checkpoint has no need of: nothing was run, and it is not read; get the \
         weights as safetensors",
        path.display()
    ))
}

fn failed(path: &Path, error: PytorchError) -> Error {
    let message = format!("{} cannot be read as a PyTorch file: {error}", path.display());
    match error {
        PytorchError::Io(error)
            if !matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof) =>
        {
            unreadable(path, error)
        }
        PytorchError::InvalidFormat(why) if why.starts_with("not a PyTorch checkpoint") => unknown(path),
        PytorchError::Pickle(PickleError::UnsupportedType(name)) => code(path, &name),
        error => corrupt(message).with_source(error),
    }
}
