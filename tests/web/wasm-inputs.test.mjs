// What the WebAssembly builds are compiled from, as the build sees it: an edit in the laboratory or
// the command line must rebuild none of them. Needs cargo.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BUILDS, parseTree, rustInputs } from '../../scripts/lib/wasm.mjs';

describe('inputs of the WebAssembly builds', () => {
  for (const { name, features } of BUILDS) {
    test(`${name}: the library and what it depends on, nothing else of the workspace`, async () => {
      const { inputs, dependencies } = await rustInputs(features);
      // Had cargo not answered, all of it would count.
      assert.notEqual(dependencies, '');
      assert.ok(!inputs.includes('Cargo.lock') && !inputs.includes('crates'), inputs.join());
      assert.ok(inputs.includes('src') && inputs.includes('Cargo.toml'), inputs.join());
      assert.doesNotMatch(inputs.join('\n'), /clipsight-/);
      assert.match(dependencies, /^wasm-bindgen v/m);
      assert.doesNotMatch(dependencies, /^(burn|ureq|clap|plotters)/m);
    });
  }
});

test('the tree: each package once, folders of ours, no place on this machine', () => {
  const text = [
    'clipsight v0.1.0 (/home/me/clipsight) cpu,web',
    'crc32fast v1.5.99 (/home/me/clipsight/crates/crc32fast) default,std',
    'serde v1.0.229 default,std',
    'serde v1.0.229 default,std (*)',
    'serde_derive v1.0.229 (proc-macro) default',
    'forked v1.0.0 (https://example.org/forked#0123abcd) ',
  ].join('\n');
  assert.deepEqual(parseTree(text, '/home/me/clipsight'), {
    packages: [
      'clipsight v0.1.0 (here) cpu,web',
      'crc32fast v1.5.99 (here) default,std',
      'forked v1.0.0 (https://example.org/forked#0123abcd)',
      'serde v1.0.229 default,std',
      'serde_derive v1.0.229 (proc-macro) default',
    ],
    folders: ['crates/crc32fast'],
  });
});
