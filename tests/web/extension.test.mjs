// The extension as a visitor meets it: built, unpacked, in Chromium, on sites of several origins,
// with real images.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { buildExtension, folderOf } from '../../scripts/lib/extension.mjs';
import { root } from '../../scripts/lib/run.mjs';
import { out } from './support/browser.mjs';
import { gradedJpeg, scanNatively } from './support/images.mjs';
import { compact, standard, TOO_FEW_PAGES } from './support/models.mjs';
import { limitMemory } from './support/wasm.mjs';
import { launchExtension, settled, startSites, variant } from './support/extension.mjs';

const html = (body, headers = {}) => ({
  type: 'text/html; charset=utf-8',
  headers,
  body: `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>site</title>
    <style>body{margin:20px}</style>${body}`,
});
const STRICT = {
  'Content-Security-Policy':
    "default-src 'none'; img-src * data: blob:; script-src 'nonce-a'; style-src 'unsafe-inline'",
};

let sites;
let router;
let jpeg;
let native;
before(
  async () => {
    await buildExtension();
    ({ native, jpeg } = await gradedJpeg());
    const image = { type: 'image/jpeg', body: jpeg };
    const answers = {
      '/image.jpg': image,
      '/cors.jpg': { ...image, headers: { 'Access-Control-Allow-Origin': '*' } },
      '/endless.jpg': (request, response) => endless(response),
    };
    sites = await startSites(answers);
    router = await startSites({ '/image.jpg': image });
    const cdn = sites.url('cdn.test', '/image.jpg');
    Object.assign(answers, {
      '/page.html': html('<img src="/image.jpg" style="width:400px">'),
      '/cross.html': html(`<img src="${cdn}" style="width:400px;height:300px">`),
      '/cors.html': html(`<img src="${sites.url('cdn.test', '/cors.jpg')}" style="width:400px">`),
      '/strict.html': html(strictBody(jpeg.toString('base64')), STRICT),
      '/private.html': html(
        `<img src="${router.url('127.0.0.1', '/image.jpg')}" style="width:400px">`,
      ),
      '/broken.html': html('<img src="/gone.jpg" style="width:400px;height:300px">'),
      '/redirect.html': html('<img src="/redirect.jpg" style="width:400px">'),
      '/two.html': html(
        '<img src="/cors.jpg" style="width:300px">' +
          '<img id="small" src="/image.jpg" style="width:120px">',
      ),
      '/none.html': html('<p>No image.</p>'),
    });
    answers['/redirect.jpg'] = (request, response) =>
      response.writeHead(302, { Location: router.url('127.0.0.1', '/image.jpg') }).end();
  },
  { timeout: 600_000 },
);
after(async () => {
  await sites?.close();
  await router?.close();
});

/**
 * One image each by data:, blob:, a blob: whose address was taken back, an open and a closed shadow
 * root.
 */
const strictBody = (base64) => `
<img id="data" src="data:image/jpeg;base64,${base64}" width="200">
<img id="blob" width="200"><img id="revoked" width="200">
<div id="open"></div><div id="closed"></div>
<script nonce="a">
  const text = atob(document.querySelector('#data').src.split(',')[1]);
  const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  const address = () => URL.createObjectURL(new Blob([bytes], { type: 'image/jpeg' }));
  document.querySelector('#blob').src = address();
  const revoked = document.querySelector('#revoked');
  revoked.src = address();
  revoked.onload = () => URL.revokeObjectURL(revoked.src);
  window.shadows = {};
  for (const mode of ['open', 'closed']) {
    const root = document.querySelector('#' + mode).attachShadow({ mode });
    root.innerHTML = '<img width="200">';
    root.firstChild.src = address();
    window.shadows[mode] = root.firstChild.src;
  }
</script>`;

/** 1 GiB of a JPEG that never ends; remembers how much went out. */
function endless(response) {
  response.writeHead(200, { 'Content-Type': 'image/jpeg' });
  response.sent = 0;
  endless.last = response;
  const chunk = Buffer.alloc(1 << 20, 0x55);
  const push = () => {
    while (response.sent < 2 ** 30) {
      response.sent += chunk.length;
      if (!response.write(chunk)) {
        response.once('drain', push);
        return;
      }
    }
  };
  response.write(jpeg.subarray(0, 2000));
  push();
}

const same = (outcome) => {
  assert.equal(outcome.error, null, JSON.stringify(outcome.error));
  assert.equal(outcome.analysis.file.sha256, createHash('sha256').update(jpeg).digest('hex'));
  assert.equal(outcome.analysis.model.grade, native.grade);
  assert.ok(
    Math.abs(outcome.analysis.model.logit - native.logit) < 0.1,
    `${outcome.analysis.model.logit} ${native.logit}`,
  );
};

