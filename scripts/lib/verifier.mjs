// What checks Content Credentials, fetched when somebody asks for it: see verifier/Cargo.toml.
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { root, run } from './run.mjs';
import { ifChanged } from './stamp.mjs';
import { ensureToolchain, ensureWasmBindgen, ensureWasmTarget, withoutPaths } from './tools.mjs';

/** Where it lies, relative to the repository. */
export const VERIFIER = 'pkg/wasm/verifier/verifier.wasm';

/** What wasm-bindgen writes, by the names that it has in the package. */
const FILES = new Map([
  ['clipsight_bg.wasm', VERIFIER],
  ['clipsight.js', 'pkg/wasm/verifier/verifier.js'],
  ['clipsight.d.ts', 'pkg/wasm/verifier/verifier.d.ts'],
]);

const TARGET = 'wasm32-unknown-unknown';

/**
 * For rustc: SIMD, which every browser of the package has; and a bound on memory that no file
 * within its limit reaches (crates/clipsight-verify/src/check.rs).
 */
const FLAGS = [
  '-Ctarget-feature=+simd128',
  `-Clink-arg=--max-memory=${String(1024 * 2 ** 20)}`,
  ...withoutPaths,
];

/** Builds it, into pkg/wasm/verifier. */
export async function buildVerifier() {
  await ifChanged({
    name: 'verifier',
    inputs: [
      ...['rust-toolchain.toml', 'verifier', 'scripts/wasm-bindgen'],
      // The versions of what all workspaces share.
      ...['Cargo.toml', 'crates/clipsight-verify/Cargo.toml'],
      ...['src', 'trust'].map((folder) => `crates/clipsight-verify/${folder}`),
    ],
    extra: JSON.stringify(FLAGS.slice(0, 2)),
    outputs: [...FILES.values()],
    work: compile,
  });
}

async function compile() {
  await ensureToolchain();
  await ensureWasmTarget();
  const wasmBindgen = await ensureWasmBindgen('verifier/Cargo.lock');
  const folder = 'target/verifier';
  const cargo = ['build', '--release', '--locked', '--manifest-path', 'verifier/Cargo.toml'];
  cargo.push('-p', 'clipsight-verifier', '--target', TARGET, '--target-dir', folder);
  await run('cargo', cargo, { env: { CARGO_ENCODED_RUSTFLAGS: FLAGS.join('\x1f') } });
  const made = await mkdtemp(path.join(os.tmpdir(), 'clipsight-verifier-'));
  try {
    const built = `${folder}/${TARGET}/release/clipsight_verifier.wasm`;
    await wasmBindgen(path.join(root, built), made);
    await mkdir(path.join(root, path.dirname(VERIFIER)), { recursive: true });
    for (const [from, to] of FILES) await copyFile(path.join(made, from), path.join(root, to));
  } finally {
    await rm(made, { recursive: true });
  }
}
