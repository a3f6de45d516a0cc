// The server of `npm start`: right types, nothing outside its folder.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { serveFile } from '../../scripts/lib/server.mjs';

let folder;
let server;
before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'clipsight-server-'));
  await mkdir(path.join(folder, 'site/sub'), { recursive: true });
  await writeFile(path.join(folder, 'secret.txt'), 'secret');
  await writeFile(path.join(folder, 'site/index.html'), '<p>home</p>');
  await writeFile(path.join(folder, 'site/build.0123456789abcdef0123.wasm'), 'wasm');
  await writeFile(path.join(folder, 'site/sub/a b.js'), 'let a;');
  server = createServer((req, res) => void serveFile(path.join(folder, 'site'), req, res));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
});
after(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

/** Sends the path as it stands; fetch() would tidy it up first. */
function get(target, { method = 'GET', headers = {} } = {}) {
  return new Promise((resolve, reject) => {
    request({ port: server.address().port, path: target, method, headers }, (response) => {
      let body = '';
      response.on('data', (chunk) => (body += chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode, headers: response.headers, body }),
      );
    })
      .on('error', reject)
      .end();
  });
}

test('types, and how long they may be kept', async () => {
  const home = await get('/?device=cpu');
  assert.deepEqual(
    [home.status, home.body, home.headers['content-type']],
    [200, '<p>home</p>', 'text/html; charset=utf-8'],
  );
  assert.equal(home.headers['cache-control'], 'no-cache');
  const wasm = await get('/build.0123456789abcdef0123.wasm');
  assert.equal(wasm.headers['content-type'], 'application/wasm');
  assert.match(wasm.headers['cache-control'], /immutable/);
  assert.equal(
    (await get('/sub/a%20b.js')).headers['content-type'],
    'text/javascript; charset=utf-8',
  );
  assert.equal((await get('/', { headers: { 'If-None-Match': home.headers.etag } })).status, 304);
});

test('nothing but files of the folder, nothing but reading', async () => {
  for (const target of [
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/sub/%2e%2e/%2e%2e/secret.txt',
    '/%00',
    '/%',
    '/sub',
    '//',
    '/nothing',
  ]) {
    const { status, body } = await get(target);
    assert.equal(status, 404, target);
    assert.ok(!body.includes('secret'));
  }
  assert.equal((await get('/', { method: 'POST' })).status, 405);
  assert.equal((await get('/', { method: 'HEAD' })).body, '');
});
