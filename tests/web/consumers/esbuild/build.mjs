// esbuild leaves `new URL(…, import.meta.url)` as it stands: the files are copied beside the
// bundle.
import { cp, writeFile } from 'node:fs/promises';
import { build } from 'esbuild';

await build({
  entryPoints: ['src/index.js'],
  bundle: true,
  minify: true,
  format: 'esm',
  outfile: 'dist/main.js',
});
for (const name of ['worker.js', 'wasm', 'models']) {
  await cp(`node_modules/clipsight/${name}`, `dist/${name}`, { recursive: true });
}
await cp('node_modules/clipsight-model-standard/weights', 'dist/weights', { recursive: true });
await writeFile(
  'dist/index.html',
  '<!doctype html><link rel="icon" href="data:,"><script type="module" src="main.js"></script>',
);
