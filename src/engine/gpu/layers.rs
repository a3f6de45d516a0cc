//! What an encoder is made of on the GPU: kernels and weights by the part of the tower they serve.

use std::collections::HashMap;

use super::device::{Gpu, Reports};
use super::kernels::{
    Attention, Family, Gemm, Kernel, LayerNorm, Pooling, RowFormat, WeightFormat,
};
use super::weights::{GpuMatrix, upload_rows, upload_vector};
use crate::clip::{FeatureSpec, TensorRole, TensorSpec, VisionConfig};
use crate::weights::StoredTensor;
use crate::{Error, ErrorKind, Result};

/// Compiled kernels.
#[derive(Debug)]
pub(super) struct Pipelines {
    family: Family,
    /// By their text.
    compiled: HashMap<String, wgpu::ComputePipeline>,
}

impl Pipelines {
    pub(super) fn new(family: Family) -> Self {
        Self { family, compiled: HashMap::new() }
    }

    /// The kernel's pipeline; compilation begins when it is first asked for.
    pub(super) fn get(
        &mut self,
        gpu: &Gpu,
        kernel: &Kernel,
        reports: &mut Reports,
    ) -> wgpu::ComputePipeline {
        self.compiled
            .entry(kernel.source(self.family))
            .or_insert_with_key(|text| {
                gpu.watch(reports, |device| {
                    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
                        label: None,
                        source: wgpu::ShaderSource::Wgsl(text.as_str().into()),
                    });
                    device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                        label: None,
                        layout: None,
                        module: &module,
                        entry_point: None,
                        compilation_options: wgpu::PipelineCompilationOptions::default(),
                        cache: None,
                    })
                })
            })
            .clone()
    }
}

/// A matrix, its bias and what follows their product.
#[derive(Debug)]
pub(super) struct GpuLinear {
    pub(super) matrix: GpuMatrix,
    pub(super) bias: Option<wgpu::Buffer>,
    pub(super) gemm: Gemm,
    pub(super) pipeline: wgpu::ComputePipeline,
}

/// Gain and shift of a layer norm.
#[derive(Debug)]
pub(super) struct NormWeights {
    pub(super) gain: wgpu::Buffer,
    pub(super) shift: wgpu::Buffer,
}

/// One transformer layer.
#[derive(Debug)]
pub(super) struct GpuLayer {
    pub(super) norm1: NormWeights,
    pub(super) qkv: GpuLinear,
    pub(super) output: GpuLinear,
    pub(super) norm2: NormWeights,
    pub(super) fc1: GpuLinear,
    pub(super) fc2: GpuLinear,
}

/// The whole tower.
#[derive(Debug)]
pub(super) struct GpuTower {
    pub(super) patch_embedding: GpuLinear,
    /// Added to the embedded patches: positions and bias, and the class token in the row before
    /// them.
    pub(super) table: wgpu::Buffer,
    pub(super) pre_norm: Option<NormWeights>,
    pub(super) layers: Vec<GpuLayer>,
    pub(super) norm: NormWeights,
    pub(super) projection: Option<GpuLinear>,
    pub(super) norm_to_operand: wgpu::ComputePipeline,
    pub(super) norm_to_f32: wgpu::ComputePipeline,
    pub(super) attention: wgpu::ComputePipeline,
    pub(super) pooling: wgpu::ComputePipeline,
}

/// The kernels of an encoder.
#[derive(Debug)]
pub(super) struct Kernels {
    pub(super) config: VisionConfig,
    pub(super) features: FeatureSpec,
    pub(super) family: Family,
}

impl Kernels {
    pub(super) fn attention(&self) -> Attention {
        let VisionConfig { width, heads, .. } = self.config;
        Attention { tokens: self.config.tokens(), heads, head: width / heads }
    }

    pub(super) fn norm(&self, output: RowFormat) -> LayerNorm {
        #[expect(clippy::cast_possible_truncation, reason = "kernels compute in f32")]
        let epsilon = self.config.norm_epsilon as f32;
        LayerNorm { width: self.config.width, epsilon: epsilon.to_bits(), output }
    }

    pub(super) fn pooling(&self) -> Pooling {
        Pooling {
            width: self.config.width,
            pools: self.features.pools.clone(),
            features: self.features.width(&self.config),
        }
    }

    /// The product with the matrix `name`, a weight of the tower.
    pub(super) fn gemm(&self, name: &str, matrix: [usize; 2], format: WeightFormat) -> Gemm {
        let [columns, depth] = matrix;
        let operand = self.family.operand();
        let part = name.trim_end_matches(".weight");
        let residual = part.ends_with("patch_embedding")
            || part.ends_with("attention.output")
            || part.ends_with("mlp.fc2");
        let hidden = part.ends_with("mlp.fc1");
        let bias = match part {
            // In the table.
            "vision.patch_embedding" => false,
            "vision.projection" => self.config.projection_bias,
            _ => true,
        };
        // Large tiles reuse more of what they load; small ones keep more of the GPU busy.
        let tiles = self.config.tokens().div_ceil(64) * columns.div_ceil(64);
        Gemm {
            columns,
            depth,
            format,
            bias,
            activation: hidden.then_some(self.config.activation),
            residual,
            output: if hidden || part.ends_with("attention.qkv") {
                operand
            } else {
                RowFormat::F32
            },
            tile: if tiles < 64 { 32 } else { 64 },
        }
    }
}

/// Tensors on their way to a [`GpuTower`].
#[derive(Debug)]
pub(super) struct TowerAssembly {
    matrices: HashMap<String, (GpuMatrix, Gemm, wgpu::ComputePipeline)>,
    vectors: HashMap<String, wgpu::Buffer>,
    /// What the table is made of.
    values: HashMap<String, Vec<f32>>,
}

