//! From stored tensors to an encoder.

use std::collections::HashMap;

use super::attention::AttentionShape;
use super::dimension::{InnerDimension, is_narrow, padded};
use super::encoder::CpuEncoder;
use super::machine::Machine;
use super::norm::LayerNorm;
use super::packed_weights::{PackedWeights, is_whole, stored_row};
use super::product::PackedLinear;
use super::rotation::{rotate, rotate_weights, rotates};
use super::tower::{CpuLayer, CpuTower, Projection};
use crate::clip::{FeatureSpec, TensorSpec, VisionConfig};
use crate::weights::StoredTensor;
use crate::{Error, ErrorKind, Result};

/// A CPU encoder under construction.
#[derive(Debug)]
pub struct Builder {
    machine: Machine,
    config: VisionConfig,
    features: FeatureSpec,
    matrices: HashMap<String, PackedMatrix>,
    /// Vectors, tables and the few matrices that are kept in f32.
    values: HashMap<String, Vec<f32>>,
}

/// A matrix as it was packed: itself, what its rounding left, the sums of its rows where they are
/// needed.
#[derive(Debug)]
struct PackedMatrix {
    packed: PackedWeights,
    remainder: Option<PackedWeights>,
    sums: Option<Vec<f32>>,
}

/// The three parts of the tensor `attention.qkv`, in its order.
const QKV_PARTS: [&str; 3] = ["queries", "keys", "values"];

fn corrupt(message: String) -> Error {
    Error::new(ErrorKind::WeightsCorrupt, message)
}

impl CpuEncoder {
    /// Begins an encoder of this architecture that gives these features.
    ///
    /// # Errors
    /// [`WeightsCorrupt`](ErrorKind::WeightsCorrupt) for an invalid architecture or features.
    pub fn builder(config: &VisionConfig, features: &FeatureSpec) -> Result<Builder> {
        Builder::new(Machine::best(), config, features)
    }
}

impl Builder {
    pub(super) fn new(
        machine: Machine,
        config: &VisionConfig,
        features: &FeatureSpec,
    ) -> Result<Self> {
        config.validate()?;
        features.validate(config)?;
        Ok(Self {
            machine,
            config: config.clone(),
            features: features.clone(),
            matrices: HashMap::new(),
            values: HashMap::new(),
        })
    }

    /// Takes one of the encoder's tensors ([`VisionConfig::tensors`]) and packs it; each must come
    /// once, in any order.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`] when it is not of the shape that `spec` says, holds a value
    /// that is not finite, or has come before.
    pub fn take(&mut self, spec: &TensorSpec, tensor: StoredTensor) -> Result<()> {
        let name = spec.name.as_str();
        if tensor.shape != spec.shape || !is_whole(&tensor) {
            let message =
                format!("the tensor {name} does not have the required shape {:?}", spec.shape);
            return Err(corrupt(message));
        }
        let layer = name.strip_prefix("vision.layers.").and_then(|rest| rest.split_once('.'));
        let part = layer.map_or(name, |(_, part)| part);
        match part {
            "attention.qkv.weight" => self.take_qkv(name, &tensor),
            "attention.output.weight" => {
                let rotation = self.head_rotation();
                if layer.is_some_and(|(index, _)| self.has_named_heads(index)) {
                    let mut rows = tensor.to_f32();
                    if rotation {
                        rotate_weights(&mut rows);
                    }
                    self.keep(name, rows)?;
                }
                self.pack(
                    name,
                    &tensor,
                    InnerDimension::new(self.config.width, self.config.width),
                    rotation,
                )
            }
            "mlp.fc1.weight" | "mlp.fc2.weight" => {
                let length = tensor.shape[1];
                self.pack(
                    name,
                    &tensor,
                    InnerDimension::new(length, self.config.width),
                    rotates(length),
                )
            }
            "vision.patch_embedding.weight" => self.pack(
                name,
                &tensor,
                InnerDimension::new(tensor.shape[1], self.config.width),
                false,
            ),
            "attention.qkv.bias" => {
                let mut bias = tensor.to_f32();
                for (part, bias) in bias.chunks_exact_mut(self.config.width).enumerate() {
                    self.prepare_heads(part, bias);
                }
                self.keep(name, bias)
            }
            _ => self.keep(name, tensor.to_f32()),
        }
    }

