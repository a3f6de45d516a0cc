// The page as a person meets it: images come in, verdicts come out, everything can be reached.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { launch, out } from './support/browser.mjs';
import {
  allSettled,
  cardText,
  file,
  FILES,
  isReady,
  names,
  openPage,
  SLOW,
  states,
  TEXT,
  VERDICTS,
} from './support/page.mjs';
import { startServer } from './support/server.mjs';

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
const open = (options) => openPage(browser, server, options);

describe('images come in', () => {
  test('picked, several at once, with an error among them', async () => {
    const { page, problems, jpeg, close } = await open();
    await page.setInputFiles(FILES, [
      file('first.jpg', jpeg),
      TEXT,
      file('cut.jpg', jpeg.subarray(0, jpeg.length / 2)),
      { name: 'empty.png', mimeType: 'image/png', buffer: Buffer.alloc(0) },
      file('last.jpg', jpeg),
    ]);
    await allSettled(page);
    const seen = await states(page);
    assert.deepEqual(seen.slice(1, 4), ['error', 'error', 'error']);
    assert.ok(VERDICTS.includes(seen[0]));
    assert.equal(seen[4], seen[0]);
    assert.deepEqual(await names(page), [
      'first.jpg',
      'notes.jpg',
      'cut.jpg',
      'empty.png',
      'last.jpg',
    ]);
    await page.click('.row-item >> nth=2');
    await page.waitForSelector('ai-image-result[state=error]');
    assert.match(await cardText(page), /Try the original file/);
    assert.match(await page.textContent('.count'), /5 of 5 done/);
    await page.screenshot({ path: path.join(out, 'page-errors.png'), fullPage: true });
    assert.deepEqual(problems, []);
    await close();
  });

  test('dropped anywhere on the page', async () => {
    const { page, problems, jpeg, close } = await open();
    const drag = (type, target) =>
      page.evaluate(
        ([name, bytes, selector]) => {
          const transfer = new DataTransfer();
          transfer.items.add(
            new File([new Uint8Array(bytes)], 'dropped.jpg', { type: 'image/jpeg' }),
          );
          const event = new DragEvent(name, {
            dataTransfer: transfer,
            bubbles: true,
            cancelable: true,
          });
          document.querySelector(selector).dispatchEvent(event);
          return event.defaultPrevented;
        },
        [type, [...jpeg], target],
      );
    await drag('dragenter', '.about');
    assert.ok(await page.evaluate(() => document.body.classList.contains('dragging')));
    assert.ok(
      await drag('dragover', '.about'),
      'or else the browser opens the file in place of the page',
    );
    assert.ok(await drag('drop', '.about'));
    assert.ok(!(await page.evaluate(() => document.body.classList.contains('dragging'))));
    await allSettled(page);
    assert.ok(VERDICTS.includes((await states(page))[0]));
    assert.deepEqual(problems, []);
    await close();
  });

  test('a folder: its images, with their paths, and what is no image left out', async () => {
    const { page, problems, jpeg, close } = await open();
    await page.setInputFiles(
      'input[webkitdirectory]',
      path.join(import.meta.dirname, '../fixtures/image/decode'),
    );
    await allSettled(page);
    assert.ok(
      (await names(page)).every((name) =>
        /^decode\/.*\.(bmp|gif|jpe?g|png|tiff?|webp)$/.test(name),
      ),
    );
    await page.click('button:has-text("Clear all")');
    // A dropped folder is walked through by the File and Directory Entries interface, which scripts
    // cannot fill.
    const found = await page.evaluate(
      async (bytes) => {
        const image = new File([new Uint8Array(bytes)], 'b.jpg');
        const leaf = (name, full) => ({
          isFile: true,
          isDirectory: false,
          name,
          fullPath: full,
          file: (give) => give(image),
        });
        const folder = (name, full, ...children) => ({
          isFile: false,
          isDirectory: true,
          name,
          fullPath: full,
          createReader() {
            // A few at a time, as browsers give them.
            const parts = [children.slice(0, 1), children.slice(1), []];
            return { readEntries: (give) => give(parts.shift()) };
          },
        });
        const tree = folder(
          'trip',
          '/trip',
          leaf('b.jpg', '/trip/b.jpg'),
          leaf('notes.txt', '/trip/notes.txt'),
          folder('more', '/trip/more', leaf('a.png', '/trip/more/a.png')),
        );
        const event = new DragEvent('drop', {
          dataTransfer: new DataTransfer(),
          bubbles: true,
          cancelable: true,
        });
        Object.defineProperty(event, 'dataTransfer', {
          value: { items: [{ kind: 'file', webkitGetAsEntry: () => tree }], files: [] },
        });
        document.dispatchEvent(event);
        await new Promise((resolve) => setTimeout(resolve, 300));
        return [...document.querySelectorAll('.row-name')].map(({ textContent }) => textContent);
      },
      [...jpeg],
    );
    assert.deepEqual(found.slice(-2), ['trip/b.jpg', 'trip/more/a.png']);
    await allSettled(page);
    assert.deepEqual(problems, []);
    await close();
  });

  test('pasted; and text pasted by mistake says what to do', async () => {
    const { page, problems, jpeg, close } = await open();
    const paste = (bytes) =>
      page.evaluate((given) => {
        const transfer = new DataTransfer();
        if (given === null) transfer.setData('text/plain', 'https://example.org/photo.jpg');
        else
          transfer.items.add(
            new File([new Uint8Array(given)], 'image.jpg', { type: 'image/jpeg' }),
          );
        document.dispatchEvent(
          new ClipboardEvent('paste', { clipboardData: transfer, bubbles: true, cancelable: true }),
        );
      }, bytes);
    await paste(null);
    assert.match(await page.textContent('[role=alert]:not([hidden])'), /Copy a picture/);
    await paste([...jpeg]);
    await allSettled(page);
    assert.ok(VERDICTS.includes((await states(page))[0]));
    assert.match(await cardText(page), /Pasted image/);
    assert.equal(await page.$('[role=alert]:not([hidden])'), null);
    assert.deepEqual(problems, []);
    await close();
  });

  test('before the model is there: they wait for it', async () => {
    const { page, problems, jpeg, close } = await open({ ready: false });
    await page.setInputFiles(FILES, file('early.jpg', jpeg));
    await allSettled(page);
    assert.ok(VERDICTS.includes((await states(page))[0]));
    assert.deepEqual(problems, []);
    await close();
  });

  test('by keyboard alone: choose, go through the list, open the details, take away', async () => {
    const { page, jpeg, close } = await open();
    for (const label of ['History', 'Settings', 'Choose images']) {
      await page.keyboard.press('Tab');
      const focused = await page.evaluate(
        () =>
          document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent,
      );
      assert.equal(focused, label);
      assert.equal(
        await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle),
        'solid',
      );
    }
    const choosing = page.waitForEvent('filechooser');
    // Playwright takes choosers over asynchronously: a turn to the browser and back, and it has.
    await page.evaluate(() => 0);
    await page.keyboard.press('Enter');
    const chooser = await choosing;
    await chooser.setFiles([file('a.jpg', jpeg), file('b.jpg', jpeg), file('c.jpg', jpeg)]);
    await allSettled(page);
    await page.focus('.list');
    await page.keyboard.press('ArrowDown');
    const active = () =>
      page.evaluate(() => {
        const id = document.querySelector('.list').getAttribute('aria-activedescendant');
        return document.getElementById(id)?.querySelector('.row-name').textContent;
      });
    assert.equal(await active(), 'b.jpg');
    await page.keyboard.press('End');
    assert.equal(await active(), 'c.jpg');
    await page.focus('ai-image-result summary');
    await page.keyboard.press('Enter');
    assert.match(await cardText(page), /SHA-256[0-9a-f]{64}/);
    await page.focus('.list');
    await page.keyboard.press('Delete');
    await page.waitForFunction(() => document.querySelectorAll('.row-item').length === 2);
    assert.equal(await active(), 'b.jpg');
    await page.focus('ai-image-result .close');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.querySelector('.list').hidden);
    await page.focus('ai-image-result .close');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.results', { state: 'hidden' });
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Choose images');
    await close();
  });
});

