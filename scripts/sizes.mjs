// npm run sizes: what comes over the wire, raw and compressed, and how much of it until the first
// verdict.
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { MEASURE } from './lib/decoders.mjs';
import { MODELS } from './lib/models.mjs';
import { main, root } from './lib/run.mjs';
import { BUILDS } from './lib/wasm.mjs';

const dist = path.join(root, 'www/dist');

async function measure(file) {
  const bytes = await readFile(file);
  const brotli = {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 22 },
  };
  return {
    raw: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes, brotli).length,
  };
}

const kilobytes = (bytes) => (bytes / 1000).toFixed(1).padStart(10);
const row = (name, { raw, gzip, brotli }) =>
  console.log(`${name.padEnd(34)}${kilobytes(raw)}${kilobytes(gzip)}${kilobytes(brotli)}`);
const sum = (sizes) =>
  sizes.reduce((a, b) => ({
    raw: a.raw + b.raw,
    gzip: a.gzip + b.gzip,
    brotli: a.brotli + b.brotli,
  }));

await main(async () => {
  console.log(
    'kB (1000 bytes)'.padEnd(34) +
      ['raw', 'gzip', 'brotli'].map((name) => name.padStart(10)).join(''),
  );
  const builds = {};
  for (const { name } of BUILDS) {
    builds[name] = await measure(path.join(root, 'pkg/wasm', name, 'clipsight_bg.wasm'));
    row(`WebAssembly build ${name}`, builds[name]);
  }
  const worker = await measure(path.join(root, 'pkg/worker.js'));
  row("worker, with all builds' JavaScript", worker);
  const models = {};
  for (const { name, folder } of MODELS) {
    const files = (await readdir(path.join(root, folder))).filter((file) =>
      /\.(safetensors|json)$/.test(file),
    );
    models[name] = sum(
      await Promise.all(files.map((file) => measure(path.join(root, folder, file)))),
    );
    row(`model ${name}`, models[name]);
  }
  const page = [];
  for (const name of (await readdir(dist)).filter((file) => /\.(html|js|css)$/.test(file))) {
    page.push(await measure(path.join(dist, name)));
  }
  row('page', sum(page));
  row("the bench's module, when asked for", await measure(path.join(root, MEASURE)));
  for (const kind of ['gpu', 'cpu']) {
    // The compact model answers first, also where the other one is wanted.
    const first = sum([builds[kind], worker, models.compact, ...page]);
    row(`to the first verdict, ${kind.toUpperCase()}`, first);
  }
});
