// Bytes over the wire: what a static host would send, raw and compressed. Compressing takes long,
// so it is remembered.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { root } from '../lib/run.mjs';

const cache = path.join(root, 'target/bench/wire');
const [brotliOf, gzipOf] = [promisify(brotliCompress), promisify(gzip)];

/**
 * Programs and pages are compressed once, as well as can be; of weights, hosts do it in passing or
 * not at all.
 */
export const isCompressible = (file) => /\.(html|m?js|json|wasm)$/.test(file);

const seen = new Map();

/** `{ raw, gzip, brotli, brotliFile }` of a file, in bytes. */
export function compressed(file) {
  if (!seen.has(file)) seen.set(file, measure(file));
  return seen.get(file);
}

async function measure(file) {
  const bytes = await readFile(file);
  const key = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
  const [brotliFile, sizesFile] = [path.join(cache, `${key}.br`), path.join(cache, `${key}.json`)];
  if (existsSync(sizesFile))
    return { ...JSON.parse(await readFile(sizesFile, 'utf8')), brotliFile };
  const level = isCompressible(file) ? { brotli: 11, gzip: 9 } : { brotli: 4, gzip: 6 };
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: level.brotli,
    [constants.BROTLI_PARAM_LGWIN]: 24,
  };
  const [small, zipped] = await Promise.all([
    brotliOf(bytes, { params }),
    gzipOf(bytes, { level: level.gzip }),
  ]);
  const sizes = { raw: bytes.length, gzip: zipped.length, brotli: small.length };
  await mkdir(cache, { recursive: true });
  if (isCompressible(file)) await writeFile(brotliFile, small);
  await writeFile(sizesFile, JSON.stringify(sizes));
  return { ...sizes, brotliFile };
}

const nothing = () => ({ raw: 0, gzip: 0, brotli: 0 });

/**
 * Sums of what a page asked for: `{ engine, weights }`; the benchmark's own pages and images are no
 * one's.
 */
export async function totals(log) {
  const sums = { engine: nothing(), weights: nothing() };
  for (const { url, file } of log) {
    if (url.startsWith('/page/') || url.startsWith('/bench/images/')) continue;
    const weights = url.startsWith('/bench/') || /\.(safetensors|onnx)$|model\.json$/.test(url);
    const sizes = await compressed(file);
    const sum = weights ? sums.weights : sums.engine;
    for (const name of Object.keys(sum)) sum[name] += sizes[name];
  }
  return sums;
}
