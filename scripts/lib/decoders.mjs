// What browsers fetch when it is needed: the decoders, with the first file of a format, and the
// page's measuring module. See decoders/Cargo.toml.
import { copyFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { root, run } from './run.mjs';
import { ifChanged } from './stamp.mjs';
import { ensureToolchain, ensureWasmTarget, withoutPaths } from './tools.mjs';

/** By the names of their crates' folders. */
export const DECODERS = ['avif', 'extra', 'heic', 'jxl'];

const TARGET = 'wasm32-unknown-unknown';

/** The module of the page's bench, where webpack finds it. */
export const MEASURE = 'www/app/bench/measure.wasm';

/** Where a decoder lies, relative to the repository. */
export const decoderFile = (name) => `pkg/wasm/decoders/${name}.wasm`;

/**
 * For rustc: SIMD, which every browser of the package has; and a bound on memory that no file
 * within the core's limits reaches (src/limits.rs), so that a hostile one ends only itself.
 */
const FLAGS = [
  '-Ctarget-feature=+simd128',
  `-Clink-arg=--max-memory=${String(1280 * 2 ** 20)}`,
  ...withoutPaths,
];

/** Builds them all, into pkg/wasm/decoders. */
export async function buildDecoders() {
  for (const name of DECODERS) {
    await ifChanged({
      name: `decoder of ${name}`,
      inputs: [
        'rust-toolchain.toml',
        'decoders/Cargo.toml',
        'decoders/Cargo.lock',
        `decoders/${name}`,
        ...['interface', 'libc', 'nasm-rs'].map((folder) => `decoders/${folder}`),
        'crates/clipsight-codecs/Cargo.toml',
        'crates/clipsight-codecs/src',
        ...(name === 'extra' ? ['Cargo.toml', 'src'] : []),
      ],
      extra: JSON.stringify(FLAGS.slice(0, 2)),
      outputs: [decoderFile(name)],
      work: () => compile(`clipsight-decoder-${name}`, decoderFile(name)),
    });
  }
}

/** Builds the measuring module. */
export async function buildMeasure() {
  await ifChanged({
    name: 'measuring module',
    inputs: [
      ...['rust-toolchain.toml', 'Cargo.toml', 'src'],
      ...['decoders/Cargo.toml', 'decoders/Cargo.lock', 'decoders/measure'],
      ...['crates/clipsight-measure/Cargo.toml', 'crates/clipsight-measure/src'],
    ],
    extra: JSON.stringify(FLAGS.slice(0, 2)),
    outputs: [MEASURE],
    work: () => compile('clipsight-measure-module', MEASURE),
  });
}

async function compile(crate, file) {
  await ensureToolchain();
  await ensureWasmTarget();
  const folder = 'target/decoders';
  const cargo = ['build', '--release', '--locked', '--manifest-path', 'decoders/Cargo.toml'];
  cargo.push('-p', crate, '--target', TARGET, '--target-dir', folder);
  await run('cargo', cargo, { env: { CARGO_ENCODED_RUSTFLAGS: FLAGS.join('\x1f') } });
  const to = path.join(root, file);
  await mkdir(path.dirname(to), { recursive: true });
  const built = `release/${crate.replaceAll('-', '_')}.wasm`;
  await copyFile(path.join(root, folder, TARGET, built), to);
}
