// The network lock: every way out is tried, from the page and from inside the detector's own
// worker, and only a server can tell whether it was one. Each probe is first shown to arrive where
// there is no lock.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { launch, newPage } from './support/browser.mjs';
import { sceneFile, scenes } from './support/images.mjs';
import { allSettled, file, FILES, isReady, openPage } from './support/page.mjs';
import { tryAllFromPage, tryAllFromWorker } from './support/probes.mjs';
import { startServer } from './support/server.mjs';

/** A page without any policy, for the control. */
const CONTROL = '<!doctype html><meta charset="utf-8"><title>control</title><body>';

let browser;
let server;
let spy;
before(async () => {
  browser = await launch();
  server = await startServer();
  spy = await startSpy();
});
after(async () => {
  await browser?.close();
  await server?.close();
  await spy?.close();
});

/**
 * A server of another origin that lets everybody in and remembers all that arrives, and a STUN
 * server's ear.
 */
async function startSpy() {
  const seen = [];
  const http = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    seen.push(pathname);
    const page = pathname === '/control.html';
    response.writeHead(200, {
      'Content-Type': page ? 'text/html' : 'text/javascript',
      'Access-Control-Allow-Origin': '*',
      'Service-Worker-Allowed': '/',
      'Cache-Control': 'no-store',
    });
    response.end(page ? CONTROL : '');
  });
  http.on('upgrade', (request, socket) => {
    seen.push(request.url);
    socket.destroy();
  });
  await new Promise((resolve) => http.listen(0, '127.0.0.1', resolve));
  const udp = createSocket('udp4');
  udp.on('message', () => seen.push('/stun'));
  await new Promise((resolve) => udp.bind(0, '127.0.0.1', resolve));
  return {
    url: `http://localhost:${http.address().port}`,
    stun: `127.0.0.1:${udp.address().port}`,
    seen,
    /** Which of the tried ways arrived. */
    arrived: (prefix, tried) =>
      tried.filter((name) => seen.includes(name === 'rtc' ? '/stun' : `${prefix}${name}`)).sort(),
    close() {
      http.closeAllConnections();
      udp.close();
      return new Promise((resolve) => http.close(resolve));
    },
  };
}

/**
 * What arrived at the page's own server since `from`; the browser looks for a newer service worker
 * when it likes.
 */
const asked = (from) =>
  server.requests.slice(from).filter((request) => request !== '/service-worker.js');

test('control: without a lock every probe arrives', async (t) => {
  const { page, close } = await newPage(browser);
  t.after(close);
  await page.goto(`${spy.url}/control.html`);
  spy.seen.length = 0;
  const base = `${spy.url}/page/`;
  const tried = await page.evaluate(tryAllFromPage, { base, stun: spy.stun });
  assert.deepEqual(spy.arrived('/page/', tried), [...tried].sort());

  const started = page.waitForEvent('worker', (worker) => worker.url().startsWith('blob:'));
  await page.evaluate(
    () => new Worker(URL.createObjectURL(new Blob(['0'], { type: 'text/javascript' }))),
  );
  const worker = await started;
  spy.seen.length = 0;
  const fromWorker = await worker.evaluate(tryAllFromWorker, {
    base: `${spy.url}/worker/`,
    stun: spy.stun,
  });
  // There is no WebRTC in workers; what STUN still hears comes from the page.
  const ways = fromWorker.filter((name) => name !== 'rtc');
  assert.deepEqual(spy.arrived('/worker/', ways), ways.sort());
});

