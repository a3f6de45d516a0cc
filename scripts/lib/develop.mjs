// The page while it is being worked on: esbuild watches www/lib, webpack what esbuild writes and
// www/app, and pages that are open reload. Nothing is written to pkg or www/dist.
import { mkdir, readFile, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { context } from 'esbuild';
import webpack from 'webpack';
import WebpackDevServer from 'webpack-dev-server';
import { page } from '../../webpack.config.js';
import { bundles } from './bundles.mjs';
import { root } from './run.mjs';
import { buildModel } from './steps.mjs';
import { developmentWasm } from './wasm.mjs';

/** The package as it is being worked on, in place of pkg. */
const PACKAGE = path.join(root, '.cache/dev/package');

/** Serves until the process ends. Another port than `npm start`: its service worker stays away. */
export async function develop({ port = Number(process.env.PORT ?? 8090) } = {}) {
  await buildModel();
  const { folders, missing } = await developmentWasm();
  await watchPackage(folders);

  const config = page('development');
  const server = new WebpackDevServer(
    {
      host: 'localhost',
      port,
      static: false,
      // The page is loaded anew, as visitors do.
      hot: false,
      liveReload: true,
      // It would need a frame, which the page's policy forbids: errors are in the terminal.
      client: { overlay: false, logging: 'warn' },
    },
    webpack({
      ...config,
      resolve: { ...config.resolve, alias: await aliases() },
      infrastructureLogging: { level: 'warn' },
      stats: 'errors-warnings',
    }),
  );
  await server.start();
  if (missing.length > 0)
    console.log(
      `\nA slow build for the CPU stands in for ${missing.join(', ')}: npm run build makes them.`,
    );
  console.log(`\nclipsight is at http://localhost:${port}/ and follows every edit in www`);
}

/** Bundles www/lib now and after every edit. */
async function watchPackage(wasmFolders) {
  await rm(PACKAGE, { recursive: true, force: true });
  await mkdir(path.join(PACKAGE, 'wasm'), { recursive: true });
  for (const [name, folder] of wasmFolders)
    await symlink(folder, path.join(PACKAGE, 'wasm', name), 'junction');
  const file = (name) => {
    const build = /^wasm\/([^/]+)\//.exec(name)?.[1];
    return build === undefined
      ? path.join(root, 'pkg', name)
      : path.join(wasmFolders.get(build), path.basename(name));
  };
  const from = path.join(root, 'www/lib');
  const [entries, worker] = bundles({ from, extension: '.ts', to: PACKAGE, beside: file, file });
  for (const options of [
    { ...entries, sourcemap: 'linked' },
    // It runs from a `blob:` URL, beside which no map lies.
    { ...worker, sourcemap: 'inline' },
  ]) {
    const watched = await context(options);
    await watched.rebuild();
    await watched.watch();
  }
}

/** Every entry of the package's `exports`, as webpack finds it here. */
async function aliases() {
  const { exports } = JSON.parse(await readFile(path.join(root, 'pkg/package.json'), 'utf8'));
  return Object.fromEntries(
    Object.entries(exports)
      .filter(([, target]) => target.default?.endsWith('.js'))
      .map(([name, target]) => [`clipsight${name.slice(1)}$`, path.join(PACKAGE, target.default)]),
  );
}
