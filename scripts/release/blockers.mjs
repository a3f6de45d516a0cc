// What stands in the way of a publication, as sentences. A rehearsal packs all the same.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { output, root } from '../lib/run.mjs';
import { ourCrates } from '../lib/version.mjs';

/**
 * The project's addresses: fields of the core's package in Cargo.toml, the one place where they
 * stand. Each is undefined where it is not known.
 */
export async function home() {
  const core = (await ourCrates()).find(({ name }) => name === 'clipsight');
  const { repository, homepage, metadata } = core;
  return {
    repository: repository ?? undefined,
    homepage: homepage ?? undefined,
    bugs: metadata?.home?.bugs,
  };
}

/** @param {{ version: string, unchecked: string[] }} options */
export async function findBlockers({ version, unchecked }) {
  const blockers = [...unchecked];
  const { repository, bugs } = await home();
  if (repository === undefined) blockers.push('Cargo.toml names no `repository`.');
  if (bugs === undefined)
    blockers.push('Cargo.toml names no `bugs` under [package.metadata.home].');
  if ((await output('git', ['status', '--porcelain'])) !== '')
    blockers.push('There are changes that are not committed.');
  const tag = `v${version}`;
  const tagged = await output('git', ['rev-parse', '--verify', '--quiet', `${tag}^{commit}`]);
  if (tagged !== undefined && tagged !== (await output('git', ['rev-parse', 'HEAD'])))
    blockers.push(`The tag ${tag} stands on another commit: this version is released already.`);
  const changes = await readFile(path.join(root, 'CHANGELOG.md'), 'utf8');
  if (
    !new RegExp(`^## \\[${version.replaceAll('.', '\\.')}\\] - \\d{4}-\\d\\d-\\d\\d$`, 'm').test(
      changes,
    )
  )
    blockers.push(`CHANGELOG.md has no heading "## [${version}] - YYYY-MM-DD".`);
  return blockers;
}
