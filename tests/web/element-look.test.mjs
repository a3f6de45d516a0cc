// Every state of the elements: no violation that axe finds, and a screenshot in tests/web/out, to
// be looked at.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import { out } from './support/browser.mjs';
import { TEXT, elementTests, gallery, settled } from './support/element.mjs';

const site = elementTests();
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const picker = 'ai-image-check input[type=file]';

let images;
before(async () => (images = await gallery()));
const files = () => [
  ...images.map(({ name, mimeType, buffer }) => ({ name, mimeType, buffer })),
  TEXT,
];

/** What axe finds in the elements, in short. */
async function violations(page) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe);
  return page.evaluate(async () => {
    const found = await window.axe.run('main', { resultTypes: ['violations', 'incomplete'] });
    const brief = (results) =>
      results.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
    // Where axe cannot tell a colour, tests/web/element-strings.test.mjs has measured it.
    return [
      ...brief(found.violations),
      ...brief(found.incomplete.filter(({ id }) => id !== 'color-contrast')),
    ];
  });
}

const PHONE = {
  viewport: { width: 360, height: 740 },
  deviceScaleFactor: 2,
  hasTouch: true,
  isMobile: true,
};
const ALL = ['empty', 'results', 'compact'];
/** How the site is seen, and in which states. */
const LOOKS = {
  light: { states: ALL },
  dark: { states: ALL, colorScheme: 'dark' },
  phone: { states: ALL, ...PHONE },
  arabic: { states: ALL, lang: 'ar' },
  'arabic-phone-dark': { states: ['results'], ...PHONE, lang: 'ar', colorScheme: 'dark' },
  german: { states: ['results'], ...PHONE, lang: 'de' },
  spanish: { states: ['results'], ...PHONE, lang: 'es' },
  chinese: { states: ['results'], lang: 'zh', colorScheme: 'dark' },
  contrast: { states: ['results'], forcedColors: 'active' },
};

describe('how the check looks', () => {
  for (const [name, { lang, states, ...options }] of Object.entries(LOOKS)) {
    test(name, async () => {
      const attributes = { multiple: '', ...(lang === undefined ? {} : { lang }) };
      const { page, problems, check, close } = await site.openCheck({ attributes, ...options });
      const look = async (state) => {
        if (!states.includes(state)) return;
        await page.screenshot({
          path: path.join(out, `element-${name}-${state}.png`),
          fullPage: true,
        });
        assert.deepEqual(await violations(page), [], state);
        const wide = await page.evaluate(
          () => document.documentElement.scrollWidth - window.innerWidth,
        );
        assert.ok(wide <= 0, `${state}: ${wide} px too wide`);
      };
      await look('empty');
      await page.setInputFiles(picker, files());
      await settled(page);
      await look('results');
      await check.evaluate((element) => {
        const [card] = element.shadowRoot.querySelectorAll('ai-image-result');
        for (const details of card.shadowRoot.querySelectorAll('details')) details.open = true;
        element.toggleAttribute('compact', true);
      });
      await look('compact');
      assert.deepEqual(problems, []);
      await close();
    });
  }

  test('loading, and failed', async (t) => {
    for (const [name, options] of Object.entries({ light: {}, dark: { colorScheme: 'dark' } })) {
      const { page, check, close } = await site.openCheck(options);
      // The last shard comes when the screenshot is taken.
      let release;
      const held = new Promise((resolve) => (release = resolve));
      let shards = 0;
      const restore = site.server.override('.safetensors', async (bytes) => {
        shards += 1;
        if (shards > 1) await held;
        return name === 'light' ? bytes : 503;
      });
      t.after(restore);
      await page.setInputFiles(picker, files().slice(2, 3));
      if (name === 'light') {
        await page.waitForFunction(
          () =>
            document.querySelector('ai-image-check').shadowRoot.querySelector('progress').value > 0,
        );
        assert.match(
          await check.locator('.status-text').textContent(),
          /Loading the model: [\d.]+ [kM]B of [\d.]+ MB/,
        );
      } else {
        release();
        await page.waitForSelector('ai-image-check[state=failed]');
      }
      const state = name === 'light' ? 'loading' : 'failed';
      assert.deepEqual(await violations(page), [], state);
      await page.screenshot({ path: path.join(out, `element-${name}-${state}.png`) });
      release();
      restore();
      await close();
    }
  });
});

describe('how it follows the page and the visitor', () => {
  /** The ground of the card, as it is painted. */
  const ground = (page) =>
    page.locator('ai-image-result').evaluate((card) => {
      return getComputedStyle(card.shadowRoot.querySelector('article')).backgroundColor;
    });
  const WHITE = 'rgb(255, 255, 255)';

  test('dark on a dark page, light on a page that is always light, and as its attribute says', async () => {
    const { page, close } = await site.open({ colorScheme: 'dark' });
    await page.evaluate(() => document.body.append(document.createElement('ai-image-result')));
    const dark = await ground(page);
    assert.notEqual(dark, WHITE);
    await page.evaluate(() =>
      document.querySelector('meta[name=color-scheme]').setAttribute('content', 'light'),
    );
    assert.equal(await ground(page), WHITE);
    await page.evaluate(() =>
      document.querySelector('ai-image-result').setAttribute('theme', 'dark'),
    );
    assert.equal(await ground(page), dark);
    await page.evaluate(() =>
      document.querySelector('ai-image-result').setAttribute('theme', 'auto'),
    );
    assert.equal(await ground(page), dark);
    await close();
  });

  test('tokens of the page reach into elements within elements; its other rules do not', async () => {
    const { page, jpeg, check, close } = await site.openCheck();
    await page.evaluate(() => {
      document.documentElement.style.setProperty('--clipsight-ink', 'rgb(1, 2, 3)');
    });
    await page.setInputFiles(picker, { name: 'a.jpg', mimeType: 'image/jpeg', buffer: jpeg });
    const style = await check.locator('article').evaluate((article) => {
      const { color, margin } = getComputedStyle(article);
      return { color, margin };
    });
    assert.deepEqual(style, { color: 'rgb(1, 2, 3)', margin: '0px' });
    await close();
  });

  test('nothing moves for those who ask for that', async () => {
    const { page, close } = await site.open({ reducedMotion: 'reduce' });
    await page.evaluate(() => document.body.append(document.createElement('ai-image-result')));
    const duration = await page
      .locator('.pulse')
      .evaluate((pulse) => getComputedStyle(pulse).animationDuration);
    assert.equal(duration, '0s');
    await close();
  });

  test('on paper: the verdict without what is only for hands', async () => {
    const { page, jpeg, check, close } = await site.openCheck({ colorScheme: 'dark' });
    await page.setInputFiles(picker, { name: 'a.jpg', mimeType: 'image/jpeg', buffer: jpeg });
    await settled(page);
    await page.emulateMedia({ media: 'print' });
    assert.equal(
      await check.locator('.box').evaluate((box) => getComputedStyle(box).backgroundColor),
      WHITE,
    );
    assert.equal(await check.locator('.drop').isVisible(), false);
    assert.equal(await check.locator('.close').isVisible(), false);
    assert.equal(await check.locator('.headline').isVisible(), true);
    await page.screenshot({ path: path.join(out, 'element-print.png'), fullPage: true });
    await close();
  });
});
