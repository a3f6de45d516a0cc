// A site with a strict policy and the elements on it: what the elements' tests share.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before } from 'node:test';
import { root } from '../../../scripts/lib/run.mjs';
import { launch, newPage } from './browser.mjs';
import { drawJpeg, scanNatively, sceneFile, scenePath, scenes } from './images.mjs';
import { startServer } from './server.mjs';

/** A file that is no image, whatever its name says. */
export const TEXT = {
  name: 'notes.jpg',
  mimeType: 'image/jpeg',
  buffer: Buffer.from('No picture at all.\n'.repeat(50)),
};

/** States of a result that are verdicts. */
export const VERDICTS = ['weak', 'moderate', 'strong', 'very-strong', 'abstained'];

/** A server and a browser for the tests of a file. The properties are there once the tests run. */
export function elementTests() {
  const tests = {
    server: undefined,
    browser: undefined,

    /** The site, without an element; with `jpeg`, an image. */
    async open({ hash = '', ...options } = {}) {
      const opened = await newPage(tests.browser, {
        viewport: { width: 900, height: 700 },
        ...options,
      });
      await opened.page.goto(`${tests.server.url}/site/${hash}`);
      await opened.page.waitForSelector('[data-loaded]');
      return { ...opened, jpeg: Buffer.from(await drawJpeg(opened.page)) };
    },

    /** The site with an `<ai-image-check>` on the CPU; `window.seen` holds its events. */
    async openCheck({ attributes = {}, ...options } = {}) {
      const opened = await tests.open(options);
      await opened.page.evaluate((given) => {
        const check = document.createElement('ai-image-check');
        for (const [name, value] of Object.entries({ device: 'cpu', ...given }))
          check.setAttribute(name, value);
        window.seen = [];
        for (const type of ['ready', 'progress', 'analysis', 'error']) {
          check.addEventListener(type, ({ detail }) => window.seen.push({ type, detail }));
        }
        document.querySelector('main').append(check);
      }, attributes);
      return { ...opened, check: opened.page.locator('ai-image-check') };
    },
  };
  before(async () => {
    tests.server = await startServer({
      folders: { '/site/': path.join(root, 'tests/web/pages/element') },
    });
    tests.browser = await launch();
  });
  after(async () => {
    await tests.browser?.close();
    await tests.server?.close();
  });
  return tests;
}

/** Waits until every result that is shown is settled. */
export function settled(page) {
  return page.waitForFunction(() => {
    const check = document.querySelector('ai-image-check');
    return check.items.length > 0 && check.getAttribute('state') === 'ready';
  });
}

/** The states of the results, in their order. */
export function states(page) {
  return page
    .locator('ai-image-result')
    .evaluateAll((cards) => cards.map((card) => card.getAttribute('state')));
}

/** One scene of each verdict, as the native program sees them, with what it said. */
export async function gallery() {
  const found = new Map();
  for (const [i, result] of (await scanNatively(scenes.map(scenePath))).entries()) {
    const state = result.status === 'scored' ? result.grade : 'abstained';
    if (!found.has(state)) found.set(state, { name: scenes[i], result });
  }
  return Promise.all(
    VERDICTS.map(async (state) => {
      assert.ok(found.has(state), `no scene is ${state}: see tests/fixtures/scenes/README.md`);
      const { name, result } = found.get(state);
      return { state, result, ...(await sceneFile(name)) };
    }),
  );
}
