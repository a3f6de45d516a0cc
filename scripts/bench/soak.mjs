// A long session: many images in one page. Memory must stay level, and the page's own thread free.
import { withPage } from './browser.mjs';

const IMAGES = 1000;
const EVERY = 100;

/** `{ samples, growth, longestTaskMs }`; growth in bytes per 100 images, from the first 100 on, when all is warm. */
export async function measureSoak({ chromium, server, images, say }, count = IMAGES) {
  server.settings.watchMemories = true;
  try {
    return await withPage({ executablePath: chromium, webgpu: false }, async (page, { memory }) => {
      await page.goto(`${server.url}/page/soak.html`);
      const device = await page.evaluate((urls) => window.soak.start(urls), images);
      const samples = [];
      for (let done = 0; done < count; done += EVERY) {
        await page.evaluate((number) => window.soak.analyze(number), EVERY);
        const workers = await Promise.all(
          page
            .workers()
            .map((worker) =>
              worker.evaluate(() => (self.memories ?? []).reduce((sum, { buffer }) => sum + buffer.byteLength, 0)),
            ),
        );
        const sample = {
          images: done + EVERY,
          wasm: workers.reduce((a, b) => a + b, 0),
          heap: await page.evaluate(() => window.soak.heap()),
          processes: await memory(),
          longestTaskMs: await page.evaluate(() => window.soak.longestTaskMs),
        };
        samples.push(sample);
        say(
          `${sample.images} images: wasm ${megabytes(sample.wasm)}, heap ${megabytes(sample.heap)}, ` +
            `processes ${megabytes(sample.processes)}, longest task ${sample.longestTaskMs.toFixed(0)} ms`,
        );
      }
      const [first, last] = [samples[0], samples.at(-1)];
      const per = (name) => (last[name] - first[name]) / Math.max(1, samples.length - 1);
      const growth = { wasm: per('wasm'), heap: per('heap'), processes: per('processes') };
      return { device, images: count, samples, growth, longestTaskMs: last.longestTaskMs };
    });
  } finally {
    server.settings.watchMemories = false;
  }
}

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
