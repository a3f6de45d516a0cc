// The extension's folders and zips.
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { zipSync } from 'fflate';
import webpack from 'webpack';
import { manifest } from '../../www/extension/manifest.mjs';
import { extension } from '../../webpack.extension.config.js';
import { LICENCES, NOTICES } from './notices.mjs';
import { Failure, root } from './run.mjs';
import { filesBelow, ifChanged } from './stamp.mjs';

export const BROWSERS = ['chrome', 'firefox'];

/** Where an unpacked extension lies. */
export const folderOf = (browser) => path.join(root, 'dist/extension', browser);

/** Copied as they are, to the top of the folder: the same in every browser, and what differs. */
const FILES = [
  'sandbox/sandbox.html',
  'panel/panel.html',
  'panel/popup.html',
  'panel/view.css',
  'icons',
  '_locales',
];
const OWN_FILES = {
  chrome: ['host/offscreen.html'],
  firefox: ['background/background.html'],
};

/** Builds what changed; returns the zips with their sizes. */
export async function buildExtension() {
  const zipOf = (browser) => `dist/extension/clipsight-${browser}.zip`;
  await ifChanged({
    name: 'extension',
    inputs: [
      'www/extension',
      'pkg',
      'pkg-standard',
      'webpack.extension.config.js',
      'scripts/lib/extension.mjs',
      'tsconfig.base.json',
      'package-lock.json',
    ],
    outputs: BROWSERS.flatMap((browser) => [
      `dist/extension/${browser}/manifest.json`,
      zipOf(browser),
    ]),
    work: async () => {
      const { version } = JSON.parse(await readFile(path.join(root, 'pkg/package.json'), 'utf8'));
      await bundle(folderOf('chrome'));
      // What an older build left behind must not be packed.
      await rm(folderOf('firefox'), { recursive: true, force: true });
      await cp(folderOf('chrome'), folderOf('firefox'), { recursive: true });
      for (const browser of BROWSERS) {
        await complete(browser, version);
        await writeFile(path.join(root, zipOf(browser)), await packed(browser));
      }
    },
  });
  return Promise.all(
    BROWSERS.map(async (browser) => {
      const zip = zipOf(browser);
      return { browser, zip, bytes: (await readFile(path.join(root, zip))).length };
    }),
  );
}

function bundle(folder) {
  return new Promise((resolve, reject) => {
    webpack(extension(folder), (error, stats) => {
      if (error) reject(error);
      else if (stats.hasErrors() || stats.hasWarnings())
        reject(new Failure(stats.toString('errors-warnings')));
      else resolve();
    });
  });
}

/** Adds what webpack does not make. */
async function complete(browser, version) {
  const from = path.join(root, 'www/extension');
  const to = folderOf(browser);
  for (const file of [...FILES, ...OWN_FILES[browser]]) {
    await cp(path.join(from, file), path.join(to, path.basename(file)), {
      recursive: true,
      filter: (name) => !name.endsWith('.mjs'),
    });
  }
  for (const name of [...LICENCES, NOTICES])
    await cp(path.join(root, 'pkg', name), path.join(to, name));
  await writeFile(
    path.join(to, 'manifest.json'),
    `${JSON.stringify(manifest(browser, { version }), null, 2)}\n`,
  );
}

/**
 * The zip of a folder. The same files give the same zip, byte for byte: sorted, and without the
 * time of the build.
 */
export async function packed(browser) {
  const folder = path.relative(root, folderOf(browser));
  const entries = {};
  for (const file of await filesBelow([folder])) {
    const name = path.posix.relative(folder, file);
    entries[name] = [
      new Uint8Array(await readFile(path.join(root, file))),
      { mtime: '1980-01-01T12:00:00' },
    ];
  }
  return zipSync(entries, { level: 9 });
}
