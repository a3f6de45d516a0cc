// The parts of a release, each into dist/release. The same commit gives the same bytes.
import { createHash } from 'node:crypto';
import { copyFile, cp, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { create } from 'tar';
import { buildExtension } from '../lib/extension.mjs';
import { MODELS, readModel, sourcesOf } from '../lib/models.mjs';
import { LICENCES, NOTICES, modelLicence, programNotices } from '../lib/notices.mjs';
import { REQUIREMENTS, VENV, ensureVenv, inVenv } from '../lib/python.mjs';
import { Failure, output, root, run } from '../lib/run.mjs';
import { withoutPaths } from '../lib/tools.mjs';
import { home } from './blockers.mjs';

const release = path.join(root, 'dist/release');

/** Where parts are put together. */
const staging = path.join(root, '.cache/release');

async function emptied(folder) {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  return folder;
}

/**
 * An npm package, with the project's addresses: `pkg`, or the folder of a model's package. Needs a
 * build.
 */
export async function packPackage(from) {
  const folder = path.join(staging, from);
  await rm(folder, { recursive: true, force: true });
  await cp(path.join(root, from), folder, { recursive: true });
  const file = path.join(folder, 'package.json');
  const { repository, homepage, bugs } = await home();
  const description = {
    ...JSON.parse(await readFile(file, 'utf8')),
    ...(repository && { repository: { type: 'git', url: `git+${repository}.git` } }),
    ...(homepage && { homepage }),
    ...(bugs && { bugs }),
  };
  await writeFile(file, `${JSON.stringify(description, null, 2)}\n`);
  // npm gives every file the same time and owner.
  await run('npm', ['pack', '--silent', '--pack-destination', release], { cwd: folder });
  return `${description.name}-${description.version}.tgz`;
}

/** The extension for each browser; its build makes zips without times. */
export async function packExtension(version) {
  const names = [];
  for (const { browser, zip } of await buildExtension()) {
    const name = `clipsight-extension-${browser}-${version}.zip`;
    await copyFile(path.join(root, zip), path.join(release, name));
    names.push(name);
  }
  return names;
}

/**
 * The core as a crate, compiled from what was packed: without the [patch] of our workspace, which
 * stays behind, and without the other crates.
 */
export async function packCrate(version, { dirty }) {
  const target = 'target/release-crate';
  const args = ['package', '--package', 'clipsight', '--locked', '--target-dir', target];
  await run('cargo', [...args, ...(dirty ? ['--allow-dirty'] : [])]);
  const name = `clipsight-${version}.crate`;
  await copyFile(path.join(root, target, 'package', name), path.join(release, name));
  return name;
}

/** The target triple of this machine. */
export async function hostTriple() {
  return /^host: (.*)$/m.exec(await output('rustc', ['-vV']))[1];
}

/** The command line for this machine, with the models, licences and notices, in one folder. */
export async function packProgram(version) {
  const triple = await hostTriple();
  const target = 'target/release-cli';
  const selection = ['--package', 'clipsight-cli', '--target', triple];
  await run(
    'cargo',
    [
      ...['build', '--release', '--locked', ...selection, '--target-dir', target],
      ...['--config', 'profile.release.strip="symbols"'],
    ],
    { env: { CARGO_ENCODED_RUSTFLAGS: withoutPaths.join('\x1f') } },
  );
  const name = `clipsight-${version}-${triple}`;
  const folder = await emptied(path.join(staging, 'program', name));
  const program = `clipsight${process.platform === 'win32' ? '.exe' : ''}`;
  await copyFile(path.join(root, target, triple, 'release', program), path.join(folder, program));
  for (const file of ['README.md', 'CHANGELOG.md', ...LICENCES])
    await copyFile(path.join(root, file), path.join(folder, file));
  await writeFile(path.join(folder, NOTICES), await programNotices(selection));
  for (const { name: model } of MODELS) {
    const to = path.join(folder, sourcesOf(model));
    await mkdir(to, { recursive: true });
    const { shards, references } = await readModel(model);
    for (const file of ['README.md', 'model.json', ...shards, ...references])
      await copyFile(path.join(root, sourcesOf(model), file), path.join(to, file));
  }
  await archive(folder, path.join(release, `${name}.tar.gz`));
  return `${name}.tar.gz`;
}

/** The commit's time in seconds, which what is packed bears. */
const commitTime = () => output('git', ['log', '-1', '--format=%ct']);

/**
 * The Python packages as wheels: the extension with the compact model for this machine's system,
 * and the standard model, which is data alone.
 */
export async function packWheels() {
  const missing = await ensureVenv(VENV, REQUIREMENTS);
  if (missing !== undefined) throw new Failure(`${missing} is needed for the Python packages.`);
  const wheels = await emptied(path.join(staging, 'wheels'));
  const licences = path.join(root, 'python/clipsight/licences');
  await mkdir(licences, { recursive: true });
  const notes = await programNotices(['--manifest-path', 'python/Cargo.toml']);
  await writeFile(path.join(licences, NOTICES), notes);
  await writeFile(path.join(root, 'python/standard/LICENSE'), await modelLicence());
  const env = { SOURCE_DATE_EPOCH: await commitTime() };
  await run(inVenv(VENV, 'maturin'), ['build', '--release', '--locked', '--out', wheels], {
    cwd: path.join(root, 'python'),
    env: {
      ...env,
      CARGO_TARGET_DIR: path.join(root, 'target/release-python'),
      CARGO_ENCODED_RUSTFLAGS: withoutPaths.join('\x1f'),
      PYO3_PYTHON: inVenv(VENV, 'python'),
    },
  });
  const quiet = ['--quiet', '--disable-pip-version-check', '--no-deps'];
  const args = ['-m', 'pip', 'wheel', ...quiet, '--wheel-dir', wheels, 'python/standard'];
  await run(inVenv(VENV, 'python'), args, { env });
  const names = (await readdir(wheels)).sort();
  for (const name of names) await copyFile(path.join(wheels, name), path.join(release, name));
  return names;
}

/** A folder as .tar.gz: sorted, of the commit's time, without owners. */
async function archive(folder, file) {
  const names = (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(path.dirname(folder), path.join(entry.parentPath, entry.name)))
    .sort();
  const seconds = Number(await commitTime());
  await create(
    {
      file: `${file}.part`,
      cwd: path.dirname(folder),
      gzip: { level: 9 },
      portable: true,
      mtime: new Date(1000 * seconds),
    },
    names,
  );
  await rename(`${file}.part`, file);
}

/** Starts a release anew. */
export const emptyRelease = () => emptied(release);

/** `SHA256SUMS`, as sha256sum writes and checks it. */
export async function writeSums(names) {
  const lines = [];
  for (const name of [...names].sort()) {
    const hash = createHash('sha256').update(await readFile(path.join(release, name)));
    lines.push(`${hash.digest('hex')}  ${name}\n`);
  }
  const found = (await readdir(release)).sort();
  if (found.join() !== [...names].sort().join())
    throw new Failure(`dist/release holds something else: ${found.join(', ')}`);
  await writeFile(path.join(release, 'SHA256SUMS'), lines.join(''));
  return lines.join('');
}
