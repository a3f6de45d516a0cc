// Teaching in the package: on the CPU, with the pictures of tests/fixtures/scenes.
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { packageTests } from './support/package.mjs';

const { inPage } = packageTests();

const SCENES = path.join(import.meta.dirname, '../fixtures/scenes');

/** Pictures that are large enough, as base64: eleven JPEG, PNG, WebP and GIF files. */
async function scenes() {
  const names = (await readdir(SCENES)).filter(
    (name) => /\.(jpg|png|webp|gif)$/.test(name) && !/^(pixel|thumbnail)\./.test(name),
  );
  const files = names.sort().map((name) => readFile(path.join(SCENES, name), 'base64'));
  return Promise.all(files);
}

test('a head is taught, used, exported, taken back; what is no head is refused', async () => {
  const files = await scenes();
  assert.ok(files.length >= 11, String(files.length));
  const found = await inPage(async (texts) => {
    const images = texts.map((text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)));
    const detector = await window.create();
    const judge = async () => {
      const { model, taught } = await detector.analyze(images[0]);
      return { logit: model.logit, error: model.measuredError ?? null, taught };
    };
    const before = await judge();
    const steps = [];
    const broken = new Uint8Array([1, 2, 3]);
    const head = await detector.teach([...images, broken], {
      label: 'ai',
      name: 'Painter',
      onProgress: (step) => steps.push(step),
    });
    const unused = await judge();
    await detector.use(head);
    const info = detector.info.head;
    const used = await judge();
    const batch = [];
    for await (const { result } of detector.analyzeAll(images)) batch.push(result.taught?.sha256);
    const file = head.export();
    await detector.use(null);
    const undone = await judge();
    const withoutHead = 'head' in detector.info;
    await detector.use(file);
    const imported = await judge();
    const altered = head.export();
    altered[altered.length >> 1] ^= 1;
    const codes = [
      await window.codeOf(detector.use(altered)),
      await window.codeOf(detector.use(new Uint8Array(3))),
      await window.codeOf(detector.use('a.head')),
      await window.codeOf(detector.use(new Uint8Array(2 ** 21))),
      await window.codeOf(detector.teach(images.slice(0, 9), { label: 'ai' })),
      await window.codeOf(detector.teach(images, { label: 'fake' })),
      await window.codeOf(detector.teach(images, { label: 'ai', name: '' })),
      await window.codeOf(detector.teach(images, { label: 'ai', references: 5 })),
      await window.codeOf(detector.teach(images, { label: 'ai', references: broken })),
      await window.codeOf(detector.teach(images, { label: 'ai', signal: AbortSignal.abort() })),
    ];
    // What was refused changes nothing.
    const still = await judge();
    await detector.dispose();
    const { name, report, sha256, skipped, modelId } = head;
    return {
      ...{ before, unused, used, undone, imported, still, info, codes, batch, steps },
      ...{ withoutHead, count: images.length, bytes: file.length },
      head: {
        name,
        report,
        sha256,
        modelId,
        skipped: skipped.map(({ index, error }) => [index, error.code]),
      },
    };
  }, files);
  const { before, used, head, count } = found;
  assert.equal(before.taught, undefined);
  assert.deepEqual(found.unused, before);
  assert.deepEqual(found.undone, before);
  assert.equal(found.withoutHead, false);
  assert.deepEqual(found.imported, used);
  assert.deepEqual(found.still, used);
  assert.notEqual(used.logit, before.logit);
  assert.equal(used.error, null);
  assert.deepEqual(used.taught, {
    name: 'Painter',
    label: 'ai',
    examples: head.report.examples,
    sha256: head.sha256,
  });
  assert.equal(found.info.sha256, head.sha256);
  assert.deepEqual(found.batch, Array(count).fill(head.sha256));
  assert.equal(head.report.examples + head.report.nearDuplicates, count);
  assert.equal(head.report.checkAi.images, 100);
  assert.deepEqual(head.skipped, [[count, 'decode']]);
  assert.deepEqual(found.steps.at(-1), { done: count + 1, total: count + 1 });
  assert.deepEqual(found.codes, [
    ...['weights-corrupt', 'weights-corrupt', 'argument', 'limit'],
    ...['argument', 'argument', 'argument', 'argument', 'weights-corrupt', 'aborted'],
  ]);
});
