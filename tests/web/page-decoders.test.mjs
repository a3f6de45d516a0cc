// Images whose decoder is not in the first visit: it comes when the first of them does, although
// the page reaches no network any more, once, and nothing else is asked for.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { launch, out } from './support/browser.mjs';
import { sceneFile, scenePath } from './support/images.mjs';
import { root } from '../../scripts/lib/run.mjs';
import { FILES, SLOW, VERDICTS, allSettled, cardText, openPage, states } from './support/page.mjs';
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

const fixture = async (name) => ({
  name,
  mimeType: '',
  buffer: await readFile(path.join(root, 'crates/clipsight-codecs/tests/fixtures/files', name)),
});

/** What the server was asked for; browsers look for a newer service worker when they like. */
const asked = (from) =>
  server.requests.slice(from).filter((request) => request !== '/service-worker.js');

for (const [decoder, input, expected] of [
  ['extra', scenePath('glass.tif'), VERDICTS],
  // Small ones: read, and too small for a grade.
  ['avif', await fixture('8-444-full.avif'), ['abstained']],
  ['heic', await fixture('10-420-full.heic'), ['abstained']],
  ['jxl', await fixture('8-rgb.jxl'), ['abstained']],
]) {
  test(`the decoder ${decoder} comes with its first image, through the service worker, once`, async (t) => {
    const { page, problems, close } = await openPage(browser, server);
    t.after(close);
    // The page has its files for later visits: what comes now comes for an image.
    await page.waitForFunction(() => navigator.serviceWorker.controller !== null, undefined, {
      timeout: SLOW,
    });
    for (const requests of [1, 0]) {
      const before = server.requests.length;
      await page.setInputFiles(FILES, input);
      await allSettled(page);
      const [state] = await states(page);
      assert.ok(expected.includes(state), `${state}: ${await cardText(page)}`);
      const seen = asked(before);
      assert.equal(seen.length, requests, seen.join());
      for (const address of seen)
        assert.match(address, new RegExp(`^/assets/${decoder}\\.[0-9a-f]+\\.wasm$`));
      await page.screenshot({ path: path.join(out, `page-decoders-${decoder}.png`) });
      await page.reload();
      await page.waitForSelector('.status[data-state=ready]', { timeout: SLOW });
    }
    assert.deepEqual(problems, []);
  });
}

test('without a service worker the image says what it lacks, and the others go on', async (t) => {
  const { page, close } = await openPage(browser, server, {
    setUp: (opened) =>
      opened.addInitScript(() => {
        Object.defineProperty(navigator, 'serviceWorker', { value: undefined });
      }),
  });
  t.after(close);
  const photo = await sceneFile('meadow.webp');
  await page.setInputFiles(FILES, [await fixture('8-444-full.avif'), photo]);
  await allSettled(page);
  const [first, second] = await states(page);
  assert.equal(first, 'error');
  assert.ok(VERDICTS.includes(second), second);
});
