// The extension in Debian's Firefox: real clicks on the browser's own menu and on its question, the
// sidebar, the event page.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { buildExtension, folderOf } from '../../scripts/lib/extension.mjs';
import { output } from '../../scripts/lib/run.mjs';
import { noData, scanNatively, testImages } from './support/images.mjs';
import { startSites } from './support/extension.mjs';
import { launchFirefox } from './support/marionette.mjs';

const CHECK = 'Check this image';

const program = await output('sh', ['-c', 'command -v firefox-esr']);

describe('Firefox', { skip: noData || (program ? false : 'firefox-esr is not there') }, () => {
  let firefox;
  let sites;
  let native;
  let jpeg;
  /** Window handles: the page's tab, and the panel's. */
  let page;
  let panel;
  before(
    async () => {
      await buildExtension();
      native = (await scanNatively(testImages(1))).find(({ status }) => status === 'scored');
      jpeg = await readFile(native.path);
      sites = await startSites({ '/image.jpg': { type: 'image/jpeg', body: jpeg } });
      const image = (host) => {
        const source = sites.url(`${host}.test`, '/image.jpg');
        return `<img id="${host}" src="${source}" width="200" height="200">`;
      };
      sites.answers['/page.html'] = {
        type: 'text/html',
        body: `<!doctype html>${image('site')}${image('cdn')}`,
      };
      firefox = await launchFirefox(program, { 'network.dns.localDomains': 'site.test,cdn.test' });
      await firefox.send('Addon:Install', { path: folderOf('firefox'), temporary: true });
      await firefox.send('WebDriver:SetTimeouts', { script: 120_000 });
      const host = await firefox.run(
        'chrome',
        "return WebExtensionPolicy.getByID('extension@clipsight').mozExtensionHostname",
      );
      await firefox.run('content', 'return 0');
      ({ value: page } = await firefox.send('WebDriver:GetWindowHandle', {}));
      ({ handle: panel } = await firefox.send('WebDriver:NewWindow', {
        type: 'tab',
        focus: false,
      }));
      await firefox.send('WebDriver:SwitchToWindow', { handle: panel, focus: false });
      await firefox.send('WebDriver:Navigate', { url: `moz-extension://${host}/panel.html` });
      await firefox.send('WebDriver:SwitchToWindow', { handle: page, focus: true });
      await firefox.send('WebDriver:Navigate', { url: sites.url('site.test', '/page.html') });
    },
    { timeout: 600_000 },
  );
  after(async () => {
    await firefox?.stop();
    await sites?.close();
  });

  /**
   * A right click, the menu's entry, the answer to the browser's question; then what the sidebar
   * shows.
   */
  async function check(id, { allow, count }) {
    await firefox.run('content', 'return 0');
    const { value: element } = await firefox.send('WebDriver:FindElement', {
      using: 'css selector',
      value: `#${id}`,
    });
    sites.seen.length = 0;
    const press = [
      { type: 'pointerMove', origin: element, x: 0, y: 0 },
      ...['Down', 'Up'].map((way) => ({ type: `pointer${way}`, button: 2 })),
    ];
    await firefox.send('WebDriver:PerformActions', {
      actions: [
        { type: 'pointer', id: 'mouse', parameters: { pointerType: 'mouse' }, actions: press },
      ],
    });
    await firefox.run(
      'chrome',
      `const [label, allow] = args;
       const until = async (find) => {
         for (let i = 0; i < 1000; i += 1) {
           const found = await find();
           if (found) return found;
           await new Promise((resolve) => setTimeout(resolve, 50));
         }
         throw new Error('nothing came of ' + find);
       };
       const menu = document.getElementById('contentAreaContextMenu');
       const item = await until(
         () =>
           menu.state === 'open' &&
           [...menu.querySelectorAll('menuitem')].find((one) => one.label === label),
       );
       menu.activateItem(item);
       if (allow !== null) {
         const popup = document.getElementById('notification-popup');
         await until(() => popup.state === 'open');
         // The browser ignores clicks that come too soon for anybody to have read the question.
         await new Promise((resolve) => setTimeout(resolve, 1500));
         const question = popup.firstElementChild;
         (allow ? question.button : question.secondaryButton).click();
       }
       await until(
         () =>
           SidebarController.isOpen &&
           SidebarController.currentID.startsWith('extension_clipsight'),
       );`,
      CHECK,
      allow,
    );
    // The sidebar is no tab, which is all that can be read; the same document in a tab of this
    // window shows the same.
    await firefox.send('WebDriver:SwitchToWindow', { handle: panel, focus: false });
    const shown = await firefox.run(
      'content',
      `for (let i = 0; i < 2000; i += 1) {
         const cards = [...document.querySelectorAll('ai-image-result')];
         const [{ state, error, analysis } = {}] = cards;
         if (cards.length >= args[0] && state !== 'waiting')
           return JSON.stringify({ error, analysis });
         await new Promise((resolve) => setTimeout(resolve, 50));
       }
       return '{"error":"nothing came"}';`,
      count,
    );
    await firefox.send('WebDriver:SwitchToWindow', { handle: page, focus: true });
    return JSON.parse(shown);
  }

  const same = ({ error, analysis }) => {
    assert.equal(error, null, JSON.stringify(error));
    assert.equal(analysis.file.sha256, createHash('sha256').update(jpeg).digest('hex'));
    assert.equal(analysis.model.grade, native.grade);
    assert.ok(
      Math.abs(analysis.model.logit - native.logit) < 0.1,
      `${analysis.model.logit} ${native.logit}`,
    );
    assert.equal(analysis.input.fidelity, 'original-bytes');
  };

  test("an image of the page's own site: not asked for; the native program's verdict", async () => {
    same(await check('site', { allow: null, count: 1 }));
    for (const { headers } of sites.seen)
      assert.deepEqual([headers.cookie, headers.referer], [undefined, undefined]);
  });

  test('an image of another site: the browser asks; after a no what is visible of it', async () => {
    const { error, analysis } = await check('cdn', { allow: false, count: 2 });
    assert.equal(error, null, JSON.stringify(error));
    assert.equal(analysis.input.fidelity, 'screen-capture');
    assert.deepEqual([analysis.file.width, analysis.file.height], [200, 200]);
  });

  test('after a yes its bytes are read', async () => {
    same(await check('cdn', { allow: true, count: 3 }));
  });
});
