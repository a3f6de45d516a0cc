// node scripts/visits.mjs: what a visit costs. A browser never used before: bytes over the wire
// (brotli), until the page can be used, until the first verdict; then a visit without a connection.
// Medians of a few. Needs a build.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { median } from './bench/stats.mjs';
import { main, root } from './lib/run.mjs';
import { ensureChromium } from './lib/tools.mjs';

const ROUNDS = 3;

/** Bytes of a file as a good host sends it. */
async function wire(file) {
  const bytes = await readFile(
    path.join(root, 'www/dist', file === '/' ? 'index.html' : file),
  ).catch(() => undefined);
  if (bytes === undefined) return 0;
  return brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }).length;
}

/** One visit: milliseconds since its navigation. */
async function visit(page, open, image) {
  const started = performance.now();
  const since = () => performance.now() - started;
  await open();
  await page.waitForSelector('.drop .button');
  const usable = since();
  await page.setInputFiles('input[type=file]:not([webkitdirectory])', image);
  await page.waitForSelector('.lock[data-state=locked]');
  const locked = since();
  await page.waitForSelector('ai-image-result:not([state=waiting])');
  return { usable, locked, verdict: since() };
}

await main(async () => {
  process.env.CHROMIUM ??= await ensureChromium();
  const { launch } = await import('../tests/web/support/browser.mjs');
  const { startServer } = await import('../tests/web/support/server.mjs');
  const image = path.join(root, 'tests/fixtures/image/decode/exif-6.jpg');
  const server = await startServer();
  const visits = { cold: [], offline: [] };
  let requests;
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      const browser = await launch();
      const context = await browser.newContext();
      const page = await context.newPage();
      server.requests.length = 0;
      visits.cold.push(
        await visit(
          page,
          () => page.goto(`${server.url}/?device=cpu`, { waitUntil: 'commit' }),
          image,
        ),
      );
      requests ??= [...new Set(server.requests)];
      await page.waitForSelector('footer p:nth-child(2)');
      await context.setOffline(true);
      visits.offline.push(await visit(page, () => page.reload({ waitUntil: 'commit' }), image));
      await browser.close();
    }
  } finally {
    await server.close();
  }
  const sizes = await Promise.all(requests.map(wire));
  const kilobytes = (bytes) => `${(bytes / 1000).toFixed(0)} kB`;
  console.log(
    `cold visit: ${requests.length} files, ${kilobytes(sizes.reduce((a, b) => a + b, 0))} (brotli)`,
  );
  for (const [at, file] of requests.entries())
    console.log(`  ${kilobytes(sizes[at]).padStart(8)}  ${file}`);
  for (const [kind, all] of Object.entries(visits)) {
    const of = (name) => `${median(all.map((one) => one[name])).toFixed(0)} ms`;
    console.log(
      `${kind}: usable after ${of('usable')}, locked after ${of('locked')}, first verdict ` +
        `after ${of('verdict')}`,
    );
  }
});
