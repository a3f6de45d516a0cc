// Weights of earlier visits: hit, damaged, of an older version, refused; and connections that break
// half-way.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { manifest, modelBytes, packageTests } from './support/package.mjs';

const [firstShard, lastShard] = [manifest.shards[0], manifest.shards.at(-1)];
const tests = packageTests();

/** Shards asked for since a moment. */
const shardsAsked = (from) =>
  tests.server.requests.slice(from).filter((file) => file.endsWith('.safetensors'));

/** In the page: loads once, gives what the cache did. */
const load = (options) =>
  window.create(options).then(async (detector) => {
    await detector.dispose();
    return detector.info.cache;
  });

const flipLastByte = (bytes) => {
  const damaged = Buffer.from(bytes);
  damaged[damaged.length - 1] ^= 1;
  return damaged;
};

/**
 * Waits until a shard is in the page's Cache Storage, or no longer is; waitForFunction takes no
 * asynchronous conditions.
 */
const shardIs = (there, page, hash) =>
  page.evaluate(
    async ([address, wanted]) => {
      while (((await caches.match(address)) !== undefined) !== wanted) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    [`https://clipsight.invalid/shard-${hash}`, there],
  );

for (const cache of ['cache-storage', 'opfs']) {
  describe(`in ${cache}`, () => {
    test('the first visit stores, the second asks for no weights; a damaged shard is fetched anew', async () => {
      const { page, problems, close } = await tests.open();
      let from = tests.server.requests.length;
      assert.equal(await page.evaluate(load, { cache }), 'stored');
      assert.equal(shardsAsked(from).length, manifest.shards.length);

      from = tests.server.requests.length;
      const steps = await page.evaluate(
        async (options) => {
          const seen = [];
          const detector = await window.create({
            ...options,
            onProgress: (step) => seen.push(step),
          });
          const { model } = await detector.analyze(window.picture);
          await detector.dispose();
          return { seen, cache: detector.info.cache, status: model.status };
        },
        { cache },
      );
      assert.equal(steps.cache, 'hit');
      assert.deepEqual(shardsAsked(from), []);
      assert.deepEqual(steps.seen.at(-1), {
        phase: 'done',
        loadedBytes: modelBytes,
        totalBytes: modelBytes,
      });
      assert.ok(['scored', 'abstained'].includes(steps.status));

      // One bit flips on the disk.
      from = tests.server.requests.length;
      await page.evaluate(damage, { cache, hash: lastShard.sha256 });
      assert.equal(await page.evaluate(load, { cache }), 'stored');
      assert.deepEqual(
        shardsAsked(from).map((file) => file.split('/').at(-1)),
        [lastShard.file],
      );
      assert.equal(await page.evaluate(load, { cache }), 'hit');
      assert.deepEqual(problems, []);
      await close();
    });
  });
}

/** In the page: flips a bit of a stored shard. */
async function damage({ cache, hash }) {
  const flip = async (bytes) => {
    const copy = new Uint8Array(bytes);
    copy[copy.length - 1] ^= 1;
    return copy;
  };
  if (cache === 'cache-storage') {
    const store = await caches.open('clipsight-weights');
    const [key] = (await store.keys()).filter(({ url }) => url.endsWith(hash));
    await store.put(key, new Response(await flip(await (await store.match(key)).arrayBuffer())));
    return;
  }
  const folder = await (
    await navigator.storage.getDirectory()
  ).getDirectoryHandle('clipsight-weights');
  const file = await folder.getFileHandle(`shard-${hash}`);
  const damaged = await flip(await (await file.getFile()).arrayBuffer());
  const stream = await file.createWritable();
  await stream.write(damaged);
  await stream.close();
}

describe('what is kept', () => {
  /** In the page: names in the cache. */
  const stored = async () =>
    (await (await caches.open('clipsight-weights')).keys()).map(({ url }) =>
      url.slice(url.lastIndexOf('/') + 1),
    );

  test('a part that is there already is not fetched again', async (t) => {
    const { page, close } = await tests.open();
    const restore = tests.server.override(lastShard.file, () => 503);
    t.after(restore);
    assert.equal(await page.evaluate(() => window.codeOf(window.create())), 'network');
    restore();
    await shardIs(true, page, firstShard.sha256);
    const from = tests.server.requests.length;
    assert.equal(await page.evaluate(load, {}), 'stored');
    assert.deepEqual(
      shardsAsked(from).map((file) => file.split('/').at(-1)),
      [lastShard.file],
    );
    await close();
  });

  test('a new version takes the place of the old one; other models stay', async (t) => {
    const { page, close } = await tests.open();
    await page.evaluate(load, {});
    await page.evaluate(load, { model: '/pkg/models/compact/model.json' });
    const before = await page.evaluate(stored);
    assert.equal(before.filter((name) => name.startsWith('model-')).length, 2);
    assert.equal(before.filter((name) => name.startsWith('shard-')).length, manifest.shards.length);
    // The package's next version, whose first shard is another; it cannot be loaded, for there is
    // none.
    const version2 = structuredClone(manifest);
    version2.shards[0].sha256 = '0'.repeat(64);
    tests.serving(t, 'model.json', () => Buffer.from(JSON.stringify(version2)));
    assert.equal(await page.evaluate(() => window.codeOf(window.create())), 'weights-corrupt');
    // The other name still has the old shard.
    assert.ok((await page.evaluate(stored)).includes(`shard-${firstShard.sha256}`));
    assert.equal(
      await page.evaluate(() =>
        window.codeOf(window.create({ model: '/pkg/models/compact/model.json' })),
      ),
      'weights-corrupt',
    );
    await shardIs(false, page, firstShard.sha256);
    assert.ok((await page.evaluate(stored)).includes(`shard-${lastShard.sha256}`));
    await close();
  });

  test('what no model used for a month goes', async () => {
    const { page, close } = await tests.open();
    await page.evaluate(async (long) => {
      const store = await caches.open('clipsight-weights');
      const put = (name, text) =>
        store.put(`https://clipsight.invalid/${name}`, new Response(text));
      await put('model-old', JSON.stringify({ shards: ['old'], used: Date.now() - long }));
      await put('model-new', JSON.stringify({ shards: ['new'], used: Date.now() - 1000 }));
      await put('model-broken', 'no JSON');
      for (const name of ['shard-old', 'shard-new', 'shard-nobody']) await put(name, 'bytes');
    }, 31 * 86_400_000);
    await page.evaluate(load, {});
    const names = await page.evaluate(stored);
    const others = names.filter((name) => /old|new|nobody|broken/.test(name)).sort();
    assert.deepEqual(others, ['model-new', 'shard-new']);
    await close();
  });

  test('none: nothing is stored', async () => {
    const { page, close } = await tests.open();
    assert.equal(await page.evaluate(load, { cache: 'none' }), 'off');
    assert.deepEqual(
      await page.evaluate(async () => [
        await caches.keys(),
        (await navigator.storage.estimate()).usageDetails?.fileSystem ?? 0,
      ]),
      [[], 0],
    );
    await close();
  });
});

describe('storage that refuses', () => {
  for (const [name, code, cache] of [
    [
      'a full disk',
      `Cache.prototype.put = () => Promise.reject(new DOMException('full', 'QuotaExceededError'));`,
    ],
    [
      'a full disk',
      `FileSystemWritableFileStream.prototype.write = () => Promise.reject(new DOMException('full', 'QuotaExceededError'));`,
      'opfs',
    ],
    [
      'a private window',
      `CacheStorage.prototype.open = () => Promise.reject(new DOMException('no', 'SecurityError'));`,
    ],
    [
      'a private window',
      `StorageManager.prototype.getDirectory = () => Promise.reject(new DOMException('no', 'SecurityError'));`,
      'opfs',
    ],
    [
      'no storage at all',
      `delete self.caches; Object.defineProperty(WorkerGlobalScope.prototype, 'caches', { value: undefined });`,
    ],
  ]) {
    test(`${name}, ${cache ?? 'cache-storage'}: it works from memory, and says so`, async (t) => {
      tests.serving(t, 'pkg/worker.js', (bytes) => Buffer.concat([Buffer.from(code), bytes]));
      const seen = await tests.inPage(
        async (options) => {
          const detector = await window.create(options);
          const { model } = await detector.analyze(window.picture);
          await detector.dispose();
          return [detector.info.cache, model.status];
        },
        cache === undefined ? {} : { cache },
      );
      assert.equal(seen[0], 'unavailable');
      assert.ok(['scored', 'abstained'].includes(seen[1]));
    });
  }

  test('a page without a secure context: neither cache nor hashes of the browser, Rust checks them', async (t) => {
    const { page, close } = await tests.open();
    await page.goto(`${tests.server.url.replace('localhost', 'insecure.test')}/package.html`);
    await page.waitForFunction(() => window.clipsight !== undefined);
    const create = () =>
      window.clipsight.createDetector({ device: 'cpu' }).then(
        async (detector) => {
          await detector.dispose();
          return [isSecureContext, detector.info.cache];
        },
        ({ code }) => code,
      );
    assert.deepEqual(await page.evaluate(create), [false, 'unavailable']);
    tests.serving(t, lastShard.file, flipLastByte);
    assert.equal(await page.evaluate(create), 'weights-corrupt');
    await close();
  });
});

describe('connections', () => {
  /**
   * Answers with half of what is asked for and breaks; `ranges`: whether the server knows ranges.
   */
  const breaking = (ranges, seen) => (bytes, response, request) => {
    const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1];
    seen.push(range === undefined ? 0 : Number(range));
    const from = ranges ? Number(range ?? 0) : 0;
    const rest = bytes.subarray(from);
    const headers = { 'Content-Type': 'application/octet-stream', 'Content-Length': rest.length };
    if (from > 0) headers['Content-Range'] = `bytes ${from}-${bytes.length - 1}/${bytes.length}`;
    response.writeHead(from > 0 ? 206 : 200, headers);
    if (seen.length > 2) response.end(rest);
    else
      response.write(rest.subarray(0, rest.length >> 1), () =>
        setTimeout(() => response.destroy(), 250),
      );
    return undefined;
  };
  for (const ranges of [true, false]) {
    test(`broken twice, ${ranges ? 'taken up where they broke' : 'from a server without ranges: from the start'}`, async (t) => {
      const seen = [];
      tests.serving(t, firstShard.file, breaking(ranges, seen));
      const { cache, steps } = await tests.inPage(
        async () => {
          const found = [];
          const detector = await window.create({ onProgress: (step) => found.push(step) });
          await detector.dispose();
          return { cache: detector.info.cache, steps: found };
        },
        undefined,
        { expectProblems: true },
      );
      assert.equal(cache, 'stored');
      assert.equal(seen.length, 3);
      assert.equal(seen[0], 0);
      assert.ok(seen[1] > 0 && seen[2] > 0, `asked from ${seen}`);
      if (ranges) assert.ok(seen[2] > seen[1], `asked from ${seen}`);
      for (let i = 1; i < steps.length; i += 1)
        assert.ok(steps[i].loadedBytes >= steps[i - 1].loadedBytes);
      assert.deepEqual(steps.at(-1), {
        phase: 'done',
        loadedBytes: modelBytes,
        totalBytes: modelBytes,
      });
    });
  }

  test('one that breaks again and again: network, with what to do', async (t) => {
    let count = 0;
    tests.serving(t, firstShard.file, (bytes, response) => {
      count += 1;
      response.writeHead(200, { 'Content-Length': bytes.length });
      response.write(bytes.subarray(0, 1000), () => setTimeout(() => response.destroy(), 20));
      return undefined;
    });
    assert.equal(
      await tests.inPage(() => window.codeOf(window.create()), undefined, { expectProblems: true }),
      'network',
    );
    assert.equal(count, 4);
  });

  test('damaged on the way once: fetched once more, past the HTTP cache', async (t) => {
    let count = 0;
    tests.serving(t, lastShard.file, (bytes) => (count++ === 0 ? flipLastByte(bytes) : bytes));
    assert.equal(await tests.inPage(load, {}), 'stored');
    assert.equal(count, 2);
  });
});
