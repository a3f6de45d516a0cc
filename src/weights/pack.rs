//! Writes tensors as safetensors shards.

use std::collections::BTreeMap;

use half::f16;
use safetensors::tensor::{Dtype, TensorView, serialize};

use super::{HostTensor, Q4, Q8, Shard, Storage, blocks, sha256_hex};
use crate::clip::{TensorRole, TensorSpec, VisionConfig};
use crate::limits::MAX_SHARD_BYTES;
use crate::{Error, ErrorKind, Result};

/// A shard and the manifest entry that describes it.
#[derive(Clone, Debug)]
pub struct PackedShard {
    /// File name, length and hash.
    pub entry: Shard,
    /// The file.
    pub bytes: Vec<u8>,
}

/// Room left in a shard for the safetensors header, in bytes.
const HEADER_ROOM: usize = 64 << 10;

/// One stored tensor.
#[derive(Debug)]
struct Entry {
    name: String,
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

/// Packs tensors, one after the other, into shards named `{prefix}-00001.safetensors` and so on, each at most
/// [`MAX_SHARD_BYTES`]: no more than a shard and the tensor at hand is ever held. A matrix that does not fit in what is
/// left of a shard is split by rows: its parts are named `{name}@{first row}`.
#[derive(Debug)]
pub struct Packer {
    storage: Storage,
    prefix: String,
    open: Vec<Entry>,
    used: usize,
    closed: usize,
}

impl Packer {
    /// Nothing packed yet.
    #[must_use]
    pub fn new(storage: Storage, prefix: &str) -> Self {
        Self { storage, prefix: prefix.to_owned(), open: Vec::new(), used: 0, closed: 0 }
    }

    /// Packs one tensor; hands every shard that is full to `full`.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`] when the tensor is not of the shape that `spec` says, or not finite; what `full`
    /// gives.
    pub fn push(
        &mut self,
        spec: &TensorSpec,
        tensor: &HostTensor,
        mut full: impl FnMut(PackedShard) -> Result<()>,
    ) -> Result<()> {
        #[expect(clippy::cast_possible_truncation, reason = "4 MiB")]
        let room = MAX_SHARD_BYTES as usize - HEADER_ROOM;
        if tensor.shape != spec.shape || !tensor.data.iter().all(|value| value.is_finite()) {
            return Err(unusable(spec));
        }
        let columns = *spec.shape.last().unwrap_or(&1);
        // A head's matrices are small beside the encoder's, and every bit counts there.
        let storage = match self.storage {
            Storage::Q4 if !VisionConfig::owns(&spec.name) && !spec.name.starts_with("text.") => Storage::Q8,
            other => other,
        };
        let rows = if spec.shape.len() == 2 { spec.shape[0] } else { 1 };
        let row_bytes = stored_row_bytes(spec.role, storage, columns);
        let mut row = 0;
        while row < rows {
            let fit = (room - self.used) / row_bytes;
            // A few leftover rows would cost a tensor entry each; a whole new shard is better.
            if fit == 0 || (fit < rows - row && self.used > room / 8 * 7) {
                full(self.close()?)?;
                continue;
            }
            let end = rows.min(row + fit);
            let name = if end - row == rows { spec.name.clone() } else { format!("{}@{row}", spec.name) };
            let shape = if spec.shape.len() == 2 { vec![end - row, columns] } else { vec![columns] };
            let values = &tensor.data[row * columns..end * columns];
            store(&mut self.open, spec.role, storage, name, shape, values);
            self.used += (end - row) * row_bytes;
            row = end;
        }
        Ok(())
    }

    /// The last shard, unless nothing is left to be written.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] when it cannot be written.
    pub fn finish(mut self) -> Result<Option<PackedShard>> {
        if self.open.is_empty() { Ok(None) } else { self.close().map(Some) }
    }

