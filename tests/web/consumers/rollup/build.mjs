// Rollup leaves `new URL(…, import.meta.url)` as it stands, as esbuild does: the files are copied
// beside the bundle.
import { cp, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { rollup } from 'rollup';

/** What @rollup/plugin-node-resolve does in most projects. */
const resolve = {
  name: 'resolve',
  resolveId: (name) =>
    name.startsWith('clipsight') ? fileURLToPath(import.meta.resolve(name)) : null,
};
const bundle = await rollup({
  input: { main: 'src/index.js' },
  plugins: [resolve],
  onwarn(warning) {
    throw new Error(warning.message);
  },
});
await bundle.write({ dir: 'dist', format: 'es' });
for (const name of ['worker.js', 'wasm', 'models'])
  await cp(`node_modules/clipsight/${name}`, `dist/${name}`, { recursive: true });
await cp('node_modules/clipsight-model-standard/weights', 'dist/weights', { recursive: true });
await writeFile(
  'dist/index.html',
  '<!doctype html><link rel="icon" href="data:,"><script type="module" src="main.js"></script>',
);
