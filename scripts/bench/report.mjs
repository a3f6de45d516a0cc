// Reports of a run: a table for the terminal, benches/README.md and its chart, all from the same
// JSON.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { wrapProse } from '../lib/prose.mjs';
import { Failure, root } from '../lib/run.mjs';
import { chart } from './chart.mjs';
import { comparisons, idOf, peakShares, precisionGoals } from './results.mjs';
import { SOAK_GOALS } from './soak.mjs';
import { median } from './stats.mjs';

/** The run that the documents describe. */
export const LATEST = path.join(root, 'benches/results/latest.json');

/**
 * The CPU's rows of a run on a machine whose relaxed dot products saturate, measured by `--only`
 * and kept by hand.
 */
const WITHOUT_AVX_VNNI = path.join(root, 'benches/results/without-avx-vnni.json');

/** The rows that differ there: bytes are the same. */
const TIMED = /^(encoder|bytes to verdict|cold start|batch)/;

const outcomeOf = (met) => (met ? 'met' : 'missed');

/** Three digits: the precision of a timing. */
export function figure(value) {
  if (value >= 1000) return value.toFixed(0);
  return value.toPrecision(3);
}

const HEAD = ['work', 'device', 'encoder', 'clipsight', 'onnxruntime-web', 'ratio', 'goal'];

function lines(rows) {
  return comparisons(rows).map(
    ({ what, device, encoder, unit, ours, ourForm, theirs, form, ratio, goal }) => [
      what,
      device,
      encoder,
      `${figure(ours)} ${unit} (${ourForm.replace('clipsight ', '')})`,
      `${figure(theirs)} ${unit} (${form.replace('ort-', '')})`,
      ratio.toFixed(2),
      goal === undefined ? '' : `<= ${goal.toFixed(2)} ${outcomeOf(ratio <= goal)}`,
    ],
  );
}

/** The table as text. */
export function table({ rows }) {
  const all = [HEAD, ...lines(rows)];
  const widths = HEAD.map((_, column) => Math.max(...all.map((cells) => cells[column].length)));
  const text = all.map((cells) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd(),
  );
  return [...text, '', ...shares(rows)].join('\n');
}

function shares(rows) {
  return peakShares(rows).map(({ encoder, gmacs, peak, share, goal }) => {
    const aim = goal === undefined ? '' : `, goal >= ${goal * 100} %: ${outcomeOf(share >= goal)}`;
    return (
      `${encoder} on one core: ${figure(gmacs)} of ${figure(peak)} billion 8-bit ` +
      `products per second, ${(share * 100).toFixed(0)} %${aim}`
    );
  });
}

const markdownTable = (head, body) =>
  [head, head.map(() => '---'), ...body].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

/** Rows that were measured before the rest. */
function older(rows) {
  const byRun = new Map();
  for (const row of rows.filter(({ measured }) => measured !== undefined)) {
    const run = `${row.measured.date} at ${row.measured.commit}`;
    byRun.set(run, [...(byRun.get(run) ?? []), idOf(row)]);
  }
  return [...byRun].map(([run, ids]) => `- Measured on ${run}: ${ids.join(', ')}.\n`).join('');
}

function contenders(rows) {
  return rows
    .filter(({ kind }) => kind === 'warm')
    .map(({ encoder, device, entries }) => {
      const cells = entries
        .filter(({ side }) => side === 'ort')
        .map((entry) => [
          entry.form,
          outcome(entry),
          entry.cosine === undefined ? '' : entry.cosine.toFixed(4),
        ]);
      return (
        `### ${encoder}, ` +
        `${device}\n\n${markdownTable(['graph', 'bytes to verdict', 'cosine to f32'], cells)}`
      );
    })
    .join('\n\n');
}

function outcome({ error, valid, heats, verdictMs }) {
  if (error !== undefined) return `fails: ${error.slice(0, 80)}`;
  if (!valid) return 'not valid';
  if (verdictMs !== undefined) return `${figure(verdictMs)} ms`;
  return `${figure(median(heats))} ms (heats)`;
}

function withoutAvxVnni({ machine, versions, date, rows }) {
  const timed = lines(rows).filter(([what]) => TIMED.test(what));
  return `
## Without AVX-VNNI

Chromium compiles a relaxed dot product to one instruction with AVX-VNNI, and to five on other x86-64 machines, where sums of
8-bit products saturate: there the package takes its build with products of 16-bit numbers (\`cpu-i16\`). ${machine.cpu}, ${machine.cores} cores,
${versions.browser}, ${date}, clipsight at ${versions.commit}:

${markdownTable(HEAD, timed)}

${bullets(shares(rows))}
`;
}

const bullets = (texts) => texts.map((text) => `- ${text}`).join('\n');

