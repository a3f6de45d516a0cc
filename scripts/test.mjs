// npm test: all that must hold before a change lands. The runners' own closing lines are printed as they come.
import { buildNative, checkCoreInterface, checkFigures, lintRust, lintWeb, testRust, testWeb } from './lib/checks.mjs';
import { main, step } from './lib/run.mjs';
import { buildAll, buildLib } from './lib/steps.mjs';
import { ensureChromium, ensureNodeModules, ensureVulkan, ensureWasmTarget } from './lib/tools.mjs';

await main(async () => {
  const chromium = await ensureChromium();
  await ensureVulkan();
  await ensureWasmTarget();
  await ensureNodeModules();
  await buildLib();
  await step('lints: TypeScript', lintWeb);
  await step('lints: Rust', lintRust);
  await step('tests: Rust', testRust);
  await step('native program', buildNative);
  await step('figures in the documents', checkFigures);
  await buildAll();
  await step('lints: interface of the cores', checkCoreInterface);
  await step('tests: browser', () => testWeb(chromium));
  console.log('\nAll checks passed.');
});
