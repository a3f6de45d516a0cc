import { resolveCores, resolveModel } from './addresses.js';
import { checkCache, checkDevice } from './arguments.js';
import { coreFor } from './cores.js';
import { throwIfAborted } from './errors.js';
import { MAX_CORE_BYTES } from './limits.js';
import { download } from './model/download.js';
import { feedAddresses } from './model/source.js';
import { monotone } from './progress.js';
import type { CoreName, FetchModelOptions, ModelFiles } from './options.js';
import { chooseDevice } from './worker/device.js';

/**
 * Fetches all that a detector needs, on the calling thread: chooses the device, fetches the model's
 * manifest and shards and the program for the device (with `webgpu` also the one for the CPU,
 * should the GPU fail), and checks every shard's hash; on pages without a secure context, where
 * browsers cannot, that is left to {@link createDetector}, which checks them all.
 *
 * ```ts
 * const files = await fetchModel({ onProgress });
 * // From here on no network is needed, e.g. under `connect-src 'none'`.
 * const detector = await createDetector({ model: files });
 * ```
 *
 * @throws {DetectorError} `network`, `weights-corrupt`, `no-gpu` (only with `device: 'webgpu'`), `aborted`, `argument`
 */
export async function fetchModel(options: FetchModelOptions = {}): Promise<ModelFiles> {
  const { signal, onProgress } = options;
  const addresses = resolveModel(options.model, checkCache(options.cache));
  const sources = resolveCores(options.wasm);
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
    const names = [...new Set<CoreName>([coreFor(device), coreFor('cpu')])];
    const coreBytes = Promise.all(
      names.map(async (name) => {
        const source = sources[name];
        const bytes =
          typeof source === 'string'
            ? await download(source, {
                limit: MAX_CORE_BYTES,
                what: 'program',
                signal: stop.signal,
              })
            : source;
        return [name, bytes] as const;
      }),
    );
    coreBytes.catch(() => undefined);

    const { manifest, totalBytes, ...rest } = await feed;
    const shards: Blob[] = [];
    for await (const { bytes } of rest.shards()) {
      shards.push(new Blob([bytes]));
    }
    const cores = Object.fromEntries(await coreBytes);
    const cache = await rest.cache();
    throwIfAborted(signal);
    report({ phase: 'done', loadedBytes: totalBytes, totalBytes });
    return { device, manifest, shards, cores, cache };
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
 * The buffers of {@link ModelFiles}, to hand over with `postMessage(files, transferablesOf(files))`
 * without a copy; Blobs never are copied.
 */
export function transferablesOf({ manifest, cores }: ModelFiles): ArrayBuffer[] {
  return [...new Set([manifest, ...Object.values(cores)].map(({ buffer }) => buffer))];
}
