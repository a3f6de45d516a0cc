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
struct Entry {
    name: String,
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

/// Packs `tensors` in the order of `specs` into shards named `{prefix}-00001.safetensors` and so on, each at most
/// [`MAX_SHARD_BYTES`]. A matrix that does not fit in what is left of a shard is split by rows: its parts are named
/// `{name}@{first row}`.
///
/// # Errors
/// [`ErrorKind::WeightsCorrupt`] when a tensor is missing, of the wrong shape or not finite.
pub fn pack(
    specs: &[TensorSpec],
    tensors: &BTreeMap<String, HostTensor>,
    storage: Storage,
    prefix: &str,
) -> Result<Vec<PackedShard>> {
    #[expect(clippy::cast_possible_truncation, reason = "4 MiB")]
    let room = MAX_SHARD_BYTES as usize - HEADER_ROOM;
    let mut shards = Vec::new();
    let mut open: Vec<Entry> = Vec::new();
    let mut used = 0;
    for spec in specs {
        let tensor = tensors
            .get(&spec.name)
            .filter(|tensor| tensor.shape == spec.shape && tensor.data.iter().all(|value| value.is_finite()))
            .ok_or_else(|| {
                let message = format!(
                    "the tensor {} is missing, not {:?} in shape, or not finite",
                    spec.name, spec.shape
                );
                Error::new(ErrorKind::WeightsCorrupt, message)
            })?;
        let columns = *spec.shape.last().unwrap_or(&1);
        // A head's matrices are small beside the encoder's, and every bit counts there.
        let storage = match storage {
            Storage::Q4 if !VisionConfig::owns(&spec.name) => Storage::Q8,
            other => other,
        };
        let rows = if spec.shape.len() == 2 { spec.shape[0] } else { 1 };
        let row_bytes = stored_row_bytes(spec.role, storage, columns);
        let mut row = 0;
        while row < rows {
            let fit = (room - used) / row_bytes;
            // A few leftover rows would cost a tensor entry each; a whole new shard is better.
            if fit == 0 || (fit < rows - row && used > room / 8 * 7) {
                shards.push(close(&mut open, shards.len(), prefix)?);
                used = 0;
                continue;
            }
            let end = rows.min(row + fit);
            let name = if end - row == rows { spec.name.clone() } else { format!("{}@{row}", spec.name) };
            let shape = if spec.shape.len() == 2 { vec![end - row, columns] } else { vec![columns] };
            store(&mut open, spec.role, storage, name, shape, &tensor.data[row * columns..end * columns]);
            used += (end - row) * row_bytes;
            row = end;
        }
    }
    if !open.is_empty() {
        shards.push(close(&mut open, shards.len(), prefix)?);
    }
    Ok(shards)
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
