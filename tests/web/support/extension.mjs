// Chromium with the built extension, unpacked; and sites of several origins for it to meet.
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { output } from '../../../scripts/lib/run.mjs';

/**
 * A server that answers for every name below `.test`. `answers` maps a path to a function of
 * request and response, or to `{ type, body, headers }`. `seen` lists the requests.
 */
export async function startSites(answers) {
  const seen = [];
  const server = createServer((request, response) => {
    seen.push({ host: request.headers.host, path: request.url, headers: request.headers });
    const answer = answers[new URL(request.url, 'http://x').pathname];
    if (answer === undefined)
      response.writeHead(404, { 'Content-Type': 'text/plain' }).end('not found');
    else if (typeof answer === 'function') answer(request, response);
    else
      response.writeHead(200, { 'Content-Type': answer.type, ...answer.headers }).end(answer.body);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  return {
    seen,
    answers,
    port,
    url: (host, file) => `http://${host}:${port}${file}`,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A copy of an unpacked extension with another manifest. */
export async function variant(folder, change) {
  const copy = await mkdtemp(path.join(os.tmpdir(), 'clipsight-extension-'));
  await cp(folder, copy, { recursive: true });
  const file = path.join(copy, 'manifest.json');
  await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, 'utf8')), ...change }));
  return { folder: copy, remove: () => rm(copy, { recursive: true }) };
}

/** @param {{ folder: string, language?: 'de' | 'es' | 'ar' | 'zh', others?: string[] }} options */
export async function launchExtension({ folder, language, others = [], ...contextOptions }) {
  const executablePath =
    process.env.CHROMIUM ?? (await output('sh', ['-c', 'command -v chromium']));
  const context = await chromium.launchPersistentContext('', {
    executablePath,
    args: [
      '--headless=new',
      '--no-sandbox',
      '--disable-features=WebGPU,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable',
      '--enable-unsafe-extension-debugging',
      '--host-resolver-rules=MAP *.test 127.0.0.1',
    ],
    ignoreDefaultArgs: ['--headless', '--disable-extensions'],
    viewport: null,
    ...contextOptions,
  });
  const cdp = await context.browser().newBrowserCDPSession();
  const starting = context.waitForEvent('serviceworker');
  const { id } = await cdp.send('Extensions.loadUnpacked', { path: folder });
  const worker = await starting;
  const otherIds = [];
  for (const other of others)
    otherIds.push((await cdp.send('Extensions.loadUnpacked', { path: other })).id);
  // As chosen in the panel: Debian's Chromium itself may speak English only.
  if (language !== undefined)
    await worker.evaluate((chosen) => chrome.storage.local.set({ language: chosen }), language);
  const address = (file) => `chrome-extension://${id}/${file}`;

  /** The tab of a page, as the extension's API knows it. */
  const tabOf = (page) =>
    worker.evaluate(async (url) => {
      const tabs = await chrome.tabs.query({});
      return tabs.find((tab) => tab.url === url) ?? tabs.find((tab) => tab.active);
    }, page.url());

  return {
    context,
    worker,
    id,
    otherIds,
    cdp,
    address,
    tabOf,

    /**
     * The visitor's gesture: it gives `activeTab` for the page's tab, as a click on the menu does.
     */
    async gesture(page) {
      await page.bringToFront();
      const { targetInfos } = await cdp.send('Target.getTargets', { filter: [{ type: 'tab' }] });
      const tab = targetInfos.find(({ url }) => url === page.url());
      await cdp.send('Extensions.triggerAction', { id, targetId: tab.targetId });
    },

    /**
     * The toolbar's popup over a page, opened by the gesture. Playwright does not see it; returns
     * how to evaluate in it.
     */
    async popup(page) {
      await this.gesture(page);
      const find = async () => {
        const { targetInfos } = await cdp.send('Target.getTargets');
        return targetInfos.find(
          ({ type, url }) => type === 'page' && url === address('popup.html'),
        );
      };
      let target;
      while (target === undefined) target = await find();
      const { sessionId } = await cdp.send('Target.attachToTarget', {
        targetId: target.targetId,
        flatten: false,
      });
      let next = 0;
      return async (expression) => {
        const number = ++next;
        const answer = new Promise((resolve) => {
          cdp.on('Target.receivedMessageFromTarget', ({ message }) => {
            const { id: answered, result } = JSON.parse(message);
            if (answered === number) resolve(result.result.value);
          });
        });
        const params = { expression, userGesture: true, awaitPromise: true, returnByValue: true };
        const message = JSON.stringify({ id: number, method: 'Runtime.evaluate', params });
        await cdp.send('Target.sendMessageToTarget', { sessionId, message });
        return answer;
      };
    },

    /** A click on "Check this image". */
    async check(page, source, info = {}) {
      const tab = await tabOf(page);
      await worker.evaluate(
        ([details, where]) => chrome.contextMenus.onClicked.dispatch(details, where),
        [
          {
            menuItemId: 'check-image',
            mediaType: 'image',
            srcUrl: source,
            pageUrl: page.url(),
            frameId: 0,
            ...info,
          },
          tab,
        ],
      );
    },

    /** The side panel, in a tab. */
    async panel() {
      const page = await context.newPage();
      await page.goto(address('panel.html'));
      await page.waitForSelector('.settings');
      return page;
    },

    close: () => context.close(),
  };
}

/** The newest card of a view once it is settled: `{ state, analysis, error, name }`. */
export async function settled(view, { count, timeout = 120_000 } = {}) {
  // By the clock, not by frames: a tab in the background draws none.
  await view.waitForFunction(
    (atLeast) => {
      const cards = [...document.querySelectorAll('ai-image-result')];
      return cards.length >= atLeast && cards.every(({ state }) => state !== 'waiting');
    },
    count ?? 1,
    { polling: 50, timeout },
  );
  return view.evaluate(() => {
    const { state, analysis, error, name, info } = document.querySelector('ai-image-result');
    return { state, analysis, error, name, info };
  });
}
