//! The encoder on CPUs: 8-bit integer products in WebAssembly, x86-64 and aarch64.
//!
//! Weights are rounded once to signed bytes with a scale a row (and [group](packed_weights::Inner)),
//! activations before every product to 8 bits with a scale a token; sums are exact. Everything else
//! is f32: norms, softmax, activation functions and the residual stream. [`rotation`] and the notes
//! in [`attention`] say what keeps that as close to f32 as it is.
//!
//! | file | job |
//! | --- | --- |
//! | `isa/` | the integer product of one tile for every instruction set; the only code that differs between machines |
//! | `functions.rs` | f32 vectors and functions on them |
//! | `packed_weights.rs`, `quantized_activations.rs` | weights and activations as the products read them |
//! | `quantized_rows.rs` | rounded rows on their way through products, and what makes up for their rounding |
//! | `product.rs`, `attention.rs`, `norm.rs` | the parts of a layer |
//! | `builder.rs` | from stored tensors to an encoder |
//! | `forward.rs`, `features.rs` | the forward pass, and what is read off it |

mod attention;
mod builder;
mod features;
mod forward;
mod functions;
mod isa;
mod machine;
mod norm;
mod packed_weights;
mod product;
mod quantized_activations;
mod quantized_rows;
mod rotation;
#[cfg(test)]
mod tests;

use std::sync::{Mutex, PoisonError};

use super::Encoding;
use crate::clip::{FeatureSpec, VisionConfig};
use crate::{Error, ErrorKind, Result};
use builder::Tower;
use features::Collector;
use forward::{Forward, Workspace};
use isa::Isa;
use machine::{Machine, with_isa};

pub use builder::Builder;

/// The image encoder on the CPU, on the calling thread. It can be shared: calls from several
/// threads run side by side.
#[derive(Debug)]
pub struct CpuEncoder {
    machine: Machine,
    tower: Tower,
    /// Buffers of finished calls, for the next ones.
    workspaces: Mutex<Vec<Workspace>>,
}

impl CpuEncoder {
    /// Begins an encoder of this architecture that gives these features.
    ///
    /// # Errors
    /// [`WeightsCorrupt`](ErrorKind::WeightsCorrupt) for an invalid architecture or features.
    pub fn builder(config: &VisionConfig, features: &FeatureSpec) -> Result<Builder> {
        Builder::new(Machine::best(), config, features)
    }

    /// Encodes normalised pixels `[batch, 3, image_size, image_size]`.
    ///
    /// # Errors
    /// [`Argument`](ErrorKind::Argument) when there are not `batch` images.
    pub fn encode(&self, pixels: &[f32], batch: usize) -> Result<Encoding> {
        let side = self.tower.config.image_size;
        if Some(pixels.len()) != batch.checked_mul(3 * side * side) {
            let message =
                format!("{} pixel values are not {batch} views of {side} px", pixels.len());
            return Err(Error::new(ErrorKind::Argument, message));
        }
        if batch == 0 {
            return Ok(Encoding { features: Vec::new(), embedding: Vec::new() });
        }
        let lock = || self.workspaces.lock().unwrap_or_else(PoisonError::into_inner);
        let mut workspace = lock().pop().unwrap_or_default();
        let mut collector = Collector::new(&self.tower, batch);
        let pass = Forward {
            tower: &self.tower,
            pixels,
            workspace: &mut workspace,
            collector: &mut collector,
        };
        with_isa!(self.machine, isa => isa.run(pass));
        lock().push(workspace);
        Ok(collector.finish())
    }

    /// The instruction set in use.
    #[must_use]
    pub fn kernel(&self) -> &'static str {
        self.machine.name()
    }
}

/// Runs the dot products of the kernel in use on registers alone, `rounds` times a full tile;
/// returns how many products were summed, so that the caller can time the core's peak.
#[cfg(feature = "bench")]
#[must_use]
pub fn peak_int8_macs(rounds: u32) -> u64 {
    with_isa!(Machine::best(), isa => isa.peak(rounds))
}
