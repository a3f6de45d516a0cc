import { DetectorError } from '../api/errors.js';
import { MAX_MANIFEST_BYTES, SHARDS_AHEAD } from '../api/limits.js';
import type { CachePreference, CacheState, ModelFiles } from '../api/options.js';
import { Buffers } from './buffers.js';
import { WeightCache } from './cache.js';
import { download } from './download.js';
import { sha256 } from './hash.js';
import { shardsOf } from './manifest.js';
import type { Shard } from './manifest.js';

/** The file of a model's labelled rows, beside its manifest. */
const REFERENCES = 'references.bin';

/** A model by absolute addresses. */
export interface ModelAddresses {
  readonly manifest: string;
  /** Addresses of shards by file name; those that are not here lie beside the manifest. */
  readonly files: Readonly<Record<string, string>>;
  /** What the cache knows the model by: newer weights of this name take the place of older ones. */
  readonly name: string;
  readonly cache: CachePreference;
}

/**
 * A shard, whose bytes may be overwritten when the next is asked for, and its SHA-256 as it was
 * computed here; undefined where the browser has none to offer.
 */
export interface HashedBytes {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly sha256: string | undefined;
}

/**
 * A shard that came over the network is in a buffer of ours, which may be used again once the cache
 * has it.
 */
type Fetched = HashedBytes & { readonly stored?: Promise<void> };

/** A model's files as they come in. */
export interface ModelFeed {
  readonly manifest: Uint8Array<ArrayBuffer>;
  /** Bytes of all shards. */
  readonly totalBytes: number;
  /**
   * The shards in order. A few are on their way ahead of the one that is asked for. To be called
   * once.
   */
  shards(): AsyncIterable<HashedBytes>;
  /** What the cache did, once all shards are through. */
  cache(): Promise<CacheState>;
}

