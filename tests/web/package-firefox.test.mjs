// The package in Debian's Firefox ESR, on the CPU and on WebGPU (lavapipe). Nobody drives it: the
// page runs by itself and posts what it finds.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { undriven } from '../../scripts/bench/firefox.mjs';
import { visit } from '../../scripts/bench/visit.mjs';
import { output, root } from '../../scripts/lib/run.mjs';
import { scanNatively, scenePath } from './support/images.mjs';
import { startServer } from './support/server.mjs';

const firefox = await output('sh', ['-c', 'command -v firefox-esr']);
const FIXTURES = ['exif-6.jpg', 'lossy.webp', 'flat.jpg'].map((name) => `/fixtures/${name}`);
const images = ['portrait.jpg', 'sea.webp', 'house.gif'];

/** Runs in Firefox: every way in that may differ between browsers. */
const PAGE = `<!doctype html><meta charset="utf-8"><title>Firefox</title><link rel="icon" href="data:,"><script type="module">
  import { createDetector, fetchModel, workerUrl } from '/pkg/index.js';
  const post = (step) => fetch('/result', { method: 'POST', body: JSON.stringify(step) });
  const attempt = async (name, work) => post({ name, ...(await work().then((value) => ({ value }), (error) => ({ error: String(error), code: error.code }))) });
  const { images, fixtures } = JSON.parse(decodeURIComponent(location.hash.slice(1)));
  const blobs = await Promise.all([...images, ...fixtures].map(async (path) => (await fetch(path)).blob()));
  const run = async (options, inputs = blobs) => {
    const detector = await createDetector(options);
    const results = [];
    for await (const { result, error } of detector.analyzeAll(inputs)) results.push(error?.code ?? result);
    await detector.dispose();
    return { info: detector.info, results };
  };
  await attempt('cpu', () => run({ device: 'cpu' }));
  await attempt('cache', () => run({ device: 'cpu' }, []));
  await attempt('opfs', () => run({ device: 'cpu', cache: 'opfs' }, []).then(() => run({ device: 'cpu', cache: 'opfs' }, [])));
  await attempt('files', async () => {
    const model = await fetchModel({ device: 'cpu' });
    const script = await (await fetch(workerUrl)).blob();
    return run({ model, worker: new URL(URL.createObjectURL(script)) });
  });
  await attempt('local', () => run({ device: 'cpu', worker: false }));
  await attempt('bitmap', async () => run({ device: 'cpu' }, [await createImageBitmap(blobs.at(-2))]));
  await attempt('webgpu', () => run({ device: 'webgpu' }));
  await post({ done: true });
</script>`;

const steps = {};
describe('Firefox', { skip: firefox ? false : 'firefox-esr is not there' }, () => {
  let server;
  before(async () => {
    server = await startServer({ pages: { '/firefox.html': PAGE } });
    const plan = encodeURIComponent(
      JSON.stringify({ images: images.map((name) => `/scenes/${name}`), fixtures: FIXTURES }),
    );
    await visit(undriven(firefox), {
      url: `${server.url}/firefox.html#${plan}`,
      server,
      take(step) {
        steps[step.name] = step;
      },
    });
  });
  after(() => server?.close());

  test('on the CPU: as the native program', async () => {
    const { value, error } = steps.cpu;
    assert.ok(value, error);
    assert.equal(value.info.device, 'cpu');
    assert.equal(value.info.selfTest, 'passed');
    const files = [
      ...images.map(scenePath),
      ...FIXTURES.map((name) =>
        path.join(root, 'tests/fixtures/image/decode', path.basename(name)),
      ),
    ];
    const natively = await scanNatively(files);
    for (const [i, { model, file }] of value.results.entries()) {
      assert.equal(file.sha256, natively[i].sha256);
      assert.equal(model.status, natively[i].status);
      assert.ok(
        Math.abs(model.logit - natively[i].logit) < 1e-3,
        `${files[i]}: ${model.logit}, natively ${natively[i].logit}`,
      );
    }
  });

  test('the cache, both kinds', () => {
    assert.equal(steps.cpu.value.info.cache, 'stored');
    assert.equal(steps.cache.value?.info.cache, 'hit', steps.cache.error);
    assert.equal(steps.opfs.value?.info.cache, 'hit', steps.opfs.error);
  });

  test("files in memory with a blob: worker, and the page's thread: the same results", () => {
    const verdicts = ({ value, error }) => value?.results.map(({ model }) => model) ?? error;
    assert.deepEqual(verdicts(steps.files), verdicts(steps.cpu));
    assert.deepEqual(verdicts(steps.local), verdicts(steps.cpu));
  });

  test('an ImageBitmap', () => {
    const [result] = steps.bitmap.value?.results ?? assert.fail(steps.bitmap.error);
    assert.equal(result.input?.fidelity, 're-encoded', JSON.stringify(result));
  });

  test('on WebGPU: lavapipe, the same verdicts', (t) => {
    const { value, error, code } = steps.webgpu;
    // A machine whose Firefox has no adapter says so; anything else is a mistake of ours.
    if (code === 'no-gpu') return t.skip(`Firefox offers no WebGPU adapter here: ${error}`);
    assert.ok(value, error);
    assert.equal(value.info.device, 'webgpu', value.info.fallbackReason);
    t.diagnostic(`adapter: ${value.info.adapter}`);
    for (const [i, { model }] of value.results.entries()) {
      assert.ok(
        Math.abs(model.logit - steps.cpu.value.results[i].model.logit) < 0.25,
        `${model.logit}, CPU ${steps.cpu.value.results[i].model.logit}`,
      );
    }
  });
});
