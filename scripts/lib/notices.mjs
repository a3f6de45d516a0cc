// Third-party notices: whose work is in what we pass on, under which licences, with their texts.
import { existsSync } from 'node:fs';
import { copyFile, readFile, readdir, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import parse from 'spdx-expression-parse';
import { DECODERS } from './decoders.mjs';
import { Failure, output, root } from './run.mjs';
import { ifChanged } from './stamp.mjs';
import { BUILDS } from './wasm.mjs';

export const NOTICES = 'THIRD-PARTY-NOTICES.txt';
export const LICENCES = ['LICENSE-MIT', 'LICENSE-APACHE'];

/**
 * Which licence is taken where there is a choice, best first: the shortest text that must be passed
 * on. Each with words by which its text is known.
 */
const TEXTS = new Map([
  ['MIT', 'Permission is hereby granted, free of charge, to any person obtaining'],
  ['ISC', 'Permission to use, copy, modify, and/or distribute this software'],
  ['0BSD', 'Permission to use, copy, modify, and/or distribute this software'],
  ['Zlib', "provided 'as-is', without any express or implied warranty"],
  ['BSD-2-Clause', 'Redistribution and use in source and binary forms'],
  ['BSD-3-Clause', 'Redistribution and use in source and binary forms'],
  ['BSL-1.0', 'Boost Software License'],
  ['Unlicense', 'This is free and unencumbered software'],
  ['Unicode-3.0', 'UNICODE LICENSE V3'],
  ['Apache-2.0', 'Apache License Version 2.0'],
  ['MPL-2.0', 'Mozilla Public License Version 2.0'],
  ['IJG', 'Independent JPEG Group'],
  ['CDLA-Permissive-2.0', 'Community Data License Agreement'],
  ['CC0-1.0', 'CC0 1.0 Universal'],
  ['CC-BY-4.0', 'Creative Commons Attribution 4.0 International'],
]);

/** Whose the weights of CLIP are, as the licence in its repository says. */
const CLIP_HOLDERS = '2021 OpenAI';

/** What no lock file names. */
const OTHERS = [
  {
    name: 'Rust standard library',
    licence: 'MIT OR Apache-2.0',
    home: 'https://www.rust-lang.org',
    holders: 'The Rust Project contributors',
  },
  {
    name: 'vit_tiny_patch16_224 from timm (weights of the compact model, here rounded to 8 bits)',
    licence: 'Apache-2.0',
    home: 'https://github.com/huggingface/pytorch-image-models',
    holders: 'Ross Wightman and Google LLC',
  },
  {
    name: 'CLIP ViT-B/16 from OpenAI (weights of the standard model, cut, trained on and rounded)',
    licence: 'MIT',
    home: 'https://github.com/openai/CLIP',
    holders: CLIP_HOLDERS,
  },
  {
    name: 'C2PA Trust List and C2PA Time-Stamping Authority Trust List (certificates)',
    licence: 'CC-BY-4.0',
    home: 'https://github.com/c2pa-org/conformance-public',
    holders: 'Coalition for Content Provenance and Authenticity',
  },
  {
    name: 'Interim Content Credentials trust list (certificates and hashes of certificates)',
    licence: 'Apache-2.0',
    home: 'https://github.com/contentauth/verify-site',
    holders: 'Adobe Inc.',
  },
];

/**
 * Crates whose files lack the licence of the repository that they come from, each with another
 * crate of that repository which has it.
 */
const SIBLINGS = new Map([['alloc-stdlib', 'alloc-no-stdlib']]);

/** npm packages of which a part is in every bundle, though nothing imports them. */
const BUNDLERS = ['esbuild', 'webpack'];

/** Licences and notices, into the package; the page and the extension take them from there. */
export async function buildNotices() {
  await ifChanged({
    name: 'third-party notices',
    inputs: [
      ...['Cargo.toml', 'Cargo.lock', 'crates', 'package-lock.json', 'scripts/lib/notices.mjs'],
      ...['decoders/Cargo.lock', 'verifier/Cargo.lock'],
      ...LICENCES,
      ...(await webFolders()).map((folder) => `${folder}/package.json`),
    ],
    skip: (file) => /^crates\/[^/]+\/(src|tests|examples)$/.test(file),
    extra: JSON.stringify(BUILDS),
    outputs: [NOTICES, ...LICENCES].map((name) => `pkg/${name}`),
    work: async () => {
      await writeFile(path.join(root, 'pkg', NOTICES), await webNotices());
      for (const name of LICENCES)
        await copyFile(path.join(root, name), path.join(root, 'pkg', name));
    },
  });
}

/** Of the npm package, the page and the extension. */
async function webNotices() {
  const crates = [];
  for (const features of new Set(BUILDS.map(({ features }) => features))) {
    const wasm = ['--target', 'wasm32-unknown-unknown', '--no-default-features'];
    crates.push(...(await cratesOf(['-p', 'clipsight', ...wasm, '--features', features])));
  }
  const modules = DECODERS.map((name) => `clipsight-decoder-${name}`);
  for (const name of [...modules, 'clipsight-measure-module']) {
    const module = ['--manifest-path', 'decoders/Cargo.toml', '-p', name];
    crates.push(...(await cratesOf([...module, '--target', 'wasm32-unknown-unknown'])));
  }
  const verifier = ['--manifest-path', 'verifier/Cargo.toml', '-p', 'clipsight-verifier'];
  crates.push(...(await cratesOf([...verifier, '--target', 'wasm32-unknown-unknown'])));
  return notices([...crates, ...(await packages())]);
}

/** Of a program: `selection` says to cargo which one, with what features. */
export const programNotices = async (selection) => notices(await cratesOf(selection));

/**
 * The crates that are linked into a program, ours left out. Procedural macros and build scripts run
 * on our machine and are not passed on.
 */
async function cratesOf(selection) {
  const tree = await mustPrint('cargo', [
    ...['tree', '--locked', '--edges', 'normal,no-proc-macro', '--prefix', 'none'],
    // Not `cargo metadata`: it fetches every crate of the lock file, burn and all.
    ...['--format', '{p}\t{l}\t{r}', ...selection],
  ]);
  const crates = new Map();
  const folders = new Map();
  for (const line of tree.split('\n')) {
    const [named, licence, home] = line.replace(/ \(\*\)$/, '').split('\t');
    // Ours lie here, and say so: `clipsight v0.1.0 (/folder)`.
    const [name, version, place] = named.split(' ');
    if (place !== undefined && place !== '(proc-macro)') continue;
    crates.set(named, { name: `${name} ${version.slice(1)}`, licence, home });
    folders.set(name, `${name}-${version.slice(1)}`);
  }
  return Promise.all(
    [...crates.values()].map(async (crate) => {
      const folder = await sourcesOf(crate.name.replace(' ', '-'));
      const [name] = crate.name.split(' ');
      const sibling = folders.get(SIBLINGS.get(name));
      return {
        ...crate,
        holders: authors(await readFile(path.join(folder, 'Cargo.toml'), 'utf8')),
        folder: sibling === undefined ? folder : await sourcesOf(sibling),
      };
    }),
  );
}

/** Where cargo unpacked a crate. */
async function sourcesOf(crate) {
  const home = process.env.CARGO_HOME ?? path.join(os.homedir(), '.cargo');
  const sources = path.join(home, 'registry/src');
  for (const registry of await readdir(sources).catch(() => [])) {
    const folder = path.join(sources, registry, crate);
    if (existsSync(folder)) return folder;
  }
  throw new Failure(`The sources of ${crate} are not in ${sources}: run \`cargo fetch\`.`);
}

/** The authors that a manifest names. Cargo writes the list in lines of its own. */
function authors(manifest) {
  const list = /^authors = \[([^\]]*)\]/m.exec(manifest)?.[1] ?? '';
  return [...list.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, author]) => author).join(', ');
}

