//! Writes tensors as safetensors shards.

use std::collections::BTreeMap;
use std::ops::Range;

use half::f16;
use safetensors::tensor::{Dtype, TensorView, serialize};

use super::{
    HostTensor, Q4, Q6, Q8, Shard, Storage, StoredTensor, StoredValues, blocks, sha256_hex,
};
use crate::clip::{TensorRole, TensorSpec};
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

/// Most bytes of a tensor's values held at once on their way into a shard, unless a single row is
/// longer.
const ROWS_BYTES: usize = 1 << 20;

/// One stored tensor.
#[derive(Debug)]
struct PackedTensor {
    name: String,
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

/// Packs tensors, one after the other, into shards named `{prefix}-00001.safetensors` and so on,
/// each at most [`MAX_SHARD_BYTES`]: no more than a shard and the tensor at hand is ever held. A
/// matrix that does not fit in what is left of a shard is split by rows: its parts are named
/// `{name}@{first row}`.
#[derive(Debug)]
pub struct Packer {
    storage: Storage,
    prefix: String,
    open: Vec<PackedTensor>,
    used: usize,
    closed: usize,
}

impl Packer {
    /// Nothing packed yet.
    #[must_use]
    pub fn new(storage: Storage, prefix: &str) -> Self {
        Self { storage, prefix: prefix.to_owned(), open: Vec::new(), used: 0, closed: 0 }
    }

    /// Packs one tensor; passes every full shard to `full`.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`] when the tensor does not have the shape of `spec` or is not
    /// finite; errors of `full`.
    pub fn push(
        &mut self,
        spec: &TensorSpec,
        tensor: &HostTensor,
        full: impl FnMut(PackedShard) -> Result<()>,
    ) -> Result<()> {
        if tensor.shape != spec.shape {
            return Err(unusable(spec));
        }
        let mut taken = 0;
        let next = |values: &mut [f32]| {
            values.copy_from_slice(&tensor.data[taken..][..values.len()]);
            taken += values.len();
            Ok(())
        };
        self.push_rows(spec, next, full)
    }

    /// Packs one tensor that is read on the way: `next` fills the slice it gets with the next
    /// values, row-major. No more than a MiB is held beside the shard.
    ///
    /// # Errors
    /// As [`push`](Self::push); errors of `next`.
    pub fn push_rows(
        &mut self,
        spec: &TensorSpec,
        mut next: impl FnMut(&mut [f32]) -> Result<()>,
        full: impl FnMut(PackedShard) -> Result<()>,
    ) -> Result<()> {
        let storage = self.storage.of(spec);
        let columns = *spec.shape.last().unwrap_or(&1);
        let at_once = (ROWS_BYTES / (4 * columns.max(1))).max(1);
        let mut values = Vec::new();
        self.split(spec, storage, full, |rows, parts| {
            let mut first = rows.start;
            while first < rows.end {
                let count = at_once.min(rows.end - first);
                values.resize(count * columns, 0.0);
                next(&mut values)?;
                if !values.iter().all(|value| value.is_finite()) {
                    return Err(unusable(spec));
                }
                parts.add(spec.role, storage, &values, columns);
                first += count;
            }
            Ok(())
        })
    }

    /// Packs a tensor that is in its stored form already, whatever that is.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub fn push_stored(
        &mut self,
        spec: &TensorSpec,
        tensor: &StoredTensor,
        full: impl FnMut(PackedShard) -> Result<()>,
    ) -> Result<()> {
        if tensor.shape != spec.shape || !tensor.is_finite() {
            return Err(unusable(spec));
        }
        let columns = *spec.shape.last().unwrap_or(&1);
        let storage = match &tensor.values {
            StoredValues::F32(_) => match self.storage.of(spec) {
                Storage::F32 => Storage::F32,
                _ => Storage::F16,
            },
            StoredValues::Q8(q8) if self.storage.of(spec) == Storage::Q6 && Q6::fits(&q8.codes) => {
                Storage::Q6
            }
            StoredValues::Q8(_) => Storage::Q8,
            StoredValues::Q4(_) => Storage::Q4,
        };
        self.split(spec, storage, full, |rows, parts| {
            let scales = rows.start * blocks(columns)..rows.end * blocks(columns);
            match &tensor.values {
                StoredValues::F32(values) => {
                    parts.add(
                        spec.role,
                        storage,
                        &values[rows.start * columns..rows.end * columns],
                        columns,
                    );
                }
                StoredValues::Q8(q8) => {
                    let codes = &q8.codes[rows.start * columns..rows.end * columns];
                    parts.add_codes(storage, codes, &q8.scales[scales], columns);
                }
                StoredValues::Q4(q4) => {
                    let bytes = Q4::row_bytes(columns);
                    parts.bytes.extend(&q4.codes[rows.start * bytes..rows.end * bytes]);
                    parts.add_scales(&q4.scales[scales]);
                }
            }
            Ok(())
        })
    }

