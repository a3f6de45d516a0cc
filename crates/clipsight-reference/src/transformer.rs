//! What the two towers share: pre-norm transformer layers, and modules made of named tensors.

use std::collections::HashMap;

use burn::module::{Module, Param};
use burn::nn::{LayerNorm, LayerNormConfig, Linear};
use burn::tensor::activation::{gelu, sigmoid};
use burn::tensor::module::attention;
use burn::tensor::ops::AttentionModuleOptions;
use burn::tensor::{Device, Tensor};
use clipsight::clip::Activation;
use clipsight::{Error, ErrorKind, Result};

/// A weight on its device. Matrices are `[in, out]` here, as burn multiplies them.
#[derive(Clone, Debug)]
pub enum DeviceTensor {
    /// A bias, gain or single token.
    Vector(Tensor<1>),
    /// A matrix or table.
    Matrix(Tensor<2>),
}

impl DeviceTensor {
    /// Takes the vector `name` out of a model's tensors.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`] when it is missing or not a vector.
    pub fn take_vector(tensors: &mut HashMap<String, Self>, name: &str) -> Result<Tensor<1>> {
        match Self::take(tensors, name)? {
            Self::Vector(tensor) => Ok(tensor),
            Self::Matrix(_) => Err(wrong_rank(name)),
        }
    }

    /// Takes the matrix or table `name` out of a model's tensors; matrices come as `[in, out]`.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`] when it is missing or a vector.
    pub fn take_matrix(tensors: &mut HashMap<String, Self>, name: &str) -> Result<Tensor<2>> {
        match Self::take(tensors, name)? {
            Self::Matrix(tensor) => Ok(tensor),
            Self::Vector(_) => Err(wrong_rank(name)),
        }
    }

    fn take(tensors: &mut HashMap<String, Self>, name: &str) -> Result<Self> {
        tensors.remove(name).ok_or_else(|| {
            Error::new(ErrorKind::WeightsCorrupt, format!("the model lacks the tensor {name}"))
        })
    }
}

/// One pre-norm layer: `x + attention(norm1(x))`, then `x + mlp(norm2(x))`.
#[derive(Module, Debug)]
pub(super) struct Layer {
    pub(super) norm1: LayerNorm,
    pub(super) qkv: Linear,
    pub(super) output: Linear,
    pub(super) norm2: LayerNorm,
    pub(super) fc1: Linear,
    pub(super) fc2: Linear,
}

/// The options of a layer that its weights do not determine.
#[derive(Clone, Copy, Debug)]
pub(super) struct LayerOptions {
    /// Attention heads; divides the width.
    pub(super) heads: usize,
    /// Activation of the MLP.
    pub(super) activation: Activation,
    /// Whether a token sees only itself and those before it.
    pub(super) causal: bool,
}

impl Layer {
    /// Takes the layer's tensors, named `prefix.norm1.weight` and so on.
    pub(super) fn assemble(
        parts: &mut ModuleTensors<'_>,
        prefix: &str,
        width: usize,
    ) -> Result<Self> {
        let name = |part: &str| format!("{prefix}.{part}");
        Ok(Self {
            norm1: parts.norm(&name("norm1"), width)?,
            qkv: parts.linear(&name("attention.qkv"), true)?,
            output: parts.linear(&name("attention.output"), true)?,
            norm2: parts.norm(&name("norm2"), width)?,
            fc1: parts.linear(&name("mlp.fc1"), true)?,
            fc2: parts.linear(&name("mlp.fc2"), true)?,
        })
    }

    /// `[batch, tokens, width]` -> the same shape.
    pub(super) fn forward(&self, tokens: Tensor<3>, options: LayerOptions) -> Tensor<3> {
        let tokens = tokens.clone() + self.attend(self.norm1.forward(tokens), options);
        let change = self.transform(self.norm2.forward(tokens.clone()), options);
        tokens + change
    }

    /// What the MLP reads: the tokens after attention, normed.
    pub(super) fn mlp_input(&self, tokens: Tensor<3>, options: LayerOptions) -> Tensor<3> {
        self.norm2.forward(tokens.clone() + self.attend(self.norm1.forward(tokens), options))
    }

    /// The MLP.
    pub(super) fn transform(&self, tokens: Tensor<3>, options: LayerOptions) -> Tensor<3> {
        let hidden = self.fc1.forward(tokens);
        self.fc2.forward(activate(hidden, options.activation))
    }

    /// Multi-head self-attention.
    fn attend(&self, tokens: Tensor<3>, options: LayerOptions) -> Tensor<3> {
        let [batch, count, width] = tokens.dims();
        self.output
            .forward(self.mix(tokens, options).swap_dims(1, 2).reshape([batch, count, width]))
    }

    /// The output of every head, `[batch, heads, tokens, width / heads]`; queries, keys and values
    /// come from one product.
    pub(super) fn mix(&self, tokens: Tensor<3>, options: LayerOptions) -> Tensor<4> {
        mix(&self.qkv, tokens, options)
    }
}

/// The output of every head for `tokens`, `[batch, heads, tokens, width / heads]`.
pub(super) fn mix(
    qkv: &Linear,
    tokens: Tensor<3>,
    LayerOptions { heads, causal, .. }: LayerOptions,
) -> Tensor<4> {
    let [batch, count, width] = tokens.dims();
    let qkv = qkv
        .forward(tokens)
        .reshape([batch, count, 3, heads, width / heads])
        .permute([2, 0, 3, 1, 4]);
    let part = |index: usize| qkv.clone().narrow(0, index, 1).squeeze_dim::<4>(0);
    let options = AttentionModuleOptions { is_causal: causal, ..AttentionModuleOptions::default() };
    attention(part(0), part(1), part(2), None, None, options)
}

/// The MLP's activation.
pub(super) fn activate(hidden: Tensor<3>, activation: Activation) -> Tensor<3> {
    match activation {
        Activation::Gelu => gelu(hidden),
        Activation::QuickGelu => hidden.clone() * sigmoid(hidden * 1.702),
    }
}

/// Takes named tensors out of the map and builds modules from them.
pub(super) struct ModuleTensors<'a> {
    pub(super) tensors: &'a mut HashMap<String, DeviceTensor>,
    pub(super) device: &'a Device,
    /// Epsilon of every layer norm.
    pub(super) epsilon: f64,
}

impl ModuleTensors<'_> {
    pub(super) fn vector(&mut self, name: &str) -> Result<Tensor<1>> {
        DeviceTensor::take_vector(self.tensors, name)
    }

    pub(super) fn matrix(&mut self, name: &str) -> Result<Tensor<2>> {
        DeviceTensor::take_matrix(self.tensors, name)
    }

    pub(super) fn linear(&mut self, name: &str, bias: bool) -> Result<Linear> {
        Ok(Linear {
            weight: Param::from_tensor(self.matrix(&format!("{name}.weight"))?),
            bias: if bias {
                Some(Param::from_tensor(self.vector(&format!("{name}.bias"))?))
            } else {
                None
            },
        })
    }

    pub(super) fn norm(&mut self, name: &str, width: usize) -> Result<LayerNorm> {
        let mut norm = LayerNormConfig::new(width).with_epsilon(self.epsilon).init(self.device);
        norm.gamma = Param::from_tensor(self.vector(&format!("{name}.weight"))?);
        norm.beta = Some(Param::from_tensor(self.vector(&format!("{name}.bias"))?));
        Ok(norm)
    }
}

fn wrong_rank(name: &str) -> Error {
    Error::new(
        ErrorKind::WeightsCorrupt,
        format!("the tensor {name} has the wrong number of dimensions"),
    )
}
