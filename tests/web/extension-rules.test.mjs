// The extension's rules that need no browser: addresses, manifests, zips. Who may import whom is in
// scripts/lib/imports.mjs.
import assert from 'node:assert/strict';
import { readFile, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import { unzipSync } from 'fflate';
import ts from 'typescript';
import { BROWSERS, buildExtension, folderOf, packed } from '../../scripts/lib/extension.mjs';
import { root } from '../../scripts/lib/run.mjs';
import { manifest } from '../../www/extension/manifest.mjs';
import { compact, standard } from './support/models.mjs';

/** A module of the extension that imports nothing. */
async function load(name) {
  const source = await readFile(path.join(root, 'www/extension', name), 'utf8');
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: { target: 'ES2022', module: 'ESNext' },
  });
  return import(`data:text/javascript,${encodeURIComponent(outputText)}`);
}

/** Most bytes of a zip: both models' weights and the programs. Mozilla's shop takes 200 MB. */
const MOST_BYTES = 64e6;

describe('addresses', () => {
  test('private, loopback, link-local and reserved ones are recognised in any notation', async () => {
    const { isPrivate } = await load('shared/addresses.ts');
    const hosts = (text) => text.split(/\s+/).map((host) => new URL(`http://${host}/`).hostname);
    for (const host of hosts(`localhost LOCALHOST localhost. a.localhost router printer.local
      nas.lan x.internal x.home.arpa 127.0.0.1 127.1 2130706433 0x7f.1 0177.0.0.1 0.0.0.0 10.1.2.3
      100.64.0.1 100.127.255.255 169.254.169.254 172.16.0.1 172.31.255.255 192.168.1.1 198.18.0.1
      224.0.0.1 255.255.255.255 [::1] [::] [fe80::1] [fc00::1] [fd12:3456::1] [fec0::1] [ff02::1]
      [::ffff:127.0.0.1] [::ffff:c0a8:101] [64:ff9b::10.0.0.1] [2002:7f00:1::] [::127.0.0.1]`)) {
      assert.equal(isPrivate(host), true, host);
    }
    for (const host of hosts(`example.org cdn.example.org localhost.example.org 1.1.1.1
      9.255.255.255 11.0.0.1 100.63.255.255 100.128.0.1 126.255.255.255 128.0.0.1 169.253.1.1
      172.15.255.255 172.32.0.1 192.167.1.1 192.169.1.1 198.17.1.1 198.20.0.1 223.255.255.255
      [2606:4700::1111] [2a00::1] [::ffff:1.1.1.1] [64:ff9b::1.1.1.1] [2002:101:101::]`)) {
      assert.equal(isPrivate(host), false, host);
    }
  });

  test('only http and https; a private host only from a page on that host', async () => {
    const { refusal } = await load('shared/addresses.ts');
    const page = new URL('http://192.168.1.1:8080/admin');
    assert.equal(refusal(new URL('http://192.168.1.1/a.jpg'), page), undefined);
    assert.equal(refusal(new URL('http://192.168.1.2/a.jpg'), page), 'private');
    assert.equal(
      refusal(new URL('http://192.168.1.1/a.jpg'), new URL('https://example.org/')),
      'private',
    );
    assert.equal(refusal(new URL('http://192.168.1.1/a.jpg'), undefined), 'private');
    assert.equal(refusal(new URL('https://example.org/a.jpg'), page), undefined);
    for (const address of [
      'javascript:alert(1)',
      'file:///etc/passwd',
      'ftp://a.org/x',
      'chrome://settings/',
      'about:blank',
    ]) {
      assert.equal(refusal(new URL(address), new URL(address)), 'scheme', address);
    }
  });
});

