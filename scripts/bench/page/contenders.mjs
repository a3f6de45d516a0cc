// Several contenders in one page; Node says whose turn it is.
import { open } from './contender.mjs';
import { peakInt8 } from './peak.mjs';

const contenders = new Map();
let images = [];

const timed = async (work) => {
  const start = performance.now();
  const result = await work();
  return { ...result, ms: performance.now() - start };
};

window.bench = {
  async images(urls) {
    images = await Promise.all(urls.map(async (url) => (await fetch(url)).blob()));
  },
  async start(name, spec) {
    const { ms, ...contender } = await timed(() => open(spec));
    contenders.set(name, contender);
    return { loadMs: ms, info: contender.info };
  },
  check: (name) => contenders.get(name).check(),
  analyze: (name, index) =>
    timed(() => contenders.get(name).analyze(images[index % images.length])),
  batch: (name) => timed(() => contenders.get(name).batch(images)),
  stop(name) {
    contenders.get(name)?.close();
    contenders.delete(name);
  },
  peakInt8,
};
