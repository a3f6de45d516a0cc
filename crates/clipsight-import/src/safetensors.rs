//! safetensors files too large to be read whole: the header alone; the values are read later, in
//! pieces.

use std::io::Read;
use std::path::Path;

use safetensors::tensor::{Dtype as Stored, Metadata};

use super::corrupt;
use super::dtype::Dtype;
use super::files::{open as open_file, unreadable};
use super::pieces::{SharedFile, Span};
use clipsight::limits::MAX_IMPORT_HEADER_BYTES;
use clipsight::{Error, ErrorKind, Result};

/// Whether a file that starts like this could be one: a length, then JSON.
pub(super) fn looks_like(start: &[u8]) -> bool {
    start.get(8) == Some(&b'{')
}

/// A tensor's name, type, shape and place.
type Named = (String, Dtype, Vec<usize>, Span);

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
            "{} is cut off: its header should have {claimed} bytes, but the whole file has \
             {length}",
            path.display()
        )));
    }
    if claimed > MAX_IMPORT_HEADER_BYTES {
        let message = format!(
            "{} has a header of {claimed} bytes; the limit is {MAX_IMPORT_HEADER_BYTES}",
            path.display()
        );
        return Err(Error::new(ErrorKind::Limit, message));
    }
    file.by_ref().take(claimed).read_to_end(&mut header).map_err(failed)?;
    // `SafeTensors::read_metadata` wants the whole file; what it checks there is checked below and
    // when a tensor is read.
    let metadata: Metadata = serde_json::from_slice(&header[8..]).map_err(|error| {
        corrupt(format!("{} is not a safetensors file: {error}", path.display())).with_source(error)
    })?;
    let file = SharedFile::new(file);
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
            let bytes = (to - from) as u64;
            let span = Span { file: file.clone(), start: start + from as u64, bytes, crc: None };
            Ok((name, dtype(info.dtype), info.shape.clone(), span))
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