describe('what is built', () => {
  let built;
  before(async () => (built = await buildExtension()));

  test('one template: the manifests differ in few names, and ask for no host', () => {
    const chrome = manifest('chrome', { version: '1' });
    const firefox = manifest('firefox', { version: '1' });
    assert.deepEqual(chrome.permissions, [
      'contextMenus',
      'activeTab',
      'scripting',
      'offscreen',
      'sidePanel',
      'storage',
    ]);
    assert.deepEqual(firefox.permissions, ['contextMenus', 'activeTab', 'scripting', 'storage']);
    for (const one of [chrome, firefox]) {
      for (const absent of [
        'host_permissions',
        'web_accessible_resources',
        'externally_connectable',
        'content_scripts',
      ]) {
        assert.equal(one[absent], undefined, absent);
      }
    }
    assert.match(chrome.content_security_policy.sandbox, /connect-src 'none'/);
    const only = (a, b) => Object.keys(a).filter((name) => !Object.keys(b).includes(name));
    assert.deepEqual(only(chrome, firefox), ['minimum_chrome_version', 'side_panel', 'sandbox']);
    assert.deepEqual(only(firefox, chrome), ['sidebar_action', 'browser_specific_settings']);
  });

  test('the zips hold what the folders hold, and the same again on the next build', async () => {
    for (const { browser, zip, bytes } of built) {
      assert.ok(bytes < MOST_BYTES, `${zip}: ${bytes}`);
      const entries = unzipSync(new Uint8Array(await readFile(path.join(root, zip))));
      for (const [name, contents] of Object.entries(entries)) {
        assert.ok((await readFile(path.join(folderOf(browser), name))).equals(contents), name);
      }
      for (const needed of [
        'manifest.json',
        'panel.html',
        'sandbox.js',
        '_locales/ar/messages.json',
        'icons/icon-128.png',
      ]) {
        assert.ok(entries[needed] !== undefined, needed);
      }
      const weights = Object.keys(entries).filter((name) => name.endsWith('.safetensors'));
      assert.equal(
        weights.length,
        compact.shards.length + standard.shards.length,
        'the weights of both models, each once',
      );
      assert.ok(!Object.keys(entries).some((name) => /\.(ts|mjs|map)$/.test(name)));
    }
    for (const { browser, zip } of built) {
      assert.ok(
        Buffer.from(await packed(browser)).equals(await readFile(path.join(root, zip))),
        'deterministic',
      );
    }
  });

  test('strings of the manifest in every language', async () => {
    const folder = path.join(root, 'www/extension/_locales');
    const languages = await readdir(folder);
    assert.deepEqual(languages.sort(), ['ar', 'de', 'en', 'es', 'zh_CN']);
    const names = async (language) =>
      Object.keys(JSON.parse(await readFile(path.join(folder, language, 'messages.json'), 'utf8')));
    for (const language of languages)
      assert.deepEqual(await names(language), await names('en'), language);
    const used = [
      ...JSON.stringify(manifest('firefox', { version: '1' })).matchAll(/__MSG_(\w+)__/g),
    ].map(([, name]) => name);
    for (const name of used) assert.ok((await names('en')).includes(name), name);
    for (const { folder: built } of BROWSERS.map((browser) => ({ folder: folderOf(browser) }))) {
      assert.ok((await stat(path.join(built, '_locales/zh_CN/messages.json'))).isFile());
    }
  });

  test("Mozilla's linter finds no error in the Firefox build", async () => {
    const { createInstance } = await import('addons-linter');
    const config = {
      _: [folderOf('firefox')],
      logLevel: 'fatal',
      output: 'none',
      boring: true,
      stack: false,
      pretty: false,
    };
    const linter = createInstance({
      config: {
        ...config,
        minManifestVersion: 3,
        maxManifestVersion: 3,
        shouldScanFile: () => true,
      },
      runAsBinary: false,
    });
    const { errors, warnings } = await linter.run();
    assert.deepEqual(
      errors.map(({ code, message, file }) => [code, message, file]),
      [],
    );
    const known = ['KEY_FIREFOX_ANDROID_UNSUPPORTED_BY_MIN_VERSION manifest.json'];
    const found = warnings.map(({ code, file }) => `${code} ${file}`);
    assert.deepEqual(
      found.filter((warning) => !known.includes(warning)),
      [],
    );
  });
});
