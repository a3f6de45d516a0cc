// Lines of at most 100 characters in Rust, TypeScript, JavaScript and Markdown. The formatters keep
// to it where they can; this finds what they leave alone: comments, strings, documents.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Failure, output, root } from './run.mjs';

const MOST = 100;

const CHECKED = /\.(rs|ts|js|mjs|md)$/;

/** Files that are left out as a whole, with the reason. */
const EXEMPT = [
  // Catalogues: one string a line, as translators read them.
  /\/strings\/[a-z]+\.ts$/,
  // Written by commands.
  /^benches\/.*\.md$/,
  /^models\/.*\.md$/,
  // The templates of such documents, whose lines are the documents'.
  /^scripts\/bench\/(report|chart)\.mjs$/,
  /^scripts\/encoders\.mjs$/,
  // Tables of characters.
  /\/tokenizer\/(charmaps|entities|ftfy)\.rs$/,
];

/** Lines that may be longer, with the reason. */
const isExempt = (line, file) =>
  // A table's row, which Markdown cannot wrap, also in the comments that Rust makes documents of.
  (/\.(md|rs)$/.test(file) && /^\s*(\/\/[/!]\s*)?\|/.test(line)) ||
  // An address or a link's target that would fit but for itself.
  [...line.replaceAll(/https?:\/\/\S+|\]\([^)]*\)/g, '')].length <= MOST ||
  // The title of a test; in the browser tests, and where screenshots are made, also what is handed
  // to a browser, pages and scripts in strings: Prettier wraps their own code.
  (/^(tests\/web|scripts\/screens)\//.test(file) && !/^\s*(\/\/|\*)/.test(line));

/**
 * The lines of a text that are too long, by number from 1.
 *
 * @param {string} text
 * @param {string} file its name decides what it may contain
 */
export function longLines(text, file) {
  if (!CHECKED.test(file) || EXEMPT.some((pattern) => pattern.test(file))) return [];
  return text
    .split('\n')
    .map((line, index) => ({ line: line.replace(/\r$/, ''), number: index + 1 }))
    .filter(({ line }) => [...line].length > MOST && !isExempt(line, file))
    .map(({ number }) => number);
}

/** @throws {Failure} with every line that is too long */
export async function checkLines() {
  const listed = await output('git', ['ls-files', '--cached', '--others', '--exclude-standard']);
  if (listed === undefined) throw new Failure('git cannot list the files of the repository.');
  const found = [];
  for (const file of listed.split('\n').filter((name) => CHECKED.test(name))) {
    // A file that was deleted and not committed yet.
    const text = await readFile(path.join(root, file), 'utf8').catch(() => '');
    for (const number of longLines(text, file)) found.push(`${file}:${number}`);
  }
  if (found.length > 0)
    throw new Failure(`Lines of more than ${MOST} characters:\n${found.join('\n')}`);
}
