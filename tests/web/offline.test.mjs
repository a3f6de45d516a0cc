// Visits without a connection, newer versions, and what is kept on the device: the page's own files
// and nothing else.
import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { root } from '../../scripts/lib/run.mjs';
import { launch } from './support/browser.mjs';
import { allSettled, file, FILES, isReady, openPage, states, VERDICTS } from './support/page.mjs';
import { startServer } from './support/server.mjs';

let browser;
let server;
/** A copy of the page, so that a newer version can be put in its place. */
let folder;
before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'clipsight-offline-'));
  await cp(path.join(root, 'www/dist'), folder, { recursive: true });
  browser = await launch();
  server = await startServer({ folders: { '/': folder } });
});
after(async () => {
  await browser?.close();
  await server?.close();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

const kept = (page) =>
  page.evaluate(async () => {
    const found = [];
    for (const name of await caches.keys()) {
      for (const { url } of await (await caches.open(name)).keys())
        found.push(`${name} ${new URL(url).pathname}`);
    }
    return found;
  });

describe('after one visit', () => {
  test('the page loads, starts and answers without a connection', async () => {
    const { page, problems, jpeg, close } = await openPage(browser, server);
    await page.waitForSelector('footer:has-text("Works offline")');
    await page.setInputFiles(FILES, file('secret-name.jpg', jpeg));
    await allSettled(page);
    const [online] = await states(page);

    await page.context().setOffline(true);
    server.requests.length = 0;
    await page.reload();
    await isReady(page);
    await page.setInputFiles(FILES, file('secret-name.jpg', jpeg));
    await allSettled(page);
    assert.ok(VERDICTS.includes(online));
    assert.deepEqual(await states(page), [online]);
    assert.equal(await page.getAttribute('.lock', 'data-state'), 'locked');
    // Playwright does not cut the browser's own look for a newer service worker off; the page asked
    // for nothing.
    assert.deepEqual(
      server.requests.filter((request) => request !== '/service-worker.js'),
      [],
    );
    assert.deepEqual(problems, []);
    await close();
  });

  test('what is kept are the page’s files and the weights, no image and no name', async () => {
    const { page, jpeg, close } = await openPage(browser, server);
    await page.waitForSelector('footer:has-text("Works offline")');
    await page.setInputFiles(FILES, file('secret-name.jpg', jpeg));
    await allSettled(page);
    const entries = await kept(page);
    const unexpected = entries.filter(
      (entry) =>
        !/^clipsight-page-[0-9a-f]{16} \/($|(main|assets\/[\w-]+)\.[0-9a-f]{20}\.|icon|manifest\.webmanifest)/.test(
          entry,
        ) && !/^clipsight-weights \/(model|shard)-[0-9a-f]{64}$/.test(entry),
    );
    assert.deepEqual(unexpected, []);
    for (const needed of ['/', '.wasm', 'worker.', 'model.', 'main.', 'shard-']) {
      assert.ok(
        entries.some((entry) => entry.includes(needed)),
        needed,
      );
    }
    // Only the program for this device.
    assert.equal(entries.filter((entry) => entry.endsWith('.wasm')).length, 1);
    assert.deepEqual(await page.evaluate(() => indexedDB.databases()), []);
    assert.deepEqual(await page.evaluate(() => Object.keys(localStorage)), ['clipsight.settings']);
    await close();
  });
});

test('a newer version: said, loaded when the visitor wants, the old one’s files are gone', async (t) => {
  const { page, close } = await openPage(browser, server);
  t.after(close);
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  const [before] = await page.evaluate(() => caches.keys());
  assert.ok(await page.isHidden('.update'));

  const html = await readFile(path.join(folder, 'index.html'), 'utf8');
  const worker = path.join(folder, 'service-worker.js');
  await writeFile(path.join(folder, 'index.html'), html.replace('</title>', ' 2</title>'));
  await writeFile(
    worker,
    (await readFile(worker, 'utf8')).replace(/"version":"\w+"/, '"version":"0123456789abcdef"'),
  );
  // The next visit still gets the old one, whole, and is told.
  await page.reload();
  await page.waitForSelector('.update:not([hidden])', { timeout: 30_000 });
  await Promise.all([page.waitForEvent('load'), page.click('.update button')]);
  await isReady(page);
  assert.match(await page.content(), /<meta/);
  const names = await page.evaluate(() => caches.keys());
  assert.ok(names.includes('clipsight-page-0123456789abcdef'), String(names));
  assert.ok(!names.includes(before) || before.startsWith('clipsight-weights'));
  assert.ok(await page.isHidden('.update'));
});

test('a newer version taken in one tab while another is in the middle of its work', async (t) => {
  const { page, jpeg, problems, close } = await openPage(browser, server);
  t.after(close);
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await page.waitForSelector('footer:has-text("Works offline")');
  const other = await page.context().newPage();
  await other.goto(page.url());
  await isReady(other);

  const worker = path.join(folder, 'service-worker.js');
  const script = await readFile(worker, 'utf8');
  await writeFile(worker, script.replace(/"version":"\w+"/, '"version":"fedcba9876543210"'));
  t.after(() => writeFile(worker, script));
  await other.reload();
  await other.waitForSelector('.update:not([hidden])', { timeout: 30_000 });

  // The old version's files go in the midst of this.
  const many = Array.from({ length: 14 }, (_, index) => file(`${index}.jpg`, jpeg));
  await page.setInputFiles(FILES, many);
  await Promise.all([other.waitForEvent('load'), other.click('.update button')]);
  await isReady(other);
  await allSettled(page);
  const seen = await states(page);
  assert.equal(seen.length, many.length);
  assert.ok(
    seen.every((state) => VERDICTS.includes(state)),
    seen.join(),
  );
  assert.equal(await page.getAttribute('.lock', 'data-state'), 'locked');
  // This tab goes on as it is, until its visitor wants the new version, too.
  assert.ok(await page.isVisible('.update'));
  await page.setInputFiles(FILES, file('later.jpg', jpeg));
  await allSettled(page);
  assert.equal((await states(page)).length, many.length + 1);
  await Promise.all([page.waitForEvent('load'), page.click('.update button')]);
  await isReady(page);
  assert.ok(await page.isHidden('.update'));
  assert.deepEqual(problems, []);
});

test('an origin whose storage is full: the page works, and every image has its result', async () => {
  const { page, jpeg, problems, close } = await openPage(browser, server, {
    settings: { history: true },
    setUp: async (opened) => {
      const client = await opened.context().newCDPSession(opened);
      const quotaSize = 200_000;
      await client.send('Storage.overrideQuotaForOrigin', { origin: server.url, quotaSize });
    },
  });
  const many = Array.from({ length: 8 }, (_, index) => file(`${index}.jpg`, jpeg));
  await page.setInputFiles(FILES, many);
  await allSettled(page);
  const seen = await states(page);
  assert.equal(seen.length, many.length);
  assert.ok(
    seen.every((state) => VERDICTS.includes(state)),
    seen.join(),
  );
  assert.ok(await page.isHidden('footer:has-text("Works offline")'));
  // What the browser itself says of a service worker that cannot store its files is no fault.
  assert.deepEqual(
    problems.filter((problem) => !/QuotaExceeded|quota/i.test(problem)),
    [],
  );
  await close();
});

test('it can be installed: a manifest with icons that are what they say', async () => {
  const manifest = JSON.parse(
    await readFile(path.join(root, 'www/dist/manifest.webmanifest'), 'utf8'),
  );
  assert.equal(manifest.display, 'standalone');
  for (const { src, sizes } of manifest.icons) {
    const png = await readFile(path.join(root, 'www/dist', src));
    assert.equal(`${png.readUInt32BE(16)}x${png.readUInt32BE(20)}`, sizes, src);
  }
  assert.ok(manifest.icons.some(({ purpose }) => purpose === 'maskable'));
  assert.ok((await readdir(path.join(root, 'www/dist/icons'))).includes('apple-touch-180.png'));
});

test('without storage and service workers the page works all the same', async () => {
  const { page, jpeg, close } = await openPage(browser, server, {
    serviceWorkers: 'block',
    setUp: (opened) =>
      opened.addInitScript(() => {
        const refuse = () => Promise.reject(new DOMException('no storage', 'SecurityError'));
        for (const name of ['open', 'keys', 'match', 'has', 'delete'])
          CacheStorage.prototype[name] = refuse;
        IDBFactory.prototype.open = () => {
          throw new DOMException('no storage', 'SecurityError');
        };
        Storage.prototype.setItem = () => {
          throw new DOMException('no storage', 'SecurityError');
        };
      }),
  });
  await page.setInputFiles(FILES, file('one.jpg', jpeg));
  await allSettled(page);
  assert.ok(VERDICTS.includes((await states(page))[0]));
  assert.ok(await page.isHidden('footer:has-text("Works offline")'));
  await page.click('button[aria-label=History]');
  await page.waitForSelector('dialog .notice:has-text("any storage")');
  await close();
});
