// One page, one detector, many images; every task of this thread that is long is noted, and what
// memory is held is posted.
import { createDetector } from '/pkg/index.js';

const { urls, count, every } = JSON.parse(decodeURIComponent(location.hash.slice(1)));
const tell = (step) => fetch('/result', { method: 'POST', body: JSON.stringify(step) });

// Tasks of this thread, which are reported from 50 ms on, but for those in which this page collects
// garbage, for measuring.
const tasks = [];
const collections = [];
new PerformanceObserver((list) => {
  tasks.push(...list.getEntries());
}).observe({ type: 'longtask', buffered: true });

function collectGarbage() {
  collections.push(performance.now());
  globalThis.gc();
}

function longestTask() {
  const own = ({ startTime, duration }) =>
    !collections.some((time) => time >= startTime && time <= startTime + duration);
  return Math.max(0, ...tasks.filter(own).map(({ duration }) => duration));
}

const channel = new BroadcastChannel('memories');

/** Bytes of WebAssembly memory of all workers, each of which answers within the wait. */
async function wasmBytes() {
  let sum = 0;
  const add = ({ data }) => (sum += data.bytes);
  channel.addEventListener('message', add);
  channel.postMessage('tell');
  await new Promise((resolve) => setTimeout(resolve, 500));
  channel.removeEventListener('message', add);
  return sum;
}

try {
  const images = await Promise.all(urls.map(async (url) => (await fetch(url)).blob()));
  const detector = await createDetector({ device: 'cpu' });
  await tell({ device: detector.info.device });
  let next = 0;
  while (next < count) {
    const part = Array.from({ length: every }, () => images[next++ % images.length]);
    for await (const { error } of detector.analyzeAll(part, { views: 1 }))
      if (error !== undefined) throw error;
    const wasm = await wasmBytes();
    collectGarbage();
    const heap = performance.memory.usedJSHeapSize;
    // The observer hears of a task after its end.
    await new Promise((resolve) => setTimeout(resolve, 100));
    await tell({ sample: { images: next, wasm, heap, longestTaskMs: longestTask() } });
  }
  await tell({ done: true });
} catch (error) {
  await tell({ error: String(error), done: true });
}
