// fetchModel and detectors made from what it returns: without network, in workers of the caller's,
// on the page's thread.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CPU_BUILD, manifest, modelBytes, packageTests } from './support/package.mjs';

const VERDICTS = ['scored', 'abstained'];
const tests = packageTests({ webgpu: true });

/**
 * A page whose `files` are fetched and which can reach no network from then on: its policy says so.
 */
async function openLocked(options = {}) {
  const opened = await tests.open();
  await opened.page.evaluate(async (given) => {
    window.files = await window.clipsight.fetchModel({ device: 'cpu', ...given });
    window.workerScript = await (await fetch(window.clipsight.workerUrl)).text();
    window.blobWorker = new URL(
      URL.createObjectURL(new Blob([window.workerScript], { type: 'text/javascript' })),
    );
    const policy = document.createElement('meta');
    policy.httpEquiv = 'Content-Security-Policy';
    policy.content = "connect-src 'none'";
    document.head.append(policy);
  }, options);
  return opened;
}

describe('fetchModel', () => {
  test('gives what structured cloning and transfer keep, byte for byte, with progress to the end', async () => {
    const { page, problems, close } = await tests.open();
    const seen = await page.evaluate(async () => {
      const steps = [];
      const files = await window.clipsight.fetchModel({
        device: 'cpu',
        onProgress: (step) => steps.push(step),
      });
      const sizes = (of) => [
        of.manifest.length,
        ...of.shards.map(({ size }) => size),
        ...Object.values(of.cores).map(({ length }) => length),
      ];
      const before = sizes(files);
      const copy = structuredClone(files);
      const moved = structuredClone(files, { transfer: window.clipsight.transferablesOf(files) });
      const detector = await window.clipsight.createDetector({ model: copy });
      await detector.dispose();
      const emptied = await window.codeOf(window.clipsight.createDetector({ model: files }));
      return {
        steps,
        before,
        copied: sizes(copy),
        moved: sizes(moved),
        // Blobs are nobody's to take away.
        left: [files.manifest, ...Object.values(files.cores)].reduce(
          (sum, { length }) => sum + length,
          0,
        ),
        emptied,
        cores: Object.keys(copy.cores),
        cache: [copy.cache, detector.info.cache],
        device: copy.device,
      };
    });
    assert.equal(
      seen.before.slice(1, 1 + manifest.shards.length).reduce((sum, size) => sum + size),
      modelBytes,
    );
    assert.deepEqual(seen.copied, seen.before);
    assert.deepEqual(seen.moved, seen.before);
    assert.equal(seen.left, 0);
    assert.equal(seen.emptied, 'argument');
    assert.match(seen.cores.join(), CPU_BUILD);
    assert.equal(seen.device, 'cpu');
    assert.deepEqual(seen.cache, ['stored', 'stored']);
    for (let i = 1; i < seen.steps.length; i += 1)
      assert.ok(seen.steps[i].loadedBytes >= seen.steps[i - 1].loadedBytes);
    assert.deepEqual(seen.steps.at(-1), {
      phase: 'done',
      loadedBytes: modelBytes,
      totalBytes: modelBytes,
    });
    assert.deepEqual(problems, []);
    await close();
  });

  test('damaged and missing files, senseless arguments, cancelling', async (t) => {
    const fetchModel = (options) =>
      window.codeOf(window.clipsight.fetchModel({ device: 'cpu', ...options }));
    const { page, close } = await tests.open();
    assert.equal(await page.evaluate(fetchModel, { model: '/pkg/nowhere.json' }), 'network');
    assert.equal(
      await page.evaluate(fetchModel, {
        wasm: { cpu: '/pkg/nowhere.wasm', 'cpu-i16': '/pkg/nowhere.wasm' },
      }),
      'network',
    );
    assert.equal(await page.evaluate(fetchModel, { device: 'tpu' }), 'argument');
    assert.equal(await page.evaluate(fetchModel, { cache: 'disk' }), 'argument');
    assert.equal(await page.evaluate(fetchModel, { model: 'http://[' }), 'argument');
    assert.equal(
      await page.evaluate(() =>
        window.codeOf(window.clipsight.createDetector({ model: { shards: [1] } })),
      ),
      'argument',
    );
    const cancelled = await page.evaluate(async () => {
      const controller = new AbortController();
      const fetching = window.codeOf(
        window.clipsight.fetchModel({
          cache: 'none',
          signal: controller.signal,
          onProgress: ({ loadedBytes }) => loadedBytes > 0 && controller.abort(),
        }),
      );
      return fetching;
    });
    assert.equal(cancelled, 'aborted');
    tests.serving(t, manifest.shards[0].file, (bytes) => bytes.map((byte) => byte ^ 1));
    assert.equal(await page.evaluate(fetchModel, { cache: 'none' }), 'weights-corrupt');
    await close();
  });
});

