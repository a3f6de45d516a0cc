// WebAssembly instances that stop in mid-work: a decoder that panics, an image that takes all the
// memory, a fault of ours. Each costs one image; whose fault it was decides what becomes of the
// device.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { explain } from '../../.cache/package/worker/crash.js';
import { packageTests } from './support/package.mjs';
import { breakWebpDecoder, limitMemory } from './support/wasm.mjs';

const tests = packageTests({ webgpu: true });

/** Where a detector computes; without a worker the page itself is what an error could reach. */
const PLACES = {
  'in a worker on the CPU': { device: 'cpu' },
  "on the page's thread": { device: 'cpu', worker: false },
  'in a worker on the GPU': { device: 'webgpu' },
};

/** What a batch of images gives, and what the detector says of itself before and after. */
async function batch([options, names]) {
  const inputs = [];
  for (const name of names)
    inputs.push(name === 'picture' ? window.picture : await (await fetch(name)).arrayBuffer());
  const detector = await window.clipsight.createDetector(options);
  const before = detector.info;
  const items = [];
  for await (const { result, error } of detector.analyzeAll(inputs, { views: 1 })) {
    items.push(
      error === undefined
        ? { code: 'none', logit: result.model.logit }
        : { code: error.code, message: error.message },
    );
  }
  const infos = [before, detector.info];
  await detector.dispose();
  return { items, infos };
}

/** No word of where the program was built, or of what it was built from. */
function assertPlain(message) {
  assert.ok(message.length > 20, message);
  assert.doesNotMatch(message, /\.rs|[/\\]|panic|unreachable|cargo|index|wasm/i);
}

const codes = ({ items }) => items.map(({ code }) => code);

describe('a decoder that panics', () => {
  for (const [place, options] of Object.entries(PLACES)) {
    test(`${place}: the file is at fault, the others go on, nothing else changes`, async (t) => {
      tests.serving(t, 'clipsight_bg.wasm', breakWebpDecoder);
      const names = ['picture', '/scenes/meadow.webp', 'picture', '/scenes/sea.webp', 'picture'];
      const seen = await tests.inPage(batch, [options, names]);
      assert.deepEqual(codes(seen), ['none', 'decode', 'none', 'decode', 'none']);
      assertPlain(seen.items[1].message);
      assert.equal(seen.items[2].logit, seen.items[0].logit);
      assert.deepEqual(seen.infos[1], seen.infos[0]);
      assert.equal(seen.infos[1].device, options.device);
      assert.equal(seen.infos[1].selfTest, 'passed');
    });
  }

  test('the same pictures are fine where the decoder is', async () => {
    const names = ['/scenes/meadow.webp', '/scenes/sea.webp'];
    const seen = await tests.inPage(batch, [{ device: 'cpu' }, names]);
    assert.deepEqual(codes(seen), ['none', 'none']);
  });

  test('two detectors on one thread: one that crashed leaves the other alone', async (t) => {
    tests.serving(t, 'clipsight_bg.wasm', breakWebpDecoder);
    const logits = await tests.inPage(async () => {
      const webp = await (await fetch('/scenes/meadow.webp')).blob();
      const [one, other] = await Promise.all([
        window.create({ worker: false }),
        window.create({ worker: false }),
      ]);
      const before = (await other.analyze(window.picture)).model.logit;
      const code = await window.codeOf(one.analyze(webp));
      const after = (await other.analyze(window.picture)).model.logit;
      await one.dispose();
      const last = (await other.analyze(window.picture)).model.logit;
      await other.dispose();
      return { code, same: [after, last].map((logit) => logit === before) };
    });
    assert.deepEqual(logits, { code: 'decode', same: [true, true] });
  });

  test('the fresh instance needs no network where the caller gave the files', async (t) => {
    tests.serving(t, 'clipsight_bg.wasm', breakWebpDecoder);
    const { page, problems, close } = await tests.open();
    await page.evaluate(async () => {
      window.files = await window.clipsight.fetchModel({ device: 'webgpu', cache: 'none' });
      window.webp = await (await fetch('/scenes/meadow.webp')).blob();
      const script = await (await fetch(window.clipsight.workerUrl)).blob();
      window.script = new URL(URL.createObjectURL(script));
    });
    await page.context().setOffline(true);
    const seen = await page.evaluate(async () => {
      const detector = await window.clipsight.createDetector({
        model: window.files,
        worker: window.script,
      });
      const found = [];
      for await (const { result, error } of detector.analyzeAll([window.webp, window.picture], {
        views: 1,
      }))
        found.push(error?.code ?? result.model.status);
      const { device, selfTest } = detector.info;
      await detector.dispose();
      return { found, device, selfTest };
    });
    assert.equal(seen.found[0], 'decode');
    assert.ok(['scored', 'abstained'].includes(seen.found[1]), seen.found[1]);
    assert.deepEqual([seen.device, seen.selfTest], ['webgpu', 'passed']);
    assert.deepEqual(problems, []);
    await close();
  });
});

