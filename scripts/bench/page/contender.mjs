// Both sides behind one interface: bytes of an image in, verdict out, each in a worker of its own.

/**
 * Starts a contender.
 *
 * @param {{ side: 'clipsight' | 'ort' } & Record<string, unknown>} spec
 * @returns {Promise<{
 *   analyze: (image: Blob) => Promise<{ encodeMs: number, logit: number }>,
 *   batch: (images: Blob[]) => Promise<void>,
 *   check: () => Promise<{ logit: number, embedding?: number[] }>,
 *   info: unknown,
 *   close: () => void,
 * }>}
 */
export function open(spec) {
  return spec.side === 'clipsight' ? openClipsight(spec) : openOrt(spec);
}

async function openClipsight({ model, device, known }) {
  const { createDetector } = await import('/pkg/index.js');
  const detector = await createDetector({ device, ...(model === undefined ? {} : { model }) });
  if (detector.info.device !== device)
    throw new Error(`it runs on ${detector.info.device}: ${detector.info.fallbackReason}`);
  const verdict = ({ model: { logit }, timings: { encodeMs } }) => ({ logit, encodeMs });
  return {
    info: detector.info,
    analyze: async (image) => verdict(await detector.analyze(image, { views: 1 })),
    batch: async (images) => {
      for await (const { error } of detector.analyzeAll(images, { views: 1 }))
        if (error !== undefined) throw error;
    },
    check: async () => {
      const { side, rgb } = await fetchKnown(known);
      return verdict(await detector.analyze(bitmap(rgb, side), { views: 1 }));
    },
    close: () => detector.dispose(),
  };
}

async function openOrt(spec) {
  const worker = new Worker(new URL('./ort-worker.mjs', import.meta.url), { type: 'module' });
  const pending = new Map();
  let nextId = 0;
  worker.addEventListener('message', ({ data: { id, result, error } }) => {
    const { resolve, reject } = pending.get(id);
    pending.delete(id);
    if (error === undefined) resolve(result);
    else reject(new Error(error));
  });
  worker.addEventListener('error', ({ message }) => {
    for (const { reject } of pending.values()) reject(new Error(`the worker stopped: ${message}`));
  });
  const call = (name, argument) =>
    new Promise((resolve, reject) => {
      pending.set(nextId, { resolve, reject });
      worker.postMessage({ id: nextId, name, argument });
      nextId += 1;
    });
  const info = await call('load', spec);
  return {
    info,
    analyze: (image) => call('analyze', image),
    batch: (images) => call('batch', images),
    check: async () => call('check', (await fetchKnown(spec.known)).rgb),
    close: () => worker.terminate(),
  };
}

/** The known image: bytes, red green blue, of a square. */
async function fetchKnown(url) {
  const rgb = new Uint8Array(await (await fetch(url)).arrayBuffer());
  return { rgb, side: Math.sqrt(rgb.length / 3) };
}

/**
 * A BMP file: the one format that every decoder decodes alike and that takes no encoder to write.
 */
function bitmap(rgb, side) {
  const stride = Math.ceil((3 * side) / 4) * 4;
  const header = new DataView(new ArrayBuffer(54));
  header.setUint16(0, 0x424d);
  const fields = { 2: 54 + stride * side, 10: 54, 14: 40, 18: side, 22: side, 34: stride * side };
  for (const [offset, value] of Object.entries(fields))
    header.setUint32(Number(offset), value, true);
  header.setUint16(26, 1, true);
  header.setUint16(28, 24, true);
  const rows = new Uint8Array(stride * side);
  for (let y = 0; y < side; y += 1) {
    for (let x = 0; x < side; x += 1) {
      for (let channel = 0; channel < 3; channel += 1) {
        // Rows from the bottom, channels from blue.
        rows[(side - 1 - y) * stride + 3 * x + 2 - channel] = rgb[3 * (y * side + x) + channel];
      }
    }
  }
  return new Blob([header, rows], { type: 'image/bmp' });
}
