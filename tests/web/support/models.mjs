// The models that ship, as the tests compare with them.
import assert from 'node:assert/strict';
import { readModel } from '../../../scripts/lib/models.mjs';

/** Fails where a model is not there: nothing that ships is left untested. */
async function shipped(name) {
  const model = await readModel(name).catch((error) => assert.fail(error.message));
  return { id: model.manifest.id, ...model };
}

export const compact = await shipped('compact');
export const standard = await shipped('standard');

/** Pages of WebAssembly memory in which the compact model runs on the CPU, and not the standard. */
export const TOO_FEW_PAGES = 768;

/** The size of the standard model as English pages write it. */
export const standardSize = `${(standard.bytes / 1e6).toFixed(1)} MB`;
