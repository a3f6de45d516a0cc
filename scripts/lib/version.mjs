// The one version of everything that is released: [workspace.package] of the root's Cargo.toml.
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { Failure, output, root } from './run.mjs';

/** What cargo says of the crates in this repository. */
export async function ourCrates() {
  const metadata = await output('cargo', [
    ...['metadata', '--locked', '--no-deps', '--format-version', '1'],
  ]);
  if (metadata === undefined) throw new Failure('cargo metadata failed.');
  return JSON.parse(metadata).packages.filter(({ name }) => /^clipsight(-|$)/.test(name));
}

/** The version of the crate, the command line, the package, the page and the extension. */
export async function releaseVersion() {
  const crates = await ourCrates();
  return crates.find(({ name }) => name === 'clipsight').version;
}

/**
 * Fails where a part has another version than the core. The extension takes its version from the
 * package when it is built.
 */
export async function checkVersions() {
  const version = await releaseVersion();
  const others = (await ourCrates()).map((crate) => [crate.name, crate.version]);
  const published = ['pkg/package.json', 'pkg-standard/package.json'];
  for (const file of [...published, ...(await packagesOfParts())]) {
    const description = JSON.parse(await readFile(path.join(root, file), 'utf8'));
    // Parts of www are not published: without a version of their own they cannot have a wrong one.
    if (description.version !== undefined) others.push([file, description.version]);
    // A model's package needs the core that it is released with, or a later one.
    const peer = description.peerDependencies?.clipsight;
    if (peer !== undefined) others.push([`${file}, peer`, peer.replace(/^>=/, '')]);
  }
  const lock = JSON.parse(await readFile(path.join(root, 'package-lock.json'), 'utf8'));
  for (const name of ['pkg', 'pkg-standard'])
    others.push([`package-lock.json, ${name}`, lock.packages[name]?.version]);
  others.push(...(await pythonVersions()));
  const wrong = others.filter(([, found]) => found !== version);
  if (wrong.length > 0) {
    const list = wrong.map(([name, found]) => `  ${name}: ${found}`).join('\n');
    throw new Failure(`The version is ${version} (Cargo.toml), but elsewhere:\n${list}`);
  }
  return version;
}

/** Of the Python packages: the extension's, and the model's with the package that it needs. */
async function pythonVersions() {
  const found = [];
  for (const [file, what, pattern] of [
    ['python/Cargo.toml', 'version', /^name = "clipsight-python"\nversion = "([^"]+)"/m],
    ['python/Cargo.lock', 'version', /^name = "clipsight-python"\nversion = "([^"]+)"/m],
    ['python/standard/pyproject.toml', 'version', /^version = "([^"]+)"/m],
    ['python/standard/pyproject.toml', 'dependency', /"clipsight>=([^"]+)"/],
  ]) {
    const text = await readFile(path.join(root, file), 'utf8');
    const lines = text.replaceAll('\r\n', '\n');
    found.push([`${file}, ${what}`, pattern.exec(lines)?.[1]]);
  }
  return found;
}

async function packagesOfParts() {
  const found = [];
  for (const name of await readdir(path.join(root, 'www'))) {
    const file = `www/${name}/package.json`;
    if (await readFile(path.join(root, file)).catch(() => undefined)) found.push(file);
  }
  return found;
}
