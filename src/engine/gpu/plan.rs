//! The dispatches of a forward pass, prepared once for each batch size.

use super::arena::{Arena, Sizes};
use super::device::{Gpu, Reports};
use super::kernels::{Groups, LayerNorm};
use super::layers::{GpuLayer, GpuLinear, GpuTower, Kernels, NormWeights};

/// A dispatch.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) pipeline: wgpu::ComputePipeline,
    pub(super) bindings: wgpu::BindGroup,
    pub(super) groups: Groups,
}

/// The uniform `Call` of `common.wgsl`.
#[derive(Clone, Copy, Debug)]
struct Call {
    rows: usize,
    first: usize,
    count: usize,
    modulo: usize,
    stride: usize,
    images: usize,
    queries: usize,
    offset: usize,
}

/// A part of a buffer.
#[derive(Clone, Copy)]
struct View<'a> {
    buffer: &'a wgpu::Buffer,
    offset: usize,
    size: Option<usize>,
}

impl<'a> From<&'a wgpu::Buffer> for View<'a> {
    fn from(buffer: &'a wgpu::Buffer) -> Self {
        Self { buffer, offset: 0, size: None }
    }
}

/// Rows of which every `stride`th counts: those of the class tokens, or all.
#[derive(Clone, Copy)]
struct Selection {
    rows: usize,
    stride: usize,
}

/// Makes the steps of one batch size.
pub(super) struct Planner<'a> {
    pub(super) gpu: &'a Gpu,
    pub(super) kernels: &'a Kernels,
    pub(super) tower: &'a GpuTower,
    pub(super) arena: &'a Arena,
    pub(super) sizes: Sizes,
    pub(super) batch: usize,
    pub(super) steps: Vec<Step>,
}

impl<'a> Planner<'a> {
    /// All steps, from the patches to the output.
    pub(super) fn plan(mut self, reports: &mut Reports) -> Vec<Step> {
        let gpu = self.gpu;
        gpu.watch(reports, |_| self.forward());
        self.steps
    }

    fn forward(&mut self) {
        let (tower, arena) = (self.tower, self.arena);
        let tokens = self.kernels.config.tokens();
        let all = Selection { rows: self.batch * tokens, stride: 1 };
        let (table, stream) = (View::from(&tower.table), View::from(&arena.tokens));
        match &tower.pre_norm {
            None => self.linear(
                &tower.patch_embedding,
                &arena.patches,
                Some((table, tokens, 1)),
                stream,
                all.rows,
            ),
            Some(norm) => {
                let middle = View::from(&arena.middle);
                self.linear(
                    &tower.patch_embedding,
                    &arena.patches,
                    Some((table, tokens, 1)),
                    middle,
                    all.rows,
                );
                self.norm(norm, &tower.norm_to_f32, middle, stream, all);
            }
        }
        let mut input = stream;
        let mut kept = 0;
        let last = self.kernels.config.layers;
        let class_only = self.kernels.class_only();
        for (index, layer) in tower.layers.iter().enumerate() {
            let output = if index + 1 == last && class_only {
                View::from(&arena.last)
            } else if self.kernels.features.layers.contains(&(index + 1)) {
                kept += 1;
                self.kept(kept - 1)
            } else {
                stream
            };
            self.layer(layer, input, output, index + 1 == last && class_only);
            input = output;
        }
        self.finish(input, if class_only { 1 } else { tokens });
        self.pool();
    }

