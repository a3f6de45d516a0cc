// The decoders as browsers run them: every fixture's known pixels, and files that break a decoder.
// In Node, whose WebAssembly is a browser's. Needs `buildDecoders` of scripts/lib/decoders.mjs.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { inflateSync } from 'node:zlib';
import { build } from 'esbuild';
import { decoderFile } from '../../scripts/lib/decoders.mjs';
import { root } from '../../scripts/lib/run.mjs';

const FIXTURES = path.join(root, 'crates/clipsight-codecs/tests/fixtures');
/** The decoder of each format; `extra` reads what the core would. */
const FILES = { avif: 'avif', heif: 'heic', jxl: 'jxl', tiff: 'extra' };
const SCENE = 'tests/fixtures/scenes/glass.tif';
const CHANNELS = { gray: 1, 'gray-alpha': 2, rgb: 3, rgba: 4 };
const NOTES = { FirstFrameOnly: 'first-frame-only', GainMapIgnored: 'gain-map-ignored' };

let library;
let decoders;

before(async () => {
  const outfile = path.join(root, '.cache/tests/decoders.mjs');
  const entryPoints = [path.join(root, 'www/lib/decoders/decoders.ts')];
  await build({ entryPoints, outfile, bundle: true, format: 'esm' });
  library = await import(pathToFileURL(outfile));
  const sources = {};
  for (const name of Object.values(FILES)) {
    sources[name] = new Uint8Array(await readFile(path.join(root, decoderFile(name))));
  }
  decoders = new library.Decoders(sources, (source) => WebAssembly.compile(source));
});

const LIMITS = { maxSide: 16_384, maxPixels: 1e8 };
const decode = (format, bytes, limits = LIMITS) =>
  decoders.decode(FILES[format], format, bytes, limits);

const fixture = async (name) => new Uint8Array(await readFile(path.join(FIXTURES, name)));

const list = async (name) => JSON.parse(await readFile(path.join(FIXTURES, name), 'utf8'));

/** Width, height and samples of a PNG of 8 or 16 bits, none of them interlaced. */
function png(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [width, height, depth] = [view.getUint32(16), view.getUint32(20), bytes[24]];
  const channels = { 0: 1, 2: 3, 4: 2, 6: 4 }[bytes[25]];
  const parts = [];
  for (let at = 8; at < bytes.length; at += 12 + view.getUint32(at)) {
    const name = Buffer.from(bytes.subarray(at + 4, at + 8)).toString();
    if (name === 'IDAT') parts.push(bytes.subarray(at + 8, at + 8 + view.getUint32(at)));
  }
  const data = inflateSync(Buffer.concat(parts));
  const pixel = (channels * depth) / 8;
  const stride = width * pixel;
  const rows = new Uint8Array(height * stride);
  for (let y = 0; y < height; y++) {
    const filter = data[y * (stride + 1)];
    for (let x = 0; x < stride; x++) {
      const a = x < pixel ? 0 : rows[y * stride + x - pixel];
      const b = y === 0 ? 0 : rows[(y - 1) * stride + x];
      const c = x < pixel || y === 0 ? 0 : rows[(y - 1) * stride + x - pixel];
      const near = [a, b, c].reduce((best, value) =>
        Math.abs(a + b - c - value) < Math.abs(a + b - c - best) ? value : best,
      );
      rows[y * stride + x] = data[y * (stride + 1) + 1 + x] + [0, a, b, (a + b) >> 1, near][filter];
    }
  }
  const samples = depth === 8 ? rows : new Uint16Array(rows.length / 2);
  if (depth === 16) {
    for (let n = 0; n < samples.length; n++) samples[n] = (rows[2 * n] << 8) | rows[2 * n + 1];
  }
  return { width, height, channels, samples };
}