describe('the model chosen in the panel', () => {
  const SOURCE = '/image.jpg';

  /** Opens an extension; returns its panel and how to check the image with what is chosen. */
  async function open(t, folder) {
    const extension = await launchExtension({ folder });
    t.after(() => extension.close());
    const panel = await extension.panel();
    const page = await extension.context.newPage();
    await page.goto(sites.url('site.test', '/page.html'));
    let count = 0;
    const check = async (model) => {
      await panel.bringToFront();
      if (!(await panel.isVisible('#model'))) await panel.click('.settings summary');
      if (model !== undefined) await panel.selectOption('#model', model);
      await extension.gesture(page);
      await extension.check(page, sites.url('site.test', SOURCE));
      count += 1;
      const { info, analysis, error } = await settled(panel, { count, timeout: 300_000 });
      assert.equal(error, null, JSON.stringify(error));
      const notes = await panel.$eval(
        'ai-image-result',
        (card) => card.querySelector('[slot=notes]')?.textContent ?? '',
      );
      return { modelId: info.modelId, logit: analysis.model.logit, notes };
    };
    return { panel, check };
  }

  test('compact at first, then standard, then compact again, in one run of the browser', async (t) => {
    const { panel, check } = await open(t, folderOf('chrome'));
    assert.equal((await check()).modelId, compact.id);
    assert.equal(await panel.inputValue('#model'), 'compact');
    const better = await check('standard');
    assert.equal(better.modelId, standard.id);
    const file = path.join(out, 'extension-standard.jpg');
    await writeFile(file, jpeg);
    const [expected] = await scanNatively([file], { model: 'models/standard' });
    assert.ok(Math.abs(better.logit - expected.logit) < 1e-3, `${better.logit} ${expected.logit}`);
    assert.equal(better.notes, '');
    await panel.bringToFront();
    await panel.screenshot({ path: path.join(out, 'extension-standard.png') });
    const back = await check('compact');
    assert.equal(back.modelId, compact.id);
  });

  test('too little memory: the compact one judges in its place, and the card says so', async (t) => {
    const small = await variant(folderOf('chrome'), {});
    t.after(small.remove);
    const assets = path.join(small.folder, 'assets');
    for (const name of (await readdir(assets)).filter((file) => file.endsWith('.wasm'))) {
      const file = path.join(assets, name);
      await writeFile(file, limitMemory(await readFile(file), TOO_FEW_PAGES));
    }
    const { check } = await open(t, small.folder);
    const { modelId, notes } = await check('standard');
    assert.equal(modelId, compact.id);
    assert.match(notes, /this device has too little memory for the standard one/);
    const { notes: none } = await check('compact');
    assert.equal(none, '');
  });
});

