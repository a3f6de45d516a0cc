// What can be asked of a verdict on the page: whether it holds, and where the model looked.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { violations } from './support/axe.mjs';
import { launch, out } from './support/browser.mjs';
import { sceneFile } from './support/images.mjs';
import { ARABIC_DARK_PHONE, FILES, allSettled, openPage } from './support/page.mjs';
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

/** The page with one image, judged. */
async function opened(options) {
  const { page, ...rest } = await openPage(browser, server, options);
  await page.setInputFiles(FILES, [await sceneFile('dragon.jpg')]);
  await allSettled(page);
  return { page, ...rest };
}

const question = (page, text) => page.getByRole('button', { name: text });

/** What the card says. */
const card = (page) =>
  page.evaluate(() => {
    const element = document.querySelector('ai-image-result');
    const { shadowRoot } = element;
    const texts = (selector) =>
      [...shadowRoot.querySelectorAll(selector)].map(({ textContent }) => textContent);
    return {
      analysis: element.analysis,
      state: element.getAttribute('state'),
      strip: texts('.strip li'),
      map: texts('.map h4'),
    };
  });

test('by keyboard: does it hold, where did it look; the verdict stays as it is', async () => {
  const { page, close } = await opened();
  const before = await card(page);
  assert.deepEqual([before.strip, before.map], [[], []]);

  const holds = question(page, /Does it hold\?/);
  assert.match(await holds.getAttribute('aria-label'), /Takes about [\d.,]+ (ms|s)/);
  await holds.focus();
  await page.keyboard.press('Enter');
  await page.waitForFunction(
    () => document.querySelector('ai-image-result').analysis.stability !== undefined,
  );
  const steady = await card(page);
  assert.equal(steady.strip.length, 5);
  assert.equal(await holds.count(), 0);

  await question(page, /Where did it look\?/).focus();
  await page.keyboard.press('Enter');
  await page.waitForFunction(
    () => document.querySelector('ai-image-result').analysis.map !== undefined,
  );
  const all = await card(page);
  const { map, stability, ...rest } = all.analysis;
  assert.deepEqual(rest, before.analysis);
  assert.equal(all.state, before.state);
  assert.equal(stability.deliveries.length, 4);
  assert.equal(map.parts.length, map.columns * map.rows);

  const overlay = page.locator('ai-image-result canvas');
  assert.match(await overlay.getAttribute('aria-label'), /part \d from the left, \d from the top/);
  const opacity = () => overlay.evaluate((canvas) => Number(getComputedStyle(canvas).opacity));
  const was = await opacity();
  await page.locator('ai-image-result input[type=range]').focus();
  await page.keyboard.press('Home');
  assert.ok(was > 0 && (await opacity()) === 0, `${was}`);
  await page.keyboard.press('End');
  assert.equal(await opacity(), 1);
  // What is strongest is opaque, and where the map is.
  const painted = await overlay.evaluate((canvas) => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return data.filter((_, at) => at % 4 === 3);
  });
  assert.equal(Math.max(...Object.values(painted)), 255);
  assert.deepEqual(await violations(page), []);
  await page.screenshot({ path: path.join(out, 'evidence-en.png'), fullPage: true });
  await close();
});

test('a question that is taken back costs nothing and can be asked again', async () => {
  const { page, close } = await opened();
  await question(page, /Where did it look\?/).click();
  await page.locator('.examining button').click();
  const again = question(page, /Where did it look\?/);
  await again.waitFor();
  assert.deepEqual((await card(page)).map, []);
  // The detector is free for what comes next.
  await again.click();
  await page.waitForFunction(
    () => document.querySelector('ai-image-result').analysis.map !== undefined,
  );
  await close();
});

test('nothing is asked of a flat picture', async () => {
  const { page, close } = await openPage(browser, server);
  const buffer = await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(90, 90);
    canvas.getContext('2d').fillRect(0, 0, 90, 90);
    return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())];
  });
  await page.setInputFiles(FILES, [
    { name: 'flat.png', mimeType: 'image/png', buffer: Buffer.from(buffer) },
  ]);
  await allSettled(page);
  assert.equal((await card(page)).state, 'abstained');
  assert.equal(await page.locator('.questions').count(), 0);
  await close();
});

for (const [name, options] of Object.entries({
  'ar-dark-phone': ARABIC_DARK_PHONE,
  'de-dark': { settings: { language: 'de' }, colorScheme: 'dark' },
}))
  test(`looks: ${name}`, async () => {
    const { page, close } = await opened(options);
    for (let asked = 0; asked < 2; asked += 1) {
      const open = await page.locator('.questions button').count();
      await page.locator('.questions button').first().click();
      await page.waitForFunction(
        (count) =>
          document.querySelector('.examining') === null &&
          document.querySelectorAll('.questions button').length < count,
        open,
      );
    }
    assert.deepEqual(await violations(page), []);
    const tooWide = () => {
      const { scrollWidth, clientWidth } = document.documentElement;
      return scrollWidth - clientWidth;
    };
    assert.ok((await page.evaluate(tooWide)) <= 0);
    await page.screenshot({ path: path.join(out, `evidence-${name}.png`), fullPage: true });
    await close();
  });
