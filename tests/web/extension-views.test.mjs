// What one sees of the extension, and what reaches its parts: panel, popup, overlays, the sandboxed
// frame, forged messages. Screenshots go to tests/web/out, to be looked at.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { MIN_GRADED_SIDE } from 'clipsight';
import { buildExtension, folderOf } from '../../scripts/lib/extension.mjs';
import { out } from './support/browser.mjs';
import { drawJpeg } from './support/images.mjs';
import { launchExtension, settled, startSites, variant } from './support/extension.mjs';
import { verified } from './support/receipts.mjs';

const axe = fileURLToPath(import.meta.resolve('axe-core/axe.min.js'));

before(() => buildExtension(), { timeout: 600_000 });

/** What axe finds: nothing is what there should be. */
async function violations(page) {
  // As a function of the browser's, not of the page: its policy allows no scripts but its own.
  await page.evaluate(await readFile(axe, 'utf8'));
  const { violations: found } = await page.evaluate(() => window.axe.run());
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
}

async function jpegOf(page) {
  return Buffer.from(await drawJpeg(page, 7));
}

/** A PNG with something in it, as a file to be chosen. */
async function pngOf(page, width, height) {
  const bytes = await page.evaluate(
    async (size) => {
      const canvas = Object.assign(document.createElement('canvas'), size);
      const context = canvas.getContext('2d');
      for (let i = 0; i < 40; i += 1) {
        context.fillStyle = `hsl(${(i * 67) % 360} 60% ${20 + ((i * 13) % 60)}%)`;
        context.fillRect((i * 29) % size.width, (i * 17) % size.height, 20, 20);
      }
      const blob = await new Promise((resolve) => canvas.toBlob(resolve, 'image/png'));
      return [...new Uint8Array(await blob.arrayBuffer())];
    },
    { width, height },
  );
  const name = `${width}x${height}.png`;
  return { name, mimeType: 'image/png', buffer: Buffer.from(bytes) };
}

