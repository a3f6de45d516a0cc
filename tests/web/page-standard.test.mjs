// The standard model on the page: offered, chosen, downloaded once, remembered; and whatever keeps
// it from answering, so that the compact one does.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { launch, out } from './support/browser.mjs';
import { scanNatively, scenePath } from './support/images.mjs';
import { compact, standard, standardSize, TOO_FEW_PAGES } from './support/models.mjs';
import { allSettled, answers, cardText, FILES, isReady, openPage, SLOW } from './support/page.mjs';
import { startServer } from './support/server.mjs';
import { limitMemory } from './support/wasm.mjs';

const IMAGE = scenePath('portrait.jpg');
const [FIRST] = standard.shards;
const CHOSEN = { model: 'standard' };

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

/** Shards of the standard model that were asked for since a moment; names have a hash in them. */
const asked = (from) =>
  server.requests.slice(from).filter((file) => /\/standard-\d+\.\w+\.safetensors$/.test(file));

const picture = async () => ({
  name: 'portrait.jpg',
  mimeType: 'image/jpeg',
  buffer: await readFile(IMAGE),
});

const note = (page) => page.textContent('.standard.in-strip p');
const isLocked = async (page) =>
  assert.equal(await page.getAttribute('.lock', 'data-state'), 'locked');

/** What the page says it does, and with what, when its results are saved as JSON. */
async function saved(page) {
  await page.click('.menu summary');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.click('.menu-items button >> nth=0'),
  ]);
  return JSON.parse(await readFile(await download.path(), 'utf8'));
}

/** A connection that is to be spared, as Chromium tells of it. */
const metered = (how) => (page) =>
  page.addInitScript((connection) => {
    Object.defineProperty(Navigator.prototype, 'connection', { get: () => connection });
  }, how);

/** Whatever loads the page anew, up to the new page. */
const reloading = (page, act) => Promise.all([page.waitForEvent('load'), act()]);

describe('chosen', () => {
  test('offered, downloaded before the lock closes, judged, remembered, also offline', async (t) => {
    const { page, problems, close } = await open();
    t.after(close);
    assert.match(await note(page), new RegExp(`once from this site \\(${standardSize}\\)`));
    assert.deepEqual(asked(0), [], 'nothing of it on a first visit');
    await page.setInputFiles(FILES, await picture());
    await allSettled(page);
    assert.match(await cardText(page), new RegExp(compact.id));
    await page.waitForSelector('.standard.in-strip', { state: 'hidden' });
    assert.match(await page.textContent('.standard.beside p'), /The page reloads, without/);
    await page.screenshot({ path: path.join(out, 'page-standard-offer.png'), fullPage: true });

    await reloading(page, () => page.click('.standard.beside button'));
    await answers(page, standard.id);
    await isLocked(page);
    assert.equal(asked(0).length, standard.shards.length);
    assert.match(await note(page), /stronger model answers/);
    await page.waitForSelector('.standard.beside', { state: 'hidden' });
    await page.setInputFiles(FILES, await picture());
    await allSettled(page);
    const [native] = await scanNatively([IMAGE], { model: 'models/standard' });
    const { detector, images } = await saved(page);
    assert.equal(detector.modelId, standard.id);
    assert.equal(detector.weightsBytes, standard.bytes);
    const { logit } = images[0].analysis.model;
    assert.ok(Math.abs(logit - native.logit) < 1e-3, `${logit}, natively ${native.logit}`);
    await page.screenshot({ path: path.join(out, 'page-standard.png'), fullPage: true });

    const from = server.requests.length;
    await page.reload();
    await answers(page, standard.id);
    assert.deepEqual(asked(from), [], 'the browser’s cache has it');
    await page.waitForSelector('footer:has-text("Works offline")');
    await page.context().setOffline(true);
    await page.reload();
    await answers(page, standard.id);
    await isLocked(page);
    assert.deepEqual(problems, []);
  });

  test('the compact model answers first; what it judged is judged again', async (t) => {
    const { page, problems, close } = await open({
      ready: false,
      settings: CHOSEN,
      setUp: (opened) =>
        opened.addInitScript(() => {
          // The standard model's worker, the second one, hears its call to load when it may.
          const held = [];
          const { postMessage } = Worker.prototype;
          let workers = 0;
          const numbers = new WeakMap();
          Worker.prototype.postMessage = function (...sent) {
            if (!numbers.has(this)) numbers.set(this, (workers += 1));
            if (numbers.get(this) === 2 && window.release === undefined)
              held.push(() => postMessage.apply(this, sent));
            else postMessage.apply(this, sent);
          };
          window.letGo = () => {
            window.release = true;
            for (const send of held) send();
          };
        }),
    });
    t.after(close);
    await answers(page, compact.id);
    await isLocked(page);
    assert.match(await note(page), /compact model answers while the stronger one gets ready/);
    await page.setInputFiles(FILES, await picture());
    await allSettled(page);
    assert.match(await cardText(page), new RegExp(compact.id));
    const first = await saved(page);
    await page.evaluate(() => window.letGo());
    await answers(page, standard.id);
    await page.waitForFunction(
      (id) => document.querySelector('ai-image-result').shadowRoot.textContent.includes(id),
      standard.id,
      { timeout: SLOW },
    );
    const second = await saved(page);
    assert.deepEqual(
      [first, second].map(({ detector }) => detector.modelId),
      [compact.id, standard.id],
    );
    assert.equal(second.images.length, 1);
    assert.equal(second.images[0].detector, undefined, 'nothing of the compact model is left');
    assert.notEqual(first.images[0].analysis.model.logit, second.images[0].analysis.model.logit);
    assert.deepEqual(problems, []);
  });

  test('in the settings, and back to the compact model', async (t) => {
    const { page, problems, close } = await open();
    t.after(close);
    const select = 'dialog label:has-text("Model") select';
    const apply = () => page.click('dialog button:has-text("Apply")');
    await page.click('.bar-buttons button >> nth=1');
    assert.ok((await page.textContent(select)).includes(standardSize));
    await page.selectOption(select, 'standard');
    assert.ok(await page.isVisible('dialog p:has-text("read on this device only")'));
    await page.screenshot({ path: path.join(out, 'page-standard-settings.png') });
    await reloading(page, apply);
    await answers(page, standard.id);
    await page.click('.bar-buttons button >> nth=1');
    assert.equal(await page.inputValue(select), 'standard');
    await page.selectOption(select, 'compact');
    await reloading(page, apply);
    await isReady(page);
    await answers(page, compact.id);
    assert.match(await note(page), /A stronger model is available/);
    assert.deepEqual(problems, []);
  });
});

