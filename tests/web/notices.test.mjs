// Third-party notices: which licence is taken, whose text, and what has no text at all.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { buildNotices, LICENCES, NOTICES, notices } from '../../scripts/lib/notices.mjs';
import { output, root } from '../../scripts/lib/run.mjs';

const MIT = 'Permission is hereby granted, free of charge, to any person obtaining a copy';
const ZLIB = "This software is provided 'as-is', without any express or implied warranty.";

let folder;
before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'clipsight-notices-'));
  await writeFile(
    path.join(folder, 'LICENSE-MIT'),
    `Copyright (c) 2020 A. Person\r\n\r\n${MIT}\r\n`,
  );
  await writeFile(path.join(folder, 'license.zlib.txt'), `Copyright B. Other\n\n${ZLIB}\n`);
  await writeFile(path.join(folder, 'NOTICE'), 'Contains the works of C. Third.\n');
});
after(() => rm(folder, { recursive: true }));

const work = (licence, others = {}) => ({
  name: 'work 1.0.0',
  licence,
  home: 'https://work.test',
  holders: 'D. Fourth',
  folder,
  ...others,
});

describe('third-party notices', () => {
  test('of a choice of licences the shortest, with its own text and the NOTICE', async () => {
    const text = await notices([work('Apache-2.0 OR MIT')]);
    assert.ok(text.includes('work 1.0.0: MIT, https://work.test'), text.slice(0, 500));
    assert.ok(text.includes(`Copyright (c) 2020 A. Person\n\n${MIT}\n`));
    assert.ok(text.includes('Contains the works of C. Third.'));
    assert.ok(!text.includes('B. Other'));
  });

  test('all licences that hold together; a slash is a choice', async () => {
    const text = await notices([work('(Apache-2.0/MIT) AND Zlib')]);
    assert.ok(text.includes('work 1.0.0: MIT and Zlib'));
    assert.ok(text.includes('A. Person') && text.includes('B. Other'));
  });

  test('a work without a text gets the standard one with its authors', async () => {
    const text = await notices([work('MIT', { folder: undefined })]);
    assert.ok(text.includes(`Copyright (c) D. Fourth\n\n${MIT.slice(0, 40)}`));
  });

  test('the same text stands once, under all its works', async () => {
    const text = await notices([work('MIT'), work('MIT', { name: 'another 2.0.0' })]);
    assert.equal(text.split('A. Person').length, 2);
    assert.ok(text.includes('\nanother 2.0.0, work 1.0.0\n'));
  });

  for (const licence of ['MPL-2.0', 'GPL-3.0-only', 'MIT AND MPL-2.0', 'ISC'])
    test(`${licence} without a text to pass on ends the build`, async () => {
      await assert.rejects(notices([work(licence)]), /text/);
    });
});

test('the notices of the package name every crate of its WebAssembly and every bundler', async () => {
  await buildNotices();
  const text = await readFile(path.join(root, 'pkg', NOTICES), 'utf8');
  const tree = await output('cargo', [
    ...['tree', '--locked', '-p', 'clipsight', '--target', 'wasm32-unknown-unknown'],
    ...['--no-default-features', '--features', 'cpu,web', '--edges', 'normal,no-proc-macro'],
    ...['--prefix', 'none', '--format', '{p}'],
  ]);
  // Those of a registry; ours have a folder behind the version.
  const crates = tree.split('\n').filter((line) => /^\S+ v[^ ]+( \(\*\))?$/.test(line));
  assert.ok(crates.length > 20, tree);
  for (const crate of crates) {
    const [name, version] = crate.split(' ');
    assert.ok(text.includes(`\n${name} ${version.slice(1)}: `), crate);
  }
  for (const name of ['webpack', 'esbuild', 'Rust standard library', 'vit_tiny_patch16_224'])
    assert.ok(new RegExp(`^${name}.*: `, 'm').test(text), name);
  for (const name of LICENCES)
    assert.equal(
      await readFile(path.join(root, 'pkg', name), 'utf8'),
      await readFile(path.join(root, name), 'utf8'),
    );
});
