// A file of the package that does not arrive: the message names its address, and the header or the
// setting to change. And servers that keep a connection open for ever.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import { root } from '../../scripts/lib/run.mjs';
import { manifest, packageTests } from './support/package.mjs';

const tests = packageTests();
const lastShard = manifest.shards.at(-1).file;

/** What `createDetector` says on a page with these headers. */
async function refusal(t, { headers = {}, options = {} } = {}) {
  const html = `<!doctype html><meta charset="utf-8"><title>page</title>
    <link rel="icon" href="data:,"><script type="module">
    window.clipsight = await import('/pkg/index.js');</script>`;
  tests.serving(t, 'headers.html', (_, response) => {
    response.writeHead(200, { 'Content-Type': 'text/html', ...headers }).end(html);
  });
  const context = await tests.browser.newContext();
  const page = await context.newPage();
  await page.goto(`${tests.server.url}/headers.html`);
  await page.waitForFunction(() => window.clipsight !== undefined);
  const seen = await page.evaluate(
    (given) =>
      window.clipsight.createDetector({ device: 'cpu', cache: 'none', ...given }).then(
        async (detector) => {
          await detector.dispose();
          return { code: 'none', message: '' };
        },
        ({ code, message }) => ({ code, message }),
      ),
    options,
  );
  await context.close();
  return seen;
}

/** Answers with a file of the package under other headers. */
const withHeaders = (headers) => (bytes, response) => {
  response.writeHead(200, { 'Cache-Control': 'no-store', ...headers }).end(bytes);
};
const SCRIPT = { 'Content-Type': 'text/javascript' };
const PAGE = () => Buffer.from('<!doctype html><title>single page</title>');
const html = withHeaders({ 'Content-Type': 'text/html' });
const asPage = (_, response) => html(PAGE(), response);

describe('the worker', () => {
  test('is not there', async (t) => {
    tests.serving(t, 'pkg/worker.js', () => 404);
    const { code, message } = await refusal(t);
    assert.equal(code, 'network');
    assert.match(message, /\/pkg\/worker\.js is not there: .*404.*option "worker"/);
  });

  test('is a page, as where a server answers whatever it is asked', async (t) => {
    tests.serving(t, 'pkg/worker.js', asPage);
    const { code, message } = await refusal(t);
    assert.equal(code, 'network');
    assert.match(message, /\/pkg\/worker\.js is served as text\/html; .*text\/javascript/);
  });

  test("is forbidden by the page's policy", async (t) => {
    const headers = { 'Content-Security-Policy': "worker-src 'none'" };
    const { code, message } = await refusal(t, { headers });
    assert.equal(code, 'network');
    assert.match(message, /\/pkg\/worker\.js .*Content-Security-Policy.*worker-src/);
  });

  test('lacks the header of a page that is cross-origin isolated', async (t) => {
    const isolated = {
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Embedder-Policy': 'require-corp',
    };
    const { code, message } = await refusal(t, { headers: isolated });
    assert.equal(code, 'network');
    assert.match(message, /\/pkg\/worker\.js .*Cross-Origin-Embedder-Policy: require-corp/);
    tests.serving(
      t,
      'pkg/worker.js',
      withHeaders({ ...SCRIPT, 'Cross-Origin-Embedder-Policy': 'require-corp' }),
    );
    assert.equal((await refusal(t, { headers: isolated })).code, 'none');
  });

  test('is of another origin', async () => {
    const seen = await tests.inPage(async () =>
      window.clipsight
        .createDetector({ worker: new URL('http://127.0.0.1:9/worker.js') })
        .catch(({ code, message }) => `${code}: ${message}`),
    );
    assert.match(seen, /^network: .*127\.0\.0\.1:9\/worker\.js .*same origin/);
  });
});

describe('the WebAssembly program', () => {
  test('is not there', async (t) => {
    tests.serving(t, 'clipsight_bg.wasm', () => 404);
    const { code, message } = await refusal(t);
    assert.equal(code, 'network');
    assert.match(message, /\/pkg\/wasm\/cpu[-\w]*\/clipsight_bg\.wasm \(404\)/);
  });

  test('is a page', async (t) => {
    tests.serving(t, 'clipsight_bg.wasm', asPage);
    const { code, message } = await refusal(t);
    assert.equal(code, 'network');
    assert.match(message, /clipsight_bg\.wasm: the server answers with text\/html.*option "wasm"/);
  });

  test('has another type than application/wasm: it runs all the same', async (t) => {
    tests.serving(t, 'clipsight_bg.wasm', withHeaders({ 'Content-Type': 'text/plain' }));
    assert.equal((await refusal(t)).code, 'none');
  });

  test('may not be compiled', async (t) => {
    const policy = { 'Content-Security-Policy': "script-src 'self'" };
    tests.serving(t, 'pkg/worker.js', withHeaders({ ...SCRIPT, ...policy }));
    const { code, message } = await refusal(t);
    assert.equal(code, 'unsupported');
    assert.match(message, /Content-Security-Policy.*'wasm-unsafe-eval'.*script-src/);
  });

  test("may not be fetched: the worker's policy", async (t) => {
    const policy = { 'Content-Security-Policy': "connect-src 'none'" };
    tests.serving(t, 'pkg/worker.js', withHeaders({ ...SCRIPT, ...policy }));
    const { code, message } = await refusal(t);
    assert.equal(code, 'network');
    assert.match(message, /from http:\/\/localhost:\d+\/pkg\/.*connect-src/);
  });
});

