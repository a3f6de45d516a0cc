// The package as a plain module, on the CPU: loading, bad input, damaged models, cancelling.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AT_ONCE, CPU_BUILD, manifest, modelBytes, packageTests } from './support/package.mjs';

const lastShard = manifest.shards.at(-1).file;
const tests = packageTests();
const { inPage, serving } = tests;

describe('loading', () => {
  test('progress never falls and ends with every byte of the model', async () => {
    const { steps, info } = await inPage(async () => {
      const seen = [];
      const detector = await window.create({ onProgress: (progress) => seen.push(progress) });
      const loaded = detector.info;
      await detector.dispose();
      return { steps: seen, info: loaded };
    });
    for (let i = 1; i < steps.length; i += 1)
      assert.ok(steps[i].loadedBytes >= steps[i - 1].loadedBytes);
    assert.deepEqual(
      [...new Set(steps.map(({ phase }) => phase))],
      ['core', 'weights', 'self-test', 'done'],
    );
    assert.ok(
      steps.filter(({ phase }) => phase === 'weights').length > manifest.shards.length,
      'steps within a shard',
    );
    assert.deepEqual(steps.at(-1), {
      phase: 'done',
      loadedBytes: modelBytes,
      totalBytes: modelBytes,
    });
    assert.equal(info.device, 'cpu');
    assert.equal(info.selfTest, 'passed');
    assert.match(info.weightsSha256, /^[0-9a-f]{64}$/);
    assert.equal('fallbackReason' in info, false);
  });

  test('fetches only the WebAssembly build it needs, and each file once', async () => {
    const from = tests.server.requests.length;
    await inPage(async () => (await window.create()).dispose());
    const asked = tests.server.requests
      .slice(from)
      .filter((file) => /\.(wasm|safetensors|json)$/.test(file));
    const [build, ...others] = asked.filter((file) => file.endsWith('.wasm'));
    assert.match(build.split('/').at(-2), CPU_BUILD);
    assert.deepEqual(others, []);
    assert.equal(new Set(asked).size, asked.length);
  });

  test('without an adapter: auto takes the CPU, webgpu says no-gpu', async () => {
    const [device, code] = await inPage(async () => {
      const detector = await window.create({ device: 'auto' });
      await detector.dispose();
      return [detector.info.device, await window.codeOf(window.create({ device: 'webgpu' }))];
    });
    assert.deepEqual([device, code], ['cpu', 'no-gpu']);
  });

  test('a model given by its address', async () => {
    const id = await inPage(async () => {
      const detector = await window.create({ model: 'pkg/models/compact/model.json' });
      await detector.dispose();
      return detector.info.modelId;
    });
    assert.equal(id, manifest.id);
  });

  test('arguments that make no sense', async () => {
    const codes = await inPage(async () => [
      await window.codeOf(window.create({ device: 'tpu' })),
      ...(await Promise.all(
        ['http://[', null, 5, {}, { manifest: 5 }].map((model) =>
          window.codeOf(window.create({ model })),
        ),
      )),
      await window.codeOf(window.create({ wasm: { cpu: 5 } })),
      await window.codeOf(window.create({ worker: 'yes' })),
      await window.codeOf(window.create({ cache: 'disk' })),
    ]);
    assert.deepEqual([...new Set(codes)], ['argument'], codes.join());
  });
});

