//! TorchScript archives, which OpenAI published CLIP as: a zip of storages and a pickle that describes modules.
//!
//! The pickle is interpreted by what PyTorch's own writer emits (`torch/csrc/jit/serialization/pickler.cpp`) and nothing
//! else: modules are read as dictionaries, tensors from the few calls that rebuild them. The archive's code is never
//! looked at. Plain archives of `torch.save` go through `pytorch-reader`, which does not read modules of this kind.

use std::fs::File;
use std::io::{BufReader, Cursor, Read, Take};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use zip::ZipArchive;

use super::checkpoint::{Dtype, open as open_file};
use super::pickle::{self, StoredView, Value};
use super::{corrupt, torch};
use crate::limits::{MAX_IMPORT_HEADER_BYTES, MAX_IMPORT_NESTING, MAX_IMPORT_TENSOR_BYTES};
use crate::{Error, ErrorKind, Result};

type Archive = ZipArchive<BufReader<File>>;

/// Where a tensor's values lie in the archive.
#[derive(Debug)]
pub(super) struct ScriptEntry {
    archive: Arc<Mutex<Archive>>,
    /// The storage's file in the archive.
    storage: String,
    shape: Vec<usize>,
    view: StoredView,
}

/// Names, types, shapes and places of all tensors; `None` when the archive is no TorchScript.
pub(super) fn open(path: &Path) -> Result<Option<Vec<(String, Dtype, Vec<usize>, ScriptEntry)>>> {
    let damaged = |error| corrupt(format!("{} is a damaged or cut-off archive: {error}", path.display())).with_source(error);
    let mut archive = ZipArchive::new(BufReader::new(open_file(path)?)).map_err(damaged)?;
    let names = archive.file_names().collect::<zip::result::ZipResult<Vec<_>>>().map_err(damaged)?;
    let root = names.iter().filter_map(|name| name.strip_suffix("constants.pkl")).min_by_key(|root| root.len());
    let Some(root) = root.map(ToOwned::to_owned) else { return Ok(None) };
    let pickle = member(&mut archive, &format!("{root}data.pkl"), |_, entry| {
        let mut bytes = Vec::new();
        entry.take(MAX_IMPORT_HEADER_BYTES).read_to_end(&mut bytes).map(|_| bytes)
    })?;
    let module = pickle::read(&mut Cursor::new(pickle), |name| torch::code(path, name))?;
    let archive = Arc::new(Mutex::new(archive));
    let mut entries = Vec::new();
    let mut add = |name: String, shape: &[usize], view: &StoredView| {
        let storage = format!("{root}data/{}", view.storage);
        let entry = ScriptEntry { archive: Arc::clone(&archive), storage, shape: shape.to_vec(), view: view.clone() };
        entries.push((name, view.dtype, shape.to_vec(), entry));
    };
    walk(&module, "", 0, &mut add)?;
    Ok(Some(entries))
}

fn walk(value: &Value, name: &str, depth: usize, add: &mut impl FnMut(String, &[usize], &StoredView)) -> Result<()> {
    if depth > MAX_IMPORT_NESTING {
        return Err(corrupt("the archive's modules are nested too deeply"));
    }
    match value {
        Value::Tensor { shape, view } => add(name.to_owned(), shape, view),
        Value::Dict(items) => {
            for (key, value) in items {
                let name = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
                walk(value, &name, depth + 1, add)?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// Reads a member of the archive.
fn member<T>(
    archive: &mut Archive,
    name: &str,
    read: impl FnOnce(u64, Take<&mut dyn Read>) -> std::io::Result<T>,
) -> Result<T> {
    let damaged = |why: String| corrupt(format!("the archive's {name} cannot be read: {why}"));
    let index = archive.index_for_name(name).ok_or_else(|| corrupt(format!("the archive lacks {name}")))?;
    let mut entry = archive.by_index(index).map_err(|error| damaged(error.to_string()))?;
    let size = entry.size();
    if size > MAX_IMPORT_TENSOR_BYTES {
        return Err(Error::new(ErrorKind::Limit, format!("the archive's {name} is larger than any encoder's tensor")));
    }
    let entry: &mut dyn Read = &mut entry;
    read(size, entry.take(size + 1)).map_err(|error| damaged(error.to_string()))
}

impl ScriptEntry {
    /// The bytes of the tensor `name`, row-major, which must be `expected`.
    pub(super) fn read(&self, name: &str, expected: usize) -> Result<Vec<u8>> {
        let size = self.view.dtype.bytes();
        let outside = || corrupt(format!("the tensor {name} reaches beyond its storage {}", self.storage));
        let start = self.view.offset.checked_mul(size).ok_or_else(outside)?;
        let contiguous = self.view.is_contiguous(&self.shape);
        let mut archive = self.archive.lock().unwrap_or_else(PoisonError::into_inner);
        member(&mut archive, &self.storage, |length, mut storage| {
            let whole = start == 0 && expected as u64 == length;
            let mut bytes = Vec::new();
            if contiguous && !whole {
                std::io::copy(&mut storage.by_ref().take(start as u64), &mut std::io::sink())?;
                storage.take(expected as u64).read_to_end(&mut bytes)?;
            } else {
                // To its end, where the checksum is compared.
                storage.read_to_end(&mut bytes)?;
            }
            Ok(bytes)
        })
        .and_then(|bytes| {
            if contiguous {
                return if bytes.len() == expected { Ok(bytes) } else { Err(outside()) };
            }
            self.view.gather(&bytes, &self.shape).ok_or_else(outside)
        })
    }
}