describe('what the page says', () => {
  test('a verdict with its measured error, announced to screen readers', async () => {
    const { page, jpeg, close } = await open();
    await page.setInputFiles(FILES, file('one.jpg', jpeg));
    await allSettled(page);
    const [state] = await states(page);
    const text = await cardText(page);
    if (state === 'abstained') assert.match(text, /Cannot tell/);
    else
      assert.match(
        text,
        /% probability of AI.*(Of 100 results like this.*Measured on [\d,]+ |Too few test images)/s,
      );
    assert.match(text, /CPU/);
    assert.match(await page.textContent('[aria-live=polite]'), /one\.jpg.?: /);
    assert.doesNotMatch(text, /\breal\b/i);
    await close();
  });

  test('names of files are text, never markup, however they are made', async () => {
    const { page, problems, jpeg, close } = await open();
    await page.evaluate(
      ([bytes, hostile]) => {
        const transfer = new DataTransfer();
        for (const name of [...hostile, 'x'.repeat(1_000_000)])
          transfer.items.add(new File([new Uint8Array(bytes)], name, { type: 'image/jpeg' }));
        document.dispatchEvent(
          new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true }),
        );
      },
      [
        [...jpeg],
        [
          '<img src=x onerror=alert(1)>\u202egpj.exe',
          'nul\u0000.jpg',
          '__proto__',
          'javascript:alert(1)',
        ],
      ],
    );
    await allSettled(page);
    const shown = await names(page);
    assert.equal(shown.length, 5);
    assert.match(shown[0], /^<img src=x onerror=alert\(1\)>.gpj\.exe$/);
    for (const name of shown) {
      assert.ok(name.length < 500);
      // eslint-disable-next-line no-control-regex -- they are what must not be there
      assert.doesNotMatch(name, /[\u0000-\u001f\u202a-\u202e\u2066-\u2069]/);
    }
    assert.equal(await page.$('img[src=x]'), null);
    assert.deepEqual(problems, []);
    await close();
  });

  test('progress in bytes while loading, never falling', async (t) => {
    // The last shard comes when the screenshot is taken.
    let release;
    const held = new Promise((resolve) => (release = resolve));
    t.after(
      server.override('compact-00002', async (bytes) => {
        await held;
        return bytes;
      }),
    );
    const { page, problems, close } = await open({
      ready: false,
      setUp: (opened) =>
        opened.addInitScript(() => {
          window.seen = [];
          new MutationObserver(() => {
            const bar = document.querySelector('.status progress[value]');
            if (bar !== null) window.seen.push(bar.value);
          }).observe(document, {
            subtree: true,
            childList: true,
            attributes: true,
            attributeFilter: ['value'],
          });
        }),
    });
    await page.waitForFunction(() => document.querySelector('.status progress')?.value > 0.5);
    assert.match(
      await page.textContent('.status-text'),
      /Loading the model: [\d.]+ MB of [\d.]+ MB/,
    );
    assert.match(await page.textContent('.lock'), /Nothing is uploaded/);
    await page.screenshot({ path: path.join(out, 'page-loading.png') });
    release();
    await isReady(page);
    const seen = await page.evaluate(() => window.seen);
    assert.ok(
      seen.every((value, at) => at === 0 || value >= seen[at - 1]),
      String(seen),
    );
    assert.ok(seen.includes(1), String(seen.slice(-5)));
    assert.deepEqual(problems, []);
    await close();
  });

  test('a damaged model: what happened, what to do, and trying again works', async () => {
    const restore = server.override('.safetensors', (bytes) => bytes.map((byte) => byte ^ 1));
    const { page, jpeg, close } = await open({ ready: false });
    await page.setInputFiles(FILES, file('early.jpg', jpeg));
    await page.waitForSelector('.status[data-state=failed]');
    assert.match(await page.textContent('.status [role=alert].bad'), /damaged.*Reload the page/);
    assert.equal(await page.getAttribute('.lock', 'data-state'), 'loading');
    await page.screenshot({ path: path.join(out, 'page-failed.png') });
    restore();
    await page.click('.status button');
    await allSettled(page);
    assert.ok(VERDICTS.includes((await states(page))[0]));
    await close();
  });
});

