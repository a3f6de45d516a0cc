use half::f16;
use proptest::prelude::*;

use super::super::device::Reports;
use super::super::kernels::{
    Attention, Family, Gemm, Groups, Kernel, LayerNorm, Pooling, RowFormat, stride,
};
use super::super::layers::Pipelines;
use super::super::weights::{GpuMatrix, upload_rows, upload_vector};
use super::{Gpu, Noise, error, families, gpu, plain};
use crate::clip::{Activation, Pool};
use crate::weights::{Q4, Q8, StoredTensor, StoredValues};

/// Words that a run leaves in its output of `words` words, bound as number `to`.
fn run(
    gpu: &Gpu,
    family: Family,
    kernel: &Kernel,
    bindings: &[(u32, &wgpu::Buffer)],
    (to, words): (u32, usize),
    call: [u32; 8],
    groups: Groups,
) -> Vec<u32> {
    let device = gpu.device();
    let buffer = |words: usize, usage| {
        device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: 4 * words as u64,
            usage,
            mapped_at_creation: false,
        })
    };
    let mut reports = Reports::default();
    let pipeline = Pipelines::new(family).get(gpu, kernel, &mut reports);
    let output = buffer(words, wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC);
    let staging = buffer(words, wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST);
    let uniform = buffer(8, wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST);
    gpu.queue().write_buffer(&uniform, 0, bytemuck::cast_slice(&call));
    gpu.watch(&mut reports, |device| {
        let entries: Vec<_> = [(0, &uniform), (to, &output)]
            .iter()
            .chain(bindings)
            .map(|(binding, buffer)| wgpu::BindGroupEntry {
                binding: *binding,
                resource: buffer.as_entire_binding(),
            })
            .collect();
        let group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &pipeline.get_bind_group_layout(0),
            entries: &entries,
        });
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        pass.set_pipeline(&pipeline);
        pass.set_bind_group(0, &group, &[]);
        pass.dispatch_workgroups(groups[0], groups[1], groups[2]);
        drop(pass);
        encoder.copy_buffer_to_buffer(&output, 0, &staging, 0, 4 * words as u64);
        gpu.queue().submit([encoder.finish()]);
    });
    pollster::block_on(reports.check()).unwrap();
    pollster::block_on(gpu.read(&staging, 4 * words as u64))
        .unwrap()
        .into_iter()
        .map(f32::to_bits)
        .collect()
}

/// Rows of `width` as a kernel reads them, and the values that it then sees.
fn rows(gpu: &Gpu, format: RowFormat, values: &[f32], width: usize) -> (wgpu::Buffer, Vec<f32>) {
    let mut reports = Reports::default();
    if format == RowFormat::F32 {
        return (upload_rows(gpu, values, width, &mut reports), values.to_vec());
    }
    let halves: Vec<u16> = values
        .chunks(width)
        .flat_map(|row| {
            let halves = row.iter().map(|value| match format {
                RowFormat::Half => f16::from_f32(*value).to_bits(),
                _ => (value.to_bits().wrapping_add(0x8000) >> 16) as u16,
            });
            halves.chain((width..stride(width)).map(|_| 0))
        })
        .collect();
    let seen = halves
        .chunks(stride(width))
        .flat_map(|row| row[..width].iter().map(|half| number_of(format, *half)));
    let seen = seen.collect();
    let words: Vec<f32> = halves
        .as_chunks::<2>()
        .0
        .iter()
        .map(|[low, high]| f32::from_bits(u32::from(*high) << 16 | u32::from(*low)))
        .collect();
    (upload_vector(gpu, &words, &mut reports), seen)
}

/// The first `width` numbers of each of `count` rows.
fn unpacked(words: &[u32], format: RowFormat, count: usize, width: usize) -> Vec<f32> {
    let values: Vec<f32> = match format {
        RowFormat::F32 => words.iter().map(|word| f32::from_bits(*word)).collect(),
        RowFormat::Packed | RowFormat::Half => words
            .iter()
            .flat_map(|word| [word & 0xffff, word >> 16].map(|half| number_of(format, half as u16)))
            .collect(),
    };
    values.chunks(stride(width)).take(count).flat_map(|row| row[..width].to_vec()).collect()
}

/// What half a word stands for.
fn number_of(format: RowFormat, half: u16) -> f32 {
    if format == RowFormat::Half {
        f16::from_bits(half).to_f32()
    } else {
        f32::from_bits(u32::from(half) << 16)
    }
}

