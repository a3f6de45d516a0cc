// npm test: all that must hold before a change lands. The runners' own closing lines are printed as
// they come.
import {
  buildNative,
  checkBuildInterface,
  checkDocs,
  checkFigures,
  ensureNativeTargets,
  lintRust,
  lintWeb,
  testRust,
  testWeb,
} from './lib/checks.mjs';
import { fuzz } from './fuzz.mjs';
import { main, step } from './lib/run.mjs';
import { testPython } from './lib/python.mjs';
import { buildAll, buildLib } from './lib/steps.mjs';
import { checkDependencies } from './lib/supply-chain.mjs';
import { checkVersions } from './lib/version.mjs';
import {
  ensureChromium,
  ensureNodeModules,
  ensureVulkan,
  ensureWasmTarget,
  isDebian,
} from './lib/tools.mjs';

/** What runs natively. Returns, as a sentence, what was not checked. */
async function native() {
  await step('lints: Rust', lintRust);
  await step('documentation: Rust', checkDocs);
  await step('tests: Rust', testRust);
  await step('native program', buildNative);
  await step('figures in the documents', checkFigures);
  return step('tests: Python', testPython);
}

/** What browsers load; and the fuzzers, which have a target folder of their own, too. */
async function forBrowsers() {
  await buildAll();
  await step('fuzzers', () => fuzz({ fixed: true }));
}

await main(async () => {
  const chromium = await ensureChromium();
  await ensureVulkan();
  await ensureWasmTarget();
  await ensureNativeTargets();
  await ensureNodeModules();
  // Elsewhere its tests run where it is there, and say so where it is not.
  if (await isDebian()) await (await import('./bench/firefox.mjs')).ensureFirefox();
  await step('versions', checkVersions);
  const unchecked = await step('dependencies', checkDependencies);
  await buildLib();
  await step('lints: TypeScript', lintWeb);
  // Either leaves a core idle for half of its time, where one crate is linked or optimised as a
  // whole; they share no target folder.
  const [untested] = await Promise.all([native(), forBrowsers()]);
  await step('lints: interface of the WebAssembly builds', checkBuildInterface);
  await step('tests: browser', () => testWeb(chromium));
  if (untested !== undefined) unchecked.push(untested);
  for (const sentence of unchecked) console.warn(`\n!! ${sentence}`);
  console.log(unchecked.length === 0 ? '\nAll checks passed.' : '\nAll other checks passed.');
});
