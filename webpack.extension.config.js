// The extension: www/extension on top of the package, into dist/extension/<browser>.
// scripts/extension.mjs adds manifest, pages and zips.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import MinimizerPlugin from 'minimizer-webpack-plugin';

const root = path.dirname(fileURLToPath(import.meta.url));

/**
 * Reviewers of the browsers' stores read this code, so nothing in it is renamed, moved or joined;
 * but each script holds only the functions that it uses.
 */
const UNUSED_CODE = new MinimizerPlugin({
  extractComments: false,
  terserOptions: {
    mangle: false,
    compress: { defaults: false, unused: true, toplevel: true, passes: 2 },
    format: { beautify: true, comments: 'all', indent_level: 2, keep_numbers: true },
  },
});

/** The scripts that browsers load, and what each is made from. */
const SCRIPTS = {
  background: 'background/main.ts',
  offscreen: 'host/main.ts',
  sandbox: 'sandbox/main.ts',
  panel: 'panel/panel.ts',
  popup: 'panel/popup.ts',
  overlay: 'content/overlay.ts',
};

/**
 * @param {string} output folder
 * @returns {import('webpack').Configuration}
 */
export const extension = (output) => ({
  name: 'extension',
  mode: 'production',
  target: 'web',
  context: root,
  entry: Object.fromEntries(
    Object.entries(SCRIPTS).map(([name, file]) => [name, `./www/extension/${file}`]),
  ),
  output: {
    path: output,
    // Every page lies at the top; a script that looked for its own address would find none in the
    // sandboxed frame.
    publicPath: '',
    filename: '[name].js',
    assetModuleFilename: 'assets/[name].[contenthash][ext]',
    clean: true,
  },
  module: {
    // One classic script each: the sandboxed frame, an origin of its own, may load nothing else of
    // the extension.
    parser: { javascript: { dynamicImportMode: 'eager' } },
    rules: [
      {
        test: /\.ts$/,
        loader: 'ts-loader',
        // `npm run lint` checks the types; here they are only taken off.
        options: {
          configFile: path.join(root, 'www/extension/tsconfig.json'),
          transpileOnly: true,
          compilerOptions: { noEmit: false },
        },
      },
      // The sandboxed frame computes by itself: the package's worker, which the library names,
      // stays out.
      { test: /pkg[\\/]worker\.js$/, dependency: 'url', generator: { emit: false } },
      // Heads are taught elsewhere.
      { test: /[\\/]references\.bin$/, dependency: 'url', generator: { emit: false } },
    ],
  },
  resolve: { extensions: ['.ts', '.js'], extensionAlias: { '.js': ['.ts', '.js'] } },
  // wasm-bindgen asks whether there is a `global`; webpack's answer would hold a Function('return
  // this').
  node: { global: false },
  optimization: { minimizer: [UNUSED_CODE], splitChunks: false },
  performance: { hints: false },
});
