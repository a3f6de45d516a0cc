// What was packed is taken out of dist/release as a stranger would, and looks at an image.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { unzipSync } from 'fflate';
import { extract } from 'tar';
import { MODELS, sourcesOf } from '../lib/models.mjs';
import { Failure, root } from '../lib/run.mjs';

const release = path.join(root, 'dist/release');
const exec = promisify(execFile);

/** Logits of the native program and of browsers agree within this. */
const TOLERANCE = 1e-3;

/**
 * @param {{ version: string, program: string, tarballs: string[], zips: string[], crate: string,
 *   wheels: string[], chromium: string, image: string }} parts names in dist/release; the image's
 *   path
 */
export async function tryRelease(parts) {
  const { version, program, tarballs, zips, crate, wheels, chromium, image } = parts;
  process.env.CHROMIUM = chromium;
  await checkSums();
  const folder = await mkdtemp(path.join(os.tmpdir(), 'clipsight-release-'));
  try {
    const expected = await tryProgram(folder, { version, program, image });
    const found = {
      'npm package': await tryPackage(folder, { version, tarballs, image }),
      'Python package': await tryWheels(folder, { version, wheels, image }),
    };
    for (const zip of zips) await unpackZip(zip, path.join(folder, zip), version);
    const chrome = zips.find((name) => name.includes('chrome'));
    found.extension = await tryExtension(path.join(folder, chrome), image);
    for (const [part, logits] of Object.entries(found)) {
      for (const { name } of MODELS) {
        if (!(Math.abs(logits[name] - expected[name]) < TOLERANCE))
          throw new Failure(
            `Model ${name}: the ${part} says ${logits[name]}, the command line ${expected[name]}.`,
          );
      }
    }
    await checkCrate(folder, crate);
    const said = MODELS.map(({ name }) => `${name} ${expected[name]}`).join(', ');
    console.log(`  all of them say the same of ${path.basename(image)}: logits ${said}`);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The sums are those of the files, as `sha256sum --check` would find. */
async function checkSums() {
  const lines = (await readFile(path.join(release, 'SHA256SUMS'), 'utf8')).trim().split('\n');
  for (const line of lines) {
    const [sum, name] = line.split('  ');
    const hash = createHash('sha256').update(await readFile(path.join(release, name)));
    if (hash.digest('hex') !== sum) throw new Failure(`SHA256SUMS is wrong about ${name}.`);
  }
}

/** The logit of the image by model, from the command line with the models that lie beside it. */
async function tryProgram(folder, { version, program, image }) {
  await extract({ file: path.join(release, program), cwd: folder });
  const inside = path.join(folder, program.replace(/\.tar\.gz$/, ''));
  const clipsight = path.join(inside, `clipsight${process.platform === 'win32' ? '.exe' : ''}`);
  const { stdout: said } = await exec(clipsight, ['--version']);
  if (said.trim() !== `clipsight ${version}`) throw new Failure(`--version says ${said}`);
  const env = { ...process.env };
  delete env.CLIPSIGHT_MODEL;
  const logits = {};
  for (const { name } of MODELS) {
    const model = path.join(inside, sourcesOf(name));
    await exec(clipsight, ['inspect-model', model]);
    // Without a word the compact one is taken, which lies beside it.
    const chosen = name === 'compact' ? [] : ['--model', model];
    const args = ['scan', '--format', 'json', '--device', 'cpu', ...chosen, image];
    const { stdout } = await exec(clipsight, args, { cwd: folder, env });
    logits[name] = JSON.parse(stdout).logit;
  }
  return logits;
}

/** Says the version, and by model the logit of an image. */
const PYTHON = `
import json, sys, clipsight
load = clipsight.Detector.load
logits = {name: load(name).analyze(sys.argv[1]).model.logit for name in sys.argv[2:]}
print(json.dumps({"version": clipsight.__version__, "logits": logits}))
`;

/** The logit of the image by model, from the wheels, installed without a connection. */
async function tryWheels(folder, { version, wheels, image }) {
  const venv = path.join(folder, 'venv');
  await exec('python3', ['-m', 'venv', venv]);
  const python = path.join(
    venv,
    process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python',
  );
  const install = ['-m', 'pip', 'install', '--quiet', '--no-index', '--disable-pip-version-check'];
  await exec(python, [...install, ...wheels.map((name) => path.join(release, name))]);
  const names = MODELS.map(({ name }) => name);
  const { stdout } = await exec(python, ['-c', PYTHON, image, ...names], { cwd: folder });
  const said = JSON.parse(stdout);
  if (said.version !== version)
    throw new Failure(`The version of the Python package is ${said.version}.`);
  return said.logits;
}

/**
 * The logit of the image by model, from the npm packages, installed and served without a bundler.
 */
async function tryPackage(folder, { version, tarballs, image }) {
  const project = path.join(folder, 'project');
  await mkdir(project);
  const named = tarballs.map((tarball) => [
    tarball.replace(`-${version}.tgz`, ''),
    `file:${path.join(release, tarball)}`,
  ]);
  const dependencies = Object.fromEntries(named);
  await writeFile(
    path.join(project, 'package.json'),
    JSON.stringify({ name: 'project', private: true, dependencies }),
  );
  await exec('npm', ['install', '--no-audit', '--no-fund', '--offline'], { cwd: project });
  const installed = (name) => path.join(project, 'node_modules', name);
  for (const [name] of named) {
    const file = path.join(installed(name), 'package.json');
    const description = JSON.parse(await readFile(file, 'utf8'));
    if (description.version !== version)
      throw new Failure(`The version of the package ${name} is ${description.version}.`);
  }
  const { launch, newPage } = await import('../../tests/web/support/browser.mjs');
  const { startServer } = await import('../../tests/web/support/server.mjs');
  const server = await startServer({
    folders: { '/pkg/': installed('clipsight'), '/model/': installed('clipsight-model-standard') },
  });
  const browser = await launch();
  try {
    const { page, problems } = await newPage(browser);
    await page.goto(`${server.url}/package.html`);
    await page.waitForFunction('window.clipsight !== undefined');
    const logits = await page.evaluate(
      async (bytes) => {
        const { default: standard } = await import('/model/index.js');
        const found = {};
        for (const [name, model] of Object.entries({ compact: undefined, standard })) {
          const detector = await window.clipsight.createDetector({ device: 'cpu', model });
          found[name] = (await detector.analyze(new Uint8Array(bytes))).model.logit;
          await detector.dispose();
        }
        return found;
      },
      [...(await readFile(image))],
    );
    if (problems.length > 0) throw new Failure(`The package complains: ${problems.join('; ')}`);
    return logits;
  } finally {
    await browser.close();
    await server.close();
  }
}

/** Takes an extension out of its zip. */
async function unpackZip(zip, folder, version) {
  const entries = unzipSync(new Uint8Array(await readFile(path.join(release, zip))));
  for (const [name, bytes] of Object.entries(entries)) {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, bytes);
  }
  const manifest = JSON.parse(await readFile(path.join(folder, 'manifest.json'), 'utf8'));
  if (manifest.version !== version) throw new Failure(`${zip}: version ${manifest.version}`);
}

/** The logit of the image on a site by model, from the extension in Chromium. */
async function tryExtension(folder, image) {
  const { launchExtension, settled, startSites } =
    await import('../../tests/web/support/extension.mjs');
  const sites = await startSites({
    '/image.jpg': { type: 'image/jpeg', body: await readFile(image) },
    '/page.html': {
      type: 'text/html; charset=utf-8',
      body: '<!doctype html><link rel="icon" href="data:,"><img src="/image.jpg" width="200">',
    },
  });
  const extension = await launchExtension({ folder });
  try {
    const panel = await extension.panel();
    const page = await extension.context.newPage();
    await page.goto(sites.url('site.test', '/page.html'));
    const logits = {};
    for (const [before, { name }] of MODELS.entries()) {
      await panel.evaluate((model) => chrome.storage.local.set({ model }), name);
      await extension.gesture(page);
      await extension.check(page, sites.url('site.test', '/image.jpg'));
      const { analysis, error } = await settled(panel, { count: before + 1 });
      if (analysis === undefined || analysis === null)
        throw new Failure(`The extension fails: ${JSON.stringify(error)}`);
      logits[name] = analysis.model.logit;
    }
    return logits;
  } finally {
    await extension.close();
    await sites.close();
  }
}

/** The crate holds its sources and licences, and names nothing that stays here. */
async function checkCrate(folder, crate) {
  await extract({ file: path.join(release, crate), cwd: folder });
  const inside = path.join(folder, crate.replace(/\.crate$/, ''));
  const manifest = await readFile(path.join(inside, 'Cargo.toml'), 'utf8');
  if (/^\[patch|^path = "(?!src|examples|tests|benches)/m.test(manifest))
    throw new Failure("The crate's Cargo.toml names what is not in it.");
  for (const name of ['LICENSE-MIT', 'LICENSE-APACHE', 'src/lib.rs'])
    await readFile(path.join(inside, name));
}