describe('the page', () => {
  test('is locked before the first image, and shows it', async () => {
    const { page, problems, close } = await openPage(browser, server);
    assert.equal(await page.getAttribute('.lock', 'data-state'), 'locked');
    assert.match(await page.textContent('.lock [role=status]'), /Network locked/);
    assert.deepEqual(problems, []);
    // A person can see for herself.
    await page.click('.lock button');
    await page.click('dialog button:has-text("Try it")');
    await page.waitForSelector('dialog .notice:has-text("Refused by the browser")');
    await close();
  });

  test('over 50 images nothing arrives anywhere, however hard page and worker try', async () => {
    const { page, close } = await openPage(browser, server);
    const from = server.requests.length;
    spy.seen.length = 0;
    const images = await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        const scene = await sceneFile(scenes[i % scenes.length]);
        return { ...scene, name: `${i}-${scene.name}` };
      }),
    );
    await page.setInputFiles(FILES, images);
    const [worker] = page.workers();
    assert.ok(worker.url().startsWith('blob:'), 'started from memory');
    const probes = (tag) => [
      page.evaluate(tryAllFromPage, { base: `${spy.url}/${tag}/`, stun: spy.stun }),
      page.evaluate(tryAllFromPage, { base: `${server.url}/${tag}-own/`, stun: spy.stun }),
      worker.evaluate(tryAllFromWorker, { base: `${spy.url}/${tag}/`, stun: spy.stun }),
      worker.evaluate(tryAllFromWorker, { base: `${server.url}/${tag}-own/`, stun: spy.stun }),
    ];
    await Promise.all(probes('during'));
    await allSettled(page);
    assert.match(await page.textContent('.count'), /50 of 50 done/);
    await Promise.all(probes('after'));
    assert.deepEqual(spy.seen, [], 'the other origin');
    // The service worker's own doing, for the scenes that the page cannot read without.
    assert.match(asked(from).join(), /^\/assets\/extra\.[0-9a-f]+\.wasm$/, 'its own');
    await close();
  });

  test('cannot use the service worker as a way out', async () => {
    const { page, close } = await openPage(browser, server);
    await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
    const from = server.requests.length;
    spy.seen.length = 0;
    await page.evaluate(
      async ([other, own]) => {
        const { controller } = navigator.serviceWorker;
        for (const files of [
          [`${other}/sw`],
          [`${own}/sw`],
          ['sw?secret'],
          '__proto__',
          null,
          [null],
          'x'.repeat(1e6),
        ]) {
          controller.postMessage({ type: 'keep', files });
        }
        for (const message of [
          null,
          1,
          'activate',
          { type: 'fetch', url: `${other}/sw` },
          { type: '__proto__' },
        ])
          controller.postMessage(message);
        await Promise.allSettled([
          fetch(`${own}/?secret`),
          fetch(`${own}/main.js?secret`),
          fetch(`${own}/unknown`),
        ]);
        await new Promise((resolve) => setTimeout(resolve, 1000));
      },
      [spy.url, server.url],
    );
    assert.deepEqual(spy.seen, []);
    assert.deepEqual(asked(from), []);
    await close();
  });

  test('unlocked it reaches the network, and can be locked again with a worker that never had one', async () => {
    const { page, problems, jpeg, close } = await openPage(browser, server);
    await page.click('.lock button');
    await Promise.all([page.waitForEvent('load'), page.click('dialog button:has-text("Unlock")')]);
    await isReady(page);
    assert.equal(await page.getAttribute('.lock', 'data-state'), 'open');
    // The control on the page itself: what its standing policy allows arrives.
    spy.seen.length = 0;
    const tried = await page.evaluate(tryAllFromPage, { base: `${spy.url}/open/`, stun: spy.stun });
    const arrived = spy.arrived('/open/', tried);
    for (const name of ['fetch', 'xhr', 'event-source', 'beacon', 'rtc'])
      assert.ok(arrived.includes(name), name);
    problems.length = 0;

    const [before] = page.workers();
    await page.click('.lock button:has-text("Lock now")');
    await page.waitForSelector('.lock[data-state=locked]');
    await page.waitForSelector('.status[data-state=ready]');
    const [worker, ...others] = page.workers();
    assert.notEqual(worker, before);
    assert.deepEqual(others, []);
    await page.setInputFiles(FILES, file('again.jpg', jpeg));
    await allSettled(page);
    assert.deepEqual(problems, []);
    spy.seen.length = 0;
    await page.evaluate(tryAllFromPage, { base: `${spy.url}/relocked/`, stun: spy.stun });
    await worker.evaluate(tryAllFromWorker, { base: `${spy.url}/relocked/`, stun: spy.stun });
    assert.deepEqual(spy.seen, []);

    // The next visit is locked from the start.
    await page.reload();
    await isReady(page);
    assert.equal(await page.getAttribute('.lock', 'data-state'), 'locked');
    await close();
  });

  test('before the lock it reaches its own server only', async (t) => {
    let release;
    const held = new Promise((resolve) => (release = resolve));
    t.after(
      server.override('.safetensors', async (bytes) => {
        await held;
        return bytes;
      }),
    );
    const { page, close } = await openPage(browser, server, { ready: false });
    await page.waitForFunction(() => document.querySelector('.status progress') !== null);
    spy.seen.length = 0;
    const from = server.requests.length;
    await page.evaluate(tryAllFromPage, { base: `${spy.url}/early/`, stun: spy.stun });
    assert.deepEqual(
      spy.seen.filter((request) => request !== '/stun'),
      [],
    );
    // A control: its own server is reached.
    await page.evaluate(() => fetch('./early-own').catch(() => undefined));
    assert.ok(server.requests.slice(from).includes('/early-own'));
    release();
    await page.waitForSelector('.lock[data-state=locked]');
    await close();
  });
});
