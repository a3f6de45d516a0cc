//! Published detector heads, each with the preprocessing it was trained with.
//!
//! - **UnivFD** (Ojha et al. 2023, arXiv 2302.10174): `fc_weights.pth` with `weight [1, n]`,
//!   `bias`; reads the embedding as it is; centre crop, not resized.
//! - **ClipDet** (Cozzolino et al. 2024, arXiv 2312.00195): `weights.pth` with `fc.weight`,
//!   `fc.bias`; reads the final class token before the projection, scaled to length one; bicubic to
//!   the encoder's side, centre crop.
//! - **RINE** (Koutlis and Papadopoulos 2024, arXiv 2402.19091): `model_*_trainable.pth` with
//!   `alpha`, `proj1`, `proj2`, `head`; reads what every layer's MLP reads of the class token;
//!   centre crop, not resized.
//! - **clip-cues, probes**: `*.ckpt` with `classification_head.*`; read the final class token;
//!   bilinear to the encoder's side, centre crop.
//! - **clip-cues, concepts**: `*.ckpt` with `W_concepts`, `W_classifier`, `text_embeddings`; read
//!   the embedding, scaled to length one; preprocessed as the probes.
//! - **linear**: `.json`, `.npy`, `.npz`; reads what the file says, or what its width fits; the
//!   encoder's preprocessing, unless the file says otherwise.
//!
//! Names and order are those of the authors' code. Where that pads images smaller than the crop
//! with black, we enlarge them.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;

use super::architecture::{Architecture, preprocessing};
use super::files::{open, unreadable};
use super::{Checkpoint, corrupt, numpy, unsupported};
use clipsight::calibration::Calibration;
use clipsight::clip::{FeatureSpec, Normalisation, Pool, VisionConfig};
use clipsight::heads::{Head, LinearHead, Transform};
use clipsight::image::{Filter, Preprocessing};
use clipsight::limits::{MAX_HEAD_FILE_BYTES, MAX_PROJECTIONS};
use clipsight::weights::HostTensor;
use clipsight::{Error, ErrorKind, Result};

/// A head as it was published: not yet fitted to an encoder.
#[derive(Debug)]
pub struct HeadFile {
    kind: Kind,
    tensors: BTreeMap<String, HostTensor>,
}

#[derive(Debug)]
enum Kind {
    UnivFd,
    ClipDet,
    Rine,
    ClipCuesProbe,
    ClipCuesConcepts,
    Linear(Box<Described>),
}

/// What a JSON head may say of itself.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Described {
    weight: Vec<f32>,
    #[serde(default)]
    bias: f32,
    reads: Option<Reads>,
    preprocessing: Option<Preprocessing>,
    calibration: Option<Calibration>,
}

/// What a linear head reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Reads {
    /// The projected embedding.
    Embedding,
    /// The same at length one.
    UnitEmbedding,
    /// The final class token before the projection.
    Class,
    /// The same at length one.
    UnitClass,
}

/// A head on an encoder: what the manifest says, and tensors by the manifest's names.
#[derive(Debug)]
pub(super) struct FittedHead {
    pub(super) head: Head,
    pub(super) tensors: BTreeMap<String, HostTensor>,
    pub(super) preprocessing: Preprocessing,
    pub(super) calibration: Calibration,
}

