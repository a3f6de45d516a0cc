// What 8-bit arithmetic and storage change of embeddings and verdicts, on labelled images that are
// not in the repository.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { Failure, output } from '../lib/run.mjs';
import { shared } from '../lib/checks.mjs';

/** What `clipsight bench precision` says; undefined, and said, where the images are not there. */
export async function measurePrecision() {
  const [data, encoder] = ['data/manifest.csv', 'weights/vit_tiny_patch16_224.safetensors'].map(
    (file) => path.join(shared, file),
  );
  if (![data, encoder].every((file) => existsSync(file))) {
    console.warn('!! ../shared is not there: what quantisation changes is not measured.');
    return undefined;
  }
  const args = ['bench', 'precision', '--device', 'cpu', '--encoder', encoder, data];
  const text = await output('target/release/clipsight', args);
  if (text === undefined) throw new Failure('clipsight bench precision fails');
  return JSON.parse(text);
}
