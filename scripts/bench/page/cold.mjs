// From navigation to the first verdict: what a visitor waits for. The contender is in the address.
import { open } from './contender.mjs';

const { contender, image } = JSON.parse(decodeURIComponent(location.hash.slice(1)));
const blob = fetch(image).then((response) => response.blob());
let result;
try {
  const { analyze } = await open(contender);
  const loadedMs = performance.now();
  const { logit } = await analyze(await blob);
  // The clock of a page begins with its navigation.
  result = { loadedMs, verdictMs: performance.now(), logit };
} catch (error) {
  result = { error: String(error) };
}
await fetch('/result', { method: 'POST', body: JSON.stringify({ ...result, done: true }) });