describe('an image that takes all the memory', () => {
  // 64 MiB: the model and a photograph, but not what the larger ones of these take. Decoders ask
  // for the pixels and take a no for an answer; what they need besides they need.
  const PAGES = 1024;
  const SIDES = [3000, 3200, 4400];
  for (const [place, options] of Object.entries(PLACES)) {
    test(`${place}: limit, the others go on, nothing else changes`, async (t) => {
      tests.serving(t, 'clipsight_bg.wasm', (bytes) => limitMemory(bytes, PAGES));
      const seen = await tests.inPage(
        async ([given, sides]) => {
          const detector = await window.clipsight.createDetector(given);
          const before = detector.info;
          const inputs = [window.picture];
          for (const side of sides) {
            const canvas = new OffscreenCanvas(side, side);
            const context = canvas.getContext('2d');
            context.fillStyle = '#864';
            context.fillRect(0, 0, side, side / 2);
            inputs.push(await canvas.convertToBlob({ type: 'image/webp', quality: 0.8 }));
            inputs.push(window.picture);
          }
          const items = [];
          for await (const { result, error } of detector.analyzeAll(inputs, { views: 1 }))
            items.push({ code: error?.code ?? 'none', message: error?.message, ...result?.model });
          const infos = [before, detector.info];
          await detector.dispose();
          return { items, infos };
        },
        [options, SIDES],
      );
      const pictures = seen.items.filter((_, index) => index % 2 === 0);
      const large = seen.items.filter((_, index) => index % 2 === 1);
      assert.equal(pictures.length, 1 + SIDES.length);
      for (const { code, logit } of pictures)
        assert.deepEqual([code, logit], ['none', pictures[0].logit]);
      for (const { code } of large) assert.ok(['none', 'limit'].includes(code), code);
      const stopped = large.filter(({ message }) => /too little memory/.test(message));
      t.diagnostic(large.map(({ code, message }) => message ?? code).join('; '));
      assert.ok(stopped.length > 0, 'none took the last of it');
      for (const { message } of stopped) assertPlain(message);
      assert.deepEqual(seen.infos[1], seen.infos[0]);
      assert.equal(seen.infos[1].device, options.device);
      assert.equal(seen.infos[1].selfTest, 'passed');
    });
  }
});

describe('a fault of ours while computing', () => {
  // A real trap inside WebAssembly, a division by zero, when the image ends with the byte 0xEE: put
  // in place of the instance's function as the instance hands it out.
  const trap = (body) => `
    const boom = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(
      [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 98, 0, 0, 10,
       10, 1, 8, 0, 65, 1, 65, 0, 109, 26, 11]))).exports.b;
    let poisoned = false;
    addEventListener('message', ({ data }) => {
      poisoned = data.params.input?.at?.(-1) === 0xee;
    });
    const instantiate = WebAssembly.instantiate;
    WebAssembly.instantiate = async (module, imports) => {
      const { exports } = await instantiate(module, imports);
      const score = (...given) => poisoned ? (${body})() : exports.model_score(...given);
      const changed = { value: { ...exports, model_score: score } };
      return Object.create(WebAssembly.Instance.prototype, { exports: changed });
    };`;
  const moments = {
    inside: trap('() => boom()'),
    // Between two awaits the promise stays open for ever: the trap shows up as an error of the
    // worker only.
    between: trap('() => { setTimeout(boom); return new Promise(() => {}); }'),
  };
  const poisonous = async (device) => {
    const detector = await window.clipsight.createDetector({ device });
    const poison = new Uint8Array([...window.picture, 0xee]);
    const codes_ = [];
    for await (const { error } of detector.analyzeAll([window.picture, poison, window.picture], {
      views: 1,
    }))
      codes_.push(error?.code ?? 'none');
    const { info } = detector;
    await detector.dispose();
    return { codes: codes_, info };
  };
  for (const [moment, code] of Object.entries(moments)) {
    test(`${moment} a call, on the CPU: costs that image only`, async (t) => {
      tests.serving(t, 'pkg/worker.js', (bytes) => Buffer.concat([Buffer.from(code), bytes]));
      const seen = await tests.inPage(poisonous, 'cpu');
      assert.deepEqual(seen.codes, ['none', 'internal', 'none']);
      assert.equal(seen.info.selfTest, 'passed');
    });
  }

  test('on the GPU: the CPU takes over and answers', async (t) => {
    const onGpu = `let gpu = false;
      const { requestDevice } = GPUAdapter.prototype;
      GPUAdapter.prototype.requestDevice = function (...given) {
        gpu = true;
        return requestDevice.apply(this, given);
      };`;
    const code =
      onGpu + trap('() => { if (gpu) return boom(); return exports.model_score(...given); }');
    tests.serving(t, 'pkg/worker.js', (bytes) => Buffer.concat([Buffer.from(code), bytes]));
    const seen = await tests.inPage(poisonous, 'webgpu');
    assert.deepEqual(seen.codes, ['none', 'none', 'none']);
    assert.deepEqual([seen.info.device, seen.info.selfTest], ['cpu', 'fell-back']);
  });

  test('what is said of it names a file and a line for a report, and no folder', () => {
    const thrown = new Error('unreachable');
    const panic = [
      'panicked at /home/me/clipsight/src/engine/cpu/forward.rs:120:9:',
      'index out of bounds: the len is 3 but the index is 7',
    ].join('\n');
    const said = explain({ during: 'computing', thrown, panic, device: 'cpu' });
    assert.deepEqual(said, {
      code: 'internal',
      message:
        'A fault in the program stopped the analysis: index out of bounds: the len is 3 but the ' +
        'index is 7 (forward.rs:120)',
    });
    const windows = panic.replaceAll('/', '\\');
    assert.deepEqual(explain({ during: 'computing', thrown, panic: windows, device: 'cpu' }), said);
  });
});
