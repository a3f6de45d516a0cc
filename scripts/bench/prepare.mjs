// Everything a benchmark needs, made where it is missing: the package, the native program, models,
// graphs, images.
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { ensureVenv } from '../lib/python.mjs';
import { Failure, root, run, step } from '../lib/run.mjs';
import { buildBundles, buildLib, buildModel } from '../lib/steps.mjs';
import { ifChanged } from '../lib/stamp.mjs';
import { buildWasm } from '../lib/wasm.mjs';
import { ENCODERS, ORT_FILES, graphsOf, modelsOf, sourceOf } from './configurations.mjs';
import { compressed } from './wire.mjs';

const program = 'target/release/clipsight';
const python = 'target/bench/venv/bin/python';
const IMAGES = 16;

/** The images, as the server shows them. */
export const images = Array.from(
  { length: IMAGES },
  (_, index) => `/bench/images/${String(index).padStart(2, '0')}.jpg`,
);

/** Makes all that the encoders named need. */
export async function prepare(encoders) {
  await buildWasm();
  await buildModel();
  await buildLib();
  await buildBundles();
  // Cargo knows what changed; and a program that somebody built without the laboratory lacks parts.
  await step('native program', () =>
    run('cargo', [
      ...['build', '--release', '--locked', '--package', 'clipsight-cli'],
      ...['--features', 'lab'],
    ]),
  );
  await ifChanged({
    name: 'images of the benchmark',
    inputs: ['crates/clipsight-cli/src/bench/images.rs'],
    outputs: ['target/bench/images/00.jpg'],
    work: () => run(program, ['bench', 'images', '--count', String(IMAGES), 'target/bench/images']),
  });
  await preparePython();
  for (const encoder of encoders) {
    for (const model of modelsOf(encoder)) await prepareModel(model);
    await prepareGraphs(encoder);
  }
  // A server would have it done long before anyone comes.
  await Promise.all(
    ORT_FILES.map((file) => compressed(path.join(root, 'node_modules/onnxruntime-web/dist', file))),
  );
}

async function preparePython() {
  const missing = await ensureVenv('target/bench/venv', 'scripts/bench/requirements.txt');
  if (missing !== undefined) throw new Failure(`${missing} is needed for the ONNX graphs.`);
}

const prepareModel = ({ name, storage, folder }) =>
  ifChanged({
    name: `bench model ${name} ${storage}`,
    inputs: ['crates/clipsight-cli/src/bench/model.rs'],
    outputs: [`${folder}/model.json`],
    work: async () => {
      await rm(path.join(root, folder), { recursive: true, force: true });
      await run(program, ['bench', 'model', '--architecture', name, '--storage', storage, folder]);
    },
  });

const prepareGraphs = (encoder) =>
  ifChanged({
    name: `ONNX graphs of ${ENCODERS[encoder].title}`,
    inputs: [
      'scripts/bench/export_onnx.py',
      'scripts/bench/onnx_export',
      `${sourceOf(encoder)}/model.json`,
    ],
    skip: (file) => file.includes('__pycache__'),
    extra: graphsOf(encoder).join(),
    outputs: [`target/bench/onnx/${encoder}/meta.json`],
    work: () =>
      run(python, [
        'scripts/bench/export_onnx.py',
        sourceOf(encoder),
        `target/bench/onnx/${encoder}`,
        '--variants',
        graphsOf(encoder).join(),
      ]),
  });
