// What files say of how they were made: without a model, and beside a verdict.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { root } from '../../scripts/lib/run.mjs';
import { packageTests } from './support/package.mjs';

const tests = packageTests();

/** The settings of Stable Diffusion web UI. */
const NOTES = 'a cat\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1';

/** A PNG with a text behind its header. */
async function pngWith(keyword, text) {
  const file = await readFile(path.join(root, 'tests/fixtures/image/decode/rgb8.png'));
  const body = Buffer.concat([Buffer.from('tEXt'), Buffer.from(`${keyword}\0${text}`, 'latin1')]);
  const [length, sum] = [body.length - 4, crc32(body)].map((number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(number);
    return bytes;
  });
  return [...Buffer.concat([file.subarray(0, 33), length, body, sum, file.subarray(33)])];
}

test('a file is read without a model: none is fetched', async () => {
  const from = tests.server.requests.length;
  const found = await tests.inPage(
    async (bytes) => {
      const { readProvenance } = window.clipsight;
      const file = new Uint8Array(bytes);
      const noted = await readProvenance(new Blob([file]));
      const silent = await readProvenance(window.picture);
      const bitmap = await createImageBitmap(new Blob([window.picture]));
      const stopped = new AbortController();
      const cancelled = window.codeOf(readProvenance(file, { signal: stopped.signal }));
      stopped.abort();
      return {
        noted,
        silent,
        cancelled: await cancelled,
        bitmap: await window.codeOf(readProvenance(bitmap)),
        text: await window.codeOf(readProvenance(new Blob(['no picture']))),
        large: await window.codeOf(readProvenance(file, { limits: { maxBytes: 10 } })),
        here: (await readProvenance(file, { worker: false })).says,
      };
    },
    await pngWith('parameters', NOTES),
  );
  assert.equal(found.noted.says, 'generated');
  assert.deepEqual(
    found.noted.statements.map(({ mark, text }) => [mark, text]),
    [
      ['settings', 'Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1'],
      ['prompt', 'a cat'],
    ],
  );
  assert.deepEqual([found.silent.says, found.silent.statements], [null, []]);
  assert.equal(found.here, 'generated');
  assert.deepEqual(
    [found.cancelled, found.bitmap, found.text, found.large],
    ['aborted', 'argument', 'decode', 'limit'],
  );
  const fetched = tests.server.requests.slice(from).filter((file) => file.includes('/models/'));
  assert.deepEqual(fetched, []);
});

test('an analysis holds it, unless it is not asked for or there is no file', async () => {
  const found = await tests.inPage(
    async (bytes) => {
      const detector = await window.create();
      const file = new Uint8Array(bytes);
      const bitmap = await createImageBitmap(new Blob([file]));
      const [read, off, encoded] = [
        await detector.analyze(file),
        await detector.analyze(file, { provenance: 'off' }),
        await detector.analyze(bitmap),
      ];
      await detector.dispose();
      return {
        says: read.provenance.says,
        off: 'provenance' in off,
        encoded: 'provenance' in encoded,
        moved: read.model.logit - off.model.logit,
      };
    },
    await pngWith('parameters', NOTES),
  );
  assert.deepEqual(found, { says: 'generated', off: false, encoded: false, moved: 0 });
});
