// What is measured: encoders, the forms in which each side may run them, and the goals.

/**
 * Reference graphs of onnxruntime-web that compute something else than the encoder do not count.
 */
export const LEAST_COSINE = 0.99;

/** Forms of a graph (see export_onnx.py) that may be fastest on the CPU. */
const CPU_GRAPHS = ['int8', 'uint8', 'uint8+mha', 'f32', 'q8', 'q4'];
const LARGE_CPU_GRAPHS = ['int8', 'uint8+mha', 'q8', 'q4'];
const GPU_GRAPHS = ['f32', 'q4', 'q8'];

/** Fused attention is wrong on SwiftShader and right on Firefox's adapter. */
const FIREFOX_GRAPHS = [...GPU_GRAPHS, 'f32+mha', 'q4+mha'];

/**
 * Programs of onnxruntime-web: for the CPU, for WebGPU, and for WebGPU in browsers that can suspend
 * WebAssembly.
 */
export const ORT_FILES = [
  'ort.wasm.bundle.min.mjs',
  'ort-wasm-simd-threaded.wasm',
  'ort.webgpu.bundle.min.mjs',
  'ort-wasm-simd-threaded.asyncify.wasm',
  'ort.jspi.bundle.min.mjs',
  'ort-wasm-simd-threaded.jspi.wasm',
];

/** Storages of clipsight's models. */
const STORAGES = ['q8', 'q4'];

/**
 * Encoders. `gmac`: thousand million products a view. `like`: a forward of onnxruntime-web takes a
 * minute on SwiftShader, so that only the graph that was best for that encoder is measured there.
 */
export const ENCODERS = {
  'vit-ti-16': {
    title: 'compact ViT-Ti/16',
    gmac: 1.26,
    shipped: 'models/compact',
    cpu: CPU_GRAPHS,
    webgpu: GPU_GRAPHS,
  },
  'clip-vit-b-32': {
    title: 'CLIP ViT-B/32',
    gmac: 4.4,
    cpu: CPU_GRAPHS,
    webgpu: GPU_GRAPHS,
    firefox: FIREFOX_GRAPHS,
  },
  'clip-vit-b-16': {
    title: 'CLIP ViT-B/16',
    gmac: 17.6,
    cpu: CPU_GRAPHS,
    webgpu: GPU_GRAPHS,
    like: 'clip-vit-b-32',
  },
  'clip-vit-l-14': { title: 'CLIP ViT-L/14', gmac: 81, cpu: LARGE_CPU_GRAPHS, webgpu: [] },
};

const weightsOf = (name, storage) =>
  ENCODERS[name].shipped ? ENCODERS[name].shipped : `target/bench/models/${name}-${storage}`;

/** Graphs that are exported of an encoder. */
export const graphsOf = (name) => {
  const { cpu, webgpu, firefox = [] } = ENCODERS[name];
  return [...new Set([...cpu, ...webgpu, ...firefox])];
};

/** Models that must be there: name, storage, folder. The graphs are made of f32. */
export function modelsOf(name) {
  if (ENCODERS[name].shipped) return [];
  return ['f32', ...STORAGES].map((storage) => ({
    name,
    storage,
    folder: weightsOf(name, storage),
  }));
}

/** The folder that an encoder's graphs are exported from. */
export const sourceOf = (name) => weightsOf(name, 'f32');

/** Clipsight's contenders of an encoder on a device. */
export function clipsightSpecs(name, device) {
  const known = `/bench/onnx/${name}/known.rgb`;
  if (ENCODERS[name].shipped) return { 'clipsight q8': { side: 'clipsight', device, known } };
  return Object.fromEntries(
    STORAGES.map((storage) => [
      `clipsight ${storage}`,
      {
        side: 'clipsight',
        device,
        known,
        model: `/${weightsOf(name, storage).replace('target/', '')}/model.json`,
      },
    ]),
  );
}

/** Contenders of onnxruntime-web; `normalisation` is the model's. */
export function ortSpecs(
  name,
  device,
  { normalisation, threads = 1, graphs = ENCODERS[name][device], engines },
) {
  const defaults = device === 'cpu' ? ['wasm'] : ['webgpu'];
  return Object.fromEntries(
    (engines ?? defaults).flatMap((engine) =>
      graphs.map((graph) => [
        `ort-${engine} ${graph}`,
        {
          side: 'ort',
          engine,
          threads,
          normalisation,
          known: `/bench/onnx/${name}/known.rgb`,
          graph: `/bench/onnx/${name}/${graph}.onnx`,
          form: graph,
        },
      ]),
    ),
  );
}
