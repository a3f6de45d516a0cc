//! What the weakest WebGPU device allows, and what happens when there is no memory.

use wgpu::naga;

use super::super::device::{Reports, open_with};
use super::super::kernels::{
    Attention, Family, Gemm, Kernel, LayerNorm, MAX_HEAD, MAX_WORKGROUP_BYTES, RowFormat,
    WeightFormat,
};
use super::super::layers::Kernels;
use super::towers::{Stored, small, small_encoder};
use super::{families, gpu};
use crate::ErrorKind;
use crate::clip::{FeatureSpec, Pool, VisionConfig};

fn default_instance() -> wgpu::InstanceDescriptor {
    wgpu::InstanceDescriptor::new_without_display_handle()
}

/// Every kernel of an encoder of this shape.
fn kernels_of(config: &VisionConfig, family: Family) -> Vec<Kernel> {
    let features = FeatureSpec::all_layers(config, &[Pool::Class, Pool::Mean, Pool::Std]);
    let kernels = Kernels { config: config.clone(), features, family };
    let mut all = vec![
        Kernel::Attention(kernels.attention()),
        Kernel::Pooling(kernels.pooling()),
        Kernel::LayerNorm(kernels.norm(RowFormat::F32)),
        Kernel::LayerNorm(kernels.norm(family.operand())),
    ];
    for spec in config.tensors() {
        if let (&[columns, depth], true) = (spec.shape.as_slice(), spec.name.ends_with(".weight")) {
            let formats =
                [WeightFormat::F32, WeightFormat::F16, WeightFormat::Q8, WeightFormat::Q4];
            for format in formats {
                let kernel = Kernel::Gemm(kernels.gemm(&spec.name, [columns, depth], format));
                // Layers are alike.
                if !all.contains(&kernel) {
                    all.push(kernel);
                }
            }
        }
    }
    all
}

/// What wgpu does not check natively, and browsers do.
fn check_limits(kernel: &Kernel, family: Family) {
    let text = kernel.source(family);
    let module =
        naga::front::wgsl::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let limits = wgpu::Limits::default();
    let size = |space: naga::AddressSpace| -> u32 {
        let variables =
            module.global_variables.iter().filter(|(_, variable)| variable.space == space);
        variables.map(|(_, variable)| module.types[variable.ty].inner.size(module.to_ctx())).sum()
    };
    let shared = size(naga::AddressSpace::WorkGroup);
    assert!(
        shared <= limits.max_compute_workgroup_storage_size,
        "{family:?} {kernel:?}: {shared} bytes"
    );
    assert!(shared as usize <= MAX_WORKGROUP_BYTES);
    let storage = module
        .global_variables
        .iter()
        .filter(|(_, variable)| matches!(variable.space, naga::AddressSpace::Storage { .. }))
        .count();
    assert!(
        storage <= limits.max_storage_buffers_per_shader_stage as usize,
        "{kernel:?}: {storage} buffers"
    );
    let [entry] = module.entry_points.as_slice() else { panic!("one entry point") };
    let threads: u32 = entry.workgroup_size.iter().product();
    assert!(
        threads <= limits.max_compute_invocations_per_workgroup,
        "{kernel:?}: {threads} threads"
    );
    let sides = [
        limits.max_compute_workgroup_size_x,
        limits.max_compute_workgroup_size_y,
        limits.max_compute_workgroup_size_z,
    ];
    assert!(entry.workgroup_size.iter().zip(sides).all(|(size, most)| *size <= most));
}

#[test]
fn kernels_of_published_encoders_stay_within_the_default_limits() {
    for family in [Family::Registers, Family::Tiles, Family::HalfTiles] {
        for config in [
            VisionConfig::vit_tiny_patch16_224(),
            VisionConfig::openai_clip_vit_base_patch32(),
            VisionConfig::openai_clip_vit_large_patch14(),
            small(),
        ] {
            let kernels = kernels_of(&config, family);
            assert!(kernels.len() > 20, "{}", kernels.len());
            kernels.iter().for_each(|kernel| check_limits(kernel, family));
        }
        for head in [2, 32, 80, 88, 104, 128, MAX_HEAD] {
            check_limits(&Kernel::Attention(Attention { tokens: 50, heads: 2, head }), family);
        }
    }
}

