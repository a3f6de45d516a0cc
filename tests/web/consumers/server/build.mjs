// As Next.js builds a project: the same modules once for the server, in CommonJS, and once for the
// browser.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import webpack from 'webpack';

const base = { mode: 'production', performance: { hints: false } };
const server = {
  ...base,
  target: 'node',
  entry: './src/page.js',
  output: {
    path: path.resolve('server'),
    filename: 'page.cjs',
    publicPath: '/_next/',
    library: { type: 'commonjs2' },
  },
};
const client = { ...base, entry: './src/client.js' };
const { stats } = await new Promise((resolve, reject) => {
  webpack([server, client], (error, done) => (error ? reject(error) : resolve(done)));
});
for (const each of stats)
  if (each.hasErrors() || each.hasWarnings()) throw new Error(each.toString());
await writeFile(
  'dist/index.html',
  '<!doctype html><link rel="icon" href="data:,"><script src="main.js"></script>',
);
