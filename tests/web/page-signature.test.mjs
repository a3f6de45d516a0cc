// The signature of Content Credentials on the page: checked when somebody asks, behind the lock.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { root } from '../../scripts/lib/run.mjs';
import { violations } from './support/axe.mjs';
import { launch, out } from './support/browser.mjs';
import { ARABIC_DARK_PHONE, FILES, allSettled, openPage } from './support/page.mjs';
import { startServer } from './support/server.mjs';

const SIGNED = path.join(root, 'crates/clipsight-verify/tests/fixtures/signed');

let browser;
let server;
before(async () => {
  server = await startServer();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.close();
});

/** The page with one signed image, judged. */
async function opened(name, options) {
  const { page, ...rest } = await openPage(browser, server, options);
  const buffer = await readFile(path.join(SIGNED, name));
  await page.setInputFiles(FILES, [
    { name, mimeType: `image/${path.extname(name).slice(1)}`, buffer },
  ]);
  await allSettled(page);
  return { page, ...rest };
}

/** Asks the only question there is about a picture that is too small for the model. */
async function check(page) {
  const button = page.locator('.questions button').last();
  await button.focus();
  await page.keyboard.press('Enter');
  await page.waitForFunction(
    () => document.querySelector('ai-image-result').verification !== null,
    undefined,
    { timeout: 120_000 },
  );
  return page.evaluate(() => {
    const { verification, analysis, shadowRoot } = document.querySelector('ai-image-result');
    const section = shadowRoot.querySelector('.verification');
    return { verification, analysis, text: section?.innerText, state: section?.dataset.state };
  });
}

const asked = (from) => server.requests.slice(from).filter((name) => name.includes('verifier'));

test('the signature is checked behind the lock, by keyboard; only its program is fetched', async () => {
  const from = server.requests.length;
  const { page, close } = await opened('es256.jpg');
  const before = await page.evaluate(() => document.querySelector('ai-image-result').analysis);
  assert.equal(before.provenance.contentCredentials.state, 'unverified');
  assert.deepEqual(asked(from), []);
  const locked = server.requests.length;
  const { verification, analysis, text, state } = await check(page);
  assert.deepEqual([verification.state, state], ['valid', 'valid']);
  assert.match(text, /the signer is on no list of trusted ones/);
  assert.deepEqual(analysis, before, 'the verdict stays as it is');
  assert.deepEqual(
    server.requests.slice(locked).map((name) => name.replace(/\.[0-9a-f]+\./, '.')),
    ['/assets/verifier.wasm'],
  );
  assert.equal(await page.getByRole('button', { name: 'Check its signature' }).count(), 0);
  assert.deepEqual(await violations(page), []);
  await page.screenshot({ path: path.join(out, 'signature-en.png'), fullPage: true });
  await close();
});

test('a file that was changed after it was signed is said to be', async () => {
  const { page, close } = await opened('changed.jpg', ARABIC_DARK_PHONE);
  const { verification, state } = await check(page);
  assert.deepEqual([verification.state, state], ['invalid', 'invalid']);
  assert.equal(verification.problems[0].cause, 'content-changed');
  assert.deepEqual(await violations(page), []);
  await page.screenshot({ path: path.join(out, 'signature-ar-dark-phone.png'), fullPage: true });
  await close();
});
