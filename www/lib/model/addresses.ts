import { absolute } from '../api/arguments.js';
import { isUrl } from '../api/brands.js';
import { DetectorError } from '../api/errors.js';
import { MAX_MODEL_NAME } from '../api/limits.js';
import type { CachePreference, ModelSource } from '../api/options.js';
import { notLocated } from '../builds/urls.js';
import compact from './compact.js';
import type { ModelAddresses } from './source.js';

/** Where a model's files are; `undefined`: the compact model. */
export function resolveModel(
  model: ModelSource | string | URL | undefined,
  cache: CachePreference,
): ModelAddresses {
  if (model === undefined) return { ...resolveSource(compact), cache };
  const source = typeof model === 'string' || isUrl(model) ? { manifest: model } : model;
  return { ...resolveSource(source), cache };
}

function resolveSource(source: ModelSource | null): Omit<ModelAddresses, 'cache'> {
  const { manifest, files = {}, name } = addressesOf(source);
  const resolved = Object.entries(files).map(
    ([file, url]) => [file, absolute(url, `model.files["${file}"]`)] as const,
  );
  const address = absolute(manifest, 'model');
  return { manifest: address, files: Object.fromEntries(resolved), name: checkName(name, address) };
}

/** Models that ship name their files by `import.meta.url`, when they are asked. */
function addressesOf(source: ModelSource | null): Partial<ModelSource> {
  try {
    return { ...source };
  } catch (error) {
    throw notLocated('model', error);
  }
}

/** Callers without types can pass anything. */
function checkName(name: unknown, otherwise: string): string {
  if (name === undefined) return otherwise;
  if (typeof name === 'string' && name !== '' && name.length <= MAX_MODEL_NAME) return name;
  throw new DetectorError(
    'argument',
    `model.name must be a text of 1 to ${String(MAX_MODEL_NAME)} characters.`,
  );
}
