// Encoders in every storage: size, time to import and to load, embeddings against f32. Writes benches/encoders.md.
//
//   node scripts/encoders.mjs CHECKPOINTS [--only REGEX] [--seconds 240]
//
// CHECKPOINTS is what `python scripts/parity/exact.py CHECKPOINTS b32 b16 l14` wrote: the published shapes, random weights.
// What --only leaves out keeps its rows from the last run.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { alone } from './bench/lock.mjs';
import { Failure, main, output, root, step } from './lib/run.mjs';

const data = path.resolve(root, '../shared/data/manifest.csv');
const tiny = path.resolve(root, '../shared/weights/vit_tiny_patch16_224.safetensors');
const clipsight = path.join(root, 'target/release/clipsight');
const results = path.join(root, 'target/encoders');

await main(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { only: { type: 'string', default: '' }, seconds: { type: 'string', default: '240' } },
  });
  const [checkpoints] = positionals;
  if (!checkpoints) throw new Failure('name the folder of checkpoints that scripts/parity/exact.py wrote');
  await mkdir(results, { recursive: true });
  const sources = [
    ['--encoder', tiny],
    ...['b32', 'b16', 'l14'].map((name) => ['--checkpoints', path.join(checkpoints, `hf-${name}`)]),
  ];
  const rows = [];
  let head;
  for (const source of sources) {
    const name = path.parse(source[1]).name;
    const file = path.join(results, `${name}.txt`);
    if (new RegExp(values.only).test(name)) {
      const work = path.join(results, 'work');
      const args = ['bench', 'encoders', data, ...source, '--work', work, '--seconds', values.seconds];
      const table = await step(name, () => alone(() => output(clipsight, args)));
      if (!table) throw new Failure(`clipsight ${args.join(' ')} failed`);
      await writeFile(file, `${table}\n`);
    }
    const lines = await readFile(file, 'utf8').catch(() => '');
    const [header, rule, ...measured] = lines.trim().split('\n');
    if (measured.length > 0) head = [header, rule];
    rows.push(...measured);
  }
  const text = `# Encoders in every storage

Written by \`node scripts/encoders.mjs\`, which says how; by hand nothing. ${new Date().toISOString().slice(0, 10)}, ${os.cpus()[0].model}, ${os.availableParallelism()} cores.

\`vit_tiny_patch16_224\` has trained weights. The CLIP shapes (\`hf-*\`, a checkpoint as transformers writes it, of the exact published
architecture) have **random** ones: their sizes and times are those of the real ones, their cosines say that storage and engine do
what they should, and not what four bits cost a trained encoder.

MB is of the image encoder's files, 10^6 bytes. \`import\` is from the file to the model (ViT-Tiny: the image encoder; CLIP: with the text
encoder), \`load\` from the model's files to an encoder of the CPU engine. Cosines are of embeddings of the CPU engine, which rounds activations to 8 bits
whatever the storage, against burn's in f32 on the published weights, on images of role test, evenly taken: the mean, and the lowest.
\`calibrated\` is rounded for images of role fit.

${[...head, ...rows].map((row) => row.trim()).join('\n')}
`;
  await writeFile(path.join(root, 'benches/encoders.md'), text);
});
