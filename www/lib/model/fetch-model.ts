import { checkCache, checkDevice, checkOptions } from '../api/arguments.js';
import { throwIfAborted } from '../api/errors.js';
import { MAX_BUILD_BYTES } from '../api/limits.js';
import { monotone } from '../api/progress.js';
import type {
  BuildName,
  FetchModelOptions,
  ModelCachedOptions,
  ModelFiles,
} from '../api/options.js';
import { buildFor } from '../builds/compile.js';
import { chooseDevice } from '../builds/device.js';
import { resolveBuilds } from '../builds/urls.js';
import { resolveModel } from './addresses.js';
import { download } from './download.js';
import { areShardsCached, feedAddresses, referencesOf } from './source.js';

/**
 * Fetches all that a detector needs, on the calling thread: chooses the device, fetches the model's
 * manifest and shards and the WebAssembly build for the device (with `webgpu` also the one for the
 * CPU, should the GPU fail), and checks every shard's hash; on pages without a secure context,
 * where browsers cannot, that is left to {@link createDetector}, which checks them all.
 *
 * ```ts
 * const files = await fetchModel({ onProgress });
 * // From here on no network is needed, e.g. under `connect-src 'none'`.
 * const detector = await createDetector({ model: files });
 * ```
 *
 * @throws {DetectorError} `network`, `weights-corrupt`, `no-gpu` (only with `device: 'webgpu'`),
 * `aborted`, `argument`
 */
export async function fetchModel(options: FetchModelOptions = {}): Promise<ModelFiles> {
  checkOptions(options);
  const { signal, onProgress } = options;
  const addresses = resolveModel(options.model, checkCache(options.cache));
  const sources = resolveBuilds(options.wasm);
  const preference = checkDevice(options.device ?? 'auto');
  throwIfAborted(signal);

  const stop = new AbortController();
  const give = (): void => {
    stop.abort(signal?.reason);
  };
  signal?.addEventListener('abort', give, { once: true });
  try {
    const report = onProgress === undefined ? () => undefined : monotone(onProgress);
    report({ phase: 'core', loadedBytes: 0, totalBytes: 0 });
    const feed = feedAddresses(addresses, {
      signal: stop.signal,
      onReceived(loadedBytes, totalBytes) {
        report({ phase: 'weights', loadedBytes, totalBytes });
      },
    });
    feed.catch(() => undefined);
    const device = await chooseDevice(preference);
    const names = [...new Set<BuildName>([buildFor(device), buildFor('cpu')])];
    const buildBytes = Promise.all(
      names.map(async (name) => {
        const source = sources[name];
        const bytes =
          typeof source === 'string'
            ? await download(source, {
                limit: MAX_BUILD_BYTES,
                what: 'The WebAssembly program',
                signal: stop.signal,
              })
            : source;
        return [name, bytes] as const;
      }),
    );
    buildBytes.catch(() => undefined);

    const { manifest, totalBytes, ...rest } = await feed;
    const shards: Blob[] = [];
    for await (const { bytes } of rest.shards()) {
      shards.push(new Blob([bytes]));
    }
    const builds = Object.fromEntries(await buildBytes);
    const cache = await rest.cache();
    throwIfAborted(signal);
    report({ phase: 'done', loadedBytes: totalBytes, totalBytes });
    const references = referencesOf(addresses);
    return {
      ...{ device, manifest, shards, cores: builds, cache },
      ...(references === undefined ? {} : { references }),
    };
  } catch (error) {
    // What is still on its way is of no use any more.
    stop.abort(error);
    throwIfAborted(signal);
    throw error;
  } finally {
    signal?.removeEventListener('abort', give);
  }
}

/**
 * Whether the weight cache has all of a model's weights, so that {@link fetchModel} and {@link
 * createDetector} would fetch none: to ask a visitor first, on a connection that is paid by volume.
 * Fetches the manifest, which is small; offline the one that was loaded last counts.
 *
 * @throws {DetectorError} `network`, `weights-corrupt`, `unsupported`: the manifest; `argument`,
 * `aborted`
 */
export async function isModelCached(options: ModelCachedOptions = {}): Promise<boolean> {
  checkOptions(options);
  throwIfAborted(options.signal);
  return areShardsCached(resolveModel(options.model, checkCache(options.cache)), options.signal);
}

/**
 * The buffers of {@link ModelFiles}, to hand over with `postMessage(files, transferablesOf(files))`
 * without a copy; Blobs never are copied.
 */
export function transferablesOf({ manifest, cores: builds }: ModelFiles): ArrayBuffer[] {
  return [...new Set([manifest, ...Object.values(builds)].map(({ buffer }) => buffer))];
}