describe('the model', () => {
  test('a shard is not there', async (t) => {
    tests.serving(t, lastShard, () => 404);
    const { code, message } = await refusal(t);
    assert.equal(code, 'network');
    assert.ok(message.includes(`/pkg/models/compact/${lastShard} (404)`), message);
  });

  test('the manifest is a page', async (t) => {
    tests.serving(t, 'compact/model.json', asPage);
    const { code, message } = await refusal(t);
    assert.equal(code, 'weights-corrupt');
    assert.match(message, /\/pkg\/models\/compact\/model\.json is no manifest/);
  });

  test('is of an origin that does not allow it', async (t) => {
    const elsewhere = tests.server.url.replace('localhost', '127.0.0.1');
    const options = { model: `${elsewhere}/pkg/models/compact/model.json` };
    const { code, message } = await refusal(t, { options });
    assert.equal(code, 'network');
    assert.match(message, /127\.0\.0\.1.*Access-Control-Allow-Origin/);
  });
});

describe('a server that keeps a connection open for ever', () => {
  // Half a minute becomes a third of a second.
  const HASTE = `{ const later = setTimeout;
    globalThis.setTimeout = (work, ms, ...given) =>
      later(work, ms >= 30000 ? ms / 100 : ms, ...given); }`;
  /** Nothing at all. */
  const never = () => undefined;
  /** An answer that begins, and then a byte now and then. */
  const trickle = (_, response) => {
    response.writeHead(200, { 'Content-Type': 'application/octet-stream' });
    const timer = setInterval(() => response.write('x'), 40);
    response.on('close', () => clearInterval(timer));
  };
  const trickleWasm = (bytes, response) => {
    response.writeHead(200, { 'Content-Type': 'application/wasm' });
    let at = 0;
    const timer = setInterval(() => response.write(bytes.subarray(at, (at += 1))), 40);
    response.on('close', () => clearInterval(timer));
  };
  const cases = {
    'the manifest never comes': ['compact/model.json', never],
    'the manifest trickles': ['compact/model.json', trickle],
    'a shard never comes': [lastShard, never],
    'a shard trickles': [lastShard, trickle],
    'the program never comes': ['clipsight_bg.wasm', never],
    'the program trickles': ['clipsight_bg.wasm', trickle],
    'the program trickles, and is compiled meanwhile': ['clipsight_bg.wasm', trickleWasm],
    'the worker never comes': ['pkg/worker.js', never],
  };
  for (const [name, [match, answer]] of Object.entries(cases)) {
    test(`${name}: network`, async (t) => {
      const script = await readFile(path.join(root, 'pkg/worker.js'), 'utf8');
      tests.serving(t, match, answer);
      if (match !== 'pkg/worker.js')
        tests.serving(t, 'pkg/worker.js', () => Buffer.from(`${HASTE}\n${script}`));
      const { page, close } = await tests.open();
      await page.evaluate(HASTE);
      const seen = await page.evaluate(async () => {
        const begin = performance.now();
        const said = await window.create({ cache: 'none' }).then(
          () => 'loaded',
          ({ code, message }) => `${code}: ${message}`,
        );
        return { said, seconds: (performance.now() - begin) / 1000 };
      });
      assert.match(seen.said, /^network: .*next to nothing for 30 seconds/);
      assert.ok(seen.seconds < 30, `${seen.seconds} s`);
      await close();
    });
  }

  for (const [name, answer] of Object.entries({ never, trickle })) {
    test(`an <img>: ${name}`, async (t) => {
      tests.serving(t, 'slow.jpg', answer);
      const { page, close } = await tests.open();
      const detector = await page.evaluateHandle(() => window.create());
      await page.evaluate(HASTE);
      const said = await page.evaluate((loaded) => {
        const image = new Image();
        image.src = '/slow.jpg';
        return loaded.analyze(image).catch(({ code, message }) => `${code}: ${message}`);
      }, detector);
      assert.match(said, /^network: The image .*next to nothing/);
      await close();
    });
  }

  test('a slow connection is none of these', async (t) => {
    const script = await readFile(path.join(root, 'pkg/worker.js'), 'utf8');
    tests.serving(t, 'pkg/worker.js', () => Buffer.from(`${HASTE}\n${script}`));
    // 300 kB a second, which is 3 kB in the worker's time.
    tests.serving(t, manifest.shards[0].file, (bytes, response) => {
      response.writeHead(200, { 'Content-Type': 'application/octet-stream' });
      let at = 0;
      const timer = setInterval(() => {
        if (at >= bytes.length) {
          clearInterval(timer);
          response.end();
        } else response.write(bytes.subarray(at, (at += 15_000)));
      }, 50);
    });
    assert.equal(await tests.inPage(() => window.codeOf(window.create())), 'no error');
  });
});
