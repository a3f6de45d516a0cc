// What is found in pictures of pages, beside the truth, and what it does to verdicts.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Failure, run } from '../lib/run.mjs';
import { labelled } from './sources.mjs';

/** A rectangle is found if it and one that is offered have this share of their union in common. */
const FOUND = 0.95;
/** Less than this, and what is offered is no picture of the page, or a part of one. */
const NEAR = 0.9;
/** What the program offers at all (src/image/pictures.rs): shortest side, shares of the area. */
const [LEAST_SIDE, LEAST_AREA, MOST_AREA] = [128, 0.01, 0.92];

const ACCUSING = new Set(['moderate', 'strong', 'very-strong']);

function inCommon(a, b) {
  const along = (start, length) =>
    Math.min(a[start] + a[length], b[start] + b[length]) - Math.max(a[start], b[start]);
  const both = Math.max(0, along('x', 'width')) * Math.max(0, along('y', 'height'));
  return both / (a.width * a.height + b.width * b.height - both);
}

/** The lines of `clipsight scan` over these files, by path. */
async function scan(files, { binary, model }, options) {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'clipsight-screens-'));
  const lines = [];
  try {
    // As many paths as a command line takes.
    for (let at = 0; at < files.length; at += 500) {
      const output = path.join(folder, `${at}.jsonl`);
      const paths = files.slice(at, at + 500);
      const args = ['scan', '--model', model, ...options, '--output', output, ...paths];
      await run(binary, args, { quiet: true });
      lines.push(...(await readFile(output, 'utf8')).trim().split('\n').map(JSON.parse));
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const failed = lines.filter(({ error }) => error !== undefined);
  if (failed.length > 0) throw new Failure(`${failed[0].path}: ${failed[0].error.message}`);
  const byPath = new Map();
  for (const line of lines) byPath.set(line.path, [...(byPath.get(line.path) ?? []), line]);
  return byPath;
}

/** Counts per name. */
class Tally {
  #counts = new Map();

  add(names, counts) {
    for (const name of names) {
      const known = this.#counts.get(name) ?? {};
      for (const [key, count] of Object.entries(counts)) known[key] = (known[key] ?? 0) + count;
      this.#counts.set(name, known);
    }
  }

  rows() {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

/** The part of a page that the program can be expected to offer. */
function isOffered({ rectangle: { width, height } }, { width: across, height: down }) {
  const share = (width * height) / (across * down);
  return Math.min(width, height) >= LEAST_SIDE && share >= LEAST_AREA && share <= MOST_AREA;
}

function places(out, screens, scanned) {
  const tally = new Tally();
  for (const screen of screens) {
    const [whole] = scanned.get(path.join(out, screen.file));
    const offered = whole.pictures ?? [];
    const names = ['all', screen.layout, screen.format, screen.dark ? 'dark' : 'light'];
    const wrong = offered.filter(
      (one) => !screen.pictures.some(({ rectangle }) => inCommon(rectangle, one) >= NEAR),
    );
    tally.add(names, { pages: 1, wrong: wrong.length, pagesWithWrong: wrong.length > 0 ? 1 : 0 });
    for (const picture of screen.pictures.filter((one) => isOffered(one, whole))) {
      const found = offered.some((one) => inCommon(picture.rectangle, one) >= FOUND);
      tally.add([...names, `of ${picture.content}`], { pictures: 1, found: found ? 1 : 0 });
    }
  }
  return tally.rows();
}

/** Verdicts of pages, of what was found in them, and of the files that they show. */
function verdicts(out, screens, scanned, originals, sources) {
  const tally = new Tally();
  const count = (what, label, { grade }) => {
    const accused = ACCUSING.has(grade) ? 1 : 0;
    tally.add([`${label}, ${what}`], { n: 1, accused, weak: grade === 'weak' ? 1 : 0 });
  };
  for (const screen of screens) {
    const [whole, ...parts] = scanned.get(path.join(out, screen.file));
    for (const picture of screen.pictures.filter((one) => isOffered(one, whole))) {
      const part = parts.find(({ crop }) => inCommon(picture.rectangle, crop) >= FOUND);
      if (part === undefined) continue;
      count('found part', picture.label, part);
      count('its page', picture.label, whole);
      count('its file', picture.label, originals.get(sources.get(picture.file))[0]);
    }
  }
  return tally.rows();
}

/** @param {{ role: string, model: string, binary: string }} options */
export async function report(out, screens, options) {
  const images = await labelled(options.role);
  const files = screens.map(({ file }) => path.join(out, file));
  const scanned = await scan(files, options, ['--pictures']);
  const originals = await scan(
    images.map((image) => image.path),
    options,
    [],
  );
  const sources = new Map(images.map((image) => [image.file, image.path]));
  const offering = images.filter((image) => originals.get(image.path)[0].pictures !== undefined);
  const found = {
    places: places(out, screens, scanned),
    verdicts: verdicts(out, screens, scanned, originals, sources),
    ordinary: {
      images: images.length,
      offering: offering.length,
      each: offering.map(({ file }) => file),
    },
  };
  await writeFile(path.join(out, 'report.json'), `${JSON.stringify(found, null, 1)}\n`);
  console.table(found.places);
  console.table(found.verdicts);
  console.log(`${offering.length} of ${images.length} ordinary images offer a part`);
}
