// Encoders in every storage: size, time to import and to load, memory of the import, embeddings
// against f32. Writes benches/encoders.md.
//
//   node scripts/encoders.mjs [--only REGEX] [--seconds 240]
//
// The CLIP checkpoints are of the published shapes, with random weights, and made here. What --only
// leaves out keeps its rows from the last run.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { alone } from './bench/lock.mjs';
import { ENCODERS, writeEncoder } from './large/checkpoint.mjs';
import { PROGRAM } from './large/models.mjs';
import { wrapProse } from './lib/prose.mjs';
import { Failure, main, output, root, step } from './lib/run.mjs';

const data = path.resolve(root, '../shared/data/manifest.csv');
const tiny = path.resolve(root, '../shared/weights/vit_tiny_patch16_224.safetensors');
const results = path.join(root, 'target/encoders');
const work = path.join(results, 'work');
const megabytes = (bytes) => (bytes / 1e6).toFixed(0);

/** The most that an import may hold beyond the largest tensor, one and a half times. */
const MOST_BESIDE = 300e6;

/** Time, in seconds, and the most memory, in bytes, that an import took, as Linux counts it. */
async function measureImport(checkpoint, storage) {
  const out = path.join(work, 'imported');
  await rm(out, { recursive: true, force: true });
  const start = performance.now();
  const child = spawn(PROGRAM, ['import', checkpoint, '--quant', storage, '--out', out], {
    stdio: 'ignore',
  });
  let peak = 0;
  const ended = once(child, 'close');
  while (child.exitCode === null && child.signalCode === null) {
    // The peak only grows; it is gone with the process.
    const status = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '');
    peak = Math.max(peak, 1024 * Number(/VmHWM:\s*(\d+)/.exec(status)?.[1] ?? 0));
    await sleep(2);
  }
  const [code] = await ended;
  const seconds = (performance.now() - start) / 1000;
  if (code !== 0) throw new Failure(`the import of ${checkpoint} ended with ${code}`);
  await rm(out, { recursive: true });
  return { seconds, peak };
}

/** Rows of both tables of one encoder. */
async function measure(name, seconds) {
  const clip = name in ENCODERS;
  const source = clip ? path.join(results, name) : tiny;
  const imports = [];
  if (clip) {
    const largest = await writeEncoder(name, source, { text: true });
    const { size } = await stat(path.join(source, 'model.safetensors'));
    for (const storage of ['q8', 'q4']) {
      const { seconds: took, peak } = await measureImport(source, storage);
      const cells = [
        name,
        storage,
        megabytes(size),
        megabytes(largest),
        took.toFixed(1),
        megabytes(peak),
      ];
      imports.push(`| ${[...cells, megabytes(1.5 * largest + MOST_BESIDE)].join(' | ')} |`);
    }
  }
  const args = ['bench', 'encoders', data, '--checkpoints', source, '--work', work];
  const table = await output(PROGRAM, [...args, '--seconds', seconds]);
  if (!table) throw new Failure(`clipsight ${args.join(' ')} failed`);
  // Up to 1.7 GB that nobody reads again.
  if (clip) await rm(source, { recursive: true });
  return { forms: table.trim().split('\n'), imports };
}

await main(async () => {
  const { values } = parseArgs({
    options: { only: { type: 'string', default: '' }, seconds: { type: 'string', default: '240' } },
  });
  await mkdir(work, { recursive: true });
  const [forms, imports] = [[], []];
  let head = [];
  for (const name of [path.parse(tiny).name, ...Object.keys(ENCODERS)]) {
    const file = path.join(results, `${name}.json`);
    if (new RegExp(values.only).test(name)) {
      await writeFile(
        file,
        JSON.stringify(await step(name, () => alone(() => measure(name, values.seconds)))),
      );
    }
    const measured = JSON.parse(await readFile(file, 'utf8').catch(() => 'null'));
    if (measured === null) continue;
    head = measured.forms.slice(0, 2);
    forms.push(...measured.forms.slice(2));
    imports.push(...measured.imports);
  }
  const text = `# Encoders in every storage

Written by \`node scripts/encoders.mjs\`, which documents the method; do not edit. ${new Date().toISOString().slice(0, 10)}, ${os.cpus()[0].model}, ${os.availableParallelism()} cores.

\`vit_tiny_patch16_224\` has trained weights. The CLIP shapes are the exact published ones, with **random** weights: their sizes
and times are those of the real ones; their cosines show that storage and engine are correct, not what four bits cost a
trained encoder.

MB is of the image encoder's files, 10^6 bytes. \`import\` is from the file to the model, with the text encoder where there is one,
\`load\` from the model's files to an encoder of the CPU engine. Cosines are of embeddings of the CPU engine, which rounds
activations to 8 bits whatever the storage, against burn's in f32 on the published weights, on images of role test, evenly spaced:
the mean and the lowest. \`GPTQ\` is rounded by it for images of role fit.

${[...head, ...forms].map((row) => row.trim()).join('\n')}

## Memory of the import

Memory of \`clipsight import\` for a whole checkpoint in f32, image and text encoder: its peak (Linux's \`VmHWM\`), and
the most it may use: one and a half times the largest tensor, the table of tokens, and ${megabytes(MOST_BESIDE)} MB.

| encoder | storage | checkpoint, MB | largest tensor, MB | s | peak, MB | at most, MB |
| --- | --- | --- | --- | --- | --- | --- |
${imports.join('\n')}
`;
  await writeFile(path.join(root, 'benches/encoders.md'), wrapProse(text));
});
