// The models that ship. Everything that builds, packs, measures or tries models goes by this list.
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { Failure, root } from './run.mjs';

/**
 * - `name`: the folder in `models`, and what the weight cache knows the model by
 * - `folder`: where the build puts its files, in the npm package that holds them
 * - `module`: the module that names them, whose default export is a `ModelSource`
 */
export const MODELS = [
  { name: 'compact', folder: 'pkg/models/compact', module: 'pkg/compact.js' },
  { name: 'standard', folder: 'pkg-standard/weights', module: 'pkg-standard/index.js' },
];

/** The labelled rows that heads are taught with: fetched when one is. */
const REFERENCES = 'references.bin';

/** The sources of a model. */
export const sourcesOf = (name) => `models/${name}`;

/**
 * A model's manifest and, in the order in which they are loaded, the names of its shards; and of
 * the labelled rows that heads are taught with, where it has any.
 *
 * @returns {Promise<{
 *   manifest: object,
 *   shards: string[],
 *   references: string[],
 *   bytes: number,
 * }>}
 */
export async function readModel(name) {
  const file = path.join(sourcesOf(name), 'model.json');
  const text = await readFile(path.join(root, file), 'utf8').catch(() => undefined);
  if (text === undefined) throw new Failure(`${file} is not there.`);
  const manifest = JSON.parse(text);
  const shards = manifest.shards.map(({ file: shard }) => shard);
  const there = await readdir(path.join(root, sourcesOf(name)));
  const missing = shards.filter((shard) => !there.includes(shard));
  if (missing.length > 0) throw new Failure(`${sourcesOf(name)} lacks ${missing.join(', ')}.`);
  const references = there.includes(REFERENCES) ? [REFERENCES] : [];
  return {
    manifest,
    shards,
    references,
    bytes: manifest.shards.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}
