// The server of the browser tests: the page at /, the package at /pkg/, pictures to judge at
// /scenes/, images of every kind at /fixtures/, the labelled images at /data/, small pages of the
// tests' own, and any answer replaced by a test.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { root } from '../../../scripts/lib/run.mjs';
import { serveFile } from '../../../scripts/lib/server.mjs';
import { labelledPath, scenePath } from './images.mjs';

const FOLDERS = {
  '/pkg/': path.join(root, 'pkg'),
  '/data/': labelledPath('.'),
  '/scenes/': scenePath('.'),
  '/fixtures/': path.join(root, 'tests/fixtures/image/decode'),
  '/': path.join(root, 'www/dist'),
};

/** An empty page with the package, without a bundler. */
const PACKAGE_PAGE = `<!doctype html><meta charset="utf-8"><title>package</title><link rel="icon" href="data:,">
<script type="module">window.clipsight = await import('/pkg/index.js');</script>`;

/**
 * Starts a server. `override(match, answer)` replaces what is served where `match` is part of the
 * path: `answer` gets the file's bytes, the response and the request, and returns the new bytes, a
 * status, or nothing when it has answered. Returned functions take the override back. `pages`: HTML
 * by path; what a page posts to /result goes to `settings.onResult`.
 */
export async function startServer({ folders = {}, pages = {} } = {}) {
  const overrides = new Set();
  const requests = [];
  const settings = {};
  const all = { ...FOLDERS, ...folders };
  const server = createServer((request, response) => {
    answer(request, response).catch((error) => {
      console.error(error);
      response.destroy();
    });
  });

  async function answer(request, response) {
    const { pathname } = new URL(request.url, 'http://localhost');
    requests.push(pathname);
    const page = pathname === '/package.html' ? PACKAGE_PAGE : pages[pathname];
    if (page !== undefined) {
      response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(page);
      return;
    }
    if (pathname === '/result') {
      const parts = await request.toArray();
      await settings.onResult?.(JSON.parse(Buffer.concat(parts).toString()));
      response.writeHead(204).end();
      return;
    }
    const prefix = Object.keys(all)
      .filter((candidate) => pathname.startsWith(candidate))
      .sort((a, b) => b.length - a.length)[0];
    const inside = pathname.slice(prefix.length - 1);
    const override = [...overrides].find(({ match }) => pathname.includes(match));
    if (override !== undefined) {
      const file = path.join(all[prefix], inside);
      const replaced = await override.answer(
        await readFile(file).catch(() => Buffer.alloc(0)),
        response,
        request,
      );
      if (replaced === undefined) return;
      if (typeof replaced === 'number') response.writeHead(replaced).end();
      else {
        const type = file.endsWith('.js') ? 'text/javascript' : 'application/octet-stream';
        response
          .writeHead(200, { 'Content-Type': type, 'Cache-Control': 'no-store' })
          .end(replaced);
      }
      return;
    }
    request.url = inside;
    await serveFile(all[prefix], request, response);
  }

  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://localhost:${server.address().port}`,
    /** Paths asked for so far. */
    requests,
    settings,
    override(match, answerWith) {
      const entry = { match, answer: answerWith };
      overrides.add(entry);
      return () => overrides.delete(entry);
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
