//! The streaming reader: shard by shard to the device.

use std::collections::{BTreeMap, HashMap, HashSet};

use burn::tensor::Device;
use half::f16;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};

use super::{HostTensor, Manifest, Q8, sha256_hex, upload};
use crate::clip::{DeviceTensor, TensorSpec};
use crate::{Error, ErrorKind, Result};

/// Takes a model's shards in any order, one at a time.
///
/// A shard's bytes are hashed before they are parsed, and borrowed only for the call. Its tensors are dequantised
/// one by one and handed to the device; at no time are two copies of the weights held in host memory. Nothing can be
/// computed before [`finish`](Self::finish) has found every tensor: there are no partial models.
#[derive(Debug)]
pub struct ModelLoader {
    manifest: Manifest,
    device: Device,
    specs: HashMap<String, TensorSpec>,
    pushed: Vec<bool>,
    /// Matrices of which some rows have come: values and the number of rows still to come.
    partial: HashMap<String, Partial>,
    complete: HashMap<String, DeviceTensor>,
}

#[derive(Debug)]
struct Partial {
    data: Vec<f32>,
    /// First row -> number of rows, of every part that has come.
    parts: BTreeMap<usize, usize>,
}

/// Every tensor of a model, on its device.
#[derive(Debug)]
pub struct LoadedTensors {
    /// The manifest that describes them.
    pub manifest: Manifest,
    /// Where they are.
    pub device: Device,
    /// By name, as [`Manifest::tensors`] names them.
    pub tensors: HashMap<String, DeviceTensor>,
}

fn corrupt(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::WeightsCorrupt, message)
}

impl ModelLoader {
    /// A loader for the model of `manifest`.
    #[must_use]
    pub fn new(manifest: Manifest, device: Device) -> Self {
        let specs = manifest.tensors().into_iter().map(|spec| (spec.name.clone(), spec)).collect();
        let pushed = vec![false; manifest.shards.len()];
        Self { manifest, device, specs, pushed, partial: HashMap::new(), complete: HashMap::new() }
    }

    /// The model's manifest.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Takes the bytes of shard `index` of the manifest.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`] when the bytes are not the shard that the manifest describes or hold anything
    /// but the model's tensors; [`ErrorKind::Argument`] when there is no such shard or it was taken before.
    pub fn push_shard(&mut self, index: usize, bytes: &[u8]) -> Result<()> {
        let shard = self.manifest.shards.get(index).filter(|_| !self.pushed[index]).ok_or_else(|| {
            Error::new(ErrorKind::Argument, format!("there is no shard {index} left to load"))
        })?;
        if bytes.len() as u64 != shard.bytes {
            return Err(corrupt(format!(
                "the weights are damaged: {} has {} bytes where {} are expected; load the model again",
                shard.file,
                bytes.len(),
                shard.bytes
            )));
        }
        if sha256_hex(bytes) != shard.sha256 {
            let message = format!(
                "the weights are damaged: {} does not match its SHA-256; load the model again",
                shard.file
            );
            return Err(corrupt(message));
        }
        let file = shard.file.clone();
        let tensors = SafeTensors::deserialize(bytes)
            .map_err(|error| corrupt(format!("{file} is no safetensors file")).with_source(error))?;
        let names: HashSet<&str> = tensors.names().into_iter().collect();
        for (name, view) in tensors.iter() {
            match name.strip_suffix(".scale") {
                // Scales are read with their codes.
                Some(codes) if names.contains(codes) => {}
                _ => {
                    let scales = tensors.tensor(&format!("{name}.scale")).ok();
                    self.take(name, &view, scales.as_ref())?;
                }
            }
        }
        self.pushed[index] = true;
        Ok(())
    }

    /// All tensors.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`] when a shard or tensor has not come.
    pub fn finish(self) -> Result<LoadedTensors> {
        if let Some(index) = self.pushed.iter().position(|pushed| !pushed) {
            return Err(corrupt(format!(
                "the weights are incomplete: {} is missing",
                self.manifest.shards[index].file
            )));
        }
        // In the manifest's order, so that the message is the same every time.
        if let Some(spec) =
            self.manifest.tensors().into_iter().find(|spec| !self.complete.contains_key(&spec.name))
        {
            return Err(corrupt(format!("the weights are incomplete: the tensor {} is missing", spec.name)));
        }
        Ok(LoadedTensors { manifest: self.manifest, device: self.device, tensors: self.complete })
    }

