// What was shown is what is checked: servers that give the extension, which sends no cookies, other
// bytes than the page got; formats that the browser shows and the detector does not read; servers
// that never come to an end.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { buildExtension, folderOf } from '../../scripts/lib/extension.mjs';
import { launchExtension, settled, startSites } from './support/extension.mjs';
import { scenePath } from './support/images.mjs';

const html = (body) => ({ type: 'text/html', body: `<!doctype html><title>page</title>${body}` });

/** An icon file around a PNG: browsers show it, the detector reads none. */
function icon(png) {
  const head = Buffer.alloc(22);
  head.writeUInt16LE(1, 2);
  head.writeUInt16LE(1, 4);
  head.writeUInt16LE(1, 10);
  head.writeUInt16LE(32, 12);
  head.writeUInt32LE(png.length, 14);
  head.writeUInt32LE(head.length, 18);
  return Buffer.concat([head, png]);
}

let sites;
let extension;
let panel;
let page;
before(
  async () => {
    await buildExtension();
    const [portrait, sea, thumbnail] = await Promise.all(
      ['portrait.jpg', 'sea.webp', 'thumbnail.png'].map((name) => readFile(scenePath(name))),
    );
    const jpeg = (body) => ({ type: 'image/jpeg', body });
    const login = { type: 'text/html', body: '<!doctype html><title>Log in</title>' };
    /** One thing for the page, which has the cookie, another for who has none. */
    const either = (visitor, stranger) => (request, response) => {
      const { type, body } = request.headers.cookie === 'session=1' ? visitor : stranger;
      response.writeHead(200, { 'Content-Type': type, 'Cache-Control': 'no-store' }).end(body);
    };
    const answers = {
      '/same.jpg': either(jpeg(portrait), jpeg(portrait)),
      '/other.jpg': either(jpeg(portrait), { type: 'image/webp', body: sea }),
      '/placeholder.jpg': either(jpeg(portrait), { type: 'image/png', body: thumbnail }),
      '/login.jpg': either(jpeg(portrait), login),
      '/redirected.jpg': (request, response) =>
        request.headers.cookie === 'session=1'
          ? response.writeHead(200, { 'Content-Type': 'image/jpeg' }).end(portrait)
          : response.writeHead(302, { Location: '/login.html' }).end(),
      '/login.html': login,
      '/drawing.svg': {
        type: 'image/svg+xml',
        body:
          '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="300">' +
          '<rect width="200" height="150" fill="#842"/></svg>',
      },
      '/trickle.jpg': (_, response) => {
        response.writeHead(200, { 'Content-Type': 'image/jpeg' });
        const timer = setInterval(() => response.write('x'), 40);
        response.on('close', () => clearInterval(timer));
      },
      '/never.jpg': () => undefined,
    };
    sites = await startSites(answers);
    for (const name of Object.keys(answers).filter((file) => !file.endsWith('.html')))
      answers[`${name}.html`] = html(`<img src="${name}" style="width:400px">`);
    answers['/dense.html'] = html('<img srcset="/same.jpg 2x" style="width:400px">');
    answers['/dense-other.html'] = html('<img srcset="/other.jpg 2x" style="width:400px">');
    answers['/below.html'] = html(
      '<img src="/other.jpg" style="width:400px;display:block;margin-top:9000px">',
    );
    extension = await launchExtension({ folder: folderOf('chrome') });
    await extension.context.addCookies([
      { name: 'session', value: '1', domain: 'site.test', path: '/' },
    ]);
    panel = await extension.panel();
    page = await extension.context.newPage();
    // The browser is asked to make the picture: what Chromium itself can show.
    const png = await page.evaluate(
      async (bytes) => {
        const bitmap = await createImageBitmap(new Blob([new Uint8Array(bytes)]));
        const canvas = new OffscreenCanvas(200, 250);
        canvas.getContext('2d').drawImage(bitmap, 0, 0, 200, 250);
        const blob = await canvas.convertToBlob();
        return [...new Uint8Array(await blob.arrayBuffer())];
      },
      [...portrait],
    );
    answers['/picture.ico'] = { type: 'image/x-icon', body: icon(Buffer.from(png)) };
    answers['/picture.ico.html'] = html('<img src="/picture.ico" style="width:400px">');
  },
  { timeout: 600_000 },
);
after(async () => {
  await extension?.close();
  await sites?.close();
});

async function check(file, image, wait = 'load') {
  await page.goto(sites.url('site.test', file), { waitUntil: wait });
  await panel.evaluate(() => document.querySelector('.bar button').click());
  await extension.gesture(page);
  await extension.check(page, sites.url('site.test', image));
  return settled(panel);
}

describe('bytes that are what the page shows', () => {
  for (const [name, file] of Object.entries({
    'of the same size': '/same.jpg.html',
    'of twice the density': '/dense.html',
  })) {
    test(`${name}: they are checked`, async () => {
      const { error, analysis } = await check(file, '/same.jpg');
      assert.equal(error, null, JSON.stringify(error));
      assert.equal(analysis.input.fidelity, 'original-bytes');
      assert.deepEqual([analysis.file.width, analysis.file.height], [320, 400]);
    });
  }
});

describe('bytes that are not: what is visible is checked, and that is said', () => {
  const cases = {
    'another size': ['/other.jpg.html', '/other.jpg'],
    'another size, of twice the density': ['/dense-other.html', '/other.jpg'],
    'a placeholder': ['/placeholder.jpg.html', '/placeholder.jpg'],
    'a login page': ['/login.jpg.html', '/login.jpg'],
    'a redirect to a login page': ['/redirected.jpg.html', '/redirected.jpg'],
    'a drawing, which the detector does not read': ['/drawing.svg.html', '/drawing.svg'],
    'a format that the browser shows and the detector does not read': [
      '/picture.ico.html',
      '/picture.ico',
    ],
  };
  for (const [name, [file, image]] of Object.entries(cases)) {
    test(name, async () => {
      const { error, analysis } = await check(file, image);
      assert.equal(error, null, JSON.stringify(error));
      assert.equal(analysis.input.fidelity, 'screen-capture');
      assert.equal(analysis.file.format, 'png');
      assert.equal(analysis.file.width, 400);
    });
  }

  test('not visible either: an error that says so, and no verdict on another image', async () => {
    const { error, analysis } = await check('/below.html', '/other.jpg');
    assert.equal(analysis ?? null, null);
    assert.equal(error.code, 'unsupported');
    assert.match(error.message, /another image than the one on the page/);
  });
});

describe('a server that keeps the connection open for ever', () => {
  for (const image of ['/never.jpg', '/trickle.jpg']) {
    test(`${image}: network, and that it took too long`, async () => {
      // Half a minute becomes a third of a second.
      await extension.worker.evaluate(() => {
        const later = setTimeout;
        if (globalThis.hasty) return;
        globalThis.hasty = true;
        globalThis.setTimeout = (work, ms, ...given) =>
          later(work, ms === 30000 ? ms / 100 : ms, ...given);
      });
      const { error } = await check(`${image}.html`, image, 'commit');
      assert.equal(error.code, 'network');
      assert.match(error.message, /took too long/);
    });
  }
});
