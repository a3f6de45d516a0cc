// The page in Debian's Firefox ESR, on the CPU, under its lock. Nobody drives it, and the lock lets
// it post nothing: what it finds it carries to the next page by leaving, which no policy forbids.
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { undriven } from '../../scripts/bench/firefox.mjs';
import { visit } from '../../scripts/bench/visit.mjs';
import { output, root } from '../../scripts/lib/run.mjs';
import { VERDICTS } from './support/page.mjs';
import { startServer } from './support/server.mjs';

const firefox = await output('sh', ['-c', 'command -v firefox-esr']);

/** Runs in the page, behind its own program. */
async function drive() {
  const wait = async (what) => {
    for (let tries = 0; tries < 3000; tries += 1) {
      const found = what();
      if (found) return found;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`waited in vain: ${what}`);
  };
  const found = {};
  try {
    await wait(() =>
      document.querySelector('.status[data-state=ready], .status[data-state=failed]'),
    );
    found.status = document.querySelector('.status').textContent;
    found.lock = document.querySelector('.lock').dataset.state;
    found.fetch = await fetch('./probe').then(
      () => 'open',
      () => 'refused',
    );
    found.rtc = typeof RTCPeerConnection;
    const canvas = document.createElement('canvas');
    canvas.width = 320;
    canvas.height = 240;
    const context = canvas.getContext('2d');
    for (let at = 0; at < 60; at += 1) {
      context.fillStyle = `hsl(${at * 47} 60% ${20 + at}%)`;
      context.fillRect((at * 37) % 300, (at * 53) % 220, 60, 40);
    }
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, 'image/jpeg'));
    const transfer = new DataTransfer();
    for (const name of ['a.jpg', 'b.jpg', 'c.jpg'])
      transfer.items.add(new File([blob], name, { type: 'image/jpeg' }));
    transfer.items.add(new File(['no image'], 'bad.jpg'));
    document.dispatchEvent(
      new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true }),
    );
    await wait(() => document.querySelector('.count')?.textContent.startsWith('4 of 4'));
    await new Promise((resolve) => setTimeout(resolve, 300));
    found.states = [...document.querySelectorAll('.row-item')].map(({ dataset }) => dataset.state);
    found.card = document.querySelector('ai-image-result').getAttribute('state');
  } catch (error) {
    found.error = String(error);
  }
  location.href = `./found.html#${encodeURIComponent(JSON.stringify(found))}`;
}

const FOUND = `<!doctype html><meta charset="utf-8"><script type="module">
  const step = { ...JSON.parse(decodeURIComponent(location.hash.slice(1))), done: true };
  await fetch('/result', { method: 'POST', body: JSON.stringify(step) });
</script>`;

describe('Firefox', { skip: firefox ? false : 'firefox-esr is not there' }, () => {
  let server;
  let found;
  before(async () => {
    server = await startServer({ pages: { '/found.html': FOUND } });
    const program = (await readdir(path.join(root, 'www/dist'))).find((name) =>
      /^main\.\w+\.js$/.test(name),
    );
    server.override(program, (bytes) =>
      Buffer.concat([bytes, Buffer.from(`\n;(${String(drive)})();`)]),
    );
    await visit(undriven(firefox), {
      url: `${server.url}/?device=cpu`,
      server,
      take(step) {
        found = step;
      },
    });
  });
  after(() => server?.close());

  test('verdicts and errors, on the CPU', () => {
    assert.equal(found.error, undefined);
    assert.match(found.status, /CPU/);
    assert.equal(found.states.length, 4);
    assert.ok(VERDICTS.includes(found.states[0]));
    assert.deepEqual(found.states, [found.states[0], found.states[0], found.states[0], 'error']);
    assert.equal(found.card, found.states[0]);
  });

  test('the network lock holds', () => {
    assert.equal(found.lock, 'locked');
    assert.equal(found.fetch, 'refused');
    assert.equal(found.rtc, 'undefined');
    assert.ok(!server.requests.includes('/probe'));
  });
});
