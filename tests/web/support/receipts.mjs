// Receipts, checked by the command line: another build than the one that made them.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import Ajv from 'ajv';
import { root } from '../../../scripts/lib/run.mjs';

const PROGRAM = path.join(root, 'target/release/clipsight');

/**
 * What `clipsight verify --json` says of a receipt's text and an image, given by its path or its
 * bytes: `{ status, answer, stderr }`.
 */
export async function verified(text, image) {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'clipsight-receipt-'));
  try {
    const receipt = path.join(folder, 'receipt.json');
    const picture = typeof image === 'string' ? image : path.join(folder, 'image');
    await writeFile(receipt, text);
    if (picture !== image) await writeFile(picture, image);
    return await new Promise((resolve) => {
      const args = ['verify', '--json', receipt, picture];
      const env = { ...process.env };
      delete env.CLIPSIGHT_MODEL;
      execFile(PROGRAM, args, { cwd: root, env }, (error, stdout, stderr) => {
        const answer = stdout === '' ? undefined : JSON.parse(stdout);
        resolve({ status: error?.code ?? 0, answer, stderr });
      });
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Says what is wrong with a receipt by its schema; nothing where nothing is. */
export async function schemaOfReceipts() {
  const [analysis, receipt] = await Promise.all(
    ['schema.json', 'receipt.schema.json'].map(async (name) =>
      JSON.parse(await readFile(path.join(root, 'pkg', name), 'utf8')),
    ),
  );
  const ajv = new Ajv({ allErrors: true, strict: true, strictTypes: false });
  const validate = ajv.addSchema(analysis).compile(receipt);
  return (value) => (validate(value) ? undefined : JSON.stringify(validate.errors));
}
