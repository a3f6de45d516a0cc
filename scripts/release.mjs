// npm run release: builds, checks and packs everything that is released into dist/release, with
// SHA-256 sums. Publishes nothing; RELEASING.md says how that is done.
//
//   --publication  refuse to pack while something stands in the way, and run `npm test` first
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Failure, main, output, root, run, step } from './lib/run.mjs';
import { ensureChromium, ensureNodeModules, ensureToolchain } from './lib/tools.mjs';

const { values: options } = parseArgs({ options: { publication: { type: 'boolean' } } });

/** Something in the repository that is large enough for a verdict. */
const IMAGE = path.join(root, 'tests/fixtures/scenes/spheres.jpg');

await main(async () => {
  await ensureToolchain();
  await ensureNodeModules();
  const chromium = await ensureChromium();
  // What these import is there only now.
  const { buildAll } = await import('./lib/steps.mjs');
  const { checkDependencies } = await import('./lib/supply-chain.mjs');
  const { checkVersions } = await import('./lib/version.mjs');
  const { findBlockers } = await import('./release/blockers.mjs');
  const pack = await import('./release/pack.mjs');
  const { tryRelease } = await import('./release/try.mjs');

  const version = await checkVersions();
  const unchecked = await step('dependencies', checkDependencies);
  const blockers = await findBlockers({ version, unchecked });
  if (options.publication) {
    if (blockers.length > 0)
      throw new Failure(`Not to be published:\n${blockers.map((line) => `  ${line}`).join('\n')}`);
    await step('npm test', () => run('npm', ['test'], { env: { CI: 'true' } }));
  }

  const dirty = (await output('git', ['status', '--porcelain'])) !== '';
  await buildAll();
  await pack.emptyRelease();
  const tarballs = await step('npm packages', async () => [
    await pack.packPackage('pkg'),
    await pack.packPackage('pkg-standard'),
  ]);
  const zips = await step('extension', () => pack.packExtension(version));
  const crate = await step('crate', () => pack.packCrate(version, { dirty }));
  const program = await step('command line', () => pack.packProgram(version));
  const wheels = await step('Python packages', pack.packWheels);
  const sums = await pack.writeSums([...tarballs, ...zips, crate, program, ...wheels]);
  await step('what was packed, tried', () =>
    tryRelease({ version, program, tarballs, zips, crate, wheels, chromium, image: IMAGE }),
  );
  console.log(`\ndist/release:\n${sums}`);
  if (blockers.length > 0) {
    console.log('A rehearsal, not to be published:');
    for (const blocker of blockers) console.log(`  ${blocker}`);
    return;
  }
  const publish = tarballs.map((tarball) => `npm publish dist/release/${tarball}`);
  console.log(`Nothing was published. To do so (RELEASING.md):

  git tag -a v${version} -m ${version} && git push origin v${version}
  ${publish.join('\n  ')}
  cargo publish --package clipsight --locked
  twine upload ${wheels.map((wheel) => `dist/release/${wheel}`).join(' ')}

and upload by hand: the zips to the browsers' shops,
${program} and SHA256SUMS to the release's page.`);
});
