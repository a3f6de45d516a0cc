// onnxruntime-web doing the same job as clipsight, as its users write it: the browser decodes and
// resizes, the pixels are normalised in JavaScript, the session runs.

const BUNDLES = {
  wasm: '/ort/ort.wasm.bundle.min.mjs',
  webgpu: '/ort/ort.webgpu.bundle.min.mjs',
  jspi: '/ort/ort.jspi.bundle.min.mjs',
};

/** Images a run when many are to be analysed: one by one, or all at once. */
const BATCHED = 16;

let ort;
let session;
let preprocessing;
let batched;

const calls = {
  async load({ engine, graph, threads, normalisation, batched: together = false }) {
    ort = await import(BUNDLES[engine]);
    ort.env.wasm.numThreads = threads;
    ort.env.wasm.wasmPaths = '/ort/';
    preprocessing = normalisation;
    batched = together;
    const executionProviders = [engine === 'wasm' ? 'wasm' : 'webgpu'];
    session = await ort.InferenceSession.create(graph, { executionProviders });
    return { threads: ort.env.wasm.numThreads };
  },

  async analyze(image) {
    const pixels = await decode(image);
    const start = performance.now();
    const { logit } = await run(pixels, 1);
    return { logit: logit[0], encodeMs: performance.now() - start };
  },

  async batch(images) {
    for (let first = 0; first < images.length; first += batched ? BATCHED : 1) {
      const part = images.slice(first, first + (batched ? BATCHED : 1));
      const decoded = [];
      for (const image of part) decoded.push(await decode(image));
      const pixels = new Float32Array(decoded.length * decoded[0].length);
      decoded.forEach((one, index) => pixels.set(one, index * one.length));
      await run(pixels, part.length);
    }
  },

  /** The known image past the decoder, so that only the engine is compared. */
  async check(rgb) {
    const { logit, embedding } = await run(normalise(rgb, 3), 1);
    return { logit: logit[0], embedding: [...embedding] };
  },
};

async function run(pixels, count) {
  const side = preprocessing.crop;
  const output = await session.run({
    pixels: new ort.Tensor('float32', pixels, [count, 3, side, side]),
  });
  const values = {};
  for (const name of ['logit', 'embedding']) {
    values[name] = await output[name].getData();
    output[name].dispose();
  }
  return values;
}

let context;

/** The centre square, reduced to the encoder's input. */
async function decode(image) {
  const side = preprocessing.crop;
  context ??= new OffscreenCanvas(side, side).getContext('2d', { willReadFrequently: true });
  context.imageSmoothingQuality = 'high';
  const bitmap = await createImageBitmap(image);
  const short = Math.min(bitmap.width, bitmap.height);
  const [x, y] = [(bitmap.width - short) / 2, (bitmap.height - short) / 2];
  context.drawImage(bitmap, x, y, short, short, 0, 0, side, side);
  bitmap.close();
  return normalise(context.getImageData(0, 0, side, side).data, 4);
}

/** Interleaved bytes of `channels` channels -> three planes. */
function normalise(bytes, channels) {
  const count = bytes.length / channels;
  const planes = new Float32Array(3 * count);
  for (let channel = 0; channel < 3; channel += 1) {
    const scale = 1 / (255 * preprocessing.std[channel]);
    const offset = -preprocessing.mean[channel] / preprocessing.std[channel];
    for (let pixel = 0; pixel < count; pixel += 1) {
      planes[channel * count + pixel] = bytes[pixel * channels + channel] * scale + offset;
    }
  }
  return planes;
}

self.addEventListener('message', async ({ data: { id, name, argument } }) => {
  try {
    self.postMessage({ id, result: await calls[name](argument) });
  } catch (error) {
    self.postMessage({ id, error: String(error?.message ?? error) });
  }
});
