//! The WGSL of every kernel, for the shapes of one encoder.
//!
//! There are two families, chosen by the kind of adapter:
//! - [`Family::Registers`] for software adapters (SwiftShader, lavapipe). Barriers and workgroup
//!   memory are slow there, and every load from a buffer is four checked loads; so a thread
//!   computes a large tile in registers, and what products read is packed two to a word.
//! - [`Family::Tiles`] for GPUs: tiles in workgroup memory, everything in f32; where the GPU has
//!   f16 ([`Family::HalfTiles`]), what products read is f16, which halves what activations and
//!   tiles take of memory and of its bandwidth. Sums, softmax, norms and the residual stream are
//!   f32 all the same.
//!
//! What is known when an encoder is built is a constant of the text; what depends on the batch
//! comes in the uniform `Call` (`common.wgsl`).

mod attention;
mod gemm;

use std::fmt::Write;

use crate::clip::Pool;

pub(super) use attention::Attention;
pub(super) use gemm::{Gemm, WeightFormat};

/// Which adapters a kernel is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// Register tiles without barriers.
    Registers,
    /// Tiles in workgroup memory, in f32.
    Tiles,
    /// Tiles in workgroup memory, in f16.
    HalfTiles,
}

/// How the rows of an activation buffer are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowFormat {
    /// In f32.
    F32,
    /// Two numbers a word: the upper halves of their f32.
    Packed,
    /// In f16.
    Half,
}

impl RowFormat {
    /// What the numbers are called.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Packed => "bf16",
            Self::Half => "f16",
        }
    }

    /// Bytes of a row of `width`, padded.
    pub(super) fn bytes(self, width: usize) -> usize {
        match self {
            Self::F32 => 4 * stride(width),
            Self::Packed | Self::Half => 2 * stride(width),
        }
    }
}

impl Family {
    /// The family for an adapter; `head` is the width of an attention head.
    pub(super) fn choose(software: bool, half: bool, head: usize) -> Self {
        // Packed rows hold two numbers a word, so a head must not end within one.
        match (software && head.is_multiple_of(2), half) {
            (true, _) => Self::Registers,
            (false, false) => Self::Tiles,
            (false, true) => Self::HalfTiles,
        }
    }

    /// What the products of this family read.
    pub(super) const fn operand(self) -> RowFormat {
        match self {
            Self::Registers => RowFormat::Packed,
            Self::Tiles => RowFormat::F32,
            Self::HalfTiles => RowFormat::Half,
        }
    }

    /// What a kernel's text begins with: the numbers that tiles are held in.
    fn preamble(self) -> &'static str {
        match self {
            Self::Registers => "",
            Self::Tiles => include_str!("tiles_f32.wgsl"),
            Self::HalfTiles => include_str!("tiles_f16.wgsl"),
        }
    }
}

/// Workgroup memory that every WebGPU device has, in bytes.
pub(super) const MAX_WORKGROUP_BYTES: usize = 16 << 10;

/// Widest attention head: the keys and values of [`Family::Tiles`] must fit
/// [`MAX_WORKGROUP_BYTES`], eight at a time. Published encoders' are at most 128 wide.
pub(super) const MAX_HEAD: usize = 256;

/// Values from one row to the next: rows are padded to whole blocks of a quantised matrix.
pub(super) fn stride(width: usize) -> usize {
    width.next_multiple_of(crate::weights::BLOCK)
}

/// Workgroups along each axis.
pub(super) type Groups = [u32; 3];

/// A count of threads or workgroups; every factor is bounded by
/// [`VisionConfig::validate`](crate::clip::VisionConfig) and the batch, and a dispatch beyond the
/// device's limit is an error of the device.
pub(super) fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// A kernel, with what its text depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kernel {
    /// A matrix product with what follows it.
    Gemm(Gemm),
    /// Layer norm of rows.
    LayerNorm(LayerNorm),
    /// Softmax attention of all heads.
    Attention(Attention),
    /// Pooled tokens.
    Pooling(Pooling),
}

/// Layer norm of f32 rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LayerNorm {
    pub(super) width: usize,
    /// The bits of epsilon in f32.
    pub(super) epsilon: u32,
    pub(super) output: RowFormat,
}

/// Pooled tokens of f32 rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pooling {
    pub(super) width: usize,
    pub(super) pools: Vec<Pool>,
    /// Length of the whole feature vector.
    pub(super) features: usize,
}

impl Kernel {
    /// The whole text.
    pub(super) fn source(&self, family: Family) -> String {
        // First, as it may have a directive.
        let mut text = String::from(family.preamble());
        text.push_str(include_str!("common.wgsl"));
        match self {
            Self::Gemm(gemm) => gemm.write(family, &mut text),
            Self::LayerNorm(norm) => norm.write(family, &mut text),
            Self::Attention(attention) => attention.write(family, &mut text),
            Self::Pooling(pooling) => pooling.write(&mut text),
        }
        text
    }
}

impl LayerNorm {
    fn write(&self, family: Family, text: &mut String) {
        constants(text, &[("WIDTH", self.width), ("STRIDE", stride(self.width))]);
        push(text, format_args!("const EPSILON: f32 = {:e};\n", f32::from_bits(self.epsilon)));
        push(text, format_args!("const PACKED: bool = {};\n", self.output == RowFormat::Packed));
        text.push_str(match family {
            Family::Registers => include_str!("layer_norm_rows.wgsl"),
            Family::Tiles | Family::HalfTiles => include_str!("layer_norm_tiles.wgsl"),
        });
        if family != Family::Registers {
            let (output, stored) = match self.output {
                RowFormat::F32 => ("f32", "value"),
                _ => ("Operand", "operand(value)"),
            };
            push(
                text,
                format_args!(
                    "\n@group(0) @binding(4) var<storage, read_write> output: array<{output}>;
fn store(at: u32, value: f32) {{ output[at] = {stored}; }}\n"
                ),
            );
        }
    }

    /// Workgroups for `rows` rows.
    pub(super) fn groups(family: Family, rows: usize) -> Groups {
        match family {
            Family::Registers => [count(rows.div_ceil(4)), 1, 1],
            Family::Tiles | Family::HalfTiles => [count(rows), 1, 1],
        }
    }
}

impl Pooling {
    fn write(&self, text: &mut String) {
        constants(
            text,
            &[
                ("WIDTH", self.width),
                ("STRIDE", stride(self.width)),
                ("POOLS", self.pools.len()),
                ("FEATURES", self.features),
            ],
        );
        let mut body = String::new();
        if self.pools.iter().any(|pool| *pool != Pool::Class) {
            body.push_str("let mean = mean_of(start);\n");
        }
        for (index, pool) in self.pools.iter().enumerate() {
            let value = match pool {
                Pool::Class | Pool::MlpInputClass => "input[start]",
                Pool::Mean => "mean",
                Pool::Std => "deviation_of(start, mean)",
            };
            push(&mut body, format_args!("  output[to + {index}u * WIDTH] = {value};\n"));
        }
        text.push_str(&include_str!("pool.wgsl").replace("POOLING", &body));
    }

    /// Workgroups for `layers` layers of `images` images.
    pub(super) fn groups(&self, layers: usize, images: usize) -> Groups {
        [count(self.width.div_ceil(32)), count(layers), count(images)]
    }
}

/// Declares whole numbers.
fn constants(text: &mut String, named: &[(&str, usize)]) {
    for (name, value) in named {
        push(text, format_args!("const {name}: u32 = {value}u;\n"));
    }
}

/// Appends formatted text.
fn push(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = text.write_fmt(arguments);
}
