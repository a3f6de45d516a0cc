// Settings, languages, looks, history; and axe on every state.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { root } from '../../scripts/lib/run.mjs';
import { violations } from './support/axe.mjs';
import { launch, out } from './support/browser.mjs';
import { sceneFile, scenes } from './support/images.mjs';
import {
  allSettled,
  cardText,
  file,
  FILES,
  isReady,
  openPage,
  states,
  TEXT,
} from './support/page.mjs';
import { startServer } from './support/server.mjs';

const { points } = JSON.parse(
  await readFile(path.join(root, 'models/compact/operating-points.json'), 'utf8'),
);
const unmeasured =
  points.length === 0 && 'no operating points were measured: see CONTRIBUTING.md, model changes';

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

const field = (label) => `dialog label:has-text("${label}") select`;
const settings = (page) => page.click('.bar-buttons button >> nth=1');
const closeDialog = (page) => page.click('dialog header button');

/** Images of all kinds and verdicts, and a file that is none. */
const gallery = async () => [...(await Promise.all(scenes.map(sceneFile))), TEXT];

const LOOKS = {
  'en-light': {},
  'de-dark': { settings: { language: 'de' }, colorScheme: 'dark' },
  'ar-light': { settings: { language: 'ar' } },
  'ar-dark-phone': {
    settings: { language: 'ar' },
    colorScheme: 'dark',
    viewport: { width: 390, height: 844 },
    deviceScaleFactor: 2,
    hasTouch: true,
    isMobile: true,
  },
  'zh-phone': {
    settings: { language: 'zh' },
    viewport: { width: 390, height: 844 },
    deviceScaleFactor: 2,
    hasTouch: true,
    isMobile: true,
  },
  'es-narrow': { settings: { language: 'es' }, viewport: { width: 720, height: 900 } },
};

describe('every state, in every language, light and dark', () => {
  for (const [name, look] of Object.entries(LOOKS)) {
    test(name, async (t) => {
      const { page, problems, close } = await openPage(browser, server, look);
      t.after(close);
      const check = async (state) => {
        await page.screenshot({
          path: path.join(out, `page-${name}-${state}.png`),
          fullPage: state !== 'settings',
        });
        assert.deepEqual(await violations(page), [], state);
        // Not innerWidth: phones zoom out until everything fits.
        const overflow = await page.evaluate(
          (width) => document.documentElement.scrollWidth - width,
          page.viewportSize().width,
        );
        assert.ok(overflow <= 0, `${state}: ${overflow} px too wide`);
      };
      const language = name.slice(0, 2);
      const html = await page.$eval('html', ({ lang, dir }) => ({ lang, dir }));
      assert.ok(html.lang.startsWith(language));
      assert.equal(html.dir, language === 'ar' ? 'rtl' : 'ltr');
      await check('empty');
      await page.click('.drop-ways button >> nth=2');
      await check('address');
      await page.click('.drop-ways button >> nth=2');
      await page.setInputFiles(FILES, await gallery());
      await allSettled(page);
      await check('batch');
      await page.click('.menu summary');
      await check('menu');
      await page.keyboard.press('Escape');
      await page.click('.lock button');
      await check('lock');
      await closeDialog(page);
      await settings(page);
      await check('settings');
      await closeDialog(page);
      await page.click('.bar-buttons button >> nth=0');
      await page.waitForSelector('dialog .history p');
      await check('history');
      await closeDialog(page);
      assert.doesNotMatch(await page.textContent('body'), /\breal\b|\becht\b|\bauténtic/i);
      assert.deepEqual(problems, []);
    });
  }
});

