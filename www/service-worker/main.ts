/**
 * Keeps the page's own files for visits without a connection. The page's policy does not govern
 * what happens here, so this program does nothing that a page could steer: it answers GETs for
 * files of a fixed list, and if one is missing it fetches exactly that file again; and it fetches a
 * decoder of that list, or the rows that a model is taught with, when a page names it. It never
 * sees an image.
 */
import type { Message } from './message.js';

declare const self: ServiceWorkerGlobalScope & {
  /** Written in front of this file by scripts/lib/service-worker-plugin.mjs. */
  readonly clipsightBuild: {
    /** Hash over the files. */
    readonly version: string;
    /** What every visit needs; `./` is the page itself. */
    readonly shell: readonly string[];
    /** What some devices need: the programs for GPU and CPU. Kept once the page has loaded it. */
    readonly rest: readonly string[];
  };
};

const { version, shell, rest } = self.clipsightBuild;
const PREFIX = 'clipsight-page-';
const CACHE = PREFIX + version;
const FILES: ReadonlySet<string> = new Set([...shell, ...rest]);

self.addEventListener('install', (event) => {
  event.waitUntil(keep(shell));
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys())
        if (name.startsWith(PREFIX) && name !== CACHE) await caches.delete(name);
      await self.clients.claim();
    })(),
  );
});

self.addEventListener('message', (event) => {
  const message = event.data as Message | null;
  if (message?.type === 'activate') void self.skipWaiting();
  else if (message?.type === 'keep' && Array.isArray(message.files)) {
    answerWith(
      event,
      rest.filter((file) => message.files.includes(file)),
    );
  } else if (message?.type === 'decoder') {
    answerWith(
      event,
      rest.filter((file) => file.startsWith(`assets/${message.name}.`) && file.endsWith('.wasm')),
    );
  } else if (message?.type === 'references') {
    answerWith(
      event,
      rest.filter((file) => file === message.file && file.endsWith('.bin')),
    );
  }
});

/** Keeps files of the list and says whether they are there. */
function answerWith(event: ExtendableMessageEvent, files: readonly string[]): void {
  event.waitUntil(
    keep(files).then(
      () => event.ports[0]?.postMessage(files.length > 0 ? 'kept' : 'failed'),
      () => event.ports[0]?.postMessage('failed'),
    ),
  );
}

self.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method !== 'GET') return;
  const file = fileOf(new URL(request.url));
  if (file !== undefined) event.respondWith(answer(file));
});

/** The file of the list that an address means, whatever its query says. */
function fileOf({ origin, pathname }: URL): string | undefined {
  const scope = new URL(self.registration.scope);
  if (origin !== scope.origin || !pathname.startsWith(scope.pathname)) return undefined;
  const file = pathname.slice(scope.pathname.length) || './';
  return FILES.has(file) ? file : undefined;
}

async function answer(file: string): Promise<Response> {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(addressOf(file));
  // The browser may have thrown the copies away. The address is the list's, never the page's.
  return kept ?? fetch(addressOf(file));
}

/** What is there already is not fetched again: the names hold hashes, but for the page's own. */
async function keep(files: readonly string[]): Promise<void> {
  const cache = await caches.open(CACHE);
  await Promise.all(
    files.map(async (file) => {
      const address = addressOf(file);
      if ((await cache.match(address)) !== undefined) return;
      const response = await fetch(address, {
        cache: /\.[0-9a-f]{16,}\./.test(file) ? 'default' : 'no-cache',
      });
      if (!response.ok || response.redirected)
        throw new Error(`${file}: ${String(response.status)}`);
      await cache.put(address, response);
    }),
  );
}

function addressOf(file: string): string {
  return new URL(file, self.registration.scope).href;
}