    /// Asks `fill` for as many rows at a time as fit in what is left of a shard.
    fn split(
        &mut self,
        spec: &TensorSpec,
        storage: Storage,
        mut full: impl FnMut(PackedShard) -> Result<()>,
        mut fill: impl FnMut(Range<usize>, &mut Part) -> Result<()>,
    ) -> Result<()> {
        #[expect(clippy::cast_possible_truncation, reason = "4 MiB")]
        let room = MAX_SHARD_BYTES as usize - HEADER_ROOM;
        let columns = *spec.shape.last().unwrap_or(&1);
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
            let name =
                if end - row == rows { spec.name.clone() } else { format!("{}@{row}", spec.name) };
            let shape =
                if spec.shape.len() == 2 { vec![end - row, columns] } else { vec![columns] };
            let mut part = Part::default();
            fill(row..end, &mut part)?;
            part.close(&mut self.open, spec.role, storage, name, shape);
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
    let message = format!(
        "the tensor {} is missing, not {:?} in shape, or not finite",
        spec.name, spec.shape
    );
    Error::new(ErrorKind::WeightsCorrupt, message)
}

fn stored_row_bytes(role: TensorRole, storage: Storage, columns: usize) -> usize {
    match (role, storage) {
        (TensorRole::Vector, _) | (_, Storage::F32) => 4 * columns,
        (TensorRole::Table, _) | (_, Storage::F16) => 2 * columns,
        (TensorRole::Matrix, Storage::Q8 | Storage::Q6 | Storage::Q4) => {
            code_bytes(storage, columns) + 2 * blocks(columns)
        }
    }
}

/// Bytes of codes in a row of `columns`.
fn code_bytes(storage: Storage, columns: usize) -> usize {
    match storage {
        Storage::Q6 => Q6::row_bytes(columns),
        Storage::Q4 => Q4::row_bytes(columns),
        Storage::Q8 | Storage::F16 | Storage::F32 => columns,
    }
}

/// Rows in their stored form.
#[derive(Debug, Default)]
struct Part {
    bytes: Vec<u8>,
    scales: Vec<u8>,
}

impl Part {
    /// Rounds rows of `columns` values.
    fn add(&mut self, role: TensorRole, storage: Storage, values: &[f32], columns: usize) {
        match (role, storage) {
            (TensorRole::Vector, _) | (_, Storage::F32) => {
                self.bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
            }
            (TensorRole::Table, _) | (_, Storage::F16) => {
                self.bytes
                    .extend(values.iter().flat_map(|value| f16::from_f32(*value).to_le_bytes()));
            }
            (TensorRole::Matrix, Storage::Q8) => {
                let Q8 { codes, scales } = Q8::quantize(values, columns);
                self.add_codes(storage, &codes, &scales, columns);
            }
            (TensorRole::Matrix, Storage::Q6) => {
                let Q8 { codes, scales } = Q6::quantize(values, columns);
                self.add_codes(storage, &codes, &scales, columns);
            }
            (TensorRole::Matrix, Storage::Q4) => {
                let q4 = Q4::quantize(values, columns);
                self.bytes.extend(q4.codes);
                self.add_scales(&q4.scales);
            }
        }
    }

    /// Rows of codes, as 8 bits, or as 6 where the storage says so, and their scales.
    fn add_codes(&mut self, storage: Storage, codes: &[i8], scales: &[f16], columns: usize) {
        if storage == Storage::Q6 {
            self.bytes.extend(Q6::pack(codes, columns));
        } else {
            self.bytes.extend(codes.iter().map(|code| code.cast_unsigned()));
        }
        self.add_scales(scales);
    }

    fn add_scales(&mut self, scales: &[f16]) {
        self.scales.extend(scales.iter().flat_map(|scale| scale.to_le_bytes()));
    }

    /// The entries of a shard that it makes.
    fn close(
        self,
        open: &mut Vec<PackedTensor>,
        role: TensorRole,
        storage: Storage,
        name: String,
        mut shape: Vec<usize>,
    ) {
        let dtype = match (role, storage) {
            (TensorRole::Vector, _) | (_, Storage::F32) => Dtype::F32,
            (TensorRole::Table, _) | (_, Storage::F16) => Dtype::F16,
            (TensorRole::Matrix, Storage::Q8) => Dtype::I8,
            (TensorRole::Matrix, Storage::Q6 | Storage::Q4) => Dtype::U8,
        };
        let scales =
            matches!(dtype, Dtype::I8 | Dtype::U8).then(|| scales_of(&name, &shape, self.scales));
        if let (Dtype::U8, [_, columns]) = (dtype, shape.as_mut_slice()) {
            *columns = code_bytes(storage, *columns);
        }
        open.push(PackedTensor { name, dtype, shape, bytes: self.bytes });
        open.extend(scales);
    }
}

/// The scales of the matrix `name` of `shape`.
fn scales_of(name: &str, shape: &[usize], bytes: Vec<u8>) -> PackedTensor {
    let shape = vec![shape[0], blocks(shape[1])];
    PackedTensor { name: format!("{name}.scale"), dtype: Dtype::F16, shape, bytes }
}

fn close(open: &mut Vec<PackedTensor>, index: usize, prefix: &str) -> Result<PackedShard> {
    let internal =
        |error| Error::new(ErrorKind::Internal, "a shard cannot be written").with_source(error);
    let views = open
        .iter()
        .map(|entry| {
            Ok((
                entry.name.as_str(),
                TensorView::new(entry.dtype, entry.shape.clone(), &entry.bytes)
                    .map_err(internal)?,
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