describe('models that are missing or damaged', () => {
  const create = () => window.codeOf(window.create());
  const flipLastByte = (bytes) => {
    const damaged = Buffer.from(bytes);
    damaged[damaged.length - 1] ^= 1;
    return damaged;
  };
  const cases = [
    ['one bit of a shard flipped', lastShard, flipLastByte, 'weights-corrupt'],
    [
      'a shard cut short',
      lastShard,
      (bytes) => bytes.subarray(0, bytes.length - 1000),
      'weights-corrupt',
    ],
    [
      'a shard with bytes to spare',
      lastShard,
      (bytes) => Buffer.concat([bytes, bytes]),
      'weights-corrupt',
    ],
    [
      'a page in place of the manifest',
      'model.json',
      () => Buffer.from('<!doctype html><p>Hello'),
      'weights-corrupt',
    ],
    ['an empty manifest', 'model.json', () => Buffer.from('{}'), 'weights-corrupt'],
    ['a missing manifest', 'model.json', () => 404, 'network'],
    ['a missing shard', lastShard, () => 404, 'network'],
    ['a connection that breaks', lastShard, (_, response) => void response.destroy(), 'network'],
    ['a missing WebAssembly build', 'clipsight_bg.wasm', () => 404, 'network'],
    ['a missing worker', 'pkg/worker.js', () => 404, 'network'],
  ];
  for (const [name, match, answer, code] of cases) {
    test(`${name}: ${code}`, async (t) => {
      serving(t, match, answer);
      assert.equal(await inPage(create, undefined, { expectProblems: true }), code);
    });
  }

  test('a known input with another answer: the device is not trusted, no detector', async (t) => {
    // What a device that computes wrongly looks like: the stored answer and the computed one
    // differ.
    serving(t, 'model.json', (bytes) => {
      const changed = JSON.parse(bytes);
      changed.self_test.logit += 1;
      return Buffer.from(JSON.stringify(changed));
    });
    assert.equal(await inPage(create), 'internal');
  });
});

describe('input', () => {
  test('Blob, ArrayBuffer and Uint8Array give the same result, and the caller keeps its bytes', async () => {
    const { results, kept } = await inPage(async () => {
      const detector = await window.create();
      const bytes = window.picture;
      const before_ = bytes.join();
      const inputs = [bytes, bytes.slice().buffer, new Blob([bytes])];
      const all = await Promise.all(inputs.map((input) => detector.analyze(input)));
      await detector.dispose();
      return { results: all, kept: bytes.join() === before_ };
    });
    assert.ok(kept);
    for (const { model, file, schemaVersion, input } of results) {
      assert.deepEqual(model, results[0].model);
      assert.deepEqual(file, results[0].file);
      assert.equal(schemaVersion, 1);
      const { views, viewsSha256 } = results[0].input;
      assert.match(viewsSha256, /^[0-9a-f]{64}$/);
      assert.deepEqual(input, { fidelity: 'original-bytes', views, viewsSha256 });
    }
    const [{ file, model, timings, attribution, quality }] = results;
    // Beside the verdict stands what the model has heads for.
    assert.equal(attribution !== undefined, 'attribution' in manifest);
    assert.equal(quality !== undefined, 'quality' in manifest);
    if (quality !== undefined) assert.ok(quality >= 0 && quality <= 1, `${quality}`);
    if (attribution !== undefined) {
      assert.deepEqual(Object.keys(attribution).sort(), ['family', 'generator']);
      for (const maker of [attribution.family, attribution.generator].filter(
        (maker_) => maker_ !== null,
      ))
        assert.ok(
          typeof maker.name === 'string' && maker.share >= 0 && maker.share <= 1,
          JSON.stringify(maker),
        );
    }
    assert.match(file.sha256, /^[0-9a-f]{64}$/);
    assert.deepEqual([file.format, file.width, file.height], ['jpeg', 320, 240]);
    assert.ok(['scored', 'abstained'].includes(model.status));
    if (model.status === 'scored')
      assert.ok(
        (model.measuredError === null || model.measuredError.n > 0) &&
          model.probability >= 0 &&
          model.probability <= 1,
      );
    assert.ok(timings.totalMs > 0);
  });

  test('bad files yield their errors, good files their results', async () => {
    const items = await inPage(async () => {
      const detector = await window.create();
      const good = window.picture;
      const inputs = [
        good,
        new File(['This is no picture, whatever its name says.'.repeat(30)], 'notes.jpg', {
          type: 'image/jpeg',
        }),
        good.slice(0, good.length / 2),
        new Uint8Array(),
        new Uint8Array(64 * 1024 * 1024 + 1),
        'photo.jpg',
        good,
      ];
      const seen = [];
      for await (const { index, result, error } of detector.analyzeAll(inputs)) {
        seen.push([index, error?.code ?? result.model.status]);
      }
      await detector.dispose();
      return seen;
    });
    const good = items[0][1];
    assert.ok(['scored', 'abstained'].includes(good));
    assert.deepEqual(items, [
      [0, good],
      [1, items[1][1]],
      [2, 'decode'],
      [3, 'decode'],
      [4, 'limit'],
      [5, 'argument'],
      [6, good],
    ]);
    assert.ok(['decode', 'unsupported'].includes(items[1][1]), items[1][1]);
  });

  test('one and five views', async () => {
    const [one, five, code] = await inPage(async () => {
      const detector = await window.create();
      const results = [
        await detector.analyze(window.picture, { views: 1 }),
        await detector.analyze(window.picture, { views: 5 }),
        await window.codeOf(detector.analyze(window.picture, { views: 3 })),
      ];
      await detector.dispose();
      return results;
    });
    assert.notEqual(one.model.logit, five.model.logit);
    assert.equal(code, 'argument');
  });
});