/// Dispatches of the largest batch, too.
#[test]
fn dispatches_stay_within_the_default_limits() {
    let most = wgpu::Limits::default().max_compute_workgroups_per_dimension;
    for family in [Family::Registers, Family::Tiles] {
        let config =
            VisionConfig { image_size: 1022, ..VisionConfig::openai_clip_vit_large_patch14() };
        let rows = super::super::MAX_BATCH * config.tokens();
        let gemm = Gemm {
            columns: config.mlp_width,
            depth: config.width,
            format: WeightFormat::Q8,
            bias: true,
            activation: None,
            residual: false,
            output: RowFormat::F32,
            tile: 32,
        };
        let groups = [gemm.groups(family, rows, config.mlp_width), LayerNorm::groups(family, rows)];
        assert!(groups.iter().flatten().all(|count| *count <= most), "{family:?}: {groups:?}");
    }
}

/// A device that gives no more than every WebGPU device must.
#[test]
fn the_weakest_device_computes_the_same() {
    let Some(strong) = gpu() else { return };
    let weak =
        pollster::block_on(open_with(default_instance(), |_| wgpu::Limits::default())).unwrap();
    assert_eq!(weak.device().limits().max_storage_buffer_binding_size, 128 << 20);
    let pixels: Vec<f32> = (0..3 * 144).map(|i| (i % 17) as f32 / 8.0 - 1.0).collect();
    for family in families(&weak) {
        let encode = |gpu| {
            let encoder = small_encoder(gpu, Stored::Q8, family);
            pollster::block_on(encoder.encode(&pixels, 1)).unwrap()
        };
        assert_eq!(encode(&weak), encode(&strong), "{family:?}");
    }
}

/// A driver that reports little memory: at most 1 % of it may be used.
#[test]
fn no_memory_is_an_error_that_says_so() {
    if gpu().is_none() {
        return;
    }
    let mut instance = default_instance();
    instance.memory_budget_thresholds.for_resource_creation = Some(1);
    let gpu = pollster::block_on(open_with(instance, wgpu::Adapter::limits)).unwrap();
    let mut reports = Reports::default();
    let size = gpu.device().limits().max_buffer_size.min(1 << 30);
    gpu.watch(&mut reports, |device| {
        device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size,
            usage: wgpu::BufferUsages::STORAGE,
            mapped_at_creation: false,
        })
    });
    let Err(error) = pollster::block_on(reports.check()) else {
        eprintln!("SKIPPED: {} does not report that it is out of memory", gpu.name());
        return;
    };
    assert_eq!(error.kind(), ErrorKind::DeviceLost);
    assert!(error.message().contains("too little memory"), "{error}");
    // It was expected, and says nothing about what is computed.
    gpu.check().unwrap();
    let encoder = small_encoder(&gpu, Stored::Q4, Family::Tiles);
    pollster::block_on(encoder.encode(&vec![0.5; 3 * 144], 1)).unwrap();
}

/// A batch that there is no memory for fails alone.
#[test]
fn a_batch_too_large_for_the_memory_fails_alone() {
    if gpu().is_none() {
        return;
    }
    let gpu = pollster::block_on(open_with(default_instance(), wgpu::Adapter::limits)).unwrap();
    let encoder = small_encoder(&gpu, Stored::Q8, Family::Tiles);
    let expected = pollster::block_on(encoder.encode(&[0.5; 3 * 144], 1)).unwrap();
    let mut pass = encoder.begin(&[0.5; 3 * 144], 1).unwrap();
    gpu.watch(&mut pass.reports, |device| {
        device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: u64::MAX / 2,
            usage: wgpu::BufferUsages::STORAGE,
            mapped_at_creation: false,
        })
    });
    let error = pollster::block_on(encoder.finish(pass)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DeviceLost);
    assert_eq!(pollster::block_on(encoder.encode(&[0.5; 3 * 144], 1)).unwrap(), expected);
}
