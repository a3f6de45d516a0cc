// verifyProvenance() as a page calls it: in a worker, without a model, and without asking the
// network for anything but the verifier itself.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import { root } from '../../scripts/lib/run.mjs';
import { AT_ONCE, packageTests } from './support/package.mjs';

const FIXTURES = path.join(root, 'crates/clipsight-verify/tests/fixtures');
const tests = packageTests({ folders: { '/signed/': path.join(FIXTURES, 'signed') } });
const VERIFIER = '/pkg/wasm/verifier/verifier.wasm';

let anchors;
before(async () => {
  const pem = await readFile(path.join(FIXTURES, 'certificates/root.pem'), 'utf8');
  anchors = { signers: pem, timeStamps: pem };
});

describe('verifyProvenance', () => {
  test('says in a page what it says natively, and fetches the verifier alone', async () => {
    const expected = JSON.parse(await readFile(path.join(FIXTURES, 'signed.json'), 'utf8'));
    const names = ['es256.jpg', 'es256.avif', 'changed.jpg', 'unknown.jpg', 'elsewhere.jpg'];
    const from = tests.server.requests.length;
    const found = await tests.inPage(
      async ([names, anchors]) => {
        const found = {};
        for (const name of names) {
          const file = await (await fetch(`/signed/${name}`)).blob();
          found[name] = await window.clipsight.verifyProvenance(file, { anchors });
        }
        return found;
      },
      [names, anchors],
    );
    for (const name of names) {
      const { trustLists, ...said } = found[name];
      assert.deepEqual(said, expected[name], name);
      assert.equal(trustLists.length, 4);
    }
    const asked = tests.server.requests
      .slice(from)
      .filter((request) => !request.startsWith('/signed/') && request !== '/package.html');
    assert.ok(asked.includes(VERIFIER));
    for (const request of asked)
      assert.match(request, /^\/pkg\/(index|compact|part-\w+|worker)\.js$|verifier\.wasm$/);
  });

  test('takes bytes and images, in a worker and without one', async () => {
    const states = await tests.inPage(async (anchors) => {
      const { verifyProvenance } = window.clipsight;
      const bytes = await (await fetch('/signed/es256.jpg')).arrayBuffer();
      const image = new Image();
      image.src = '/signed/es256.jpg';
      await image.decode();
      const states = [];
      for (const input of [bytes, new Uint8Array(bytes), new Blob([bytes]), image])
        states.push((await verifyProvenance(input, { anchors })).state);
      states.push((await verifyProvenance(bytes, { anchors, worker: false })).state);
      states.push((await verifyProvenance(window.picture, { anchors })).state);
      return states;
    }, anchors);
    assert.deepEqual(states, [...Array(5).fill('trusted'), 'absent']);
  });

  test('works from the bytes of fetchVerifier() where the network is gone', async (t) => {
    const state = await tests.inPage(async (anchors) => {
      const { fetchVerifier, verifyProvenance } = window.clipsight;
      const verifier = await fetchVerifier();
      const bytes = await (await fetch('/signed/es256.jpg')).arrayBuffer();
      const policy = document.createElement('meta');
      policy.httpEquiv = 'Content-Security-Policy';
      policy.content = "connect-src 'none'";
      document.head.append(policy);
      return (await verifyProvenance(bytes, { verifier, anchors, worker: false })).state;
    }, anchors);
    assert.equal(state, 'trusted');
    tests.serving(t, VERIFIER, () => 404);
    const code = await tests.inPage(
      () => window.codeOf(window.clipsight.verifyProvenance(window.picture)),
      undefined,
      { expectProblems: true },
    );
    assert.equal(code, 'network');
  });

  test('is cancelled at once', async () => {
    const { code, turns } = await tests.inPage(async () => {
      const stop = new AbortController();
      const { signal } = stop;
      const checking = window.clipsight.verifyProvenance(window.picture, { signal });
      const code = window.codeOf(checking);
      await new Promise((resolve) => setTimeout(resolve, 20));
      stop.abort();
      const turns = await window.turnsUntilSettled(code);
      return { code: await code, turns };
    });
    assert.equal(code, 'aborted');
    assert.ok(turns <= AT_ONCE, String(turns));
  });

  test('wrong arguments are said to be wrong', async () => {
    const codes = await tests.inPage(async () => {
      const { verifyProvenance } = window.clipsight;
      const codes = [];
      for (const [input, options] of [
        [1, {}],
        [window.picture, { anchors: 'pem' }],
        [window.picture, { anchors: { signers: 1 } }],
        [window.picture, { verifier: 1 }],
        [window.picture, { maxBytes: -1 }],
        [window.picture, { worker: 1 }],
        [window.picture, { anchors: { signers: 'no certificate' } }],
        [window.picture, { maxBytes: 10 }],
      ])
        codes.push(await window.codeOf(verifyProvenance(input, options)));
      return codes;
    });
    assert.deepEqual(codes, [...Array(7).fill('argument'), 'limit']);
  });
});
