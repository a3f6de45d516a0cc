// What checks Content Credentials, as browsers run it: what is said of every signed fixture is what
// the same program says natively (crates/clipsight-verify/tests/signed.rs). In Node, whose
// WebAssembly is a browser's. Needs `buildVerifier` of scripts/lib/verifier.mjs.
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import Ajv from 'ajv';
import { build } from 'esbuild';
import { root } from '../../scripts/lib/run.mjs';
import { VERIFIER } from '../../scripts/lib/verifier.mjs';

const CRATE = path.join(root, 'crates/clipsight-verify');
const SIGNED = path.join(CRATE, 'tests/fixtures/signed');

let library;
let bytes;
let anchors;
let valid;
let opened = 0;

/** A copy of the module's JavaScript, as the bundles have it: each holds an instance of its own. */
const open = () => {
  const glue = pathToFileURL(path.join(root, VERIFIER.replace('.wasm', '.js')));
  return import(`${glue}?${String(opened++)}`);
};

const verifier = (source = bytes) =>
  new library.Verifier(source, (given) => WebAssembly.compile(given), open);

const file = async (name) => new Uint8Array(await readFile(path.join(SIGNED, name)));

const json = async (name) => JSON.parse(await readFile(path.join(CRATE, name), 'utf8'));

before(async () => {
  const outfile = path.join(root, '.cache/tests/verifier.mjs');
  const entryPoints = [path.join(root, 'www/lib/verifier/verifier.ts')];
  await build({ entryPoints, outfile, bundle: true, format: 'esm' });
  library = await import(pathToFileURL(outfile));
  bytes = new Uint8Array(await readFile(path.join(root, VERIFIER)));
  const { definitions } = JSON.parse(await readFile(path.join(root, 'pkg/schema.json'), 'utf8'));
  valid = new Ajv({ strictTypes: false }).compile({ ...definitions.Verification, definitions });
  const pem = await readFile(path.join(CRATE, 'tests/fixtures/certificates/root.pem'), 'utf8');
  anchors = { signers: pem, timeStamps: pem };
});

describe('verifier', () => {
  test('says of every signed file what the native program says', async () => {
    const expected = await json('tests/fixtures/signed.json');
    const lists = await json('trust/lists.json');
    const names = await readdir(SIGNED);
    assert.deepEqual(names.sort(), Object.keys(expected).sort());
    const one = verifier();
    for (const name of names) {
      const { trustLists, ...said } = await one.verify(await file(name), anchors);
      assert.deepEqual(said, expected[name], name);
      assert.ok(valid({ ...said, trustLists }), JSON.stringify(valid.errors));
      assert.deepEqual(
        trustLists.map(({ id, date }) => [id, date]),
        lists.map(({ id, date }) => [id, date]),
      );
    }
  });

  test('without authorities of one’s own none of them is trusted', async () => {
    const said = await verifier().verify(await file('es256.jpg'));
    assert.equal(said.state, 'valid');
    assert.equal(said.signer.organisation, 'Clipsight tests');
    assert.match(said.summary, /none of the trust lists/);
    assert.equal((await verifier().verify(await file('es256.jpg'), anchors)).state, 'trusted');
  });

  test('a certificate runs out by the clock of the machine', async (t) => {
    const whole = await file('expired.jpg');
    const states = [];
    for (const year of ['2019', '2020', '2022']) {
      t.mock.timers.enable({ apis: ['Date'], now: new Date(`${year}-07-01`) });
      states.push((await verifier().verify(whole, anchors)).state);
      t.mock.timers.reset();
    }
    assert.deepEqual(states, ['invalid', 'trusted', 'invalid']);
  });

  test('asks its surroundings for the time, and for nothing else', async () => {
    const module = await WebAssembly.compile(bytes);
    const asked = WebAssembly.Module.imports(module).map(({ name }) =>
      name.replace(/^__wbg_|_[0-9a-f]{16}$/g, ''),
    );
    const allowed = [
      'new_0',
      'getTime',
      'now',
      '__wbindgen_throw',
      '__wbindgen_init_externref_table',
    ];
    assert.deepEqual(
      asked.filter((name) => !allowed.includes(name)),
      [],
    );
  });

  test('damaged files get an answer, and the next one is checked', async () => {
    const one = verifier();
    for (const name of ['es256.jpg', 'es256.png', 'es256.avif', 'es256.jxl']) {
      const whole = await file(name);
      const step = Math.ceil(whole.length / 40);
      // Zeros that keep room for a signature: nothing vouches for them.
      const fills = (at) =>
        whole.subarray(Math.max(0, at - 8), at + 8).filter((byte) => byte !== 0).length <= 1;
      let tried = 0;
      for (let at = 7; at < whole.length; at += step) {
        const damaged = whole.slice();
        const other = (at * 7) % whole.length;
        damaged[at] ^= 0x55;
        damaged[other] ^= 0xaa;
        if (!fills(at) || !fills(other)) {
          tried += 1;
          const { state } = await one.verify(damaged, anchors);
          assert.match(state, /^(invalid|absent)$/, `${name}, ${String(at)}`);
        }
        const cut = await one.verify(whole.subarray(0, at), anchors);
        assert.match(cut.state, /^(invalid|absent)$/, `${name}, cut at ${String(at)}`);
      }
      assert.ok(tried > 10, `${name}: ${String(tried)}`);
      assert.equal((await one.verify(whole, anchors)).state, 'trusted');
    }
  });

  test('errors have the package’s codes and whole sentences', async () => {
    const whole = await file('es256.jpg');
    await assert.rejects(verifier().verify(whole, { timeStamps: 'no certificates' }), (error) => {
      assert.equal(error.code, 'argument');
      assert.match(error.message, /^The trust anchors .*\.$/);
      return true;
    });
    await assert.rejects(verifier().verify(new Uint8Array(2 ** 26 + 1)), { code: 'limit' });
    // As if the file had made it stop.
    const broken = new library.Verifier(
      bytes,
      (given) => WebAssembly.compile(given),
      () => ({
        default: async () => ({ memory: new WebAssembly.Memory({ initial: 1 }) }),
        verify() {
          throw new WebAssembly.RuntimeError('unreachable');
        },
      }),
    );
    await assert.rejects(broken.verify(whole), { code: 'decode' });
  });

  test('what did not arrive is asked for again', async () => {
    let asked = 0;
    const one = new library.Verifier(
      bytes,
      (given) => (asked++ === 0 ? Promise.reject(new Error('gone')) : WebAssembly.compile(given)),
      open,
    );
    const whole = await file('es256.jpg');
    await assert.rejects(one.verify(whole), /gone/);
    for (let n = 0; n < 2; n++) assert.equal((await one.verify(whole, anchors)).state, 'trusted');
    assert.equal(asked, 2);
  });
});
