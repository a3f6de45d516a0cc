// The same images on the CPU, on WebGPU (SwiftShader), and in the native program; and GPUs that
// fail.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launch, newPage } from './support/browser.mjs';
import {
  drawJpeg,
  labelledImages,
  labelledPath,
  noLabelled,
  scanNatively,
  scenePath,
  scenes,
} from './support/images.mjs';
import { startServer } from './support/server.mjs';

/**
 * Largest difference in logits to the native f32 reference on the GPU: software adapters multiply
 * bfloat16 operands.
 */
const TOLERANCE = 0.05;

/** Largest difference between the CPU's 8-bit products and f32, on an easy picture. */
const EIGHT_BIT_TOLERANCE = 0.2;

let server;
let browser;
before(async () => {
  server = await startServer();
  browser = await launch({ webgpu: true });
});
after(async () => {
  await browser?.close();
  await server?.close();
});

async function open() {
  const opened = await newPage(browser);
  await opened.page.goto(`${server.url}/package.html`);
  await opened.page.waitForFunction(() => window.clipsight !== undefined);
  return opened;
}

/**
 * What the page says about images, by their paths on the server, compared with what the native
 * program says about the same files. Resolves with how many views were looked at.
 */
async function compare(t, { paths, files, device, options, natively, tolerance }) {
  const { page, problems, close } = await open();
  const { info, items } = await page.evaluate(
    async ([where, addresses, views]) => {
      const detector = await window.clipsight.createDetector({ device: where });
      const inputs = (async function* () {
        for (const address of addresses) yield await (await fetch(address)).blob();
      })();
      const seen = [];
      for await (const item of detector.analyzeAll(inputs, views))
        seen.push(item.result ?? String(item.error));
      const { info: loaded } = detector;
      await detector.dispose();
      return { info: loaded, items: seen };
    },
    [device, paths, options],
  );
  await close();
  const native = await scanNatively(files, { ...options, device: natively });
  assert.deepEqual(problems, []);
  assert.equal(info.device, device, info.fallbackReason);
  assert.equal(info.selfTest, 'passed');
  assert.equal(items.length, files.length);
  let largest = 0;
  for (const [i, { model, file }] of items.entries()) {
    const expected = native[i];
    const difference = Math.abs(model.logit - expected.logit);
    largest = Math.max(largest, difference);
    // Pictures of one pixel get no verdict, and are farther off where operands are packed as bf16.
    const allowed = model.status === 'scored' ? tolerance : 2 * tolerance;
    assert.ok(
      difference <= allowed,
      `${files[i]}: ${model.logit} here, ${expected.logit} natively`,
    );
    assert.equal(file.sha256, expected.sha256);
    // Where a grade begins, that much decides: a probability moves by at most a quarter of it.
    const atAnEdge = EDGES.some((edge) => Math.abs(expected.probability - edge) <= allowed / 4);
    if (atAnEdge && tolerance > ON_CPU.tolerance) continue;
    assert.equal(model.status, expected.status, files[i]);
    assert.equal(model.grade, expected.grade ?? undefined, files[i]);
  }
  const ms = items.map(({ timings }) => timings.totalMs).sort((a, b) => a - b);
  t.diagnostic(
    `largest difference in logits ${largest.toExponential(1)}, median ${ms[ms.length >> 1].toFixed(0)} ms an image`,
  );
  return [...new Set(items.map(({ input }) => input.views))].sort();
}

/** Where the grades of the compact model begin. */
const EDGES = [0.4, 0.6, 0.8, 0.95];

/**
 * As the model says: an early exit where the first gives no grade. Sums of integers are the same
 * everywhere.
 */
const ON_CPU = { device: 'cpu', options: {}, natively: 'cpu', tolerance: 1e-3 };
const ON_GPU = {
  device: 'webgpu',
  options: { views: 1 },
  natively: 'reference',
  tolerance: TOLERANCE,
};

describe('agreement with the native program', () => {
  const images = {
    paths: scenes.map((name) => `/scenes/${name}`),
    files: scenes.map(scenePath),
  };
  test(`cpu: ${scenes.length} scenes`, async (t) => {
    const views = await compare(t, { ...ON_CPU, ...images });
    assert.deepEqual(views, [1, 5], 'some images need an early exit, most do not');
  });
  test(`webgpu: ${scenes.length} scenes`, (t) => compare(t, { ...ON_GPU, ...images }));
});