function readme(run, other) {
  const { machine, versions, date, rows, notes = [] } = run;
  return `# Benchmark

<!-- Written by npm run bench -- --report from results/*.json; do not edit. -->

\`npm run bench\` compares clipsight with onnxruntime-web in one run of one Chromium: same weights, same images, each contender in a
worker of its own, taking turns. Random weights of the published shapes stand in for CLIP's; the compact model is the shipped one,
and onnxruntime-web runs the same encoder and head. A ratio below 1 means that clipsight needs less.

- **${date}**, ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGB} GB, ${machine.system}
- ${versions.browser}, WebGPU on software adapters (no GPU was available): SwiftShader in Chromium, lavapipe in Firefox; onnxruntime-web ${versions.onnxruntimeWeb}; clipsight at ${versions.commit}
${older(rows)}- Times are medians; if several forms of a side run, the fastest with correct results counts (cosine to the f32 embedding of at
  least .99), and is named in brackets. Machines differ and this one is shared: compare ratios, not milliseconds.
${notes.map((note) => `- ${note}\n`).join('')}
![Ratios of clipsight to onnxruntime-web](results/ratios.svg)

${markdownTable(HEAD, lines(rows))}

${bullets(shares(rows))}

## The rows

- *Encoder*: normalised pixels to logit, as timed by each side in its worker; clipsight's own resize is done before.
- *Bytes to verdict*: from posting a JPEG of 1024x768 to the worker until the logit is back: decoding, resizing, encoding.
- *Cold start*: a fresh browser profile, from navigation to first verdict, files from this machine; then with all
  traffic limited to 50 Mbit/s.
- *Engine, weights*: the bytes fetched until that verdict, as a static host would send them (brotli 11; weights brotli 4).
- *Peak memory*: PSS over all processes of the browser, minus that of an empty page.
- Starts, memory, the long session and Firefox run in a browser without a debugger: developer tools keep copies of everything fetched.
- *Batch*: 16 images, each side with all cores it can use on a cross-origin isolated page.
${withoutAvxVnni(other)}${precision(run)}${soak(run)}${native(run)}
## Forms of onnxruntime-web

Forms that were not close to the best in the heats were not measured further.

${contenders(rows)}
`;
}

function soak({ soak: measured }) {
  if (measured === undefined) return '';
  const { images, growth, longestTaskMs, device } = measured;
  const memories = {
    wasm: 'WebAssembly memory',
    heap: "JavaScript heap of the page's thread",
    processes: 'all processes (PSS)',
  };
  const cells = Object.entries(memories).map(([name, label]) => [
    label,
    `${(growth[name] / 1e6).toFixed(2)} MB`,
    `<= ${SOAK_GOALS.growth / 1e6} MB ${outcomeOf(growth[name] <= SOAK_GOALS.growth)}`,
  ]);
  const longest =
    longestTaskMs === 0
      ? `none over ${SOAK_GOALS.longestTaskMs} ms`
      : `${figure(longestTaskMs)} ms`;
  const kept = outcomeOf(longestTaskMs <= SOAK_GOALS.longestTaskMs);
  return `
## A long session

${images} images in one page (compact model, ${device}). Growth per 100 images, after the first 100:

${markdownTable(['memory', 'growth', 'goal'], cells)}

Longest task of the page's thread: ${longest}; goal: <= ${SOAK_GOALS.longestTaskMs} ms, ${kept}.
`;
}

function precision({ precision: measured }) {
  if (measured === undefined) return '';
  const { device, embeddings, verdicts } = measured;
  const cells = precisionGoals(measured).map(({ what, value, goal, met }) => [
    what,
    value,
    `${goal} ${outcomeOf(met)}`,
  ]);
  const [{ images }] = Object.values(embeddings);
  return `
## The effect of quantisation

\`clipsight bench precision --device ${device}\`, compared with the f32 reference: embeddings of ImageNet's ViT-Ti/16 on ${images} real images, verdicts of
the compact model on ${verdicts.images} images of role test.

${markdownTable(['what', 'measured', 'goal'], cells)}

Logits differ by ${verdicts.meanLogitDifference.toFixed(3)} on average, by ${verdicts.largestLogitDifference.toFixed(3)} at most; ${verdicts.otherGrades} images get a different grade, or an abstention
instead of one.
`;
}

function native({ native: measured }) {
  if (measured === undefined) return '';
  const cells = measured.map(({ model, device, viewMs, verdictMs, imagesPerSecond, cores }) => [
    model,
    device,
    `${figure(viewMs)} ms`,
    `${figure(verdictMs)} ms`,
    `${figure(imagesPerSecond)} on ${cores} cores`,
  ]);
  return `
## Natively

\`clipsight bench run\`:

${markdownTable(['model', 'device', 'one view', 'bytes to verdict', 'images per second'], cells)}
`;
}

/** Writes benches/README.md and its chart, or fails when `check` finds them different. */
export async function writeReport(run, { check = false } = {}) {
  const other = JSON.parse(await readFile(WITHOUT_AVX_VNNI, 'utf8'));
  const files = {
    'benches/README.md': wrapProse(readme(run, other)),
    'benches/results/ratios.svg': chart(run),
  };
  await mkdir(path.join(root, 'benches/results'), { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(root, name);
    if (!check) await writeFile(file, text);
    else if ((await readFile(file, 'utf8').catch(() => '')) !== text) {
      throw new Failure(
        `${name} does not match benches/results/*.json: run npm run bench -- --report`,
      );
    }
  }
}
