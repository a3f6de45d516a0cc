import { CACHE_DAYS, SHARDS_AHEAD } from '../api/limits.js';
import type { CachePreference, CacheState } from '../api/options.js';
import { sha256 } from './hash.js';
import type { Shard } from './manifest.js';
import { openCacheStorage, openPrivateFiles } from './store.js';
import type { Store } from './store.js';

/**
 * What is stored of a model beside its shards: `model-HASH`, the hash of the name it is known by.
 */
interface Entry {
  readonly shards: readonly string[];
  /** Its manifest, for visits without a network. */
  readonly manifest?: string;
  /** When it was last loaded, in milliseconds since 1970. */
  readonly used: number;
}

const MODEL = 'model-';
const SHARD = 'shard-';

/**
 * Weights of earlier visits, by hash. Nothing here ever fails: storage that refuses leaves the
 * weights in memory, and that is said in {@link state}. What comes out is as untrusted as what
 * comes over the network.
 */
export class WeightCache {
  readonly #store: Promise<Store | undefined>;
  readonly #off: boolean;
  readonly #writes = new Set<Promise<void>>();
  #refused = false;
  #missed = false;

  constructor(preference: CachePreference) {
    this.#off = preference === 'none';
    // What is hashed nowhere is stored nowhere; both need a secure context.
    const open = {
      none: () => undefined,
      opfs: openPrivateFiles,
      'cache-storage': openCacheStorage,
    }[preference];
    this.#store = Promise.resolve()
      .then(open)
      .catch(() => {
        this.#refused = true;
        return undefined;
      });
  }

  /** A shard's bytes, should they be there. */
  async read({ sha256: hash }: Shard): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const bytes = await this.#try((store) => store.get(SHARD + hash));
    if (bytes === undefined) this.#missed = true;
    return bytes;
  }

  /** Whether all of these shards are there, by their names alone: they are checked when read. */
  async has(shards: readonly Shard[]): Promise<boolean> {
    const names = new Set(await this.#try((store) => store.names()));
    return shards.every(({ sha256: hash }) => names.has(SHARD + hash));
  }

  /**
   * Starts to store a shard; {@link settle} waits for it, as does who may change the bytes
   * afterwards.
   */
  write({ sha256: hash }: Shard, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    if (this.#refused) return Promise.resolve();
    return this.#begin(async (store) => {
      await store.put(SHARD + hash, bytes).catch((error: unknown) => {
        this.#refused = true;
        throw error;
      });
    });
  }

  /**
   * Waits while too much waits to be stored: a disk slower than the network would have the whole
   * model pile up here.
   */
  async room(): Promise<void> {
    while (this.#writes.size >= SHARDS_AHEAD) await Promise.race(this.#writes);
  }

  /** Removes a shard that is not what its name says. */
  async evict({ sha256: hash }: Shard): Promise<void> {
    this.#missed = true;
    await this.#try((store) => store.delete(SHARD + hash));
  }

  /** The manifest that the model of this name had when it was last loaded, should it be there. */
  async manifest(name: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const text = await this.#try(
      async (store) => readEntry(await store.get(await keyOf(name))).manifest,
    );
    return text === undefined ? undefined : new TextEncoder().encode(text);
  }

  /**
   * Starts to note which manifest and shards the model of this name has now, and to remove those
   * that no model has: of its older versions, and of models that nobody loaded for {@link
   * CACHE_DAYS} days. {@link settle} waits for it.
   */
  keep(name: string, manifest: Uint8Array, shards: readonly Shard[]): void {
    void this.#begin(async (store) => {
      const key = await keyOf(name);
      const entry: Entry = {
        shards: shards.map(({ sha256: hash }) => hash),
        manifest: new TextDecoder().decode(manifest),
        used: Date.now(),
      };
      await store.put(key, new TextEncoder().encode(JSON.stringify(entry)));
      const kept = new Set<string>();
      const names = await store.names();
      for (const other of names.filter((candidate) => candidate.startsWith(MODEL))) {
        const { shards: theirs, used } = other === key ? entry : readEntry(await store.get(other));
        if (Date.now() - used > CACHE_DAYS * 86_400_000) await store.delete(other);
        else for (const hash of theirs) kept.add(SHARD + hash);
      }
      for (const shard of names.filter((candidate) => candidate.startsWith(SHARD))) {
        if (!kept.has(shard)) await store.delete(shard);
      }
    });
  }

  /** Waits until nothing more is to be stored, and says what came of it. */
  async settle(): Promise<CacheState> {
    if (this.#off) return 'off';
    await Promise.all(this.#writes);
    if (this.#refused) return 'unavailable';
    return this.#missed ? 'stored' : 'hit';
  }

  #begin(work: (store: Store) => Promise<void>): Promise<void> {
    const write = this.#try(work).then(() => {
      this.#writes.delete(write);
    });
    this.#writes.add(write);
    return write;
  }

  async #try<T>(work: (store: Store) => Promise<T>): Promise<T | undefined> {
    const store = await this.#store;
    if (store === undefined) return undefined;
    try {
      return await work(store);
    } catch {
      return undefined;
    }
  }
}

async function keyOf(name: string): Promise<string> {
  return MODEL + String(await sha256(new TextEncoder().encode(name)));
}

/** What is no entry, or one of a later version, counts as unused. */
function readEntry(bytes: Uint8Array | undefined): Entry {
  try {
    const entry = JSON.parse(new TextDecoder().decode(bytes)) as Partial<Entry> | null;
    if (Array.isArray(entry?.shards) && typeof entry.used === 'number') return entry as Entry;
  } catch {
    // As below.
  }
  return { shards: [], used: 0 };
}
