// Puts files into webpack's output as they are, under their own names.
import { readFile } from 'node:fs/promises';
import path from 'node:path';

export class StaticFilesPlugin {
  /** @param {{ folder: string, files: string[] }} options */
  constructor({ folder, files }) {
    this.folder = folder;
    this.files = files;
  }

  /** @param {import('webpack').Compiler} compiler */
  apply(compiler) {
    const { Compilation, sources } = compiler.webpack;
    compiler.hooks.thisCompilation.tap('StaticFilesPlugin', (compilation) => {
      compilation.hooks.processAssets.tapPromise(
        { name: 'StaticFilesPlugin', stage: Compilation.PROCESS_ASSETS_STAGE_ADDITIONAL },
        async () => {
          for (const file of this.files) {
            compilation.emitAsset(
              file,
              new sources.RawSource(await readFile(path.join(this.folder, file))),
            );
          }
        },
      );
    });
  }
}
