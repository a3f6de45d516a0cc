import { MAX_HISTORY, MAX_KEPT_NAME } from '../limits.js';
import type { Analysis } from 'clipsight';

/** One result of the past. No picture, and no path. */
export interface Remembered {
  readonly when: number;
  readonly name: string;
  readonly sha256: string;
  readonly model: Analysis['model'];
  readonly modelId: string;
}

const DATABASE = 'clipsight-history';
const TABLE = 'results';

/**
 * The history: in this browser only, and only while the visitor wants it. Every call rejects where
 * there is no storage.
 */
export class History {
  #database: Promise<IDBDatabase> | undefined;

  async add(result: Remembered): Promise<void> {
    const store = await this.#store('readwrite');
    store.add({ ...result, name: result.name.slice(0, MAX_KEPT_NAME) });
    const count = await settled(store.count());
    if (count <= MAX_HISTORY) return;
    const oldest = await settled(store.openCursor());
    oldest?.delete();
  }

  /** The newest `limit` results, the newest first, and how many there are in all. */
  async newest(
    limit: number,
  ): Promise<{ readonly results: readonly Remembered[]; readonly count: number }> {
    const store = await this.#store('readonly');
    const count = await settled(store.count());
    const results: Remembered[] = [];
    const request = store.openCursor(null, 'prev');
    for (
      let cursor = await settled(request);
      cursor !== null && results.length < limit;
      cursor = await settled(request)
    ) {
      results.push(cursor.value as Remembered);
      cursor.continue();
    }
    return { results, count };
  }

  /** Deletes the database itself, so that not even an empty one is left. */
  async wipe(): Promise<void> {
    const open = this.#database;
    this.#database = undefined;
    (await open?.catch(() => undefined))?.close();
    await settled(indexedDB.deleteDatabase(DATABASE));
  }

  async #store(mode: IDBTransactionMode): Promise<IDBObjectStore> {
    this.#database ??= openDatabase();
    const database = await this.#database.catch((error: unknown) => {
      this.#database = undefined;
      throw error;
    });
    // Another tab that wipes waits for this connection.
    database.onversionchange = (): void => {
      database.close();
      this.#database = undefined;
    };
    return database.transaction(TABLE, mode).objectStore(TABLE);
  }
}

function openDatabase(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = (): void => {
    request.result.createObjectStore(TABLE, { autoIncrement: true });
  };
  return settled(request);
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    request.onsuccess = (): void => {
      resolve(request.result);
    };
    request.onerror = (): void => {
      reject(request.error ?? new Error('the database failed'));
    };
  });
}
