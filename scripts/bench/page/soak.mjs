// One page, one detector, many images; every task of this thread that is long is noted.
import { createDetector } from '/pkg/index.js';

let detector;
let images;
let next = 0;

window.soak = {
  longestTaskMs: 0,
  async start(urls) {
    images = await Promise.all(urls.map(async (url) => (await fetch(url)).blob()));
    detector = await createDetector({ device: 'cpu' });
    return detector.info.device;
  },
  async analyze(count) {
    const part = Array.from({ length: count }, () => images[next++ % images.length]);
    for await (const { error } of detector.analyzeAll(part, { views: 1 })) if (error !== undefined) throw error;
  },
  heap() {
    globalThis.gc?.();
    return performance.memory.usedJSHeapSize;
  },
};

// Reported from 50 ms on.
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) {
    window.soak.longestTaskMs = Math.max(window.soak.longestTaskMs, duration);
  }
}).observe({ type: 'longtask', buffered: true });