    /// Takes one stored tensor, whole or some rows of it.
    fn take(&mut self, stored: &str, view: &TensorView<'_>, scales: Option<&TensorView<'_>>) -> Result<()> {
        let (name, first_row) = match stored.rsplit_once('@') {
            Some((name, row)) => {
                let row = row
                    .parse::<usize>()
                    .map_err(|_| corrupt(format!("the weights hold an unknown tensor, {stored}")))?;
                (name, Some(row))
            }
            None => (stored, None),
        };
        let spec = self
            .specs
            .get(name)
            .ok_or_else(|| corrupt(format!("the weights hold an unknown tensor, {stored}")))?;
        if self.complete.contains_key(name) {
            return Err(corrupt(format!("the weights hold the tensor {name} twice")));
        }
        let wrong_shape = || {
            corrupt(format!(
                "the tensor {stored} has shape {:?} where {:?} is needed",
                view.shape(),
                spec.shape
            ))
        };
        let Some(first_row) = first_row else {
            if view.shape() != spec.shape {
                return Err(wrong_shape());
            }
            let tensor = HostTensor::new(spec.shape.clone(), values(stored, view, scales)?)?;
            self.complete.insert(name.to_owned(), upload(spec, tensor, &self.device)?);
            return Ok(());
        };
        let (&[rows, columns], &[part_rows, part_columns]) = (spec.shape.as_slice(), view.shape()) else {
            return Err(wrong_shape());
        };
        let fits = part_rows > 0 && first_row.checked_add(part_rows).is_some_and(|end| end <= rows);
        if !fits || part_columns != columns {
            return Err(wrong_shape());
        }
        let partial = self
            .partial
            .entry(name.to_owned())
            .or_insert_with(|| Partial { data: vec![0.0; rows * columns], parts: BTreeMap::new() });
        let overlaps = partial
            .parts
            .iter()
            .any(|(start, count)| first_row < start + count && *start < first_row + part_rows);
        if overlaps {
            return Err(corrupt(format!("the weights hold rows of the tensor {name} twice")));
        }
        partial.parts.insert(first_row, part_rows);
        partial.data[first_row * columns..(first_row + part_rows) * columns]
            .copy_from_slice(&values(stored, view, scales)?);
        if partial.parts.values().sum::<usize>() == rows
            && let Some(Partial { data, .. }) = self.partial.remove(name)
        {
            let tensor = HostTensor::new(spec.shape.clone(), data)?;
            self.complete.insert(name.to_owned(), upload(spec, tensor, &self.device)?);
        }
        Ok(())
    }
}

/// The stored values as f32.
fn values(name: &str, view: &TensorView<'_>, scales: Option<&TensorView<'_>>) -> Result<Vec<f32>> {
    let halves = |view: &TensorView<'_>| -> Vec<f16> {
        view.data().as_chunks().0.iter().map(|bytes| f16::from_le_bytes(*bytes)).collect()
    };
    match (view.dtype(), scales) {
        (Dtype::F32, None) => {
            Ok(view.data().as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
        }
        (Dtype::F16, None) => Ok(halves(view).into_iter().map(f16::to_f32).collect()),
        (Dtype::I8, Some(scales)) => {
            let &[rows, columns] = view.shape() else {
                return Err(corrupt(format!("the quantised tensor {name} is no matrix")));
            };
            if scales.dtype() != Dtype::F16 || scales.shape() != [rows, Q8::blocks(columns)] {
                let message = format!(
                    "the scales of the tensor {name} must be f16 of shape [{rows}, {}]",
                    Q8::blocks(columns)
                );
                return Err(corrupt(message));
            }
            let codes = view.data().iter().map(|byte| byte.cast_signed()).collect();
            Ok(Q8 { codes, scales: halves(scales) }.dequantize(columns))
        }
        (Dtype::I8, None) => Err(corrupt(format!("the quantised tensor {name} has no scales"))),
        (dtype, _) => Err(corrupt(format!("the tensor {name} is stored as {dtype:?}, which no model uses"))),
    }
}
