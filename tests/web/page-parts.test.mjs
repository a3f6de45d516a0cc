// Screenshots and collages on the page: pictures in them are offered, and any part can be chosen.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { violations } from './support/axe.mjs';
import { launch, out } from './support/browser.mjs';
import { sceneFile, scenePath } from './support/images.mjs';
import { ARABIC_DARK_PHONE, FILES, allSettled, names, openPage, states } from './support/page.mjs';
import { startServer } from './support/server.mjs';

let browser;
let server;
let screenshot;
/** Where the pictures stand in it. */
let places;
before(async () => {
  server = await startServer();
  browser = await launch();
  ({ screenshot, places } = await takeScreenshot());
});
after(async () => {
  await browser?.close();
  await server?.close();
});

/** A picture of a page with two scenes on it, as a browser shows it. */
async function takeScreenshot() {
  const context = await browser.newContext({ viewport: { width: 900, height: 1000 } });
  const page = await context.newPage();
  const image = async (name) =>
    `<img src="data:image/jpeg;base64,${(await readFile(scenePath(name))).toString('base64')}">`;
  await page.setContent(`<style>body { margin: 0; background: #f0f2f5; font: 16px sans-serif }
    article { width: 480px; margin: 16px auto; padding: 16px; background: #fff }
    img { display: block; width: 448px; height: 336px; object-fit: cover }</style>
    <article><b>Somebody</b><p>Look what I have seen today.</p>${await image('dragon.jpg')}</article>
    <article><b>Another</b><p>And this.</p>${await image('portrait.jpg')}</article>`);
  const places = await page.$$eval('img', (images) =>
    images.map((image) => {
      const { x, y, width, height } = image.getBoundingClientRect();
      return { x, y, width, height };
    }),
  );
  const buffer = await page.screenshot();
  await context.close();
  return { screenshot: { name: 'screen.png', mimeType: 'image/png', buffer }, places };
}

async function opened(options, given = screenshot) {
  const { page, ...rest } = await openPage(browser, server, options);
  await page.setInputFiles(FILES, [given]);
  await allSettled(page);
  return { page, ...rest };
}

/** What the card shows. */
const card = (page) =>
  page.evaluate(() => {
    const element = document.querySelector('ai-image-result');
    const { shadowRoot } = element;
    return {
      name: element.name,
      analysis: element.analysis,
      notices: [...shadowRoot.querySelectorAll('.notice')].map(({ textContent }) => textContent),
      outlines: shadowRoot.querySelectorAll('.outlines .over').length,
      viewBox: shadowRoot.querySelector('.part')?.getAttribute('viewBox') ?? null,
    };
  });

const partName = ({ x, y, width, height }) => `screen.png [${x},${y} ${width}x${height}]`;

const tooWide = (page) =>
  page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth - clientWidth;
  });

