// For browsers that nobody drives: measures what the address says and posts each step to the
// server.
import { open } from './contender.mjs';

const { specs, repetitions, image } = JSON.parse(decodeURIComponent(location.hash.slice(1)));
const tell = (step) => fetch('/result', { method: 'POST', body: JSON.stringify(step) });

const blob = await (await fetch(image)).blob();
const racing = [];
for (const [name, spec] of Object.entries(specs)) {
  try {
    const start = performance.now();
    const contender = await open(spec);
    const loadMs = performance.now() - start;
    racing.push({ name, contender });
    await tell({ name, loadMs, check: await contender.check() });
  } catch (error) {
    await tell({ name, error: String(error) });
  }
}
for (let round = 0; round < repetitions; round += 1) {
  // Answered when it is this browser's turn.
  await tell({ turn: round });
  for (const { name, contender } of racing) {
    const start = performance.now();
    const { encodeMs } = await contender.analyze(blob);
    await tell({ name, sample: { encodeMs, ms: performance.now() - start } });
  }
}
await tell({ done: true });