/// How exact a result of this form can be.
fn tolerance(format: RowFormat) -> f64 {
    match format {
        RowFormat::F32 => 1e-5,
        RowFormat::Packed => 1.0 / 200.0,
        RowFormat::Half => 1.0 / 1500.0,
    }
}

fn number(value: usize) -> u32 {
    u32::try_from(value).unwrap()
}

#[derive(Clone, Debug)]
struct Product {
    rows: usize,
    columns: usize,
    depth: usize,
    stored: u8,
    bias: bool,
    activation: Option<Activation>,
    residual: Option<usize>,
    output_operand: bool,
    tile: usize,
    seed: u64,
}

fn products() -> impl Strategy<Value = Product> {
    let shape = (1..75_usize, 1..150_usize, 1..150_usize);
    let activation =
        prop_oneof![Just(None), Just(Some(Activation::Gelu)), Just(Some(Activation::QuickGelu))];
    let residual = prop_oneof![Just(None), (1..9_usize).prop_map(Some)];
    let rest = (0..4_u8, any::<bool>(), activation, residual, any::<bool>());
    (shape, rest, prop_oneof![Just(32), Just(64)], any::<u64>()).prop_map(
        |(
            (rows, columns, depth),
            (stored, bias, activation, residual, output_operand),
            tile,
            seed,
        )| {
            Product {
                rows,
                columns,
                depth,
                stored,
                bias,
                activation,
                residual,
                output_operand,
                tile,
                seed,
            }
        },
    )
}

fn check_product(gpu: &Gpu, family: Family, product: &Product) {
    let Product { rows: count, columns, depth, bias, activation, residual, .. } = *product;
    let mut noise = Noise(product.seed);
    let mut reports = Reports::default();
    let values = noise.values(columns * depth);
    let values = match product.stored {
        0 => StoredValues::F32(values),
        1 => StoredValues::Q8(Q8::quantize(&values, depth)),
        2 => StoredValues::F32(
            values.into_iter().map(|value| f16::from_f32(value).to_f32()).collect(),
        ),
        _ => StoredValues::Q4(Q4::quantize(&values, depth)),
    };
    let tensor = StoredTensor { shape: vec![columns, depth], values };
    let weights = tensor.to_f32();
    let matrix = GpuMatrix::upload(gpu, &tensor, usize::MAX, &mut reports).unwrap();
    let (input, seen) = rows(gpu, family.operand(), &noise.values(count * depth), depth);
    let biases = noise.values(columns);
    let bias_buffer = upload_vector(gpu, &biases, &mut reports);
    // The added rows repeat after `residual` of them, and every second one of those that are there
    // counts.
    let added = noise.values(2 * count * columns);
    let (added_buffer, _) = rows(gpu, RowFormat::F32, &added, columns);
    let output = if product.output_operand { family.operand() } else { RowFormat::F32 };
    let gemm = Gemm {
        columns,
        depth,
        format: matrix.format,
        bias,
        activation,
        residual: residual.is_some(),
        output,
        tile: product.tile,
    };
    let part = &matrix.parts[0];
    let mut bindings = vec![(1, &input), (2, &part.codes)];
    bindings.extend(part.scales.as_ref().map(|scales| (3, scales)));
    bindings.extend(bias.then_some((4, &bias_buffer)));
    bindings.extend(residual.map(|_| (5, &added_buffer)));
    let call = [number(count), 0, number(columns), residual.map_or(u32::MAX, number), 2, 1, 0, 0];
    let groups = gemm.groups(family, count, columns);
    let words = count * output.bytes(columns) / 4;
    let found = run(gpu, family, &Kernel::Gemm(gemm), &bindings, (6, words), call, groups);
    let expected: Vec<f64> = (0..count * columns)
        .map(|at| {
            let (row, column) = (at / columns, at % columns);
            let mut sum: f64 = seen[row * depth..][..depth]
                .iter()
                .zip(&weights[column * depth..])
                .map(|(x, w)| f64::from(*x) * f64::from(*w))
                .sum();
            if bias {
                sum += f64::from(biases[column]);
            }
            sum = activation.map_or(sum, |activation| plain::activate(activation, sum));
            sum + residual
                .map_or(0.0, |modulo| f64::from(added[row % modulo * 2 * columns + column]))
        })
        .collect();
    let error = error(&unpacked(&found, output, count, columns), &expected);
    // Tiles of f16 round weights, too.
    let rounded = if family == Family::HalfTiles { tolerance(RowFormat::Half) } else { 0.0 };
    assert!(error < tolerance(output).max(rounded), "{family:?} {product:?}: {error}");
}

