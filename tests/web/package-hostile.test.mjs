// Messages that nobody of ours sent, and cancelling at any moment.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { AT_ONCE, packageTests } from './support/package.mjs';

const tests = packageTests();

describe('messages forged to the worker', () => {
  test('get no answer, change nothing, reach no network', async () => {
    const { page, problems, close } = await tests.open();
    const from = tests.server.requests.length;
    const seen = await page.evaluate(async () => {
      const answers = [];
      const files = await window.clipsight.fetchModel({ device: 'cpu', cache: 'none' });
      const worker = new Worker(window.clipsight.workerUrl, { type: 'module' });
      worker.onmessage = ({ data }) => answers.push(data);
      worker.onerror = ({ message }) => answers.push({ type: 'error event', message });
      const long = 'x'.repeat(2 ** 20);
      const limits = { maxBytes: 1000, maxSide: 1000, maxPixels: 1000 };
      const analyze = {
        input: new Uint8Array(3),
        limits,
        fidelity: 'original-bytes',
        provenance: true,
      };
      const addresses = {
        manifest: '/pkg/models/compact/model.json',
        files: {},
        name: 'x',
        cache: 'none',
      };
      const load = { model: addresses, builds: {}, decoders: {}, device: 'cpu' };
      const forged = [
        undefined,
        null,
        0,
        '',
        long,
        [],
        {},
        [1, 2, 3],
        new Map([['id', 1]]),
        new Error('x'),
        new ArrayBuffer(8),
        { id: 1 },
        { id: 1, call: long, params: {} },
        { id: long, call: 'analyze', params: analyze },
        { call: 'analyze', params: analyze },
        { id: 1.5, call: 'analyze', params: analyze },
        { id: Infinity, call: 'analyze', params: analyze },
        ...[
          '__proto__',
          'constructor',
          'toString',
          'hasOwnProperty',
          'free',
          'eval',
          'crash',
          'receive',
          'Load',
        ].map((call) => ({ id: 1, call, params: analyze })),
        JSON.parse('{"id":1,"__proto__":{"call":"analyze"},"params":{}}'),
        JSON.parse('{"__proto__":{"id":1,"call":"load"}}'),
        ...[undefined, null, 1, long, [], {}].flatMap((params) => [
          { id: 1, call: 'analyze', params },
          { id: 1, call: 'load', params },
        ]),
        ...[undefined, null, long, [1, 2], {}, { length: 3 }, 5].map((input) => ({
          id: 1,
          call: 'analyze',
          params: { ...analyze, input },
        })),
        ...[undefined, null, {}, { ...limits, maxSide: long }, { ...limits, maxBytes: NaN }].map(
          (wrong) => ({
            id: 1,
            call: 'analyze',
            params: { ...analyze, limits: wrong },
          }),
        ),
        ...[0, 2, '1', [5], long].map((views) => ({
          id: 1,
          call: 'analyze',
          params: { ...analyze, views },
        })),
        ...[
          null,
          long,
          [1, 2, 3, 4],
          { x: 0, y: 0, width: 1 },
          { x: -1, y: 0, width: 1, height: 1 },
          { x: 0, y: 0.5, width: 1, height: 1 },
          { x: 0, y: 0, width: 0, height: 1 },
          { x: 0, y: 0, width: 1e9, height: 1 },
          { x: '0', y: 0, width: 1, height: 1 },
        ].map((crop) => ({ id: 1, call: 'analyze', params: { ...analyze, crop } })),
        ...['', long, '__proto__', 7].map((fidelity) => ({
          id: 1,
          call: 'analyze',
          params: { ...analyze, fidelity },
        })),
        ...[undefined, 1, 'read', {}].map((provenance) => ({
          id: 1,
          call: 'analyze',
          params: { ...analyze, provenance },
        })),
        ...[
          {},
          { input: 5, limits, builds: {} },
          { input: new Uint8Array(3), limits: {}, builds: {} },
          { input: new Uint8Array(3), limits, builds: { cpu: 1 } },
        ].map((params) => ({ id: 1, call: 'provenance', params })),
        ...[undefined, long, 'tpu', {}].map((device) => ({
          id: 1,
          call: 'load',
          params: { ...load, device },
        })),
        ...[
          {},
          { manifest: 1 },
          { ...addresses, files: { a: 1 } },
          { ...addresses, cache: long },
          { manifest: new Uint8Array(9), shards: [1] },
        ].map((model) => ({ id: 1, call: 'load', params: { ...load, model } })),
        ...[1, { cpu: 1 }, { cpu: {} }, null].map((builds) => ({
          id: 1,
          call: 'load',
          params: { ...load, builds },
        })),
        ...[1, { avif: 1 }, { avif: {} }, null].map((decoders) => ({
          id: 1,
          call: 'load',
          params: { ...load, decoders },
        })),
        { id: 1, call: 'load', params: { ...load, module: {} } },
        ...[
          {},
          { input: 'a' },
          { maxBytes: '1' },
          { maxBytes: 1.5 },
          { verifier: undefined },
          { verifier: {} },
          { anchors: 1 },
          { anchors: { signers: 1 } },
        ].map((wrong) => ({
          id: 1,
          call: 'verify',
          params:
            Object.keys(wrong).length === 0
              ? wrong
              : {
                  input: new Uint8Array(9),
                  maxBytes: 9,
                  verifier: '/v.wasm',
                  anchors: {},
                  ...wrong,
                },
        })),
      ];
      for (const message of forged) worker.postMessage(message);
      // Then the real ones: the first answers are theirs.
      worker.postMessage({
        id: 1,
        call: 'load',
        params: { model: files, builds: files.cores, decoders: {}, device: 'cpu' },
      });
      const until = async (found) => {
        while (!answers.some(found)) await new Promise((resolve) => setTimeout(resolve, 10));
      };
      await until(({ id }) => id === 1);
      const real = {
        input: window.picture,
        limits: { maxBytes: 1e8, maxSide: 1e4, maxPixels: 1e8 },
        fidelity: 'original-bytes',
        provenance: true,
      };
      for (const message of forged) worker.postMessage(message);
      worker.postMessage({ id: 2, call: 'analyze', params: real });
      await until(({ id }) => id === 2);
      // A second model cannot take the first one's place.
      worker.postMessage({
        id: 3,
        call: 'load',
        params: { model: files, builds: files.cores, decoders: {}, device: 'cpu' },
      });
      await until(({ id }) => id === 3);
      worker.terminate();
      return {
        count: forged.length,
        answers: answers.filter(({ type }) => type !== 'progress' && type !== 'device'),
      };
    });
    assert.ok(seen.count > 60);
    assert.deepEqual(
      seen.answers.map(({ type, id }) => [type, id]),
      [
        ['result', 1],
        ['result', 2],
        ['error', 3],
      ],
      JSON.stringify(seen.answers),
    );
    assert.ok(['scored', 'abstained'].includes(seen.answers[1].result.model.status));
    const asked = tests.server.requests.slice(from).filter((file) => file.endsWith('model.json'));
    assert.equal(asked.length, 1, 'by fetchModel, not by the worker');
    assert.deepEqual(problems, []);
    await close();
  });

  test('before anything is loaded, a call that is well formed gets an error', async () => {
    const answer = await tests.inPage(async () => {
      const worker = new Worker(window.clipsight.workerUrl, { type: 'module' });
      const first = new Promise((resolve) => (worker.onmessage = ({ data }) => resolve(data)));
      worker.postMessage({
        id: 7,
        call: 'analyze',
        params: {
          input: window.picture,
          limits: { maxBytes: 1e8, maxSide: 1e4, maxPixels: 1e8 },
          fidelity: 're-encoded',
          provenance: false,
        },
      });
      return first.finally(() => worker.terminate());
    });
    assert.deepEqual([answer.type, answer.id, answer.error.code], ['error', 7, 'internal']);
  });
});

