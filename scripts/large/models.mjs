// Imported models of the published shapes, made where they are missing.
import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { root, run } from '../lib/run.mjs';
import { ifChanged } from '../lib/stamp.mjs';
import { writeEncoder, writeUnivFd } from './checkpoint.mjs';

/** Where they lie. */
export const FOLDER = path.join(root, 'target/large');

/** The native program, which must have been built. */
export const PROGRAM = path.join(root, 'target/release/clipsight');

/** Names of models: an encoder and how its matrices are stored. */
export const nameOf = (encoder, storage) => `${encoder}-${storage}`;

/**
 * Imports a random checkpoint of an encoder with a head of UnivFD. Returns the model's name, that
 * of its folder.
 */
export async function prepareModel(encoder, storage) {
  const name = nameOf(encoder, storage);
  const source = path.join(FOLDER, `${name}-source`);
  const out = path.join(FOLDER, name);
  await ifChanged({
    name: `large model ${name}`,
    inputs: [
      'scripts/large/checkpoint.mjs',
      'crates/clipsight-import/src',
      'src/weights',
      'crates/clipsight-cli/src/import',
    ],
    outputs: [`target/large/${name}/model.json`],
    work: async () => {
      const head = path.join(source, 'fc_weights.pth');
      try {
        await writeEncoder(encoder, source);
        await writeUnivFd(encoder, head);
        await rm(out, { recursive: true, force: true });
        const args = ['--head', head, '--quant', storage, '--licence', 'CC0-1.0', '--out', out];
        await run(PROGRAM, ['import', source, ...args], { quiet: true });
      } finally {
        // Up to 1.2 GB that nobody reads again.
        await rm(source, { recursive: true, force: true });
      }
    },
  });
  return name;
}

/**
 * Photographs of a kind, drawn by the native program: their file names in `images` beside the
 * models.
 */
export async function prepareImages(count) {
  await run(PROGRAM, ['bench', 'images', '--count', String(count), path.join(FOLDER, 'images')], {
    quiet: true,
  });
  return Array.from({ length: count }, (_, index) => `${String(index).padStart(2, '0')}.jpg`);
}

/** What the native program says of these images, in their order. */
export async function natively(name, images, device = 'cpu') {
  const args = ['scan', '--device', device, '--model', path.join(FOLDER, name)];
  const paths = images.map((image) => path.join(FOLDER, 'images', image));
  const { stdout } = await promisify(execFile)(PROGRAM, [...args, ...paths], { cwd: root });
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  return images.map((image) => lines.find(({ path: file }) => file.endsWith(`/${image}`)));
}
