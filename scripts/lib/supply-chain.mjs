// Licences, known weaknesses and sources of everything that we depend on.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Failure, output, root, run } from './run.mjs';
import { ensureCargoDeny, ensureToolchain } from './tools.mjs';

/**
 * Our crates, the browser's decoders and verifier, what writes the JavaScript beside the
 * WebAssembly, the fuzzers, and the Python package's extension.
 */
const MANIFESTS = [
  'Cargo.toml',
  'decoders/Cargo.toml',
  'verifier/Cargo.toml',
  'scripts/wasm-bindgen/Cargo.toml',
  'fuzz/Cargo.toml',
  'python/Cargo.toml',
];

/** npm packages are refused from this severity on. */
const SEVERITY = 'high';

/**
 * Checks the crates by deny.toml, the npm packages by their registry's list of weaknesses. Returns
 * what could not be checked, as sentences: the lists are not part of the repository.
 */
export async function checkDependencies() {
  await ensureToolchain();
  const unchecked = [...(await checkCrates()), ...(await checkPackages())];
  for (const sentence of unchecked) console.warn(`\n!! ${sentence}\n`);
  return unchecked;
}

async function checkCrates() {
  const program = await ensureCargoDeny();
  const deny = (manifest, ...args) => [
    ...['--manifest-path', manifest, '--config', 'deny.toml', '--locked'],
    ...args,
  ];
  for (const manifest of MANIFESTS) {
    // The list of allowed licences is written for our crates; the program needs fewer of them.
    const allow = [
      '--allow',
      'license-not-encountered',
      '--allow',
      'license-exception-not-encountered',
    ];
    await run(program, deny(manifest, 'check', ...allow, 'licenses', 'bans', 'sources'));
  }
  if ((await output(program, deny(MANIFESTS[0], 'fetch', 'db'))) === undefined) {
    return ['Security advisories of crates were NOT checked: the list could not be fetched.'];
  }
  for (const manifest of MANIFESTS) {
    await run(program, deny(manifest, 'check', 'advisories'));
  }
  return [];
}

async function checkPackages() {
  const args = ['audit', '--json', `--audit-level=${SEVERITY}`];
  // It ends with 1 both where it finds something and where it gets no answer; what it prints tells.
  const { stdout } = await promisify(execFile)('npm', args, {
    cwd: root,
    maxBuffer: 2 ** 26,
  }).catch((error) => ({ stdout: error.stdout ?? '' }));
  const report = parsed(stdout);
  const counts = report?.metadata?.vulnerabilities;
  if (counts === undefined) {
    const reason = report?.message === undefined ? '' : ` (${report.message})`;
    return [`Security advisories of npm packages were NOT checked: no answer${reason}.`];
  }
  if (counts[SEVERITY] + counts.critical > 0) {
    await run(
      'npm',
      args.filter((arg) => arg !== '--json'),
    );
    throw new Failure('npm packages have known weaknesses; see above.');
  }
  return [];
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
