// The page: www/app on top of the package in pkg (an npm workspace, used through its own exports),
// into www/dist.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import HtmlWebpackPlugin from 'html-webpack-plugin';
import MiniCssExtractPlugin from 'mini-css-extract-plugin';
import { ServiceWorkerPlugin } from './scripts/lib/service-worker-plugin.mjs';
import { StaticFilesPlugin } from './scripts/lib/static-files-plugin.mjs';

const root = path.dirname(fileURLToPath(import.meta.url));

/** @type {import('webpack').Configuration} */
export default {
  name: 'page',
  mode: 'production',
  context: root,
  entry: {
    main: './www/app/main.ts',
    // Under one name for good: browsers look there for a newer version.
    'service-worker': { import: './www/service-worker/main.ts', filename: '[name].js' },
  },
  output: {
    path: path.join(root, 'www/dist'),
    // Addresses relative to the page: it may be served from any folder.
    publicPath: 'auto',
    filename: '[name].[contenthash].js',
    chunkFilename: '[name].[contenthash].js',
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
    ],
  },
  resolve: { extensions: ['.ts', '.js'], extensionAlias: { '.js': ['.ts', '.js'] } },
  plugins: [
    new HtmlWebpackPlugin({
      template: './www/app/index.html',
      favicon: './www/app/icon.svg',
      chunks: ['main'],
    }),
    new MiniCssExtractPlugin({ filename: '[name].[contenthash].css' }),
    new StaticFilesPlugin({
      folder: path.join(root, 'www/app'),
      files: [
        'manifest.webmanifest',
        ...['icon-192', 'icon-512', 'maskable-512', 'apple-touch-180'].map(
          (name) => `icons/${name}.png`,
        ),
      ],
    }),
    new ServiceWorkerPlugin(),
  ],
  // WebAssembly is what it is; scripts/sizes.mjs watches it.
  performance: { hints: false },
};
