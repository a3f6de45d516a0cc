// The package's options explain and stability: what they give, their progress, their end.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packageTests } from './support/package.mjs';

const tests = packageTests();

test('explain and stability: beside the same verdict, with progress', async () => {
  const { page, close } = await tests.open();
  const { plain, all, steps, wrong } = await page.evaluate(async () => {
    const detector = await window.create();
    const strip = (analysis) => ({ ...analysis, timings: null });
    const plain = strip(await detector.analyze(window.picture));
    const steps = [];
    const all = strip(
      await detector.analyze(window.picture, {
        explain: true,
        stability: true,
        onProgress: (progress) => steps.push(progress),
      }),
    );
    const wrong = [];
    for (const options of [{ explain: 'yes' }, { stability: 'maybe' }])
      await detector.analyze(window.picture, options).catch(({ code }) => wrong.push(code));
    await detector.dispose();
    return { plain, all, steps, wrong };
  });
  const { map, stability, ...rest } = all;
  assert.deepEqual(rest, plain);
  assert.equal(map.parts.length, map.columns * map.rows);
  const sum = map.shares.layers.reduce((total, { logit }) => total + logit, 0);
  assert.ok(Math.abs(sum - (map.logit - map.hiddenLogit)) < 1e-2, `${sum}`);
  assert.deepEqual(
    stability.deliveries.map(({ delivery }) => delivery),
    ['jpeg', 'half', 'crop', 'gray'],
  );
  assert.ok(steps.length > 5);
  assert.equal(steps.at(-1).done, steps.at(-1).total);
  assert.ok(steps.every(({ done }, at) => at === 0 || done > steps[at - 1].done));
  assert.deepEqual(wrong, ['argument', 'argument']);
  await close();
});

test('an abort stops the work itself, not only the waiting', async () => {
  const { page, close } = await tests.open();
  const { code, steps, next } = await page.evaluate(async () => {
    const detector = await window.create();
    const stop = new AbortController();
    let steps = 0;
    const code = await detector
      .analyze(window.picture, {
        explain: true,
        signal: stop.signal,
        onProgress: () => {
          steps += 1;
          if (steps === 1) stop.abort();
        },
      })
      .catch((error) => error.code);
    const next = await detector.analyze(window.picture);
    await detector.dispose();
    return { code, steps, next: next.model.status };
  });
  assert.equal(code, 'aborted');
  // One more may be on its way; a whole map takes four.
  assert.ok(steps <= 2, `${steps} steps`);
  assert.match(next, /scored|abstained/);
  await close();
});