/** The npm packages in bundles: what the parts of www depend on, and what bundlers add. */
async function packages() {
  const found = new Map();
  const visit = async (name, from) => {
    const folder = await locate(name, from);
    const description = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8'));
    if (found.has(folder)) return;
    found.set(folder, {
      name: `${name} ${description.version}`,
      licence: description.license,
      home: description.homepage ?? '',
      holders: description.author?.name ?? description.author ?? '',
      folder,
    });
    if (BUNDLERS.includes(name)) return;
    for (const next of Object.keys(description.dependencies ?? {})) await visit(next, folder);
  };
  for (const name of BUNDLERS) await visit(name, root);
  for (const folder of await webFolders()) {
    const description = await readFile(path.join(root, folder, 'package.json'), 'utf8');
    for (const name of Object.keys(JSON.parse(description).dependencies ?? {}))
      // Our own packages need no notice.
      if (!/^clipsight(-|$)/.test(name)) await visit(name, path.join(root, folder));
  }
  return [...found.values()];
}

/** The parts of www that are npm workspaces. */
async function webFolders() {
  const { workspaces } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
  return workspaces;
}

/** Where Node would find a package. */
async function locate(name, from) {
  for (let folder = from; ; folder = path.dirname(folder)) {
    const candidate = path.join(folder, 'node_modules', name);
    const names = await readdir(candidate).catch(() => []);
    if (names.includes('package.json')) return candidate;
    if (folder === path.dirname(folder)) throw new Failure(`The npm package ${name} is missing.`);
  }
}

/**
 * The whole text. The same works give the same text, byte for byte.
 *
 * @param {{ name: string, licence: string, home: string, holders: string,
 *   folder?: string }[]} found
 */