describe('settings', () => {
  test('language and appearance at once, results stay', async (t) => {
    const { page, problems, jpeg, close } = await openPage(browser, server);
    t.after(close);
    await page.setInputFiles(FILES, [file('one.jpg', jpeg), TEXT]);
    await allSettled(page);
    const before = await states(page);
    await settings(page);
    await page.selectOption(field('Language'), 'de');
    await page.waitForSelector('dialog h2:has-text("Einstellungen")');
    assert.match(await page.textContent('h1'), /KI/);
    await page.selectOption(field('Aussehen'), 'dark');
    assert.equal(
      await page.evaluate(() => getComputedStyle(document.body).backgroundColor),
      'rgb(18, 19, 23)',
    );
    await closeDialog(page);
    await page.waitForFunction(() => document.querySelectorAll('.row-item').length === 2);
    assert.deepEqual(await states(page), before);
    await page.reload();
    await isReady(page);
    assert.match(await page.textContent('.status'), /CPU/);
    assert.equal(await page.$eval('html', ({ lang }) => lang.slice(0, 2)), 'de');
    assert.deepEqual(problems, []);
  });

  test(
    'a false-alarm budget: measured rates, marks and a filter',
    { skip: unmeasured },
    async (t) => {
      const { page, problems, close } = await openPage(browser, server);
      t.after(close);
      await page.setInputFiles(FILES, await gallery());
      await allSettled(page);
      await settings(page);
      const point = points.find(({ budget }) => budget === 0.2);
      await page.selectOption(field('At most'), '0.2');
      const effect = await page.textContent('dialog .effect');
      assert.ok(effect.includes(`${(point.threshold * 100).toFixed(1)} %`), effect);
      assert.ok(effect.includes(String(point.found.n)), effect);
      const hits = 0.1 * point.found.rate;
      const right = Math.round((100 * hits) / (hits + 0.9 * point.false_alarms.rate));
      assert.ok(effect.includes(`about ${right} are`), effect);
      await page.screenshot({ path: path.join(out, 'page-budget.png') });
      await closeDialog(page);
      const marked = await page.$$eval('.row-item', (rows) =>
        rows.map((row) => [
          row.dataset.flagged,
          Number.parseInt(row.querySelector('.row-probability').textContent || '-1', 10),
        ]),
      );
      for (const [flagged, probability] of marked) {
        // Whole per cent are shown: at the threshold itself either is right.
        if (Math.abs(probability - point.threshold * 100) > 1)
          assert.equal(flagged, String(probability >= point.threshold * 100));
      }
      assert.ok(marked.some(([flagged]) => flagged === 'true'));
      await page.selectOption('.toolbar label:has-text("Show") select', 'flagged');
      await page.waitForFunction(() =>
        [...document.querySelectorAll('.row-item')].every((row) => row.dataset.flagged === 'true'),
      );
      assert.deepEqual(problems, []);
    },
  );

  test('views: for images from now on', async (t) => {
    const { page, jpeg, close } = await openPage(browser, server);
    t.after(close);
    await settings(page);
    await page.selectOption(field('Views of each image'), '5');
    await closeDialog(page);
    await page.setInputFiles(FILES, file('five.jpg', jpeg));
    await allSettled(page);
    assert.match(await cardText(page), /Views scored5/);
  });

  test('another model, by address: loaded after a reload, then the network is locked again', async (t) => {
    const { page, problems, jpeg, close } = await openPage(browser, server);
    t.after(close);
    await settings(page);
    await page.selectOption(field('Model'), 'other');
    const address = page.locator('dialog label:has-text("Address of model.json") input');
    await address.fill('ftp://example.org/model.json');
    await page.click('dialog button:has-text("Apply")');
    assert.ok(await page.isVisible('dialog .bad'));
    await address.fill(`${server.url}/pkg/models/compact/model.json`);
    await Promise.all([page.waitForEvent('load'), page.click('dialog button:has-text("Apply")')]);
    server.requests.length = 0;
    await isReady(page);
    assert.equal(await page.getAttribute('.lock', 'data-state'), 'locked');
    await page.setInputFiles(FILES, file('other.jpg', jpeg));
    await allSettled(page);
    assert.notEqual((await states(page))[0], 'error');
    assert.deepEqual(problems, []);
  });

  test('what is stored is not believed', async (t) => {
    const { page, problems, close } = await openPage(browser, server, {
      settings: {
        model: 'javascript:alert(1)',
        device: 7,
        views: ['5'],
        budget: 'x',
        language: '__proto__',
        theme: null,
        history: 'yes',
      },
    });
    t.after(close);
    assert.equal(await page.getAttribute('.lock', 'data-state'), 'locked');
    assert.deepEqual(problems, []);
  });
});

test('history: only when asked for, without paths or pictures, and really wiped', async (t) => {
  const { page, problems, jpeg, close } = await openPage(browser, server);
  t.after(close);
  const databases = () => page.evaluate(() => indexedDB.databases());
  await page.setInputFiles(FILES, file('before.jpg', jpeg));
  await allSettled(page);
  assert.deepEqual(await databases(), []);
  await settings(page);
  await page.check('dialog input[type=checkbox]');
  await closeDialog(page);
  await page.setInputFiles(FILES, file('kept.jpg', jpeg));
  await allSettled(page);
  await page.click('.bar-buttons button >> nth=0');
  await page.waitForSelector('.history-item');
  assert.deepEqual(
    await page.$$eval('.history-item .row-name', (rows) => rows.map((row) => row.textContent)),
    ['kept.jpg'],
  );
  const stored = await page.evaluate(
    () =>
      new Promise((resolve) => {
        const open = indexedDB.open('clipsight-history');
        open.onsuccess = () => {
          const all = open.result.transaction('results').objectStore('results').getAll();
          all.onsuccess = () => {
            open.result.close();
            resolve(all.result);
          };
        };
      }),
  );
  assert.deepEqual(Object.keys(stored[0]).sort(), ['model', 'modelId', 'name', 'sha256', 'when']);
  await page.screenshot({ path: path.join(out, 'page-history.png') });
  await page.click('dialog button:has-text("Clear")');
  await page.waitForSelector('dialog .notice:has-text("cleared")');
  assert.deepEqual(await databases(), []);
  assert.equal(await page.$('.history-item'), null);
  assert.deepEqual(problems, []);
});
