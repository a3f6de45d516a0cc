// Warm latency: every contender loaded in one page, then one image each in turn, so that whatever
// else the machine does falls on all of them alike.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { root } from '../lib/run.mjs';
import { withPage } from './browser.mjs';
import { LEAST_COSINE, clipsightSpecs, ortSpecs } from './configurations.mjs';
import { alone } from './lock.mjs';
import { cosine, median } from './stats.mjs';

/**
 * Forms of onnxruntime-web that are this much slower than its best in the heats are not measured
 * further.
 */
const HOPELESS = 1.2;

export async function metaOf(encoder) {
  return JSON.parse(
    await readFile(path.join(root, `target/bench/onnx/${encoder}/meta.json`), 'utf8'),
  );
}

const call = (page, name, ...args) =>
  page.evaluate(([method, given]) => window.bench[method](...given), [name, args]);

/** Opens the page of contenders with the images loaded. */
export async function openBench(page, { server, images }) {
  await page.goto(`${server.url}/page/index.html`);
  await page.waitForFunction(() => window.bench !== undefined);
  await call(page, 'images', images);
  return (name, ...args) => call(page, name, ...args);
}

/** Loads a contender, compares what it computes with the definition, and warms it up. */
async function enter(bench, name, spec, { meta, warmUps }) {
  const entry = {
    name,
    side: spec.side,
    form: spec.form,
    engine: spec.engine,
    heats: [],
    samples: [],
  };
  try {
    entry.loadMs = (await bench('start', name, spec)).loadMs;
    const { logit, embedding } = await bench('check', name);
    entry.logitError = Math.abs(logit - meta.logit);
    if (embedding !== undefined) entry.cosine = cosine(embedding, meta.embedding);
    entry.valid = embedding === undefined ? entry.logitError < 0.5 : entry.cosine >= LEAST_COSINE;
    for (let index = 0; entry.valid && index < warmUps; index += 1)
      await bench('analyze', name, index);
  } catch (error) {
    entry.valid = false;
    entry.error = String(error.message ?? error)
      .split('\n')[0]
      .slice(0, 300);
  }
  if (!entry.valid) await bench('stop', name);
  return entry;
}

/** Drops the forms of onnxruntime-web that are far from its best. Clipsight's all stay. */
async function heat(bench, entries, rounds) {
  for (let round = 0; round < rounds; round += 1) {
    await alone(async () => {
      for (const { name, heats } of entries) heats.push((await bench('analyze', name, round)).ms);
    });
  }
  const best = Math.min(...entries.map(({ heats }) => median(heats)));
  for (const entry of entries.filter(({ heats }) => median(heats) > best * HOPELESS)) {
    entry.dropped = true;
    await bench('stop', entry.name);
  }
}

/**
 * Measures one encoder on one device.
 *
 * @param {{
 *   encoder: string,
 *   device: 'cpu' | 'webgpu',
 *   graphs?: string[],
 *   repetitions: number,
 *   heats: number,
 *   warmUps: number,
 * }} row
 */
export async function measureWarm(row, { chromium, server, images, say }) {
  const { encoder, device, repetitions, heats, warmUps } = row;
  const meta = await metaOf(encoder);
  server.settings.isolated = false;
  return withPage({ executablePath: chromium, webgpu: device === 'webgpu' }, async (page) => {
    const bench = await openBench(page, { server, images });
    const specs = {
      ...clipsightSpecs(encoder, device),
      ...ortSpecs(encoder, device, { normalisation: meta.preprocessing, graphs: row.graphs }),
    };
    const entries = [];
    for (const [name, spec] of Object.entries(specs)) {
      const entry = await enter(bench, name, spec, { meta, warmUps });
      entries.push(entry);
      say(`${name}: ${describe(entry)}`);
    }
    const forms = entries.filter(({ side, valid }) => side === 'ort' && valid);
    if (heats > 0 && forms.length > 1) await heat(bench, forms, heats);
    const racing = entries.filter(({ valid, dropped }) => valid && !dropped);
    for (let round = 0; round < repetitions; round += 1) {
      await alone(async () => {
        for (const { name, samples } of racing) samples.push(await bench('analyze', name, round));
      });
    }
    const peak = device === 'cpu' ? await alone(() => bench('peakInt8')) : undefined;
    for (const entry of racing) {
      entry.verdictMs = median(entry.samples.map(({ ms }) => ms));
      entry.encodeMs = median(entry.samples.map(({ encodeMs }) => encodeMs));
      say(
        `${entry.name}: ${entry.verdictMs.toFixed(1)} ms, encoder ${entry.encodeMs.toFixed(1)} ms`,
      );
    }
    return { kind: 'warm', encoder, device, entries, peakInt8: peak };
  });
}

function describe({ valid, error, cosine: close, logitError, loadMs }) {
  if (error !== undefined) return `fails: ${error}`;
  const check =
    close === undefined ? `logit off by ${logitError.toFixed(4)}` : `cosine ${close.toFixed(5)}`;
  return `${valid ? '' : 'not valid, '}${check}, loaded in ${loadMs.toFixed(0)} ms`;
}