describe('a connection to be spared', () => {
  for (const [name, how] of [
    ['saved data', { saveData: true, type: 'wifi' }],
    ['cellular', { saveData: false, type: 'cellular' }],
  ]) {
    test(`${name}: nothing is downloaded unasked, nor once it is here`, async (t) => {
      const from = server.requests.length;
      const { page, problems, close } = await open({ settings: CHOSEN, setUp: metered(how) });
      t.after(close);
      await answers(page, compact.id);
      await isLocked(page);
      assert.match(await note(page), /has not been downloaded \([\d.]+ MB\), to spare/);
      assert.deepEqual(asked(from), []);
      if (name === 'cellular') {
        await page.click('button:has-text("Stay with the compact model")');
        assert.match(await note(page), /A stronger model is available/);
        await page.reload();
        await isReady(page);
        assert.match(await note(page), /A stronger model is available/);
        return;
      }
      await page.screenshot({ path: path.join(out, 'page-standard-metered.png') });
      await reloading(page, () => page.click('button:has-text("Download it now")'));
      await answers(page, standard.id);
      const downloaded = server.requests.length;
      await page.reload();
      await answers(page, standard.id);
      assert.deepEqual(asked(downloaded), []);
      assert.deepEqual(problems, []);
    });
  }
});

describe('what keeps it from answering', () => {
  test('it cannot be fetched: said, the compact model works on, and again on request', async (t) => {
    const undo = server.override(FIRST.replace('.safetensors', ''), () => 503);
    t.after(undo);
    const { page, close } = await open({ settings: CHOSEN });
    t.after(close);
    await page.waitForSelector('.standard.in-strip[data-state=failed]', { timeout: SLOW });
    await isLocked(page);
    assert.match(await note(page), /could not be downloaded. The compact model answers/);
    await page.screenshot({ path: path.join(out, 'page-standard-failed.png') });
    await page.setInputFiles(FILES, await picture());
    await allSettled(page);
    assert.match(await cardText(page), new RegExp(compact.id));
    undo();
    await reloading(page, () => page.click('button:has-text("Try again")'));
    await answers(page, standard.id);
  });

  test('nobody waits who does not want to', async (t) => {
    let release;
    const held = new Promise((resolve) => (release = resolve));
    t.after(
      server.override(FIRST.replace('.safetensors', ''), async (bytes) => {
        await held;
        return bytes;
      }),
    );
    t.after(() => release());
    const { page, problems, close } = await open({ ready: false, settings: CHOSEN });
    t.after(close);
    await page.waitForSelector('.standard.in-strip[data-state=fetching]', { timeout: SLOW });
    assert.match(await page.textContent('.lock'), /Nothing is uploaded/);
    await page.screenshot({ path: path.join(out, 'page-standard-fetching.png') });
    await page.click('button:has-text("Go on with the compact model")');
    await isReady(page);
    await answers(page, compact.id);
    await isLocked(page);
    assert.match(await note(page), /download of the stronger model .* was stopped/);
    assert.deepEqual(problems, []);
  });

  test('too little memory: the compact model judges, and why is said', async (t) => {
    t.after(server.override('.wasm', (bytes) => limitMemory(bytes, TOO_FEW_PAGES)));
    const { page, close } = await open({ settings: CHOSEN });
    t.after(close);
    await page.waitForSelector('.standard.in-strip[data-state=failed]', { timeout: SLOW });
    assert.match(await note(page), /too little memory for the stronger model/);
    await page.setInputFiles(FILES, await picture());
    await allSettled(page);
    assert.match(await cardText(page), new RegExp(compact.id));
    await isLocked(page);
  });
});
