// npm run lint: types, ESLint and formatting of everything that is not Rust.
import { main } from './lib/run.mjs';
import { lintWeb } from './lib/checks.mjs';
import { buildLib } from './lib/steps.mjs';
import { ensureNodeModules } from './lib/tools.mjs';

await main(async () => {
  await ensureNodeModules();
  // The page imports the package through its exports, so the package's types must be there.
  await buildLib();
  await lintWeb();
});
