// The standard model from its own package: loaded by its source, kept by its name, refused where it
// does not fit.
import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import { root } from '../../scripts/lib/run.mjs';
import { compact, standard, TOO_FEW_PAGES } from './support/models.mjs';
import { packageTests } from './support/package.mjs';
import { limitMemory } from './support/wasm.mjs';

const tests = packageTests({ folders: { '/standard/': path.join(root, 'pkg-standard') } });

describe('its name', () => {
  test('one entry of the cache, whatever the address; isModelCached asks for no weights', async () => {
    const from = tests.server.requests.length;
    const found = await tests.inPage(async () => {
      const { createDetector, isModelCached } = window.clipsight;
      const { default: model } = await import('/standard/index.js');
      const before = await isModelCached({ model });
      const detector = await createDetector({ device: 'cpu', model });
      await detector.dispose();
      const after = await isModelCached({ model });
      // As another version of a site would have it, which bundled the files under other names.
      const { files } = model;
      const elsewhere = { manifest: '/standard/weights/model.json?other', files, name: model.name };
      const again = await createDetector({ device: 'cpu', model: elsewhere });
      await again.dispose();
      const cache = await caches.open('clipsight-weights');
      const keys = (await cache.keys()).map(({ url }) => url);
      const shard = keys.find((url) => url.includes('/shard-'));
      await cache.delete(shard);
      return {
        ...{ before, after, name: model.name },
        modelId: detector.info.modelId,
        cached: again.info.cache,
        models: keys.filter((url) => url.includes('/model-')).length,
        lacking: await isModelCached({ model }),
        none: await isModelCached({ model, cache: 'none' }),
      };
    });
    assert.deepEqual(found, {
      ...{ before: false, after: true, name: 'standard' },
      modelId: standard.id,
      cached: 'hit',
      models: 1,
      lacking: false,
      none: false,
    });
    const shards = tests.server.requests.slice(from).filter((file) => /safetensors$/.test(file));
    assert.equal(shards.length, standard.shards.length, 'each once');
  });

  test('is a text of 1 to 100 characters', async () => {
    const codes = await tests.inPage(async () => {
      const manifest = '/standard/weights/model.json';
      const found = [];
      for (const name of ['', 'x'.repeat(101), 7, null, {}])
        found.push(await window.codeOf(window.create({ model: { manifest, name } })));
      return found;
    });
    assert.deepEqual(
      codes,
      Array.from({ length: 5 }, () => 'argument'),
    );
  });
});

test('too little memory: an error that says so, in a worker and without, and a smaller model runs', async (t) => {
  tests.serving(t, '.wasm', (bytes) => limitMemory(bytes, TOO_FEW_PAGES));
  const found = await tests.inPage(
    async () => {
      const { default: model } = await import('/standard/index.js');
      const refused = [];
      for (const worker of ['auto', false])
        refused.push(
          await window.create({ model, worker }).then(
            () => 'loaded',
            ({ code, message }) => `${code}: ${message}`,
          ),
        );
      const detector = await window.create({});
      await detector.dispose();
      return { refused, modelId: detector.info.modelId };
    },
    undefined,
    { expectProblems: true },
  );
  for (const said of found.refused) assert.match(said, /^limit: .*too little memory/);
  assert.equal(found.modelId, compact.id);
});
