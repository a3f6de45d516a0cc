//! Tensors as weight files hold them: what engines take, each into the form it computes with.

use half::f16;
use safetensors::tensor::{Dtype, TensorView};

use super::{HostTensor, Q4, Q6, Q8, Storage, blocks};
use crate::clip::{TensorRole, TensorSpec};
use crate::{Error, ErrorKind, Result};

/// A tensor in its stored form.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredTensor {
    /// Shape; matrices are `[out, in]`, row-major.
    pub shape: Vec<usize>,
    /// The values.
    pub values: StoredValues,
}

/// The values of a tensor in their stored form. Files of f16 are read as f32.
#[derive(Clone, Debug, PartialEq)]
pub enum StoredValues {
    /// Floating point.
    F32(Vec<f32>),
    /// Blocks of 8-bit codes; those of files of [`Storage::Q6`] too.
    Q8(Q8),
    /// Blocks of 4-bit codes.
    Q4(Q4),
}

fn corrupt(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::WeightsCorrupt, message)
}

impl StoredTensor {
    /// The values it stands for, row-major.
    #[must_use]
    pub fn to_f32(&self) -> Vec<f32> {
        let columns = self.shape.last().copied().unwrap_or(1);
        match &self.values {
            StoredValues::F32(values) => values.clone(),
            StoredValues::Q8(q8) => q8.dequantize(columns),
            StoredValues::Q4(q4) => q4.dequantize(columns),
        }
    }

    /// The tensor of `spec` as a file of `storage` would hold it: matrices in codes, everything
    /// else, and matrices of `F16`, in f32.
    #[must_use]
    pub fn quantize(tensor: HostTensor, spec: &TensorSpec, storage: Storage) -> Self {
        let columns = tensor.shape.last().copied().unwrap_or(1);
        let values = match (spec.role, storage.of(spec)) {
            (TensorRole::Matrix, Storage::Q8) => {
                StoredValues::Q8(Q8::quantize(&tensor.data, columns))
            }
            (TensorRole::Matrix, Storage::Q6) => {
                StoredValues::Q8(Q6::quantize(&tensor.data, columns))
            }
            (TensorRole::Matrix, Storage::Q4) => {
                StoredValues::Q4(Q4::quantize(&tensor.data, columns))
            }
            _ => StoredValues::F32(tensor.data),
        };
        Self { shape: tensor.shape, values }
    }

    /// The same tensor in f32.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`] when the number of values does not fit the shape.
    pub fn into_host(self) -> Result<HostTensor> {
        match self.values {
            StoredValues::F32(values) => HostTensor::new(self.shape, values),
            _ => HostTensor::new(self.shape.clone(), self.to_f32()),
        }
    }

    /// Reads the tensor `name` of a shard, or some rows of it; `columns` is the length of a row.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`] when the file's types and shapes do not match, or a number is
    /// not finite.
    pub(super) fn read(
        name: &str,
        view: &TensorView<'_>,
        scales: Option<&TensorView<'_>>,
        columns: usize,
    ) -> Result<Self> {
        let mut shape = view.shape().to_vec();
        let values = match (view.dtype(), scales) {
            (Dtype::F32, None) => StoredValues::F32(
                view.data().as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect(),
            ),
            (Dtype::F16, None) => {
                StoredValues::F32(halves(view).into_iter().map(f16::to_f32).collect())
            }
            (Dtype::I8, Some(scales)) => {
                let scales = read_scales(name, scales, view.shape(), columns)?;
                let codes = bytemuck::cast_slice(view.data()).to_vec();
                StoredValues::Q8(Q8 { codes, scales })
            }
            (Dtype::U8, Some(scales)) if shape.last() == Some(&Q4::row_bytes(columns)) => {
                let scales = read_scales(name, scales, view.shape(), columns)?;
                // Two codes a byte: the shape that is meant is that of the values.
                if let Some(last) = shape.last_mut() {
                    *last = columns;
                }
                StoredValues::Q4(Q4 { codes: view.data().to_vec(), scales })
            }
            (Dtype::U8, Some(scales)) if shape.last() == Some(&Q6::row_bytes(columns)) => {
                let scales = read_scales(name, scales, view.shape(), columns)?;
                if let Some(last) = shape.last_mut() {
                    *last = columns;
                }
                StoredValues::Q8(Q8 { codes: Q6::unpack(view.data(), columns), scales })
            }
            (Dtype::I8 | Dtype::U8, None) => {
                return Err(corrupt(format!("the quantised tensor {name} has no scales")));
            }
            (dtype, _) => {
                return Err(corrupt(format!(
                    "the tensor {name} is stored as {dtype:?}, which is not supported"
                )));
            }
        };
        let tensor = Self { shape, values };
        if tensor.is_finite() {
            return Ok(tensor);
        }
        Err(corrupt(format!("the tensor {name} contains a value that is not finite")))
    }

