// How esbuild bundles the package: once for the world, and again with every edit of `npm run dev`.
import path from 'node:path';

/** What `exports` of pkg/package.json names, but for the worker. */
export const ENTRIES = ['index', 'element/index', 'element/result', 'element/ui'];

const SHARED = {
  bundle: true,
  format: 'esm',
  target: 'es2022',
  legalComments: 'none',
  logLevel: 'warning',
};

/** Modules that other steps of the build write, as the library's sources import them. */
const GENERATED = /(\/wasm\/[a-z0-9-]+\/clipsight|\/compact)\.js$/;

/** How a bundle finds them; `resolve` gets their names within the package. */
const generated = (resolve) => ({
  name: 'generated',
  setup({ onResolve }) {
    onResolve({ filter: GENERATED }, ({ path: file }) => resolve(file.replace(/^(\.\.?\/)+/, '')));
  },
});

/**
 * esbuild's options for the two bundles:
 *
 * - The entry points: few files, as pages without a bundler fetch every module in a request of its
 *   own, each level of imports after the one before. What several share, or load only when it is
 *   needed, stands beside them in the root.
 * - The worker, in one file that imports nothing: whoever bundles the package copies it as it is,
 *   and it runs from a `blob:` URL.
 *
 * @param {{
 *   from: string,
 *   extension: '.js' | '.ts',
 *   to: string,
 *   beside: (name: string) => string,
 *   file: (name: string) => string,
 * }} options folders of the sources and of the bundles; how a bundle imports a generated module
 *   that stays a file of its own, and where the file is that the worker takes in
 * @returns {import('esbuild').BuildOptions[]}
 */
export function bundles({ from, extension, to, beside, file }) {
  return [
    {
      ...SHARED,
      entryPoints: ENTRIES.map((name) => path.join(from, name + extension)),
      outdir: to,
      outbase: from,
      splitting: true,
      chunkNames: 'part-[hash]',
      plugins: [generated((name) => ({ path: beside(name), external: true }))],
    },
    {
      ...SHARED,
      entryPoints: [path.join(from, `worker/main${extension}`)],
      outfile: path.join(to, 'worker.js'),
      plugins: [generated((name) => ({ path: file(name) }))],
    },
  ];
}
