//! The tensors of a published checkpoint, whatever its format, one at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};

use super::dtype::Dtype;
use super::files::{open, unreadable};
use super::pieces::{Numbers, Span, Values};
use super::safetensors;
use super::torch::{self, TorchEntry};
use super::{archive, corrupt, unsupported};
use clipsight::limits::MAX_IMPORT_TENSOR_BYTES;
use clipsight::weights::{HostTensor, is_file_name};
use clipsight::{Error, ErrorKind, Result};

/// Where a tensor lies.
#[derive(Debug)]
enum Place {
    Safetensors(Span),
    Torch(TorchEntry),
}

/// One tensor, its values not yet read.
#[derive(Debug)]
struct TensorRecord {
    dtype: Dtype,
    shape: Vec<usize>,
    place: Place,
}

/// An open checkpoint: names, shapes, and the values of one tensor at a time.
#[derive(Debug)]
pub struct Checkpoint {
    entries: BTreeMap<String, TensorRecord>,
}

impl Checkpoint {
    /// Opens a checkpoint of one or several files; a file ending in `.index.json` names the others
    /// beside it.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when a file cannot be read; [`ErrorKind::WeightsCorrupt`] when it is
    /// damaged; [`ErrorKind::Unsupported`] when it is not a checkpoint of a known format.
    pub fn open(path: &Path) -> Result<Self> {
        let mut checkpoint = Self { entries: BTreeMap::new() };
        for path in files(path)? {
            checkpoint.add(&path)?;
        }
        checkpoint.plain_names();
        if checkpoint.entries.is_empty() {
            return Err(corrupt(format!("{} has no tensors", path.display())));
        }
        Ok(checkpoint)
    }

    fn add(&mut self, path: &Path) -> Result<()> {
        let mut start = Vec::new();
        open(path)?.take(16).read_to_end(&mut start).map_err(|error| unreadable(path, error))?;
        let torch = |entries: torch::Entries| {
            let entries = entries.into_iter();
            entries
                .map(|(name, dtype, shape, entry)| (name, dtype, shape, Place::Torch(entry)))
                .collect()
        };
        let entries: Vec<(String, Dtype, Vec<usize>, Place)> = if archive::looks_like(&start) {
            torch(torch::open_archive(path)?)
        } else if torch::looks_like_legacy(&start) {
            torch(torch::open_legacy(path)?)
        } else if safetensors::looks_like(&start) {
            safetensors::open(path)?
                .into_iter()
                .map(|(name, dtype, shape, entry)| (name, dtype, shape, Place::Safetensors(entry)))
                .collect()
        } else {
            return Err(unknown(path));
        };
        for (name, dtype, shape, place) in entries {
            if self.entries.insert(name.clone(), TensorRecord { dtype, shape, place }).is_some() {
                return Err(corrupt(format!("the checkpoint has the tensor {name} twice")));
            }
        }
        Ok(())
    }

    /// Strips what trainers put before every name: `state_dict.`, `model.`, `module.`.
    fn plain_names(&mut self) {
        for prefix in ["state_dict.", "model.", "module."] {
            // Beside the weights a training state may lie: epoch, optimizer.
            let weights = self.entries.keys().filter(|name| name.starts_with(prefix)).count();
            if weights > 0 && (2 * weights > self.entries.len() || prefix == "state_dict.") {
                let entries = std::mem::take(&mut self.entries);
                self.entries = entries
                    .into_iter()
                    .filter_map(|(name, entry)| {
                        Some((name.strip_prefix(prefix)?.to_owned(), entry))
                    })
                    .collect();
            }
        }
    }

    /// All names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// Whether there is a tensor of this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    /// The shape of a tensor.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`] when there is none of this name.
    pub fn shape(&self, name: &str) -> Result<&[usize]> {
        self.entry(name).map(|entry| entry.shape.as_slice())
    }

    /// The values of a tensor.
    ///
    /// # Errors
    /// As [`shape`](Self::shape); [`ErrorKind::WeightsCorrupt`] when the file does not hold what
    /// its header says, or no floating point numbers; [`ErrorKind::Limit`]; [`ErrorKind::Io`].
    pub fn read(&self, name: &str) -> Result<HostTensor> {
        let shape = self.shape(name)?.to_vec();
        let data = self.values(name)?.all(shape.iter().product())?;
        HostTensor::new(shape, data)
    }

    /// The values of a tensor, to be taken forwards.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub(super) fn values<'a>(&self, name: &'a str) -> Result<Values<'a>> {
        let entry = self.entry(name)?;
        if entry.dtype == Dtype::Other {
            return Err(corrupt(format!("the tensor {name} does not hold floating-point numbers")));
        }
        let count =
            entry.shape.iter().try_fold(1_usize, |product, side| product.checked_mul(*side));
        let sized = |count: usize| Some((count, count.checked_mul(entry.dtype.bytes())? as u64));
        let Some((count, bytes)) =
            count.and_then(sized).filter(|(_, bytes)| *bytes <= MAX_IMPORT_TENSOR_BYTES)
        else {
            let message = format!(
                "the tensor {name} of shape {:?} is larger than any encoder's",
                entry.shape
            );
            return Err(Error::new(ErrorKind::Limit, message));
        };
        match &entry.place {
            Place::Torch(place) => place.values(name, count),
            Place::Safetensors(span) if span.bytes == bytes => {
                Ok(Values::InOrder(Numbers::new(name, span.clone(), entry.dtype, 0)?))
            }
            Place::Safetensors(span) => Err(corrupt(format!(
                "the tensor {name} has {} bytes where {bytes} are expected",
                span.bytes
            ))),
        }
    }

    fn entry(&self, name: &str) -> Result<&TensorRecord> {
        self.entries
            .get(name)
            .ok_or_else(|| corrupt(format!("the checkpoint lacks the tensor {name}")))
    }
}

/// The files of a checkpoint: those that an index names, or the one itself.
fn files(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.to_string_lossy().ends_with(".index.json") {
        return Ok(vec![path.to_owned()]);
    }
    let mut bytes = Vec::new();
    let limit = clipsight::limits::MAX_MANIFEST_BYTES as u64;
    open(path)?.take(limit).read_to_end(&mut bytes).map_err(|error| unreadable(path, error))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    Ok(shards_of_index(&bytes)?.into_iter().map(|name| folder.join(name)).collect())
}

/// The files that an index (`*.index.json`, Hugging Face's list of which file holds which tensor)
/// names, all beside it.
///
/// # Errors
/// [`ErrorKind::WeightsCorrupt`] when it is not an index, or names a file elsewhere.
pub fn shards_of_index(bytes: &[u8]) -> Result<BTreeSet<String>> {
    #[derive(serde::Deserialize)]
    struct Index {
        weight_map: BTreeMap<String, String>,
    }
    let index: Index = serde_json::from_slice(bytes).map_err(|error| {
        corrupt(format!("the index of shards is damaged: {error}")).with_source(error)
    })?;
    let names: BTreeSet<String> = index.weight_map.into_values().collect();
    // An index must not reach outside its folder.
    match names.iter().find(|name| !is_file_name(name)) {
        None => Ok(names),
        Some(name) => {
            Err(corrupt(format!("the index names {name:?}, which is not a file beside it")))
        }
    }
}

/// The error for a file that is not a checkpoint.
fn unknown(path: &Path) -> Error {
    unsupported(format!(
        "{} is not a checkpoint: neither a safetensors file nor one that PyTorch wrote",
        path.display()
    ))
}