const CLASS: &str = "vision.class_token";
const POSITIONS: &str = "vision.position_embedding";
const PATCH_BIAS: &str = "vision.patch_embedding.bias";

impl TowerAssembly {
    pub(super) fn new() -> Self {
        Self { matrices: HashMap::new(), vectors: HashMap::new(), values: HashMap::new() }
    }

    /// Uploads a tensor, and begins to compile what multiplies by it.
    pub(super) fn take(
        &mut self,
        gpu: &Gpu,
        (kernels, pipelines): (&Kernels, &mut Pipelines),
        spec: &TensorSpec,
        tensor: &StoredTensor,
        limit: usize,
        reports: &mut Reports,
    ) -> Result<()> {
        let name = spec.name.clone();
        let misshapen = || {
            let message = format!(
                "the tensor {name} has shape {:?} instead of {:?}",
                tensor.shape, spec.shape
            );
            Error::new(ErrorKind::WeightsCorrupt, message)
        };
        if tensor.shape != spec.shape {
            return Err(misshapen());
        }
        if let (TensorRole::Matrix, &[columns, depth]) = (spec.role, spec.shape.as_slice()) {
            let matrix = GpuMatrix::upload(gpu, tensor, limit, reports)?;
            let gemm = kernels.gemm(&name, [columns, depth], matrix.format);
            let pipeline = pipelines.get(gpu, &Kernel::Gemm(gemm.clone()), reports);
            self.matrices.insert(name, (matrix, gemm, pipeline));
            return Ok(());
        }
        let values = tensor.to_f32();
        if values.len() != spec.shape.iter().product::<usize>() {
            return Err(misshapen());
        }
        if [CLASS, POSITIONS, PATCH_BIAS].contains(&name.as_str()) {
            self.values.insert(name, values);
        } else {
            self.vectors.insert(name.clone(), upload_vector(gpu, &values, reports));
        }
        Ok(())
    }

    /// The tower, once all tensors are there.
    pub(super) fn assemble(
        mut self,
        gpu: &Gpu,
        (kernels, pipelines): (&Kernels, &mut Pipelines),
        reports: &mut Reports,
    ) -> Result<GpuTower> {
        let config = &kernels.config;
        let layers = (0..config.layers)
            .map(|layer| {
                let name = |part: &str| format!("vision.layers.{layer}.{part}");
                Ok(GpuLayer {
                    norm1: self.norm(&name("norm1"))?,
                    qkv: self.linear(&name("attention.qkv"))?,
                    output: self.linear(&name("attention.output"))?,
                    norm2: self.norm(&name("norm2"))?,
                    fc1: self.linear(&name("mlp.fc1"))?,
                    fc2: self.linear(&name("mlp.fc2"))?,
                })
            })
            .collect::<Result<Vec<_>>>()?;
        let table = self.table(config)?;
        let operand = kernels.family.operand();
        let mut compiled = |kernel| pipelines.get(gpu, &kernel, reports);
        let norm_to_operand = compiled(Kernel::LayerNorm(kernels.norm(operand)));
        let norm_to_f32 = compiled(Kernel::LayerNorm(kernels.norm(RowFormat::F32)));
        let attention = compiled(Kernel::Attention(kernels.attention()));
        let pooling = compiled(Kernel::Pooling(kernels.pooling()));
        Ok(GpuTower {
            patch_embedding: self.linear("vision.patch_embedding")?,
            table: upload_rows(gpu, &table, config.width, reports),
            pre_norm: if config.pre_norm { Some(self.norm("vision.pre_norm")?) } else { None },
            layers,
            norm: self.norm("vision.norm")?,
            projection: match config.projection {
                Some(_) => Some(self.linear("vision.projection")?),
                None => None,
            },
            norm_to_operand,
            norm_to_f32,
            attention,
            pooling,
        })
    }

    fn linear(&mut self, name: &str) -> Result<GpuLinear> {
        let weight = format!("{name}.weight");
        let (matrix, gemm, pipeline) =
            self.matrices.remove(&weight).ok_or_else(|| missing(&weight))?;
        let bias = if gemm.bias { Some(self.vector(&format!("{name}.bias"))?) } else { None };
        Ok(GpuLinear { matrix, bias, gemm, pipeline })
    }

    fn norm(&mut self, name: &str) -> Result<NormWeights> {
        Ok(NormWeights {
            gain: self.vector(&format!("{name}.weight"))?,
            shift: self.vector(&format!("{name}.bias"))?,
        })
    }

    fn vector(&mut self, name: &str) -> Result<wgpu::Buffer> {
        self.vectors.remove(name).ok_or_else(|| missing(name))
    }

    /// `[tokens, width]`: positions, plus the class token or the bias of the patches.
    fn table(&mut self, config: &VisionConfig) -> Result<Vec<f32>> {
        let mut take = |name: &str| self.values.remove(name).ok_or_else(|| missing(name));
        let mut table = take(POSITIONS)?;
        let class = take(CLASS)?;
        let bias = if config.patch_bias { take(PATCH_BIAS)? } else { vec![0.0; config.width] };
        for (token, row) in table.chunks_exact_mut(config.width).enumerate() {
            let added = if token == 0 { &class } else { &bias };
            for (value, added) in row.iter_mut().zip(added) {
                *value += added;
            }
        }
        Ok(table)
    }
}

fn missing(name: &str) -> Error {
    Error::new(ErrorKind::WeightsCorrupt, format!("the model lacks the tensor {name}"))
}