test('a screenshot says so, and each picture in it becomes a result of its own', async () => {
  const { page, problems, close } = await opened();
  const whole = await card(page);
  assert.deepEqual(whole.analysis.pictures, places);
  assert.match(whole.notices[0], /screenshot or collage with 2 pictures/);
  assert.equal(whole.outlines, 2);
  assert.deepEqual(await violations(page), []);
  await page.screenshot({ path: path.join(out, 'parts-en.png'), fullPage: true });

  await page.getByRole('button', { name: 'Check each of the 2 pictures' }).click();
  await page.waitForFunction(() => document.querySelectorAll('.row-item').length === 3);
  await allSettled(page);
  assert.deepEqual(await names(page), ['screen.png', ...places.map(partName)]);
  const part = await card(page);
  assert.equal(part.name, partName(places[0]));
  assert.deepEqual(part.analysis.input.crop, places[0]);
  assert.equal(part.analysis.file.sha256, whole.analysis.file.sha256);
  assert.notEqual(part.analysis.model.logit, whole.analysis.model.logit);
  assert.deepEqual(part.notices, []);
  const { x, y, width, height } = places[0];
  assert.equal(part.viewBox, [x, y, width, height].join(' '));
  assert.equal(await page.getByRole('button', { name: /Check each|Check a part/ }).count(), 0);
  assert.deepEqual(await violations(page), []);
  await page.screenshot({ path: path.join(out, 'parts-list-en.png'), fullPage: true });

  // The questions are asked of the part, too.
  await page.getByRole('button', { name: /Does it hold\?/ }).click();
  await page.waitForFunction(
    () => document.querySelector('ai-image-result').analysis.stability !== undefined,
  );
  // Nothing is offered twice.
  await page.locator('.row-item').first().click();
  await page.getByRole('button', { name: 'Check a part…' }).waitFor();
  assert.equal(await page.getByRole('button', { name: /Check each/ }).count(), 0);

  const saved = async (name) => {
    await page.locator('.menu > summary').click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name, exact: true }).click(),
    ]);
    return readFile(await download.path(), 'utf8');
  };
  const { images } = JSON.parse(await saved('JSON'));
  assert.deepEqual(
    images.map(({ name, analysis }) => [name, analysis.input.crop]),
    [['screen.png', undefined], ...places.map((place) => [partName(place), place])],
  );
  const lines = (await saved('CSV, for spreadsheets')).trim().split('\r\n');
  assert.match(lines[0], /,crop,taught_head$/);
  assert.ok(lines[1].endsWith(',,'), lines[1]);
  assert.ok(lines[2].endsWith(`,"${x},${y},${width}x${height}",`), lines[2]);
  assert.deepEqual(problems, []);
  await close();
});

test('by keyboard: a part is moved, resized, checked, left', async () => {
  const { page, close } = await opened();
  const choose = page.getByRole('button', { name: 'Check a part…' });
  await choose.focus();
  await page.keyboard.press('Enter');
  const box = page.getByRole('application', { name: 'Part to check' });
  await box.waitFor();
  assert.ok(await box.evaluate((element) => element === document.activeElement));
  const place = page.locator('.crop-place');
  const said = async ({ x, y, width, height }) =>
    page.waitForFunction(
      (expected) => document.querySelector('.crop-place').textContent === expected,
      `${width} × ${height} pixels, ${x} from the left, ${y} from the top`,
    );
  // The first picture is there to begin with.
  let part = { ...places[0] };
  await said(part);
  assert.deepEqual(await violations(page), []);
  await page.screenshot({ path: path.join(out, 'parts-tool-en.png') });
  await page.keyboard.press('Escape');
  // A dialog's end is an event, which comes when the browser gets to it.
  await place.waitFor({ state: 'detached' });
  assert.ok(await choose.evaluate((element) => element === document.activeElement));

  await page.keyboard.press('Enter');
  await box.waitFor();
  // A hundredth of the longer side, or one pixel.
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Control+ArrowLeft');
  await page.keyboard.press('Shift+ArrowLeft');
  await page.keyboard.press('Shift+Control+ArrowDown');
  part = { x: part.x + 9, y: part.y + 10, width: part.width - 10, height: part.height + 1 };
  await said(part);
  // Nothing leads beyond the picture.
  for (let pressed = 0; pressed < 99; pressed += 1) await page.keyboard.press('ArrowUp');
  part.y = 0;
  await said(part);
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelectorAll('.row-item').length === 2);
  await allSettled(page);
  const { name, analysis } = await card(page);
  assert.equal(name, partName(part));
  assert.deepEqual(analysis.input.crop, part);
  assert.ok((await states(page)).every((state) => state !== 'error'));
  await close();
});

/** Middle and size of the stage, and how many pixels of the picture one of the screen is. */
async function stage(page) {
  const { x, y, width, height } = await page.locator('.crop-stage').boundingBox();
  return { at: (across, down) => [x + across * width, y + down * height], scale: 900 / width };
}

