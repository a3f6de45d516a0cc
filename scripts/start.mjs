// npm start: from a fresh clone to a page that runs. Installs what is missing, builds what changed,
// serves.
import { main, Failure } from './lib/run.mjs';
import { buildAll } from './lib/steps.mjs';
import { ensureNodeModules } from './lib/tools.mjs';

await main(async () => {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19))
    throw new Failure('Node 20.19 or later is needed.');
  await ensureNodeModules();
  await buildAll();
});
await import('./serve.mjs');
