// Every check of the repository, in one list: the cheapest first, so that a slip is reported early.
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { checkLines } from './lines.mjs';
import { MODELS, sourcesOf } from './models.mjs';
import { root, run } from './run.mjs';
import { ensureTarget } from './tools.mjs';
import { BUILDS } from './wasm.mjs';

/**
 * Labelled images and public weights that are not in the repository. Tests that need them skip, and
 * say so.
 */
export const shared = path.join(root, '../shared');

const node = (...args) => run(process.execPath, args);

/**
 * Types, imports, lints and formatting of everything that is not Rust, and the length of every
 * line; of what is written from Rust, that it is what the schema says. Needs node_modules and the
 * package's types.
 */
export async function lintWeb() {
  await node('node_modules/typescript/bin/tsc', '-p', 'www/lib', '--noEmit');
  await node('node_modules/typescript/bin/tsc', '-p', 'www/app');
  await node('node_modules/typescript/bin/tsc', '-p', 'www/service-worker');
  await node('node_modules/typescript/bin/tsc', '-p', 'www/extension');
  await checkLines();
  // Loaded here: what they import is there only after `npm ci`.
  await (await import('./imports.mjs')).checkImports();
  await (await import('./generate.mjs')).checkGenerated();
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

/**
 * Every crate with all that it can hold, but for the one that writes the schema: its dependencies
 * would have burn compiled again, with other features of what both share.
 */
const WHOLE = ['--workspace', '--exclude', 'clipsight-schema', '--features', 'clipsight-cli/lab'];
/** The same with burn's GPU engine: for what looks at the sources and runs nothing. */
const WHOLE_WITH_GPU = WHOLE.with(-1, `${WHOLE.at(-1)},clipsight-cli/burn-gpu`);
const SCHEMA = ['--package', 'clipsight-schema'];

/** What clippy looks at: every set of features that ships. */
const CLIPPY = [
  [...WHOLE_WITH_GPU, '--all-targets'],
  [...SCHEMA, '--all-targets'],
  ['--package', 'clipsight', '--lib', '--features', 'bench'],
  // As it is compiled for browsers: without threads.
  ['--package', 'clipsight-measure'],
  // The command line as most people build it, and in between.
  ['--package', 'clipsight-cli'],
  ['--package', 'clipsight-cli', '--features', 'import'],
  ...Array.from(new Set(BUILDS.map(({ features }) => features)), (features) => [
    '--package',
    'clipsight',
    '--lib',
    '--target',
    'wasm32-unknown-unknown',
    '--no-default-features',
    '--features',
    features,
  ]),
];

/** Processors with kernels of their own, which this machine may not be able to run. */
const ELSEWHERE = ['aarch64-unknown-linux-gnu'];

/** Has rustup add what `lintRust` compiles for: not while other builds run. */
export async function ensureNativeTargets() {
  for (const target of ELSEWHERE) await ensureTarget(target);
}

export async function lintRust() {
  await run('cargo', ['fmt', '--all', '--check']);
  for (const folder of ['fuzz', 'decoders', 'verifier', 'python'])
    await run('cargo', ['fmt', '--all', '--check', '--manifest-path', `${folder}/Cargo.toml`]);
  for (const args of CLIPPY)
    await run('cargo', ['clippy', '--locked', ...args, '--', '-D', 'warnings']);
  for (const target of ELSEWHERE) {
    const core = ['--package', 'clipsight', '--no-default-features', '--features', 'cpu'];
    const args = ['clippy', '--locked', '--lib', '--target', target, ...core];
    await run('cargo', [...args, '--', '-D', 'warnings']);
  }
}

/**
 * The documentation of the crates: no link in it is broken. Links to what is private are for those
 * who read the sources. Its examples run with the tests.
 */
export async function checkDocs() {
  for (const crates of [WHOLE_WITH_GPU, SCHEMA]) {
    const args = ['doc', '--no-deps', '--locked', ...crates];
    await run('cargo', args, {
      env: { RUSTDOCFLAGS: '-D warnings -A rustdoc::private-intra-doc-links' },
    });
  }
}

/**
 * In release mode, as the tests run the encoder; the native program is then built from the same
 * dependencies.
 */
export async function testRust() {
  await run('cargo', ['test', '--locked', ...SCHEMA]);
  await run('cargo', ['test', '--release', '--locked', ...WHOLE]);
}

/** The native programs that the browser's results are compared with. */
export async function buildNative() {
  const build = ['build', '--release', '--locked', ...WHOLE];
  await run('cargo', [...build, '--bin', 'clipsight', '--example', 'analyze']);
}

/** The figures in the documents are those that were measured. */
export async function checkFigures() {
  const folders = MODELS.map(({ name }) => sourcesOf(name));
  await run('target/release/clipsight', ['card', ...folders, '--readme', 'README.md', '--check']);
  await node('scripts/bench.mjs', '--report', '--check');
}

/** The files of the browser tests: what a folder means to Node's runner depends on its version. */
async function browserTests() {
  const names = await readdir(path.join(root, 'tests/web'));
  return names.filter((name) => name.endsWith('.test.mjs')).map((name) => `tests/web/${name}`);
}

/** A test file that takes longer hangs: SwiftShader needs minutes, but not so many. */
const TEST_TIMEOUT_MS = 1_500_000;

/** The browser tests; they find Chromium in the environment. */
export async function testWeb(chromium) {
  if (!existsSync(path.join(shared, 'data/manifest.csv'))) {
    console.warn(
      '\n!! ../shared/data is not there: the comparison on labelled images is skipped.\n',
    );
  }
  await run(
    process.execPath,
    [
      ...['--test', '--test-concurrency=1', `--test-timeout=${TEST_TIMEOUT_MS}`],
      ...['--test-reporter=spec', '--test-reporter-destination=stdout'],
      // Lists what was skipped, and fails where it must not be.
      ...['--test-reporter=./tests/web/support/skips.mjs', '--test-reporter-destination=stdout'],
      ...(await browserTests()),
    ],
    { env: { CHROMIUM: chromium } },
  );
}