export async function notices(found) {
  const works = [...new Map([...found, ...OTHERS].map((work) => [work.name, work])).values()];
  works.sort((a, b) => (a.name < b.name ? -1 : 1));
  /** From a text to the names of the works under it. */
  const texts = new Map();
  const lines = [];
  for (const work of works) {
    const chosen = choose(parse((work.licence ?? '').replaceAll('/', ' OR ')));
    lines.push(`${work.name}: ${chosen.join(' and ')}${work.home === '' ? '' : `, ${work.home}`}`);
    for (const text of await textsOf(work, chosen))
      texts.set(text, [...(texts.get(text) ?? []), work.name]);
  }
  const rule = '-'.repeat(80);
  return [
    'Third-party notices',
    '',
    'clipsight is licensed under MIT OR Apache-2.0. It contains the works of others that are',
    'listed here. Where a work may be used under one of several licences, the one named here',
    'was chosen.',
    '',
    ...lines,
    // Its licence asks for this sentence beside programs.
    ...(lines.some((line) => line.includes('IJG'))
      ? ['', 'This software is based in part on the work of the Independent JPEG Group.']
      : []),
    ...[...texts].flatMap(([text, names]) => ['', rule, names.join(', '), rule, '', text]),
    '',
  ].join('\n');
}

/** The licences to fulfil: all of an AND, of an OR the side that comes first in `TEXTS`. */
function choose(expression) {
  if (expression.license !== undefined) {
    const { license, exception } = expression;
    return [exception === undefined ? license : `${license} WITH ${exception}`];
  }
  const [left, right] = [choose(expression.left), choose(expression.right)];
  if (expression.conjunction === 'and') return [...new Set([...left, ...right])];
  return rank(left) <= rank(right) ? left : right;
}

const ORDER = [...TEXTS.keys()];

/** How late the last of some licences comes in `TEXTS`; those that are not there come last. */
const rank = (licences) =>
  Math.max(...licences.map((id) => (ORDER.includes(id) ? ORDER.indexOf(id) : ORDER.length)));

/** The texts of a work's licences, from its own files where it has them, and its NOTICE. */
async function textsOf(work, licences) {
  const names = work.folder === undefined ? [] : (await readdir(work.folder)).sort();
  const files = [];
  for (const name of names.filter((file) => /^(un)?licen[sc]e|^copying|^notice/i.test(file))) {
    const text = await readFile(path.join(work.folder, name), 'utf8').catch(() => undefined);
    if (text !== undefined) files.push({ name, text: tidy(text) });
  }
  const found = files.filter(({ name }) => /^notice/i.test(name)).map(({ text }) => text);
  for (const id of licences) {
    const words = TEXTS.get(id);
    if (words === undefined) throw new Failure(`${work.name}: no text is known for ${id}.`);
    const own = files.find(({ text }) => text.replaceAll(/\s+/g, ' ').includes(words));
    found.push(own?.text ?? (await standardText(work, id)));
  }
  return found;
}

/** The licence of the standard model's package: CLIP's weights, and what became of them here. */
export async function modelLicence() {
  const text = await readFile(path.join(root, 'LICENSE-MIT'), 'utf8');
  return text.replace(/^Copyright .*$/m, (ours) => `Copyright (c) ${CLIP_HOLDERS}\n${ours}`);
}

/** The text of a licence for works that come without: ours, with their holders. */
async function standardText({ name, holders }, id) {
  const whose = holders === '' ? `the authors of ${name}` : holders;
  if (id === 'CC-BY-4.0') return attribution(whose);
  if (id === 'Apache-2.0') return tidy(await readFile(path.join(root, 'LICENSE-APACHE'), 'utf8'));
  if (id !== 'MIT') throw new Failure(`${name} comes without the text of its licence, ${id}.`);
  const text = await readFile(path.join(root, 'LICENSE-MIT'), 'utf8');
  return tidy(text.replace(/^Copyright .*$/m, () => `Copyright (c) ${whose}`));
}

/** What that licence asks for: whose it is, its address in place of its text, what was changed. */
const attribution = (whose) =>
  [
    `By ${whose}, under Creative Commons Attribution 4.0 International,`,
    'https://creativecommons.org/licenses/by/4.0/legalcode. The certificates are those of the',
    'lists; the lines between them were written anew.',
  ].join('\n');

/** Without what differs between copies of the same text: ends of lines, space around it. */
const tidy = (text) =>
  text
    .replaceAll('\r\n', '\n')
    .replace(/^\ufeff/, '')
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .replace(/^\n+|\n+$/g, '');

async function mustPrint(command, args) {
  const printed = await output(command, args);
  if (printed === undefined) throw new Failure(`${[command, ...args].join(' ')} failed`);
  return printed;
}
