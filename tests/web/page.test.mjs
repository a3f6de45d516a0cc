// The page as a person meets it. Screenshots go to tests/web/out, to be looked at.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { launch, newPage, out } from './support/browser.mjs';
import { data, drawJpeg, noData, scanNatively, testImages } from './support/images.mjs';
import { startServer } from './support/server.mjs';

/** WebGPU on SwiftShader compiles its shaders and computes on the CPU: minutes where a GPU needs moments. */
const SLOW = 600_000;

let server;
let browser;
before(async () => {
  server = await startServer();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.close();
});

const TEXT = { name: 'notes.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('No picture at all.\n'.repeat(50)) };

/** Opens the page; `ready` waits for the detector. */
async function open({ query = '?device=cpu', ready = true, in: where = browser, ...options } = {}) {
  const opened = await newPage(where, { viewport: { width: 1180, height: 860 }, ...options });
  await opened.page.goto(`${server.url}/${query}`);
  if (ready) await opened.page.waitForSelector('.status[data-state=ready]', { timeout: SLOW });
  const jpeg = await drawJpeg(opened.page);
  return { ...opened, jpeg: Buffer.from(jpeg) };
}

const allSettled = (page) =>
  page.waitForFunction(
    () => document.querySelector('.card') !== null && document.querySelector('.card[data-state=waiting]') === null,
    undefined,
    { timeout: SLOW },
  );

const states = (page) => page.$$eval('.card', (cards) => cards.map((card) => card.dataset.state));

const VERDICTS = ['weak', 'moderate', 'strong', 'very-strong', 'abstained'];

describe('images come in', () => {
  test('picked, several at once, with an error among them', async () => {
    const { page, problems, jpeg, close } = await open();
    await page.setInputFiles('input[type=file]', [
      { name: 'first.jpg', mimeType: 'image/jpeg', buffer: jpeg },
      TEXT,
      { name: 'cut.jpg', mimeType: 'image/jpeg', buffer: jpeg.subarray(0, jpeg.length / 2) },
      { name: 'empty.png', mimeType: 'image/png', buffer: Buffer.alloc(0) },
      { name: 'last.jpg', mimeType: 'image/jpeg', buffer: jpeg },
    ]);
    await allSettled(page);
    const seen = await states(page);
    assert.deepEqual(seen.slice(1, 4), ['error', 'error', 'error']);
    assert.ok(VERDICTS.includes(seen[0]));
    assert.equal(seen[4], seen[0]);
    assert.deepEqual(await page.$$eval('.card .file', (names) => names.map((name) => name.textContent)), [
      'first.jpg',
      'notes.jpg',
      'cut.jpg',
      'empty.png',
      'last.jpg',
    ]);
    const error = await page.$eval('.card[data-state=error]', (card) => card.textContent);
    assert.match(error, /Try the original file/);
    assert.match(await page.textContent('.results header'), /5 of 5 done/);
    await page.screenshot({ path: path.join(out, 'errors.png'), fullPage: true });
    assert.deepEqual(problems, []);
    await close();
  });

  test('dropped anywhere on the page', async () => {
    const { page, problems, jpeg, close } = await open();
    const drag = (type, target) =>
      page.evaluate(
        ([name, bytes, selector]) => {
          const transfer = new DataTransfer();
          if (bytes !== null)
            transfer.items.add(new File([new Uint8Array(bytes)], 'dropped.jpg', { type: 'image/jpeg' }));
          const event = new DragEvent(name, { dataTransfer: transfer, bubbles: true, cancelable: true });
          document.querySelector(selector).dispatchEvent(event);
          return event.defaultPrevented;
        },
        [type, type === 'drop-nothing' ? null : [...jpeg], target],
      );
    await drag('dragenter', '.about');
    assert.ok(await page.evaluate(() => document.body.classList.contains('dragging')));
    assert.ok(await drag('dragover', '.about'), 'or else the browser opens the file in place of the page');
    assert.ok(await drag('drop', '.about'));
    assert.ok(!(await page.evaluate(() => document.body.classList.contains('dragging'))));
    await allSettled(page);
    assert.ok(VERDICTS.includes((await states(page))[0]));
    assert.deepEqual(problems, []);
    await close();
  });

  test('pasted; and text pasted by mistake says what to do', async () => {
    const { page, problems, jpeg, close } = await open();
    const paste = (bytes) =>
      page.evaluate((given) => {
        const transfer = new DataTransfer();
        if (given === null) transfer.setData('text/plain', 'https://example.org/photo.jpg');
        else transfer.items.add(new File([new Uint8Array(given)], 'image.jpg', { type: 'image/jpeg' }));
        document.dispatchEvent(
          new ClipboardEvent('paste', { clipboardData: transfer, bubbles: true, cancelable: true }),
        );
      }, bytes);
    await paste(null);
    assert.match(await page.textContent('[role=alert]:not([hidden])'), /Copy a picture/);
    await paste([...jpeg]);
    await allSettled(page);
    assert.ok(VERDICTS.includes((await states(page))[0]));
    assert.equal(await page.textContent('.card .file'), 'Pasted image');
    assert.equal(await page.$('[role=alert]:not([hidden])'), null);
    assert.deepEqual(problems, []);
    await close();
  });

  test('before the model is there: they wait for it', async () => {
    const { page, problems, jpeg, close } = await open({ ready: false });
    await page.setInputFiles('input[type=file]', { name: 'early.jpg', mimeType: 'image/jpeg', buffer: jpeg });
    await allSettled(page);
    assert.ok(VERDICTS.includes((await states(page))[0]));
    assert.deepEqual(problems, []);
    await close();
  });

  test('by keyboard alone: choose, open the details, take away', async () => {
    const { page, jpeg, close } = await open();
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Choose images');
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    assert.equal(outline, 'solid');
    const choosing = page.waitForEvent('filechooser');
    // Playwright takes choosers over asynchronously: a turn to the browser and back, and it has.
    await page.evaluate(() => 0);
    await page.keyboard.press('Enter');
    const chooser = await choosing;
    await chooser.setFiles({ name: 'keyboard.jpg', mimeType: 'image/jpeg', buffer: jpeg });
    await allSettled(page);
    await page.focus('.card summary');
    await page.keyboard.press('Enter');
    assert.match(await page.textContent('.card dl'), /SHA-256[0-9a-f]{64}/);
    await page.focus('.card .close');
    await page.keyboard.press('Enter');
    assert.deepEqual(await states(page), []);
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Choose images');
    await close();
  });
});

describe('what the page says', () => {
  test('a verdict with its measured error, announced to screen readers', async () => {
    const { page, jpeg, close } = await open();
    await page.setInputFiles('input[type=file]', { name: 'one.jpg', mimeType: 'image/jpeg', buffer: jpeg });
    await allSettled(page);
    const [state] = await states(page);
    const text = await page.textContent('.card');
    if (state === 'abstained') assert.match(text, /Cannot tell/);
    else
      assert.match(text, /% probability of AI.*(Of 100 results like this.*Measured on [\d,]+ |Too few test images)/s);
    assert.match(text, /CPU, [\d,]+ ms/);
    assert.match(await page.textContent('[aria-live=polite]'), /^one\.jpg: /);
    assert.doesNotMatch(text, /\breal\b/i);
    await close();
  });

  test('names of files are text, never markup', async () => {
    const { page, problems, jpeg, close } = await open();
    const name = '<img src=x onerror=alert(1)>\u202egpj.exe';
    await page.setInputFiles('input[type=file]', { name, mimeType: 'image/jpeg', buffer: jpeg });
    await allSettled(page);
    assert.equal(await page.textContent('.card .file'), name);
    assert.equal(await page.$('.card img[src=x]'), null);
    assert.deepEqual(problems, []);
    await close();
  });

  test('progress in bytes while loading', async (t) => {
    // The last shard comes when the screenshot is taken.
    let release;
    const held = new Promise((resolve) => (release = resolve));
    t.after(
      server.override('.safetensors', async (bytes) => {
        if (server.requests.filter((file) => file.endsWith('.safetensors')).length > 1) await held;
        return bytes;
      }),
    );
    server.requests.length = 0;
    const { page, problems, close } = await open({ ready: false });
    await page.waitForFunction(() => document.querySelector('progress').value > 0);
    assert.match(await page.textContent('.status-text'), /Loading the model: [\d.]+ MB of [\d.]+ MB/);
    await page.screenshot({ path: path.join(out, 'loading.png') });
    release();
    await page.waitForSelector('.status[data-state=ready]');
    assert.deepEqual(problems, []);
    await close();
  });

  test('a damaged model: what happened, what to do, and trying again works', async () => {
    const restore = server.override('.safetensors', (bytes) => bytes.map((byte) => byte ^ 1));
    const { page, jpeg, close } = await open({ ready: false });
    await page.setInputFiles('input[type=file]', { name: 'early.jpg', mimeType: 'image/jpeg', buffer: jpeg });
    await page.waitForSelector('.status[data-state=failed]');
    assert.match(await page.textContent('[role=alert].bad'), /damaged.*Reload the page/);
    await page.screenshot({ path: path.join(out, 'failed.png') });
    restore();
    await page.click('.status button');
    await allSettled(page);
    assert.ok(VERDICTS.includes((await states(page))[0]));
    await close();
  });

  test('without a GPU the page asks for none, and sends nothing anywhere', async () => {
    const { page, jpeg, close } = await open({ query: '' });
    assert.match(await page.textContent('.status'), /CPU/);
    const asked = [];
    page.context().on('request', (request) => asked.push(`${request.method()} ${request.url()}`));
    await page.setInputFiles('input[type=file]', { name: 'private.jpg', mimeType: 'image/jpeg', buffer: jpeg });
    await allSettled(page);
    // The thumbnail is read from memory.
    assert.deepEqual(
      asked.filter((request) => !request.startsWith('GET blob:')),
      [],
    );
    // A control: the same listener sees a request when there is one.
    await page.evaluate(() => fetch('index.html'));
    assert.ok(asked.some((request) => request.endsWith('/index.html')));
    await close();
  });
});

describe('on WebGPU', () => {
  let gpu;
  before(async () => (gpu = await launch({ webgpu: true })));
  after(() => gpu?.close());

  test('a verdict, and the page says that the GPU ran', async () => {
    const { page, problems, jpeg, close } = await open({ in: gpu, query: '?device=webgpu' });
    assert.match(await page.textContent('.status'), /GPU/);
    await page.setInputFiles('input[type=file]', { name: 'gpu.jpg', mimeType: 'image/jpeg', buffer: jpeg });
    await allSettled(page);
    assert.ok(VERDICTS.includes((await states(page))[0]));
    assert.match(await page.textContent('.card .meta'), /GPU, [\d,]+ ms/);
    assert.deepEqual(problems, []);
    await close();
  });

  test('a GPU that is lost: the page falls back and says so', async (t) => {
    t.after(
      // The worker's chunk, whatever its hash.
      server.override('/clipsight.', (bytes) =>
        Buffer.concat([
          Buffer.from(`
            const requestDevice = GPUAdapter.prototype.requestDevice;
            GPUAdapter.prototype.requestDevice = async function (...rest) {
              const device = await requestDevice.apply(this, rest);
              setTimeout(() => device.destroy(), 200);
              return device;
            };`),
          bytes,
        ]),
      ),
    );
    const { page, jpeg, close } = await open({ in: gpu, query: '?device=webgpu' });
    assert.match(await page.textContent('.status'), /CPU/);
    assert.match(await page.textContent('.status .notice'), /WebGPU did not work correctly here/);
    await page.setInputFiles('input[type=file]', { name: 'fallback.jpg', mimeType: 'image/jpeg', buffer: jpeg });
    await allSettled(page);
    assert.match(await page.textContent('.card .meta'), /CPU/);
    await page.screenshot({ path: path.join(out, 'fallback.png'), fullPage: true });
    await close();
  });
});

describe('how it looks', { skip: noData }, () => {
  const looks = {
    light: {},
    dark: { colorScheme: 'dark' },
    phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true },
  };
  /** One image of each verdict, as the native program sees them, and a file that is none. */
  let gallery;
  before(async () => {
    const files = testImages(6);
    const found = new Map();
    for (const [i, result] of (await scanNatively(files)).entries()) {
      const state = result.status === 'scored' ? result.grade : 'abstained';
      if (!found.has(state)) found.set(state, files[i]);
    }
    gallery = await Promise.all(
      VERDICTS.filter((state) => found.has(state)).map(async (state) => {
        const file = found.get(state);
        return { name: path.basename(file), mimeType: 'image/jpeg', buffer: await readFile(path.join(data, file)) };
      }),
    );
  });

  for (const [name, options] of Object.entries(looks)) {
    test(name, async () => {
      const { page, problems, close } = await open(options);
      await page.screenshot({ path: path.join(out, `${name}-empty.png`), fullPage: true });
      await page.setInputFiles('input[type=file]', [...gallery, TEXT]);
      await allSettled(page);
      await page.click('.card summary');
      await page.screenshot({ path: path.join(out, `${name}-results.png`), fullPage: true });
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(overflow <= 0, `${overflow} px too wide`);
      assert.deepEqual(problems, []);
      await close();
    });
  }
});