test('with the mouse: a part is drawn, moved, pulled at, taken by a click', async () => {
  const { page, close } = await opened();
  await page.getByRole('button', { name: 'Check a part…' }).click();
  const { at, scale } = await stage(page);
  const drag = async (from, to) => {
    await page.mouse.move(...at(...from));
    await page.mouse.down();
    await page.mouse.move(...at((from[0] + to[0]) / 2, to[1]));
    await page.mouse.move(...at(...to));
    await page.mouse.up();
    await page.waitForTimeout(50);
  };
  const part = async () => {
    const [width, height, x, y] = (await page.locator('.crop-place').textContent())
      .replaceAll(',', '')
      .match(/\d+/g)
      .map(Number);
    return { x, y, width, height };
  };
  const near = (found, expected) => {
    for (const [side, value] of Object.entries(expected))
      assert.ok(Math.abs(found[side] - value) <= 2 * scale, `${side}: ${found[side]}, ${value}`);
  };
  // Beside what is chosen at first.
  await drag([0.02, 0.02], [0.15, 0.14]);
  near(await part(), { x: 18, y: 20, width: 117, height: 120 });
  await drag([0.08, 0.08], [0.48, 0.58]);
  near(await part(), { x: 378, y: 520, width: 117, height: 120 });
  const before = await part();
  await drag([(before.x + before.width) / 900, (before.y + before.height) / 1000], [0.9, 0.9]);
  near(await part(), { x: before.x, y: before.y, width: 810 - before.x, height: 900 - before.y });
  // Over the edge it stops there.
  await drag([0.7, 0.7], [1.5, 1.5]);
  const last = await part();
  assert.deepEqual([last.x + last.width, last.y + last.height], [900, 1000]);
  await page.getByRole('button', { name: 'Check this part' }).click();
  await page.waitForFunction(() => document.querySelectorAll('.row-item').length === 2);
  await allSettled(page);
  assert.deepEqual((await card(page)).analysis.input.crop, last);
  await close();
});

test('a photograph is not called a screenshot; a part of it can be chosen nevertheless', async () => {
  const { page, close } = await opened({}, await sceneFile('dragon.jpg'));
  const { analysis, outlines, notices } = await card(page);
  assert.deepEqual([analysis.pictures, outlines, notices], [undefined, 0, []]);
  assert.equal(await page.getByRole('button', { name: /Check each/ }).count(), 0);
  await page.getByRole('button', { name: 'Check a part…' }).click();
  await page.locator('.crop-box').waitFor();
  await close();
});

for (const [name, options] of Object.entries({
  'ar-dark-phone': ARABIC_DARK_PHONE,
  'zh-dark': { settings: { language: 'zh' }, colorScheme: 'dark' },
}))
  test(`looks: ${name}`, async () => {
    const { page, close } = await opened(options);
    assert.equal((await card(page)).notices.length, 1);
    assert.deepEqual(await violations(page), []);
    assert.ok((await tooWide(page)) <= 0);
    await page.screenshot({ path: path.join(out, `parts-${name}.png`), fullPage: true });
    await page.locator('.card-actions .button.secondary').first().click();
    await page.locator('.crop-box').waitFor();
    assert.deepEqual(await violations(page), []);
    assert.ok((await tooWide(page)) <= 0);
    if (options.hasTouch) {
      // With a finger, as the browser sees it.
      const { at } = await stage(page);
      const session = await page.context().newCDPSession(page);
      const touch = (type, ...points) =>
        session.send('Input.dispatchTouchEvent', {
          type,
          touchPoints: points.map(([x, y]) => ({ x, y })),
        });
      const before = await page.locator('.crop-place').textContent();
      await touch('touchStart', at(0.05, 0.05));
      await touch('touchMove', at(0.2, 0.2));
      await touch('touchMove', at(0.45, 0.3));
      await touch('touchEnd');
      await page.waitForFunction(
        (said) => document.querySelector('.crop-place').textContent !== said,
        before,
      );
    }
    await page.screenshot({ path: path.join(out, `parts-tool-${name}.png`) });
    await page.keyboard.press('Escape');
    await close();
  });