impl HeadFile {
    /// Reads a head, whose kind follows from its content.
    ///
    /// # Errors
    /// [`ErrorKind::Io`], [`ErrorKind::WeightsCorrupt`], [`ErrorKind::Limit`];
    /// [`ErrorKind::Unsupported`] when it is not a head of a known kind.
    pub fn open(path: &Path) -> Result<Self> {
        let mut file = open(path)?;
        let length = file.metadata().map_err(|error| unreadable(path, error))?.len();
        if length > MAX_HEAD_FILE_BYTES {
            let message = format!(
                "{} has {length} bytes; heads have at most {MAX_HEAD_FILE_BYTES}",
                path.display()
            );
            return Err(Error::new(ErrorKind::Limit, message));
        }
        let ends = |end: &str| {
            path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(end))
        };
        let mut start = Vec::new();
        file.by_ref().take(16).read_to_end(&mut start).map_err(|error| unreadable(path, error))?;
        if !(ends("json") || ends("npz") || numpy::looks_like(&start)) {
            return Self::of(Checkpoint::open(path)?);
        }
        let mut bytes = start;
        file.take(MAX_HEAD_FILE_BYTES)
            .read_to_end(&mut bytes)
            .map_err(|error| unreadable(path, error))?;
        if ends("json") {
            let described: Described = serde_json::from_slice(&bytes).map_err(|error| {
                corrupt(format!("{} is not a linear head: {error}", path.display()))
                    .with_source(error)
            })?;
            return Ok(Self::linear(described));
        }
        let (weight, bias) = if ends("npz") {
            let arrays: BTreeMap<String, HostTensor> =
                numpy::read_npz(&bytes)?.into_iter().collect();
            let find = |names: [&str; 3]| names.iter().find_map(|name| arrays.get(*name)).cloned();
            let weight = find(["weight", "coef", "coef_"])
                .ok_or_else(|| unsupported("the archive has no array named weight or coef"))?;
            (weight, find(["bias", "intercept", "intercept_"]))
        } else {
            (numpy::read_npy(&bytes)?, None)
        };
        let bias = match bias.as_ref().map(|bias| bias.data.as_slice()) {
            None => 0.0,
            Some(&[bias]) => bias,
            Some(_) => {
                return Err(unsupported(
                    "the head has several biases: only heads with one output can be used",
                ));
            }
        };
        if weight.shape.iter().filter(|side| **side != 1).count() > 1 {
            return Err(unsupported(format!(
                "the weights have shape {:?}: only heads with one output can be used",
                weight.shape
            )));
        }
        Ok(Self::linear(Described { weight: weight.data, bias, ..Described::default() }))
    }

    fn linear(described: Described) -> Self {
        Self { kind: Kind::Linear(Box::new(described)), tensors: BTreeMap::new() }
    }

    /// What a PyTorch or safetensors file holds.
    fn of(file: Checkpoint) -> Result<Self> {
        let names: Vec<String> = file.names().map(ToOwned::to_owned).collect();
        let has =
            |end: &str| names.iter().any(|name| name == end || name.ends_with(&format!(".{end}")));
        let kind = if has("alpha") && has("proj1.1.weight") {
            Kind::Rine
        } else if has("W_concepts.weight") {
            Kind::ClipCuesConcepts
        } else if names.iter().any(|name| name.starts_with("classification_head.")) {
            Kind::ClipCuesProbe
        } else if has("fc.weight") {
            Kind::ClipDet
        } else if names == ["bias", "weight"] {
            Kind::UnivFd
        } else {
            let first = &names[..names.len().min(4)];
            return Err(unsupported(format!(
                "the file is not a head of UnivFD, ClipDet, RINE or clip-cues; its first tensors \
                 are {first:?}"
            )));
        };
        let tensors =
            names.iter().map(|name| Ok((name.clone(), file.read(name)?))).collect::<Result<_>>()?;
        Ok(Self { kind, tensors })
    }

    /// The kind, for people.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.kind {
            Kind::UnivFd => "UnivFD",
            Kind::ClipDet => "ClipDet",
            Kind::Rine => "RINE",
            Kind::ClipCuesProbe => "clip-cues probe",
            Kind::ClipCuesConcepts => "clip-cues concepts",
            Kind::Linear(_) => "linear",
        }
    }

    /// Fits the head to an encoder.
    pub(super) fn fit(&self, encoder: &Architecture) -> Result<FittedHead> {
        let config = &encoder.vision;
        let side = config.image_size;
        let class = FeatureSpec::pooled(vec![config.layers + 1], &[Pool::Class]);
        let cropped = |resize: Option<Filter>| {
            let made = preprocessing(side, resize.unwrap_or(Filter::Bicubic), Normalisation::CLIP);
            if resize.is_some() {
                made
            } else {
                Preprocessing { resize_short_side: None, enlarge: false, ..made }
            }
        };
        let (head, tensors, preprocessing) = match &self.kind {
            Kind::UnivFd => {
                let head = Head::Embedding { features: class, transform: Transform::None };
                (head, self.linear_map("weight", "bias")?, cropped(None))
            }
            Kind::ClipDet => {
                let head = Head::Linear { features: class, transform: Transform::UnitLength };
                (head, self.linear_map("fc.weight", "fc.bias")?, cropped(Some(Filter::Bicubic)))
            }
            Kind::ClipCuesProbe => {
                let head = Head::Linear { features: class, transform: Transform::None };
                (head, self.probe()?, cropped(Some(Filter::Bilinear)))
            }
            Kind::ClipCuesConcepts => {
                let (concepts, tensors) = self.concepts()?;
                (
                    Head::Concepts { features: class, concepts },
                    tensors,
                    cropped(Some(Filter::Bilinear)),
                )
            }
            Kind::Rine => {
                let (width, projections, tensors) = self.rine(config)?;
                let layers = (1..=config.layers).collect();
                let features = FeatureSpec::pooled(layers, &[Pool::MlpInputClass]);
                (Head::Layers { features, width, projections }, tensors, cropped(None))
            }
            Kind::Linear(described) => {
                let tensors = linear_map(described.weight.clone(), described.bias)?;
                let preprocessing = described
                    .preprocessing
                    .clone()
                    .unwrap_or_else(|| encoder.preprocessing.clone());
                (described.head(config, class)?, tensors, preprocessing)
            }
        };
        for spec in head.tensors(config) {
            let shape = tensors.get(&spec.name).map(|tensor| &tensor.shape);
            if shape != Some(&spec.shape) {
                let message = format!(
                    "the {} head was made for another encoder: its {} has shape {shape:?}, and \
                     this encoder needs {:?}",
                    self.kind(),
                    spec.name,
                    spec.shape
                );
                return Err(Error::new(ErrorKind::Argument, message));
            }
        }
        let calibration = match &self.kind {
            Kind::Linear(described) => described.calibration.clone(),
            _ => None,
        };
        Ok(FittedHead {
            head,
            tensors,
            preprocessing,
            calibration: calibration.unwrap_or_else(Calibration::none),
        })
    }

    /// The tensor whose name ends so.
    fn tensor(&self, end: &str) -> Result<&HostTensor> {
        let found = self
            .tensors
            .iter()
            .find(|(name, _)| *name == end || name.ends_with(&format!(".{end}")));
        found
            .map(|(_, tensor)| tensor)
            .ok_or_else(|| corrupt(format!("the head lacks the tensor {end}")))
    }

    fn linear_map(&self, weight: &str, bias: &str) -> Result<BTreeMap<String, HostTensor>> {
        let weight = self.tensor(weight)?;
        linear_map(one_row(weight)?.to_vec(), one_number(self.tensor(bias)?)?)
    }

    /// One linear map, or one to a few directions and another on those, without anything in
    /// between: their product.
    fn probe(&self) -> Result<BTreeMap<String, HostTensor>> {
        if self.tensors.keys().any(|name| name.ends_with("fc.weight")) {
            return self.linear_map("fc.weight", "fc.bias");
        }
        let (first, last) = (self.tensor("layers.0.weight")?, self.tensor("to_logits.weight")?);
        if self.tensors.keys().any(|name| name.contains("layers.1.") || name.contains("layers.2."))
        {
            return Err(unsupported("the clip-cues probe has more than one layer"));
        }
        let (last, shift) = (one_row(last)?, self.tensor("layers.0.bias")?);
        let &[directions, width] = first.shape.as_slice() else {
            return Err(corrupt("the probe's layer is not a matrix"));
        };
        if directions != last.len() || directions != shift.data.len() {
            return Err(corrupt("the probe's layers do not fit together"));
        }
        let row = |direction: usize| &first.data[direction * width..(direction + 1) * width];
        let weight = (0..width)
            .map(|column| {
                last.iter().enumerate().map(|(direction, by)| by * row(direction)[column]).sum()
            })
            .collect();
        let shifted: f32 = last.iter().zip(&shift.data).map(|(by, shift)| by * shift).sum();
        linear_map(weight, shifted + one_number(self.tensor("to_logits.bias")?)?)
    }

    fn concepts(&self) -> Result<(usize, BTreeMap<String, HostTensor>)> {
        let mut texts = self.tensor("text_embeddings")?.clone();
        let &[concepts, width] = texts.shape.as_slice() else {
            return Err(corrupt("the concepts are not a matrix"));
        };
        // As the model does when it is made.
        for row in texts.data.chunks_mut(width.max(1)) {
            let length = row.iter().map(|value| value * value).sum::<f32>().sqrt().max(1e-12);
            row.iter_mut().for_each(|value| *value /= length);
        }
        let mut tensors = self.linear_map("W_classifier.weight", "W_classifier.bias")?;
        tensors.insert("head.concepts.weight".to_owned(), texts);
        tensors.insert(
            "head.concepts.bias".to_owned(),
            HostTensor::new(vec![concepts], vec![0.0; concepts])?,
        );
        tensors.insert("head.gate.weight".to_owned(), self.tensor("W_concepts.weight")?.clone());
        tensors.insert("head.gate.bias".to_owned(), self.tensor("W_concepts.bias")?.clone());
        Ok((concepts, tensors))
    }

    fn rine(&self, config: &VisionConfig) -> Result<(usize, usize, BTreeMap<String, HostTensor>)> {
        let alpha = self.tensor("alpha")?;
        let &[1, layers, width] = alpha.shape.as_slice() else {
            return Err(corrupt("RINE's alpha does not have the shape [1, layers, width]"));
        };
        if layers != config.layers {
            let message = format!(
                "the RINE head reads {layers} layers, but this encoder has {}",
                config.layers
            );
            return Err(Error::new(ErrorKind::Argument, message));
        }
        // Dropout stands first, and ReLU and dropout after each map.
        let projections = (0..MAX_PROJECTIONS)
            .take_while(|index| self.tensor(&format!("proj1.{}.weight", 3 * index + 1)).is_ok());
        let projections = projections.count();
        let mut tensors = self.linear_map("head.6.weight", "head.6.bias")?;
        let mut add = |ours: String, theirs: String| -> Result<()> {
            for part in ["weight", "bias"] {
                tensors.insert(
                    format!("{ours}.{part}"),
                    self.tensor(&format!("{theirs}.{part}"))?.clone(),
                );
            }
            Ok(())
        };
        for index in 0..projections {
            add(format!("head.before.{index}"), format!("proj1.{}", 3 * index + 1))?;
            add(format!("head.after.{index}"), format!("proj2.{}", 3 * index + 1))?;
        }
        for index in 0..2 {
            add(format!("head.hidden.{index}"), format!("head.{}", 3 * index))?;
        }
        let mut shares = alpha.data.clone();
        for column in 0..width {
            let of = |layer: usize| layer * width + column;
            let peak = (0..layers).fold(f32::MIN, |peak, layer| peak.max(alpha.data[of(layer)]));
            let sum: f32 = (0..layers).map(|layer| (alpha.data[of(layer)] - peak).exp()).sum();
            (0..layers)
                .for_each(|layer| shares[of(layer)] = (alpha.data[of(layer)] - peak).exp() / sum);
        }
        tensors.insert("head.shares".to_owned(), HostTensor::new(vec![layers, width], shares)?);
        Ok((width, projections, tensors))
    }
}

