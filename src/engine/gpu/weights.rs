//! A model's tensors on the GPU.

use std::borrow::Cow;

use half::f16;

use super::device::{Gpu, Reports};
use super::kernels::{WeightFormat, stride};
use crate::weights::{Q4, Q8, StoredTensor, StoredValues, blocks};
use crate::{Error, ErrorKind, Result};

/// A matrix `[columns, depth]`: `columns` outputs of `depth` inputs each.
#[derive(Debug)]
pub(super) struct GpuMatrix {
    pub(super) format: WeightFormat,
    /// In order; more than one where a binding would be too large.
    pub(super) parts: Vec<MatrixPart>,
}

/// Some columns of a matrix.
#[derive(Debug)]
pub(super) struct MatrixPart {
    pub(super) first: usize,
    pub(super) count: usize,
    pub(super) codes: wgpu::Buffer,
    /// One f16 per block, two per word; none for floating point.
    pub(super) scales: Option<wgpu::Buffer>,
}

/// Columns of a part are a multiple of this: what a thread of
/// [`Family::Registers`](super::kernels::Family) computes.
const GRANULE: usize = 8;

impl GpuMatrix {
    /// Uploads `tensor`, in parts of at most `limit` bytes.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`] when the values do not fit the shape;
    /// [`ErrorKind::DeviceLost`] when a few columns alone are too much for the GPU.
    pub(super) fn upload(
        gpu: &Gpu,
        tensor: &StoredTensor,
        limit: usize,
        reports: &mut Reports,
    ) -> Result<Self> {
        let &[columns, depth] = tensor.shape.as_slice() else { return Err(misshapen()) };
        let (format, row_bytes, given) = match &tensor.values {
            StoredValues::F32(values) if values.iter().copied().all(is_half) => {
                (WeightFormat::F16, 2 * stride(depth), values.len() == columns * depth)
            }
            StoredValues::F32(values) => {
                (WeightFormat::F32, 4 * stride(depth), values.len() == columns * depth)
            }
            StoredValues::Q8(Q8 { codes, .. }) => {
                (WeightFormat::Q8, stride(depth), codes.len() == columns * depth)
            }
            StoredValues::Q4(Q4 { codes, .. }) => {
                (WeightFormat::Q4, stride(depth) / 2, codes.len() == columns * Q4::row_bytes(depth))
            }
        };
        let scales = match &tensor.values {
            StoredValues::F32(_) => None,
            StoredValues::Q8(Q8 { scales, .. }) | StoredValues::Q4(Q4 { scales, .. }) => {
                Some(scales)
            }
        };
        if !given || scales.is_some_and(|scales| scales.len() != columns * blocks(depth)) {
            return Err(misshapen());
        }
        let step = limit / row_bytes / GRANULE * GRANULE;
        if step == 0 {
            return Err(Error::new(
                ErrorKind::DeviceLost,
                "the GPU's buffers are too small for this model; use the CPU",
            ));
        }
        let part = |first: usize| {
            let count = step.min(columns - first);
            let codes = match &tensor.values {
                StoredValues::F32(values) if format == WeightFormat::F16 => interleave::<8>(
                    &f16_bytes(&values[first * depth..][..count * depth], depth),
                    row_bytes,
                ),
                StoredValues::F32(values) => interleave::<16>(
                    &f32_bytes(&values[first * depth..][..count * depth], depth),
                    row_bytes,
                ),
                StoredValues::Q8(Q8 { codes, .. }) => interleave::<4>(
                    &q8_bytes(&codes[first * depth..][..count * depth], depth),
                    row_bytes,
                ),
                StoredValues::Q4(Q4 { codes, .. }) => {
                    let row = Q4::row_bytes(depth);
                    interleave::<4>(
                        &q4_bytes(&codes[first * row..][..count * row], depth),
                        row_bytes,
                    )
                }
            };
            let scales = scales.map(|scales| {
                let row = blocks(depth);
                let bytes = scale_bytes(&scales[first * row..][..count * row], row);
                interleave::<4>(&bytes, 2 * row.next_multiple_of(2))
            });
            (count, codes, scales)
        };
        let parts = (0..columns)
            .step_by(step)
            .map(|first| {
                let (count, codes, scales) = part(first);
                MatrixPart {
                    first,
                    count,
                    codes: upload(gpu, &codes, reports),
                    scales: scales.map(|scales| upload(gpu, &scales, reports)),
                }
            })
            .collect();
        Ok(Self { format, parts })
    }
}

/// Uploads a vector, padded with zeros.
pub(super) fn upload_vector(gpu: &Gpu, values: &[f32], reports: &mut Reports) -> wgpu::Buffer {
    upload(gpu, &f32_bytes(values, values.len()), reports)
}

/// Uploads rows of `width`, padded with zeros.
pub(super) fn upload_rows(
    gpu: &Gpu,
    values: &[f32],
    width: usize,
    reports: &mut Reports,
) -> wgpu::Buffer {
    upload(gpu, &f32_bytes(values, width), reports)
}

fn upload(gpu: &Gpu, bytes: &[u8], reports: &mut Reports) -> wgpu::Buffer {
    gpu.watch(reports, |device| {
        let buffer = device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: bytes.len() as u64,
            usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        gpu.queue().write_buffer(&buffer, 0, bytes);
        // Without a submission the staging memory of all tensors would pile up.
        gpu.queue().submit([]);
        buffer
    })
}

