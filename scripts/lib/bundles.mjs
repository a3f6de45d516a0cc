// How esbuild bundles the package: once for the world, and again with every edit of `npm run dev`.
import { readFile } from 'node:fs/promises';
import path from 'node:path';

/** What `exports` of pkg/package.json names, but for the worker. */
export const ENTRIES = ['index', 'receipt', 'element/index', 'element/result', 'element/ui'];

const SHARED = {
  bundle: true,
  format: 'esm',
  target: 'es2022',
  legalComments: 'none',
  logLevel: 'warning',
};

/** The module that names the model's files, as the library's sources import it. */
const COMPACT = /\/compact\.js$/;

/** The JavaScript that wasm-bindgen writes, as they import it. */
const GLUE = /\/wasm\/(?:[a-z0-9-]+\/clipsight|verifier\/verifier)\.js$/;

/** A name within the package. */
const within = (imported) => imported.replace(/^(\.\.?\/)+/, '');

/**
 * Modules that other steps of the build write. wasm-bindgen's are made functions, each of whose
 * calls gives a copy of the module: a module of its own kind holds one WebAssembly instance for
 * ever, which may have crashed.
 */
const generated = ({ compact, file }) => ({
  name: 'generated',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: COMPACT }, ({ path: name }) => compact(within(name)));
    onResolve({ filter: GLUE, namespace: 'file' }, ({ path: name }) => ({
      path: file(within(name)),
    }));
    onLoad({ filter: GLUE }, async ({ path: name }) => {
      const source = await readFile(name, 'utf8').catch((error) => {
        // While developing what few ask for need not have been built.
        if (path.basename(name) !== 'verifier.js') throw error;
        return 'throw new Error("Not built yet: npm run build");';
      });
      // Not at the top: the scripts that install packages import this file.
      const { transform } = await import('esbuild');
      const { code } = await transform(source, { format: 'iife', globalName: 'build' });
      return { contents: `export default () => {\n${code}\nreturn build;\n};`, loader: 'js' };
    });
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
 * }} options folders of the sources and of the bundles; how a bundle imports the generated module
 *   that stays a file of its own, and where generated files are
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
      plugins: [generated({ compact: (name) => ({ path: beside(name), external: true }), file })],
    },
    {
      ...SHARED,
      entryPoints: [path.join(from, `worker/main${extension}`)],
      outfile: path.join(to, 'worker.js'),
      plugins: [generated({ compact: (name) => ({ path: file(name) }), file })],
    },
  ];
}
