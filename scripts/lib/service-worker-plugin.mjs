// Tells the service worker which files webpack made, and makes the manifest that lets browsers
// install the page.
import { createHash } from 'node:crypto';

const NAME = 'service-worker.js';

/** What only some devices or uses fetch; weights are kept by the package's own cache. */
const REST = /\.(wasm|bin)$|^\d+\.[0-9a-f]+\.js$/;
const NEVER = /\.(safetensors|map|txt)$/;

export class ServiceWorkerPlugin {
  /** @param {import('webpack').Compiler} compiler */
  apply(compiler) {
    const { Compilation, sources } = compiler.webpack;
    compiler.hooks.thisCompilation.tap('ServiceWorkerPlugin', (compilation) => {
      compilation.hooks.processAssets.tap(
        // After every other file has its final name and contents.
        { name: 'ServiceWorkerPlugin', stage: Compilation.PROCESS_ASSETS_STAGE_REPORT },
        () => {
          const names = compilation
            .getAssets()
            .map(({ name }) => name)
            .filter((name) => name !== NAME && !NEVER.test(name))
            .sort();
          const hash = createHash('sha256');
          for (const name of names)
            hash.update(`\0${name}\0`).update(compilation.getAsset(name).source.buffer());
          const own = compilation.getAsset(NAME).source;
          const build = {
            version: hash.update(own.buffer()).digest('hex').slice(0, 16),
            shell: names
              .filter((name) => !REST.test(name))
              .map((name) => (name === 'index.html' ? './' : name)),
            rest: names.filter((name) => REST.test(name)),
          };
          compilation.updateAsset(
            NAME,
            new sources.ConcatSource(`self.clipsightBuild=${JSON.stringify(build)};`, own),
          );
        },
      );
    });
  }
}
