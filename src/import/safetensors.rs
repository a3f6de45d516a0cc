//! safetensors files too large to be read whole: the header first, then one tensor at a time.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use safetensors::tensor::{Dtype as Stored, Metadata};

use super::checkpoint::{Dtype, open as open_file, unreadable};
use super::corrupt;
use crate::limits::MAX_IMPORT_HEADER_BYTES;
use crate::{Error, ErrorKind, Result};

/// Where a tensor's values lie in its file.
#[derive(Debug)]
pub(super) struct SafetensorsEntry {
    file: Arc<Mutex<File>>,
    offset: u64,
    bytes: usize,
}

/// Whether a file that starts like this could be one: a length, then JSON.
pub(super) fn looks_like(start: &[u8]) -> bool {
    start.get(8) == Some(&b'{')
}

/// A tensor's name, type, shape and place.
type Named = (String, Dtype, Vec<usize>, SafetensorsEntry);

/// All tensors of a file.
pub(super) fn open(path: &Path) -> Result<Vec<Named>> {
    let failed = |error| unreadable(path, error);
    let mut file = open_file(path)?;
    let length = file.metadata().map_err(failed)?.len();
    let mut header = vec![0; 8];
    file.read_exact(&mut header).map_err(failed)?;
    let claimed = header.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
    let start = claimed.saturating_add(8);
    if start > length {
        return Err(corrupt(format!(
            "{} is cut off: it says that its header has {claimed} bytes, but it has {length} in all",
            path.display()
        )));
    }
    if claimed > MAX_IMPORT_HEADER_BYTES {
        let message =
            format!("{} has a header of {claimed} bytes; {MAX_IMPORT_HEADER_BYTES} are read", path.display());
        return Err(Error::new(ErrorKind::Limit, message));
    }
    file.by_ref().take(claimed).read_to_end(&mut header).map_err(failed)?;
    // `SafeTensors::read_metadata` wants the whole file; what it checks there is checked below and when a tensor is read.
    let metadata: Metadata = serde_json::from_slice(&header[8..]).map_err(|error| {
        corrupt(format!("{} is no safetensors file: {error}", path.display())).with_source(error)
    })?;
    let file = Arc::new(Mutex::new(file));
    metadata
        .tensors()
        .into_iter()
        .map(|(name, info)| {
            let (from, to) = info.data_offsets;
            if start.checked_add(to as u64).is_none_or(|end| end > length) || from > to {
                return Err(corrupt(format!(
                    "{} is cut off: it ends before its tensor {name} does",
                    path.display()
                )));
            }
            let entry =
                SafetensorsEntry { file: Arc::clone(&file), offset: start + from as u64, bytes: to - from };
            Ok((name, dtype(info.dtype), info.shape.clone(), entry))
        })
        .collect()
}

fn dtype(stored: Stored) -> Dtype {
    match stored {
        Stored::F64 => Dtype::F64,
        Stored::F32 => Dtype::F32,
        Stored::F16 => Dtype::F16,
        Stored::BF16 => Dtype::Bf16,
        _ => Dtype::Other,
    }
}

impl SafetensorsEntry {
    /// The bytes of the tensor `name`, which must be `expected`.
    pub(super) fn read(&self, name: &str, expected: usize) -> Result<Vec<u8>> {
        if self.bytes != expected {
            return Err(corrupt(format!(
                "the tensor {name} has {} bytes where {expected} are expected",
                self.bytes
            )));
        }
        let mut bytes = vec![0; expected];
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(self.offset)).and_then(|_| file.read_exact(&mut bytes)).map_err(
            |error| {
                Error::new(ErrorKind::Io, format!("the tensor {name} cannot be read: {error}"))
                    .with_source(error)
            },
        )?;
        Ok(bytes)
    }
}
