// What the package says in Rust's words: JSON Schema, codes of errors and limits as Rust writes
// them, the types of an analysis and of a verification from that schema. All of it is committed.
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { compile } from 'json-schema-to-typescript';
import prettier from 'prettier';
import ts from 'typescript';
import { Failure, root, run } from './run.mjs';

const SCHEMA = path.join(root, 'pkg/schema.json');

/** What has types of its own, and what these are written from. */
const ROOTS = [
  {
    name: 'Analysis',
    file: 'www/lib/api/analysis.generated.ts',
    what: 'The result of one analysis',
    source: 'src/model/analysis.rs and what that uses',
  },
  {
    name: 'Verification',
    file: 'www/lib/api/verification.generated.ts',
    what: "What became of checking a file's Content Credentials",
    source: 'crates/clipsight-verify/src/verification.rs and lists.rs',
  },
];

/** Columns of the sources. */
const WIDTH = 100;

/** Writes all of it. Needs Rust. */
export async function generate() {
  await run('cargo', ['run', '--quiet', '--locked', '--package', 'clipsight-schema']);
  await writeTypes();
}

/** The part of it that needs no Rust: types from the schema. */
export async function writeTypes() {
  for (const types of ROOTS) await writeFile(path.join(root, types.file), await typesOf(types));
  // Where there is no Python, the package's own tests say that its types are old.
  await run('python3', ['python/generate.py']).catch(({ message }) => console.warn(message));
}

/**
 * The types are those of the schema. That the schema is Rust's, a test of the crate
 * clipsight-schema says.
 *
 * @throws {Failure}
 */
export async function checkGenerated() {
  for (const types of ROOTS) {
    // Git may have written the line ends of Windows.
    const text = await readFile(path.join(root, types.file), 'utf8');
    if (text.replaceAll('\r\n', '\n') !== (await typesOf(types))) {
      throw new Failure(
        `${types.file} is not what pkg/schema.json says: npm run generate writes it.`,
      );
    }
  }
}

async function typesOf({ name, file, what, source }) {
  const { definitions } = JSON.parse(await readFile(SCHEMA, 'utf8'));
  for (const definition of Object.values(definitions)) {
    describeValues(definition);
    unwrapOnly(definition);
  }
  const schema = { ...definitions[name], definitions };
  const text = await compile(schema, name, { bannerComment: '', format: false });
  const header = `/**
 * ${what}, field by field as the Rust library writes it.
 *
 * Written by \`npm run generate\` from ${source}.
 */

`;
  const formatted = await prettier.format(`${header}${spaced(readonly(text))}`, {
    ...(await prettier.resolveConfig(path.join(root, file))),
    parser: 'typescript',
  });
  return wrapComments(formatted);
}

/** A union of words has one comment in TypeScript: what each word means becomes a list in it. */
function describeValues(definition) {
  const values = definition.oneOf ?? [];
  if (values.length === 0 || values.some((value) => typeof value.const !== 'string')) return;
  const list = values.map(({ const: word, description }) => `- \`${word}\`: ${description}`);
  definition.description += `\n\n${list.join('\n')}`;
}

/** A choice of one is no choice: an interface, not a union. */
function unwrapOnly(definition) {
  if (definition.oneOf?.length !== 1) return;
  const { oneOf, ...outer } = definition;
  delete definition.oneOf;
  Object.assign(definition, oneOf[0], outer);
}

/** Results are not there to be changed. */
function readonly(text) {
  const places = [];
  const visit = (node) => {
    if (ts.isPropertySignature(node) || ts.isArrayTypeNode(node)) places.push(node.getStart());
    ts.forEachChild(node, visit);
  };
  visit(parsed(text));
  // From the end, so that the places before stay where they are.
  return places
    .sort((a, b) => b - a)
    .reduce((result, at) => `${result.slice(0, at)}readonly ${result.slice(at)}`, text);
}

/** An empty line between declarations. */
const spaced = (text) =>
  parsed(text)
    .statements.map((statement) => statement.getFullText().trim())
    .join('\n\n');

const parsed = (text) => ts.createSourceFile('analysis.ts', text, ts.ScriptTarget.Latest, true);

/** Comments in lines of at most WIDTH columns; on one where they fit. */
const wrapComments = (text) =>
  text.replaceAll(/^( *)\/\*\*\n([^]*?)\n *\*\/$/gm, (_, indent, body) => {
    const lines = body
      .split('\n')
      .map((line) => line.replace(/^ *\* ?/, ''))
      .flatMap((line) => wrapped(line, WIDTH - `${indent} * `.length));
    const [only, ...others] = lines;
    const short = `${indent}/** ${only} */`;
    if (others.length === 0 && short.length <= WIDTH) return short;
    return [
      `${indent}/**`,
      ...lines.map((line) => `${indent} * ${line}`.trimEnd()),
      `${indent} */`,
    ].join('\n');
  });

/** A paragraph in lines; those of a list's item are indented. */
function wrapped(paragraph, width) {
  const indent = paragraph.startsWith('- ') ? '  ' : '';
  const lines = [];
  let line = '';
  for (const word of paragraph.split(' ')) {
    if (line !== '' && `${line} ${word}`.length > width) {
      lines.push(line);
      line = `${indent}${word}`;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