fn check_norm(gpu: &Gpu, family: Family, (count, step, width): (usize, usize, usize), seed: u64) {
    let mut noise = Noise(seed);
    let mut reports = Reports::default();
    // Far from zero, where a variance from sums of squares would be lost.
    let values: Vec<f32> = noise.values(count * step * width).iter().map(|x| 50.0 + *x).collect();
    let (input, _) = rows(gpu, RowFormat::F32, &values, width);
    let (gain, shift) = (noise.values(width), noise.values(width));
    let buffers = [&gain, &shift].map(|values| upload_vector(gpu, values, &mut reports));
    for output in [RowFormat::F32, family.operand()] {
        let norm = LayerNorm { width, epsilon: 1e-5_f32.to_bits(), output };
        let call = [number(count), 0, 0, 0, number(step), 1, 0, 0];
        let bindings = [(1, &input), (2, &buffers[0]), (3, &buffers[1])];
        let words = count * output.bytes(width) / 4;
        let groups = LayerNorm::groups(family, count);
        let found = run(gpu, family, &Kernel::LayerNorm(norm), &bindings, (4, words), call, groups);
        let found = unpacked(&found, output, count, width);
        for (row, found) in values.chunks(width * step).zip(found.chunks(width)) {
            let row: Vec<f64> = row[..width].iter().map(|x| f64::from(*x)).collect();
            let error = error(found, &plain::layer_norm(&row, &gain, &shift, 1e-5));
            // A mean of numbers near 50 is off by a few units in its last place, 2^-18, and a row's
            // deviation divides that: about 0.6, but whatever it happens to be where a row is
            // short.
            let allowed = 4.0 * 2.0_f64.powi(-18) / plain::variance(&row).sqrt();
            assert!(
                error < tolerance(output).max(allowed),
                "{family:?} {count} {step} {width}: {error}"
            );
        }
    }
}

fn check_attention(
    gpu: &Gpu,
    family: Family,
    attention: &Attention,
    (images, all): (usize, bool),
    seed: u64,
) {
    let Attention { tokens, heads, head } = *attention;
    let width = heads * head;
    // Scores far apart, so that a wrong maximum would overflow.
    let values: Vec<f32> =
        Noise(seed).values(images * tokens * 3 * width).iter().map(|x| 6.0 * x).collect();
    let (input, seen) = rows(gpu, family.operand(), &values, 3 * width);
    let queries = if all { tokens } else { 1 };
    let call = [0, 0, 0, 0, 0, number(images), number(queries), 0];
    let scores =
        rows(gpu, RowFormat::F32, &vec![0.0; images * heads * queries * attention.scores()], 1).0;
    let mut bindings = vec![(1, &input)];
    bindings.extend((family == Family::Registers).then_some((3, &scores)));
    let words = images * queries * family.operand().bytes(width) / 4;
    let groups = attention.groups(family, images, queries);
    let found = run(
        gpu,
        family,
        &Kernel::Attention(attention.clone()),
        &bindings,
        (2, words),
        call,
        groups,
    );
    let seen: Vec<Vec<f64>> =
        seen.chunks(3 * width).map(|row| row.iter().map(|x| f64::from(*x)).collect()).collect();
    let expected: Vec<f64> = seen
        .chunks(tokens)
        .flat_map(|image| plain::attention(image, heads).into_iter().take(queries).flatten())
        .collect();
    let error = error(&unpacked(&found, family.operand(), images * queries, width), &expected);
    assert!(
        error < tolerance(family.operand()),
        "{family:?} {attention:?} {images} {all}: {error}"
    );
}

