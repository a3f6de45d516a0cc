// node scripts/trust-lists.mjs CONFORMANCE-PUBLIC VERIFY-SITE: the lists of who is trusted to sign
// Content Credentials, into crates/clipsight-verify/trust, from clones of
// github.com/c2pa-org/conformance-public and github.com/contentauth/verify-site. Never run by a
// build: a newer list is a commit of its own, which a reviewer sees.
import { createHash, X509Certificate } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Failure, main, root } from './lib/run.mjs';

const TO = 'crates/clipsight-verify/trust';

/** id-kp-timeStamping. */
const TIME_STAMPING = '1.3.6.1.5.5.7.3.8';

/** A list of the C2PA, which says itself when it was issued. */
function official(clone, { id, name, file }) {
  const at = `trust-list/${file}`;
  const { LoTE } = JSON.parse(git(clone, 'show', `HEAD:${at}.json`));
  return {
    id,
    name,
    date: LoTE.ListAndSchemeInformation.ListIssueDateTime.slice(0, 10),
    source: 'github.com/c2pa-org/conformance-public',
    path: `${at}.pem`,
    commit: git(clone, 'log', '-1', '--format=%H', '--', `${at}.pem`),
    licence: 'CC-BY-4.0',
    text: pem(blocks(git(clone, 'show', `HEAD:${at}.pem`))),
  };
}

/** The interim list in two: who may sign claims, and who may say when. */
function interim(clone) {
  const at = 'static/trust/anchors.pem';
  const found = blocks(git(clone, 'show', `HEAD:${at}`));
  const stamps = (block) => {
    const { keyUsage = [] } = new X509Certificate(block);
    return keyUsage.length > 0 && keyUsage.every((use) => use === TIME_STAMPING);
  };
  const about = {
    date: dated(clone, 'static/trust'),
    source: 'github.com/contentauth/verify-site',
    path: at,
    commit: git(clone, 'log', '-1', '--format=%H', '--', 'static/trust'),
    licence: 'Apache-2.0',
  };
  return [
    {
      id: 'interim',
      name: 'Interim Content Credentials trust list',
      ...about,
      text: pem(found.filter((block) => !stamps(block))),
    },
    {
      id: 'interim-tsa',
      name: 'Interim Content Credentials trust list, time stamps',
      ...about,
      text: pem(found.filter(stamps)),
    },
  ];
}

/** Certificates that the interim list trusts by themselves: SHA-256 of each, in base 64. */
function signers(clone) {
  const found = blocks(git(clone, 'show', 'HEAD:static/trust/allowed.pem')).map((block) => {
    const certificate = new X509Certificate(block);
    const hash = createHash('sha256').update(certificate.raw).digest('base64');
    return `# ${subjectOf(certificate)}\n${hash}\n`;
  });
  return [...new Set(found)].sort().join('');
}

const dated = (clone, at) =>
  new Date(git(clone, 'log', '-1', '--format=%cI', '--', at)).toISOString().slice(0, 10);

const blocks = (text) =>
  text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];

/** Each with its subject above it, once. */
const pem = (found) =>
  [...new Set(found)]
    .map((block) => {
      const certificate = new X509Certificate(block);
      return `# ${subjectOf(certificate)}\n${certificate.toString()}`;
    })
    .join('');

const subjectOf = ({ subject }) => subject.split('\n').join(', ');

function git(clone, ...args) {
  const text = execFileSync('git', ['-C', clone, ...args], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  return args[0] === 'log' ? text.trim() : text;
}

await main(async () => {
  const [conformance, site] = process.argv.slice(2);
  if (site === undefined) throw new Failure('Name the clones of conformance-public, verify-site.');
  const lists = [
    official(conformance, { id: 'c2pa', name: 'C2PA Trust List', file: 'C2PA-TRUST-LIST' }),
    official(conformance, {
      id: 'c2pa-tsa',
      name: 'C2PA Time-Stamping Authority Trust List',
      file: 'C2PA-TSA-TRUST-LIST',
    }),
    ...interim(site),
  ];
  for (const { id, text } of lists) await writeFile(path.join(root, TO, `${id}.pem`), text);
  await writeFile(path.join(root, TO, 'interim-signers.txt'), signers(site));
  const about = lists.map(({ text, ...rest }) => ({ ...rest, certificates: blocks(text).length }));
  await writeFile(path.join(root, TO, 'lists.json'), `${JSON.stringify(about, null, 2)}\n`);
});
