import { coreUrls } from './assets.js';
import compact from './compact.js';
import { DetectorError } from './errors.js';
import type { CachePreference, CoreName, CoreSources, ModelSource } from './options.js';
import type { ModelAddresses } from './model/source.js';

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

/** Where the program's builds are: absolute addresses, or the bytes that were given. */
export function resolveCores(
  sources: CoreSources = {},
): Record<CoreName, string | Uint8Array<ArrayBuffer>> {
  const resolve = (name: CoreName): string | Uint8Array<ArrayBuffer> => {
    const source = sources[name] ?? coreUrls[name];
    if (source instanceof ArrayBuffer) return new Uint8Array(source);
    if (source instanceof Uint8Array) return ownBytes(source);
    return absolute(source, `wasm["${name}"]`);
  };
  return {
    gpu: resolve('gpu'),
    cpu: resolve('cpu'),
    'cpu-words': resolve('cpu-words'),
    'cpu-plain': resolve('cpu-plain'),
  };
}

/**
 * Relative addresses mean "from this page", as in fetch(); the worker would take them from its own
 * script.
 */
export function absolute(url: string | URL | undefined, argument: string): string {
  const scope = globalThis as { readonly document?: Document; readonly location?: Location };
  try {
    // A number or nothing would turn into an address of this page.
    if (typeof url !== 'string' && !(url instanceof URL)) throw new TypeError(typeof url);
    return new URL(url, scope.document?.baseURI ?? scope.location?.href).href;
  } catch (error) {
    throw new DetectorError('argument', `${argument} is no address.`, { cause: error });
  }
}

/** WebAssembly takes no shared memory. */
function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer
    ? (bytes as Uint8Array<ArrayBuffer>)
    : new Uint8Array(bytes);
}

function resolveSource(source: ModelSource | null): Pick<ModelAddresses, 'manifest' | 'files'> {
  const { manifest, files = {} }: Partial<ModelSource> = source ?? {};
  const resolved = Object.entries(files).map(
    ([name, url]) => [name, absolute(url, `model.files["${name}"]`)] as const,
  );
  return { manifest: absolute(manifest, 'model'), files: Object.fromEntries(resolved) };
}
