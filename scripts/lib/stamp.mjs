// "Nothing changed": a step is skipped when its inputs' contents hash to what they did after its
// last success and its outputs are still there. Contents, not times: a fresh checkout or a branch
// switch rebuilds only what differs.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { root, step } from './run.mjs';

/** All files below the given files and folders, relative to the repository, sorted. */
export async function filesBelow(paths, skip = () => false) {
  const found = [];
  const visit = async (relative) => {
    if (skip(relative)) return;
    const info = await stat(path.join(root, relative)).catch(() => undefined);
    if (info?.isFile()) found.push(relative);
    if (!info?.isDirectory()) return;
    for (const name of await readdir(path.join(root, relative)))
      await visit(path.posix.join(relative, name));
  };
  for (const relative of paths) await visit(relative);
  return found.sort();
}

/** One hash over names and contents of the files and over `extra`. */
export async function hashOf(paths, { skip, extra = '' } = {}) {
  const hash = createHash('sha256').update(extra);
  for (const file of await filesBelow(paths, skip)) {
    const contents = await readFile(path.join(root, file));
    hash.update(`\0${file}\0${contents.length}\0`).update(contents);
  }
  return hash.digest('hex');
}

/**
 * Does a step unless nothing changed. Returns whether it was done.
 *
 * @param {{
 *   name: string,
 *   inputs: string[],
 *   outputs: string[],
 *   skip?: (file: string) => boolean,
 *   extra?: string,
 *   work: () => Promise<void>,
 * }} options
 */
export async function ifChanged({ name, inputs, outputs, skip, extra, work }) {
  const stampFile = path.join(root, '.cache/stamps', name.replaceAll(/[^a-z0-9]+/gi, '-'));
  const hash = await hashOf(inputs, { skip, extra });
  const stamp = await readFile(stampFile, 'utf8').catch(() => undefined);
  if (stamp === hash && outputs.every((file) => existsSync(path.join(root, file)))) {
    console.log(`▸ ${name}: unchanged`);
    return false;
  }
  await rm(stampFile, { force: true });
  await step(name, work);
  await mkdir(path.dirname(stampFile), { recursive: true });
  await writeFile(stampFile, hash);
  return true;
}