describe('a detector without network', () => {
  test("the package's worker, a blob: worker, the page's thread: one result, and nothing is asked for", async () => {
    const { page, problems, close } = await openLocked();
    const probe = () =>
      page.evaluate(() =>
        fetch('/pkg/index.js').then(
          () => 'reached',
          () => 'refused',
        ),
      );
    assert.equal(await probe(), 'refused');
    const from = tests.server.requests.length;
    const seen = await page.evaluate(async () => {
      const found = [];
      for (const worker of ['auto', window.blobWorker, false]) {
        const detector = await window.clipsight.createDetector({ model: window.files, worker });
        const items = [];
        for await (const { result, error } of detector.analyzeAll(Array(12).fill(window.picture)))
          items.push(error?.message ?? result.model);
        await detector.dispose();
        found.push(items);
      }
      return found;
    });
    for (const items of seen) {
      assert.equal(items.length, 12);
      for (const model of items) assert.deepEqual(model, seen[0][0]);
    }
    assert.ok(VERDICTS.includes(seen[0][0].status), JSON.stringify(seen[0][0]));
    // The worker's script itself is no connection of the page's, nor is the program for the page's
    // thread.
    const asked = tests.server.requests.slice(from).filter((file) => !file.endsWith('.js'));
    assert.deepEqual(asked, []);
    // What the browser says of the refused probe.
    assert.ok(
      problems.every((problem) => /Content Security Policy/.test(problem)),
      problems.join(),
    );
    await close();
  });

  test('a GPU that is lost under it: the CPU takes over, from the same files', async () => {
    const { page, close } = await openLocked({ device: 'webgpu' });
    const from = tests.server.requests.length;
    const { cores, device, infos, codes } = await page.evaluate(async () => {
      const prefix = `
        const requestDevice = GPUAdapter.prototype.requestDevice;
        GPUAdapter.prototype.requestDevice = async function (...rest) {
          const device = await requestDevice.apply(this, rest);
          new BroadcastChannel('destroy').onmessage = () => device.destroy();
          return device;
        };`;
      // A worker of the caller's own: the package's script, changed.
      const worker = new URL(
        URL.createObjectURL(new Blob([prefix, window.workerScript], { type: 'text/javascript' })),
      );
      const detector = await window.clipsight.createDetector({ model: window.files, worker });
      const loaded = detector.info;
      const seen = [];
      for await (const { index, result, error } of detector.analyzeAll(
        Array(3).fill(window.picture),
        { views: 1 },
      )) {
        seen.push(error?.code ?? result.model.status);
        if (index === 0) new BroadcastChannel('destroy').postMessage('now');
      }
      await detector.dispose();
      return {
        cores: Object.keys(window.files.cores).sort(),
        device: window.files.device,
        infos: [loaded, detector.info],
        codes: seen,
      };
    });
    assert.match(cores[0], CPU_BUILD);
    assert.deepEqual(cores.slice(1), ['gpu']);
    assert.equal(device, 'webgpu');
    assert.deepEqual(
      infos.map(({ device: on, selfTest }) => [on, selfTest]),
      [
        ['webgpu', 'passed'],
        ['cpu', 'fell-back'],
      ],
    );
    assert.ok(
      codes.every((code) => VERDICTS.includes(code)),
      codes.join(),
    );
    assert.deepEqual(tests.server.requests.slice(from), []);
    await close();
  });

  test('files for a GPU where there is none: the CPU, unless the caller insists', async () => {
    const { page, close } = await openLocked({ device: 'webgpu' });
    const [info, code] = await page.evaluate(async () => {
      const script = `Object.defineProperty(WorkerNavigator.prototype, 'gpu', { value: undefined });\n${window.workerScript}`;
      const worker = new URL(URL.createObjectURL(new Blob([script], { type: 'text/javascript' })));
      const detector = await window.clipsight.createDetector({ model: window.files, worker });
      await detector.dispose();
      return [
        detector.info,
        await window.codeOf(
          window.clipsight.createDetector({ model: window.files, worker, device: 'webgpu' }),
        ),
      ];
    });
    assert.deepEqual([info.device, info.selfTest], ['cpu', 'fell-back']);
    assert.equal(code, 'no-gpu');
    await close();
  });
});

describe('on the calling thread', () => {
  test("in a worker of the site's own, with relative addresses", async () => {
    const seen = await tests.inPage(async () => {
      const script = `import { createDetector } from '${location.origin}/pkg/index.js';
        onmessage = async ({ data }) => {
          const detector = await createDetector({ device: 'cpu', worker: false });
          const { model } = await detector.analyze(data);
          await detector.dispose();
          postMessage(model.status);
        };`;
      const worker = new Worker(
        URL.createObjectURL(new Blob([script], { type: 'text/javascript' })),
        {
          type: 'module',
        },
      );
      const answer = new Promise((resolve) => (worker.onmessage = ({ data }) => resolve(data)));
      worker.onerror = (event) => console.error(event.message);
      worker.postMessage(window.picture);
      const status = await answer;
      worker.terminate();
      return status;
    });
    assert.ok(VERDICTS.includes(seen));
  });

  test("cancelled while loading, disposed while open; GPUAdapter is the page's again", async () => {
    const [codes, same] = await tests.inPage(async () => {
      const { requestDevice } = GPUAdapter.prototype;
      const seen = [];
      for (const phase of ['core', 'weights', 'self-test']) {
        const controller = new AbortController();
        seen.push(
          await window.codeOf(
            window.create({
              worker: false,
              cache: 'none',
              signal: controller.signal,
              onProgress: (step) => step.phase === phase && controller.abort(),
            }),
          ),
        );
      }
      const detector = await window.create({ worker: false, device: 'webgpu' });
      const open = window.codeOf(detector.analyze(window.picture));
      await detector.dispose();
      seen.push(await open, await window.codeOf(detector.analyze(window.picture)));
      return [seen, requestDevice === GPUAdapter.prototype.requestDevice];
    });
    assert.deepEqual(codes, Array(5).fill('aborted'));
    assert.ok(same);
  });
});