describe('without any permission for a site', () => {
  let extension;
  let panel;
  let page;
  before(async () => {
    extension = await launchExtension({ folder: folderOf('chrome') });
    panel = await extension.panel();
    page = await extension.context.newPage();
  });
  after(() => extension?.close());

  /** The click on "Check this image" on a page, and what the panel then shows. */
  async function check(file, source, { wait = 'load', info } = {}) {
    await page.goto(sites.url('site.test', file), { waitUntil: wait });
    await panel.evaluate(() => document.querySelector('.bar button').click());
    await extension.gesture(page);
    sites.seen.length = 0;
    router.seen.length = 0;
    await extension.check(
      page,
      typeof source === 'function' ? await page.evaluate(source) : source,
      info,
    );
    return settled(panel);
  }

  test('none is there at install', async () => {
    const { origins, permissions } = await extension.worker.evaluate(() =>
      chrome.permissions.getAll(),
    );
    assert.deepEqual(origins, []);
    assert.deepEqual(permissions.sort(), [
      'activeTab',
      'contextMenus',
      'offscreen',
      'scripting',
      'sidePanel',
      'storage',
    ]);
    assert.deepEqual(
      await extension.worker.evaluate(() => chrome.scripting.getRegisteredContentScripts()),
      [],
    );
  });

  test("an image of the page's own site: its bytes, and the native program's verdict", async () => {
    await extension.context.addCookies([
      { name: 'session', value: 'secret', domain: 'site.test', path: '/' },
    ]);
    const outcome = await check('/page.html', sites.url('site.test', '/image.jpg'));
    same(outcome);
    assert.equal(outcome.analysis.input.fidelity, 'original-bytes');
    assert.equal(outcome.name, 'image.jpg');
    // All that came since: the page itself was there already.
    const [request, ...more] = sites.seen;
    assert.deepEqual(more, []);
    assert.equal(request.headers.cookie, undefined);
    assert.equal(request.headers.referer, undefined);
    // A control: the page's own requests do carry the cookie.
    await page.reload();
    assert.ok(sites.seen.some(({ headers }) => headers.cookie === 'session=secret'));
  });

  test('an image of another site that lets everyone read it', async () => {
    const outcome = await check('/cors.html', sites.url('cdn.test', '/cors.jpg'));
    same(outcome);
    assert.equal(outcome.analysis.input.fidelity, 'original-bytes');
  });

  test('an image of another site, refused: what is visible of it, and marked as that', async () => {
    const outcome = await check('/cross.html', sites.url('cdn.test', '/image.jpg'));
    assert.equal(outcome.error, null, JSON.stringify(outcome.error));
    const { input, file } = outcome.analysis;
    assert.equal(input.fidelity, 'screen-capture');
    assert.deepEqual([file.format, file.width, file.height], ['png', 400, 300]);
    assert.equal(sites.seen.length, 1, 'asked once, in vain');
  });

  for (const [name, source] of Object.entries({
    'a data: image': () => document.querySelector('#data').src,
    'a blob: image': () => document.querySelector('#blob').src,
    'an image in a shadow root': () => window.shadows.open,
    'an image in a closed shadow root': () => window.shadows.closed,
  })) {
    test(`${name}, on a page with a strict policy`, async () => {
      const outcome = await check('/strict.html', source);
      same(outcome);
      assert.equal(outcome.analysis.input.fidelity, 'original-bytes');
    });
  }

  test('a blob: image whose address the page took back: its pixels, encoded anew', async () => {
    const outcome = await check('/strict.html', () => document.querySelector('#revoked').src);
    assert.equal(outcome.error, null);
    assert.equal(outcome.analysis.input.fidelity, 're-encoded');
    const { width, height } = outcome.analysis.file;
    assert.deepEqual([width, height], [native.width, native.height].map(Number));
  });

  for (const [name, type, format, size] of [
    ['8-444-full.avif', 'image/avif', 'avif', [43, 27]],
    ['8-420-full.heic', 'image/heic', 'heif', [64, 48]],
    ['8-rgb.jxl', 'image/jxl', 'jxl', [43, 27]],
  ]) {
    test(`${format}: read by the extension's own decoder, whether or not the browser shows it`, async () => {
      const body = await readFile(
        path.join(root, 'crates/clipsight-codecs/tests/fixtures/files', name),
      );
      sites.answers[`/${name}`] = { type, body };
      sites.answers['/format.html'] = html(`<img src="/${name}" style="width:200px">`);
      const outcome = await check('/format.html', sites.url('site.test', `/${name}`));
      assert.equal(outcome.error, null, JSON.stringify(outcome.error));
      const { file, input, model } = outcome.analysis;
      assert.deepEqual([file.format, file.width, file.height], [format, ...size]);
      assert.equal(file.sha256, createHash('sha256').update(body).digest('hex'));
      assert.equal(input.fidelity, 'original-bytes');
      assert.deepEqual([model.status, model.reason], ['abstained', 'too-small']);
    });
  }

  test('an image that is not there', async () => {
    const outcome = await check('/broken.html', sites.url('site.test', '/gone.jpg'));
    assert.equal(outcome.state, 'error');
    assert.equal(outcome.error.code, 'network');
    assert.match(outcome.error.message, /404/);
  });

  test('a stream that does not end is left after 64 MiB', async () => {
    const outcome = await check('/none.html', sites.url('site.test', '/endless.jpg'));
    assert.equal(outcome.error.code, 'limit');
    assert.match(outcome.error.message, /64\sMiB/);
    // More than was read is on its way: browser and system hold some, more of it on a busy machine.
    assert.ok(endless.last.sent < 2 ** 29, `${endless.last.sent} bytes went out`);
    assert.ok(endless.last.destroyed || endless.last.closed);
  });

  test('addresses on a private network are not asked', async () => {
    for (const host of [
      '127.0.0.1',
      'localhost',
      '[::1]',
      '2130706433',
      '192.168.0.1',
      'router.local',
    ]) {
      const outcome = await check('/none.html', `http://${host}:${router.port}/image.jpg`);
      assert.equal(outcome.error.code, 'unsupported', host);
      assert.match(outcome.error.message, /private network/, host);
      assert.deepEqual(router.seen, []);
    }
  });

  test('a page shows an image of a private network: what is visible, no request', async () => {
    const outcome = await check('/private.html', router.url('127.0.0.1', '/image.jpg'));
    assert.deepEqual(router.seen, []);
    if (outcome.error === null) assert.equal(outcome.analysis.input.fidelity, 'screen-capture');
    else assert.match(outcome.error.message, /private network/);
  });

  test('a redirect to a private network: nothing is read', async () => {
    const outcome = await check('/none.html', sites.url('site.test', '/redirect.jpg'));
    assert.equal(outcome.state, 'error');
    assert.equal(outcome.analysis, null);
  });

  test('addresses that are none, or of other kinds', async () => {
    for (const source of [
      'javascript:alert(1)',
      'file:///etc/passwd',
      'chrome://settings/',
      'ftp://a.test/x.jpg',
      'nonsense',
    ]) {
      const outcome = await check('/none.html', source);
      assert.equal(outcome.error.code, 'unsupported', source);
    }
  });

  test('the keyboard: the image under the pointer, else the largest', async () => {
    const press = async () => {
      await panel.evaluate(() => document.querySelector('.bar button').click());
      const tab = await extension.tabOf(page);
      await extension.worker.evaluate(
        (where) => chrome.commands.onCommand.dispatch('check-image', where),
        tab,
      );
      return settled(panel);
    };
    await page.goto(sites.url('site.test', '/two.html'));
    await extension.gesture(page);
    assert.equal((await press()).name, 'cors.jpg');
    await page.hover('#small');
    assert.equal((await press()).name, 'image.jpg');
    await page.goto(sites.url('site.test', '/none.html'));
    await (await extension.gesture(page))?.close();
    assert.match((await press()).error.message, /no image/);
  });

  test('a page in another window gets no card of this one', async () => {
    await page.goto(sites.url('site.test', '/page.html'));
    const tab = await extension.tabOf(page);
    await panel.evaluate(() => document.querySelector('.bar button').click());
    await extension.worker.evaluate(
      ([where, source]) =>
        chrome.contextMenus.onClicked.dispatch(
          { menuItemId: 'check-image', srcUrl: source },
          where,
        ),
      [{ ...tab, windowId: tab.windowId + 1000 }, sites.url('cdn.test', '/cors.jpg')],
    );
    await new Promise((resolve) => setTimeout(resolve, 1500));
    assert.equal(
      await panel.evaluate(() => document.querySelectorAll('ai-image-result').length),
      0,
    );
  });

  test('the page can detect nothing of it', async () => {
    const before = () => ({
      markup: document.documentElement.outerHTML,
      names: Object.getOwnPropertyNames(window).sort().join(),
      entries: performance
        .getEntriesByType('resource')
        .filter(({ name }) => name.startsWith('chrome-extension:')).length,
    });
    await page.goto(sites.url('site.test', '/page.html'));
    await page.evaluate(() => {
      window.heard = [];
      new MutationObserver((records) =>
        window.heard.push(...records.map(({ type }) => type)),
      ).observe(document, {
        subtree: true,
        childList: true,
        attributes: true,
        characterData: true,
      });
      addEventListener('message', () => window.heard.push('message'));
      new BroadcastChannel('clipsight').onmessage = () => window.heard.push('broadcast');
    });
    const untouched = await page.evaluate(before);
    await extension.gesture(page);
    await extension.check(page, sites.url('cdn.test', '/image.jpg'));
    await settled(panel);
    assert.deepEqual(await page.evaluate(before), untouched);
    assert.deepEqual(await page.evaluate(() => window.heard), []);
    for (const file of [
      'manifest.json',
      'sandbox.html',
      'sandbox.js',
      'icons/icon-128.png',
      'overlay.js',
    ]) {
      const answer = await page.evaluate(
        (address) =>
          Promise.all([
            fetch(address).then(
              () => 'read',
              () => 'refused',
            ),
            new Promise((resolve) => {
              const image = new Image();
              image.onload = () => resolve('shown');
              image.onerror = () => resolve('refused');
              image.src = address;
            }),
          ]),
        extension.address(file),
      );
      assert.deepEqual(answer, ['refused', 'refused'], file);
    }
  });
});

describe('with a permission for the other site', () => {
  let extension;
  let copy;
  before(async () => {
    // The visitor's yes in the browser's own dialogue cannot be pressed here: a copy that has had
    // it.
    copy = await variant(folderOf('chrome'), { host_permissions: ['http://cdn.test/*'] });
    extension = await launchExtension({ folder: copy.folder });
  });
  after(async () => {
    await extension?.close();
    await copy?.remove();
  });

  test("its image is read: the bytes, and the native program's verdict", async () => {
    const panel = await extension.panel();
    const page = await extension.context.newPage();
    await page.goto(sites.url('site.test', '/cross.html'));
    sites.seen.length = 0;
    await extension.check(page, sites.url('cdn.test', '/image.jpg'));
    const outcome = await settled(panel);
    same(outcome);
    assert.equal(outcome.analysis.input.fidelity, 'original-bytes');
    assert.deepEqual(
      sites.seen.map(({ host, path: file }) => [host.split(':')[0], file]),
      [['cdn.test', '/image.jpg']],
    );
  });
});
