// The page: www/app on top of the package in pkg (an npm workspace, used through its own exports),
// into www/dist.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import CopyPlugin from 'copy-webpack-plugin';
import HtmlWebpackPlugin from 'html-webpack-plugin';
import MiniCssExtractPlugin from 'mini-css-extract-plugin';
import { ServiceWorkerPlugin } from './scripts/lib/service-worker-plugin.mjs';

const root = path.dirname(fileURLToPath(import.meta.url));

/**
 * The page's icon, in the page itself: browsers ask for it when they have nothing better to do,
 * which may be after the network is locked.
 */
const icon = `data:image/svg+xml,${encodeURIComponent(
  readFileSync(path.join(root, 'www/app/icon.svg'), 'utf8'),
)}`;

/**
 * @param {'production' | 'development'} mode
 * @returns {import('webpack').Configuration}
 */
export const page = (mode) => {
  // While developing the server says what is new.
  const hashed = mode === 'production' ? '[name].[contenthash]' : '[name]';
  return {
    name: 'page',
    mode,
    // Files of their own: the page's policy forbids eval().
    devtool: mode === 'development' ? 'source-map' : false,
    context: root,
    entry: {
      main: './www/app/main.ts',
      // Under one name for good: browsers look there for a newer version. While developing it would
      // show an older one.
      ...(mode === 'production' && {
        'service-worker': { import: './www/service-worker/main.ts', filename: '[name].js' },
      }),
    },
    output: {
      path: path.join(root, 'www/dist'),
      // Addresses relative to the page: it may be served from any folder.
      publicPath: 'auto',
      filename: `${hashed}.js`,
      chunkFilename: `${hashed}.js`,
      assetModuleFilename: 'assets/[name].[contenthash][ext]',
      clean: true,
      // The page's policy allows scripts from trusted addresses only; this names the policy that
      // webpack's loader uses.
      trustedTypes: 'clipsight',
    },
    module: {
      rules: [
        {
          test: /\.ts$/,
          loader: 'ts-loader',
          // `npm run lint` checks the types; here they are only taken off.
          options: {
            configFile: path.join(root, 'www/app/tsconfig.json'),
            transpileOnly: true,
            compilerOptions: { noEmit: false },
          },
        },
        // In the style sheet itself: under the network lock no picture comes over the network any
        // more.
        { test: /\.svg$/, issuer: /\.css$/, type: 'asset/inline' },
        { test: /\.css$/, use: [MiniCssExtractPlugin.loader, 'css-loader'] },
        // The package's own source maps lead on to www/lib.
        ...(mode === 'development' ? [{ test: /\.js$/, extractSourceMap: true }] : []),
      ],
    },
    resolve: { extensions: ['.ts', '.js'], extensionAlias: { '.js': ['.ts', '.js'] } },
    plugins: [
      new HtmlWebpackPlugin({
        template: './www/app/index.html',
        templateParameters: { icon },
        chunks: ['main'],
      }),
      new MiniCssExtractPlugin({ filename: `${hashed}.css` }),
      new CopyPlugin({
        patterns: [
          { from: 'www/app/manifest.webmanifest' },
          { from: 'www/app/icons/*.png', to: 'icons/[name][ext]' },
          // `npm run dev` does not write them.
          { from: 'pkg/THIRD-PARTY-NOTICES.txt', noErrorOnMissing: mode === 'development' },
        ],
      }),
      ...(mode === 'production' ? [new ServiceWorkerPlugin()] : []),
    ],
    // WebAssembly is what it is; scripts/sizes.mjs watches it.
    performance: { hints: false },
  };
};

export default page('production');