    /// Queries, keys and values leave their products rotated within every head: what is common to
    /// queries and keys leaves their products as they are, and the output projection undoes it for
    /// the values.
    fn head_rotation(&self) -> bool {
        rotates(self.config.width / self.config.heads)
    }

    /// What is done to the biases of whole heads, or to their weights of one input, of part `part`
    /// of `attention.qkv`.
    fn prepare_heads(&self, part: usize, channels: &mut [f32]) {
        if part == 1 {
            // The scaling of scores, and of what the products of rotated queries and keys gain.
            #[expect(
                clippy::cast_precision_loss,
                reason = "a head has a few thousand values at most"
            )]
            let scale = 1.0 / ((self.config.width / self.config.heads) as f32).sqrt();
            channels.iter_mut().for_each(|value| *value *= scale);
        }
        match (self.head_rotation(), part) {
            (false, _) => {}
            (true, 1) => rotate_weights(channels),
            (true, _) => rotate(channels),
        }
    }

    fn has_named_heads(&self, layer: &str) -> bool {
        let heads = self.config.heads;
        layer
            .parse()
            .is_ok_and(|layer: usize| self.features.heads.iter().any(|head| head / heads == layer))
    }

    fn keep(&mut self, name: &str, values: Vec<f32>) -> Result<()> {
        if !values.iter().all(|value| value.is_finite()) {
            return Err(corrupt(format!("the tensor {name} holds a value that is not finite")));
        }
        if self.values.insert(name.to_owned(), values).is_some() {
            return Err(corrupt(format!("the tensor {name} came twice")));
        }
        Ok(())
    }

    fn pack(
        &mut self,
        name: &str,
        tensor: &StoredTensor,
        inner: InnerDimension,
        rotated: bool,
    ) -> Result<()> {
        let (rows, columns) = (tensor.shape[0], tensor.shape[1]);
        let mut sums = vec![0.0; rows.next_multiple_of(self.machine.columns())];
        let (packed, remainder) = self.packed(inner, rows, |row, out| {
            stored_row(tensor, row, &mut out[..columns]);
            sums[row] = out.iter().sum();
            if rotated {
                rotate_weights(out);
            }
        })?;
        let sums = (name == "vision.patch_embedding.weight").then_some(sums);
        self.insert(name.to_owned(), PackedMatrix { packed, remainder, sums })
    }

    /// Packs rows; narrow encoders keep what rounding leaves of them as well.
    fn packed(
        &self,
        inner: InnerDimension,
        rows: usize,
        row: impl FnMut(usize, &mut [f32]),
    ) -> Result<(PackedWeights, Option<PackedWeights>)> {
        if is_narrow(self.config.width) {
            let (packed, remainder) =
                PackedWeights::with_remainder(self.machine, inner, rows, row)?;
            return Ok((packed, Some(remainder)));
        }
        Ok((PackedWeights::new(self.machine, inner, rows, row)?, None))
    }

    fn insert(&mut self, name: String, matrix: PackedMatrix) -> Result<()> {
        if self.matrices.contains_key(&name) {
            return Err(corrupt(format!("the tensor {name} came twice")));
        }
        self.matrices.insert(name, matrix);
        Ok(())
    }

    fn take_qkv(&mut self, name: &str, tensor: &StoredTensor) -> Result<()> {
        let (width, head_width) = (self.config.width, self.config.width / self.config.heads);
        let inner = InnerDimension::new(width, width);
        let by_input = rotates(width);
        for (part, part_name) in QKV_PARTS.iter().enumerate() {
            // The rows of one head at a time, as its rotation mixes them.
            let mut head_rows = vec![0.0; head_width * width];
            let mut channel = vec![0.0; head_width];
            let (packed, remainder) = self.packed(inner, width, |row, out| {
                if row % head_width == 0 {
                    for (at, out) in head_rows.chunks_exact_mut(width).enumerate() {
                        stored_row(tensor, part * width + row + at, out);
                    }
                    for column in 0..width {
                        for (at, value) in channel.iter_mut().enumerate() {
                            *value = head_rows[at * width + column];
                        }
                        self.prepare_heads(part, &mut channel);
                        for (at, value) in channel.iter().enumerate() {
                            head_rows[at * width + column] = *value;
                        }
                    }
                }
                out[..width].copy_from_slice(&head_rows[row % head_width * width..][..width]);
                if by_input {
                    rotate_weights(out);
                }
            })?;
            self.insert(
                format!("{name}.{part_name}"),
                PackedMatrix { packed, remainder, sums: None },
            )?;
        }
        Ok(())
    }

    /// The encoder.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`] when a tensor has not come.
    pub fn finish(mut self) -> Result<CpuEncoder> {
        let config = self.config.clone();
        let width = config.width;
        let layers = (0..config.layers).map(|layer| self.layer(layer)).collect::<Result<_>>()?;
        let projection = match config.projection {
            None => None,
            Some(_) => Some(Projection {
                weight: self.vector("vision.projection.weight")?,
                bias: if config.projection_bias {
                    Some(self.vector("vision.projection.bias")?)
                } else {
                    None
                },
            }),
        };
        let bias = if config.patch_bias {
            self.vector("vision.patch_embedding.bias")?
        } else {
            vec![0.0; width]
        };
        let tower = CpuTower {
            attention: AttentionShape {
                tokens: config.tokens(),
                heads: config.heads,
                head_width: width / config.heads,
            },
            patch_embedding: self.linear("vision.patch_embedding.weight", bias)?,
            class_token: self.vector("vision.class_token")?,
            positions: self.vector("vision.position_embedding")?,
            pre_norm: if config.pre_norm { Some(self.norm("vision.pre_norm")?) } else { None },
            layers,
            norm: self.norm("vision.norm")?,
            projection,
            features: self.features,
            config,
        };
        Ok(CpuEncoder::new(self.machine, tower))
    }

    fn layer(&mut self, layer: usize) -> Result<CpuLayer> {
        let name = |part: &str| format!("vision.layers.{layer}.{part}");
        let mut bias = self.vector(&name("attention.qkv.bias"))?;
        let width = self.config.width;
        let value_bias = bias.split_off(2 * width);
        let key_bias = bias.split_off(width);
        let weight = |part: &str| name(&format!("attention.qkv.weight.{part}"));
        Ok(CpuLayer {
            norm1: self.norm(&name("norm1"))?,
            queries: self.linear(&weight(QKV_PARTS[0]), bias)?,
            keys: self.linear(&weight(QKV_PARTS[1]), key_bias)?,
            values: self.linear(&weight(QKV_PARTS[2]), value_bias)?,
            output: self.linear_with_bias(&name("attention.output"))?,
            norm2: self.norm(&name("norm2"))?,
            fc1: self.linear_with_bias(&name("mlp.fc1"))?,
            fc2: self.linear_with_bias(&name("mlp.fc2"))?,
            output_values: self.values.remove(&name("attention.output.weight")),
        })
    }

    fn vector(&mut self, name: &str) -> Result<Vec<f32>> {
        self.values
            .remove(name)
            .ok_or_else(|| corrupt(format!("the model lacks the tensor {name}")))
    }

    fn norm(&mut self, name: &str) -> Result<LayerNorm> {
        let width = self.config.width;
        let mut gain = self.vector(&format!("{name}.weight"))?;
        let mut offset = self.vector(&format!("{name}.bias"))?;
        gain.resize(padded(width), 0.0);
        offset.resize(padded(width), 0.0);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "f32 keeps an epsilon as well as is needed"
        )]
        let epsilon = self.config.norm_epsilon as f32;
        Ok(LayerNorm { gain, offset, width, epsilon })
    }

    fn linear_with_bias(&mut self, name: &str) -> Result<PackedLinear> {
        let bias = self.vector(&format!("{name}.bias"))?;
        self.linear(&format!("{name}.weight"), bias)
    }

    fn linear(&mut self, name: &str, mut bias: Vec<f32>) -> Result<PackedLinear> {
        let PackedMatrix { packed: matrix, remainder, sums } = self
            .matrices
            .remove(name)
            .ok_or_else(|| corrupt(format!("the model lacks the tensor {name}")))?;
        bias.resize(matrix.columns.next_multiple_of(self.machine.columns()), 0.0);
        Ok(PackedLinear { matrix, bias, remainder, sums })
    }
}
