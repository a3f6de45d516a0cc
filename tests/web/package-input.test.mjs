// Inputs that are no plain bytes, what callers say of them, and bounds of the caller's own.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { AT_ONCE, packageTests } from './support/package.mjs';

const tests = packageTests();

describe('<img>', () => {
  /** Another origin; what it allows is the path's to say. */
  let elsewhere;
  let picture;
  before(async () => {
    elsewhere = createServer((request, response) => {
      if (request.url === '/endless') {
        response.writeHead(200, { 'Access-Control-Allow-Origin': '*' });
        const more = () => response.write(Buffer.alloc(1 << 20), (error) => error ?? more());
        more();
        return;
      }
      const cors = request.url === '/allowed' ? { 'Access-Control-Allow-Origin': '*' } : {};
      response
        .writeHead(request.url === '/gone' ? 404 : 200, { 'Content-Type': 'image/jpeg', ...cors })
        .end(picture);
    });
    await new Promise((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
  });
  after(() => {
    elsewhere.closeAllConnections();
    elsewhere.close();
  });

  test('its file: of this origin, of one that allows it, data: and blob:; refused: network and what to do', async () => {
    const { page, close } = await tests.open();
    picture = Buffer.from(await page.evaluate(() => [...window.picture]));
    tests.server.override('photo.jpg', () => picture);
    const seen = await page.evaluate(async (other) => {
      const detector = await window.create();
      const dataUrl = await new Promise((resolve) => {
        const reader = new FileReader();
        reader.onload = () => resolve(reader.result);
        reader.readAsDataURL(new Blob([window.picture], { type: 'image/jpeg' }));
      });
      const sources = {
        same: '/photo.jpg',
        allowed: `${other}/allowed`,
        data: dataUrl,
        blob: URL.createObjectURL(new Blob([window.picture])),
        refused: `${other}/refused`,
        gone: '/gone.jpg',
        endless: `${other}/endless`,
        nothing: '',
      };
      const found = {};
      for (const [name, source] of Object.entries(sources)) {
        const image = new Image();
        image.src = source;
        found[name] = await detector.analyze(image).then(
          ({ file, input, model }) => ({
            sha256: file.sha256,
            fidelity: input.fidelity,
            status: model.status,
          }),
          ({ code, message }) => ({ code, message }),
        );
      }
      // With a srcset it is the source in use that counts.
      const chosen = new Image();
      chosen.srcset = '/photo.jpg 1x';
      chosen.src = '/gone.jpg';
      await chosen.decode();
      found.chosen = { sha256: (await detector.analyze(chosen)).file.sha256 };
      found.plain = { sha256: (await detector.analyze(window.picture)).file.sha256 };
      const controller = new AbortController();
      const endless = new Image();
      endless.src = `${other}/endless`;
      const waiting = window.codeOf(detector.analyze(endless, { signal: controller.signal }));
      await new Promise((resolve) => setTimeout(resolve, 30));
      controller.abort();
      found.aborted = {
        turns: await window.turnsUntilSettled(waiting),
        code: await waiting,
      };
      await detector.dispose();
      return found;
    }, `http://localhost:${elsewhere.address().port}`);
    for (const name of ['same', 'allowed', 'data', 'blob']) {
      assert.equal(seen[name].sha256, seen.plain.sha256, `${name}: ${JSON.stringify(seen[name])}`);
      assert.equal(seen[name].fidelity, 'original-bytes');
    }
    assert.equal(seen.chosen.sha256, seen.plain.sha256);
    assert.equal(seen.refused.code, 'network');
    assert.match(seen.refused.message, /Access-Control-Allow-Origin/);
    assert.equal(seen.gone.code, 'network');
    assert.match(seen.gone.message, /404/);
    assert.equal(seen.endless.code, 'limit');
    assert.equal(seen.nothing.code, 'argument');
    assert.equal(seen.aborted.code, 'aborted');
    assert.ok(seen.aborted.turns <= AT_ONCE, `${seen.aborted.turns} turns`);
    await close();
  });

  test('an answer that the browser kept without CORS headers: once more, past the cache', async () => {
    const { page, close } = await tests.open();
    picture = Buffer.from(await page.evaluate(() => [...window.picture]));
    const asked = [];
    // As many servers do: the headers are there only when they are asked for, and nothing says so.
    const shy = createServer((request, response) => {
      const { origin } = request.headers;
      asked.push(origin === undefined ? 'plain' : 'cors');
      response
        .writeHead(200, {
          'Content-Type': 'image/jpeg',
          'Cache-Control': 'public, max-age=3600',
          ...(origin === undefined ? {} : { 'Access-Control-Allow-Origin': origin }),
        })
        .end(picture);
    });
    await new Promise((resolve) => shy.listen(0, '127.0.0.1', resolve));
    const seen = await page.evaluate(async (address) => {
      const image = new Image();
      image.src = address;
      await image.decode();
      const detector = await window.create();
      const { file } = await detector.analyze(image);
      await detector.dispose();
      return { bytes: file.bytes, expected: window.picture.length };
    }, `http://localhost:${shy.address().port}/photo.jpg`);
    shy.closeAllConnections();
    shy.close();
    assert.equal(seen.bytes, seen.expected);
    assert.deepEqual(asked, ['plain', 'cors']);
    await close();
  });
});

describe('ImageBitmap', () => {
  test('re-encoded without loss, and said so; the caller keeps it', async () => {
    const seen = await tests.inPage(async () => {
      const detector = await window.create();
      // A PNG is decoded to the very pixels that a bitmap of it holds.
      const canvas = new OffscreenCanvas(300, 200);
      const context = canvas.getContext('2d');
      const image = await createImageBitmap(new Blob([window.picture]));
      context.drawImage(image, 0, 0, 300, 200);
      const png = await canvas.convertToBlob();
      const bitmap = await createImageBitmap(png);
      const [fromFile, fromBitmap] = [await detector.analyze(png), await detector.analyze(bitmap)];
      const again = await detector.analyze(bitmap, { fidelity: 'screen-capture' });
      bitmap.close();
      const closed = await window.codeOf(detector.analyze(bitmap));
      await detector.dispose();
      return { fromFile, fromBitmap, again, closed };
    });
    assert.deepEqual(seen.fromBitmap.model, seen.fromFile.model);
    assert.equal(seen.fromBitmap.input.fidelity, 're-encoded');
    assert.deepEqual(
      [seen.fromBitmap.file.format, seen.fromBitmap.file.width, seen.fromBitmap.file.height],
      ['png', 300, 200],
    );
    assert.equal(seen.again.input.fidelity, 'screen-capture');
    assert.equal(seen.closed, 'argument');
  });
});

test('typed arrays of any kind, and windows into larger buffers', async () => {
  const seen = await tests.inPage(async () => {
    const detector = await window.create();
    const padded = new Uint8Array(Math.ceil(window.picture.length / 8) * 8 + 16);
    padded.set(window.picture, 8);
    const length = window.picture.length;
    const inputs = [
      new DataView(padded.buffer, 8, length),
      padded.subarray(8, 8 + length),
      new Uint16Array(padded.buffer, 8, length >> 1),
      new BigUint64Array(padded.buffer, 8, length >> 3),
    ];
    const found = [];
    for (const input of inputs)
      found.push(
        await detector.analyze(input).then(
          ({ file }) => file.bytes,
          ({ code }) => code,
        ),
      );
    await detector.dispose();
    return { found, length };
  });
  // Those of wider elements may end before the last bytes, which are the JPEG's end marker.
  assert.deepEqual(seen.found.slice(0, 2), [seen.length, seen.length]);
  for (const [i, size] of [2, 8].entries()) {
    const bytes = seen.found[i + 2];
    assert.ok(bytes === 'decode' || bytes === Math.floor(seen.length / size) * size, `${bytes}`);
  }
});

test('tighter limits hold, wider ones are refused', async () => {
  const seen = await tests.inPage(async () => {
    const bytes = window.picture.length;
    const found = {};
    for (const limits of [
      { maxBytes: bytes },
      { maxBytes: bytes - 1 },
      { maxSide: 320 },
      { maxSide: 319 },
      { maxPixels: 320 * 240 },
      { maxPixels: 320 * 240 - 1 },
    ]) {
      const detector = await window.create({ limits });
      const [name] = Object.entries(limits).map(
        ([key, value]) => `${key} ${value === limits.maxBytes ? value - bytes : value}`,
      );
      found[name] = await window.codeOf(detector.analyze(window.picture));
      if ('maxSide' in limits) {
        const bitmap = await createImageBitmap(new Blob([window.picture]));
        found[`bitmap ${name}`] = await window.codeOf(detector.analyze(bitmap));
      }
      await detector.dispose();
    }
    for (const limits of [
      { maxBytes: 2 ** 30 },
      { maxSide: 0 },
      { maxSide: 1.5 },
      { maxPixels: 'many' },
      { maxSide: 20_000 },
    ]) {
      found[JSON.stringify(limits)] = await window.codeOf(window.create({ limits }));
    }
    const detector = await window.create();
    found.fidelity = await window.codeOf(detector.analyze(window.picture, { fidelity: 'perfect' }));
    found.provenance = await window.codeOf(detector.analyze(window.picture, { provenance: 'all' }));
    await detector.dispose();
    return found;
  });
  assert.deepEqual(seen, {
    'maxBytes 0': 'no error',
    'maxBytes -1': 'limit',
    'maxSide 320': 'no error',
    'bitmap maxSide 320': 'no error',
    'maxSide 319': 'limit',
    'bitmap maxSide 319': 'limit',
    'maxPixels 76800': 'no error',
    'maxPixels 76799': 'limit',
    '{"maxBytes":1073741824}': 'argument',
    '{"maxSide":0}': 'argument',
    '{"maxSide":1.5}': 'argument',
    '{"maxPixels":"many"}': 'argument',
    '{"maxSide":20000}': 'argument',
    fidelity: 'argument',
    provenance: 'argument',
  });
});
