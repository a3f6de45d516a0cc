// createReceipt: receipts of every build for the CPU, verified by the native program.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { scenePath, scenes } from './support/images.mjs';
import { packageTests } from './support/package.mjs';
import { schemaOfReceipts, verified } from './support/receipts.mjs';

const tests = packageTests();

/** Pictures with every verdict, in formats that need no decoder of their own. */
const PICTURES = scenes.filter((name) => /\.(jpg|png|webp|gif)$/.test(name));

/** Receipts of pictures, made by the build that a browser of this kind takes. */
const receiptsOf = (browser, options = {}, names = PICTURES) =>
  tests.inPage(
    async ({ names, kind, asked }) => {
      // On this thread, whose WebAssembly can be made that of an older browser or machine.
      if (kind === 'without relaxed SIMD') WebAssembly.validate = () => false;
      if (kind === 'with sums that saturate') {
        WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
          construct() {
            throw new Error('not here');
          },
        });
      }
      const detector = await window.create({ worker: false });
      const time = new Date(Date.UTC(2026, 0, 31, 12));
      const made = [];
      for (const name of names) {
        const analysis = await detector.analyze(
          await (await fetch(`/scenes/${name}`)).blob(),
          asked,
        );
        made.push(await window.clipsight.createReceipt(analysis, detector.info, { time }));
      }
      await detector.dispose();
      return made;
    },
    { names, kind: browser, asked: options },
  );

for (const [browser, build] of [
  ['of this machine', /^cpu(-i16)?$/],
  ['with sums that saturate', /^cpu-i16$/],
  ['without relaxed SIMD', /^cpu-simd128$/],
]) {
  test(`a browser ${browser}: the command line finds the same`, async (t) => {
    const wrong = await schemaOfReceipts();
    let largest = 0;
    for (const [at, text] of (await receiptsOf(browser)).entries()) {
      const receipt = JSON.parse(text);
      assert.match(receipt.detector.build, build);
      assert.equal(wrong(receipt), undefined, PICTURES[at]);
      const { status, answer, stderr } = await verified(text, scenePath(PICTURES[at]));
      assert.equal(status, 0, `${PICTURES[at]}: ${JSON.stringify(answer)} ${stderr}`);
      assert.equal(answer.outcome, 'equal');
      largest = Math.max(largest, answer.largest_logit_difference);
    }
    t.diagnostic(`logits differ by at most ${largest}`);
  });
}

test('with all that can be asked', async () => {
  const asked = { views: 5, explain: true, stability: true };
  // One whose answers are long, and one that shows nothing to ask about.
  const names = ['dragon.jpg', 'pixel.png'];
  const wrong = await schemaOfReceipts();
  for (const [at, text] of (await receiptsOf('of this machine', asked, names)).entries()) {
    assert.equal(wrong(JSON.parse(text)), undefined);
    const { answer } = await verified(text, scenePath(names[at]));
    assert.equal(answer.outcome, 'equal', `${names[at]}: ${JSON.stringify(answer)}`);
  }
});

test('the hash is that of the text, whatever numbers and letters are in it', async () => {
  const texts = await tests.inPage(async () => {
    const info = { modelId: 'Größe 日本 😀 \u202e', weightsSha256: '', calibrationId: '"\\\u0000' };
    const all = { ...info, threshold: 0.1 + 0.2, device: 'cpu', build: 'cpu', adapter: '\u2028' };
    const numbers = [1e21, 1e-7, 5e-324, -0, 0.1, 2 ** 53, Math.fround(0.1), -1.5e300];
    const empty = { list: [], object: {}, nothing: undefined };
    return Promise.all(
      [{ viewLogits: numbers }, { text: '日本 \ud83d\ude00 \ud800' }, empty].map((analysis) =>
        window.clipsight.createReceipt(analysis, all),
      ),
    );
  });
  for (const text of texts) {
    const lines = text.split('\n');
    const hashed = `${lines.slice(0, -3).join('\n')}\n`;
    const sha256 = createHash('sha256').update(hashed).digest('hex');
    assert.deepEqual(lines.slice(-3), [` "sha256": "${sha256}"`, '}', '']);
    assert.equal(JSON.parse(text).sha256, sha256);
    assert.match(JSON.parse(text).time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    // Unaltered: what is refused is the picture, or a letter that is none.
    const { answer } = await verified(text, scenePath('pixel.png'));
    assert.equal(answer.outcome, text.includes('\\ud800') ? 'altered' : 'other-image');
  }
});

test('a time that is none', async () => {
  const codes = await tests.inPage(() =>
    Promise.all(
      [new Date(NaN), 'now', null].map((time) =>
        window.codeOf(window.clipsight.createReceipt({}, {}, { time })),
      ),
    ),
  );
  assert.deepEqual(codes, ['argument', 'argument', 'argument']);
});
