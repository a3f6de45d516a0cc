// Images for the tests, and what the native program says about them.
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { root } from '../../../scripts/lib/run.mjs';

/** The labelled images beside the repository. */
export const data = path.join(root, '../shared/data');

/** A reason to skip what needs them, or false. */
export const noData = existsSync(path.join(data, 'manifest.csv'))
  ? false
  : '../shared/data is not there';

/**
 * The first `perOrigin` images of every origin of role `test`: all generators and all sources that
 * no training saw. Paths relative to the data folder.
 */
export function testImages(perOrigin) {
  const [header, ...rows] = readFileSync(path.join(data, 'manifest.csv'), 'utf8')
    .trim()
    .split('\n');
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

/**
 * What `clipsight scan` says about files, their paths relative to the data folder, in their order;
 * `views`: as the model says.
 */
export async function scanNatively(files, { views, device = 'cpu' } = {}) {
  const program = path.join(root, 'target/release/clipsight');
  const paths = files.map((file) => path.resolve(data, file));
  const args = [
    'scan',
    '--format',
    'json',
    '--device',
    device,
    '--model',
    'pkg/models/compact',
    ...(views === undefined ? [] : ['--views', String(views)]),
    ...paths,
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
  return paths.map((file) => byPath.get(file));
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