/// Four rows side by side: `UNIT` bytes of each in turn. Rows are padded with zeros to a multiple
/// of four.
fn interleave<const UNIT: usize>(bytes: &[u8], row: usize) -> Vec<u8> {
    let padding = vec![0; row];
    let mut interleaved = Vec::with_capacity(bytes.len().next_multiple_of(4 * row));
    for rows in bytes.chunks(4 * row) {
        let mut rows = rows.chunks_exact(row).chain(std::iter::repeat(padding.as_slice()));
        let mut next = || rows.next().unwrap_or_default().as_chunks::<UNIT>().0.iter();
        let (first, second, third, fourth) = (next(), next(), next(), next());
        for (((first, second), third), fourth) in first.zip(second).zip(third).zip(fourth) {
            for unit in [first, second, third, fourth] {
                interleaved.extend_from_slice(unit);
            }
        }
    }
    interleaved
}

fn misshapen() -> Error {
    Error::new(ErrorKind::WeightsCorrupt, "a tensor does not hold as many values as its shape says")
}

fn f32_bytes(values: &[f32], width: usize) -> Cow<'static, [u8]> {
    let mut bytes = Vec::with_capacity(values.len() / width.max(1) * stride(width) * 4);
    for row in values.chunks(width.max(1)) {
        bytes.extend(row.iter().flat_map(|value| value.to_le_bytes()));
        bytes.resize(bytes.len() + 4 * (stride(width) - row.len()), 0);
    }
    Cow::Owned(bytes)
}

/// Whether f16 holds the number: files of f16 are read as f32, and may go back to what they were.
fn is_half(value: f32) -> bool {
    f16::from_f32(value).to_f32().to_bits() == value.to_bits()
}

fn f16_bytes(values: &[f32], width: usize) -> Cow<'static, [u8]> {
    let mut bytes = Vec::with_capacity(values.len() / width.max(1) * stride(width) * 2);
    for row in values.chunks(width.max(1)) {
        bytes.extend(row.iter().flat_map(|value| f16::from_f32(*value).to_le_bytes()));
        bytes.resize(bytes.len() + 2 * (stride(width) - row.len()), 0);
    }
    Cow::Owned(bytes)
}

fn q8_bytes(codes: &[i8], width: usize) -> Cow<'_, [u8]> {
    let bytes: &[u8] = bytemuck::cast_slice(codes);
    if width == stride(width) {
        return Cow::Borrowed(bytes);
    }
    let mut padded = Vec::with_capacity(bytes.len() / width.max(1) * stride(width));
    for row in bytes.chunks(width.max(1)) {
        padded.extend_from_slice(row);
        padded.resize(padded.len() + stride(width) - row.len(), 0);
    }
    Cow::Owned(padded)
}

/// [`WeightFormat::Q4`]'s order, in two's complement: a code is stored as its difference from 8.
fn q4_bytes(codes: &[u8], width: usize) -> Vec<u8> {
    const ZERO: u8 = 0x88;
    let mut bytes =
        Vec::with_capacity(codes.len() / Q4::row_bytes(width).max(1) * stride(width) / 2);
    for row in codes.chunks(Q4::row_bytes(width).max(1)) {
        let start = bytes.len();
        bytes.extend_from_slice(row);
        if !width.is_multiple_of(2)
            && let Some(last) = bytes.last_mut()
        {
            *last = *last & 0x0f | ZERO & 0xf0;
        }
        bytes.resize(start + stride(width) / 2, ZERO);
        for word in bytes[start..].as_chunks_mut::<4>().0 {
            let [a, b, c, d] = *word;
            *word = [a & 0x0f | c << 4, a >> 4 | c & 0xf0, b & 0x0f | d << 4, b >> 4 | d & 0xf0]
                .map(|byte| byte ^ ZERO);
        }
    }
    bytes
}

/// Rows of an even number of f16, so that each begins at a word.
fn scale_bytes(scales: &[f16], row: usize) -> Vec<u8> {
    let padded = row.next_multiple_of(2);
    let mut bytes = Vec::with_capacity(scales.len() / row.max(1) * padded * 2);
    for row in scales.chunks(row.max(1)) {
        bytes.extend(row.iter().flat_map(|scale| scale.to_le_bytes()));
        bytes.resize(bytes.len() + 2 * (padded - row.len()), 0);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_rows_stand_side_by_side() {
        assert_eq!(interleave::<1>(&[1, 2, 3, 4, 5, 6, 7, 8], 2), [1, 3, 5, 7, 2, 4, 6, 8]);
        assert_eq!(
            interleave::<2>(&[1, 2, 3, 4], 4),
            [1, 2, 0, 0, 0, 0, 0, 0, 3, 4, 0, 0, 0, 0, 0, 0]
        );
    }

    #[test]
    fn four_bit_codes_are_paired_with_the_column_four_further_on() {
        // Codes 0..8 of one row, padded to 32 columns.
        let bytes = q4_bytes(&[0x10, 0x32, 0x54, 0x76], 8);
        assert_eq!(bytes.len(), 16);
        assert_eq!(
            bytes[..4].iter().map(|byte| byte ^ 0x88).collect::<Vec<_>>(),
            [0x40, 0x51, 0x62, 0x73]
        );
        assert!(bytes[4..].iter().all(|byte| *byte == 0));
        // An odd row's last half byte holds no column.
        let odd = q4_bytes(&[0xf7], 1);
        assert_eq!(odd[..4], [0x07 ^ 0x08, 0, 0, 0]);
    }
}
