// The page while it is being worked on: esbuild watches www/lib, webpack what esbuild writes and
// www/app, and pages that are open reload. Nothing is written to pkg or www/dist.
// webpack-dev-server would do the last part in place of some thirty lines, for 222 packages more.
import { mkdir, readFile, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { context } from 'esbuild';
import webpack from 'webpack';
import { page } from '../../webpack.config.js';
import { bundles } from './bundles.mjs';
import { buildMeasure } from './decoders.mjs';
import { root } from './run.mjs';
import { listen } from './server.mjs';
import { buildModels } from './steps.mjs';
import { developmentWasm } from './wasm.mjs';

/** The package as it is being worked on, in place of pkg. */
const PACKAGE = path.join(root, '.cache/dev/package');

/** The page, in place of www/dist. */
const PAGE = path.join(root, '.cache/dev/page');

/** Where pages hear that they are out of date. */
const CHANGES = '/changes';

/**
 * Serves until the process ends. Another port than `npm start`, whose service worker stays away.
 */
export async function develop({ port = Number(process.env.PORT ?? 8090) } = {}) {
  await buildModels();
  await buildMeasure();
  const { folders, missing } = await developmentWasm();
  await watchPackage(folders);

  const open = new Set();
  await watchPage(() => {
    for (const response of open) response.write('data: changed\n\n');
  });
  const url = await listen({
    folder: PAGE,
    port,
    intercept(request, response) {
      if (request.url !== CHANGES) return false;
      response.writeHead(200, {
        'Content-Type': 'text/event-stream',
        'Cache-Control': 'no-store',
      });
      response.flushHeaders();
      open.add(response);
      response.on('close', () => open.delete(response));
      return true;
    },
  });
  if (missing.length > 0)
    console.log(
      `\nA slow build for the CPU stands in for ${missing.join(', ')}: npm run build makes them.`,
    );
  console.log(`\nclipsight is at ${url} and follows every edit in www  (Ctrl+C ends it)\n`);
}

/** Builds www/app now, and after every edit of it or of the package; then calls `changed`. */
async function watchPage(changed) {
  const config = page('development');
  const compiler = webpack({
    ...config,
    entry: { main: ['./scripts/lib/reload.mjs', config.entry.main] },
    output: { ...config.output, path: PAGE },
    resolve: { ...config.resolve, alias: await aliases() },
  });
  let hash;
  await new Promise((resolve, reject) => {
    compiler.watch({ aggregateTimeout: 50 }, (error, stats) => {
      if (error) reject(error);
      else if (stats.hasErrors()) console.error(stats.toString('errors-warnings'));
      else if (hash !== stats.hash) {
        hash = stats.hash;
        changed();
      }
      resolve();
    });
  });
}

/** Bundles www/lib now and after every edit. */
async function watchPackage(wasmFolders) {
  await rm(PACKAGE, { recursive: true, force: true });
  await mkdir(path.join(PACKAGE, 'wasm'), { recursive: true });
  // What is fetched only when it is asked for is as the last build made it.
  const others = ['decoders', 'verifier'].map((name) => [name, path.join(root, 'pkg/wasm', name)]);
  for (const [name, folder] of [...wasmFolders, ...others])
    await symlink(folder, path.join(PACKAGE, 'wasm', name), 'junction');
  const file = (name) => {
    const folder = wasmFolders.get(/^wasm\/([^/]+)\//.exec(name)?.[1]);
    return folder === undefined
      ? path.join(root, 'pkg', name)
      : path.join(folder, path.basename(name));
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
