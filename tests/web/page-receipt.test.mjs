// Receipts from the page: saved, printed, and verified by the command line, which is another build.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { violations } from './support/axe.mjs';
import { launch, out } from './support/browser.mjs';
import { sceneFile, scenePath } from './support/images.mjs';
import { FILES, TEXT, allSettled, openPage } from './support/page.mjs';
import { schemaOfReceipts, verified } from './support/receipts.mjs';
import { startServer } from './support/server.mjs';

let browser;
let server;
before(async () => {
  server = await startServer();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.close();
});

/** The page with these files, judged. */
async function opened(files, options) {
  const { page, ...rest } = await openPage(browser, server, options);
  await page.setInputFiles(FILES, files);
  await allSettled(page);
  return { page, ...rest };
}

const menu = (page) => page.locator('.menu summary');
const receipt = (page, kind) =>
  page.locator(`.menu button:has-text("Receipt"):has-text("${kind}")`);

/** What the menu saves. */
async function saved(page) {
  await menu(page).click();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    receipt(page, 'JSON').click(),
  ]);
  return {
    name: download.suggestedFilename(),
    text: await readFile(await download.path(), 'utf8'),
  };
}

test('a receipt is verified; one that was altered and one of another image are refused', async (t) => {
  const { page, problems, close } = await opened([await sceneFile('dragon.jpg')]);
  t.after(close);
  const image = scenePath('dragon.jpg');
  for (const question of [undefined, /Does it hold\?/]) {
    if (question !== undefined) {
      await page.getByRole('button', { name: question }).click();
      await page.waitForFunction(
        () => document.querySelector('ai-image-result').analysis.stability !== undefined,
      );
    }
    const { name, text } = await saved(page);
    const value = JSON.parse(text);
    assert.equal((await schemaOfReceipts())(value), undefined);
    assert.equal(name, `clipsight-receipt-${value.analysis.file.sha256.slice(0, 12)}.json`);
    const shown = await page.evaluate(() => document.querySelector('ai-image-result').analysis);
    assert.deepEqual(value.analysis, shown);
    const { status, answer } = await verified(text, image);
    assert.deepEqual([status, answer.outcome], [0, 'equal'], JSON.stringify(answer));
    assert.deepEqual(answer.unchecked, []);
  }

  const { text } = await saved(page);
  const bytes = Buffer.from(text);
  // Many programs at once; the machine has few processors.
  for (let start = 0; start < bytes.length; start += 7 * 16) {
    const places = Array.from({ length: 16 }, (_, i) => start + 7 * i);
    const answers = await Promise.all(
      places
        .filter((at) => at < bytes.length)
        .map((at) => {
          const altered = Buffer.from(bytes);
          altered[at] ^= 1;
          return verified(altered, image);
        }),
    );
    for (const { status, answer, stderr } of answers) {
      assert.deepEqual([status, answer?.outcome], [2, 'altered'], `near ${start}: ${stderr}`);
    }
  }
  const other = await verified(text, scenePath('sea.webp'));
  assert.deepEqual([other.status, other.answer.outcome], [2, 'other-image']);
  assert.deepEqual(problems, []);
});

test('there is one for each image that has a result', async (t) => {
  const files = [await sceneFile('sea.webp'), TEXT, await sceneFile('pixel.png')];
  const { page, close } = await opened(files);
  t.after(close);
  for (const [at, scene] of ['sea.webp', undefined, 'pixel.png'].entries()) {
    await page.click(`.row-item >> nth=${at}`);
    if (scene === undefined) {
      await menu(page).click();
      assert.ok(await page.isVisible('.menu button:has-text("CSV")'));
      assert.equal(await receipt(page, 'JSON').isVisible(), false);
      assert.equal(await receipt(page, 'print').isVisible(), false);
      await page.keyboard.press('Escape');
      continue;
    }
    const { text } = await saved(page);
    const { answer } = await verified(text, scenePath(scene));
    assert.equal(answer.outcome, 'equal', JSON.stringify(answer));
  }
});

test('printed, by keyboard, in every language', async (t) => {
  for (const { language, look, ...options } of [
    { language: 'en', look: 'light' },
    { language: 'de', look: 'dark', colorScheme: 'dark' },
    { language: 'es', look: 'light' },
    { language: 'zh', look: 'light' },
    { language: 'ar', look: 'phone', viewport: { width: 390, height: 844 } },
  ]) {
    const { page, problems, close } = await opened([await sceneFile('dragon.jpg')], {
      ...options,
      settings: { language },
    });
    t.after(close);
    await menu(page).focus();
    await page.keyboard.press('Enter');
    await page.screenshot({ path: path.join(out, `page-receipt-menu-${language}.png`) });
    for (let step = 0; step < 5; step += 1) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.report h1:focus');
    const text = await page.textContent('.report > section:nth-of-type(2) pre');
    const { status, answer } = await verified(text, scenePath('dragon.jpg'));
    assert.equal(status, 0, JSON.stringify(answer));
    assert.ok((await page.textContent('.report dd')).includes(JSON.parse(text).sha256));
    assert.equal(await page.locator('.report img').count(), 0);
    const wide = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    assert.equal(wide, 0);
    assert.deepEqual(await violations(page), []);
    await page.screenshot({
      path: path.join(out, `page-receipt-${language}-${look}.png`),
      fullPage: true,
    });
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.report', { state: 'detached' });
    assert.deepEqual(problems, []);
    await close();
  }
});
