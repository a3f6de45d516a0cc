// What was made in another realm, as by an iframe of the same origin: its objects are no instances
// of the page's classes, and mean the same. And buffers whose bytes have gone elsewhere.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { packageTests } from './support/package.mjs';

const tests = packageTests();

for (const [place, options] of Object.entries({
  'in a worker': {},
  "on the page's thread": { worker: false },
})) {
  test(`inputs of an iframe, ${place}: as the page's own`, async (t) => {
    tests.serving(t, 'photo.jpg', () => picture);
    const { page, problems, close } = await tests.open();
    const picture = Buffer.from(await page.evaluate(() => [...window.picture]));
    const seen = await page.evaluate(async (given) => {
      const frame = document.createElement('iframe');
      document.body.append(frame);
      const other = frame.contentWindow;
      const bytes = () => new other.Uint8Array(window.picture);
      const image = other.document.createElement('img');
      image.src = '/photo.jpg';
      const inputs = {
        Blob: new other.Blob([bytes()]),
        File: new other.File([bytes()], 'photo.jpg'),
        ArrayBuffer: bytes().buffer,
        Uint8Array: bytes(),
        DataView: new other.DataView(bytes().buffer),
        img: image,
        ImageBitmap: await other.createImageBitmap(new Blob([window.picture])),
        // Nothing of all this, whatever it calls itself.
        forged: { [Symbol.toStringTag]: 'Blob', size: 3, arrayBuffer: () => window.picture },
      };
      const strange = Object.values(inputs).filter(
        (input) => !(input instanceof Blob || input instanceof ArrayBuffer),
      ).length;
      const detector = await window.create(given);
      const found = {};
      for (const [name, input] of Object.entries(inputs)) {
        found[name] = await detector.analyze(input).then(
          ({ file, input: { fidelity } }) => `${file.bytes > 0} ${fidelity}`,
          ({ code }) => code,
        );
      }
      // What an iframe gave is still there when the iframe is gone.
      const last = new other.Blob([bytes()]);
      const analysis = detector.analyze(last);
      frame.remove();
      found.removed = (await analysis).file.bytes === window.picture.length;
      await detector.dispose();
      return { found, strange, all: Object.keys(inputs).length };
    }, options);
    assert.equal(seen.strange, seen.all);
    const original = 'true original-bytes';
    assert.deepEqual(seen.found, {
      ...{ Blob: original, File: original, ArrayBuffer: original, Uint8Array: original },
      ...{ DataView: original, img: original, ImageBitmap: 'true re-encoded' },
      ...{ forged: 'argument', removed: true },
    });
    assert.deepEqual(problems, []);
    await close();
  });

  test(`options of an iframe, ${place}: addresses, builds, files of a model`, async () => {
    const seen = await tests.inPage(async (given) => {
      const frame = document.createElement('iframe');
      document.body.append(frame);
      const other = frame.contentWindow;
      const { cores, manifest, shards, ...rest } = await window.clipsight.fetchModel({
        device: 'cpu',
      });
      const strange = (bytes) => new other.Uint8Array(bytes);
      const model = {
        ...rest,
        manifest: strange(manifest),
        shards: shards.map((shard) => new other.Blob([shard])),
        cores: Object.fromEntries(
          Object.entries(cores).map(([name, bytes]) => [name, strange(bytes)]),
        ),
      };
      const buffers = Object.entries(cores).map(([name, bytes]) => [name, strange(bytes).buffer]);
      const all = {
        files: { model },
        address: { model: new other.URL('/pkg/models/compact/model.json', location.href) },
        builds: { wasm: Object.fromEntries(buffers) },
      };
      // Turbopack's stand-in for an address: an instance of URL that is none.
      const standIn = (address) =>
        Object.create(URL.prototype, { toString: { value: () => address } });
      all.bundled = { model: standIn('/pkg/models/compact/model.json') };
      if (given.worker === undefined) all.bundled.worker = standIn('/pkg/worker.js');
      if (given.worker === undefined)
        all.worker = { worker: new other.URL('/pkg/worker.js', location.href) };
      const found = {};
      for (const [name, more] of Object.entries(all)) {
        const detector = await window.create({ ...given, ...more });
        found[name] = (await detector.analyze(window.picture)).file.format;
        await detector.dispose();
      }
      return found;
    }, options);
    assert.deepEqual([...new Set(Object.values(seen))], ['jpeg'], JSON.stringify(seen));
  });
}

describe('buffers that were transferred elsewhere', () => {
  test('argument, and what to do', async () => {
    const seen = await tests.inPage(async () => {
      const frame = document.createElement('iframe');
      document.body.append(frame);
      const detector = await window.create();
      const found = {};
      for (const [realm, { Uint8Array: Bytes, DataView: View }] of Object.entries({
        own: window,
        other: frame.contentWindow,
      })) {
        const bytes = new Bytes(window.picture);
        const view = new View(bytes.buffer, 8);
        const { buffer } = bytes;
        structuredClone(buffer, { transfer: [buffer] });
        for (const [name, input] of Object.entries({ buffer, bytes, view }))
          found[`${realm} ${name}`] = await detector.analyze(input).then(
            () => 'read',
            ({ code, message }) => `${code}: ${message}`,
          );
        // Empty is something else.
        found[`${realm} empty`] = await window.codeOf(detector.analyze(new Bytes(0)));
      }
      await detector.dispose();
      return found;
    });
    for (const [name, said] of Object.entries(seen)) {
      if (name.endsWith('empty')) assert.equal(said, 'decode', name);
      else assert.match(said, /^argument: .*transferred/, name);
    }
  });
});
