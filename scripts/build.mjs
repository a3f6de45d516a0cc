// npm run build: everything that changed, into pkg and www/dist.
import { main } from './lib/run.mjs';
import { buildAll } from './lib/steps.mjs';
import { ensureNodeModules } from './lib/tools.mjs';

await main(async () => {
  await ensureNodeModules();
  await buildAll();
});
