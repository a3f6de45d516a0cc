// schema.json against real results, of the page and of the native library, and against wrong ones.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { before, test } from 'node:test';
import { promisify } from 'node:util';
import Ajv from 'ajv';
import { root } from '../../scripts/lib/run.mjs';
import { scenePath, scenes } from './support/images.mjs';
import { packageTests } from './support/package.mjs';

const tests = packageTests();

let validate;
before(async () => {
  const schema = JSON.parse(await readFile(path.join(root, 'pkg/schema.json'), 'utf8'));
  validate = new Ajv({ allErrors: true, strict: true, strictTypes: false }).compile(schema);
});

function assertValid(analysis) {
  assert.ok(validate(analysis), JSON.stringify({ errors: validate.errors, analysis }));
}

/** The page's results on files that show all there is to show: grades, abstentions, notes. */
async function inBrowser(files) {
  return tests.inPage(async (names) => {
    const detector = await window.create();
    const found = [];
    for (const name of names) found.push(await detector.analyze(await (await fetch(name)).blob()));
    await detector.dispose();
    return found;
  }, files);
}

const FIXTURES = [
  'flat.jpg',
  'animated.gif',
  'cmyk-adobe.jpg',
  'rgba16.png',
  'pages.tif',
  '1x1.png',
  'exif-6.jpg',
  'lossy.webp',
  '24.bmp',
];

test('results of the page on every kind of file', async () => {
  const results = await inBrowser(FIXTURES.map((name) => `/fixtures/${name}`));
  results.forEach(assertValid);
  assert.ok(results.some(({ model }) => model.status === 'abstained'));
  const notes = new Set(results.flatMap(({ evidence }) => evidence.map(({ code }) => code)));
  for (const note of ['first-frame-only', 'cmyk-converted', 'first-page-only'])
    assert.ok(notes.has(note), note);
});

test('results of the page and of the native library, which are the same', async () => {
  const inPage = await inBrowser(scenes.map((name) => `/scenes/${name}`));
  const program = path.join(root, 'target/release/examples/analyze');
  const { stdout } = await promisify(execFile)(
    program,
    ['models/compact', ...scenes.map(scenePath)],
    { cwd: root },
  );
  const natively = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.equal(natively.length, scenes.length);
  for (const [i, analysis] of natively.entries()) {
    assertValid(analysis);
    assertValid(inPage[i]);
    assert.deepEqual(inPage[i].file, analysis.file);
    assert.deepEqual(inPage[i].provenance, analysis.provenance);
    assert.equal(inPage[i].model.grade, analysis.model.grade);
    assert.ok(Math.abs(inPage[i].model.logit - analysis.model.logit) < 1e-3);
  }
  for (const status of ['scored', 'abstained'])
    assert.ok(
      natively.some(({ model }) => model.status === status),
      status,
    );
});

test('wrong results fail', async () => {
  const [real] = await inBrowser(['/fixtures/exif-6.jpg']);
  assertValid(real);
  const wrong = {
    'a version to come': (of) => (of.schemaVersion = 2),
    'no file': (of) => delete of.file,
    'no times': (of) => delete of.timings,
    'another format': (of) => (of.file.format = 'jpg'),
    'a verdict that does not exist': (of) => (of.model = { ...of.model, status: 'real' }),
    'scored without a grade': (of) =>
      (of.model = { status: 'scored', probability: 0.5, logit: 0, measuredError: null }),
    'abstained without a reason': (of) =>
      (of.model = { status: 'abstained', probability: 0.5, logit: 0 }),
    'abstained without a probability': (of) =>
      (of.model = { status: 'abstained', logit: 0, reason: 'too-small' }),
    'a probability above 1': (of) => (of.model = { ...of.model, probability: 1.5 }),
    'a hash that is too short': (of) => (of.file.sha256 = of.file.sha256.slice(1)),
    'half a pixel': (of) => (of.file.width += 0.5),
    'a field of somebody else in the verdict': (of) => (of.model = { ...of.model, secret: 1 }),
    'a probability in words': (of) => (of.model = { ...of.model, probability: 'high' }),
    'a fidelity that does not exist': (of) => (of.input.fidelity = 'perfect'),
    'a field of somebody else': (of) => (of.secret = 1),
    'a claim that does not exist': (of) => (of.provenance.says = 'real'),
    'provenance without its statements': (of) => delete of.provenance.statements,
    'evidence without a code': (of) => (of.evidence = [{ kind: 'note' }]),
  };
  for (const [name, change] of Object.entries(wrong)) {
    const changed = structuredClone(real);
    change(changed);
    assert.equal(validate(changed), false, name);
  }
});
