// Images by address: what is fetched, what is refused, and that the lock comes first.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { launch } from './support/browser.mjs';
import { allSettled, cardText, isReady, openPage, states, VERDICTS } from './support/page.mjs';
import { startServer } from './support/server.mjs';

let browser;
let server;
let site;
const heard = [];
/** The image that the other site has. */
let image;
before(async () => {
  browser = await launch();
  server = await startServer();
  site = createServer((request, response) => {
    heard.push({ url: request.url, headers: request.headers });
    const open = { 'Access-Control-Allow-Origin': '*', 'Content-Type': 'image/jpeg' };
    if (request.url === '/open/photo.jpg') response.writeHead(200, open).end(image);
    else if (request.url === '/closed.jpg')
      response.writeHead(200, { 'Content-Type': 'image/jpeg' }).end(image);
    else if (request.url === '/empty.jpg') response.writeHead(200, open).end();
    else if (request.url === '/page.html') response.writeHead(200, open).end('<p>no image</p>');
    else if (request.url === '/cut.jpg') {
      response.writeHead(200, { ...open, 'Content-Length': String(image.length) });
      response.write(image.subarray(0, 100), () => response.destroy());
    } else if (request.url === '/endless.jpg') {
      response.writeHead(200, open);
      const chunk = Buffer.alloc(1 << 20, 0xff);
      const more = () => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', more);
      more();
    } else response.writeHead(404, open).end();
  });
  await new Promise((resolve) => site.listen(0, '127.0.0.1', resolve));
});
after(async () => {
  await browser?.close();
  await server?.close();
  site?.closeAllConnections();
  await new Promise((resolve) => site.close(resolve));
});

async function ask(page, address) {
  if (await page.isHidden('.address')) await page.click('button:has-text("From an address")');
  await page.fill('.address input', address);
  await page.click('.address button');
}

test('under the lock nothing is fetched; unlocking loads the page anew and then fetches', async () => {
  const { page, problems, jpeg, close } = await openPage(browser, server);
  image = jpeg;
  heard.length = 0;
  const address = `http://localhost:${site.address().port}/open/photo.jpg`;
  await page.click('button:has-text("From an address")');
  assert.match(await page.textContent('.address'), /The network is locked/);
  await page.context().addCookies([{ name: 'who', value: 'me', url: address }]);
  await page.fill('.address input', address);
  assert.deepEqual(heard, []);
  await Promise.all([
    page.waitForEvent('load'),
    page.click('.address button:has-text("Unlock and fetch")'),
  ]);
  await isReady(page);
  await allSettled(page);
  assert.ok(VERDICTS.includes((await states(page))[0]));
  assert.match(await cardText(page), /photo\.jpg/);
  assert.equal(await page.getAttribute('.lock', 'data-state'), 'open');
  assert.deepEqual(problems, []);
  const { headers } = heard.find(({ url }) => url === '/open/photo.jpg');
  assert.equal(headers.cookie, undefined);
  assert.equal(headers.referer, undefined);
  await close();
});

test('whatever is refused says why, and what to do', async () => {
  const { page, close } = await openPage(browser, server, {
    setUp: (opened) => opened.addInitScript(() => sessionStorage.setItem('clipsight.unlocked', '')),
  });
  await page.waitForSelector('.lock[data-state=open]');
  const base = `http://localhost:${site.address().port}`;
  for (const [address, why] of [
    ['not an address', /That is not an address/],
    ['', /That is not an address/],
    ['javascript:alert(1)', /Only addresses that begin with/],
    ['file:///etc/passwd', /Only addresses that begin with/],
    ['ftp://example.org/a.png', /Only addresses that begin with/],
    ['https://user:secret@example.org/a.png', /user name or password/],
    [`${base}/closed.jpg`, /does not let other pages read it \(CORS\)/],
    ['http://localhost:1/a.jpg', /or there is no connection/],
    [`${base}/missing.jpg`, /the error 404/],
    [`${base}/empty.jpg`, /empty file/],
    [`${base}/cut.jpg`, /connection broke/],
    [`${base}/endless.jpg`, /larger than 67\.1 MB/],
  ]) {
    await ask(page, address);
    await page.waitForFunction(
      () => !document.querySelector('.address button[type=submit]').disabled,
    );
    assert.match(await page.textContent('.address .bad:not([hidden])'), why, address);
  }
  // What is fetched but no image is judged as any file is.
  await ask(page, `${base}/page.html`);
  await allSettled(page);
  assert.deepEqual(await states(page), ['error']);
  await close();
});

test('a data: address needs no network, so the lock does not stand in its way', async () => {
  const { page, problems, jpeg, close } = await openPage(browser, server);
  await ask(page, `data:image/jpeg;base64,${jpeg.toString('base64')}`);
  await allSettled(page);
  assert.ok(VERDICTS.includes((await states(page))[0]));
  assert.equal(await page.getAttribute('.lock', 'data-state'), 'locked');
  await ask(page, 'data:image/png;base64,%%%');
  assert.match(await page.textContent('.address .bad:not([hidden])'), /That is not an address/);
  assert.deepEqual(problems, []);
  await close();
});
