// The check of imports in www, on the real tree and on trees that break its rules.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import { forbiddenImports } from '../../scripts/lib/imports.mjs';
import { root } from '../../scripts/lib/run.mjs';

/** What is found in a tree of these files. */
async function found(files) {
  const base = await mkdtemp(path.join(os.tmpdir(), 'clipsight-imports-'));
  try {
    await symlink(path.join(root, 'node_modules'), path.join(base, 'node_modules'));
    for (const [name, text] of Object.entries(files)) {
      await mkdir(path.dirname(path.join(base, name)), { recursive: true });
      await writeFile(path.join(base, name), text);
    }
    return await forbiddenImports({ base });
  } finally {
    await rm(base, { recursive: true });
  }
}

test('www imports only what it may', async () => {
  assert.deepEqual(await forbiddenImports(), []);
});

describe('is refused:', () => {
  const good = {
    'www/lib/api/limits.ts': 'export const LIMIT = 1;',
    'www/lib/builds/urls.ts': "import { LIMIT } from '../api/limits.js'; export const url = LIMIT;",
    'www/app/main.ts': "import { createDetector } from 'clipsight'; createDetector();",
    'www/extension/shared/limits.ts': 'export const TEXT = 1;',
    'www/extension/panel/panel.ts': "import { TEXT } from '../shared/limits.js'; TEXT;",
  };
  test('nothing of a tree that keeps the rules', async () => {
    assert.deepEqual(await found(good), []);
  });

  for (const [what, file, text, says] of [
    [
      'a room above',
      'www/lib/api/errors.ts',
      "export { url } from '../builds/urls.js';",
      /^www\/lib\/api\/errors\.ts imports www\/lib\/builds\/urls\.ts /,
    ],
    [
      'a type of a room above',
      'www/lib/api/errors.ts',
      "import type { url } from '../builds/urls.js'; export type Url = typeof url;",
      /^www\/lib\/api\/errors\.ts imports www\/lib\/builds\/urls\.ts /,
    ],
    [
      "the library's source from the page",
      'www/app/page.ts',
      "export { LIMIT } from '../lib/api/limits.js';",
      /^www\/app\/page\.ts imports www\/lib\/api\/limits\.ts /,
    ],
    [
      "the library's source from the extension",
      'www/extension/shared/errors.ts',
      "export const late = () => import('../../lib/api/limits.js');",
      /^www\/extension\/shared\/errors\.ts imports www\/lib\/api\/limits\.ts /,
    ],
    [
      'what the package does not export',
      'www/app/page.ts',
      "export * from 'clipsight/api/limits';",
      /^www\/app\/page\.ts imports clipsight\/api\/limits /,
    ],
    [
      'the page from the service worker',
      'www/service-worker/main.ts',
      "import '../app/main.js';",
      /^www\/service-worker\/main\.ts imports www\/app\/main\.ts /,
    ],
    [
      'another process of the extension',
      'www/extension/sandbox/main.ts',
      "import '../panel/panel.js';",
      /^www\/extension\/sandbox\/main\.ts imports www\/extension\/panel\/panel\.ts /,
    ],
    [
      'an entry of the package that is not for this process',
      'www/extension/panel/view.ts',
      "export { createDetector } from 'clipsight';",
      /^www\/extension\/panel\/view\.ts imports node_modules\/clipsight\/index\.d\.ts /,
    ],
    [
      'a package that nobody named',
      'www/lib/api/errors.ts',
      "import 'esbuild';",
      /^www\/lib\/api\/errors\.ts imports node_modules\/esbuild\//,
    ],
    ['a file in no room', 'www/lib/loose.ts', 'export {};', /^www\/lib\/loose\.ts is in no room /],
  ]) {
    test(what, async () => {
      const lines = await found({ ...good, [file]: text });
      assert.equal(lines.length, 1, lines.join('\n'));
      assert.match(lines[0], says);
    });
  }

  test('a circle, also of types alone', async () => {
    const lines = await found({
      ...good,
      'www/app/a.ts': "import type { B } from './b.js'; export interface A { b: B }",
      'www/app/b.ts': "import type { A } from './a.js'; export interface B { a: A }",
    });
    assert.equal(lines.length, 1, lines.join('\n'));
    assert.match(lines[0], /a\.ts.*b\.ts.* is a circle$/);
  });
});
