// From navigation to the first verdict: what a visitor waits for. The contender is in the address.
import { open } from './contender.mjs';

const { contender, image } = JSON.parse(decodeURIComponent(location.hash.slice(1)));
const blob = fetch(image).then((response) => response.blob());
try {
  const { analyze } = await open(contender);
  const loadedMs = performance.now();
  const { logit } = await analyze(await blob);
  // The clock of a page begins with its navigation.
  window.result = { loadedMs, verdictMs: performance.now(), logit };
} catch (error) {
  window.result = { error: String(error) };
}
