// What a run was measured on and with.
import { readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { output, root } from '../lib/run.mjs';

/** `{ machine, versions, date }`. */
export async function describeRun(chromium) {
  const installed = JSON.parse(
    await readFile(path.join(root, 'node_modules/onnxruntime-web/package.json'), 'utf8'),
  );
  const commit = await output('git', ['rev-parse', '--short=10', 'HEAD']);
  const changed = await output('git', ['status', '--porcelain', '--untracked-files=no']);
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: {
      cpu: os.cpus()[0].model,
      cores: os.availableParallelism(),
      memoryGB: Math.round(os.totalmem() / 2 ** 30),
      system: `${os.type()} ${os.arch()}`,
    },
    versions: {
      browser: await output(chromium, ['--version']),
      node: process.version,
      onnxruntimeWeb: installed.version,
      rustc: await output('rustc', ['--version']),
      commit: `${commit}${changed ? ' with changes' : ''}`,
    },
  };
}
