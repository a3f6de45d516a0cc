// Serves the benchmark: pages, both contenders, models, images. It keeps a log of what went over
// the wire, compresses as a static host would, and can be as slow as a network.
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { root } from '../lib/run.mjs';
import { TYPES, locate } from '../lib/server.mjs';
import { compressed, isCompressible } from './wire.mjs';

const FOLDERS = {
  '/page/': 'scripts/bench/page',
  '/pkg/': 'pkg',
  '/ort/': 'node_modules/onnxruntime-web/dist',
  '/bench/': 'target/bench',
};

/**
 * Isolated pages may share memory between threads, which onnxruntime-web needs for more than one.
 */
const ISOLATION = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/**
 * Makes clipsight's worker tell the size of its WebAssembly memories to who asks on the channel
 * `memories`.
 */
const WATCH_MEMORIES = `const memories = [];
for (const name of ['instantiate', 'instantiateStreaming']) {
  const original = WebAssembly[name];
  WebAssembly[name] = async (...args) => {
    const result = await original.apply(WebAssembly, args);
    for (const value of Object.values((result.instance ?? result).exports)) {
      if (value instanceof WebAssembly.Memory) memories.push(value);
    }
    return result;
  };
}
const channel = new BroadcastChannel('memories');
channel.addEventListener('message', ({ data }) => {
  if (data !== 'tell') return;
  channel.postMessage({ bytes: memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0) });
});
`;

/** Starts the server. `settings` may be changed between requests. */
export async function startServer() {
  const settings = {
    isolated: false,
    bytesPerSecond: Infinity,
    watchMemories: false,
    onResult: undefined,
  };
  const log = [];
  let free = 0;

  /** Everything that is sent shares one line. */
  const line = () =>
    new Transform({
      transform(chunk, _, done) {
        const now = performance.now();
        free = Math.max(free, now) + (chunk.length / settings.bytesPerSecond) * 1000;
        if (free <= now + 1) done(null, chunk);
        else setTimeout(() => done(null, chunk), free - now);
      },
    });

  async function answer(request, response) {
    const { pathname } = new URL(request.url, 'http://localhost');
    if (pathname === '/result') {
      const parts = await request.toArray();
      await settings.onResult?.(JSON.parse(Buffer.concat(parts).toString()));
      response.writeHead(204).end();
      return;
    }
    const prefix = Object.keys(FOLDERS).find((candidate) => pathname.startsWith(candidate));
    const folder = prefix && path.join(root, FOLDERS[prefix]);
    const file = folder && locate(folder, pathname.slice(prefix.length - 1));
    const info = file && (await stat(file).catch(() => undefined));
    if (!info?.isFile()) {
      response.writeHead(404).end();
      return;
    }
    const headers = {
      'Content-Type': TYPES[path.extname(file)] ?? 'application/octet-stream',
      'Cache-Control': 'no-store',
      ...(settings.isolated ? ISOLATION : {}),
    };
    log.push({ url: pathname, file });
    if (settings.watchMemories && pathname === '/pkg/worker.js') {
      response.writeHead(200, headers).end(WATCH_MEMORIES + (await readFile(file, 'utf8')));
      return;
    }
    const brotli = isCompressible(file) && /\bbr\b/.test(request.headers['accept-encoding'] ?? '');
    const source = brotli ? (await compressed(file)).brotliFile : file;
    if (brotli) headers['Content-Encoding'] = 'br';
    response.writeHead(200, { ...headers, 'Content-Length': (await stat(source)).size });
    await pipeline(createReadStream(source, { highWaterMark: 16 << 10 }), line(), response);
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error) => {
      // A page that is closed while it loads is no news.
      if (!['ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET', 'EPIPE'].includes(error.code))
        console.error(error);
      response.destroy();
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://localhost:${server.address().port}`,
    log,
    settings,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