    /// Where the layer that is kept as number `index` is kept.
    fn kept(&self, index: usize) -> View<'a> {
        let Sizes { stream, kept_together, .. } = self.sizes;
        View {
            buffer: &self.arena.kept[index / kept_together],
            offset: index % kept_together * stream,
            size: Some(stream),
        }
    }

    fn layer(&mut self, layer: &GpuLayer, input: View<'_>, output: View<'_>, class_only: bool) {
        let (tower, arena) = (self.tower, self.arena);
        let tokens = self.kernels.config.tokens();
        let queries = if class_only { 1 } else { tokens };
        let stride = tokens / queries;
        let all = Selection { rows: self.batch * tokens, stride: 1 };
        let rows = self.batch * queries;
        let middle = View::from(&arena.middle);
        self.norm(&layer.norm1, &tower.norm_to_operand, input, (&arena.normed).into(), all);
        self.linear(&layer.qkv, &arena.normed, None, (&arena.qkv).into(), all.rows);
        self.attention(queries);
        self.linear(&layer.output, &arena.context, Some((input, usize::MAX, stride)), middle, rows);
        let changed = Selection { rows, stride: 1 };
        self.norm(&layer.norm2, &tower.norm_to_operand, middle, (&arena.normed).into(), changed);
        self.linear(&layer.fc1, &arena.normed, None, (&arena.hidden).into(), rows);
        self.linear(&layer.fc2, &arena.hidden, Some((middle, usize::MAX, 1)), output, rows);
    }

    /// The final norm and the projection; `last` holds `tokens` tokens per image.
    fn finish(&mut self, last: View<'_>, tokens: usize) {
        let (tower, arena) = (self.tower, self.arena);
        let class = Selection { rows: self.batch, stride: tokens };
        let bytes = self.batch * self.kernels.embedding_stride() * 4;
        let embedding = View { buffer: &arena.output, offset: 0, size: Some(bytes) };
        match &tower.projection {
            None => self.norm(&tower.norm, &tower.norm_to_f32, last, embedding, class),
            Some(projection) => {
                self.norm(&tower.norm, &tower.norm_to_operand, last, (&arena.normed).into(), class);
                self.linear(projection, &arena.normed, None, embedding, self.batch);
            }
        }
        if let Some(normed) = &arena.normed_last {
            let all = Selection { rows: self.batch * tokens, stride: 1 };
            self.norm(&tower.norm, &tower.norm_to_f32, last, normed.into(), all);
        }
    }

    /// Pools everything that was kept.
    fn pool(&mut self) {
        let (kernels, arena) = (self.kernels, self.arena);
        let layers = kernels.config.layers;
        let tokens = kernels.config.tokens();
        let Sizes { stream, kept, kept_together, .. } = self.sizes;
        for (index, buffer) in arena.kept.iter().enumerate() {
            let first = index * kept_together;
            self.pool_layers(
                buffer.into(),
                first,
                (kept - first).min(kept_together),
                stream / 4,
                tokens,
            );
        }
        let tokens = if kernels.class_only() { 1 } else { tokens };
        let mut at = kept;
        if kernels.class_only() && kernels.features.layers.contains(&layers) {
            self.pool_layers((&arena.last).into(), at, 1, 0, tokens);
            at += 1;
        }
        if let Some(normed) = &arena.normed_last {
            self.pool_layers(normed.into(), at, 1, 0, tokens);
        }
    }

    /// Pools `count` layers of `tokens` tokens per image, `length` numbers apart, the first of
    /// which is number `first` of the features' layers.
    fn pool_layers(
        &mut self,
        from: View<'_>,
        first: usize,
        count: usize,
        length: usize,
        tokens: usize,
    ) {
        let pooling = self.kernels.pooling();
        let (floats, start) = self.kernels.output_floats(self.batch);
        let features = View {
            buffer: &self.arena.output,
            offset: 4 * start,
            size: Some(4 * (floats - start)),
        };
        let call = Call {
            stride: length,
            queries: tokens,
            offset: first * pooling.pools.len() * pooling.width,
            ..self.call(self.batch)
        };
        let groups = pooling.groups(count, self.batch);
        self.step(&self.tower.pooling, call, &[(1, from), (2, features)], groups);
    }

    fn call(&self, rows: usize) -> Call {
        Call {
            rows,
            first: 0,
            count: 0,
            modulo: usize::MAX,
            stride: 1,
            images: self.batch,
            queries: 0,
            offset: 0,
        }
    }

    fn norm(
        &mut self,
        norm: &NormWeights,
        pipeline: &wgpu::ComputePipeline,
        input: View<'_>,
        output: View<'_>,
        Selection { rows, stride }: Selection,
    ) {
        let call = Call { stride, ..self.call(rows) };
        let bindings =
            [(1, input), (2, (&norm.gain).into()), (3, (&norm.shift).into()), (4, output)];
        self.step(pipeline, call, &bindings, LayerNorm::groups(self.kernels.family, rows));
    }

    fn attention(&mut self, queries: usize) {
        let (kernels, arena) = (self.kernels, self.arena);
        let call = Call { queries, ..self.call(self.batch * queries) };
        let mut bindings = vec![(1, (&arena.qkv).into()), (2, (&arena.context).into())];
        bindings.extend(arena.scores.as_ref().map(|scores| (3, scores.into())));
        let groups = kernels.attention().groups(kernels.family, self.batch, queries);
        self.step(&self.tower.attention, call, &bindings, groups);
    }

    /// The product of a matrix with rows; `added` are the rows to add to the result, their number
    /// before they repeat, and how many rows lie from one to the next.
    fn linear(
        &mut self,
        linear: &GpuLinear,
        input: &wgpu::Buffer,
        added: Option<(View<'_>, usize, usize)>,
        output: View<'_>,
        rows: usize,
    ) {
        for part in &linear.matrix.parts {
            let mut call = Call { first: part.first, count: part.count, ..self.call(rows) };
            let mut bindings = vec![(1, input.into()), (2, (&part.codes).into())];
            bindings.extend(part.scales.as_ref().map(|scales| (3, scales.into())));
            bindings.extend(linear.bias.as_ref().map(|bias| (4, bias.into())));
            if let Some((view, modulo, stride)) = added {
                call = Call { modulo, stride, ..call };
                bindings.push((5, view));
            }
            bindings.push((6, output));
            let groups = linear.gemm.groups(self.kernels.family, rows, part.count);
            self.step(&linear.pipeline, call, &bindings, groups);
        }
    }

    fn step(
        &mut self,
        pipeline: &wgpu::ComputePipeline,
        call: Call,
        bindings: &[(u32, View<'_>)],
        groups: Groups,
    ) {
        let device = self.gpu.device();
        let uniform = device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: 32,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        self.gpu.queue().write_buffer(&uniform, 0, &call.bytes());
        let entries: Vec<_> = std::iter::once((0, View::from(&uniform)))
            .chain(bindings.iter().copied())
            .map(|(binding, View { buffer, offset, size })| wgpu::BindGroupEntry {
                binding,
                resource: wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                    buffer,
                    offset: offset as u64,
                    size: size.and_then(|size| std::num::NonZero::new(size as u64)),
                }),
            })
            .collect();
        let bindings = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &pipeline.get_bind_group_layout(0),
            entries: &entries,
        });
        self.steps.push(Step { pipeline: pipeline.clone(), bindings, groups });
    }
}

impl Call {
    fn bytes(self) -> [u8; 32] {
        let Self { rows, first, count, modulo, stride, images, queries, offset } = self;
        let mut bytes = [0; 32];
        let numbers = [rows, first, count, modulo, stride, images, queries, offset];
        for (bytes, number) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(numbers) {
            *bytes = super::kernels::count(number).to_le_bytes();
        }
        bytes
    }
}
