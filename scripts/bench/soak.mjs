// A long session: many images in one page. Memory must stay level, and the page's own thread free.
import { undriven } from './browser.mjs';
import { visit } from './visit.mjs';

const IMAGES = 1000;
const EVERY = 100;

/**
 * Goals of issue 4: most growth of a memory in bytes per 100 images, longest task of the page's
 * thread in milliseconds.
 */
export const SOAK_GOALS = { growth: 1e6, longestTaskMs: 50 };

/**
 * `{ samples, growth, longestTaskMs }`; growth in bytes per 100 images, from the first 100 on, when
 * all is warm.
 */
export async function measureSoak({ chromium, server, images, say }, count = IMAGES) {
  const samples = [];
  let device;
  const task = encodeURIComponent(JSON.stringify({ urls: images, count, every: EVERY }));
  const take = async ({ device: chosen, sample, error }, { memory }) => {
    if (error !== undefined) throw new Error(error);
    device ??= chosen;
    if (sample === undefined) return;
    samples.push({ ...sample, processes: await memory() });
    say(describe(samples.at(-1)));
  };
  server.settings.watchMemories = true;
  try {
    const browser = undriven({ executablePath: chromium, webgpu: false, precise: true });
    await visit(browser, { url: `${server.url}/page/soak.html#${task}`, server, take });
  } finally {
    server.settings.watchMemories = false;
  }
  const [first, last] = [samples[0], samples.at(-1)];
  const per = (name) => (last[name] - first[name]) / Math.max(1, samples.length - 1);
  const growth = { wasm: per('wasm'), heap: per('heap'), processes: per('processes') };
  return { device, images: count, samples, growth, longestTaskMs: last.longestTaskMs };
}

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

const describe = ({ images, wasm, heap, processes, longestTaskMs }) =>
  `${images} images: wasm ${megabytes(wasm)}, heap ${megabytes(heap)}, processes ` +
  `${megabytes(processes)}, ` +
  `longest task ${longestTaskMs.toFixed(0)} ms`;
