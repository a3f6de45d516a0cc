// npm test: all that must hold before a change lands. The runners' own closing lines are printed as
// they come.
import {
  buildNative,
  checkBuildInterface,
  checkFigures,
  lintRust,
  lintWeb,
  testRust,
  testWeb,
} from './lib/checks.mjs';
import { main, step } from './lib/run.mjs';
import { buildAll, buildLib } from './lib/steps.mjs';
import {
  ensureChromium,
  ensureNodeModules,
  ensureVulkan,
  ensureWasmTarget,
  isDebian,
} from './lib/tools.mjs';

await main(async () => {
  const chromium = await ensureChromium();
  await ensureVulkan();
  await ensureWasmTarget();
  await ensureNodeModules();
  // Elsewhere its tests run where it is there, and say so where it is not.
  if (await isDebian()) await (await import('./bench/firefox.mjs')).ensureFirefox();
  await buildLib();
  await step('lints: TypeScript', lintWeb);
  await step('lints: Rust', lintRust);
  await step('tests: Rust', testRust);
  await step('native program', buildNative);
  await step('figures in the documents', checkFigures);
  await buildAll();
  await step('lints: interface of the WebAssembly builds', checkBuildInterface);
  await step('tests: browser', () => testWeb(chromium));
  console.log('\nAll checks passed.');
});
