// The page's measuring module gives, to the last digit, what the native code gives: the report of
// crates/clipsight-measure/tests/folder.rs. In Node, whose WebAssembly is a browser's. Needs
// `buildMeasure` of scripts/lib/decoders.mjs.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import { MEASURE } from '../../scripts/lib/decoders.mjs';
import { root } from '../../scripts/lib/run.mjs';
import { scenePath } from './support/images.mjs';

const fixture = (name) => readFile(path.join(root, 'tests/fixtures/measure', name), 'utf8');

let module;
before(async () => {
  module = await WebAssembly.compile(await readFile(path.join(root, MEASURE)));
});

/** As www/app/bench/program.ts asks. */
function ask(task, bytes) {
  const { exports } = new WebAssembly.Instance(module);
  const at = exports.input(bytes.length);
  new Uint8Array(exports.memory.buffer, at, bytes.length).set(bytes);
  const answer = exports[task]();
  const [json, length] = new Uint32Array(exports.memory.buffer, answer, 2);
  return JSON.parse(new TextDecoder().decode(new Uint8Array(exports.memory.buffer, json, length)));
}

const asked = (task, input) => ask(task, new TextEncoder().encode(JSON.stringify(input)));

describe('the measuring module', () => {
  test('imports nothing', () => {
    assert.deepEqual(WebAssembly.Module.imports(module), []);
  });

  test('gives the native report', async () => {
    const { ok } = asked('report', JSON.parse(await fixture('input.json')));
    assert.deepEqual(ok, JSON.parse(await fixture('report.json')));
  });

  test('sorts a folder, and says why it cannot', () => {
    const paths = ['mine/fake/a.png', 'mine/real/b.png', 'mine/c.png'];
    const { ok } = asked('sort', { paths, tables: [] });
    assert.deepEqual(ok.source, { by: 'folders', generated: ['fake'], real: ['real'] });
    assert.deepEqual(
      ok.images.map(({ index, name, generated, origin }) => [index, name, generated, origin]),
      [
        [0, 'fake/a.png', true, 'fake'],
        [1, 'real/b.png', false, 'real'],
      ],
    );
    assert.deepEqual(ok.passed, [{ name: 'mine/c.png', reason: 'unlabelled' }]);
    const table = { path: 'mine/l.csv', text: 'path,label\nfake/a.png,0\nreal/b.png,1\nx.png,1\n' };
    const listed = asked('sort', { paths, tables: [table] }).ok;
    assert.deepEqual(listed.source, { by: 'table', table: 'mine/l.csv' });
    assert.equal(listed.images[0].generated, false);
    assert.deepEqual(asked('sort', { paths: [], tables: [] }), {
      problem: { problem: 'no-labels' },
    });
  });

  test('reads the quality of a JPEG from its beginning', async () => {
    const bytes = await readFile(scenePath('portrait.jpg'));
    const { ok } = ask('quantiser', bytes);
    assert.ok(ok > 1 && ok < 100, ok);
    assert.equal(ask('quantiser', bytes.subarray(0, 4000)).ok, ok);
    assert.equal(ask('quantiser', bytes.subarray(0, 20)).ok, null);
    assert.equal(ask('quantiser', await readFile(scenePath('letter.png'))).ok, null);
  });

  test('what is no input is an error, not a trap', () => {
    for (const task of ['sort', 'report']) {
      for (const input of [null, {}, { paths: [1] }, { images: [] }])
        assert.equal(typeof asked(task, input).error, 'string');
      assert.equal(typeof ask(task, new Uint8Array([123, 255])).error, 'string');
    }
  });
});
