//! The CPU engine: 8-bit integer products in WebAssembly, on x86-64 and on aarch64.
//!
//! Weights are rounded once to signed bytes with one scale per row (and
//! [group](dimension::InnerDimension)), activations before every product to 8 bits with a scale a
//! token; sums are exact. Everything else is f32: norms, softmax, activation functions and the
//! residual stream. [`rotation`] and the notes in [`attention`] say what keeps that as close to f32
//! as it is.
//!
//! | file | job |
//! | --- | --- |
//! | `isa/` | kernels for the integer product of one tile: all that differs between machines |
//! | `machine.rs` | which instruction set serves |
//! | `packing.rs` | bytes in the words that a kernel reads |
//! | `dimension.rs` | padding, and the groups of values that share a scale |
//! | `packed_weights.rs`, `quantized_activations.rs` | what products read |
//! | `quantized_rows.rs` | rows on their way through products; what makes up for rounding |
//! | `functions.rs` | exponentials and activation functions of vectors |
//! | `product.rs`, `attention.rs`, `norm.rs` | the parts of a layer |
//! | `tower.rs`, `builder.rs` | the weights of an encoder; from stored tensors to them |
//! | `encoder.rs`, `forward.rs`, `features.rs` | the forward pass, and what is read off it |

mod attention;
mod builder;
mod dimension;
mod encoder;
mod features;
mod forward;
mod functions;
mod isa;
mod machine;
mod norm;
mod packed_weights;
mod packing;
mod product;
mod quantized_activations;
mod quantized_rows;
mod rotation;
#[cfg(test)]
mod tests;
mod tower;

#[cfg(feature = "bench")]
use isa::Isa;
#[cfg(feature = "bench")]
use machine::{Machine, with_isa};

pub use builder::Builder;
pub use encoder::CpuEncoder;

/// The CPU that this runs on, in 8-bit integers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cpu;

/// Runs the dot products of the kernel in use on registers alone, `rounds` times a full tile;
/// returns how many products were summed, so that the caller can time the peak of a CPU core.
#[cfg(feature = "bench")]
#[must_use]
pub fn peak_int8_macs(rounds: u32) -> u64 {
    with_isa!(Machine::best(), isa => isa.peak(rounds))
}
