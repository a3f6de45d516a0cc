//! The encoder that callers hold.

use std::sync::{Mutex, PoisonError};

use super::features::FeatureCollector;
use super::forward::{Forward, Workspace};
use super::isa::Isa;
use super::machine::{Machine, with_isa};
use super::tower::CpuTower;
use crate::engine::Encoding;
use crate::{Error, ErrorKind, Result};

/// The image encoder on the CPU, on the calling thread. It can be shared: calls from several
/// threads run side by side.
#[derive(Debug)]
pub struct CpuEncoder {
    machine: Machine,
    pub(super) tower: CpuTower,
    /// Buffers of finished calls, for the next ones.
    workspaces: Mutex<Vec<Workspace>>,
}

impl CpuEncoder {
    /// An encoder with these weights.
    pub(super) fn new(machine: Machine, tower: CpuTower) -> Self {
        Self { machine, tower, workspaces: Mutex::default() }
    }

    /// Encodes normalised pixels `[batch, 3, image_size, image_size]`.
    ///
    /// # Errors
    /// [`Argument`](ErrorKind::Argument) when there are not `batch` images.
    pub fn encode(&self, pixels: &[f32], batch: usize) -> Result<Encoding> {
        let side = self.tower.config.image_size;
        if Some(pixels.len()) != batch.checked_mul(3 * side * side) {
            let message =
                format!("{batch} views of {side} px do not have {} pixel values", pixels.len());
            return Err(Error::new(ErrorKind::Argument, message));
        }
        if batch == 0 {
            return Ok(Encoding { features: Vec::new(), embedding: Vec::new() });
        }
        let lock = || self.workspaces.lock().unwrap_or_else(PoisonError::into_inner);
        let mut workspace = lock().pop().unwrap_or_default();
        let mut collector = FeatureCollector::new(&self.tower, batch);
        let forward = Forward {
            tower: &self.tower,
            pixels,
            workspace: &mut workspace,
            collector: &mut collector,
        };
        with_isa!(self.machine, isa => isa.run(forward));
        lock().push(workspace);
        Ok(collector.finish())
    }

    /// The instruction set in use.
    #[must_use]
    pub fn kernel(&self) -> &'static str {
        self.machine.name()
    }
}
