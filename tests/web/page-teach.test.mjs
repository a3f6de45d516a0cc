// Teaching on the page: chosen, taught, kept, marked, remembered, saved, opened, taken back; by
// keyboard, in every language, without an upload.
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { violations } from './support/axe.mjs';
import { launch, out } from './support/browser.mjs';
import { allSettled, cardText, FILES, isReady, openPage, SLOW } from './support/page.mjs';
import { startServer } from './support/server.mjs';

const SCENES = path.join(import.meta.dirname, '../fixtures/scenes');

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

/** Pictures that are large enough, by the formats that need no decoder of their own. */
async function pictures() {
  const names = (await readdir(SCENES))
    .filter((name) => /\.(jpg|png|webp|gif)$/.test(name) && !/^(pixel|thumbnail)\./.test(name))
    .sort();
  return Promise.all(
    names.map(async (name) => ({
      name,
      mimeType: 'image/jpeg',
      buffer: await readFile(path.join(SCENES, name)),
    })),
  );
}

const DIALOG = 'dialog.teach';
const openSettings = (page) => page.click('.bar-buttons button >> nth=1');
const teachButton = (page, at) => page.locator('.teach-fields .row button').nth(at);

async function openTeaching(page) {
  await openSettings(page);
  await teachButton(page, 0).click();
  await page.waitForSelector(DIALOG);
}

/** Chooses the examples and teaches; up to the result. */
async function teach(page, files, { name = 'Painter', label = 'ai' } = {}) {
  await page.setInputFiles(`${DIALOG} ${FILES}`, files);
  await page.check(`${DIALOG} input[value=${label}]`);
  await page.fill(`${DIALOG} input[type=text]`, name);
  await page.click(`${DIALOG} .dialog-body > .row button >> nth=0`);
  await page.waitForSelector(`${DIALOG} .teach-result h3`, { timeout: SLOW });
}

const keep = (page) => page.click(`${DIALOG} .teach-result .row button >> nth=0`);
const isTaught = (page) => page.waitForSelector('.taught:not([hidden])');
const asked = (from) => server.requests.slice(from).filter((file) => /references/.test(file));

