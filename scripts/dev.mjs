// npm run dev: the page with source maps, built and shown anew with every edit in www. Rust is
// compiled only where there is no WebAssembly yet: after an edit there, `npm run build`.
import { main } from './lib/run.mjs';
import { ensureNodeModules } from './lib/tools.mjs';

await main(async () => {
  await ensureNodeModules();
  // It imports what was just installed.
  await (await import('./lib/develop.mjs')).develop();
});
