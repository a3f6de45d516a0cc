// One visit with a large model: loads it, looks at images, and posts what it finds. The caller
// measures memory meanwhile.
import { createDetector, fetchModel } from '/pkg/index.js';

const { model, device, images, way } = JSON.parse(decodeURIComponent(location.hash.slice(1)));
const tell = (step) => fetch('/result', { method: 'POST', body: JSON.stringify(step) });

try {
  // What the browser needs for an empty page is there before anything is measured.
  await new Promise((resolve) => setTimeout(resolve, 1500));
  await tell({ at: 'start' });
  const began = performance.now();
  // As the page of this repository does it (all files first, then a worker without network), or as
  // the package does by itself.
  const source = way === 'files' ? await fetchModel({ model, device }) : model;
  await tell({ at: 'fetched' });
  const detector = await createDetector({ model: source, device });
  const loadMs = performance.now() - began;
  await tell({ at: 'loaded', loadMs, info: detector.info });
  const results = [];
  for (const url of images) {
    const { model: said, timings } = await detector.analyze(await (await fetch(url)).blob());
    results.push({
      logit: said.logit,
      status: said.status,
      reason: said.reason,
      encodeMs: timings.encodeMs,
    });
  }
  await new Promise((resolve) => setTimeout(resolve, 1500));
  await tell({ at: 'done', results, done: true });
} catch (error) {
  await tell({ error: `${error.code}: ${error.message}`, done: true });
}