describe('decoders', () => {
  test('give the known pixels of every fixture', async () => {
    const cases = [...(await list('cases.json')), ...(await list('corners.json'))];
    assert.ok(cases.length > 100);
    for (const { file, expected, wide, tolerance, ...rest } of cases) {
      const format = { avif: 'avif', heic: 'heif', jxl: 'jxl' }[file.split('.').at(-1)];
      const { picture, samples, icc } = await decode(format, await fixture(file));
      const known = png(await fixture(expected));
      assert.deepEqual([picture.width, picture.height], [known.width, known.height], file);
      assert.equal(CHANNELS[picture.layout], rest.channels, file);
      assert.equal(picture.bits, wide ? 16 : 8, file);
      const { buffer, byteOffset, byteLength } = samples;
      const ours = wide ? new Uint16Array(buffer, byteOffset, byteLength / 2) : samples;
      assert.equal(ours.length, known.samples.length, file);
      const worst = known.samples.reduce(
        (most, value, n) => Math.max(most, Math.abs(value - ours[n])),
        0,
      );
      assert.ok(worst <= tolerance, `${file}: ${String(worst)}`);
      assert.equal(picture.format, format, file);
      assert.equal(picture.orientation, rest.orientation, file);
      assert.equal(picture.premultiplied, rest.premultiplied, file);
      assert.equal(icc !== undefined, rest.icc, file);
      const { cicp } = picture;
      assert.deepEqual(cicp ? [cicp.primaries, cicp.transfer] : null, rest.cicp, file);
      assert.deepEqual(
        picture.notes,
        rest.notes.map((note) => NOTES[note]),
        file,
      );
    }
  });

  test('a file that breaks its decoder is damaged, and the next one is read', async () => {
    const whole = await fixture('files/8-420-full.avif');
    let refused = 0;
    for (let at = 300; at < whole.length; at += 3) {
      const damaged = whole.slice();
      damaged[at] ^= 0x55;
      try {
        await decode('avif', damaged);
      } catch (error) {
        refused += 1;
        assert.match(error.code, /^(decode|unsupported|limit)$/, error.message);
        assert.match(error.message, /^[A-Z].*\.$/);
        assert.doesNotMatch(error.message, /\.rs|\/|rav1d|unreachable/);
      }
    }
    assert.ok(refused > 0);
    assert.equal((await decode('avif', whole)).picture.width, 43);
  });

  test('what the core leaves out is read upright and in sRGB', async () => {
    const scene = new Uint8Array(await readFile(path.join(root, SCENE)));
    const { picture, samples } = await decode('tiff', scene);
    const { width, height, ...rest } = picture;
    assert.equal(samples.length, width * height * 3);
    assert.deepEqual(rest, {
      format: 'tiff',
      layout: 'rgb',
      bits: 8,
      premultiplied: false,
      orientation: 1,
      notes: [],
    });
    await assert.rejects(decode('tiff', new Uint8Array([73, 73, 42, 0, 8])), { code: 'decode' });
  });

  test('what they do not know is named', async () => {
    for (const { file, named } of await list('refused.json')) {
      await assert.rejects(decode('heif', await fixture(file)), (error) => {
        assert.equal(error.code, 'unsupported', file);
        assert.ok(error.message.includes(named), error.message);
        return true;
      });
    }
  });

  test("a caller's own bounds hold", async () => {
    const cases = [
      ['avif', await fixture('files/8-444-full.avif'), 43, 27],
      ['heif', await fixture('files/8-420-full.heic'), 64, 48],
      ['jxl', await fixture('files/8-rgb.jxl'), 43, 27],
      ['tiff', new Uint8Array(await readFile(path.join(root, SCENE))), 288, 256],
    ];
    for (const [format, bytes, width, height] of cases) {
      const whole = { maxSide: width, maxPixels: width * height };
      assert.equal((await decode(format, bytes, whole)).picture.width, width, format);
      for (const [limits, message] of [
        [{ ...whole, maxSide: width - 1 }, `the limit is ${String(width - 1)} per side`],
        [{ ...whole, maxPixels: width * height - 1 }, `has ${String(width * height)} pixels`],
      ]) {
        await assert.rejects(decode(format, bytes, limits), (error) => {
          assert.deepEqual([error.name, error.code], ['DetectorError', 'limit'], format);
          assert.ok(error.message.includes(message), error.message);
          return true;
        });
      }
    }
  });

  test('cut files are damaged', async () => {
    for (const [format, name] of [
      ['avif', '10-444-limited-alpha.avif'],
      ['heif', '8-420-alpha.heic'],
      ['jxl', '8-rgb.jxl'],
    ]) {
      const whole = await fixture(`files/${name}`);
      for (let length = 0; length < whole.length - 1; length += 37) {
        await assert.rejects(decode(format, whole.slice(0, length)), {
          name: 'DetectorError',
          code: 'decode',
        });
      }
    }
  });

  test('notes have the same names on both sides', async () => {
    const rust = await readFile(path.join(root, 'decoders/interface/src/lib.rs'), 'utf8');
    const script = await readFile(path.join(root, 'www/lib/decoders/decoders.ts'), 'utf8');
    const names = (list) => list.match(/['"][a-z-]+['"]/g).map((name) => name.slice(1, -1));
    assert.deepEqual(
      names(/const NOTES = \[([^\]]*)\] as const/.exec(script)[1]),
      names(/pub const NOTES: \[&str; \d+\] = \[([^\]]*)\];/.exec(rust)[1]),
    );
  });

  test('import nothing, and name no place on the machine they were built on', async () => {
    for (const name of Object.values(FILES)) {
      const bytes = await readFile(path.join(root, decoderFile(name)));
      assert.deepEqual(WebAssembly.Module.imports(new WebAssembly.Module(bytes)), []);
      assert.equal(bytes.includes(root), false);
      assert.equal(bytes.includes('/.cargo/'), false);
    }
  });

  test('a format without a decoder is unsupported; a lost one is asked for again', async () => {
    const file = await fixture('files/8-rgb.jxl');
    const none = new library.Decoders({}, () => assert.fail());
    await assert.rejects(none.decode('jxl', 'jxl', file, LIMITS), { code: 'unsupported' });
    const bytes = new Uint8Array(await readFile(path.join(root, decoderFile('jxl'))));
    let calls = 0;
    const lost = new library.Decoders({ jxl: bytes }, async (source) => {
      calls += 1;
      if (calls === 1) throw new Error('lost');
      return WebAssembly.compile(source);
    });
    await assert.rejects(lost.decode('jxl', 'jxl', file, LIMITS), /lost/);
    assert.equal((await lost.decode('jxl', 'jxl', file, LIMITS)).picture.width, 43);
    await lost.decode('jxl', 'jxl', file, LIMITS);
    assert.equal(calls, 2);
  });
});
