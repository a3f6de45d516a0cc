// The labelled pictures of ../shared/data.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Failure, root } from '../lib/run.mjs';

const FOLDER = path.resolve(root, '../shared/data');

/** Those of a role: `{ file, path, label, content, origin }`. */
export async function labelled(role) {
  const text = await readFile(path.join(FOLDER, 'manifest.csv'), 'utf8').catch(() => {
    throw new Failure(`the labelled images are not in ${FOLDER}`);
  });
  const [header, ...lines] = text.trim().split('\n');
  const column = (name) => header.split(',').indexOf(name);
  const at = Object.fromEntries(
    ['file', 'label', 'role', 'origin', 'content'].map((name) => [name, column(name)]),
  );
  // The columns in use stand before any that may be quoted, but `content`, behind `group`.
  const rows = lines.map((line) => cells(line));
  return rows
    .filter((row) => row[at.role] === role)
    .map((row) => ({
      file: row[at.file],
      path: path.join(FOLDER, row[at.file]),
      label: row[at.label],
      origin: row[at.origin],
      content: row[at.content],
    }));
}

/** The cells of a line of CSV (RFC 4180). */
function cells(line) {
  const found = [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)];
  return found.map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain);
}
