#![allow(missing_docs, clippy::all)]
use super::Encoding;
use crate::clip::*;
use crate::weights::*;
use crate::{Error, ErrorKind, Result};
#[derive(Debug)]
pub struct Builder;
#[derive(Debug)]
pub struct GpuEncoder;
#[derive(Debug, Clone)]
pub struct Gpu;
pub async fn open() -> Result<Gpu> {
    Err(Error::new(ErrorKind::NoGpu, "stub"))
}
impl Gpu {
    pub fn name(&self) -> &str {
        ""
    }
    pub fn backend(&self) -> &'static str {
        ""
    }
    pub fn software(&self) -> bool {
        false
    }
    pub fn check(&self) -> Result<()> {
        Ok(())
    }
}
impl GpuEncoder {
    pub fn builder(_: &Gpu, _: &VisionConfig, _: &FeatureSpec) -> Result<Builder> {
        Err(Error::new(ErrorKind::Unsupported, "stub"))
    }
    pub async fn encode(&self, _: &[f32], _: usize) -> Result<Encoding> {
        Err(Error::new(ErrorKind::Unsupported, "stub"))
    }
}
impl Builder {
    pub fn take(&mut self, _: &TensorSpec, _: StoredTensor) -> Result<()> {
        Ok(())
    }
    pub async fn finish(self) -> Result<GpuEncoder> {
        Ok(GpuEncoder)
    }
}
