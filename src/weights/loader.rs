//! The streaming reader: shard by shard to the device.

use std::collections::{BTreeMap, HashMap, HashSet};

use safetensors::SafeTensors;
use safetensors::tensor::TensorView;

use super::{HostTensor, Manifest, StoredTensor, sha256_hex};
use crate::clip::{TensorSpec, VisionConfig};
use crate::engine::{Device, Encoder, EncoderBuilder};
use crate::{Error, ErrorKind, Result};

/// Takes a model's shards in any order, one at a time.
///
/// A shard's bytes are hashed before they are parsed, and borrowed only for the call. The encoder's tensors go to the
/// engine one by one, as they are stored; at no time are two copies of the weights held in host memory. Nothing can be
/// computed before [`finish`](Self::finish) has found every tensor: there are no partial models.
#[derive(Debug)]
pub struct ModelLoader {
    manifest: Manifest,
    encoder: EncoderBuilder,
    specs: HashMap<String, TensorSpec>,
    pushed: Vec<bool>,
    /// Matrices of which some rows have come.
    partial: HashMap<String, Partial>,
    /// What has come whole.
    complete: HashSet<String>,
    /// All but the encoder's.
    heads: HashMap<String, HostTensor>,
}

#[derive(Debug)]
struct Partial {
    tensor: StoredTensor,
    /// First row -> number of rows, of every part that has come.
    parts: BTreeMap<usize, usize>,
}

/// A model's weights, all of them.
#[derive(Debug)]
pub struct LoadedTensors {
    /// The manifest that describes them.
    pub manifest: Manifest,
    /// The image encoder on its device.
    pub encoder: Encoder,
    /// The heads' and the residual network's tensors, by the names that [`Manifest::tensors`] gives them.
    pub tensors: HashMap<String, HostTensor>,
}

fn corrupt(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::WeightsCorrupt, message)
}

impl ModelLoader {
    /// A loader for the model of `manifest`.
    ///
    /// # Errors
    /// [`ErrorKind::DeviceLost`] when the device does not take the encoder; [`ErrorKind::Unsupported`] when its engine
    /// cannot compute the model's features.
    pub fn new(manifest: Manifest, device: &Device) -> Result<Self> {
        let encoder = EncoderBuilder::new(device, &manifest.architecture, manifest.head.features())?;
        let specs = manifest.tensors().into_iter().map(|spec| (spec.name.clone(), spec)).collect();
        let pushed = vec![false; manifest.shards.len()];
        let (partial, complete, heads) = (HashMap::new(), HashSet::new(), HashMap::new());
        Ok(Self { manifest, encoder, specs, pushed, partial, complete, heads })
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
        self.push(index, bytes, || sha256_hex(bytes))
    }

    /// [`push_shard`](Self::push_shard) for who has hashed exactly these bytes by faster means than ours: browsers do it
    /// with the machine's own instructions. `sha256` is what came of it, in lower-case hex.
    ///
    /// # Errors
    /// As [`push_shard`](Self::push_shard).
    pub fn push_hashed_shard(&mut self, index: usize, bytes: &[u8], sha256: &str) -> Result<()> {
        self.push(index, bytes, || sha256.to_owned())
    }

    fn push(&mut self, index: usize, bytes: &[u8], sha256: impl FnOnce() -> String) -> Result<()> {
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
        if sha256() != shard.sha256 {
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
    /// [`ErrorKind::WeightsCorrupt`] when a shard or tensor has not come; [`ErrorKind::DeviceLost`] when the device did
    /// not take them all.
    pub async fn finish(self) -> Result<LoadedTensors> {
        if let Some(index) = self.pushed.iter().position(|pushed| !pushed) {
            return Err(corrupt(format!(
                "the weights are incomplete: {} is missing",
                self.manifest.shards[index].file
            )));
        }
        // In the manifest's order, so that the message is the same every time.
        if let Some(spec) =
            self.manifest.tensors().into_iter().find(|spec| !self.complete.contains(&spec.name))
        {
            return Err(corrupt(format!("the weights are incomplete: the tensor {} is missing", spec.name)));
        }
        let encoder = self.encoder.finish().await?;
        Ok(LoadedTensors { manifest: self.manifest, encoder, tensors: self.heads })
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
        if self.complete.contains(name) {
            return Err(corrupt(format!("the weights hold the tensor {name} twice")));
        }
        let columns = *spec.shape.last().unwrap_or(&1);
        let tensor = StoredTensor::read(stored, view, scales, columns)?;
        let wrong_shape = || {
            corrupt(format!(
                "the tensor {stored} has shape {:?} where {:?} is needed",
                tensor.shape, spec.shape
            ))
        };
        let Some(first_row) = first_row else {
            if tensor.shape != spec.shape {
                return Err(wrong_shape());
            }
            return self.hand_on(name.to_owned(), tensor);
        };
        let (&[rows, columns], &[part_rows, part_columns]) = (spec.shape.as_slice(), tensor.shape.as_slice())
        else {
            return Err(wrong_shape());
        };
        let fits = part_rows > 0 && first_row.checked_add(part_rows).is_some_and(|end| end <= rows);
        if !fits || part_columns != columns {
            return Err(wrong_shape());
        }
        let partial = self
            .partial
            .entry(name.to_owned())
            .or_insert_with(|| Partial { tensor: StoredTensor::like(&tensor, rows), parts: BTreeMap::new() });
        let overlaps = partial
            .parts
            .iter()
            .any(|(start, count)| first_row < start + count && *start < first_row + part_rows);
        if overlaps {
            return Err(corrupt(format!("the weights hold rows of the tensor {name} twice")));
        }
        if !partial.tensor.fill_rows(first_row, &tensor) {
            return Err(corrupt(format!("the rows of the tensor {name} are stored in different ways")));
        }
        partial.parts.insert(first_row, part_rows);
        if partial.parts.values().sum::<usize>() == rows
            && let Some(Partial { tensor, .. }) = self.partial.remove(name)
        {
            return self.hand_on(name.to_owned(), tensor);
        }
        Ok(())
    }

    /// Gives a tensor that is there in full to what computes with it.
    fn hand_on(&mut self, name: String, tensor: StoredTensor) -> Result<()> {
        match self.specs.get(&name) {
            Some(spec) if VisionConfig::owns(&name) => self.encoder.take(spec, tensor)?,
            _ => {
                self.heads.insert(name.clone(), tensor.into_host()?);
            }
        }
        self.complete.insert(name);
        Ok(())
    }
}
