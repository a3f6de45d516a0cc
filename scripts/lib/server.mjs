// A small static server with the right types. Node's own modules only.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';

/** Media types by extension. */
export const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml; charset=utf-8',
  // Streaming compilation refuses any other type.
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
};

/**
 * Serves a folder on this machine only. A taken port is skipped for the next free one. Returns the
 * address.
 *
 * @param {{
 *   folder: string,
 *   port: number,
 *   intercept?: (
 *     request: import('node:http').IncomingMessage,
 *     response: import('node:http').ServerResponse,
 *   ) => boolean,
 * }} options `intercept` says whether it answers a request itself
 */
export async function listen({ folder, port, intercept }) {
  const server = createServer((request, response) => {
    if (intercept?.(request, response) === true) return;
    serveFile(folder, request, response).catch((error) => {
      console.error(error);
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  for (let candidate = port; ; candidate += 1) {
    try {
      await new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(candidate, '127.0.0.1', resolve);
      });
      return `http://localhost:${server.address().port}/`;
    } catch (error) {
      if (error.code !== 'EADDRINUSE' || candidate > port + 50) throw error;
    }
  }
}

/** Answers one request with a file of the folder. */
export async function serveFile(folder, request, response) {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { Allow: 'GET, HEAD' }).end();
    return;
  }
  const file = locate(folder, request.url);
  const info = file === undefined ? undefined : await stat(file).catch(() => undefined);
  if (info === undefined || !info.isFile()) {
    response.writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8' }).end('not found\n');
    return;
  }
  const etag = `"${info.size.toString(36)}-${info.mtimeMs.toString(36)}"`;
  const headers = {
    'Content-Type': TYPES[path.extname(file)] ?? 'application/octet-stream',
    'X-Content-Type-Options': 'nosniff',
    // The name holds a hash of the contents: webpack's output but for index.html.
    'Cache-Control': /\.[0-9a-f]{16,}\./.test(path.basename(file))
      ? 'public, max-age=31536000, immutable'
      : 'no-cache',
    ETag: etag,
  };
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304, headers).end();
    return;
  }
  response.writeHead(200, { ...headers, 'Content-Length': info.size });
  if (request.method === 'HEAD') response.end();
  else
    createReadStream(file)
      .on('error', () => response.destroy())
      .pipe(response);
}

/** The file an address means, or undefined when it lies outside the folder or is no address. */
export function locate(folder, url) {
  try {
    const { pathname } = new URL(url, 'http://localhost');
    const file = path.join(
      folder,
      decodeURIComponent(pathname),
      pathname.endsWith('/') ? 'index.html' : '',
    );
    return file.startsWith(folder + path.sep) && !file.includes('\0') ? file : undefined;
  } catch {
    return undefined;
  }
}
