// The WebAssembly builds: what they are, what they depend on, how they are made.
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { output, root, run } from './run.mjs';
import { filesBelow, hashOf, ifChanged } from './stamp.mjs';
import { ensureToolchain, ensureWasmBindgen, ensureWasmTarget, withoutPaths } from './tools.mjs';

/**
 * The builds. One interface, a target folder each: their RUSTFLAGS and features differ, and in one
 * folder each build would throw the others' away.
 */
export const BUILDS = [
  { name: 'gpu', features: 'webgpu,web', rustflags: '' },
  // Relaxed SIMD, with its 8-bit dot products: Chrome 114 and others that followed, on machines
  // where they are exact.
  { name: 'cpu', features: 'cpu,web', rustflags: '-C target-feature=+simd128,+relaxed-simd' },
  // The same browsers on other machines: 16-bit products, and the same results to the bit.
  {
    name: 'cpu-i16',
    features: 'cpu,i16,web',
    rustflags: '-C target-feature=+simd128,+relaxed-simd',
  },
  // Every browser that has WebAssembly SIMD: Chrome 91, Firefox 89, Safari 16.4.
  { name: 'cpu-simd128', features: 'cpu,web', rustflags: '-C target-feature=+simd128' },
];

/**
 * The decoders' generic code is compiled with our kernels, for speed; little of it gains from being
 * inlined, unrolled or turned into vector code, which made the builds a fifth larger. The kernels
 * say themselves what must be inlined, and are written in vectors.
 */
const SMALL = [
  '-C llvm-args=-inline-threshold=20',
  '-C llvm-args=-unroll-runtime=false',
  '-C llvm-args=-unroll-allow-partial=false',
  '-C no-vectorize-loops',
  '-C no-vectorize-slp',
].join(' ');

const TARGET = 'wasm32-unknown-unknown';

/** The two files that wasm-bindgen makes of a build, relative to the repository. */
const filesOf = (name) =>
  ['clipsight.js', 'clipsight_bg.wasm'].map((file) => `pkg/wasm/${name}/${file}`);

/** The builds that browsers download, into pkg/wasm/gpu and its siblings. */
export async function buildWasm() {
  for (const { name, features, rustflags } of BUILDS) {
    const { inputs, dependencies } = await rustInputs(features);
    await ifChanged({
      name: `WebAssembly build ${name}`,
      inputs,
      extra: JSON.stringify({ features, rustflags, SMALL, dependencies }),
      outputs: filesOf(name),
      work: () =>
        compile({
          features,
          rustflags: `${rustflags} ${SMALL}`.trim(),
          profile: 'web',
          targetDir: `target/wasm-${name}`,
          to: path.join(root, 'pkg/wasm', name),
        }),
    });
  }
}

/**
 * For development alone: the folder of every build. What is in pkg/wasm, however old, is taken;
 * where a build is missing there, one that every browser runs, and that compiles in a fraction of
 * the time, takes its place.
 *
 * @returns {Promise<{ folders: Map<string, string>, missing: string[] }>}
 */
export async function developmentWasm() {
  await ensureToolchain();
  const missing = BUILDS.map(({ name }) => name).filter((name) =>
    filesOf(name).some((file) => !existsSync(path.join(root, file))),
  );
  const standIn = '.cache/dev/wasm';
  if (missing.length > 0) {
    const { features, rustflags } = BUILDS.find(({ name }) => name === 'cpu-simd128');
    const { inputs, dependencies } = await rustInputs(features);
    await ifChanged({
      name: 'WebAssembly build for development',
      inputs,
      extra: JSON.stringify({ features, rustflags, dependencies }),
      outputs: ['clipsight.js', 'clipsight_bg.wasm'].map((file) => `${standIn}/${file}`),
      work: () =>
        compile({
          features,
          rustflags,
          profile: 'web-dev',
          targetDir: 'target/wasm-dev',
          to: path.join(root, standIn),
        }),
    });
  }
  const folderOf = (name) => path.join(root, missing.includes(name) ? standIn : `pkg/wasm/${name}`);
  return { folders: new Map(BUILDS.map(({ name }) => [name, folderOf(name)])), missing };
}

async function compile({ features, rustflags, profile, targetDir, to }) {
  await ensureWasmTarget();
  const wasmBindgen = await ensureWasmBindgen();
  const cargo = ['rustc', '-p', 'clipsight', '--profile', profile, '--lib', '--locked'];
  cargo.push('--crate-type', 'cdylib', '--target', TARGET, '--target-dir', targetDir);
  cargo.push('--no-default-features', '--features', features);
  const flags = [...rustflags.split(' ').filter((flag) => flag !== ''), ...withoutPaths];
  await run('cargo', cargo, { env: { CARGO_ENCODED_RUSTFLAGS: flags.join('\x1f') } });
  await rm(to, { recursive: true, force: true });
  await wasmBindgen(path.join(root, targetDir, TARGET, profile, 'clipsight.wasm'), to);
}

/**
 * What a build is compiled from: files and folders of ours, and the packages of others as text. An
 * edit elsewhere in the workspace, or of Cargo.lock for its sake, is none of the builds' business.
 *
 * @param {string} features
 * @returns {Promise<{ inputs: string[], dependencies: string }>}
 */
export async function rustInputs(features) {
  const always = ['Cargo.toml', 'rust-toolchain.toml', '.cargo', 'build.rs', 'src'];
  const tree = await dependencyTree(features);
  // Without cargo nothing can be built: everything counts, so that nothing old passes for new.
  if (tree === undefined) return { inputs: [...always, 'Cargo.lock', 'crates'], dependencies: '' };
  return { inputs: [...always, ...tree.folders], dependencies: tree.packages.join('\n') };
}

/** Asked of cargo once for the manifests and the lock file as they are. */
async function dependencyTree(features) {
  const manifests = await filesBelow(
    ['Cargo.toml', 'Cargo.lock', 'crates'],
    (file) => file.startsWith('crates/') && /\.\w+$/.test(file) && !file.endsWith('/Cargo.toml'),
  );
  const key = await hashOf(manifests, { extra: features });
  const file = path.join(root, '.cache/dependencies', `${features.replaceAll(',', '-')}.json`);
  const known = await readFile(file, 'utf8').then(JSON.parse, () => undefined);
  if (known?.key === key) return known.tree;
  const args = ['tree', '--locked', '-p', 'clipsight', '--target', TARGET, '-e', 'normal,build'];
  args.push('--prefix', 'none', '--format', '{p} {f}', '--no-default-features');
  const text = await output('cargo', [...args, '--features', features]);
  if (text === undefined) return undefined;
  const tree = parseTree(text, root);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, JSON.stringify({ key, tree }));
  return tree;
}

/**
 * What `cargo tree --prefix none` prints: every package once, without places on this machine, and
 * the folders of those that lie in the repository (but for its root).
 *
 * @param {string} text
 * @param {string} base the repository
 */
export function parseTree(text, base) {
  const packages = new Set();
  const folders = new Set();
  for (const line of text.split('\n')) {
    const shown = line.replace(/ \(\*\)$/, '').trimEnd();
    const place = /\(([/\\]|[A-Za-z]:)[^)]*\)/.exec(shown)?.[0];
    if (place !== undefined) {
      const folder = path.relative(base, place.slice(1, -1)).split(path.sep).join('/');
      if (folder !== '') folders.add(folder);
    }
    packages.add(place === undefined ? shown : shown.replace(place, '(here)'));
  }
  return { packages: [...packages].sort(), folders: [...folders].sort() };
}