describe('on WebGPU', () => {
  let gpu;
  before(async () => (gpu = await launch({ webgpu: true })));
  after(() => gpu?.close());

  test('a verdict under the network lock, and the page says that the GPU ran', async () => {
    const { page, problems, jpeg, close } = await openPage(gpu, server, {
      query: '?device=webgpu',
    });
    assert.match(await page.textContent('.status'), /GPU/);
    assert.equal(await page.getAttribute('.lock', 'data-state'), 'locked');
    await page.setInputFiles(FILES, file('gpu.jpg', jpeg));
    await allSettled(page);
    assert.ok(VERDICTS.includes((await states(page))[0]));
    assert.match(await cardText(page), /GPU/);
    assert.deepEqual(problems, []);
    await close();
  });

  test('a GPU that is lost: the page falls back without a network, and says so', async (t) => {
    t.after(
      server.override('/assets/worker.', (bytes) =>
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
    const { page, jpeg, close } = await openPage(gpu, server, { query: '?device=webgpu' });
    await page.waitForSelector('.status:has-text("CPU")', { timeout: SLOW });
    assert.match(await page.textContent('.status .notice'), /WebGPU did not work correctly here/);
    await page.setInputFiles(FILES, file('fallback.jpg', jpeg));
    await allSettled(page);
    assert.match(await cardText(page), /CPU/);
    await page.screenshot({ path: path.join(out, 'page-fallback.png'), fullPage: true });
    await close();
  });
});
