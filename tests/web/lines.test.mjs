// The check of line length on lines that break it, and on those that may.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { longLines } from '../../scripts/lib/lines.mjs';

const long = 'word '.repeat(21).trimEnd();

test('finds long lines in code, comments and prose', () => {
  assert.equal(long.length, 104);
  for (const file of ['src/lib.rs', 'www/app/main.ts', 'scripts/lint.mjs', 'README.md'])
    assert.deepEqual(longLines(`short\n${long}\nshort\n// ${long}\n`, file), [2, 4], file);
  assert.deepEqual(longLines(`x\n  // ${long}`, 'tests/web/page.test.mjs'), [2]);
});

test('counts characters, not bytes or code units', () => {
  assert.deepEqual(longLines('ä'.repeat(100), 'README.md'), []);
  assert.deepEqual(longLines('😀'.repeat(100), 'README.md'), []);
  assert.deepEqual(longLines('😀'.repeat(101), 'README.md'), [1]);
});

test('leaves out what cannot be wrapped', () => {
  assert.deepEqual(longLines(`| ${long} |`, 'README.md'), []);
  assert.deepEqual(longLines(`//! | ${long} |`, 'src/lib.rs'), []);
  assert.deepEqual(longLines(`    | ${long}`, 'www/app/main.ts'), [1]);
  assert.deepEqual(longLines(`see https://example.org/${'a'.repeat(100)}`, 'README.md'), []);
  assert.deepEqual(longLines(`[name](${'a'.repeat(100)}.md)`, 'README.md'), []);
  assert.deepEqual(longLines(`${long} https://example.org/`, 'README.md'), [1]);
  assert.deepEqual(longLines(`  a: '${long}',`, 'www/app/strings/en.ts'), []);
  assert.deepEqual(longLines(`${long}`, 'benches/README.md'), []);
});