/** What is told while files come in, and what stops them. */
export interface FeedOptions {
  /** Called with the bytes of all shards received so far, and those there will be. */
  readonly onReceived: (loadedBytes: number, totalBytes: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Opens a model whose files are here already. */
export function feedFiles(
  files: Pick<ModelFiles, 'manifest' | 'shards' | 'cache'>,
  options: FeedOptions,
): ModelFeed {
  const totalBytes = files.shards.reduce((sum, { size }) => sum + size, 0);
  return {
    manifest: files.manifest,
    totalBytes,
    async *shards() {
      let loadedBytes = 0;
      for (const shard of files.shards) {
        const buffer = await shard.arrayBuffer().catch((error: unknown) => {
          // What the browser keeps of a Blob may lie on a disk, and be gone.
          throw new DetectorError('weights-corrupt', 'The browser no longer has the model files.', {
            cause: error,
          });
        });
        loadedBytes += buffer.byteLength;
        options.onReceived(loadedBytes, totalBytes);
        yield await hashed(new Uint8Array(buffer));
      }
    },
    cache: () => Promise.resolve(files.cache),
  };
}

/**
 * Fetches a model's manifest and starts to fetch its shards, each from the cache or else over the
 * network.
 */
export async function feedAddresses(
  model: ModelAddresses,
  options: FeedOptions,
): Promise<ModelFeed> {
  const { signal } = options;
  const cache = new WeightCache(model.cache);
  const manifest = await fetchManifest(model, cache, signal);
  const shards = shardsOf(manifest, model.manifest);
  const totalBytes = shards.reduce((sum, { bytes }) => sum + bytes, 0);
  cache.keep(model.name, manifest, shards);

  let loadedBytes = 0;
  const received = shards.map(() => 0);
  const buffers = new Buffers();
  const start = (index: number): Promise<Fetched> | undefined => {
    const shard = shards[index];
    if (shard === undefined) return undefined;
    const bytes = fetchShard(shard, addressOf(shard, model), cache, {
      signal,
      buffers,
      onReceived(total) {
        // A shard that starts anew has been counted up to here.
        const more = total - (received[index] ?? 0);
        if (more <= 0) return;
        received[index] = total;
        loadedBytes += more;
        options.onReceived(loadedBytes, totalBytes);
      },
    });
    // Awaited some turns later; until then its failure is nobody's unhandled rejection.
    bytes.catch(() => undefined);
    return bytes;
  };
  options.onReceived(0, totalBytes);
  const ahead = Array.from({ length: SHARDS_AHEAD }, (_, index) => start(index));
  return {
    manifest,
    totalBytes,
    async *shards() {
      for (let index = 0; index < shards.length; index += 1) {
        let shard: Fetched | undefined;
        try {
          shard = await ahead.shift();
        } catch (error) {
          // Who hears of it ends the worker: what has come by then is kept, what is old goes.
          await cache.settle();
          throw error;
        }
        ahead.push(start(index + SHARDS_AHEAD));
        if (shard === undefined) continue;
        yield shard;
        const { bytes, stored } = shard;
        void stored?.then(() => {
          buffers.give(bytes.buffer);
        });
      }
    },
    cache: () => cache.settle(),
  };
}

/**
 * Where a model's labelled rows are, which heads are taught with; undefined for a source that names
 * its files and not these.
 */
export function referencesOf(model: ModelAddresses): string | undefined {
  const named = Object.keys(model.files);
  if (named.length > 0 && !named.includes(REFERENCES)) return undefined;
  return addressOf({ file: REFERENCES }, model);
}

/** Whether all shards that the model's manifest names now are in the weight cache. */
export async function areShardsCached(
  model: ModelAddresses,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const cache = new WeightCache(model.cache);
  return cache.has(shardsOf(await fetchManifest(model, cache, signal), model.manifest));
}

/**
 * The model's manifest as it is now, or, where nobody answers, as it was when the model was last
 * loaded.
 */
async function fetchManifest(
  { manifest, name }: ModelAddresses,
  cache: WeightCache,
  signal: AbortSignal | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await download(manifest, { limit: MAX_MANIFEST_BYTES, signal });
  } catch (error) {
    // A server that answers has said what there is.
    const unanswered =
      error instanceof DetectorError && error.code === 'network' && error.cause !== undefined;
    const kept = unanswered ? await cache.manifest(name) : undefined;
    if (kept === undefined) throw error;
    return kept;
  }
}

/** One shard, its hash checked where the browser can; elsewhere that is left to Rust. */
async function fetchShard(
  shard: Shard,
  url: string,
  cache: WeightCache,
  options: {
    readonly signal: AbortSignal | undefined;
    readonly onReceived: (bytes: number) => void;
    readonly buffers: Buffers;
  },
): Promise<Fetched> {
  const stored = await cache.read(shard);
  if (stored !== undefined) {
    const found = await hashed(stored);
    if (isShard(found, shard)) {
      options.onReceived(stored.byteLength);
      return found;
    }
    await cache.evict(shard);
  }
  await cache.room();
  const into = options.buffers.take(shard.bytes);
  for (const reload of [false, true]) {
    const bytes = await download(url, { ...options, limit: shard.bytes, reload, into });
    const found = await hashed(bytes);
    if (isShard(found, shard)) {
      return { ...found, stored: cache.write(shard, bytes) };
    }
    // Once more, past the HTTP cache: what is damaged may lie there.
  }
  throw new DetectorError(
    'weights-corrupt',
    `The model file ${shard.file} is damaged: its SHA-256 is not the one in the manifest.`,
  );
}

async function hashed(bytes: Uint8Array<ArrayBuffer>): Promise<HashedBytes> {
  return { bytes, sha256: await sha256(bytes) };
}

function isShard({ bytes, sha256: hash }: HashedBytes, shard: Shard): boolean {
  return bytes.byteLength === shard.bytes && (hash ?? shard.sha256) === shard.sha256;
}

function addressOf(
  { file }: { readonly file: string },
  { manifest, files }: ModelAddresses,
): string {
  const named = Object.hasOwn(files, file) ? files[file] : undefined;
  return named ?? new URL(file, manifest).href;
}
