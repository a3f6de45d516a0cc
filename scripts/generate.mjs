// npm run generate: what the package says in Rust's words, written from Rust: schema.json and
// www/lib/api/*.generated.ts.
import { main } from './lib/run.mjs';
import { ensureNodeModules, ensureToolchain } from './lib/tools.mjs';

await main(async () => {
  await ensureToolchain();
  await ensureNodeModules();
  // Loaded here: what it imports is there only now.
  await (await import('./lib/generate.mjs')).generate();
});
