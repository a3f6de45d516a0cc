// Images for the tests, and what the native program says about them.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { root } from '../../../scripts/lib/run.mjs';

/** Pictures of our own, on which the shipped model gives every verdict; there in every clone. */
const SCENES = path.join(root, 'tests/fixtures/scenes');

const TYPES = {
  '.bmp': 'image/bmp',
  '.gif': 'image/gif',
  '.jpg': 'image/jpeg',
  '.png': 'image/png',
  '.tif': 'image/tiff',
  '.webp': 'image/webp',
};

/** Names of the scenes' files. */
export const scenes = readdirSync(SCENES)
  .filter((name) => path.extname(name) in TYPES)
  .sort();

/** Where the scene of a name is. */
export const scenePath = (name) => path.join(SCENES, name);

/** The scene of a name, for `setInputFiles`. */
export const sceneFile = async (name) => ({
  name,
  mimeType: TYPES[path.extname(name)],
  buffer: await readFile(scenePath(name)),
});

/**
 * A JPEG that gets a grade from one look, so that tests compare a verdict and no abstention: its
 * bytes and what the native program says about it.
 */
export async function gradedJpeg() {
  const [native] = await scanNatively([scenePath('portrait.jpg')]);
  assert.equal(native.status, 'scored', 'see tests/fixtures/scenes/README.md');
  return { native, jpeg: await readFile(native.path) };
}

/** The labelled images beside the repository: for comparisons on what the model was made for. */
const labelled = path.join(root, '../shared/data');

/**
 * A reason to skip comparisons that need the labelled images, or false. In CI they are there, or
 * the tests that need them fail.
 */
export const noLabelled =
  existsSync(path.join(labelled, 'manifest.csv')) || process.env.CI !== undefined
    ? false
    : 'needs the labelled images, and ../shared/data is not there';

/**
 * The first `perOrigin` images of every origin of role `test`: all generators and all sources that
 * no training saw. Paths relative to the data folder.
 */
export function labelledImages(perOrigin) {
  const manifest = path.join(labelled, 'manifest.csv');
  assert.ok(existsSync(manifest), `${manifest} must be there in CI`);
  const [header, ...rows] = readFileSync(manifest, 'utf8').trim().split('\n');
  const columns = header.split(',');
  const [file, role, origin] = ['file', 'role', 'origin'].map((name) => columns.indexOf(name));
  const taken = new Map();
  return rows
    .map((row) => row.split(','))
    .filter((cells) => {
      // None of these three columns is quoted, and they come before any that is.
      if (cells[role] !== 'test') return false;
      const count = taken.get(cells[origin]) ?? 0;
      taken.set(cells[origin], count + 1);
      return count < perOrigin;
    })
    .map((cells) => cells[file]);
}

/** Where the labelled image of a relative path is. */
export const labelledPath = (file) => path.join(labelled, file);

/** What `clipsight scan` says about files, in their order; `views`: as the model says. */
export async function scanNatively(
  files,
  { views, device = 'cpu', model = 'pkg/models/compact' } = {},
) {
  const program = path.join(root, 'target/release/clipsight');
  const args = [
    'scan',
    '--format',
    'json',
    '--device',
    device,
    '--model',
    model,
    ...(views === undefined ? [] : ['--views', String(views)]),
    ...files,
  ];
  const { stdout } = await promisify(execFile)(program, args, {
    cwd: root,
    maxBuffer: 64 << 20,
  }).catch(({ code, stderr }) => {
    // Its own message holds the whole command line.
    throw new Error(`clipsight scan: ${code}\n${stderr}`);
  });
  const byPath = new Map(
    stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
      .map((line) => [line.path, line]),
  );
  return files.map((file) => byPath.get(file));
}

/**
 * In the page: a JPEG of 320x240 with something in it, made by the browser. `seed` changes what.
 */
export function drawJpeg(page, seed = 1) {
  return page.evaluate(async (start) => {
    const canvas = document.createElement('canvas');
    canvas.width = 320;
    canvas.height = 240;
    const context = canvas.getContext('2d');
    let state = start;
    const random = () => (state = (state * 16807) % 2147483647) / 2147483647;
    for (let i = 0; i < 60; i += 1) {
      context.fillStyle = `hsl(${Math.floor(random() * 360)} 60% ${Math.floor(20 + random() * 60)}%)`;
      context.beginPath();
      context.arc(random() * 320, random() * 240, 10 + random() * 60, 0, 7);
      context.fill();
    }
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.9));
    return [...new Uint8Array(await blob.arrayBuffer())];
  }, seed);
}
