// The package as a plain module on a page of its own: what the package's tests share.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before } from 'node:test';
import { root } from '../../../scripts/lib/run.mjs';
import { launch, newPage } from './browser.mjs';
import { drawJpeg } from './images.mjs';
import { startServer } from './server.mjs';

/** The compact model's manifest. */
export const manifest = JSON.parse(
  await readFile(path.join(root, 'pkg/models/compact/model.json'), 'utf8'),
);

/** The build for the CPU of a machine with relaxed SIMD: it depends on the machine. */
export const CPU_BUILD = /^cpu(-i16)?$/;

/**
 * Turns of the page's event loop in which a cancelled call must be settled. That needs no other
 * process: one turn is enough. What the worker or the network would have to say takes hundreds, the
 * more of them the busier the machine is, so that no clock is needed to tell the two apart.
 */
export const AT_ONCE = 5;

/** Bytes of all its shards. */
export const modelBytes = manifest.shards.reduce((sum, { bytes }) => sum + bytes, 0);

/**
 * A server and a browser for the tests of a file. The properties are there once the tests run.
 *
 * @param {{ webgpu?: boolean, folders?: Record<string, string> }} options
 */
export function packageTests({ folders = {}, ...options } = {}) {
  const tests = {
    server: undefined,
    browser: undefined,

    /**
     * A fresh page with the package. In it: `picture` is a JPEG, `create` a `createDetector` on the
     * CPU, `codeOf` gives the code a promise rejects with, `turnsUntilSettled` the turns of the
     * event loop until it is settled (see `AT_ONCE`).
     */
    async open() {
      const opened = await newPage(tests.browser);
      await opened.page.goto(`${tests.server.url}/package.html`);
      await opened.page.waitForFunction(() => window.clipsight !== undefined);
      const jpeg = await drawJpeg(opened.page);
      await opened.page.evaluate((bytes) => {
        window.picture = new Uint8Array(bytes);
        window.create = (given) => window.clipsight.createDetector({ device: 'cpu', ...given });
        window.codeOf = (promise) =>
          promise.then(
            () => 'no error',
            (error) => {
              if (!(error instanceof window.clipsight.DetectorError))
                return `not a DetectorError: ${error}`;
              return error.message.length > 10
                ? error.code
                : `no message for people: ${error.message}`;
            },
          );
        window.turnsUntilSettled = async (promise) => {
          let open = true;
          const over = () => (open = false);
          promise.then(over, over);
          const { port1, port2 } = new MessageChannel();
          let turns = 0;
          for (; open; turns += 1)
            await new Promise((resolve) => {
              port1.onmessage = resolve;
              port2.postMessage(0);
            });
          port1.close();
          return turns;
        };
      }, jpeg);
      return opened;
    },

    /** Does something on a page of its own and expects its console to stay silent. */
    async inPage(work, argument, { expectProblems = false } = {}) {
      const { page, problems, close } = await tests.open();
      try {
        const result = await page.evaluate(work, argument);
        if (!expectProblems) assert.deepEqual(problems, []);
        return result;
      } finally {
        await close();
      }
    },

    /** While a test runs, answers differently where `match` is part of the path. */
    serving(t, match, answer) {
      t.after(tests.server.override(match, answer));
    },
  };
  before(async () => {
    tests.server = await startServer({ folders });
    tests.browser = await launch(options);
  });
  after(async () => {
    await tests.browser?.close();
    await tests.server?.close();
  });
  return tests;
}
