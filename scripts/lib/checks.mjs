// Every check of the repository, in one list: the cheapest first, so that a slip is reported early.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { checkLines } from './lines.mjs';
import { root, run } from './run.mjs';
import { BUILDS } from './wasm.mjs';

/**
 * Labelled images and public weights that are not in the repository. Tests that need them skip, and
 * say so.
 */
export const shared = path.join(root, '../shared');

const node = (...args) => run(process.execPath, args);

/**
 * Types, imports, lints and formatting of everything that is not Rust, and the length of every
 * line. Needs node_modules and the package's types.
 */
export async function lintWeb() {
  await node('node_modules/typescript/bin/tsc', '-p', 'www/lib', '--noEmit');
  await node('node_modules/typescript/bin/tsc', '-p', 'www/app');
  await node('node_modules/typescript/bin/tsc', '-p', 'www/service-worker');
  await node('node_modules/typescript/bin/tsc', '-p', 'www/extension');
  await checkLines();
  // Loaded here: it is there only after `npm ci`.
  await (await import('./imports.mjs')).checkImports();
  await node('node_modules/eslint/bin/eslint.js', '.', '--max-warnings', '0');
  await node('node_modules/prettier/bin/prettier.cjs', '--check', '.', '--log-level', 'warn');
}

/**
 * All WebAssembly builds as wasm-bindgen wrote them have the interface that the worker was compiled
 * against. Needs a build.
 */
export async function checkBuildInterface() {
  await node('node_modules/typescript/bin/tsc', '-p', 'tests/web/types');
}

/** What clippy looks at: every set of features that ships. */
const CLIPPY = [
  ['--workspace', '--all-targets'],
  ['--bin', 'clipsight', '--features', 'burn-gpu'],
  ...Array.from(new Set(BUILDS.map(({ features }) => features)), (features) => [
    '--lib',
    '--target',
    'wasm32-unknown-unknown',
    '--no-default-features',
    '--features',
    features,
  ]),
];

export async function lintRust() {
  await run('cargo', ['fmt', '--all', '--check']);
  for (const args of CLIPPY)
    await run('cargo', ['clippy', '--locked', ...args, '--', '-D', 'warnings']);
}

/**
 * In release mode, as the tests run the encoder; the native program is then built from the same
 * dependencies.
 */
export async function testRust() {
  await run('cargo', ['test', '--release', '--workspace', '--locked']);
}

/** The native programs that the browser's results are compared with. */
export async function buildNative() {
  await run('cargo', [
    'build',
    '--release',
    '--locked',
    '--bin',
    'clipsight',
    '--example',
    'analyze',
  ]);
}

/** The figures in the documents are those that were measured. */
export async function checkFigures() {
  await run('target/release/clipsight', [
    'card',
    'models/compact',
    '--readme',
    'README.md',
    '--check',
  ]);
  await node('scripts/bench.mjs', '--report', '--check');
}

/** The browser tests; they find Chromium in the environment. */
export async function testWeb(chromium) {
  if (!existsSync(path.join(shared, 'data/manifest.csv'))) {
    console.warn(
      '\n!! ../shared/data is not there: the comparison on labelled images is skipped.\n',
    );
  }
  await run(
    process.execPath,
    ['--test', '--test-concurrency=1', '--test-reporter=spec', 'tests/web/'],
    {
      env: { CHROMIUM: chromium },
    },
  );
}
