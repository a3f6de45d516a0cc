// Workers that somebody else ends, and an origin whose storage is full for real: every image ends
// with a result.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { packageTests } from './support/package.mjs';

const tests = packageTests({ webgpu: true });

/** A page where every worker that is made can be got at, as by another script on it. */
async function openWithWorkers() {
  const opened = await tests.open();
  await opened.page.evaluate(() => {
    window.workers = [];
    window.Worker = class extends Worker {
      constructor(...given) {
        super(...given);
        window.workers.push(this);
      }
    };
  });
  return opened;
}

describe('a worker that is ended from outside', () => {
  for (const device of ['cpu', 'webgpu']) {
    test(`in the middle of a batch, ${device}: every image has its result, on the same device`, async () => {
      const { page, problems, close } = await openWithWorkers();
      const seen = await page.evaluate(async (where) => {
        const detector = await window.clipsight.createDetector({ device: where });
        const before = JSON.stringify(detector.info);
        const items = [];
        for await (const { index, result, error } of detector.analyzeAll(
          Array(12).fill(window.picture),
          { views: 1 },
        )) {
          items.push(error === undefined ? result.model.logit : `${error.code} ${error.message}`);
          // All that there are, the helpers included, at two moments.
          if (index === 2 || index === 7)
            setTimeout(() => window.workers.forEach((worker) => worker.terminate()), 20);
        }
        const after = JSON.stringify(detector.info);
        await detector.dispose();
        return { items, started: window.workers.length, before, after };
      }, device);
      assert.equal(seen.items.length, 12);
      assert.deepEqual([...new Set(seen.items)], [seen.items[0]]);
      assert.equal(typeof seen.items[0], 'number');
      assert.ok(seen.started >= 3, `${seen.started} workers`);
      assert.equal(seen.after, seen.before);
      assert.deepEqual(problems, []);
      await close();
    });
  }

  test('while it has nothing to do: the next image gets another', async () => {
    const { page, close } = await openWithWorkers();
    const seen = await page.evaluate(async () => {
      const detector = await window.create();
      window.workers[0].terminate();
      const { model } = await detector.analyze(window.picture);
      await detector.dispose();
      return [model.status, window.workers.length];
    });
    assert.ok(['scored', 'abstained'].includes(seen[0]), seen[0]);
    assert.equal(seen[1], 2);
    await close();
  });

  test('while it loads: loading ends with an error', async () => {
    const { page, close } = await openWithWorkers();
    const code = await page.evaluate(async () => {
      const loading = window.create({
        onProgress: ({ phase }) => phase === 'weights' && window.workers[0].terminate(),
      });
      return window.codeOf(loading);
    });
    assert.equal(code, 'internal');
    await close();
  });

  test('disposing of a detector is no such end: nothing is started anew', async () => {
    const { page, close } = await openWithWorkers();
    const started = await page.evaluate(async () => {
      const detector = await window.create();
      const open = window.codeOf(detector.analyze(window.picture));
      await detector.dispose();
      await open;
      await new Promise((resolve) => setTimeout(resolve, 300));
      return [window.workers.length, (await navigator.locks.query()).held.length];
    });
    assert.deepEqual(started, [1, 0]);
    await close();
  });
});

describe('an origin whose storage is full', () => {
  for (const cache of ['cache-storage', 'opfs']) {
    test(`${cache}: all images have results, and the detector says what came of it`, async () => {
      const { page, problems, close } = await tests.open();
      const client = await page.context().newCDPSession(page);
      const quota = (quotaSize) =>
        client.send('Storage.overrideQuotaForOrigin', { origin: tests.server.url, quotaSize });
      await quota(300_000);
      const load = (given) =>
        page.evaluate(async (options) => {
          const detector = await window.create(options);
          const codes = [];
          for await (const { error } of detector.analyzeAll(Array(3).fill(window.picture)))
            codes.push(error?.code ?? 'none');
          await detector.dispose();
          return [detector.info.cache, ...codes];
        }, given);
      const done = ['none', 'none', 'none'];
      assert.deepEqual(await load({ cache }), ['unavailable', ...done]);
      // What could be stored does no harm later, and with room the rest is stored.
      await quota(100_000_000);
      assert.deepEqual(await load({ cache }), ['stored', ...done]);
      assert.deepEqual(await load({ cache }), ['hit', ...done]);
      assert.deepEqual(problems, []);
      await close();
    });
  }
});
