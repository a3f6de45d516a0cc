import { absolute } from '../api/arguments.js';
import type { CachePreference, ModelSource } from '../api/options.js';
import compact from './compact.js';
import type { ModelAddresses } from './source.js';

/** Where a model's files are; `undefined`: the compact model. */
export function resolveModel(
  model: ModelSource | string | URL | undefined,
  cache: CachePreference,
): ModelAddresses {
  // Bundlers put a hash into the compact model's addresses, so each version has others: it is known
  // by its name.
  if (model === undefined) return { ...resolveSource(compact), name: 'compact', cache };
  const addresses = resolveSource(
    typeof model === 'string' || model instanceof URL ? { manifest: model } : model,
  );
  return { ...addresses, name: addresses.manifest, cache };
}

function resolveSource(source: ModelSource | null): Pick<ModelAddresses, 'manifest' | 'files'> {
  const { manifest, files = {} }: Partial<ModelSource> = source ?? {};
  const resolved = Object.entries(files).map(
    ([name, url]) => [name, absolute(url, `model.files["${name}"]`)] as const,
  );
  return { manifest: absolute(manifest, 'model'), files: Object.fromEntries(resolved) };
}
