// The Python package, python/: built, linted and tested in a virtual environment of its own.
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { Failure, output, root, run, step } from './run.mjs';
import { ifChanged } from './stamp.mjs';
import { installFromDebian, isDebian } from './tools.mjs';

/** What the tests need, and what wheels are built with. */
export const REQUIREMENTS = 'python/requirements-dev.txt';

/** What the pinned packages ask for; the package itself runs on Python 3.10, too. */
const OLDEST = [3, 11];

/** An environment's program of that name. */
export const inVenv = (folder, name) =>
  process.platform === 'win32'
    ? path.join(root, folder, 'Scripts', `${name}.exe`)
    : path.join(root, folder, 'bin', name);

/** What keeps this machine from making a virtual environment, in words. */
async function lacking() {
  const version = await output('python3', ['-c', 'import sys; print(*sys.version_info[:2])']);
  if (version === undefined) return 'Python 3';
  const [major, minor] = version.split(' ').map(Number);
  if (major === OLDEST[0] && minor < OLDEST[1])
    return `Python ${OLDEST.join('.')} or later (python3 is ${major}.${minor})`;
  const venv = await output('python3', ['-c', 'import ensurepip, venv']);
  return venv === undefined ? "Python's venv" : undefined;
}

/**
 * A virtual environment with what a file of requirements names. On Debian, Python is installed
 * where it is missing. Returns what this machine lacks for it, if it lacks anything.
 */
export async function ensureVenv(folder, requirements) {
  if ((await lacking()) !== undefined && (await isDebian()))
    await installFromDebian('Python', ['python3', 'python3-venv']);
  const missing = await lacking();
  if (missing !== undefined) return missing;
  const python = path.relative(root, inVenv(folder, 'python'));
  await ifChanged({
    name: `Python packages of ${requirements}`,
    inputs: [requirements],
    outputs: [python],
    work: async () => {
      await rm(path.join(root, folder), { recursive: true, force: true });
      await run('python3', ['-m', 'venv', folder]);
      const quiet = ['--quiet', '--disable-pip-version-check'];
      await run(python, ['-m', 'pip', 'install', ...quiet, '-r', requirements]);
    },
  });
  return undefined;
}

/** The environment of the tests. */
export const VENV = 'target/python';

/**
 * Linters, types and tests of the Python package, as it is installed. Returns, as a sentence, what
 * was not checked, where there is no Python.
 */
export async function testPython() {
  const missing = await ensureVenv(VENV, REQUIREMENTS);
  if (missing !== undefined) {
    if (process.env.CI !== undefined)
      throw new Failure(`CI must have ${missing}: the Python package is tested with it.`);
    return `The Python package was NOT tested: ${missing} is not on this machine.`;
  }
  const program = (name) => inVenv(VENV, name);
  const inPackage = (name, ...args) =>
    run(program(name), args, { cwd: path.join(root, 'python'), env });
  const env = {
    VIRTUAL_ENV: path.join(root, VENV),
    // The program's dependencies, compiled already.
    CARGO_TARGET_DIR: path.join(root, 'target'),
    CLIPSIGHT_PROGRAM: path.join(root, 'target/release/clipsight'),
  };
  await step('Python: extension', () =>
    inPackage('maturin', 'develop', '--release', '--locked', '--quiet'),
  );
  await step('Python: lints', async () => {
    await inPackage('ruff', 'format', '--check', '--quiet', '.');
    await inPackage('ruff', 'check', '--quiet', '.');
    await inPackage('mypy', '--strict', '.');
    // Here and not with the other crates: PyO3 asks the interpreter what it is.
    const clippy = ['clippy', '--locked', '--', '-D', 'warnings'];
    await run('cargo', clippy, {
      cwd: path.join(root, 'python'),
      env: { ...env, PYO3_PYTHON: program('python') },
    });
  });
  await step('Python: pytest', () => inPackage('pytest', '--quiet', '-rs'));
  return undefined;
}
