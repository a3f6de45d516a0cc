// npm run bench: clipsight beside onnxruntime-web. See benches/README.md for what is measured.
//
//   --only REGEX   only rows whose id (kind/device/encoder) matches; the documents stay as they are
//   --update       what was measured takes the place of the same in the last run, and the documents
//                  are written: for machines on which a run in one go takes too long
//   --quick        few repetitions: does it run?
//   --out FILE     where the JSON goes
//   --firefox      ViT-B/32 in Debian's Firefox on lavapipe as well
//   --soak         1,000 images in one page: memory and long tasks
//   --report       write benches/README.md and its chart from the JSON of the last run; with
//                  --check, only compare
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Failure, main, root, step } from './lib/run.mjs';
import { ensureChromium, ensureNodeModules } from './lib/tools.mjs';

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    update: { type: 'boolean' },
    quick: { type: 'boolean' },
    out: { type: 'string' },
    firefox: { type: 'boolean' },
    soak: { type: 'boolean' },
    report: { type: 'boolean' },
    check: { type: 'boolean' },
  },
});

const readJson = async (file) => JSON.parse(await readFile(file, 'utf8').catch(() => '{}'));

async function writeJson(file, value) {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(value, null, 1)}\n`);
}

await main(async () => {
  await ensureNodeModules();
  // What these import is there only now.
  const { LATEST, table, writeReport } = await import('./bench/report.mjs');
  const { updated } = await import('./bench/results.mjs');
  if (options.report) {
    const latest = await readJson(LATEST);
    if (latest.rows === undefined)
      throw new Failure(`There are no benchmark results in ${path.relative(root, LATEST)}.`);
    await writeReport(latest, { check: options.check });
    return;
  }
  const chromium = await ensureChromium();
  const { planned } = await import('./bench/plan.mjs');
  const { images, prepare } = await import('./bench/prepare.mjs');
  const { startServer } = await import('./bench/server.mjs');
  const { describeRun } = await import('./bench/machine.mjs');
  const { execute } = await import('./bench/execute.mjs');
  const { measureSoak } = await import('./bench/soak.mjs');
  const { measureNative } = await import('./bench/native.mjs');
  const { measurePrecision } = await import('./bench/precision.mjs');

  const whole = options.only === undefined && !options.quick && !options.soak;
  const rows = options.soak
    ? []
    : planned({
        only: new RegExp(options.only ?? '.'),
        quick: options.quick,
        firefox: options.firefox,
      });
  const out =
    options.out ?? (whole && !options.update ? LATEST : path.join(root, 'target/bench/part.json'));
  await step('what the benchmark needs', () =>
    prepare(options.soak ? ['vit-ti-16'] : [...new Set(rows.map(({ encoder }) => encoder))]),
  );
  const latest = await readJson(LATEST);
  const run = { ...(await describeRun(chromium)), rows: [] };
  const server = await startServer();
  const context = { chromium, server, images, say: (line) => console.log(`  ${line}`) };
  try {
    if (options.soak || whole) run.soak = await step('soak', () => measureSoak(context));
    for (const row of rows) {
      run.rows.push(
        await step(row.id, () =>
          execute(row, { ...context, results: run.rows, earlier: latest.rows ?? [] }),
        ),
      );
      await writeJson(out, run);
    }
  } finally {
    await server.close();
  }
  if (whole) {
    run.native = await step('native', measureNative);
    run.precision = await step('precision', measurePrecision);
  }
  await writeJson(out, run);
  console.log(`\n${table(run)}\n\nwritten to ${path.relative(root, out)}`);
  if (options.update) await writeJson(LATEST, updated(latest, run));
  if (options.update || whole) await writeReport(await readJson(LATEST));
});
