//! Shards in, whole tensors out: shared by every reader of the format.

use std::collections::{BTreeMap, HashMap, HashSet};

use safetensors::SafeTensors;
use safetensors::tensor::TensorView;

use super::{Shard, StoredTensor};
use crate::clip::TensorSpec;
use crate::{Error, ErrorKind, Result};

/// Takes shards in any order, one at a time, and passes on every tensor once all its rows are
/// there.
#[derive(Debug)]
pub struct Assembly {
    shards: Vec<Shard>,
    /// In the order of the files.
    order: Vec<String>,
    specs: HashMap<String, TensorSpec>,
    pushed: Vec<bool>,
    /// Matrices of which some rows have arrived.
    partial: HashMap<String, Partial>,
    /// Tensors that are complete.
    complete: HashSet<String>,
}

#[derive(Debug)]
struct Partial {
    tensor: StoredTensor,
    /// First row -> number of rows, of every part that has arrived.
    parts: BTreeMap<usize, usize>,
}

fn corrupt(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::WeightsCorrupt, message)
}

impl Assembly {
    /// Waits for the tensors of `specs` in `shards`.
    #[must_use]
    pub fn new(shards: &[Shard], specs: Vec<TensorSpec>) -> Self {
        Self {
            shards: shards.to_vec(),
            order: specs.iter().map(|spec| spec.name.clone()).collect(),
            specs: specs.into_iter().map(|spec| (spec.name.clone(), spec)).collect(),
            pushed: vec![false; shards.len()],
            partial: HashMap::new(),
            complete: HashSet::new(),
        }
    }

    /// Takes the bytes of shard `index`, whose hash `sha256` computes; passes every complete tensor
    /// to `sink`.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`] when the bytes are not the shard that was announced or hold
    /// anything but the model's tensors; [`ErrorKind::Argument`] when there is no such shard or it
    /// was already taken; errors of `sink`.
    pub fn push_shard(
        &mut self,
        index: usize,
        bytes: &[u8],
        sha256: impl FnOnce() -> String,
        mut sink: impl FnMut(&TensorSpec, StoredTensor) -> Result<()>,
    ) -> Result<()> {
        let shard = self.shards.get(index).filter(|_| !self.pushed[index]).ok_or_else(|| {
            Error::new(
                ErrorKind::Argument,
                format!("shard {index} does not exist or was already loaded"),
            )
        })?;
        if bytes.len() as u64 != shard.bytes {
            return Err(corrupt(format!(
                "the weights are damaged: {} has {} bytes instead of {}; load the model again",
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
        let tensors = SafeTensors::deserialize(bytes).map_err(|error| {
            corrupt(format!("{file} is not a safetensors file")).with_source(error)
        })?;
        let names: HashSet<&str> = tensors.names().into_iter().collect();
        for (name, view) in tensors.iter() {
            match name.strip_suffix(".scale") {
                // Scales are read with their codes.
                Some(codes) if names.contains(codes) => {}
                _ => {
                    let scales = tensors.tensor(&format!("{name}.scale")).ok();
                    self.take(name, &view, scales.as_ref(), &mut sink)?;
                }
            }
        }
        self.pushed[index] = true;
        Ok(())
    }

    /// Checks that everything has arrived.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`] when a shard or tensor has not.
    pub fn finish(&self) -> Result<()> {
        if let Some(index) = self.pushed.iter().position(|pushed| !pushed) {
            let message =
                format!("the weights are incomplete: {} is missing", self.shards[index].file);
            return Err(corrupt(message));
        }
        // In order, so that the message is the same every time.
        match self.order.iter().find(|name| !self.complete.contains(*name)) {
            Some(name) => {
                Err(corrupt(format!("the weights are incomplete: the tensor {name} is missing")))
            }
            None => Ok(()),
        }
    }

    /// Takes one stored tensor, whole or some rows of it.
    fn take(
        &mut self,
        stored: &str,
        view: &TensorView<'_>,
        scales: Option<&TensorView<'_>>,
        sink: &mut impl FnMut(&TensorSpec, StoredTensor) -> Result<()>,
    ) -> Result<()> {
        let unknown = || corrupt(format!("the weights contain the unknown tensor {stored}"));
        let (name, first_row) = match stored.rsplit_once('@') {
            Some((name, row)) => (name, Some(row.parse::<usize>().map_err(|_| unknown())?)),
            None => (stored, None),
        };
        let spec = self.specs.get(name).ok_or_else(unknown)?;
        if self.complete.contains(name) {
            return Err(corrupt(format!("the weights contain the tensor {name} twice")));
        }
        let columns = *spec.shape.last().unwrap_or(&1);
        let tensor = StoredTensor::read(stored, view, scales, columns)?;
        let wrong_shape = || {
            corrupt(format!(
                "the tensor {stored} has shape {:?} instead of {:?}",
                tensor.shape, spec.shape
            ))
        };
        let Some(first_row) = first_row else {
            if tensor.shape != spec.shape {
                return Err(wrong_shape());
            }
            self.complete.insert(name.to_owned());
            return sink(spec, tensor);
        };
        let (&[rows, columns], &[part_rows, part_columns]) =
            (spec.shape.as_slice(), tensor.shape.as_slice())
        else {
            return Err(wrong_shape());
        };
        let fits = part_rows > 0 && first_row.checked_add(part_rows).is_some_and(|end| end <= rows);
        if !fits || part_columns != columns {
            return Err(wrong_shape());
        }
        let partial = self.partial.entry(name.to_owned()).or_insert_with(|| Partial {
            tensor: StoredTensor::like(&tensor, rows),
            parts: BTreeMap::new(),
        });
        let overlaps = partial
            .parts
            .iter()
            .any(|(start, count)| first_row < start + count && *start < first_row + part_rows);
        if overlaps {
            return Err(corrupt(format!("the weights contain rows of the tensor {name} twice")));
        }
        if !partial.tensor.fill_rows(first_row, &tensor) {
            return Err(corrupt(format!(
                "the rows of the tensor {name} are stored in different ways"
            )));
        }
        partial.parts.insert(first_row, part_rows);
        if partial.parts.values().sum::<usize>() == rows
            && let Some(Partial { tensor, .. }) = self.partial.remove(name)
        {
            self.complete.insert(name.to_owned());
            return sink(spec, tensor);
        }
        Ok(())
    }
}
