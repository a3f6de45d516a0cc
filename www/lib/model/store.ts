/** Named blobs that outlive the page. All of it may reject: storage is the browser's to give. */
export interface Store {
  get(name: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  put(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  delete(name: string): Promise<void>;
  names(): Promise<string[]>;
}

/** The cache's or folder's name within the origin. */
const NAME = 'clipsight-weights';

/** Cache Storage wants addresses as keys; nothing is ever fetched from this one. */
const KEYS = 'https://clipsight.invalid/';

/** A store in the browser's Cache Storage. */
export async function openCacheStorage(): Promise<Store> {
  const cache = await caches.open(NAME);
  return {
    async get(name) {
      const response = await cache.match(KEYS + name);
      return response === undefined ? undefined : new Uint8Array(await response.arrayBuffer());
    },
    put: (name, bytes) => cache.put(KEYS + name, new Response(bytes)),
    async delete(name) {
      await cache.delete(KEYS + name);
    },
    async names() {
      return (await cache.keys()).map(({ url }) => url.slice(KEYS.length));
    },
  };
}

/** A store in the origin's private file system. */
export async function openPrivateFiles(): Promise<Store> {
  const folder = await (
    await navigator.storage.getDirectory()
  ).getDirectoryHandle(NAME, { create: true });
  return {
    async get(name) {
      try {
        const file = await (await folder.getFileHandle(name)).getFile();
        return new Uint8Array(await file.arrayBuffer());
      } catch (error) {
        if (error instanceof DOMException && error.name === 'NotFoundError') return undefined;
        throw error;
      }
    },
    async put(name, bytes) {
      // Written beside the file and put in its place on close: a crash leaves the old one or none.
      const stream = await (await folder.getFileHandle(name, { create: true })).createWritable();
      try {
        await stream.write(bytes);
        await stream.close();
      } catch (error) {
        await stream.abort().catch(() => undefined);
        throw error;
      }
    },
    delete: (name) => folder.removeEntry(name),
    async names() {
      const names: string[] = [];
      for await (const name of folder.keys()) names.push(name);
      return names;
    },
  };
}