impl Described {
    fn head(&self, config: &VisionConfig, class: FeatureSpec) -> Result<Head> {
        let width = self.weight.len();
        let reads = match self.reads {
            Some(reads) => reads,
            None if config.width == config.embedding_width() && width == config.width => {
                let message = "the head's width fits both the class token and the embedding: use a \
                    JSON head that says which it \"reads\"";
                return Err(Error::new(ErrorKind::Argument, message));
            }
            None if width == config.embedding_width() => Reads::Embedding,
            None => Reads::Class,
        };
        let transform = match reads {
            Reads::Embedding | Reads::Class => Transform::None,
            Reads::UnitEmbedding | Reads::UnitClass => Transform::UnitLength,
        };
        Ok(match reads {
            Reads::Embedding | Reads::UnitEmbedding => {
                Head::Embedding { features: class, transform }
            }
            Reads::Class | Reads::UnitClass => Head::Linear { features: class, transform },
        })
    }
}

fn linear_map(weight: Vec<f32>, bias: f32) -> Result<BTreeMap<String, HostTensor>> {
    let [weight_name, bias_name] = LinearHead::TENSORS;
    Ok(BTreeMap::from([
        (weight_name.to_owned(), HostTensor::new(vec![weight.len()], weight)?),
        (bias_name.to_owned(), HostTensor::new(vec![1], vec![bias])?),
    ]))
}

/// `[1, n]`, `[n]` or a 1 x 1 kernel of that.
fn one_row(tensor: &HostTensor) -> Result<&[f32]> {
    if tensor.shape.iter().filter(|side| **side != 1).count() > 1 {
        return Err(unsupported(format!(
            "the head's weights have shape {:?}: only heads with one output can be used",
            tensor.shape
        )));
    }
    Ok(&tensor.data)
}

fn one_number(tensor: &HostTensor) -> Result<f32> {
    match tensor.data.as_slice() {
        &[number] => Ok(number),
        _ => {
            Err(unsupported("the head has several biases: only heads with one output can be used"))
        }
    }
}
