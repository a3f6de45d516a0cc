// The reporter that lets no test be skipped silently, on test files of its own.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { root } from '../../scripts/lib/run.mjs';

let folder;
before(async () => (folder = await mkdtemp(path.join(os.tmpdir(), 'clipsight-skips-'))));
after(() => rm(folder, { recursive: true }));

/** Runs a test file's text under the reporter: `{ code, output }`. */
async function report(text, { ci }) {
  const file = path.join(folder, 'one.test.mjs');
  await writeFile(file, `import { describe, test } from 'node:test';\n${text}`);
  const env = { ...process.env };
  delete env.CI;
  // Tests within tests are told apart by it, and would report to this run.
  delete env.NODE_TEST_CONTEXT;
  if (ci) env.CI = 'true';
  const reporter = path.join(root, 'tests/web/support/skips.mjs');
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--test', `--test-reporter=${reporter}`, '--test-reporter-destination=stdout', file],
      { env, cwd: root },
      (error, stdout) => resolve({ code: error?.code ?? 0, output: stdout }),
    );
  });
}

const RUN = `test('runs', () => {});`;
const SKIPPED = `describe('all of it', { skip: 'no labelled images' }, () => { ${RUN} });`;
const SILENT = `test('silent', { skip: true }, () => {});`;
const ALLOWED = `test('gpu', (t) => t.skip('Firefox offers no WebGPU adapter here: none'));`;
const FAILED = `test('fails', () => { throw new Error('no'); });`;

describe('skipped tests', () => {
  for (const [name, { text, here, inCi, said }] of Object.entries({
    none: { text: RUN, here: 0, inCi: 0, said: /No test was skipped/ },
    'with a reason': { text: SKIPPED, here: 0, inCi: 1, said: /all of it: no labelled images/ },
    'without a reason': { text: SILENT, here: 1, inCi: 1, said: /silent: skipped without/ },
    'for what no machine must have': {
      text: ALLOWED,
      here: 0,
      inCi: 0,
      said: /gpu: Firefox offers no WebGPU adapter here: none/,
    },
    'beside one that fails': {
      text: `${FAILED}\n${ALLOWED}`,
      here: 1,
      inCi: 1,
      said: /gpu: Firefox/,
    },
  })) {
    test(name, async () => {
      for (const [ci, expected] of [
        [false, here],
        [true, inCi],
      ]) {
        const { code, output } = await report(text, { ci });
        assert.equal(code, expected, output);
        assert.match(output, said);
      }
    });
  }
});
