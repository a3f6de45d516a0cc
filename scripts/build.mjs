// npm run build [-- --optimize]: everything that changed, into pkg and www/dist. --optimize (releases) also runs wasm-opt.
import { parseArgs } from 'node:util';
import { main } from './lib/run.mjs';
import { buildAll } from './lib/steps.mjs';
import { ensureNodeModules } from './lib/tools.mjs';

await main(async () => {
  const { values } = parseArgs({ options: { optimize: { type: 'boolean', default: false } } });
  await ensureNodeModules();
  await buildAll(values);
});
