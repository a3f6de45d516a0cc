// Scripts that install the packages must start without them: on a clean checkout there are none.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';
import ts from 'typescript';
import { root } from '../../scripts/lib/run.mjs';

/** What Node loads before a module's first line: `import()` is not among it. */
async function loadedFirst(file) {
  const source = ts.createSourceFile(file, await readFile(file, 'utf8'), ts.ScriptTarget.Latest);
  return source.statements
    .filter((one) => ts.isImportDeclaration(one) || ts.isExportDeclaration(one))
    .flatMap(({ moduleSpecifier }) => (moduleSpecifier ? [moduleSpecifier.text] : []));
}

/** Every package that starting a script loads, as the chain of files that leads to it. */
async function packagesOf(script) {
  const found = [];
  const seen = new Set();
  const visit = async (file, chain) => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const name of await loadedFirst(file)) {
      if (name.startsWith('.'))
        await visit(path.resolve(path.dirname(file), name), [...chain, file]);
      else if (!isBuiltin(name)) found.push([...chain, file, name]);
    }
  };
  await visit(script, []);
  return found.map((chain) => chain.map((name) => path.relative(root, name)).join(' -> '));
}

const { scripts } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
const entries = Object.values(scripts).flatMap(
  (line) => line.match(/^node (scripts\/\S+)$/)?.[1] ?? [],
);

test('npm scripts are found', () => {
  assert.ok(entries.includes('scripts/test.mjs') && entries.includes('scripts/start.mjs'), entries);
});

for (const entry of entries)
  test(`${entry} starts on a clean checkout`, async () => {
    assert.deepEqual(await packagesOf(path.join(root, entry)), []);
  });

test('a package is found through the files that lead to it', async () => {
  const [chain] = await packagesOf(path.join(root, 'scripts/lib/develop.mjs'));
  assert.match(chain, /^scripts\/lib\/develop\.mjs -> .*esbuild$/);
});
