// Cold start: a browser never used before, from navigation to the first verdict; what came over the wire; and, in starts of
// their own because looking costs time, how much memory it took.
import { withPage } from './browser.mjs';
import { alone } from './lock.mjs';
import { median } from './stats.mjs';
import { compressed, totals } from './wire.mjs';

/** A home connection: 50 Mbit/s. */
export const NETWORK_BYTES_PER_SECOND = 50e6 / 8;

function address(server, spec, image) {
  return `${server.url}/page/cold.html#${encodeURIComponent(JSON.stringify({ contender: spec, image }))}`;
}

/** One start. Gives `{ loadedMs, verdictMs }`. */
async function start(page, url) {
  await page.goto(url, { waitUntil: 'commit' });
  await page.waitForFunction(() => window.result !== undefined, undefined, { polling: 20 });
  const result = await page.evaluate(() => window.result);
  if (result.error !== undefined) throw new Error(result.error);
  return result;
}

/**
 * @param {{ encoder: string, device: string, specs: Record<string, object>, repetitions: number,
 *   throttled: boolean }} row
 */
export async function measureCold(row, { chromium, server, images, say }) {
  const { encoder, device, specs, repetitions, throttled } = row;
  const options = { executablePath: chromium, webgpu: device === 'webgpu' };
  server.settings.isolated = false;
  const entries = Object.entries(specs).map(([name, spec]) => {
    return { name, side: spec.side, form: spec.form, engine: spec.engine, samples: [], throttledSamples: [] };
  });
  const once = async ({ name }) => {
    const url = address(server, specs[name], images[0]);
    server.log.length = 0;
    return withPage(options, (page) => alone(() => start(page, url)));
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
    const verdict = (samples) => (samples.length === 0 ? undefined : median(samples.map(({ verdictMs }) => verdictMs)));
    entry.verdictMs = verdict(entry.samples);
    entry.throttledVerdictMs = verdict(entry.throttledSamples);
    say(`${entry.name}: first verdict after ${entry.verdictMs.toFixed(0)} ms`);
  }
  return { kind: 'cold', encoder, device, entries };
}

/** Peak memory of a start and one verdict, over that of an empty page. */
export async function measureMemory(row, { chromium, server, images, say }) {
  const { encoder, device, specs } = row;
  const options = { executablePath: chromium, webgpu: device === 'webgpu' };
  const peakWhile = (work) =>
    withPage(options, async (page, { sample }) => {
      const stop = sample();
      await work(page);
      return stop();
    });
  const blank = await peakWhile(async (page) => {
    await page.goto(`${server.url}/page/blank.html`);
    await page.waitForTimeout(1000);
  });
  const entries = [];
  for (const [name, spec] of Object.entries(specs)) {
    const peak = await peakWhile((page) => start(page, address(server, spec, images[0])));
    entries.push({ name, side: spec.side, form: spec.form, engine: spec.engine, peakBytes: peak - blank });
    say(`${name}: ${((peak - blank) / 1e6).toFixed(0)} MB over an empty page`);
  }
  return { kind: 'memory', encoder, device, blankBytes: blank, entries };
}