describe('agreement with the native program on labelled images', { skip: noLabelled }, () => {
  const images = noLabelled ? [] : labelledImages(1);
  // SwiftShader takes ten times as long as the CPU.
  const some = images.filter((_, i) => i % 13 < 10);
  const chosen = (names) => ({
    paths: names.map((name) => `/data/${name}`),
    files: names.map(labelledPath),
  });
  before(() => assert.ok(some.length >= 20, `${some.length} images`));

  test(`cpu: ${images.length} images of role test, each of another origin`, async (t) => {
    const views = await compare(t, { ...ON_CPU, ...chosen(images) });
    assert.deepEqual(views, [1, 5], 'some images need an early exit, most do not');
  });
  test(`webgpu: ${some.length} images of role test, each of another origin`, (t) =>
    compare(t, { ...ON_GPU, ...chosen(some) }));
});

describe('choice of device', () => {
  test('a software adapter is no reason to leave the CPU', async () => {
    const { page, close } = await open();
    const result = await page.evaluate(async () => {
      const adapter = await navigator.gpu.requestAdapter();
      const detector = await window.clipsight.createDetector({ device: 'auto' });
      await detector.dispose();
      return {
        adapter: adapter !== null,
        device: detector.info.device,
        selfTest: detector.info.selfTest,
      };
    });
    await close();
    assert.deepEqual(result, { adapter: true, device: 'cpu', selfTest: 'passed' });
  });
});