describe('cancelling', () => {
  test('loading stops at any moment', async () => {
    const outcomes = await inPage(async (atOnce) => {
      const before_ = new AbortController();
      before_.abort();
      const seen = [await window.codeOf(window.create({ signal: before_.signal }))];
      for (const phase of ['core', 'weights', 'self-test']) {
        const controller = new AbortController();
        let turns;
        const loading = window.create({
          signal: controller.signal,
          onProgress(progress) {
            if (progress.phase !== phase || turns !== undefined) return;
            controller.abort();
            turns = window.turnsUntilSettled(loading);
          },
        });
        const code = await window.codeOf(loading);
        seen.push((await turns) <= atOnce ? code : `${code} after ${await turns} turns`);
      }
      return seen;
    }, AT_ONCE);
    assert.deepEqual(outcomes, ['aborted', 'aborted', 'aborted', 'aborted']);
  });

  test('one analysis stops at once, the others go on', async () => {
    const { codes, turns, toAnswer, status } = await inPage(async () => {
      const detector = await window.create();
      const running = new AbortController();
      const queued = new AbortController();
      const calls = [
        window.codeOf(detector.analyze(window.picture, { signal: running.signal })),
        window.codeOf(detector.analyze(window.picture, { signal: queued.signal })),
      ];
      const last = detector.analyze(window.picture);
      queued.abort();
      await new Promise((resolve) => setTimeout(resolve, 20));
      running.abort();
      const settled = Promise.all(calls);
      const taken = await window.turnsUntilSettled(settled);
      // A control: an answer takes many turns.
      const control = await window.turnsUntilSettled(last);
      const result = await last;
      await detector.dispose();
      return {
        codes: await settled,
        turns: taken,
        toAnswer: control,
        status: result.model.status,
      };
    });
    assert.deepEqual(codes, ['aborted', 'aborted']);
    assert.ok(turns <= AT_ONCE, `${turns} turns`);
    assert.ok(toAnswer > 10 * AT_ONCE, `the control took ${toAnswer} turns`);
    assert.ok(['scored', 'abstained'].includes(status));
  });

  test('a batch ends with aborted', async () => {
    const { done, code } = await inPage(async () => {
      const detector = await window.create();
      const controller = new AbortController();
      let count = 0;
      const batch = (async () => {
        for await (const item of detector.analyzeAll(Array(50).fill(window.picture), {
          signal: controller.signal,
        })) {
          count += item.result === undefined ? 0 : 1;
          if (count === 2) controller.abort();
        }
      })();
      const ended = await window.codeOf(batch);
      await detector.dispose();
      return { done: count, code: ended };
    });
    assert.deepEqual({ done, code }, { done: 2, code: 'aborted' });
  });

  test('dispose settles what is open and refuses what comes later', async () => {
    const codes = await inPage(async () => {
      const detector = await window.create();
      const open_ = [1, 2, 3].map(() => window.codeOf(detector.analyze(window.picture)));
      await detector.dispose();
      await detector.dispose();
      return [...(await Promise.all(open_)), await window.codeOf(detector.analyze(window.picture))];
    });
    assert.deepEqual(codes, ['aborted', 'aborted', 'aborted', 'aborted']);
  });
});
