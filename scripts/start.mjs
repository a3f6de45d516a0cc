// npm start: from a fresh clone to a page that runs. Installs what is missing, builds what changed,
// serves.
import { main, Failure } from './lib/run.mjs';
import { buildAll } from './lib/steps.mjs';
import { ensureNodeModules } from './lib/tools.mjs';

await main(async () => {
  if (Number(process.versions.node.split('.')[0]) < 20)
    throw new Failure('Node 20 or later is needed.');
  await ensureNodeModules();
  await buildAll();
});
await import('./serve.mjs');
