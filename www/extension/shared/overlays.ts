/**
 * Overlays: marks on the images of a site, for sites where the visitor turned them on, and after
 * the browser has asked for that site. Nothing is put into any other page.
 */
import { originPattern, parse, refusal } from './addresses.js';
import { api, keptAlive, openPanel } from './api.js';
import { download } from '../background/download.js';
import { analyze } from './host-client.js';
import type { Unknown } from './guards.js';
import { isText } from './guards.js';
import { check } from '../background/jobs.js';
import { MAX_TEXT } from './limits.js';

const ID = 'overlay:';

/** Sites that have overlays, as match patterns. */
export async function overlaySites(): Promise<string[]> {
  const scripts = await api.scripting.getRegisteredContentScripts();
  return scripts.filter(({ id }) => id.startsWith(ID)).flatMap(({ matches }) => matches ?? []);
}

/**
 * Turns overlays on for a page's site. To be called in a gesture: the browser asks. Returns whether
 * they are on.
 */
export async function turnOn(page: URL, tabId: number | undefined): Promise<boolean> {
  const pattern = originPattern(page);
  if (!(await api.permissions.request({ origins: [pattern] }))) return false;
  const script = {
    id: `${ID}${pattern}`,
    matches: [pattern],
    js: ['overlay.js'],
    runAt: 'document_idle' as const,
    persistAcrossSessions: true,
  };
  const known = await api.scripting.getRegisteredContentScripts({ ids: [script.id] });
  if (known.length === 0) await api.scripting.registerContentScripts([script]);
  if (tabId !== undefined) {
    await api.scripting
      .executeScript({ target: { tabId }, files: ['overlay.js'] })
      .catch(() => undefined);
  }
  return true;
}

/** Turns them off, takes the marks out of open tabs, and gives the permission back. */
export async function turnOff(pattern: string): Promise<void> {
  const tabs = await api.tabs.query({ url: pattern }).catch(() => []);
  for (const { id } of tabs) {
    if (id !== undefined)
      void api.tabs.sendMessage(id, { kind: 'overlay-off' }).catch(() => undefined);
  }
  await forgetOverlays([pattern]);
  await api.permissions.remove({ origins: [pattern] }).catch(() => false);
}

/** Unregisters the overlays of sites. */
export async function forgetOverlays(patterns: readonly string[]): Promise<void> {
  const scripts = await api.scripting.getRegisteredContentScripts();
  const gone = scripts.filter(
    ({ id, matches }) => id.startsWith(ID) && matches?.some((match) => patterns.includes(match)),
  );
  if (gone.length > 0)
    await api.scripting.unregisterContentScripts({ ids: gone.map(({ id }) => id) });
}

/** Answers an overlay: the grade of an image, or that it shall show the details. */
export function answerOverlay(
  message: Unknown,
  { tab, url, frameId }: chrome.runtime.MessageSender,
  respond: (answer: unknown) => void,
): true | undefined {
  const page = parse(url);
  const address = isText(message['address'], MAX_TEXT) ? parse(message['address']) : undefined;
  if (tab?.id === undefined || page === undefined || frameId !== 0) return undefined;
  if (message['details'] === true) {
    if (address === undefined) return undefined;
    const { id: tabId, windowId } = tab;
    openPanel(windowId);
    void overlaySites().then((sites) =>
      sites.includes(originPattern(page))
        ? check(
            { tabId, windowId, frameId: 0, source: address.href, page, frame: page },
            Promise.resolve(),
          )
        : undefined,
    );
    return undefined;
  }
  void grade(page, address).then(respond, () => {
    respond({ state: 'error' });
  });
  return true;
}

async function grade(page: URL, address: URL | undefined): Promise<{ state: string }> {
  const sites = await overlaySites();
  if (!sites.includes(originPattern(page))) return { state: 'off' };
  if (address === undefined || refusal(address, page) !== undefined) return { state: 'skipped' };
  // Images of other sites only where those were allowed, too: nobody is asked for every picture of
  // a page.
  if (!(await api.permissions.contains({ origins: [originPattern(address)] })))
    return { state: 'skipped' };
  const outcome = await keptAlive(
    download(address, page).then((image) => analyze(image, 'original-bytes')),
  );
  if (outcome.error !== undefined) return { state: 'error' };
  const { model } = outcome.analysis;
  return { state: model.status === 'scored' ? model.grade : 'abstained' };
}
