// npm run extension: the browser extension for Chrome and Firefox, as folders and zips in
// dist/extension.
import { buildAll } from './lib/steps.mjs';
import { main } from './lib/run.mjs';
import { ensureNodeModules } from './lib/tools.mjs';

await main(async () => {
  await ensureNodeModules();
  await buildAll();
  const { buildExtension } = await import('./lib/extension.mjs');
  for (const { zip, bytes } of await buildExtension())
    console.log(`${zip}  ${(bytes / 1e6).toFixed(1)} MB`);
});