describe('GPUs that fail', () => {
  // Faults are put into the worker's realm, below the WebAssembly build, which is the shipped one:
  // what it gets
  // back is really wrong.
  const faults = {
    'computes wrong numbers': {
      code: `
        const writeBuffer = GPUQueue.prototype.writeBuffer;
        GPUQueue.prototype.writeBuffer = function (buffer, offset, data, ...rest) {
          // A bit in every fourth word of everything large: weights and pixels.
          if (data.byteLength >= 4096) {
            const view = new Uint8Array(data.buffer ?? data, data.byteOffset ?? 0, data.byteLength).slice();
            for (let i = 3; i < view.length; i += 16) view[i] ^= 1;
            return writeBuffer.call(this, buffer, offset, view);
          }
          return writeBuffer.call(this, buffer, offset, data, ...rest);
        };`,
      reason: /self-test failed on the GPU/,
    },
    'gives no device': {
      code: `GPUAdapter.prototype.requestDevice = () => Promise.reject(new Error('out of memory'));`,
      reason: /.{10}/,
    },
    'is lost while loading': {
      code: `
        const requestDevice = GPUAdapter.prototype.requestDevice;
        GPUAdapter.prototype.requestDevice = async function (...rest) {
          const device = await requestDevice.apply(this, rest);
          setTimeout(() => device.destroy(), 200);
          return device;
        };`,
      reason: /lost|error|stopped answering/i,
    },
    'refuses every shader': {
      code: `
        const createShaderModule = GPUDevice.prototype.createShaderModule;
        GPUDevice.prototype.createShaderModule = function () {
          return createShaderModule.call(this, { code: 'no shader at all' });
        };`,
      reason: /.{10}/,
    },
    'has too little memory': {
      // What a browser does: the buffer is there, and invalid; the error comes out of the scope.
      code: `
        const { createBuffer, pushErrorScope, popErrorScope } = GPUDevice.prototype;
        const scopes = [];
        let taken = 0;
        GPUDevice.prototype.pushErrorScope = function (filter) {
          scopes.push({ filter });
          return pushErrorScope.call(this, filter);
        };
        GPUDevice.prototype.createBuffer = function (descriptor) {
          taken += descriptor.size;
          const scope = scopes.findLast(({ filter }) => filter === 'out-of-memory');
          if (taken > 2 ** 21 && scope !== undefined) scope.error = new GPUOutOfMemoryError('no memory left');
          return createBuffer.call(this, descriptor);
        };
        GPUDevice.prototype.popErrorScope = async function () {
          const { error } = scopes.pop();
          const reported = await popErrorScope.call(this);
          return error ?? reported;
        };`,
      reason: /too little memory/,
    },
    'has a driver that cannot compile': {
      // Neither a mistake of the shader's nor want of memory: the third kind of error.
      code: `
        const { popErrorScope, createComputePipeline } = GPUDevice.prototype;
        let compiled = false;
        GPUDevice.prototype.createComputePipeline = function (descriptor) {
          compiled = true;
          return createComputePipeline.call(this, descriptor);
        };
        GPUDevice.prototype.popErrorScope = async function () {
          const reported = await popErrorScope.call(this);
          return compiled ? new GPUInternalError('the compiler crashed') : reported;
        };`,
      reason: /.{10}/,
    },
    'has buffers that are too small': {
      code: `
        for (const name of ['maxStorageBufferBindingSize', 'maxBufferSize'])
          Object.defineProperty(GPUSupportedLimits.prototype, name, { get: () => 2 ** 17 });`,
      reason: /buffers are too small/,
    },
  };
  for (const [name, { code, reason }] of Object.entries(faults)) {
    test(`a GPU that ${name}: the CPU takes over, and says so`, async (t) => {
      // `auto` prefers no software adapter, and `webgpu` insists on one only when there is none at
      // all.
      const device = name === 'gives no device' ? 'auto' : 'webgpu';
      const hardware = `Object.defineProperty(GPUAdapter.prototype, 'info', { value: { vendor: 'test', isFallbackAdapter: false } });`;
      t.after(
        server.override('pkg/worker.js', (bytes) =>
          Buffer.concat([Buffer.from(code), Buffer.from(device === 'auto' ? hardware : ''), bytes]),
        ),
      );
      const { page, close } = await open();
      const picture = await drawJpeg(page);
      const { info, steps, status } = await page.evaluate(
        async ([where, bytes]) => {
          const seen = [];
          const detector = await window.clipsight.createDetector({
            device: where,
            onProgress: (progress) => seen.push(progress),
          });
          const { model } = await detector.analyze(new Uint8Array(bytes));
          await detector.dispose();
          return { info: detector.info, steps: seen, status: model.status };
        },
        [device, picture],
      );
      await close();
      assert.equal(info.device, 'cpu');
      assert.equal(info.selfTest, 'fell-back');
      assert.match(info.fallbackReason, reason);
      t.diagnostic(info.fallbackReason);
      assert.ok(['scored', 'abstained'].includes(status));
      assert.ok(steps.some(({ phase }) => phase === 'fallback'));
      for (let i = 1; i < steps.length; i += 1)
        assert.ok(steps[i].loadedBytes >= steps[i - 1].loadedBytes);
      const last = steps.at(-1);
      assert.equal(last.phase, 'done');
      assert.equal(last.loadedBytes, last.totalBytes);
    });
  }

  test('a GPU that is lost in the middle of a batch: every image finishes', async (t) => {
    // A second port of the worker, to say when.
    t.after(
      server.override('pkg/worker.js', (bytes) =>
        Buffer.concat([
          Buffer.from(`
            const requestDevice = GPUAdapter.prototype.requestDevice;
            GPUAdapter.prototype.requestDevice = async function (...rest) {
              const device = await requestDevice.apply(this, rest);
              new BroadcastChannel('destroy').onmessage = () => device.destroy();
              return device;
            };`),
          bytes,
        ]),
      ),
    );
    const { page, close } = await open();
    const picture = await drawJpeg(page);
    const { infos, logits } = await page.evaluate(async (bytes) => {
      const detector = await window.clipsight.createDetector({ device: 'webgpu' });
      const before_ = detector.info;
      const seen = [];
      for await (const { index, result, error } of detector.analyzeAll(
        Array(4).fill(new Uint8Array(bytes)),
        {
          views: 1,
        },
      )) {
        seen.push(error?.code ?? result.model.logit);
        // The next image is on its way to the device when this arrives.
        if (index === 0) setTimeout(() => new BroadcastChannel('destroy').postMessage('now'), 50);
      }
      await detector.dispose();
      return { infos: [before_, detector.info], logits: seen };
    }, picture);
    await close();
    assert.deepEqual(
      infos.map(({ device, selfTest }) => [device, selfTest]),
      [
        ['webgpu', 'passed'],
        ['cpu', 'fell-back'],
      ],
    );
    assert.equal(logits.length, 4);
    for (const logit of logits)
      assert.ok(Math.abs(logit - logits[0]) <= EIGHT_BIT_TOLERANCE, logits.join());
  });
});