test('20 random moments of cancelling: each at once, memory back within 10 %', async (t) => {
  const { page, problems, close } = await tests.open();
  const client = await page.context().newCDPSession(page);
  const system = await tests.browser.newBrowserCDPSession();
  /** Bytes of the page's processes, with everything its workers had, after collecting garbage. */
  const memory = async () => {
    await client.send('HeapProfiler.collectGarbage');
    const { processInfo } = await system.send('SystemInfo.getProcessInfo');
    const kilobytes = processInfo
      .filter(({ type }) => type === 'renderer')
      .map(async ({ id }) =>
        Number(/^Pss:\s+(\d+) kB/m.exec(await readFile(`/proc/${id}/smaps_rollup`, 'utf8'))?.[1]),
      );
    return (await Promise.all(kilobytes)).reduce((sum, each) => sum + each * 1024, 0);
  };
  const round = (seed, moments) =>
    page.evaluate(
      async ([start, count]) => {
        let state = start;
        const random = () => (state = (state * 16807) % 2147483647) / 2147483647;
        const taken = [];
        for (let i = 0; i < count; i += 1) {
          const controller = new AbortController();
          let turns;
          const loading = i % 2 === 0;
          const detector = loading ? undefined : await window.create();
          const { signal } = controller;
          const work = loading
            ? window.create({ signal }).then((loaded) => loaded.dispose())
            : (async () => {
                for await (const _ of detector.analyzeAll(Array(40).fill(window.picture), {
                  signal,
                }))
                  void _;
              })();
          setTimeout(
            () => {
              controller.abort();
              turns = window.turnsUntilSettled(work);
            },
            random() * (loading ? 300 : 120),
          );
          const code = await window.codeOf(work);
          // Either it was cancelled, then at once; or loading had ended before.
          taken.push(code === 'aborted' ? await turns : code === 'no error' && loading ? 0 : code);
          await detector?.dispose();
        }
        return taken;
      },
      [seed, moments],
    );
  // What the browser takes once and keeps: compiled code, caches.
  await round(7, 6);
  const before = await memory();
  const taken = await round(20261125, 20);
  // Threads end, and allocators give back, a little later.
  let after = await memory();
  for (let wait = 0; after > before * 1.1 && wait < 20; wait += 1) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    after = await memory();
  }
  t.diagnostic(
    `longest ${Math.max(...taken)} turns; memory ${(before / 2 ** 20).toFixed(0)} -> ${(after / 2 ** 20).toFixed(0)} MiB`,
  );
  for (const turns of taken) assert.ok(turns <= AT_ONCE, `${taken}`);
  assert.ok(after < before * 1.1, `${before} -> ${after} bytes`);
  // Every worker is gone.
  for (let wait = 0; page.workers().length > 0 && wait < 50; wait += 1)
    await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(page.workers().length, 0);
  assert.deepEqual(problems, []);
  await close();
});
