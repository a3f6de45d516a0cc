// webpack with nothing configured: it follows `new URL(…, import.meta.url)` by itself.
import { writeFile } from 'node:fs/promises';
import webpack from 'webpack';

const options = { mode: 'production', entry: './src/index.js', performance: { hints: false } };
const stats = await new Promise((resolve, reject) => {
  webpack(options, (error, done) => (error ? reject(error) : resolve(done)));
});
if (stats.hasErrors() || stats.hasWarnings()) throw new Error(stats.toString());
await writeFile(
  'dist/index.html',
  '<!doctype html><link rel="icon" href="data:,"><script src="main.js"></script>',
);
