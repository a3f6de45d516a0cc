/**
 * Overlays: marks on the images of a site, for sites where the visitor turned them on, and after
 * the browser has asked for that site. Nothing is put into any other page.
 */
import { originPattern } from './addresses.js';
import { api } from './api.js';

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
