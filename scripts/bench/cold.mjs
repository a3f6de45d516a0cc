// Cold start: a browser never used before, from navigation to the first verdict; what came over the
// wire; and, in starts of their own because looking costs time, how much memory it took.
import { undriven } from './browser.mjs';
import { median } from './stats.mjs';
import { visit } from './visit.mjs';
import { compressed, totals } from './wire.mjs';

/** A home connection: 50 Mbit/s. */
export const NETWORK_BYTES_PER_SECOND = 50e6 / 8;

/**
 * Where a page waits until the browser has come up and it is its turn, on another site, so that the
 * next gets a process.
 */
function address(server, page, task) {
  const next = `${server.url}/page/${page}#${encodeURIComponent(JSON.stringify(task ?? null))}`;
  const origin = server.url.replace('localhost', '127.0.0.1');
  return `${origin}/page/start.html#${encodeURIComponent(next)}`;
}

const coldAddress = (server, contender, image) =>
  address(server, 'cold.html', { contender, image });

/** One start. Gives `{ loadedMs, verdictMs, logit }`. */
async function start(browser, server, url) {
  let result;
  await visit(browser, { url, server, take: (step) => (result = step) });
  if (result.error !== undefined) throw new Error(result.error);
  return result;
}

/**
 * @param {{ encoder: string, device: string, specs: Record<string, object>, repetitions: number,
 *   throttled: boolean }} row
 */
export async function measureCold(row, { chromium, server, images, say }) {
  const { encoder, device, specs, repetitions, throttled } = row;
  const browser = undriven({ executablePath: chromium, webgpu: device === 'webgpu' });
  server.settings.isolated = false;
  const entries = Object.entries(specs).map(([name, spec]) => {
    return {
      name,
      side: spec.side,
      form: spec.form,
      engine: spec.engine,
      samples: [],
      throttledSamples: [],
    };
  });
  const once = ({ name }) => {
    server.log.length = 0;
    return start(browser, server, coldAddress(server, specs[name], images[0]));
  };
  // The first start finds the disk's cache cold and the server's compressed files not yet made.
  for (const entry of entries) {
    await once(entry);
    for (const { file } of server.log) await compressed(file);
    entry.wire = await totals(server.log);
    entry.requests = server.log.length;
  }
  const measure = async (samples) => {
    for (let round = 0; round < repetitions; round += 1) {
      for (const entry of entries) entry[samples].push(await once(entry));
    }
  };
  await measure('samples');
  if (throttled) {
    server.settings.bytesPerSecond = NETWORK_BYTES_PER_SECOND;
    await measure('throttledSamples');
    server.settings.bytesPerSecond = Infinity;
  }
  for (const entry of entries) {
    const verdict = (samples) =>
      samples.length === 0 ? undefined : median(samples.map(({ verdictMs }) => verdictMs));
    entry.verdictMs = verdict(entry.samples);
    entry.throttledVerdictMs = verdict(entry.throttledSamples);
    say(`${entry.name}: first verdict after ${entry.verdictMs.toFixed(0)} ms`);
  }
  return { kind: 'cold', encoder, device, entries };
}

/** Peak memory of a start and one verdict, over that of an empty page. */
export async function measureMemory(row, { chromium, server, images, say }) {
  const { encoder, device, specs } = row;
  const browser = undriven({ executablePath: chromium, webgpu: device === 'webgpu' });
  const peakOf = async (url) => {
    let stop;
    let peak;
    const take = async ({ done, error }, { sample }) => {
      if (error !== undefined) throw new Error(error);
      if (done) peak = await stop();
      else stop = sample();
    };
    try {
      await visit(browser, { url, server, take });
    } finally {
      await stop?.();
    }
    return peak;
  };
  const blank = await peakOf(address(server, 'blank.html'));
  const entries = [];
  for (const [name, spec] of Object.entries(specs)) {
    const peak = await peakOf(coldAddress(server, spec, images[0]));
    entries.push({
      name,
      side: spec.side,
      form: spec.form,
      engine: spec.engine,
      peakBytes: peak - blank,
    });
    say(`${name}: ${((peak - blank) / 1e6).toFixed(0)} MB over an empty page`);
  }
  return { kind: 'memory', encoder, device, blankBytes: blank, entries };
}