fn check_pooling(
    gpu: &Gpu,
    (images, layers, tokens, width): (usize, usize, usize, usize),
    seed: u64,
) {
    let pools = vec![Pool::Std, Pool::Class, Pool::Mean];
    let values: Vec<f32> =
        Noise(seed).values(layers * images * tokens * width).iter().map(|x| 9.0 + x).collect();
    let (input, _) = rows(gpu, RowFormat::F32, &values, width);
    // Two numbers before the pooled ones, one behind them.
    let length = layers * 3 * width + 3;
    let pooling = Pooling { width, pools: pools.clone(), features: length };
    let call =
        [0, 0, 0, 0, number(images * tokens * stride(width)), number(images), number(tokens), 2];
    let groups = pooling.groups(layers, images);
    let kernel = Kernel::Pooling(pooling);
    let found =
        run(gpu, Family::Tiles, &kernel, &[(1, &input)], (2, images * length), call, groups);
    for (image, found) in found.chunks(length).enumerate() {
        let found: Vec<f32> = found.iter().map(|word| f32::from_bits(*word)).collect();
        let mut expected = vec![0.0, 0.0];
        for layer in 0..layers {
            let tokens: Vec<Vec<f64>> = values[(layer * images + image) * tokens * width..]
                [..tokens * width]
                .chunks(width)
                .map(|row| row.iter().map(|x| f64::from(*x)).collect())
                .collect();
            expected.extend(pools.iter().flat_map(|pool| plain::pool(&tokens, *pool)));
        }
        expected.push(0.0);
        assert!(error(&found, &expected) < 1e-5, "{images} {layers} {tokens} {width}");
    }
}

proptest! {
    // Every case compiles its own kernels.
    #![proptest_config(ProptestConfig::with_cases(10))]

    #[test]
    fn products_of_any_shape(product in products()) {
        let Some(gpu) = gpu() else { return Ok(()) };
        for family in families(&gpu) {
            check_product(&gpu, family, &product);
        }
    }

    #[test]
    fn layer_norms_of_any_shape(shape in (1..40_usize, 1..4_usize, 2..300_usize), seed: u64) {
        let Some(gpu) = gpu() else { return Ok(()) };
        for family in families(&gpu) {
            check_norm(&gpu, family, shape, seed);
        }
    }

    #[test]
    fn attention_of_any_shape(
        tokens in 1..90_usize,
        heads in 1..4_usize,
        half in 1..40_usize,
        images in 1..4_usize,
        all: bool,
        seed: u64,
    ) {
        let Some(gpu) = gpu() else { return Ok(()) };
        for family in families(&gpu) {
            let attention = Attention { tokens, heads, head: 2 * half };
            check_attention(&gpu, family, &attention, (images, all), seed);
        }
    }

    #[test]
    fn pools_of_any_shape(shape in (1..4_usize, 1..4_usize, 2..30_usize, 1..80_usize), seed: u64) {
        let Some(gpu) = gpu() else { return Ok(()) };
        check_pooling(&gpu, shape, seed);
    }
}

/// The shapes of the published encoders, which random ones rarely meet.
#[test]
fn shapes_of_published_encoders() {
    let Some(gpu) = gpu() else { return };
    for family in families(&gpu) {
        let product = Product {
            rows: 50,
            columns: 192,
            depth: 768,
            stored: 1,
            bias: true,
            activation: None,
            residual: Some(100),
            output_operand: false,
            tile: 64,
            seed: 1,
        };
        check_product(&gpu, family, &product);
        check_product(&gpu, family, &Product { stored: 3, columns: 768, depth: 192, ..product });
        check_attention(&gpu, family, &Attention { tokens: 197, heads: 3, head: 64 }, (1, true), 1);
    }
}

/// What f16 cannot hold becomes the largest that it can; anything else would stop being a
/// number one kernel further on.
#[test]
fn f16_saturates() {
    let Some(gpu) = gpu() else { return };
    if !families(&gpu).contains(&Family::HalfTiles) {
        return;
    }
    let norm = LayerNorm { width: 3, epsilon: 0, output: RowFormat::Half };
    let mut reports = Reports::default();
    let (input, _) = rows(&gpu, RowFormat::F32, &[-1.0, 0.0, 1.0], 3);
    let gain = upload_vector(&gpu, &[1e5; 3], &mut reports);
    let shift = upload_vector(&gpu, &[0.0; 3], &mut reports);
    let bindings = [(1, &input), (2, &gain), (3, &shift)];
    let words = RowFormat::Half.bytes(3) / 4;
    let groups = LayerNorm::groups(Family::HalfTiles, 1);
    let kernel = Kernel::LayerNorm(norm);
    let found = run(
        &gpu,
        Family::HalfTiles,
        &kernel,
        &bindings,
        (4, words),
        [1, 0, 0, 0, 1, 1, 0, 0],
        groups,
    );
    assert_eq!(unpacked(&found, RowFormat::Half, 1, 3), [-65504.0, 0.0, 65504.0]);
}