    /// A tensor of `rows` rows in the form of `part`, to be filled by
    /// [`fill_rows`](Self::fill_rows).
    pub(super) fn like(part: &Self, rows: usize) -> Self {
        let columns = part.shape.last().copied().unwrap_or(1);
        let scales = vec![f16::ZERO; rows * blocks(columns)];
        let values = match &part.values {
            StoredValues::F32(_) => StoredValues::F32(vec![0.0; rows * columns]),
            StoredValues::Q8(_) => StoredValues::Q8(Q8 { codes: vec![0; rows * columns], scales }),
            StoredValues::Q4(_) => {
                StoredValues::Q4(Q4 { codes: vec![0; rows * Q4::row_bytes(columns)], scales })
            }
        };
        Self { shape: vec![rows, columns], values }
    }

    /// Copies the rows of `part` to `first_row` and on; false when `part` is stored in another
    /// form, or does not fit.
    pub(super) fn fill_rows(&mut self, first_row: usize, part: &Self) -> bool {
        fn copy<T: Copy>(to: &mut [T], from: &[T], at: usize) -> bool {
            let room = to.get_mut(at..at + from.len());
            room.is_some_and(|room| {
                room.copy_from_slice(from);
                true
            })
        }
        let columns = self.shape.last().copied().unwrap_or(1);
        match (&mut self.values, &part.values) {
            (StoredValues::F32(to), StoredValues::F32(from)) => copy(to, from, first_row * columns),
            (StoredValues::Q8(to), StoredValues::Q8(from)) => {
                copy(&mut to.codes, &from.codes, first_row * columns)
                    && copy(&mut to.scales, &from.scales, first_row * blocks(columns))
            }
            (StoredValues::Q4(to), StoredValues::Q4(from)) => {
                copy(&mut to.codes, &from.codes, first_row * Q4::row_bytes(columns))
                    && copy(&mut to.scales, &from.scales, first_row * blocks(columns))
            }
            _ => false,
        }
    }

    /// Whether every number is finite.
    pub(super) fn is_finite(&self) -> bool {
        match &self.values {
            StoredValues::F32(values) => values.iter().all(|value| value.is_finite()),
            StoredValues::Q8(Q8 { scales, .. }) | StoredValues::Q4(Q4 { scales, .. }) => {
                scales.iter().all(|scale| scale.is_finite())
            }
        }
    }
}

impl From<HostTensor> for StoredTensor {
    fn from(tensor: HostTensor) -> Self {
        Self { shape: tensor.shape, values: StoredValues::F32(tensor.data) }
    }
}

fn halves(view: &TensorView<'_>) -> Vec<f16> {
    view.data().as_chunks().0.iter().map(|bytes| f16::from_le_bytes(*bytes)).collect()
}

/// The scales of the quantised tensor `name` of shape `codes`, whose rows hold `columns` values.
fn read_scales(
    name: &str,
    scales: &TensorView<'_>,
    codes: &[usize],
    columns: usize,
) -> Result<Vec<f16>> {
    let &[rows, _] = codes else {
        return Err(corrupt(format!("the quantised tensor {name} is not a matrix")));
    };
    let expected = [rows, blocks(columns)];
    if scales.dtype() != Dtype::F16 || scales.shape() != expected {
        let message = format!("the scales of the tensor {name} must be f16 of shape {expected:?}");
        return Err(corrupt(message));
    }
    Ok(halves(scales))
}