describe('panel and popup', () => {
  for (const { name, language, colorScheme = 'light' } of [
    { name: 'light' },
    { name: 'dark', language: 'de', colorScheme: 'dark' },
    { name: 'rtl', language: 'ar' },
  ]) {
    test(`${name}: empty, results, an error; by accessibility rules`, async (t) => {
      const extension = await launchExtension({
        folder: folderOf('chrome'),
        language,
        colorScheme,
        viewport: { width: 400, height: 900 },
      });
      t.after(() => extension.close());
      const problems = [];
      for (const file of ['panel', 'popup']) {
        const page = await extension.context.newPage();
        page.on('console', (message) => problems.push(message.text()));
        page.on('pageerror', (error) => problems.push(error.message));
        await page.goto(extension.address(`${file}.html`));
        await page.waitForSelector('.intake button');
        assert.equal(
          await page.evaluate(() => document.documentElement.dir),
          name === 'rtl' ? 'rtl' : 'ltr',
        );
        assert.deepEqual(await violations(page), []);
        await page.screenshot({ path: path.join(out, `extension-${file}-${name}-empty.png`) });
        const buffer = await jpegOf(page);
        const hostile = '<img src=x onerror=alert(1)>\u202egpj.exe';
        await page.setInputFiles('input[type=file]', [
          { name: 'text.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('no image') },
          { name: hostile, mimeType: 'image/jpeg', buffer },
        ]);
        const newest = await settled(page, { count: 2 });
        assert.ok(
          ['weak', 'moderate', 'strong', 'very-strong', 'abstained'].includes(newest.state),
          newest.state,
        );
        assert.equal(newest.name, hostile);
        assert.equal(newest.info.device, 'cpu');
        if (file === 'panel')
          await page.evaluate(() => (document.querySelector('.settings').open = true));
        assert.deepEqual(await violations(page), []);
        const overflow = () =>
          document.documentElement.scrollWidth - document.documentElement.clientWidth;
        assert.equal(await page.evaluate(overflow), 0);
        await page.screenshot({
          path: path.join(out, `extension-${file}-${name}.png`),
          fullPage: true,
        });
        // Only the image has a receipt, the error has none.
        const receipts = page.locator('ai-image-result [slot=actions]');
        assert.equal(await receipts.count(), 1);
        const [download] = await Promise.all([page.waitForEvent('download'), receipts.click()]);
        const { status, answer } = await verified(await readFile(await download.path()), buffer);
        assert.deepEqual([status, answer?.outcome], [0, 'equal'], JSON.stringify(answer));
      }
      assert.deepEqual(problems, []);
    });
  }

  test('the smallest image that is graded is the one that the extension cuts out', async (t) => {
    const extension = await launchExtension({ folder: folderOf('chrome') });
    t.after(() => extension.close());
    const page = await extension.panel();
    for (const [width, count] of [
      [MIN_GRADED_SIDE - 1, 1],
      [MIN_GRADED_SIDE, 2],
    ]) {
      await page.setInputFiles('input[type=file]', await pngOf(page, width, 100));
      const { analysis, name } = await settled(page, { count });
      assert.equal(name, `${width}x100.png`);
      assert.equal(analysis.model.reason === 'too-small', width < MIN_GRADED_SIDE, name);
    }
  });

  test('images dropped and pasted; taken away by keyboard', async (t) => {
    const extension = await launchExtension({
      folder: folderOf('chrome'),
      viewport: { width: 400, height: 900 },
    });
    t.after(() => extension.close());
    const page = await extension.context.newPage();
    await page.goto(extension.address('popup.html'));
    // Drawn once it listens.
    await page.waitForSelector('main');
    const bytes = [...(await jpegOf(page))];
    const give = (kind) =>
      page.evaluate(([type, content]) => {
        const transfer = new DataTransfer();
        if (content !== null)
          transfer.items.add(
            new File([new Uint8Array(content)], 'image.png', { type: 'image/jpeg' }),
          );
        const event =
          type === 'paste'
            ? new ClipboardEvent('paste', { clipboardData: transfer })
            : new DragEvent('drop', { dataTransfer: transfer, cancelable: true });
        document.dispatchEvent(event);
      }, kind);
    await give(['drop', bytes]);
    await settled(page, { count: 1 });
    await give(['paste', bytes]);
    const pasted = await settled(page, { count: 2 });
    assert.equal(pasted.name, 'Pasted image');
    await give(['drop', null]);
    assert.match(await page.textContent('[role=alert]'), /not an image file/);
    await page.focus('ai-image-result >> .close');
    await page.keyboard.press('Enter');
    assert.equal(await page.locator('ai-image-result').count(), 1);
  });
});

describe('the sandboxed frame', () => {
  let extension;
  let host;
  let frame;
  let server;
  const reached = [];
  before(async () => {
    server = createServer((request, response) => {
      reached.push(request.url);
      response.writeHead(200, { 'Access-Control-Allow-Origin': '*' }).end();
    });
    server.on('upgrade', (request, socket) => {
      reached.push(request.url);
      socket.destroy();
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    extension = await launchExtension({ folder: folderOf('chrome') });
    // The host in a tab; a picture has it make the frame.
    host = await extension.context.newPage();
    await host.goto(extension.address('offscreen.html'));
    const popup = await extension.context.newPage();
    await popup.goto(extension.address('popup.html'));
    await popup.setInputFiles('input[type=file]', {
      name: 'a.jpg',
      mimeType: 'image/jpeg',
      buffer: await jpegOf(popup),
    });
    await settled(popup);
    frame = host.frames().find((candidate) => candidate.url().endsWith('/sandbox.html'));
    assert.ok(frame !== undefined);
  });
  after(async () => {
    await extension?.close();
    server?.closeAllConnections();
    server?.close();
  });

  /** Tries to tell the server something in every way there is. */
  const probe = async (where, name) => {
    reached.length = 0;
    await where.evaluate(
      async ([address, label]) => {
        const to = (kind) => `${address}/${label}-${kind}`;
        const attempts = [
          () => fetch(to('fetch'), { mode: 'no-cors' }),
          () => navigator.sendBeacon(to('beacon'), 'x'),
          () => new WebSocket(to('socket').replace('http', 'ws')),
          () => (new Image().src = to('image')),
          () => new EventSource(to('events')),
          () => {
            const request = new XMLHttpRequest();
            request.open('GET', to('xhr'));
            request.send();
          },
          () =>
            document.documentElement.append(
              Object.assign(document.createElement('script'), { src: to('script') }),
            ),
          () =>
            document.documentElement.append(
              Object.assign(document.createElement('link'), {
                rel: 'stylesheet',
                href: to('style'),
              }),
            ),
          () =>
            document.documentElement.append(
              Object.assign(document.createElement('iframe'), { src: to('frame') }),
            ),
          () => window.open(to('window')),
          () => import(to('module')),
          () =>
            new Worker(
              URL.createObjectURL(new Blob([`fetch("${to('worker')}", { mode: 'no-cors' })`])),
            ),
        ];
        for (const attempt of attempts) {
          try {
            await Promise.race([attempt(), new Promise((resolve) => setTimeout(resolve, 300))]);
          } catch {
            // Refused, as it should be.
          }
        }
        await new Promise((resolve) => setTimeout(resolve, 500));
      },
      [`http://127.0.0.1:${server.address().port}`, name],
    );
    return reached.map((url) => url.replace(`/${name}-`, '')).sort();
  };

  test('reaches no server in any way, while the same attempts of a page do', async () => {
    assert.deepEqual(await probe(frame, 'frame'), []);
    const page = await extension.context.newPage();
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    const heard = await probe(page, 'page');
    for (const kind of [
      'fetch',
      'beacon',
      'socket',
      'image',
      'events',
      'xhr',
      'script',
      'style',
      'frame',
      'module',
      'worker',
    ]) {
      assert.ok(heard.includes(kind), kind);
    }
  });

  test('cannot take its pixels along by going elsewhere', async () => {
    reached.length = 0;
    const copy = await host.evaluateHandle(async () => {
      const other = document.createElement('iframe');
      other.src = 'sandbox.html';
      document.body.append(other);
      await new Promise((resolve) => (other.onload = resolve));
      return other;
    });
    const other = await copy.asElement().contentFrame();
    await other
      .evaluate((address) => {
        location.href = address;
      }, `http://127.0.0.1:${server.address().port}/navigated`)
      .catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 800));
    assert.deepEqual(reached, []);
  });

  test('has no extension API, and an origin of its own', async () => {
    const found = await frame.evaluate(() => ({
      runtime: typeof globalThis.chrome?.runtime,
      origin: self.origin,
    }));
    assert.equal(found.runtime, 'undefined');
    assert.equal(found.origin, 'null');
  });

  test('forged messages to it are not answered', async () => {
    const answered = await host.evaluate(async () => {
      const inner = document.querySelector('iframe').contentWindow;
      const { port1, port2 } = new MessageChannel();
      let answers = 0;
      port1.onmessage = () => (answers += 1);
      addEventListener('message', () => (answers += 1));
      // The connection is made: a second one is not taken, from wherever it comes.
      inner.postMessage('clipsight-connect', '*', [port2]);
      for (const message of [
        null,
        1,
        'x'.repeat(1 << 20),
        { call: 'analyze' },
        { id: 0, call: 'analyze', bytes: 'x' },
        { __proto__: null },
      ]) {
        inner.postMessage(message, '*');
        port1.postMessage(message);
      }
      await new Promise((resolve) => setTimeout(resolve, 500));
      return answers;
    });
    assert.equal(answered, 0);
  });

  test('takes its one port from the page that holds it only', async () => {
    // A sandboxed frame beside it has the same parent, and knows the word.
    const answers = await host.evaluate(async () => {
      const make = async () => {
        const one = document.createElement('iframe');
        one.src = 'sandbox.html';
        document.body.append(one);
        await new Promise((resolve) => (one.onload = resolve));
        return one;
      };
      await make();
      await make();
      return window.frames.length;
    });
    assert.ok(answers >= 2);
    const fresh = host.frames().filter((candidate) => candidate.url().endsWith('/sandbox.html'));
    const heard = await fresh.at(-1).evaluate(async () => {
      const target = parent.frames[parent.frames.length - 2];
      const { port1, port2 } = new MessageChannel();
      let answered = false;
      port1.onmessage = () => (answered = true);
      target.postMessage('clipsight-connect', '*', [port2]);
      port1.postMessage({
        id: 1,
        call: 'analyze',
        bytes: new ArrayBuffer(8),
        fidelity: 'original-bytes',
      });
      await new Promise((resolve) => setTimeout(resolve, 500));
      return answered;
    });
    assert.equal(heard, false);
  });
});

describe('forged messages', () => {
  test('from a page and from another extension: nobody hears them', async (t) => {
    const other = await mkdtemp(path.join(os.tmpdir(), 'clipsight-other-'));
    t.after(() => rm(other, { recursive: true }));
    await writeFile(
      path.join(other, 'manifest.json'),
      JSON.stringify({
        manifest_version: 3,
        name: 'other',
        version: '1',
        background: { service_worker: 'other.js' },
      }),
    );
    await writeFile(path.join(other, 'other.js'), 'self.ready = true;');
    const sites = await startSites({
      '/': { type: 'text/html', body: '<link rel="icon" href="data:,"><p>page' },
    });
    t.after(() => sites.close());
    const extension = await launchExtension({ folder: folderOf('chrome'), others: [other] });
    t.after(() => extension.close());
    const panel = await extension.panel();
    const job = { id: 'forged', windowId: 1, name: 'forged' };
    const messages = [
      { kind: 'overlay', address: 'http://127.0.0.1/x' },
      { kind: 'panel', windowId: 1 },
      { kind: 'wake' },
      { kind: 'job', job },
      'x'.repeat(1 << 20),
      null,
    ];
    const foreign = extension.context
      .serviceWorkers()
      .find((worker) => worker.url().includes(extension.otherIds[0]));
    const answers = await foreign.evaluate(
      ([id, all]) =>
        Promise.all(
          all.map((message) =>
            chrome.runtime.sendMessage(id, message).then(String, (error) => error.message),
          ),
        ),
      [extension.id, messages],
    );
    for (const answer of answers) assert.match(answer, /Receiving end does not exist/);

    const page = await extension.context.newPage();
    await page.goto(sites.url('site.test', '/'));
    await page.evaluate((all) => {
      const channel = new BroadcastChannel('clipsight');
      for (const message of all) {
        channel.postMessage(message);
        window.postMessage(message, '*');
      }
    }, messages);
    assert.equal(
      await page.evaluate(() => typeof globalThis.chrome?.runtime?.sendMessage),
      'undefined',
    );
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.equal(await panel.locator('ai-image-result').count(), 0);

    // A control, and what the panel does with nonsense from its own origin: a job that is one is
    // shown, all else is not.
    const ours = await extension.context.newPage();
    await ours.goto(extension.address('popup.html'));
    const shown = await ours.evaluate(
      async ([forged, all]) => {
        const { id: windowId } = await chrome.windows.getCurrent();
        const channel = new BroadcastChannel('clipsight');
        for (const message of [
          ...all,
          { kind: 'job', job: { ...forged, windowId: 'x' } },
          { kind: 'job', job: { ...forged, id: {} } },
        ])
          channel.postMessage(message);
        channel.postMessage({
          kind: 'job',
          job: { ...forged, windowId, outcome: { analysis: { model: {} } } },
        });
        channel.postMessage({ kind: 'job', job: { ...forged, windowId } });
        return windowId;
      },
      [{ ...job, windowId: 0 }, messages.filter((message) => message?.kind !== 'job')],
    );
    assert.equal(typeof shown, 'number');
    await panel.waitForFunction(
      () => document.querySelectorAll('ai-image-result').length > 0,
      undefined,
      {
        polling: 50,
      },
    );
    assert.equal(await panel.locator('ai-image-result').count(), 1);
    assert.equal(
      await panel.evaluate(() => document.querySelector('ai-image-result').state),
      'waiting',
    );
  });
});

describe('overlays', () => {
  test('off by default; on for one site; a mark on each image; gone when turned off', async (t) => {
    const jpegs = [];
    const answers = {
      '/image.jpg': (request, response) =>
        response.writeHead(200, { 'Content-Type': 'image/jpeg' }).end(jpegs[0]),
      '/page.html': {
        type: 'text/html',
        headers: { 'Content-Security-Policy': "default-src 'none'; img-src *" },
        body: `<!doctype html><link rel="icon" href="data:,">
          <img src="/image.jpg" width="300"><p><img src="/image.jpg" width="40">`,
      },
    };
    const sites = await startSites(answers);
    t.after(() => sites.close());
    // As after the visitor's yes to this site.
    const copy = await variant(folderOf('chrome'), { host_permissions: ['http://site.test/*'] });
    t.after(() => copy.remove());
    const extension = await launchExtension({
      folder: copy.folder,
      viewport: { width: 700, height: 600 },
    });
    t.after(() => extension.close());
    const page = await extension.context.newPage();
    jpegs.push(await jpegOf(page));
    await page.goto(sites.url('site.test', '/page.html'));
    const ours = () =>
      [...document.documentElement.children]
        .filter(({ localName }) => localName !== 'head' && localName !== 'body')
        .map(({ outerHTML, shadowRoot }) => [outerHTML, shadowRoot]);
    assert.deepEqual(await page.evaluate(ours), []);

    // The popup of this tab, with the box that the visitor ticks.
    const popup = await extension.popup(page);
    const until = (found) => `(async () => {
      while (!(${found})) await new Promise((resolve) => setTimeout(resolve, 20));
      return true;
    })()`;
    await popup(until("document.querySelector('#marks')"));
    assert.match(
      await popup("document.querySelector('.marks label').textContent"),
      /Mark images on .*site\.test/,
    );
    await popup("document.querySelector('#marks').click()");
    await page.waitForFunction(() => document.documentElement.children.length > 2, undefined, {
      polling: 50,
    });
    // A closed shadow root, no attribute, no name: nothing that a page could read in it.
    assert.deepEqual(await page.evaluate(ours), [['<div></div>', null]]);
    await page.bringToFront();
    // The tools for developers see into closed roots; the page does not.
    const tools = await extension.context.newCDPSession(page);
    await tools.send('DOM.enable');
    const marks = async () => {
      const { nodes } = await tools.send('DOM.getFlattenedDocument', { depth: -1, pierce: true });
      return nodes.filter(
        ({ localName, attributes }) => localName === 'button' && attributes.includes('aria-label'),
      );
    };
    let found = [];
    for (let i = 0; i < 600 && found.length === 0; i += 1) {
      await page.waitForTimeout(50);
      found = await marks();
    }
    assert.equal(found.length, 1, 'one mark: the small image gets none');
    assert.match(found[0].attributes.join(), /(signs? of AI|Cannot tell)\. Show details/);
    await page.mouse.move(24, 24);
    await page.screenshot({ path: path.join(out, 'extension-overlay.png') });
    // The page's own request, and one of the extension's: the same picture is read once, a small
    // one not at all.
    assert.equal(sites.seen.filter((request) => request.path === '/image.jpg').length, 2);

    // Another site has none.
    const elsewhere = await extension.context.newPage();
    await elsewhere.goto(sites.url('other.test', '/page.html'));
    await elsewhere.waitForTimeout(300);
    assert.deepEqual(await elsewhere.evaluate(ours), []);

    // A reload has it again, until it is turned off.
    await page.reload();
    await page.waitForFunction(() => document.documentElement.children.length > 2, undefined, {
      polling: 50,
    });
    const panel = await extension.context.newPage();
    await panel.goto(extension.address('panel.html'));
    await panel.click('.settings summary');
    await panel.click('.sites button');
    await page.waitForFunction(() => document.documentElement.children.length === 2, undefined, {
      polling: 50,
    });
    assert.deepEqual(
      await extension.worker.evaluate(() => chrome.scripting.getRegisteredContentScripts()),
      [],
    );
  });
});
