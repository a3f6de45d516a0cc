#![allow(missing_docs, clippy::all)]
use super::Encoding;
use crate::clip::*;
use crate::weights::*;
use crate::{Error, ErrorKind, Result};
#[derive(Debug)]
pub struct Builder;
#[derive(Debug)]
pub struct CpuEncoder;
impl CpuEncoder {
    pub fn builder(_: &VisionConfig, _: &FeatureSpec) -> Result<Builder> {
        Err(Error::new(ErrorKind::Unsupported, "stub"))
    }
    pub fn encode(&self, _: &[f32], _: usize) -> Result<Encoding> {
        Err(Error::new(ErrorKind::Unsupported, "stub"))
    }
}
impl Builder {
    pub fn take(&mut self, _: &TensorSpec, _: StoredTensor) -> Result<()> {
        Ok(())
    }
    pub fn finish(self) -> Result<CpuEncoder> {
        Ok(CpuEncoder)
    }
}