    fn close(&mut self) -> Result<PackedShard> {
        let shard = close(&mut self.open, self.closed, &self.prefix)?;
        (self.used, self.closed) = (0, self.closed + 1);
        Ok(shard)
    }
}

/// Packs `tensors` in the order of `specs`, as [`Packer`] does.
///
/// # Errors
/// [`ErrorKind::WeightsCorrupt`] when a tensor is missing, of the wrong shape or not finite.
pub fn pack(
    specs: &[TensorSpec],
    tensors: &BTreeMap<String, HostTensor>,
    storage: Storage,
    prefix: &str,
) -> Result<Vec<PackedShard>> {
    let mut packer = Packer::new(storage, prefix);
    let mut shards = Vec::new();
    for spec in specs {
        let tensor = tensors.get(&spec.name).ok_or_else(|| unusable(spec))?;
        packer.push(spec, tensor, |shard| {
            shards.push(shard);
            Ok(())
        })?;
    }
    shards.extend(packer.finish()?);
    Ok(shards)
}

fn unusable(spec: &TensorSpec) -> Error {
    let message =
        format!("the tensor {} is missing, not {:?} in shape, or not finite", spec.name, spec.shape);
    Error::new(ErrorKind::WeightsCorrupt, message)
}

fn stored_row_bytes(role: TensorRole, storage: Storage, columns: usize) -> usize {
    match (role, storage) {
        (TensorRole::Vector, _) | (_, Storage::F32) => 4 * columns,
        (TensorRole::Table, _) | (_, Storage::F16) => 2 * columns,
        (TensorRole::Matrix, Storage::Q8) => columns + 2 * blocks(columns),
        (TensorRole::Matrix, Storage::Q4) => Q4::row_bytes(columns) + 2 * blocks(columns),
    }
}

fn store(
    open: &mut Vec<Entry>,
    role: TensorRole,
    storage: Storage,
    name: String,
    shape: Vec<usize>,
    values: &[f32],
) {
    let half_bytes =
        |values: &[f16]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
    match (role, storage) {
        (TensorRole::Vector, _) | (_, Storage::F32) => {
            let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            open.push(Entry { name, dtype: Dtype::F32, shape, bytes });
        }
        (TensorRole::Table, _) | (_, Storage::F16) => {
            let halves: Vec<f16> = values.iter().map(|value| f16::from_f32(*value)).collect();
            open.push(Entry { name, dtype: Dtype::F16, shape, bytes: half_bytes(&halves) });
        }
        (TensorRole::Matrix, Storage::Q8) => {
            let q8 = Q8::quantize(values, shape[1]);
            let codes = q8.codes.iter().map(|code| code.cast_unsigned()).collect();
            let scales = scales_of(&name, &shape, half_bytes(&q8.scales));
            open.push(Entry { name, dtype: Dtype::I8, shape, bytes: codes });
            open.push(scales);
        }
        (TensorRole::Matrix, Storage::Q4) => {
            let q4 = Q4::quantize(values, shape[1]);
            let scales = scales_of(&name, &shape, half_bytes(&q4.scales));
            let shape = vec![shape[0], Q4::row_bytes(shape[1])];
            open.push(Entry { name, dtype: Dtype::U8, shape, bytes: q4.codes });
            open.push(scales);
        }
    }
}

/// The scales of the matrix `name` of `shape`.
fn scales_of(name: &str, shape: &[usize], bytes: Vec<u8>) -> Entry {
    let shape = vec![shape[0], blocks(shape[1])];
    Entry { name: format!("{name}.scale"), dtype: Dtype::F16, shape, bytes }
}

fn close(open: &mut Vec<Entry>, index: usize, prefix: &str) -> Result<PackedShard> {
    let internal = |error| Error::new(ErrorKind::Internal, "a shard cannot be written").with_source(error);
    let views = open
        .iter()
        .map(|entry| {
            Ok((
                entry.name.as_str(),
                TensorView::new(entry.dtype, entry.shape.clone(), &entry.bytes).map_err(internal)?,
            ))
        })
        .collect::<Result<Vec<_>>>()?;
    let bytes = serialize(views, None).map_err(internal)?;
    open.clear();
    let entry = Shard {
        file: format!("{prefix}-{:05}.safetensors", index + 1),
        bytes: bytes.len() as u64,
        sha256: sha256_hex(&bytes),
    };
    Ok(PackedShard { entry, bytes })
}