describe('teaching', () => {
  test('a head is taught, kept, marked on results, found at the next visit, taken back', async (t) => {
    const { page, problems, close } = await openPage(browser, server);
    t.after(close);
    const files = await pictures();
    await page.setInputFiles(FILES, files[0]);
    await allSettled(page);
    const before = await cardText(page);
    assert.equal(await page.isVisible('.taught'), false);
    assert.deepEqual(asked(0), [], 'nothing of it on a first visit');

    await openTeaching(page);
    const start = page.locator(`${DIALOG} .dialog-body > .row button`).first();
    await page.setInputFiles(`${DIALOG} ${FILES}`, files.slice(0, 9));
    assert.equal(await start.isDisabled(), true);
    assert.match(await page.textContent(`${DIALOG} .teach-said`), /9 images.*at least 10/);
    const from = server.requests.length;
    await teach(page, [
      ...files,
      { name: 'a.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('no') },
    ]);
    const said = await page.textContent(`${DIALOG} .teach-result`);
    for (const part of [
      /Painter, taught with 1\d images/,
      /of 1\d judged right/,
      /of 200 judged right/,
      /1 image could not be read/,
      /has not been measured/,
    ])
      assert.match(said.replaceAll(/[\u2066-\u2069]/g, ''), part);
    assert.equal(asked(from).length, 1);
    assert.equal(server.requests.length, from + 1, 'nothing else over the network');
    assert.deepEqual(await violations(page), []);
    await page.screenshot({ path: path.join(out, 'page-teach-result.png') });
    await keep(page);
    await isTaught(page);
    await allSettled(page);
    const after = await page.waitForFunction(
      () => {
        const text = document.querySelector('ai-image-result').shadowRoot.textContent;
        return /Judged by the taught head/.test(text) && text;
      },
      undefined,
      { timeout: SLOW },
    );
    assert.match(
      await after.jsonValue(),
      /How often a taught head is wrong has not been measured|Cannot tell/,
    );
    assert.deepEqual(await violations(page), []);
    await page.screenshot({ path: path.join(out, 'page-teach-results.png'), fullPage: true });

    // The head's file, and the results, say who judged.
    await openSettings(page);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      teachButton(page, 2).click(),
    ]);
    assert.equal(download.suggestedFilename(), 'Painter.head');
    const file = await readFile(await download.path());
    assert.match(file.toString('latin1'), /^clipsight head 1\n/);
    await page.screenshot({ path: path.join(out, 'page-teach-settings.png') });
    assert.deepEqual(await violations(page), []);
    await page.keyboard.press('Escape');

    await page.reload();
    await isReady(page);
    await isTaught(page);
    await page.setInputFiles(FILES, files[0]);
    await allSettled(page);
    assert.match(await cardText(page), /Judged by the taught head/);
    await page.click('.taught button');
    await page.waitForSelector('.taught[hidden]', { state: 'attached' });
    await page.waitForFunction(
      () => {
        const card = document.querySelector('ai-image-result');
        return !/taught head/.test(card.shadowRoot.textContent);
      },
      undefined,
      { timeout: SLOW },
    );
    const numbers = (text) => text.match(/\d+ % probability|Of 100 results[^.]*\./)?.[0];
    assert.equal(numbers(await cardText(page)), numbers(before));
    await page.reload();
    await isReady(page);
    assert.equal(await page.isVisible('.taught'), false);

    // Opened from its file; an altered one is refused, and changes nothing.
    await openSettings(page);
    const input = '.teach-fields input[type=file]';
    await page.setInputFiles(input, { name: 'a.head', mimeType: '', buffer: file });
    await isTaught(page);
    const altered = Buffer.from(file);
    altered[altered.length >> 1] ^= 1;
    await page.setInputFiles(input, { name: 'b.head', mimeType: '', buffer: altered });
    await page.waitForSelector('.teach-fields .notice.bad:not([hidden])');
    assert.match(await page.textContent('.teach-fields .notice.bad'), /altered/);
    assert.equal(await page.isVisible('.taught'), true);
    assert.deepEqual(problems, []);
  });

  test('by keyboard alone: cancelled, and discarded', async (t) => {
    const { page, problems, close } = await openPage(browser, server);
    t.after(close);
    await openTeaching(page);
    await page.setInputFiles(`${DIALOG} ${FILES}`, await pictures());
    const start = page.locator(`${DIALOG} .dialog-body > .row button`).first();
    await start.focus();
    await page.keyboard.press('Enter');
    // What stops it has the focus while it works.
    await page.keyboard.press('Enter');
    await page.waitForFunction(
      (dialog) => {
        const button = document.querySelector(`${dialog} .dialog-body > .row button`);
        return button.checkVisibility() && !button.disabled;
      },
      DIALOG,
      { timeout: SLOW },
    );
    await start.focus();
    await page.keyboard.press('Enter');
    await page.waitForSelector(`${DIALOG} .teach-result h3`, { timeout: SLOW });
    // From the heading, which has the focus, to "Use it", to "Discard".
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForSelector(DIALOG, { state: 'detached' });
    assert.equal(await page.isVisible('.taught'), false);
    assert.deepEqual(problems, []);
  });

  const LOOKS = {
    'de-dark': { settings: { language: 'de' }, colorScheme: 'dark' },
    'ar-phone': { settings: { language: 'ar' }, viewport: { width: 390, height: 844 } },
    'zh-dark-phone': {
      settings: { language: 'zh' },
      colorScheme: 'dark',
      viewport: { width: 390, height: 844 },
    },
    es: { settings: { language: 'es' } },
  };
  for (const [name, look] of Object.entries(LOOKS)) {
    test(`every state: ${name}`, async (t) => {
      const { page, problems, close } = await openPage(browser, server, look);
      t.after(close);
      const check = async (state) => {
        await page.screenshot({ path: path.join(out, `page-teach-${name}-${state}.png`) });
        assert.deepEqual(await violations(page), [], state);
        const wide = await page.evaluate(
          (width) => document.documentElement.scrollWidth - width,
          page.viewportSize().width,
        );
        assert.ok(wide <= 0, `${state}: ${wide} px too wide`);
      };
      await openSettings(page);
      await check('settings');
      await teachButton(page, 0).click();
      await page.waitForSelector(DIALOG);
      await check('dialog');
      await teach(page, await pictures(), { label: 'real', name: 'كاميرا 相机' });
      await check('result');
      await keep(page);
      await isTaught(page);
      await page.setInputFiles(FILES, (await pictures())[3]);
      await allSettled(page);
      await check('taught');
      assert.deepEqual(problems, []);
    });
  }
});
